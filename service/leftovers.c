/* Snapshots that no region has any more. See leftovers.h. */
#include "leftovers.h"

#include "shmb_layout.h"
#include "text_builder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HASH_DIGITS 16u

typedef struct search {
    const char *folder;
    uint64_t *declared; /* hashes of the names of regions with snapshots, in order */
    size_t count;
    leftovers *found;
} search;

static int by_number(const void *left, const void *right)
{
    const uint64_t *l = left, *r = right;
    return (*l > *r) - (*l < *r);
}

static bool list_declared(const config_model *model, search *s)
{
    s->declared = calloc(model->region_count + 1, sizeof *s->declared);
    if (!s->declared)
        return false;
    for (size_t i = 0; i < model->region_count; i++) {
        const config_region *region = &model->regions[i];
        if (region->persist.mode == CONFIG_PERSIST_SNAPSHOT)
            s->declared[s->count++] = shmb_name_hash(region->name, strlen(region->name));
    }
    qsort(s->declared, s->count, sizeof *s->declared, by_number);
    return true;
}

static bool hash_of(const char *file, uint64_t *hash)
{
    char digits[HASH_DIGITS + 1], *end;
    if (snapshot_sequence_of(file) == 0 || strlen(file) <= HASH_DIGITS || file[HASH_DIGITS] != '-')
        return false;
    snprintf(digits, sizeof digits, "%.16s", file);
    *hash = strtoull(digits, &end, 16);
    return *end == '\0';
}

static leftover *leftover_of(leftovers *found, uint64_t hash)
{
    for (size_t i = 0; i < found->count; i++)
        if (found->items[i].hash == hash)
            return &found->items[i];
    if (found->count == LEFTOVERS_MOST) {
        found->more++;
        return NULL;
    }
    found->items[found->count] = (leftover){.hash = hash};
    return &found->items[found->count++];
}

/* What cannot be read is counted all the same. */
static void look_into(const search *s, const char *file, leftover *of)
{
    char path[PLATFORM_PATH];
    uint8_t bytes[SNAPSHOT_HEADER_BYTES];
    snapshot_header header;
    platform_failure ignored;
    files_handle *handle;
    uint64_t size;
    uint32_t crc;
    snprintf(path, sizeof path, "%s\\%s", s->folder, file);
    if (!files_open(path, &handle, &size, &ignored))
        return;
    of->bytes += size;
    if (!*of->region && size >= sizeof bytes && files_read(handle, bytes, sizeof bytes, &ignored) &&
        !snapshot_decode_header(bytes, &header, &crc))
        memcpy(of->region, header.region, sizeof of->region);
    files_close(handle);
}

static void take(void *context, const char *file)
{
    search *s = context;
    uint64_t hash;
    if (!hash_of(file, &hash) || bsearch(&hash, s->declared, s->count, sizeof hash, by_number))
        return;
    leftover *of = leftover_of(s->found, hash);
    if (!of)
        return;
    of->files++;
    look_into(s, file, of);
}

bool leftovers_find(const char *folder, const config_model *model, leftovers *result,
                    platform_failure *failure)
{
    search s = {.folder = folder, .found = result};
    memset(result, 0, sizeof *result);
    bool ok = list_declared(model, &s);
    if (ok)
        ok = files_list(folder, "", take, &s, failure);
    else
        snprintf(failure->text, sizeof failure->text, "out of memory; close other programs");
    free(s.declared);
    return ok;
}

/* ---- In words ---------------------------------------------------------------------------------- */

#define NAMED 5u /* regions; the others are counted */

/* Whichever order they were found in. */
static uint64_t digest_of(const leftovers *left)
{
    uint64_t sum = left->count + left->more;
    for (size_t i = 0; i < left->count; i++)
        sum += left->items[i].hash * 1099511628211u;
    return left->count == 0 ? 0 : sum != 0 ? sum : 1;
}

static char *in_words(const leftovers *left, const char *folder)
{
    text words = {0};
    size_t files = left->more;
    for (size_t i = 0; i < left->count; i++)
        files += left->items[i].files;
    text_append(&words, "%u snapshots of regions that are not declared with any are left in %s (",
                (unsigned)files, folder);
    for (size_t i = 0; i < left->count && i < NAMED; i++)
        text_append(&words, "%s%.100s", i ? ", " : "",
                    *left->items[i].region ? left->items[i].region : "one that cannot be read");
    text_append(&words,
                "%s): a region that is declared with snapshots again has its bytes back; `shmbroker audit` "
                "tells which "
                "files to delete when they are not needed any more",
                left->count > NAMED ? ", …" : "");
    return text_take(&words);
}

char *leftovers_news(const char *folder, const config_model *model, uint64_t *told)
{
    static leftovers left;    /* large */
    platform_failure ignored; /* the next start looks again, and audit tells it */
    if (!leftovers_find(folder, model, &left, &ignored))
        return NULL;
    const uint64_t digest = digest_of(&left);
    const bool news = digest != 0 && digest != *told;
    *told = digest;
    return news ? in_words(&left, folder) : NULL;
}
