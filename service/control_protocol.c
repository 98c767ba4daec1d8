/* Messages of the control pipe. See control_protocol.h. */
#include "control_protocol.h"

#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(control_request) == 24 + CONTROL_NAME, "no gaps");
_Static_assert(sizeof(control_reply_head) == 32 + 8 * CONTROL_VALUES, "no gaps");

#define ANSWER_MOST                                                                                          \
    (256u << 20) /* bytes: a hundred thousand regions with the longest texts that they come with */

/* ---- Requests ---------------------------------------------------------------------------------- */

bool control_request_make(control_request *request, control_command command, uint64_t argument,
                          const char *region)
{
    memset(request, 0, sizeof *request);
    size_t length = region ? strlen(region) : 0;
    if (length >= sizeof request->region)
        return false;
    request->magic = CONTROL_MAGIC;
    request->version = CONTROL_VERSION;
    request->command = command;
    request->argument = argument;
    if (length > 0)
        memcpy(request->region, region, length);
    return true;
}

/* NUL to the end, so that nothing hides behind a name. */
static bool is_padded(const char *words, size_t size)
{
    size_t length = 0;
    while (length < size && words[length])
        length++;
    if (length == size)
        return false;
    while (length < size && words[length] == 0)
        length++;
    return length == size;
}

bool control_request_read(const void *bytes, size_t length, control_request *request)
{
    memset(request, 0, sizeof *request);
    if (length != sizeof *request)
        return false;
    memcpy(request, bytes, sizeof *request);
    if (request->magic == CONTROL_MAGIC && request->version == CONTROL_VERSION && request->zero == 0 &&
        request->command >= CONTROL_HELLO && request->command <= CONTROL_RELEASE &&
        is_padded(request->region, sizeof request->region))
        return true;
    memset(request, 0, sizeof *request);
    return false;
}

/* ---- Replies ----------------------------------------------------------------------------------- */

static bool reserve(control_answer *answer, size_t more)
{
    size_t needed = answer->length + more, capacity = answer->capacity ? answer->capacity : 4096;
    if (answer->failed || needed > ANSWER_MOST)
        return false;
    while (capacity < needed)
        capacity *= 2;
    if (capacity == answer->capacity)
        return true;
    uint8_t *grown = realloc(answer->bytes, capacity);
    if (!grown)
        return false;
    answer->bytes = grown;
    answer->capacity = capacity;
    return true;
}

static uint32_t add_text(uint8_t *at, const char *words, size_t size)
{
    size_t length = 0;
    while (length < size - 1 && words[length])
        length++;
    memcpy(at, words, length);
    at[length] = 0;
    return (uint32_t)length + 1;
}

void control_answer_add(control_answer *answer, const control_reply *reply)
{
    uint8_t message[CONTROL_REPLY_MOST];
    control_reply_head head = {.magic = CONTROL_MAGIC,
                               .version = CONTROL_VERSION,
                               .status = reply->status,
                               .code = reply->code,
                               .kind = reply->kind};
    size_t length = sizeof head;
    memcpy(head.values, reply->values, sizeof head.values);
    length += head.lengths[0] = add_text(message + length, reply->name, sizeof reply->name);
    length += head.lengths[1] = add_text(message + length, reply->text, sizeof reply->text);
    length += head.lengths[2] = add_text(message + length, reply->other, sizeof reply->other);
    memcpy(message, &head, sizeof head);
    uint32_t prefix = (uint32_t)length;
    if (!reserve(answer, sizeof prefix + length)) {
        answer->failed = true;
        return;
    }
    memcpy(answer->bytes + answer->length, &prefix, sizeof prefix);
    memcpy(answer->bytes + answer->length + sizeof prefix, message, length);
    answer->length += sizeof prefix + length;
}

void control_answer_end(control_answer *answer, uint32_t code, const char *words)
{
    control_reply reply = {.status = CONTROL_DONE, .code = code};
    text_cut(reply.text, sizeof reply.text, words);
    if (answer->failed) { /* what there is of it would be taken for all */
        control_answer_free(answer);
        reply.code = 1;
        text_cut(reply.text, sizeof reply.text,
                 "the broker has not the memory for its whole answer; close other programs");
    }
    control_answer_add(answer, &reply);
}

const uint8_t *control_answer_next(const control_answer *answer, size_t *at, size_t *length)
{
    uint32_t prefix;
    *length = 0;
    if (answer->length - *at < sizeof prefix)
        return NULL;
    memcpy(&prefix, answer->bytes + *at, sizeof prefix);
    const uint8_t *message = answer->bytes + *at + sizeof prefix;
    *at += sizeof prefix + prefix;
    *length = prefix;
    return message;
}

void control_answer_free(control_answer *answer)
{
    free(answer->bytes);
    memset(answer, 0, sizeof *answer);
}

/* Takes the text of `length` bytes, which must end with its only NUL. */
static bool take_text(const uint8_t **at, const uint8_t *end, uint32_t length, char *to, size_t size)
{
    if (length == 0 || length > size || length > (size_t)(end - *at) ||
        memchr(*at, 0, length) != *at + length - 1)
        return false;
    memcpy(to, *at, length);
    *at += length;
    return true;
}

bool control_reply_read(const void *bytes, size_t length, control_reply *reply)
{
    control_reply_head head;
    memset(reply, 0, sizeof *reply);
    if (length < sizeof head || length > CONTROL_REPLY_MOST)
        return false;
    memcpy(&head, bytes, sizeof head);
    const uint8_t *at = (const uint8_t *)bytes + sizeof head, *end = (const uint8_t *)bytes + length;
    bool ok = head.magic == CONTROL_MAGIC && head.version == CONTROL_VERSION &&
              (head.status == CONTROL_MORE || head.status == CONTROL_DONE) &&
              take_text(&at, end, head.lengths[0], reply->name, sizeof reply->name) &&
              take_text(&at, end, head.lengths[1], reply->text, sizeof reply->text) &&
              take_text(&at, end, head.lengths[2], reply->other, sizeof reply->other) && at == end;
    if (!ok) {
        memset(reply, 0, sizeof *reply);
        return false;
    }
    reply->status = (control_status)head.status;
    reply->code = head.code;
    reply->kind = head.kind;
    memcpy(reply->values, head.values, sizeof reply->values);
    return true;
}
