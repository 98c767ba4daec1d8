/* The snapshots of one region. See snapshot_list.h. */
#include "snapshot_list.h"

#include <stdio.h>
#include <string.h>

#define REFUSED_SUFFIX ".refused"
#define REFUSED_KEPT   3u

/* Names that are taken out of a listing: the newest ones, in order. */
typedef struct listing {
    const char *suffix; /* behind the snapshot's name */
    uint64_t *sequences;
    size_t room;
    size_t count;
} listing;

static void insert(listing *l, uint64_t sequence)
{
    size_t at = l->count < l->room ? l->count : l->room;
    if (at == l->room && (at == 0 || l->sequences[at - 1] > sequence))
        return;
    if (at < l->room)
        l->count++;
    else
        at--;
    for (; at > 0 && l->sequences[at - 1] < sequence; at--)
        l->sequences[at] = l->sequences[at - 1];
    l->sequences[at] = sequence;
}

static void found(void *context, const char *name)
{
    listing *l = context;
    char plain[SNAPSHOT_NAME];
    size_t length = strlen(name), suffix = strlen(l->suffix);
    if (length <= suffix || length - suffix >= sizeof plain || strcmp(name + length - suffix, l->suffix) != 0)
        return;
    snprintf(plain, sizeof plain, "%.*s", (int)(length - suffix), name);
    uint64_t sequence = snapshot_sequence_of(plain);
    if (sequence > 0)
        insert(l, sequence);
}

static bool list(const snapshot_store *store, const char *region, listing *l, platform_failure *failure)
{
    char prefix[SNAPSHOT_NAME];
    snapshot_prefix(region, prefix);
    return files_list(store->folder, prefix, found, l, failure);
}

bool snapshot_list(const snapshot_store *store, const char *region, uint64_t sequences[SNAPSHOT_LISTED],
                   size_t *count, platform_failure *failure)
{
    listing l = {.suffix = "", .sequences = sequences, .room = SNAPSHOT_LISTED};
    bool ok = list(store, region, &l, failure);
    *count = ok ? l.count : 0;
    return ok;
}

void snapshot_path(const snapshot_store *store, const char *region, uint64_t sequence,
                   char path[PLATFORM_PATH])
{
    char name[SNAPSHOT_NAME];
    snapshot_file_name(region, sequence, name);
    snprintf(path, PLATFORM_PATH, "%s\\%s", store->folder, name);
}

void snapshot_draft_path(const snapshot_store *store, const char *region, char path[PLATFORM_PATH])
{
    char prefix[SNAPSHOT_NAME];
    snapshot_prefix(region, prefix);
    snprintf(path, PLATFORM_PATH, "%s\\%sdraft.new", store->folder, prefix);
}

static bool read_header(const char *path, snapshot_header *header)
{
    uint8_t bytes[SNAPSHOT_HEADER_BYTES];
    platform_failure ignored;
    files_handle *file;
    uint64_t size;
    uint32_t crc;
    if (!files_open(path, &file, &size, &ignored))
        return false;
    bool ok = size >= sizeof bytes && files_read(file, bytes, sizeof bytes, &ignored) &&
              !snapshot_decode_header(bytes, header, &crc);
    files_close(file);
    return ok;
}

bool snapshot_is_anothers(const snapshot_store *store, const char *region, uint64_t sequence,
                          platform_failure *failure)
{
    char path[PLATFORM_PATH], prefix[SNAPSHOT_NAME], own[SNAPSHOT_NAME];
    snapshot_header header;
    snapshot_path(store, region, sequence, path);
    if (!read_header(path, &header) || strcmp(header.region, region) == 0)
        return false;
    snapshot_folded_prefix(region, own);
    snapshot_folded_prefix(header.region, prefix);
    if (strcmp(own, prefix) != 0)
        return false; /* somebody has given it this name */
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text,
             "its snapshots would have the names of those of region %.300s, which are still there: declare "
             "this region "
             "under another name, or delete %.400s\\%s*.snapshot if they are not needed any more",
             header.region, store->folder, own);
    return true;
}

static void refused_path(const snapshot_store *store, const char *region, uint64_t sequence,
                         char path[PLATFORM_PATH])
{
    snapshot_path(store, region, sequence, path);
    size_t length = strlen(path);
    snprintf(path + length, PLATFORM_PATH - length, "%s", REFUSED_SUFFIX);
}

void snapshot_set_aside(const snapshot_store *store, const char *region, uint64_t sequence)
{
    char path[PLATFORM_PATH], aside[PLATFORM_PATH];
    uint64_t sequences[REFUSED_KEPT + 8];
    listing l = {.suffix = REFUSED_SUFFIX, .sequences = sequences, .room = REFUSED_KEPT + 8};
    platform_failure ignored;
    snapshot_path(store, region, sequence, path);
    refused_path(store, region, sequence, aside);
    if (!files_rename(path, aside, &ignored) || !list(store, region, &l, &ignored))
        return;
    for (size_t i = REFUSED_KEPT; i < l.count; i++) {
        refused_path(store, region, sequences[i], path);
        files_remove(path, &ignored);
    }
}
