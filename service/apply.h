/*
 * Apply: carries out a plan, and publishes each step in the catalog.
 *
 * A region that cannot be created does not stop the others: it is published with its reason, and counted. One that was to be
 * replaced goes on as it was before then (replacing.h), and counts as kept and as failed.
 */
#ifndef SHMBROKER_APPLY_H
#define SHMBROKER_APPLY_H

#include "catalog.h"
#include "holdings.h"
#include "keeper.h"
#include "lives.h"
#include "log.h"
#include "persist.h"
#include "plan.h"
#include "platform.h"
#include "region_parts.h"

typedef struct apply_outcome {
    size_t created; /* adopted ones too */
    size_t adopted; /* an earlier broker's, with their data */
    size_t kept;
    size_t retired;
    size_t retiring; /* on their way, while programs have them open */
    size_t failed;
    size_t noted; /* created, and not all that was asked for could be had */
    /* Of the failed and awaited: what an earlier broker left, with its data, that could not be taken over this time. */
    size_t left;
    size_t secured;
    size_t updated;
    size_t
        replaced; /* let go, to be created as another object; these are counted again as created, failed or awaited */
    size_t refused;
    size_t no_room; /* regions in a row for which the system had no room */
    size_t awaited; /* cannot be created before programs let go of the object that has the name */
} apply_outcome;

/* Regions that are made, and published as pending until all of them are kept. */
typedef struct apply_held_back {
    catalog_place *places; /* room for one for each declared region */
    size_t count;
} apply_held_back;

/* What a plan is carried out with. */
typedef struct apply_context {
    catalog *catalog;
    holdings *holdings;
    keeper *keeper; /* gets what is held; one that was never opened keeps nothing */
    lives *lives;
    persist *persist;
    broker_log *log;
    bool tried_again;                /* what fails is: the log does not have it yet */
    bool awaiting;                   /* what is to be created is awaited, and published so */
    bool ending;                     /* the broker ends: what was not served stays published so */
    void (*progress)(void *context); /* after each step; what is kept is none */
    void *progress_context;
    apply_held_back *held_back; /* NULL: each region is published as ready when it is */
    bool *awaits;               /* for each declared region: whether it is awaited now; NULL: nobody asks */
    /* What came of each action but KEEP, before `progress`; `reason` is NULL when it was done. May be NULL. */
    void (*told)(void *context, const plan_action *action, const char *name, const char *reason);
    void *told_context;
} apply_context;

/* Publishes what `p` will create as pending, so that clients wait for it rather than hear that it is unknown. When that
   fails, it is taken back. */
bool apply_announce(const apply_context *context, const plan *p, const declared_regions *declared,
                    platform_failure *failure);

/* Carries out `p`, which was made of `declared` and of what `context->holdings` had. */
void apply_plan(const apply_context *context, const plan *p, const declared_regions *declared,
                apply_outcome *outcome);

/*
 * When the system had no room for some regions, gives up the last that were made and held back, a few hundred: all that the
 * system had left is in them, and no other program could start, not the keeper, nor one that stops this broker. Nothing is
 * given up of an earlier broker's. They count as failed, with their reason.
 */
void apply_make_way(const apply_context *context, apply_outcome *outcome);

/* Publishes as ready what was held back. */
void apply_publish(catalog *c, const apply_held_back *held_back);

/* Tries once more to create what is awaited (`context->awaits`), without a word in the log about what still is. Cheap: one
   look at each. `outcome` has created, failed and awaited. False: out of memory. */
bool apply_awaited(const apply_context *context, const declared_regions *declared, apply_outcome *outcome);

/* Why `action` of a plan is refused, in words. NULL: out of memory. The caller frees it. */
char *apply_refusal(const plan_action *action, const declared_regions *declared);

/* What the platform is asked for, to make `declared`. */
platform_section_request apply_request(const declared_region *declared);

/* Lets go of the region at `index`: persistence, section, keeper. What is published of it is the caller's. */
void apply_let_go(const apply_context *context, size_t index);

#endif
