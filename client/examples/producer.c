/*
 * example-producer: sends jobs into a queue, each a line of text, and waits for room when the queue is full.
 *
 *     example-producer Jobs 20 500        20 jobs, one every 500 ms
 */
#include "attach_queue.h"
#include "exit_code.h"
#include "shmb.h"

#include <windows.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Made in its place in the queue, without a copy. */
static shmb_status send_job(shmb_region *queue, uint64_t number)
{
    shmb_queue_message job = {.struct_size = sizeof job};
    shmb_status status = shmb_queue_claim(queue, 64, SHMB_INFINITE, &job);
    if (status != SHMB_OK)
        return status;
    job.size = (uint32_t)snprintf(job.bytes, 64, "job %" PRIu64, number) + 1;
    return shmb_queue_commit(queue, &job);
}

static shmb_status send_jobs(shmb_region *queue, uint64_t times, DWORD interval_ms)
{
    for (uint64_t i = 1; i <= times; i++) {
        shmb_status status = send_job(queue, i);
        if (status != SHMB_OK)
            return status;
        printf("sent job %" PRIu64 "\n", i);
        fflush(stdout);
        Sleep(interval_ms);
    }
    return SHMB_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4) {
        fprintf(stderr, "usage: example-producer QUEUE [TIMES] [INTERVAL_MS]\n"
                        "Sends 10 jobs, one every 100 ms, if not told otherwise.\n");
        return EXIT_USAGE;
    }
    shmb_region *queue;
    shmb_status status = attach_queue("example-producer", argv[1], &queue);
    if (status != SHMB_OK)
        return exit_code(status);
    status = send_jobs(queue, argc > 2 ? strtoull(argv[2], NULL, 10) : 10,
                       argc > 3 ? strtoul(argv[3], NULL, 10) : 100);
    if (status != SHMB_OK)
        fprintf(stderr, "example-producer: cannot send to \"%s\": %s%s\n", argv[1], shmb_status_text(status),
                status == SHMB_TOO_LARGE ? "; declare the queue with a message_size of 64 or more" : "");
    shmb_detach(queue);
    return exit_code(status);
}
