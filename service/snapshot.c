/* Writing a snapshot, step by step. See snapshot.h. */
#include "snapshot.h"

#include "crc32c.h"
#include "snapshot_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The steps, in their order; each sets the next one. */
static snapshot_result look(snapshot_writer *w, platform_failure *failure);
static snapshot_result compare(snapshot_writer *w, platform_failure *failure);
static snapshot_result create(snapshot_writer *w, platform_failure *failure);
static snapshot_result copy(snapshot_writer *w, platform_failure *failure);
static snapshot_result seal(snapshot_writer *w, platform_failure *failure);
static snapshot_result verify(snapshot_writer *w, platform_failure *failure);
static snapshot_result publish(snapshot_writer *w, platform_failure *failure);
static snapshot_result prune(snapshot_writer *w, platform_failure *failure);

void snapshot_begin(snapshot_writer *writer, const snapshot_store *store, const snapshot_region *region,
                    unsigned keep, bool sure, uint64_t now)
{
    memset(writer, 0, sizeof *writer);
    writer->store = store;
    writer->region = *region;
    writer->keep = keep < 1 ? 1 : keep > SNAPSHOT_KEEP_MOST ? SNAPSHOT_KEEP_MOST : keep;
    writer->sure = sure;
    writer->now = now;
    writer->step = look;
}

static void release(snapshot_writer *w)
{
    snapshot_reader_close(&w->reader);
    files_close(w->file);
    w->file = NULL;
}

void snapshot_abandon(snapshot_writer *writer)
{
    char draft[PLATFORM_PATH];
    platform_failure ignored; /* the next snapshot of the region begins with removing its draft */
    release(writer);
    if (writer->has_draft) {
        snapshot_draft_path(writer->store, writer->region.name, draft);
        files_remove(draft, &ignored);
    }
    free(writer->buffer);
    memset(writer, 0, sizeof *writer);
}

snapshot_result snapshot_step(snapshot_writer *writer, platform_failure *failure)
{
    snapshot_result result = writer->step(writer, failure);
    if (result != SNAPSHOT_WORKING)
        snapshot_abandon(writer);
    return result;
}

static snapshot_result go_on_with(snapshot_writer *w,
                                  snapshot_result (*step)(snapshot_writer *writer, platform_failure *failure))
{
    w->step = step;
    w->offset = 0;
    return SNAPSHOT_WORKING;
}

/* ---- Whether there is anything to write -------------------------------------------------------- */

static size_t next_length(const snapshot_writer *w)
{
    uint64_t left = w->region.size - w->offset;
    return left < SNAPSHOT_STEP ? (size_t)left : SNAPSHOT_STEP;
}

/* A name that was given and not flushed may be gone after a power cut: before anything is concluded from it, or an older
   file goes, it is made sure of. And what an earlier snapshot could not remove goes first: a folder that lets nothing
   be removed is not filled up. */
static snapshot_result look(snapshot_writer *w, platform_failure *failure)
{
    w->buffer = malloc(next_length(w));
    if (!w->buffer) {
        failure->code = 0;
        snprintf(failure->text, sizeof failure->text, "out of memory; close other programs");
        return SNAPSHOT_FAILED;
    }
    if (!files_make_folder(w->store->folder, failure) ||
        !snapshot_list(w->store, w->region.name, w->listed, &w->listed_count, failure))
        return SNAPSHOT_FAILED;
    if (!w->sure && w->listed_count > 0 && !files_flush_folder(w->store->folder, failure))
        return SNAPSHOT_FAILED;
    if (!w->sure && w->listed_count > 0 &&
        snapshot_is_anothers(w->store, w->region.name, w->listed[0], failure))
        return SNAPSHOT_FAILED;
    w->sequence = w->listed_count > 0 ? w->listed[0] + 1 : 1;
    if (w->listed_count > w->keep)
        return go_on_with(w, prune);
    return go_on_with(w, w->listed_count > 0 ? compare : create);
}

/* The sum would not do to tell whether the bytes are the same: two of four thousand million contents share one. So they
   are compared, until the first difference. */
static snapshot_result compare(snapshot_writer *w, platform_failure *failure)
{
    char path[PLATFORM_PATH];
    platform_failure ignored; /* what cannot be read is written anew */
    snapshot_verdict verdict = SNAPSHOT_GOOD;
    size_t length = 0;
    uint8_t *bytes;
    if (!w->reader.file) {
        snapshot_path(w->store, w->region.name, w->listed[0], path);
        verdict = snapshot_reader_open(&w->reader, path, w->region.name, w->region.size, 0, &ignored);
    }
    if (verdict == SNAPSHOT_GOOD)
        verdict = snapshot_reader_next(&w->reader, w->buffer, SNAPSHOT_STEP, &length, &ignored);
    bool same = verdict == SNAPSHOT_GOOD;
    if (same && length == 0)
        return SNAPSHOT_UNCHANGED;
    if (same) {
        if (!w->region.open(w->region.context, w->offset, length, false, &bytes, failure))
            return SNAPSHOT_FAILED;
        same = memcmp(bytes, w->buffer, length) == 0;
        w->region.close(w->region.context, bytes);
        w->offset += length;
    }
    if (same)
        return SNAPSHOT_WORKING;
    snapshot_reader_close(&w->reader);
    return go_on_with(w, create);
}

