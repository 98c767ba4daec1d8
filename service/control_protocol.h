/*
 * What goes through the control pipe: one request, then replies to it, the last of which says so.
 *
 * Messages are whole, fixed in their layout, little-endian, the same for 32- and 64-bit programs. Nothing here trusts
 * what it reads: a message that is not exactly right is refused. Pure; control_pipe_win32.c and control_client_win32.c
 * carry the bytes.
 */
#ifndef SHMBROKER_CONTROL_PROTOCOL_H
#define SHMBROKER_CONTROL_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_MAGIC   0x4C544353u /* "SCTL" in memory */
#define CONTROL_VERSION 1u          /* of the messages; another one is refused */
#define CONTROL_NAME    808u        /* bytes of a region's name, with its NUL, in whole words */
#define CONTROL_TEXT    1100u       /* bytes of any other text, with its NUL */

typedef enum control_command {
    CONTROL_HELLO = 1, /* what the broker goes by */
    CONTROL_LIST = 2,  /* the regions that it holds, as a plan takes them */
    CONTROL_RELOAD = 3 /* `argument`: the digest of the plan that was shown, or 0 */
} control_command;

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

#define CONTROL_VALUES 6u

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

/* A reply as programs use it. */
typedef struct control_reply {
    control_status status;
    uint32_t code;
    uint32_t kind;
    uint64_t values[CONTROL_VALUES];
    char name[CONTROL_NAME];
    char text[CONTROL_TEXT];
    char other[CONTROL_TEXT];
} control_reply;

/* What replies to LIST have: `name`, `text` its object's name, `other` its backing file. */
enum control_list_value {
    CONTROL_LIST_SIZE,
    CONTROL_LIST_ACCESS,
    CONTROL_LIST_DETAILS,
    CONTROL_LIST_LARGE_PAGES,
    CONTROL_LIST_NUMA
};

/* What replies to RELOAD have as `kind`, beside a plan's kinds (plan.h): a line about the configuration in `text`. */
#define CONTROL_KIND_DIAGNOSTIC 100u

/* Makes a request. `region` may be NULL; false when it is too long. */
bool control_request_make(control_request *request, control_command command, uint64_t argument,
                          const char *region);

/* Whether the `length` bytes at `bytes` are a request of this version; copies it out. */
bool control_request_read(const void *bytes, size_t length, control_request *request);

/* Replies on their way: messages one behind the other. All zero is empty. */
typedef struct control_answer {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
    bool failed; /* memory ran out: what was added later is missing */
} control_answer;

/* Adds a reply; texts too long are cut between characters. */
void control_answer_add(control_answer *answer, const control_reply *reply);

/* Adds the last one. */
void control_answer_end(control_answer *answer, uint32_t code, const char *text);

/* The message at `*at`, which moves behind it; NULL when there is none. */
const uint8_t *control_answer_next(const control_answer *answer, size_t *at, size_t *length);

void control_answer_free(control_answer *answer);

/* Whether the `length` bytes are a reply of this version; copies it out. */
bool control_reply_read(const void *bytes, size_t length, control_reply *reply);

#endif
