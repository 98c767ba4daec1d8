/* The queue of an attached region; shmb_queue.h is the contract, kinds/queue.c does it. */
#include "corruption_report.h"
#include "kinds/queue.h"
#include "region_sync_win32.h"
#include "shmb.h"
#include "text_win32.h"

#include <windows.h>

#include <stdlib.h>
#include <string.h>

typedef struct queue_use {
    queue_view view;
    sync_place room;
    sync_place ready;
} queue_use;

static void end_use(void *state)
{
    queue_use *use = state;
    shmb_q_end(&use->view);
    free(use);
}

static void *make_use(shmb_region *region)
{
    sync_lives *lives = shmb_region_lives(region);
    queue_use *use = lives != NULL ? malloc(sizeof *use) : NULL;
    if (use == NULL)
        return NULL;
    if (!shmb_region_place(region, SHMB_PART_ROOM_GATE, SHMB_PART_ROOM_WAKE, &use->room) ||
        !shmb_region_place(region, SHMB_PART_READY_GATE, SHMB_PART_READY_WAKE, &use->ready)) {
        free(use);
        return NULL;
    }
    const queue_parts parts = {region->data,
                               region->geometry.messages,
                               (uint32_t)region->geometry.item_size,
                               &use->room,
                               &use->ready,
                               lives};
    shmb_q_begin(&use->view, &parts);
    return use;
}

static shmb_status make_ready(shmb_region *region, queue_use **use)
{
    if (!region->writes)
        return SHMB_ACCESS_DENIED;
    SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    *use = shmb_region_use(region, SHMB_USE_KIND, make_use, end_use);
    return *use != NULL ? SHMB_OK : shmb_status_of_error(GetLastError());
}

/* The region's queue, or NULL and why. Fast when it is not the first time. */
static shmb_status find(shmb_region *region, queue_view **queue)
{
    queue_use *use = NULL;
    *queue = NULL;
    if (region == NULL)
        return SHMB_INVALID_ARGUMENT;
    if (region->geometry.kind != SHMB_KIND_QUEUE)
        return SHMB_WRONG_KIND;
    use = region->uses[SHMB_USE_KIND].state;
    shmb_fence_acquire();
    shmb_status status = use != NULL ? SHMB_OK : make_ready(region, &use);
    *queue = use != NULL ? &use->view : NULL;
    return status;
}

/* What the system refused stands in GetLastError; what was found that cannot be, in shmb_corruption. */
static shmb_status told(shmb_region *region, const queue_view *queue, shmb_status status)
{
    corruption found;
    if (status == SHMB_CORRUPT && shmb_q_corruption(queue, &found))
        shmb_keep_corruption(region, &found);
    return status == SHMB_SYSTEM_ERROR ? shmb_status_of_error(GetLastError()) : status;
}

/* ---- Copied -------------------------------------------------------------------------------------- */

shmb_status shmb_queue_send(shmb_region *region, const void *bytes, uint32_t size, uint32_t timeout_ms)
{
    queue_view *queue;
    shmb_status status = bytes == NULL && size > 0 ? SHMB_INVALID_ARGUMENT : find(region, &queue);
    return status == SHMB_OK
               ? told(region, queue, shmb_q_send(queue, bytes, size, sync_deadline_in(timeout_ms)))
               : status;
}

shmb_status shmb_queue_receive(shmb_region *region, void *buffer, uint32_t capacity, uint32_t *size,
                               uint32_t timeout_ms)
{
    queue_view *queue;
    if (size == NULL)
        return SHMB_INVALID_ARGUMENT;
    *size = 0;
    shmb_status status = buffer == NULL && capacity > 0 ? SHMB_INVALID_ARGUMENT : find(region, &queue);
    if (status == SHMB_OK)
        status =
            told(region, queue, shmb_q_receive(queue, buffer, capacity, size, sync_deadline_in(timeout_ms)));
    return status;
}

shmb_status shmb_queue_send_many(shmb_region *region, const void *bytes, const uint32_t *sizes,
                                 uint32_t count, uint32_t timeout_ms, uint32_t *sent)
{
    queue_view *queue;
    if (sent == NULL)
        return SHMB_INVALID_ARGUMENT;
    *sent = 0;
    if (count > 0 && (bytes == NULL || sizes == NULL))
        return SHMB_INVALID_ARGUMENT;
    shmb_status status = find(region, &queue);
    if (status == SHMB_OK)
        status = told(region, queue,
                      shmb_q_send_many(queue, bytes, sizes, count, sync_deadline_in(timeout_ms), sent));
    return status;
}

