/*
 * Holders: which programs have what is to go open, published for whoever asks `status`: of regions on their way out, and of
 * regions that are awaited, since an earlier object has their name.
 *
 * Finding out lists the handles of all processes, so one region is looked at at a time, with a pause that grows with
 * what the last look took.
 */
#ifndef SHMBROKER_HOLDERS_H
#define SHMBROKER_HOLDERS_H

#include "apply.h"

/* All zero: nothing was looked at yet. */
typedef struct holders {
    size_t turn;      /* counts looks, so that each region gets one */
    uint64_t next_at; /* platform_heartbeat: none before */
    unsigned told;    /* changes that were published: each takes room in the catalog for ever */
} holders;

/* Looks at the next region, if it is time. `wanted` are the regions of context->awaits; NULL: none is awaited. */
void holders_tell(holders *h, const apply_context *context, const declared_regions *wanted);

/* Looks at regions that an order has just made wait or go, at once, before that is answered: as many as HOLDERS_AT_ONCE_MS
   give time for, and one at least. */
#define HOLDERS_AT_ONCE_MS 250u
void holders_tell_at_once(holders *h, const apply_context *context, const declared_regions *wanted);

#endif
