/* See queue_testing.h. */
#include "queue_testing.h"

#include "atomics.h"

#include <stdlib.h>

queue_header *header_of(const queue_region *region)
{
    return (queue_header *)(void *)region->bytes;
}

queue_slot *slot_of(const queue_region *region, uint32_t slot)
{
    size_t stride = (sizeof(queue_slot) + region->message_size + 63) / 64 * 64;
    return (queue_slot *)(void *)(region->bytes + sizeof(queue_header) + slot * stride);
}

void region_make(queue_region *region, uint32_t messages, uint32_t message_size, uint64_t first)
{
    *region = (queue_region){NULL, 0, messages, message_size, threads_place_new(), threads_place_new()};
    region->size = (size_t)((uint8_t *)slot_of(region, messages) - region->bytes);
    region->bytes = aligned_alloc(64, region->size);
    if (region->bytes == NULL)
        abort();
    memset(region->bytes, 0, region->size);
    header_of(region)->tail = header_of(region)->head = first;
    for (uint32_t i = 0; i < messages; i++)
        slot_of(region, i)->word = queue_word(first, QUEUE_FREE, 0);
}

void region_free(queue_region *region)
{
    free(region->bytes);
    threads_place_free(region->room);
    threads_place_free(region->ready);
}

queue_program *program_attach(const queue_region *region)
{
    queue_program *program = malloc(sizeof *program);
    if (program == NULL)
        abort();
    program->lives = threads_lives_new();
    const queue_parts parts = {region->bytes, region->messages, region->message_size,
                               region->room,  region->ready,    program->lives};
    shmb_q_begin(&program->queue, &parts);
    return program;
}

void program_detach(queue_program *program)
{
    shmb_q_end(&program->queue);
    program_kill(program);
}

void program_kill(queue_program *program)
{
    threads_lives_free(program->lives);
    free(program);
}
