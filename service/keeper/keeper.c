/* Which process keeps what, and when one is started or ended. See keeper.h. */
#include "keeper.h"

#include <stdlib.h>
#include <string.h>

/* Between two tries to start a keeper, or to give it what it lacks; and how long one must have lived to be started again
   at once. In units of 100 ns. */
#define FIRST_PAUSE   5000000u
#define LONGEST_PAUSE 600000000u
#define LONG_LIFE     100000000u

static platform_keeper *own_keeper(const keeper *k)
{
    return k->placed ? k->places[k->own] : NULL;
}

static void put_off(keeper *k)
{
    k->incomplete = true;
    k->pause = k->pause == 0 ? FIRST_PAUSE : k->pause * 2 < LONGEST_PAUSE ? k->pause * 2 : LONGEST_PAUSE;
    k->retry_at = platform_heartbeat() + k->pause;
}

/* Something is not kept: that is said once, and tried again later, each time after a longer pause. */
static void fail(keeper *k, const platform_failure *failure)
{
    if (!k->told)
        log_write(k->log, LOG_KEEPER_FAILED,
                  "should the broker be killed now, data that no program has open is lost: %s",
                  failure->text);
    k->told = true;
    put_off(k);
}

/* ---- Starting one ------------------------------------------------------------------------------ */

/* Starts a keeper at `place`, with what of `load` it can be given at once. It has the catalog before it may outlive
   anybody. */
static bool start_at(keeper *k, unsigned place, const keeper_load *load, platform_failure *failure)
{
    platform_keeper *started;
    if (!platform_keeper_start(k->record, place, load->sections, load->kept, load->count, &started, failure))
        return false;
    if (!platform_keeper_hold_catalog(started, k->catalog, failure)) {
        platform_keeper_end(k->record, place, started);
        memset(load->kept, 0, load->count * sizeof *load->kept);
        return false;
    }
    platform_keeper_stay(started);
    k->places[place] = started;
    k->has_catalog = true;
    k->started = platform_heartbeat();
    return true;
}

/*
 * The first free place is this broker's. Without one, two brokers have died before they had settled; then one of
 * the two keepers serves this broker as well, until keeper_end_earlier makes a clean one.
 */
static void choose_place(keeper *k)
{
    k->own = 0;
    while (k->own < PLATFORM_KEEPERS && k->places[k->own])
        k->own++;
    k->mixed = k->own == PLATFORM_KEEPERS;
    k->own %= PLATFORM_KEEPERS;
    k->placed = true;
}

/* What earlier brokers left. One that is there and not seen would be there for ever: so nothing is kept rather than that
   its place is taken. */
static bool find_earlier(keeper *k, platform_failure *failure)
{
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++)
        if (!platform_keeper_find(k->record, place, &k->places[place], failure) &&
            !platform_keeper_find(k->record, place, &k->places[place], failure))
            return false;
    return true;
}

static void forget_all(keeper *k)
{
    k->placed = false;
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++) {
        platform_keeper_close(k->places[place]);
        k->places[place] = NULL;
    }
    platform_keepers_close(k->record);
    k->record = NULL;
}

/* The record, and who is in it. On failure it is not open. */
static bool open_record(keeper *k, platform_failure *failure)
{
    if (!platform_keepers_open(k->name, k->identity, k->catalog->global, &k->record, failure))
        return false;
    if (find_earlier(k, failure))
        return true;
    forget_all(k);
    return false;
}

void keeper_open(keeper *k, const char *instance, const access_identity *identity,
                 const platform_catalog *catalog, broker_log *log)
{
    platform_failure failure = {0};
    *k = (keeper){.log = log, .identity = identity, .catalog = catalog};
    names_keepers(instance, k->name);
    k->incomplete = true;
    if (!open_record(k, &failure))
        fail(k, &failure);
}

/* ---- What it has ------------------------------------------------------------------------------- */

platform_kept keeper_hold(keeper *k, const platform_section *section)
{
    platform_failure failure = {0};
    platform_kept kept = 0;
    if (k->incomplete)
        return 0; /* all that it lacks is given to it in one go, and at first when it is started */
    if (own_keeper(k) && (!platform_keeper_hold(own_keeper(k), section, &kept, &failure) ||
                          !platform_keeper_hold_namespaces(own_keeper(k), &failure)))
        fail(k, &failure);
    return kept;
}

void keeper_release(keeper *k, platform_kept kept)
{
    if (own_keeper(k))
        platform_keeper_release(own_keeper(k), kept);
}

/* Gives the keeper what it lacks. */
static bool complete(keeper *k, const keeper_load *load, platform_failure *failure)
{
    if (!k->has_catalog && !platform_keeper_hold_catalog(own_keeper(k), k->catalog, failure))
        return false;
    k->has_catalog = true;
    for (size_t i = 0; i < load->count; i++)
        if (load->kept[i] == 0 &&
            !platform_keeper_hold(own_keeper(k), load->sections[i], &load->kept[i], failure))
            return false;
    return platform_keeper_hold_namespaces(own_keeper(k), failure);
}

