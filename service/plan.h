/*
 * The plan: what must be done so that what exists becomes what is declared.
 *
 * A pure function. Starting plans from nothing to the configuration, stopping from what exists to nothing, a reload
 * from the one configuration to the other: one path for all of them. What it plans, once carried out, leaves nothing to
 * plan.
 */
#ifndef SHMBROKER_PLAN_H
#define SHMBROKER_PLAN_H

#include "geometry.h"
#include "model.h"
#include "own_places.h"

/* A region as it is to be, compiled for the kernel. */
typedef struct declared_region {
    const char *name;
    const char *description;
    /* "Global\NAME", "Local\NAME", or "ALIAS\NAME" in a private namespace; with `per_session` a pattern of the instances'. */
    const char *object_name;
    const char *boundary;     /* the private namespace's SIDs, as the catalog has them; NULL otherwise */
    const char *section_sddl; /* complete */
    const char *backing_path; /* absolute, or NULL */
    const char *file_sddl;    /* complete, or NULL without a file */
    const own_places *own;    /* where that file may not be; NULL without a file */
    uint64_t size;
    uint64_t max_size;            /* bytes that it can grow to; 0: it does not grow */
    shmb_geometry geometry;       /* kind 0: raw */
    uint32_t part_flags;          /* SHMB_FLAG_LOCK, SHMB_FLAG_NOTIFY */
    const char *const *part_sddl; /* the descriptors of its parts by access_object; NULL when it has none */
    config_initial
        initial; /* `path` can be opened as it is. Like `prefetch`, it matters to a new object alone */
    config_large_pages large_pages;
    uint32_t numa_node;
    bool prefetch;
    config_persist persist;
    config_on_dirty on_dirty;
    uint32_t drain; /* milliseconds that it stays for programs when it is declared no more */
    bool revoke; /* when its access changes, it becomes another object, so that nobody keeps the old rights */
    bool per_session; /* not a region itself: each session is to have one. See sessions.h */
    uint32_t session; /* whose instance this is, or 0 */
    bool fresh;       /* an object that has its name is another session's, and is not taken over */
} declared_region;

typedef struct declared_regions {
    const declared_region *items;
    size_t count;
} declared_regions;

/* A region that this broker holds. */
typedef struct existing_region {
    const char *name;
    const char *object_name;
    const char *backing_path; /* absolute, or NULL */
    uint64_t access;          /* plan_access_of what it was declared with last */
    uint64_t details;         /* plan_details_of it */
    uint64_t size;            /* bytes that it has now */
    uint64_t max_size;        /* as declared */
    uint64_t retire_at;     /* not 0: it is declared no more, and is let go at that heartbeat at the latest */
    uint32_t drain;         /* as declared */
    shmb_geometry geometry; /* as declared, as is part_flags */
    uint32_t part_flags;
    config_large_pages large_pages; /* as it was declared, whatever was granted */
    uint32_t numa_node;
    bool left; /* not held: an earlier broker left it, so that `access` and `details` are not known */
} existing_region;

typedef struct existing_regions {
    const existing_region *items;
    size_t count;
    uint64_t (*file_size)(
        const char *path); /* bytes of a backing file, 0: there is none; NULL: nobody looks */
} existing_regions;

typedef enum plan_kind {
    PLAN_RETIRE, /* exists, and is not declared: let go of it, when programs have, or its time is up */
    PLAN_REPLACE, /* exists as another object than is declared: let go of it; a CREATE of the same region follows */
    PLAN_SECURE, /* the same object, with another descriptor, which is given to it where it is */
    PLAN_UPDATE, /* the same object, of which something else is to be told */
    PLAN_KEEP,   /* exists as declared: leave it alone */
    PLAN_CREATE, /* declared, and does not exist */
    PLAN_ADOPT, /* declared, and left by an earlier broker: take it over with its data. Should it be gone, create it */
    PLAN_REFUSE /* declared, and cannot be: what exists of it stays as it is */
} plan_kind;

/* In what an existing region differs from its declaration: any of these. */
enum plan_change {
    PLAN_CHANGED_SIZE = 1,
    PLAN_CHANGED_NAME = 2, /* the object's: another namespace */
    PLAN_CHANGED_BACKING = 4,
    PLAN_CHANGED_LARGE_PAGES = 8,
    PLAN_CHANGED_NUMA = 16,
    PLAN_CHANGED_ACCESS = 32,
    PLAN_CHANGED_DETAILS = 64,
    PLAN_CHANGED_MAX_SIZE = 128,
    PLAN_CHANGED_GROWTH = 256,   /* declared larger than it is, and it can grow so far */
    PLAN_CHANGED_RETIRING = 512, /* it was on its way out, and is declared again */
    PLAN_CHANGED_KIND = 1024     /* or its geometry, or whether there is a lock or a signal beside it */
};

/* Why a region is refused. */
typedef enum plan_conflict {
    PLAN_NO_CONFLICT,
    PLAN_NAME_TWICE, /* `other` has the same name */
    PLAN_FILE_TWICE, /* `other` has the same backing file */
    PLAN_FILE_STAYS, /* `other` is refused itself, and keeps this one's backing file */
    /* Its backing file has fewer bytes than are declared: it would be let go and not come back, or could not be taken over. */
    PLAN_FILE_SHORT
} plan_conflict;

#define PLAN_NOTHING ((size_t)-1)

typedef struct plan_action {
    plan_kind kind;
    size_t declared; /* index; PLAN_NOTHING for RETIRE */
    size_t existing; /* index; PLAN_NOTHING when there is none */
    unsigned changes;
    bool replaces; /* CREATE: it follows a REPLACE */
    bool left;     /* what exists is not held: an earlier broker left it */
    bool at_once;  /* RETIRE: its file is wanted by another, so that it cannot stay for programs */
    plan_conflict conflict;
    size_t other; /* index of a declared region, with a conflict about one */
} plan_action;

/*
 * What lets go comes first, so that the files which it frees can be used again: RETIRE, then those REPLACE whose file another
 * region is to have. Then SECURE, which may take rights away; then the rest in the order of the declarations, each other
 * REPLACE right before its CREATE, so that one region at a time is between the two.
 */
typedef struct plan {
    plan_action *actions;
    size_t count;
} plan;

/* What stands for a region's descriptors, and for what can be changed without touching the object: equal when they are. */
uint64_t plan_access_of(const declared_region *declared);
uint64_t plan_details_of(const declared_region *declared);

/* Names are unique among the existing. False: out of memory, and the plan is empty. */
bool plan_make(const declared_regions *declared, const existing_regions *existing, plan *result);
void plan_free(plan *p);

/* Stands for what a plan does: equal for equal plans of equal regions. Never 0. To take a region over or to create it is the
   same here: what an earlier broker left the broker alone can see. */
uint64_t plan_digest(const plan *p, const declared_regions *declared, const existing_regions *existing);

/* Whether nothing is to be done. */
bool plan_is_empty(const plan *p);

#endif
