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

/* ---- Which is due first ------------------------------------------------------------------------ */

static void put(persist *p, size_t at, const persist_entry *entry)
{
    p->entries[at] = *entry;
    pointer_index_put(&p->by_section, entry->section, at);
}

/* Moves the entry at `at` to where it belongs. */
static void settle(persist *p, size_t at)
{
    const persist_entry entry = p->entries[at];
    for (; at > 0 && entry.due < p->entries[(at - 1) / 2].due; at = (at - 1) / 2)
        put(p, at, &p->entries[(at - 1) / 2]);
    for (size_t child; (child = 2 * at + 1) < p->count; at = child) {
        if (child + 1 < p->count && p->entries[child + 1].due < p->entries[child].due)
            child++;
        if (p->entries[child].due >= entry.due)
            break;
        put(p, at, &p->entries[child]);
    }
    put(p, at, &entry);
}

static persist_entry *entry_of(const persist *p, const platform_section *section)
{
    const size_t at = pointer_index_get(&p->by_section, section);
    return at == POINTER_INDEX_NONE ? NULL : &p->entries[at];
}

/* ---- Which there are --------------------------------------------------------------------------- */

static bool make_room(persist *p)
{
    if (!pointer_index_reserve(&p->by_section, p->count + 1))
        return false;
    if (p->count < p->capacity)
        return true;
    size_t capacity = p->capacity ? 2 * p->capacity : 16;
    persist_entry *grown = realloc(p->entries, capacity * sizeof *grown);
    if (!grown)
        return false;
    p->entries = grown;
    p->capacity = capacity;
    return true;
}

bool persist_add(persist *p, const declared_region *declared, platform_section *section, uint64_t size,
                 uint64_t generation)
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
    if (!make_room(p))
        return false;
    persist_entry entry = {.name = text_make("%s", declared->name),
                           .section = section,
                           .size = size,
                           .geometry = declared->geometry,
                           .generation = generation,
                           .how = declared->persist,
                           .due = platform_heartbeat() + declared->persist.interval * UNITS_PER_MS};
    if (declared->backing_path)
        entry.backing_path = text_make("%s", declared->backing_path);
    if (!entry.name || (declared->backing_path && !entry.backing_path)) {
        free_texts(&entry);
        return false;
    }
    put(p, p->count, &entry);
    settle(p, p->count++);
    return true;
}

static void abandon(persist *p)
{
    if (p->busy)
        snapshot_abandon(&p->writer);
    kind_image_end(&p->image);
    p->busy = NULL;
}

void persist_resize(persist *p, const platform_section *section, uint64_t size)
{
    persist_entry *entry = entry_of(p, section);
    if (entry)
        entry->size = size;
}

bool persist_take(persist *p, const platform_section *section, persist_entry *taken)
{
    const size_t at = pointer_index_get(&p->by_section, section);
    memset(taken, 0, sizeof *taken);
    if (at == POINTER_INDEX_NONE)
        return false;
    if (p->busy == section)
        abandon(p);
    *taken = p->entries[at];
    pointer_index_remove(&p->by_section, section);
    p->count--;
    if (at < p->count) {
        put(p, at, &p->entries[p->count]);
        settle(p, at);
    }
    return true;
}

bool persist_put_back(persist *p, persist_entry *taken, platform_section *section, uint64_t generation)
{
    if (!make_room(p)) {
        free_texts(taken);
        return false;
    }
    taken->section = section;
    taken->generation = generation;
    taken->due = platform_heartbeat() + taken->how.interval * UNITS_PER_MS;
    put(p, p->count, taken);
    settle(p, p->count++);
    return true;
}

void persist_free_taken(persist_entry *taken)
{
    free_texts(taken);
    memset(taken, 0, sizeof *taken);
}

void persist_remove(persist *p, const platform_section *section)
{
    persist_entry taken;
    if (persist_take(p, section, &taken))
        free_texts(&taken);
}

void persist_close(persist *p)
{
    abandon(p);
    for (size_t i = 0; i < p->count; i++)
        free_texts(&p->entries[i]);
    free(p->entries);
    pointer_index_free(&p->by_section);
    memset(p, 0, sizeof *p);
}

/* ---- One region -------------------------------------------------------------------------------- */

