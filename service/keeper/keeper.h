/*
 * Keeping: what this broker serves is held by a second process too, so that it outlives this one.
 *
 * Each broker starts a keeper of its own (program_win32.c), gives it whatever it creates or takes over, and ends the
 * keeper of the broker before when nothing of it is needed any more. So no keeper ever has what nobody knows of for
 * longer than until the next start, and nothing that a dead broker wrote decides about anything but which
 * process to end.
 *
 * What cannot be kept is served all the same, with a warning, and is tried again.
 */
#ifndef SHMBROKER_KEEPER_H
#define SHMBROKER_KEEPER_H

#include "log.h"
#include "names.h"
#include "platform.h"

typedef struct keeper {
    broker_log *log;
    char name[NAMES_TEXT]; /* the record's */
    const access_identity *identity;
    const platform_catalog *catalog;
    platform_keepers *record; /* NULL: it could not be opened, and nothing is kept */
    platform_keeper *places[PLATFORM_KEEPERS];
    bool placed;  /* `own` is chosen */
    unsigned own; /* the place of this broker's keeper */
    bool has_catalog;
    bool mixed;      /* it may have what another broker gave it */
    bool incomplete; /* it is not there, or lacks something that it should have */
    bool told;       /* that it is so */
    /* Times are platform_heartbeat's. */
    uint64_t started;
    uint64_t retry_at; /* nothing is tried before */
    uint64_t pause;    /* the last one between two tries */
} keeper;

/* The sections that are to be kept, and what the keeper has of each, at the same indexes. */
typedef struct keeper_load {
    platform_section *const *sections;
    platform_kept *kept;
    size_t count;
} keeper_load;

/* Sees what keepers earlier brokers left. `identity` and `catalog` stay as long as the keeper does. Where the record of
   keepers cannot be opened, or not be read, keeper_begin and keeper_watch try again. */
void keeper_open(keeper *k, const char *instance, const access_identity *identity,
                 const platform_catalog *catalog, broker_log *log);

/* Starts a keeper that has the catalog and all of `load`, beside those that earlier brokers left. Before that nothing is
   kept: call it when the first sections are made, for it gets them all in one go, and before anybody hears of them. */
void keeper_begin(keeper *k, const keeper_load *load);

/* Has one more section kept, before anybody hears of it. 0: not yet; keeper_begin or keeper_watch does it. */
platform_kept keeper_hold(keeper *k, const platform_section *section);
void keeper_release(keeper *k, platform_kept kept);

/* Whether an earlier broker's keeper is there. */
bool keeper_has_earlier(const keeper *k);

/* Ends it: this broker has taken over what it wanted. */
void keeper_end_earlier(keeper *k, const keeper_load *load);

/* Restores a keeper that was ended, and gives it what it lacks; what earlier brokers left may be seen only now, so ask
   keeper_has_earlier again. Call it often; it is quick when all is well. */
void keeper_watch(keeper *k, const keeper_load *load);

/* Whether all that was to be kept is. */
bool keeper_has_all(const keeper *k);

/* What the broker waits for beside its heartbeat: the keeper's end. NULL: nothing. */
void *keeper_wake(const keeper *k);

/* The process of this broker's keeper; 0: there is none. */
uint32_t keeper_process_id(const keeper *k);

/* How a broker parts with its keeper. */
typedef enum keeper_parting {
    KEEPER_ENDS,  /* nothing is kept any more */
    KEEPER_STAYS, /* the next broker goes on with what it has */
    KEEPER_FAILED /* this broker did not get as far as serving: what was there before stays as it was */
} keeper_parting;

/* Whether anything is kept from here on. One that is all zero, never opened, is fine. */
bool keeper_close(keeper *k, keeper_parting parting);

#endif