shmb_status shmb_queue_receive_many(shmb_region *region, void *buffer, uint64_t capacity, uint32_t *sizes,
                                    uint32_t count, uint32_t timeout_ms, uint32_t *received)
{
    queue_view *queue;
    if (received == NULL)
        return SHMB_INVALID_ARGUMENT;
    *received = 0;
    if (sizes == NULL || count == 0 || (buffer == NULL && capacity > 0))
        return SHMB_INVALID_ARGUMENT;
    shmb_status status = find(region, &queue);
    if (status == SHMB_OK)
        status = told(region, queue,
                      shmb_q_receive_many(queue, buffer, capacity, sizes, count, sync_deadline_in(timeout_ms),
                                          received));
    return status;
}

/* ---- In place -------------------------------------------------------------------------------------- */

/* Checks the caller's structure, and gives the message that it names. */
static shmb_status open_message(shmb_region *region, const shmb_queue_message *message, queue_view **queue,
                                queue_message *inner)
{
    *inner = (queue_message){NULL, 0, 0};
    if (message == NULL || message->struct_size != sizeof *message)
        return SHMB_INVALID_ARGUMENT;
    *inner = (queue_message){message->bytes, message->size, message->token};
    return find(region, queue);
}

static void close_message(shmb_queue_message *message, const queue_message *inner)
{
    message->bytes = inner->bytes;
    message->size = inner->length;
    message->token = inner->token;
}

shmb_status shmb_queue_claim(shmb_region *region, uint32_t size, uint32_t timeout_ms,
                             shmb_queue_message *message)
{
    queue_view *queue;
    queue_message inner;
    shmb_status status = open_message(region, message, &queue, &inner);
    if (status != SHMB_OK)
        return status;
    status = told(region, queue, shmb_q_claim(queue, size, sync_deadline_in(timeout_ms), &inner));
    close_message(message, &inner);
    return status;
}

shmb_status shmb_queue_take(shmb_region *region, uint32_t timeout_ms, shmb_queue_message *message)
{
    queue_view *queue;
    queue_message inner;
    shmb_status status = open_message(region, message, &queue, &inner);
    if (status != SHMB_OK)
        return status;
    status = told(region, queue, shmb_q_take(queue, sync_deadline_in(timeout_ms), &inner));
    close_message(message, &inner);
    return status;
}

typedef shmb_status finish_message(queue_view *queue, queue_message *message);

static shmb_status finish(shmb_region *region, shmb_queue_message *message, finish_message *how)
{
    queue_view *queue;
    queue_message inner;
    shmb_status status = open_message(region, message, &queue, &inner);
    if (status != SHMB_OK)
        return status;
    status = told(region, queue, how(queue, &inner));
    close_message(message, &inner);
    return status;
}

shmb_status shmb_queue_commit(shmb_region *region, shmb_queue_message *message)
{
    return finish(region, message, shmb_q_commit);
}

shmb_status shmb_queue_cancel(shmb_region *region, shmb_queue_message *message)
{
    return finish(region, message, shmb_q_cancel);
}

shmb_status shmb_queue_release(shmb_region *region, shmb_queue_message *message)
{
    return finish(region, message, shmb_q_release);
}

/* ---- About it -------------------------------------------------------------------------------------- */

static uint64_t sum(const volatile uint64_t *sent, const volatile uint64_t *received)
{
    return shmb_load_relaxed_u64(sent) + shmb_load_relaxed_u64(received);
}

shmb_status shmb_queue_statistics(shmb_region *region, shmb_queue_counts *statistics)
{
    queue_view *queue;
    if (statistics == NULL || statistics->struct_size != sizeof *statistics)
        return SHMB_INVALID_ARGUMENT;
    memset(statistics, 0, sizeof *statistics);
    statistics->struct_size = sizeof *statistics;
    shmb_status status = find(region, &queue);
    if (queue == NULL)
        return status;
    const queue_counts *send = &queue->send.counts, *receive = &queue->receive.counts;
    statistics->messages = (uint32_t)queue->messages;
    statistics->waiting = shmb_q_length(queue);
    statistics->message_size = queue->message_size;
    statistics->system_calls = sum(&send->system_calls, &receive->system_calls);
    statistics->sleeps = sum(&send->sleeps, &receive->sleeps);
    statistics->wakes = sum(&send->wakes, &receive->wakes);
    statistics->skipped = sum(&send->skipped, &receive->skipped);
    return SHMB_OK;
}
