#define _POSIX_C_SOURCE 200809L /* posix_memalign */
#include "plane.h"

#include "atomics.h"

#include <stdlib.h>
#include <string.h>

#define MESSAGES     8u
#define MESSAGE_SIZE 40u
#define SMALL_SIZE   24u
#define STATE_SIZE   200u
#define PAGE_BYTES   SCRIBBLE_PAGE_BYTES

/* What stands in the part of the signal: a waiter's flag in a page of its own, and the words. */
typedef struct signal_words {
    uint32_t waiting;
    uint8_t gap[PAGE_BYTES - 4];
    uint64_t sequence;
    uint32_t epoch;
    uint32_t zero;
} signal_words;

static void must(bool fact)
{
    if (!fact)
        abort();
}

static shmb_geometry geometry_of(plane_part part)
{
    switch (part) {
    case PLANE_SMALL:
        return (shmb_geometry){SHMB_KIND_STATE, 0, SMALL_SIZE};
    case PLANE_STATE:
        return (shmb_geometry){SHMB_KIND_STATE, 0, STATE_SIZE};
    case PLANE_QUEUE:
        return (shmb_geometry){SHMB_KIND_QUEUE, MESSAGES, MESSAGE_SIZE};
    case PLANE_STREAM:
        return (shmb_geometry){SHMB_KIND_STREAM, MESSAGES, MESSAGE_SIZE};
    default:
        return (shmb_geometry){SHMB_KIND_RAW, 0, part == PLANE_LOCK ? PAGE_BYTES : sizeof(signal_words)};
    }
}

void plane_format(plane *made, plane_part part)
{
    const shmb_geometry geometry = geometry_of(part);
    memset(made->parts[part].bytes, 0, made->parts[part].size);
    shmb_geometry_format(made->parts[part].bytes, &geometry);
}

void plane_make(plane *made)
{
    for (int i = 0; i < PLANE_PARTS; i++) {
        const shmb_geometry geometry = geometry_of((plane_part)i);
        made->parts[i].size = (size_t)shmb_geometry_bytes(&geometry);
        must(posix_memalign((void **)&made->parts[i].bytes, 64, made->parts[i].size) == 0);
        plane_format(made, (plane_part)i);
    }
}

void plane_free(plane *made)
{
    for (int i = 0; i < PLANE_PARTS; i++)
        free(made->parts[i].bytes);
}

void plane_attach(plane_user *user, plane *of, sync_lives *lives)
{
    const shmb_geometry small = geometry_of(PLANE_SMALL), state = geometry_of(PLANE_STATE),
                        stream = geometry_of(PLANE_STREAM);
    const queue_parts queue = {
        of->parts[PLANE_QUEUE].bytes, MESSAGES, MESSAGE_SIZE, of->room, of->ready, lives};
    signal_words *words = (signal_words *)(void *)of->parts[PLANE_SIGNAL].bytes;
    user->of = of;
    sync_lock_init(&user->lock, (shmb_lock_words *)(void *)of->parts[PLANE_LOCK].bytes, of->lock_place,
                   lives);
    state_init(&user->small, of->parts[PLANE_SMALL].bytes, &small);
    state_init(&user->state, of->parts[PLANE_STATE].bytes, &state);
    shmb_q_begin(&user->queue, &queue);
    stream_init(&user->stream, of->parts[PLANE_STREAM].bytes, &stream);
    user->stream_position = stream_oldest(&user->stream);
    broadcast_init(&user->news, &words->waiting, &words->epoch, of->bell);
}

void plane_detach(plane_user *user)
{
    shmb_q_end(&user->queue);
    free(user->buffer);
    user->buffer = NULL;
}

/* A buffer of exactly this size, so that a byte too many is seen. */
static uint8_t *buffer_of(plane_user *user, size_t size)
{
    free(user->buffer);
    user->buffer = malloc(size > 0 ? size : 1);
    must(user->buffer != NULL);
    if (!user->buffer)
        abort(); /* must() has ended the program; the analyzer does not know */
    memset(user->buffer, 0x5A, size);
    return user->buffer;
}

/* ---- operations -------------------------------------------------------------------------------------------------- */

static shmb_status use_lock(plane_user *user, plane_operation how, uint32_t timeout_ms)
{
    if (how == PLANE_LOCK_STEAL)
        return sync_lock_release(&user->lock);
    shmb_status status = sync_lock_take(&user->lock, timeout_ms);
    must(status == SHMB_OK || status == SHMB_OWNER_DIED || status == SHMB_TIMED_OUT ||
         status == SHMB_DEADLOCK);
    if (how == PLANE_LOCK_REPAIR)
        sync_lock_consistent(&user->lock);
    if (status != SHMB_TIMED_OUT) {
        shmb_status released = sync_lock_release(&user->lock);
        must(released == SHMB_OK || released == SHMB_NOT_OWNER);
    }
    return status;
}

