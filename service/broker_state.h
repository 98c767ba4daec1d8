/* What one run of the broker has: for the files that are its engine, broker.c, reload.c and desk.c. */
#ifndef SHMBROKER_BROKER_STATE_H
#define SHMBROKER_BROKER_STATE_H

#include "apply.h"
#include "broker.h"
#include "declare.h"
#include "holders.h"
#include "left.h"
#include "session_watch.h"

/* Everything that one run of the broker has, in the order in which it is acquired. */
typedef struct broker {
    const broker_options *options;
    const broker_host *host;
    broker_log *log;
    char owner_sid[CONFIG_SID_TEXT];
    char broker_sid[CONFIG_SID_TEXT];
    access_identity identity;
    platform_folders folders;
    char config_path[PLATFORM_PATH];
    platform_claim *claim;
    bool has_folders;
    bool has_begun; /* the book says that the regions are in use */
    config_model *model;
    declaration declared;
    uint64_t snapshots_left; /* those that were told of last: leftovers.h */
    uint64_t commit_budget;  /* of the configuration that counts; 0: there is none */
    session_watch sessions;  /* with what is to exist: `declared`, and instances of it */
    platform_catalog memory;
    catalog catalog;
    keeper keeper;
    bool earlier_may_end; /* the keeper of the broker before: what it has is taken over, or not wanted */
    lives lives;
    persist persist;
    holdings holdings;
    holders holders;
    apply_outcome outcome;
    platform_control *control; /* NULL: it could not be opened yet, and nothing can be asked */
    bool control_lost;         /* that has been told */
    uint64_t control_retry_at; /* platform_heartbeat: not before it is tried again */
    bool ending;
    bool *awaits; /* for each wanted region, while any is awaited; then `declared` stays, too */
} broker;

/* Reads and compiles the configuration, as the broker's own account may, and logs what is wrong with it. Returns an exit
   code; when it is not EXIT_OK, `failure` says why and there is no model. The caller frees `diagnostics` in both cases. */
int broker_read_config(const broker *b, config_diagnostics *diagnostics, config_model **model,
                       declaration *declared, platform_failure *failure);

/* What there is, as plans are made of it. */
typedef struct broker_existing {
    existing_regions regions;
    existing_regions gathered; /* owned; `regions`, unless these are the holdings' own */
} broker_existing;

/* What this broker holds and, where there can be any, what an earlier one left of `declared`. Valid until something is
   made or let go. False: out of memory. The caller frees it with left_free(&result->gathered). */
bool broker_find_existing(const broker *b, const declared_regions *declared, broker_existing *result,
                          platform_failure *failure);

/* Logs which snapshots are of no region of the configuration, when there are others than at the last time, and returns that
   in words; otherwise NULL. The caller frees it. */
char *broker_tell_leftovers(broker *b);

/* What plans are carried out with. */
apply_context broker_context(broker *b);

/* Frees what was only needed to make the regions: a broker of many keeps little of each. While regions are awaited, or
   sessions get instances, it is still needed. */
void broker_forget_config(broker *b);

#endif