/* ---- Writing it aside -------------------------------------------------------------------------- */

static snapshot_result create(snapshot_writer *w, platform_failure *failure)
{
    char draft[PLATFORM_PATH];
    uint8_t bytes[SNAPSHOT_HEADER_BYTES];
    snapshot_header header = {
        .size = w->region.size, .generation = w->region.generation, .sequence = w->sequence, .time = w->now};
    snprintf(header.region, sizeof header.region, "%s", w->region.name);
    snapshot_draft_path(w->store, w->region.name, draft);
    if (!files_remove(draft, failure) || !files_create(draft, &w->file, failure))
        return SNAPSHOT_FAILED;
    w->has_draft = true;
    w->header_crc = snapshot_encode_header(&header, bytes);
    if (!files_write(w->file, bytes, sizeof bytes, failure))
        return SNAPSHOT_FAILED;
    return go_on_with(w, copy);
}

/* The bytes are taken once, and what was taken is summed up and written: the region's own may change meanwhile. */
static snapshot_result copy(snapshot_writer *w, platform_failure *failure)
{
    size_t length = next_length(w);
    uint8_t *bytes;
    if (length == 0)
        return go_on_with(w, seal);
    if (!w->region.open(w->region.context, w->offset, length, false, &bytes, failure))
        return SNAPSHOT_FAILED;
    memcpy(w->buffer, bytes, length);
    w->region.close(w->region.context, bytes);
    w->data_crc = crc32c(w->data_crc, w->buffer, length);
    w->offset += length;
    return files_write(w->file, w->buffer, length, failure) ? SNAPSHOT_WORKING : SNAPSHOT_FAILED;
}

static snapshot_result seal(snapshot_writer *w, platform_failure *failure)
{
    uint8_t bytes[SNAPSHOT_TRAILER_BYTES];
    const snapshot_trailer trailer = {w->sequence, w->data_crc, w->header_crc};
    snapshot_encode_trailer(&trailer, bytes);
    if (!files_write(w->file, bytes, sizeof bytes, failure) || !files_flush(w->file, failure))
        return SNAPSHOT_FAILED;
    files_close(w->file);
    w->file = NULL;
    return go_on_with(w, verify);
}

/* What the disk gives back is what was copied: only then may an older one go for it. */
static snapshot_result verify(snapshot_writer *w, platform_failure *failure)
{
    char draft[PLATFORM_PATH];
    snapshot_verdict verdict = SNAPSHOT_GOOD;
    size_t length = 0;
    snapshot_draft_path(w->store, w->region.name, draft);
    if (!w->reader.file)
        verdict = snapshot_reader_open(&w->reader, draft, w->region.name, w->region.size, 0, failure);
    if (verdict == SNAPSHOT_GOOD)
        verdict = snapshot_reader_next(&w->reader, w->buffer, SNAPSHOT_STEP, &length, failure);
    if (verdict == SNAPSHOT_GOOD && length > 0)
        return SNAPSHOT_WORKING;
    bool same = w->reader.header_crc == w->header_crc && w->reader.data_crc == w->data_crc;
    snapshot_reader_close(&w->reader);
    if (verdict == SNAPSHOT_UNREADABLE)
        return SNAPSHOT_FAILED;
    if (verdict == SNAPSHOT_GOOD && same)
        return go_on_with(w, publish);
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text,
             "%.700s does not give back what was written to it; check the disk, and what filters its files",
             draft);
    return SNAPSHOT_FAILED;
}

/* ---- Giving it its name ------------------------------------------------------------------------ */

static snapshot_result publish(snapshot_writer *w, platform_failure *failure)
{
    char draft[PLATFORM_PATH], path[PLATFORM_PATH];
    snapshot_draft_path(w->store, w->region.name, draft);
    snapshot_path(w->store, w->region.name, w->sequence, path);
    if (!files_rename(draft, path, failure))
        return SNAPSHOT_FAILED;
    w->has_draft = false;
    if (!files_flush_folder(w->store->folder, failure))
        return SNAPSHOT_FAILED;
    memmove(w->listed + 1, w->listed, (SNAPSHOT_LISTED - 1) * sizeof *w->listed);
    w->listed[0] = w->sequence;
    if (w->listed_count < SNAPSHOT_LISTED)
        w->listed_count++;
    return w->listed_count > w->keep ? go_on_with(w, prune) : SNAPSHOT_WRITTEN;
}

/* Removes the oldest, one in a step. The names of those that stay are on the disk by now. */
static snapshot_result prune(snapshot_writer *w, platform_failure *failure)
{
    char path[PLATFORM_PATH];
    bool published = w->listed[0] == w->sequence;
    if (w->listed_count <= w->keep)
        return published ? SNAPSHOT_WRITTEN : go_on_with(w, compare);
    snapshot_path(w->store, w->region.name, w->listed[w->listed_count - 1], path);
    if (!files_remove(path, failure))
        return SNAPSHOT_FAILED;
    w->listed_count--;
    return SNAPSHOT_WORKING;
}
