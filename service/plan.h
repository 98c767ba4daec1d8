/*
 * The plan: what must be done so that what exists becomes what is declared.
 *
 * A pure function. Starting plans from nothing to the configuration, stopping from what exists to nothing.
 */
#ifndef SHMBROKER_PLAN_H
#define SHMBROKER_PLAN_H

#include "model.h"
#include "own_places.h"

/* A region as it is to be, compiled for the kernel. */
typedef struct declared_region {
    const char *name;
    const char *description;
    const char *object_name;  /* "Global\NAME", "Local\NAME", or "ALIAS\NAME" in a private namespace */
    const char *boundary;     /* the private namespace's SIDs, as the catalog has them; NULL otherwise */
    const char *section_sddl; /* complete */
    const char *backing_path; /* absolute, or NULL */
    const char *file_sddl;    /* complete, or NULL without a file */
    const own_places *own;    /* where that file may not be; NULL without a file */
    uint64_t size;
    config_initial
        initial; /* `path` can be opened as it is. Like `prefetch`, it matters to a new object alone */
    config_large_pages large_pages;
    uint32_t numa_node;
    bool prefetch;
    config_persist persist;
    config_on_dirty on_dirty;
} declared_region;

typedef struct declared_regions {
    const declared_region *items;
    size_t count;
} declared_regions;

/* A region that this broker holds. */
typedef struct existing_region {
    const char *name;
    const char *object_name;
    const char *section_sddl;
    const char *backing_path; /* absolute, or NULL */
    uint64_t size;
    config_large_pages large_pages; /* as it was declared, whatever was granted */
    uint32_t numa_node;
} existing_region;

typedef struct existing_regions {
    const existing_region *items;
    size_t count;
} existing_regions;

typedef enum plan_kind {
    PLAN_RETIRE, /* exists, and is not declared so: let go of it */
    PLAN_KEEP,   /* exists as declared: leave it alone */
    PLAN_CREATE  /* declared, and does not exist so */
} plan_kind;

typedef struct plan_action {
    plan_kind kind;
    size_t declared; /* index, for KEEP and CREATE */
    size_t existing; /* index, for RETIRE and KEEP */
} plan_action;

/* Retirements come first, so that the names and files which they free can be used again. */
typedef struct plan {
    plan_action *actions;
    size_t count;
} plan;

/* Names are unique within each list. False: out of memory, and the plan is empty. */
bool plan_make(const declared_regions *declared, const existing_regions *existing, plan *result);
void plan_free(plan *p);

#endif