static shmb_status write_state(plane_user *user, state_region *region, uint32_t argument)
{
    size_t size = argument % (region->largest + 1);
    state_publish(region, buffer_of(user, size), size);
    return SHMB_OK;
}

static shmb_status read_state(plane_user *user, const state_region *region, uint32_t argument)
{
    uint64_t size, version;
    corruption what = {0};
    char text[CORRUPTION_TEXT_BYTES];
    size_t capacity = argument % 3 == 0 ? argument % (region->largest + 1) : region->largest;
    shmb_status status = state_read(region, buffer_of(user, capacity), capacity, &size, &version, &what);
    must(status == SHMB_OK || status == SHMB_TIMED_OUT || status == SHMB_TOO_SMALL || status == SHMB_CORRUPT);
    must(size <= region->largest && (status != SHMB_OK || size <= capacity));
    must(status != SHMB_CORRUPT || strlen(corruption_text(&what, text)) > 0);
    return status;
}

static void check_message(const plane_user *user, const queue_message *message)
{
    const uint8_t *bytes = user->of->parts[PLANE_QUEUE].bytes;
    size_t size = user->of->parts[PLANE_QUEUE].size;
    must(message->bytes >= bytes + sizeof(queue_header) && message->length <= MESSAGE_SIZE);
    must(message->bytes + message->length <= bytes + size);
}

/* Fills it in, or reads it, as programs do in place. */
static shmb_status hold_message(plane_user *user, bool receives, uint32_t argument, sync_deadline deadline)
{
    queue_message message;
    uint32_t length = argument % (MESSAGE_SIZE + 1);
    shmb_status status = receives ? shmb_q_take(&user->queue, deadline, &message)
                                  : shmb_q_claim(&user->queue, length, deadline, &message);
    if (status != SHMB_OK)
        return status;
    check_message(user, &message);
    uint8_t *own = buffer_of(user, message.length);
    if (receives) {
        memcpy(own, message.bytes, message.length);
        return shmb_q_release(&user->queue, &message);
    }
    memcpy(message.bytes, own, message.length);
    return argument % 4 == 0 ? shmb_q_cancel(&user->queue, &message) : shmb_q_commit(&user->queue, &message);
}

static shmb_status move_many(plane_user *user, bool receives, uint32_t argument, sync_deadline deadline)
{
    uint32_t lengths[5] = {0}, count = 1 + argument % 5, moved = 0, sum = 0;
    for (uint32_t i = 0; i < count && !receives; i++)
        sum += lengths[i] = (argument >> (4 * i)) % (MESSAGE_SIZE + 1);
    size_t room = receives ? argument % (5 * MESSAGE_SIZE) : sum;
    uint8_t *own = buffer_of(user, room);
    shmb_status status = receives
                             ? shmb_q_receive_many(&user->queue, own, room, lengths, count, deadline, &moved)
                             : shmb_q_send_many(&user->queue, own, lengths, count, deadline, &moved);
    must(moved <= count);
    for (uint32_t i = 0; i < moved && receives; i++) {
        must(lengths[i] <= room);
        room -= lengths[i];
    }
    return status;
}

static shmb_status use_queue(plane_user *user, plane_operation operation, uint32_t argument,
                             sync_deadline deadline)
{
    uint32_t length = argument % (MESSAGE_SIZE + 1), got = 0;
    shmb_status status;
    switch (operation) {
    case PLANE_QUEUE_SEND:
        status = shmb_q_send(&user->queue, buffer_of(user, length), length, deadline);
        break;
    case PLANE_QUEUE_RECEIVE:
        status = shmb_q_receive(&user->queue, buffer_of(user, length), length, &got, deadline);
        must(got <= MESSAGE_SIZE && (status != SHMB_OK || got <= length));
        break;
    case PLANE_QUEUE_CLAIM:
    case PLANE_QUEUE_TAKE:
        status = hold_message(user, operation == PLANE_QUEUE_TAKE, argument, deadline);
        break;
    default:
        status = move_many(user, operation == PLANE_QUEUE_RECEIVE_MANY, argument, deadline);
        break;
    }
    must(status == SHMB_OK || status == SHMB_TIMED_OUT || status == SHMB_CORRUPT || status == SHMB_BUSY ||
         status == SHMB_TOO_SMALL || status == SHMB_NOT_OWNER);
    corruption found;
    must(status != SHMB_CORRUPT || shmb_q_corruption(&user->queue, &found));
    must(shmb_q_length(&user->queue) <= MESSAGES);
    return status;
}

static shmb_status write_stream(plane_user *user, uint32_t argument)
{
    uint64_t position = stream_take_over(&user->stream);
    for (uint32_t i = 0; i <= argument % 4; i++) {
        uint32_t length = (argument >> 3) % (MESSAGE_SIZE + 1);
        memset(stream_begin(&user->stream, position), (int)argument & 0xFF, length);
        position = stream_finish(&user->stream, position, length);
    }
    return SHMB_OK;
}