/* ---- Ending that of the broker before ---------------------------------------------------------- */

static bool is_earlier(const keeper *k, unsigned place)
{
    return k->places[place] && (!k->placed || place != k->own || k->mixed);
}

bool keeper_has_earlier(const keeper *k)
{
    bool any = false;
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++)
        any = any || is_earlier(k, place);
    return any;
}

static void end_at(keeper *k, unsigned place)
{
    if (k->places[place])
        platform_keeper_end(k->record, place, k->places[place]);
    k->places[place] = NULL;
}

/* Moves everything from a keeper that has more than it should to a new one. On failure all is as it was. */
static bool move(keeper *k, const keeper_load *load, platform_failure *failure)
{
    const unsigned from = k->own, to = (from + 1) % PLATFORM_KEEPERS;
    platform_kept *kept = calloc(load->count + 1, sizeof *kept);
    if (!kept) {
        snprintf(failure->text, sizeof failure->text, "out of memory; close other programs");
        return false;
    }
    const keeper_load fresh = {load->sections, kept, load->count};
    bool moved = start_at(k, to, &fresh, failure);
    if (moved) {
        k->own = to;
        moved = complete(k, &fresh, failure);
        if (!moved) {
            k->own = from;
            end_at(k, to);
        }
    }
    if (moved) {
        memcpy(load->kept, kept, load->count * sizeof *kept);
        end_at(k, from);
        k->mixed = false;
    }
    free(kept);
    return moved;
}

void keeper_end_earlier(keeper *k, const keeper_load *load)
{
    platform_failure failure = {0};
    if (!own_keeper(k) || k->incomplete)
        return; /* what this broker has is not safe yet: keeper_watch comes first */
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++)
        if (place != k->own)
            end_at(k, place);
    if (k->mixed && !move(k, load, &failure))
        fail(k, &failure);
}

/* ---- Watching ---------------------------------------------------------------------------------- */

/* One that lived long is started again at once. One that did not would go the same way: that takes pauses. */
static void mourn(keeper *k, const keeper_load *load)
{
    log_write(k->log, LOG_KEEPER_LOST, "the keeper, process %u, was ended by somebody; another is started",
              (unsigned)platform_keeper_process_id(own_keeper(k)));
    end_at(k, k->own);
    memset(load->kept, 0, load->count * sizeof *load->kept);
    k->mixed = false;
    bool at_once = k->pause == 0 || platform_heartbeat() - k->started > LONG_LIFE;
    if (at_once)
        k->pause = 0;
    put_off(k);
    if (at_once)
        k->retry_at = 0;
}

/* One try to make all well. */
static bool restore(keeper *k, const keeper_load *load, platform_failure *failure)
{
    if (!k->record && !open_record(k, failure))
        return false;
    if (!k->placed)
        choose_place(k);
    if ((!own_keeper(k) && !start_at(k, k->own, load, failure)) || !complete(k, load, failure))
        return false;
    k->incomplete = k->told = false;
    log_write(k->log, LOG_KEEPER_STARTED,
              "process %u keeps all that is served (%u objects), should this one be killed%s",
              (unsigned)platform_keeper_process_id(own_keeper(k)), (unsigned)load->count,
              keeper_has_earlier(k) ? "; that of an earlier broker is there" : "");
    return true;
}

void keeper_begin(keeper *k, const keeper_load *load)
{
    platform_failure failure = {0};
    if (!restore(k, load, &failure))
        fail(k, &failure);
}

void keeper_watch(keeper *k, const keeper_load *load)
{
    platform_failure failure = {0};
    if (own_keeper(k) && !platform_keeper_lives(own_keeper(k)))
        mourn(k, load);
    if (k->incomplete && platform_heartbeat() >= k->retry_at && !restore(k, load, &failure))
        fail(k, &failure);
}

bool keeper_has_all(const keeper *k)
{
    return own_keeper(k) && !k->incomplete && platform_keeper_lives(own_keeper(k));
}

uint32_t keeper_process_id(const keeper *k)
{
    return k->record && own_keeper(k) ? platform_keeper_process_id(own_keeper(k)) : 0;
}

void *keeper_wake(const keeper *k)
{
    return own_keeper(k) ? platform_keeper_wake(own_keeper(k)) : NULL;
}

/* ---- Parting ----------------------------------------------------------------------------------- */

bool keeper_close(keeper *k, keeper_parting parting)
{
    platform_failure ignored;
    bool keeps = false;
    if (parting == KEEPER_ENDS && k->identity && !k->record)
        open_record(k, &ignored); /* what an earlier broker left is not to stay for ever */
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++) {
        bool ends = parting == KEEPER_ENDS || (parting == KEEPER_FAILED && !is_earlier(k, place));
        if (ends)
            end_at(k, place);
        keeps = keeps || (k->places[place] && platform_keeper_lives(k->places[place]));
        platform_keeper_close(k->places[place]);
    }
    platform_keepers_close(k->record);
    *k = (keeper){0};
    return keeps;
}
