/*
 * Fuzzing what goes through the control pipe: the input is a message, taken as a request and as a reply. What is understood
 * must be in bounds, and be the same when it is written and read again.
 */
#include "control_protocol.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact)
{
    if (!fact)
        abort();
}

static bool is_zero(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < size; i++)
        if (at[i] != 0)
            return false;
    return true;
}

static void read_request(const uint8_t *data, size_t size)
{
    static control_request request, again;
    if (!control_request_read(data, size, &request)) {
        must(is_zero(&request, sizeof request));
        return;
    }
    must(strlen(request.region) < sizeof request.region);
    must(request.command >= CONTROL_HELLO && request.command <= CONTROL_RELEASE);
    must(control_request_make(&again, (control_command)request.command, request.argument, request.region));
    must(again.command == request.command && again.argument == request.argument &&
         memcmp(again.region, request.region, sizeof again.region) == 0);
}

/* The one message of an answer is read as what was written. */
static void write_reply(const control_reply *reply)
{
    static control_reply again;
    control_answer answer = {0};
    size_t at = 0, length;
    control_answer_add(&answer, reply);
    const uint8_t *message = control_answer_next(&answer, &at, &length);
    must(message != NULL && control_reply_read(message, length, &again));
    must(again.status == reply->status && again.code == reply->code && again.kind == reply->kind &&
         memcmp(again.values, reply->values, sizeof again.values) == 0 &&
         strcmp(again.name, reply->name) == 0 && strcmp(again.text, reply->text) == 0 &&
         strcmp(again.other, reply->other) == 0);
    must(control_answer_next(&answer, &at, &length) == NULL);
    control_answer_free(&answer);
}

static void read_reply(const uint8_t *data, size_t size)
{
    static control_reply reply;
    if (!control_reply_read(data, size, &reply)) {
        must(is_zero(&reply, sizeof reply));
        return;
    }
    must(strlen(reply.name) < sizeof reply.name && strlen(reply.text) < sizeof reply.text &&
         strlen(reply.other) < sizeof reply.other);
    must(reply.status == CONTROL_MORE || reply.status == CONTROL_DONE);
    write_reply(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_request(data, size);
    read_reply(data, size);
    return 0;
}
