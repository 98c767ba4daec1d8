/* Restoring the newest good snapshot. See snapshot.h. */
#include "snapshot.h"
#include "snapshot_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool snapshot_exists(const snapshot_store *store, const char *region, bool *exists, platform_failure *failure)
{
    uint64_t sequences[SNAPSHOT_LISTED];
    size_t count;
    bool ok = snapshot_list(store, region, sequences, &count, failure);
    *exists = count > 0;
    return ok;
}

/* What happens to each step of a file's bytes: they are looked at, or copied into the region. */
typedef struct passage {
    const snapshot_store *store;
    const snapshot_region *region;
    uint8_t *buffer;
    bool copies;
    bool touched;       /* the region has bytes of a file */
    bool region_failed; /* it was not the file but the region */
} passage;

static bool copy_step(passage *p, uint64_t offset, size_t length, platform_failure *why)
{
    uint8_t *bytes;
    if (!p->region->open(p->region->context, offset, length, true, &bytes, why)) {
        p->region_failed = true;
        return false;
    }
    p->touched = true;
    memcpy(bytes, p->buffer, length);
    p->region->close(p->region->context, bytes);
    return true;
}

/* A region that had grown gets the size that it had then. */
static bool make_room(passage *p, uint64_t size, platform_failure *why)
{
    p->region_failed =
        size > p->region->size && (!p->region->grow || !p->region->grow(p->region->context, size, why));
    return !p->region_failed;
}

/* Reads the whole file. */
static snapshot_verdict go_through(passage *p, const char *path, snapshot_header *header,
                                   platform_failure *why)
{
    snapshot_reader reader;
    size_t length = 1;
    uint64_t offset = 0;
    snapshot_verdict verdict =
        snapshot_reader_open(&reader, path, p->region->name, p->region->size, p->region->max_size, why);
    *header = reader.header;
    if (verdict == SNAPSHOT_GOOD && p->copies && !make_room(p, header->size, why))
        verdict = SNAPSHOT_UNREADABLE;
    while (verdict == SNAPSHOT_GOOD && length > 0) { /* ends: the reader has the region's bytes and no more */
        verdict = snapshot_reader_next(&reader, p->buffer, SNAPSHOT_STEP, &length, why);
        if (verdict == SNAPSHOT_GOOD && length > 0 && p->copies && !copy_step(p, offset, length, why))
            verdict = SNAPSHOT_UNREADABLE;
        offset += length;
        if (p->store->progress)
            p->store->progress(p->store->context);
    }
    snapshot_reader_close(&reader);
    return verdict;
}

/* Only a file that was read to its end and found good is copied. It is summed up once more on the way: whoever changed
   it meanwhile is found out. */
static snapshot_verdict check_and_copy(passage *p, const char *path, snapshot_header *header,
                                       platform_failure *why)
{
    p->copies = false;
    snapshot_verdict verdict = go_through(p, path, header, why);
    if (verdict == SNAPSHOT_GOOD) {
        p->copies = true;
        verdict = go_through(p, path, header, why);
    }
    return verdict;
}

/* What the system did not give may be good, and newer than all the others: it is asked once more. */
static snapshot_verdict try_file(passage *p, uint64_t sequence, snapshot_restored *restored,
                                 platform_failure *why)
{
    char path[PLATFORM_PATH];
    snapshot_header header;
    snapshot_path(p->store, p->region->name, sequence, path);
    snapshot_verdict verdict = check_and_copy(p, path, &header, why);
    if (verdict == SNAPSHOT_UNREADABLE && !p->region_failed)
        verdict = check_and_copy(p, path, &header, why);
    if (verdict == SNAPSHOT_GOOD) {
        restored->sequence = sequence;
        restored->generation = header.generation;
        restored->size = header.size;
        restored->time = header.time;
    } else if (verdict == SNAPSHOT_REFUSED &&
               snapshot_is_anothers(p->store, p->region->name, sequence, why)) {
        p->region_failed = true;
    } else if (!p->region_failed) {
        restored->refused++;
        p->store->refused(p->store->context, path, why->text);
        snapshot_set_aside(p->store, p->region->name, sequence);
    }
    return verdict;
}

bool snapshot_restore(const snapshot_store *store, const snapshot_region *region, snapshot_restored *restored,
                      platform_failure *failure)
{
    uint64_t sequences[SNAPSHOT_LISTED];
    size_t count;
    passage p = {.store = store, .region = region};
    const uint64_t most = region->max_size ? region->max_size : region->size;
    memset(restored, 0, sizeof *restored);
    if (!snapshot_list(store, region->name, sequences, &count, failure))
        return false;
    p.buffer = malloc(most < SNAPSHOT_STEP ? (size_t)most : SNAPSHOT_STEP);
    if (!p.buffer) {
        failure->code = 0;
        snprintf(failure->text, sizeof failure->text, "out of memory while restoring; close other programs");
        return false;
    }
    for (size_t i = 0; i < count && restored->sequence == 0 && !p.region_failed; i++)
        try_file(&p, sequences[i], restored, failure);
    free(p.buffer);
    /* A file that was good, and no longer was while it was copied, with none before it: `failure` says what it was. */
    return !p.region_failed && (restored->sequence > 0 || !p.touched);
}