/* Programs go on writing: what is copied is what they would read. */
static void take_image(persist *p, const persist_entry *entry, snapshot_region *region)
{
    kind_image_begin(&p->image, &entry->geometry, entry->size, entry->section);
    region->context = &p->image;
    region->open = kind_image_open;
    region->close = kind_image_close;
}

static void begin(persist *p, const persist_entry *entry)
{
    p->busy = entry->section;
    p->offset = 0;
    if (entry->how.mode == CONFIG_PERSIST_SNAPSHOT) {
        snapshot_region region = lives_region(entry->name, entry->size, entry->generation, entry->section);
        if (entry->geometry.kind != 0 && entry->geometry.kind != SHMB_KIND_RAW)
            take_image(p, entry, &region);
        snapshot_begin(&p->writer, p->store, &region, entry->how.keep, entry->sure, platform_now());
    }
}

/* Begins with the one that is due first, which is due again an interval from now. */
static void begin_first(persist *p)
{
    begin(p, &p->entries[0]);
    p->entries[0].due = platform_heartbeat() + p->entries[0].how.interval * UNITS_PER_MS;
    settle(p, 0);
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
    persist_entry *entry = entry_of(p, p->busy);
    if (!entry)
        return false; /* what is under way is one of them, or nothing */
    snapshot_result result = entry->how.mode == CONFIG_PERSIST_SNAPSHOT ? snapshot_step(&p->writer, &failure)
                                                                        : flush_step(p, entry, &failure);
    if (result == SNAPSHOT_WORKING)
        return true;
    p->busy = NULL;
    kind_image_end(&p->image);
    report(p, entry, result, &failure);
    return false;
}

/* ---- All of them ------------------------------------------------------------------------------- */

uint32_t persist_wait(const persist *p, uint32_t most)
{
    if (p->busy)
        return 0;
    if (p->count == 0)
        return most;
    uint64_t now = platform_heartbeat(), due = p->entries[0].due;
    uint64_t milliseconds =
        due > now ? (due - now + UNITS_PER_MS - 1) / UNITS_PER_MS : 0; /* up: not to wake too early */
    return milliseconds < most ? (uint32_t)milliseconds : most;
}

void persist_work(persist *p, uint32_t milliseconds)
{
    p->spent = 0;
    if (p->count == 0)
        return;
    uint64_t now = platform_heartbeat(), until = now + milliseconds * UNITS_PER_MS;
    do {
        if (!p->busy) {
            if (p->entries[0].due > now)
                return;
            begin_first(p);
        }
        step(p);
        now = platform_heartbeat();
    } while (now < until);
}

static bool finish_one(persist *p, size_t index, uint64_t until, platform_progress progress)
{
    begin(p, &p->entries[index]); /* from the start, whatever was under way: these are the last bytes */
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

/* What is under way for another region begins again at once: its interval is not made longer by this one's end. */
static void set_back(persist *p, const platform_section *section)
{
    const size_t at =
        p->busy && p->busy != section ? pointer_index_get(&p->by_section, p->busy) : POINTER_INDEX_NONE;
    abandon(p);
    if (at == POINTER_INDEX_NONE)
        return;
    p->entries[at].due = platform_heartbeat();
    settle(p, at);
}

bool persist_finish_one(persist *p, const platform_section *section, platform_progress progress)
{
    const uint64_t most = PERSIST_LAST_MS * UNITS_PER_MS;
    if (!entry_of(p, section))
        return true;
    set_back(p, section);
    const size_t at = pointer_index_get(&p->by_section, section);
    persist_entry *entry = &p->entries[at];
    const uint64_t began = platform_heartbeat();
    entry->unfinished = p->spent >= most || !finish_one(p, at, began + most - p->spent, progress);
    p->spent += platform_heartbeat() - began;
    if (entry->unfinished && !entry->told)
        log_write(
            p->log, LOG_PERSIST_FAILED,
            "region %s: its time was up before its last bytes were on the disk, which has what was written "
            "at its last interval",
            entry->name);
    return !entry->unfinished;
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

bool persist_finished(const persist *p, const platform_section *section)
{
    const persist_entry *entry = entry_of(p, section);
    return !entry || !entry->unfinished;
}
