/* attach_queue.h: how example-producer and example-consumer attach to a queue: to write, which sending and receiving both
   need, and to nothing that is of another kind. */
#ifndef ATTACH_QUEUE_H
#define ATTACH_QUEUE_H

#include "shmb.h"

#include <stdio.h>

/* Says on stderr what went wrong. */
static inline shmb_status attach_queue(const char *program, const char *name, shmb_region **queue)
{
    char message[512];
    shmb_attach_options options = {.struct_size = sizeof options,
                                   .access = SHMB_ACCESS_WRITE,
                                   .kind = SHMB_KIND_QUEUE,
                                   .message = message,
                                   .message_size = sizeof message};
    shmb_status status = shmb_attach(name, &options, queue);
    if (status != SHMB_OK)
        fprintf(stderr, "%s: %s\n", program, message);
    return status;
}

#endif
