/* When regions get to the disk. See persist.h. */
#include "persist.h"

#include <stdlib.h>
#include <string.h>

#define UNITS_PER_MS 10000ull /* of platform_heartbeat */

void persist_open(persist *p, const snapshot_store *store, broker_log *log)
{
    memset(p, 0, sizeof *p);
    p->store = store;
    p->log = log;
}

static void free_texts(persist_entry *entry)
{
    free(entry->name);
    free(entry->backing_path);
}

bool persist_add(persist *p, const declared_region *declared, platform_section *section, uint64_t generation)
{
    if (declared->persist.mode == CONFIG_PERSIST_NONE)
        return true;
    if (!p->store) {
        if (!p->told)
            log_write(p->log, LOG_PERSIST_FAILED,
                      "region %s, and others like it, are not persisted: there is no data folder",
                      declared->name);
        p->told = true;
        return true;
    }
    if (p->count == p->capacity) {
        size_t capacity = p->capacity ? 2 * p->capacity : 16;
        persist_entry *grown = realloc(p->entries, capacity * sizeof *grown);
        if (!grown)
            return false;
        p->entries = grown;
        p->capacity = capacity;
    }
    persist_entry entry = {.name = text_make("%s", declared->name),
                           .section = section,
                           .size = declared->size,
                           .generation = generation,
                           .how = declared->persist,
                           .due = platform_heartbeat() + declared->persist.interval * UNITS_PER_MS};
    if (declared->backing_path)
        entry.backing_path = text_make("%s", declared->backing_path);
    if (!entry.name || (declared->backing_path && !entry.backing_path)) {
        free_texts(&entry);
        return false;
    }
    p->entries[p->count++] = entry;
    return true;
}

static void abandon(persist *p)
{
    if (p->busy)
        snapshot_abandon(&p->writer);
    p->busy = false;
}

void persist_remove(persist *p, const platform_section *section)
{
    size_t at = 0;
    while (at < p->count && p->entries[at].section != section)
        at++;
    if (at == p->count)
        return;
    if (p->busy && p->current == at)
        abandon(p);
    free_texts(&p->entries[at]);
    p->count--;
    p->entries[at] = p->entries[p->count];
    if (p->busy && p->current == p->count)
        p->current = at;
}

void persist_close(persist *p)
{
    abandon(p);
    for (size_t i = 0; i < p->count; i++)
        free_texts(&p->entries[i]);
    free(p->entries);
    memset(p, 0, sizeof *p);
}

/* ---- One region -------------------------------------------------------------------------------- */

static void begin(persist *p, size_t index)
{
    persist_entry *entry = &p->entries[index];
    p->busy = true;
    p->current = index;
    p->offset = 0;
    entry->due = platform_heartbeat() + entry->how.interval * UNITS_PER_MS;
    if (entry->how.mode == CONFIG_PERSIST_SNAPSHOT) {
        snapshot_region region = lives_region(entry->name, entry->size, entry->generation, entry->section);
        snapshot_begin(&p->writer, p->store, &region, entry->how.keep, entry->sure, platform_now());
    }
}

/* The next bytes of a region with a file, and at its end the file itself. */
static snapshot_result flush_step(persist *p, const persist_entry *entry, platform_failure *failure)
{
    uint64_t left = entry->size - p->offset;
    size_t length = left < SNAPSHOT_STEP ? (size_t)left : SNAPSHOT_STEP;
    if (length == 0)
        return platform_backing_flush(entry->backing_path, failure) ? SNAPSHOT_WRITTEN : SNAPSHOT_FAILED;
    if (!platform_section_flush(entry->section, p->offset, length, failure))
        return SNAPSHOT_FAILED;
    p->offset += length;
    return SNAPSHOT_WORKING;
}

static void report(persist *p, persist_entry *entry, snapshot_result result, const platform_failure *failure)
{
    bool failed = result == SNAPSHOT_FAILED;
    if (failed && !entry->told)
        log_write(p->log, LOG_PERSIST_FAILED,
                  "region %s: %s; what is on the disk stays, and it is tried again at each "
                  "interval",
                  entry->name, failure->text);
    else if (!failed && entry->told)
        log_write(p->log, LOG_PERSIST_AGAIN, "region %s is on the disk again", entry->name);
    entry->told = failed;
    entry->sure = !failed;
}

/* Does one step of what is being done; false when that is over. */
static bool step(persist *p)
{
    platform_failure failure = {0};
    persist_entry *entry = &p->entries[p->current];
    snapshot_result result = entry->how.mode == CONFIG_PERSIST_SNAPSHOT ? snapshot_step(&p->writer, &failure)
                                                                        : flush_step(p, entry, &failure);
    if (result == SNAPSHOT_WORKING)
        return true;
    p->busy = false;
    report(p, entry, result, &failure);
    return false;
}

/* ---- All of them ------------------------------------------------------------------------------- */

/* The region that has waited longest, or p->count. */
static size_t next_due(const persist *p)
{
    size_t next = p->count;
    for (size_t i = 0; i < p->count; i++)
        if (next == p->count || p->entries[i].due < p->entries[next].due)
            next = i;
    return next;
}

uint32_t persist_wait(const persist *p, uint32_t most)
{
    size_t next = next_due(p);
    if (p->busy)
        return 0;
    if (next == p->count)
        return most;
    uint64_t now = platform_heartbeat(), due = p->entries[next].due;
    uint64_t milliseconds =
        due > now ? (due - now + UNITS_PER_MS - 1) / UNITS_PER_MS : 0; /* up: not to wake too early */
    return milliseconds < most ? (uint32_t)milliseconds : most;
}

void persist_work(persist *p, uint32_t milliseconds)
{
    if (p->count == 0)
        return;
    uint64_t now = platform_heartbeat(), until = now + milliseconds * UNITS_PER_MS;
    do {
        if (!p->busy) {
            size_t next = next_due(p);
            if (next == p->count || p->entries[next].due > now)
                return;
            begin(p, next);
        }
        step(p);
        now = platform_heartbeat();
    } while (now < until);
}

static bool finish_one(persist *p, size_t index, uint64_t until, platform_progress progress)
{
    begin(p, index); /* from the start, whatever was under way: these are the last bytes */
    while (step(p)) {
        if (progress.call)
            progress.call(progress.context);
        if (platform_heartbeat() >= until) {
            abandon(p);
            return false;
        }
    }
    return !p->entries[index].told;
}

size_t persist_finish(persist *p, uint32_t milliseconds, platform_progress progress)
{
    uint64_t until = platform_heartbeat() + milliseconds * UNITS_PER_MS;
    size_t unfinished = 0;
    abandon(p);
    for (size_t i = 0; i < p->count; i++) {
        bool in_time = platform_heartbeat() < until;
        p->entries[i].unfinished = !in_time || !finish_one(p, i, until, progress);
        unfinished += p->entries[i].unfinished;
        if (progress.call)
            progress.call(progress.context);
    }
    if (p->count > 0)
        log_write(p->log, unfinished ? LOG_PERSIST_FAILED : LOG_PERSISTED,
                  "of %u regions that are persisted, the last bytes of %u are on the disk%s",
                  (unsigned)p->count, (unsigned)(p->count - unfinished),
                  unfinished
                      ? "; for the others time was up, or the disk refused them: they have what was written "
                        "at their last interval"
                      : "");
    return unfinished;
}

bool persist_finished(const persist *p, const char *region)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->entries[i].name, region) == 0)
            return !p->entries[i].unfinished;
    return true;
}
