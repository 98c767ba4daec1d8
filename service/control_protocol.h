/*
 * What goes through the control pipe: one request, then replies to it, the last of which says so.
 *
 * Messages are whole, fixed in their layout, little-endian, the same for 32- and 64-bit programs. Nothing here trusts
 * what it reads: a message that is not exactly right is refused. Pure; control_pipe_win32.c and control_client_win32.c
 * carry the bytes.
 */
#ifndef SHMBROKER_CONTROL_PROTOCOL_H
#define SHMBROKER_CONTROL_PROTOCOL_H

#include "control_messages.h"

#include <stdbool.h>
#include <stddef.h>

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
    CONTROL_LIST_NUMA,
    CONTROL_LIST_MAX_SIZE,
    CONTROL_LIST_RETIRE_AT,
    CONTROL_LIST_KIND, /* its number, part_flags << 8, messages << 32 */
    CONTROL_LIST_ITEM_SIZE
};

/* What the first reply to HELLO has as its values; `name` is the owner of what it makes, `text` its configuration, `other`
   its data folder. A reply of the kind below follows for each session that it would serve, whether or not it has any
   region for each. */
#define CONTROL_KIND_SESSION 101u
enum control_session_value {
    CONTROL_SESSION_ID,
    CONTROL_SESSION_FRESH /* it came while the broker ran */
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
void control_answer_end(control_answer *answer, uint32_t code, const char *words);

/* The message at `*at`, which moves behind it; NULL when there is none. */
const uint8_t *control_answer_next(const control_answer *answer, size_t *at, size_t *length);

void control_answer_free(control_answer *answer);

/* Whether the `length` bytes are a reply of this version; copies it out. */
bool control_reply_read(const void *bytes, size_t length, control_reply *reply);

#endif
