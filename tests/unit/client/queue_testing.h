/* queue_testing.h: a queue in plain memory, and attachments to it by threads, for native tests. */
#ifndef QUEUE_TESTING_H
#define QUEUE_TESTING_H

#include "kinds/queue.h"
#include "wait_threads.h"

/* A new region: all zeros. Positions begin at `first`, a multiple of `messages`. Fails the test when it cannot. */
typedef struct queue_region {
    uint8_t *bytes;
    size_t size;
    uint32_t messages;
    uint32_t message_size;
    sync_place *room;
    sync_place *ready;
} queue_region;

void region_make(queue_region *region, uint32_t messages, uint32_t message_size, uint64_t first);
void region_free(queue_region *region);

/* A program's attachment: a queue with lives of its own. */
typedef struct queue_program {
    queue_view queue;
    sync_lives *lives;
} queue_program;

queue_program *program_attach(const queue_region *region);

/* As shmb_detach. */
void program_detach(queue_program *program);

/* As a killed one: it leaves everything behind. */
void program_kill(queue_program *program);

queue_header *header_of(const queue_region *region);
queue_slot *slot_of(const queue_region *region, uint32_t slot);

#endif
