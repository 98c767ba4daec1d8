/*
 * example-consumer: receives the jobs that example-producer sends. Start several: each job goes to one of them.
 *
 *     example-consumer Jobs 20            20 jobs, or until none has come for 5 seconds
 */
#include "attach_queue.h"
#include "exit_code.h"
#include "shmb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PATIENCE_MS 5000u

static shmb_status do_jobs(shmb_region *queue, uint64_t times)
{
    for (uint64_t i = 0; i < times; i++) {
        char job[64];
        uint32_t size;
        shmb_status status = shmb_queue_receive(queue, job, sizeof job, &size, PATIENCE_MS);
        if (status != SHMB_OK)
            return status;
        printf("did %.*s\n", (int)size, job);
        fflush(stdout);
    }
    return SHMB_OK;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: example-consumer QUEUE [TIMES]\n"
                        "Receives 10 jobs if not told otherwise.\n");
        return EXIT_USAGE;
    }
    shmb_region *queue;
    shmb_status status = attach_queue("example-consumer", argv[1], &queue);
    if (status != SHMB_OK)
        return exit_code(status);
    status = do_jobs(queue, argc > 2 ? strtoull(argv[2], NULL, 10) : 10);
    if (status != SHMB_OK)
        fprintf(stderr, "example-consumer: no job from \"%s\": %s%s\n", argv[1], shmb_status_text(status),
                status == SHMB_TIMED_OUT   ? "; is example-producer running?"
                : status == SHMB_TOO_SMALL ? "; somebody sends longer ones than example-producer"
                                           : "");
    shmb_detach(queue);
    return exit_code(status);
}
