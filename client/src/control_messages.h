/*
 * control_messages.h: the bytes that go through a broker's control pipe, `\\.\pipe\ShmBroker.Control[.INSTANCE]`: one
 * request, then replies to it, the last of which says so.
 *
 * Messages are whole, fixed in their layout, little-endian, the same for 32- and 64-bit programs. Broker and clients
 * share this page. Nobody trusts what he reads: a message that is not exactly right is refused.
 */
#ifndef SHMB_CONTROL_MESSAGES_H
#define SHMB_CONTROL_MESSAGES_H

#include <stdint.h>

#define CONTROL_MAGIC   0x4C544353u /* "SCTL" in memory */
#define CONTROL_VERSION 2u          /* of the messages; another one is refused */
#define CONTROL_NAME    816u /* bytes of a region's name as the catalog has it, with its NUL, in whole words */
#define CONTROL_TEXT    1100u /* bytes of any other text, with its NUL */

/* What may be asked, and who may. */
typedef enum control_command {
    CONTROL_HELLO = 1,  /* what the broker goes by; administrators */
    CONTROL_LIST = 2,   /* the regions that it holds, as a plan takes them; administrators */
    CONTROL_RELOAD = 3, /* `argument`: the digest of the plan that was shown, or 0; administrators */
    CONTROL_GROW =
        4, /* `region` to `argument` bytes; who may write it. One reply, of `kind` control_growth, whose first
                           value is the size that it has now */
    CONTROL_RETIRE = 5, /* `region` until the next reload or start; who may manage it. One reply */
    CONTROL_RELEASE =
        6 /* as RELOAD, and `region`, which is held, is served with what it has; administrators */
} control_command;

/* How growing ended. */
typedef enum control_growth {
    CONTROL_GREW,         /* or it was so large already */
    CONTROL_GROW_UNKNOWN, /* no such region is served */
    CONTROL_GROW_DENIED,
    CONTROL_GROW_FIXED,  /* it does not grow, or not so far */
    CONTROL_GROW_BUDGET, /* beyond commit_budget */
    CONTROL_GROW_COMMIT, /* beyond what the machine can promise */
    CONTROL_GROW_FAILED
} control_growth;

typedef struct control_request {
    uint32_t magic;
    uint32_t version;
    uint32_t command; /* control_command */
    uint32_t zero;
    uint64_t argument;
    char region[CONTROL_NAME]; /* UTF-8; NUL to the end; of commands about one region */
} control_request;

typedef enum control_status {
    CONTROL_MORE = 1, /* another reply follows */
    CONTROL_DONE = 2  /* the last one; `code` says how it ended */
} control_status;

#define CONTROL_VALUES 10u

/* The bytes of a reply before its texts. */
typedef struct control_reply_head {
    uint32_t magic;
    uint32_t version;
    uint32_t status;     /* control_status */
    uint32_t code;       /* of the last: an exit code */
    uint32_t kind;       /* what the command says */
    uint32_t lengths[3]; /* bytes of the texts that follow, each with its NUL */
    uint64_t values[CONTROL_VALUES];
} control_reply_head;

#define CONTROL_REPLY_MOST (sizeof(control_reply_head) + CONTROL_NAME + (size_t)2 * CONTROL_TEXT)

#endif
