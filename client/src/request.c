/* What a caller asks for, checked; see request.h. */
#include "request.h"

#include "shmb_layout.h"

#include <inttypes.h>
#include <string.h>

/* The structure of version 0.1. A later one is longer; a program compiled against it may run with this
   library as long as it leaves the new members zero. */
#define FIRST_OPTIONS_BYTES ((uint32_t)sizeof(shmb_attach_options))
#define MAX_OPTIONS_BYTES   1024u

static bool all_zero(const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static bool known_size(const shmb_attach_options *options)
{
    uint32_t size = options->struct_size;
    return size >= FIRST_OPTIONS_BYTES && size <= MAX_OPTIONS_BYTES &&
           all_zero((const unsigned char *)options + FIRST_OPTIONS_BYTES, size - FIRST_OPTIONS_BYTES);
}

static size_t clamp_size(uint64_t bytes)
{
    return bytes > SIZE_MAX ? SIZE_MAX : (size_t)bytes;
}

shmb_status shmb_request_read(const shmb_attach_options *options, shmb_request *request,
                              shmb_message *message)
{
    memset(request, 0, sizeof *request);
    memset(message, 0, sizeof *message);
    if (options == NULL)
        return SHMB_OK;
    if (!known_size(options)) /* nor can its `message` be believed */
        return SHMB_INVALID_ARGUMENT;

    message->text = options->message;
    message->size = clamp_size(options->message_size);
    shmb_message_clear(message);
    if (options->access > (SHMB_ACCESS_READ | SHMB_ACCESS_WRITE)) {
        shmb_message_set(message, "options.access is %" PRIu32 ": pass SHMB_ACCESS_READ or SHMB_ACCESS_WRITE",
                         options->access);
        return SHMB_INVALID_ARGUMENT;
    }
    if ((options->flags & ~SHMB_ATTACH_WITHOUT_BROKER) != 0) {
        shmb_message_set(message,
                         "options.flags is %" PRIu32 ": clear the structure before filling it in; "
                         "SHMB_ATTACH_WITHOUT_BROKER is the only flag",
                         options->flags);
        return SHMB_INVALID_ARGUMENT;
    }
    if (options->kind > SHMB_KIND_STREAM) {
        shmb_message_set(message,
                         "options.kind is %" PRIu32 ": pass one of SHMB_KIND_\xE2\x80\xA6, or 0 for any",
                         options->kind);
        return SHMB_INVALID_ARGUMENT;
    }
    request->write = (options->access & SHMB_ACCESS_WRITE) != 0;
    request->without_broker = (options->flags & SHMB_ATTACH_WITHOUT_BROKER) != 0;
    request->timeout_ms = options->timeout_ms;
    request->offset = options->offset;
    request->length = options->length;
    request->instance = options->instance;
    request->session = options->session;
    request->kind = options->kind;
    return SHMB_OK;
}

/* strnlen, which C11 lacks. */
static size_t bounded_length(const char *text, size_t limit)
{
    const char *end = memchr(text, '\0', limit);
    return end == NULL ? limit : (size_t)(end - text);
}

shmb_status shmb_check_name(const char *name, shmb_message *message)
{
    if (name == NULL || name[0] == '\0') {
        shmb_message_set(message, "no region is named: pass the name that the configuration declares");
        return SHMB_INVALID_ARGUMENT;
    }
    size_t length = bounded_length(name, SHMB_NAME_MAX_BYTES + 1);
    if (length > SHMB_NAME_MAX_BYTES) {
        shmb_message_set(message, "the region's name is longer than %u bytes: no region can be called that",
                         SHMB_NAME_MAX_BYTES);
        return SHMB_INVALID_ARGUMENT;
    }
    if (memchr(name, '\\', length) != NULL) {
        shmb_message_set(
            message,
            "the region's name \"%s\" has a backslash: pass the name as declared, without Global\\ "
            "or Local\\",
            name);
        return SHMB_INVALID_ARGUMENT;
    }
    return SHMB_OK;
}

static bool instance_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

shmb_status shmb_check_instance(const char *instance, shmb_message *message)
{
    size_t length = bounded_length(instance, SHMB_INSTANCE_MAX + 1);
    bool valid = length <= SHMB_INSTANCE_MAX;
    for (size_t i = 0; i < length; i++)
        valid = valid && instance_character(instance[i]);
    if (valid)
        return SHMB_OK;
    shmb_message_set(
        message,
        "the instance name (options.instance or SHMBROKER_INSTANCE) is not valid: 1 to %u of A-Z a-z "
        "0-9 _ and - are allowed",
        SHMB_INSTANCE_MAX);
    return SHMB_INVALID_ARGUMENT;
}

shmb_status shmb_request_range(const shmb_request *request, uint64_t region_size, shmb_range *range,
                               shmb_message *message)
{
    memset(range, 0, sizeof *range);
    uint64_t offset = request->offset;
    if (offset >= region_size || request->length > region_size - offset) {
        shmb_message_set(message,
                         "%" PRIu64 " bytes at offset %" PRIu64
                         " are not inside the region, which has %" PRIu64
                         " bytes: ask for less, or declare more",
                         request->length, offset, region_size);
        return SHMB_BAD_RANGE;
    }
    uint64_t length = request->length == 0 ? region_size - offset : request->length;
    uint64_t skip = offset % SHMB_GRANULARITY;
    if (length > SIZE_MAX - skip) {
        shmb_message_set(message,
                         "a view of %" PRIu64
                         " bytes does not fit the address space of a %u-bit process: ask for "
                         "a part with options.offset and options.length",
                         length, (unsigned)(sizeof(void *) * 8));
        return SHMB_BAD_RANGE;
    }
    range->map_offset = offset - skip;
    range->map_bytes = (size_t)(skip + length);
    range->skip = (size_t)skip;
    range->length = length;
    return SHMB_OK;
}

bool shmb_range_widen(const shmb_range *range, uint64_t page, shmb_range *widened)
{
    *widened = *range;
    if (page < SHMB_GRANULARITY || (page & (page - 1)) != 0 || page > SIZE_MAX / 4 ||
        range->map_bytes > SIZE_MAX - 2 * page)
        return false;
    uint64_t before = range->map_offset % page;
    widened->map_offset = range->map_offset - before;
    widened->map_bytes = (size_t)((before + range->map_bytes + page - 1) / page * page);
    widened->skip = range->skip + (size_t)before;
    return true;
}