static shmb_status read_stream(plane_user *user, uint32_t argument)
{
    uint64_t size, missed;
    corruption what = {0};
    char text[CORRUPTION_TEXT_BYTES];
    uint32_t capacity = argument % 3 == 0 ? argument % (MESSAGE_SIZE + 1) : MESSAGE_SIZE;
    if (argument % 16 == 1)
        user->stream_position =
            argument % 32 == 1 ? stream_newest(&user->stream) : stream_oldest(&user->stream);
    shmb_status status = stream_read(&user->stream, &user->stream_position, buffer_of(user, capacity),
                                     capacity, &size, &missed, &what);
    must(status == SHMB_OK || status == SHMB_TIMED_OUT || status == SHMB_TOO_SMALL || status == SHMB_CORRUPT);
    must(size <= MESSAGE_SIZE && (status != SHMB_OK || size <= capacity));
    must(status != SHMB_CORRUPT || strlen(corruption_text(&what, text)) > 0);
    if (status == SHMB_CORRUPT)
        user->stream_position = stream_newest(&user->stream);
    return status;
}

static shmb_status wait_for_stream(plane_user *user, sync_deadline deadline)
{
    const uint64_t *word;
    uint64_t seen;
    corruption what = {0};
    const uint8_t *bytes = user->of->parts[PLANE_STREAM].bytes;
    shmb_status status = stream_expect(&user->stream, user->stream_position, &word, &seen, &what);
    must(status == SHMB_OK || status == SHMB_TIMED_OUT || status == SHMB_CORRUPT);
    must((const uint8_t *)word >= bytes &&
         (const uint8_t *)(word + 1) <= bytes + user->of->parts[PLANE_STREAM].size);
    if (status == SHMB_TIMED_OUT)
        broadcast_wait(&user->news, word, seen, deadline);
    return status;
}

static shmb_status use_signal(plane_user *user, bool notifies, sync_deadline deadline)
{
    signal_words *words = (signal_words *)(void *)user->of->parts[PLANE_SIGNAL].bytes;
    if (notifies) {
        shmb_fetch_add_u64(&words->sequence, 1);
        broadcast_ring(&user->news);
        return SHMB_OK;
    }
    sync_result result =
        broadcast_wait(&user->news, &words->sequence, shmb_load_acquire_u64(&words->sequence), deadline);
    must(result == SYNC_OK || result == SYNC_TIMED_OUT);
    return result == SYNC_OK ? SHMB_OK : SHMB_TIMED_OUT;
}

plane_part plane_part_of(plane_operation operation)
{
    if (operation <= PLANE_LOCK_STEAL)
        return PLANE_LOCK;
    if (operation <= PLANE_SMALL_READ)
        return PLANE_SMALL;
    if (operation <= PLANE_STATE_READ)
        return PLANE_STATE;
    if (operation <= PLANE_QUEUE_RECEIVE_MANY)
        return PLANE_QUEUE;
    return operation <= PLANE_STREAM_WAIT ? PLANE_STREAM : PLANE_SIGNAL;
}

static shmb_status operate(plane_user *user, plane_operation operation, uint32_t argument,
                           uint32_t timeout_ms)
{
    switch (operation) {
    case PLANE_SMALL_WRITE:
        return write_state(user, &user->small, argument);
    case PLANE_SMALL_READ:
        return read_state(user, &user->small, argument);
    case PLANE_STATE_WRITE:
        return write_state(user, &user->state, argument);
    case PLANE_STATE_READ:
        return read_state(user, &user->state, argument);
    case PLANE_STREAM_WRITE:
        return write_stream(user, argument);
    case PLANE_STREAM_READ:
        return read_stream(user, argument);
    case PLANE_STREAM_WAIT:
        return wait_for_stream(user, sync_deadline_in(timeout_ms));
    default:
        if (plane_part_of(operation) == PLANE_LOCK)
            return use_lock(user, operation, timeout_ms);
        if (plane_part_of(operation) == PLANE_QUEUE)
            return use_queue(user, operation, argument, sync_deadline_in(timeout_ms));
        return use_signal(user, operation == PLANE_SIGNAL_NOTIFY, sync_deadline_in(timeout_ms));
    }
}

shmb_status plane_operate(plane_user *user, plane_operation operation, uint32_t argument, uint32_t timeout_ms)
{
    shmb_status status = operate(user, operation, argument, timeout_ms);
    user->operations[operation]++;
    user->statuses[(unsigned)status % 32]++;
    return status;
}

scribble_target plane_target(const plane *of, plane_part part)
{
    static const scribble_kind kinds[PLANE_PARTS] = {SCRIBBLE_LOCK,  SCRIBBLE_STATE,  SCRIBBLE_STATE,
                                                     SCRIBBLE_QUEUE, SCRIBBLE_STREAM, SCRIBBLE_SIGNAL};
    return (scribble_target){kinds[part], of->parts[part].bytes, of->parts[part].size, MESSAGES};
}
