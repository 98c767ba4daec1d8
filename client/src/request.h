/*
 * request.h: what a caller of shmb_attach asks for, with every default filled in and every value checked.
 *
 * Pure functions, for any operating system. Each failure is explained in the message.
 */
#ifndef SHMB_REQUEST_H
#define SHMB_REQUEST_H

#include "message.h"
#include "shmb.h"

#include <stdbool.h>

#define SHMB_INSTANCE_MAX 40u /* characters of an instance's name */

typedef struct shmb_request {
    bool write;
    bool without_broker;
    uint32_t timeout_ms;
    uint64_t offset;
    uint64_t length;      /* 0: to the end */
    uint32_t kind;        /* SHMB_KIND_…; 0: any */
    uint32_t session;     /* 0: the process's own */
    const char *instance; /* the caller's, NULL when not given */
} shmb_request;

/* Where a view lies in its section: what the mapping call takes, and where the caller's first byte is in it.
 */
typedef struct shmb_range {
    uint64_t map_offset; /* a multiple of SHMB_GRANULARITY, or of the page that it was widened to */
    size_t map_bytes;
    size_t skip; /* from the mapping's first byte to the view's */
    uint64_t length;
} shmb_range;

/* MapViewOfFile takes offsets in multiples of the allocation granularity, 64 KiB on every Windows. */
#define SHMB_GRANULARITY 65536u

/* SHMB_OK or SHMB_INVALID_ARGUMENT. `message` is where the options want it, and empty. */
shmb_status shmb_request_read(const shmb_attach_options *options, shmb_request *request,
                              shmb_message *message);

/* SHMB_OK or SHMB_INVALID_ARGUMENT: a name as a region can have it. */
shmb_status shmb_check_name(const char *name, shmb_message *message);

/* SHMB_OK or SHMB_INVALID_ARGUMENT: "" or 1 to 40 of A-Z a-z 0-9 _ -. */
shmb_status shmb_check_instance(const char *instance, shmb_message *message);

/* SHMB_OK or SHMB_BAD_RANGE: the view that `request` asks for of a region of `region_size` bytes. */
shmb_status shmb_request_range(const shmb_request *request, uint64_t region_size, shmb_range *range,
                               shmb_message *message);

/* The same view in whole pages of `page` bytes, for a section that has whole ones. False when it does not fit the address
   space, or `page` is no power of two. */
bool shmb_range_widen(const shmb_range *range, uint64_t page, shmb_range *widened);

#endif
