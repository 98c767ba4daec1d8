/* How a region of a kind begins. See region_kind.h. */
#include "region_kind.h"

#include "kind_settle.h"

#include <string.h>

#define WINDOW 65536u /* bytes that are looked at */

static bool all_zero(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

const char *region_kind_words(const shmb_geometry *geometry, uint32_t flags, char words[REGION_KIND_WORDS])
{
    const char *kind = shmb_kind_name(geometry->kind ? geometry->kind : SHMB_KIND_RAW);
    bool lock = flags & SHMB_FLAG_LOCK, notify = flags & SHMB_FLAG_NOTIFY;
    if (geometry->messages)
        snprintf(words, REGION_KIND_WORDS, "a %s of %u messages of up to %llu bytes", kind,
                 (unsigned)geometry->messages, (unsigned long long)geometry->item_size);
    else if (geometry->kind == SHMB_KIND_STATE)
        snprintf(words, REGION_KIND_WORDS, "a state of up to %llu bytes",
                 (unsigned long long)geometry->item_size);
    else
        snprintf(words, REGION_KIND_WORDS, "%s%s%s%s%s", kind, lock || notify ? ", with " : "",
                 lock ? "a lock" : "", lock && notify ? " and " : "", notify ? "a signal" : "");
    return words;
}

bool region_kind_is_raw(const declared_region *declared)
{
    return declared->geometry.kind == SHMB_KIND_RAW || declared->geometry.kind == 0;
}

bool region_kind_begins(const declared_region *declared, const uint8_t *header)
{
    char why[SHMB_GEOMETRY_WHY];
    return shmb_geometry_matches(header, &declared->geometry, why);
}

uint32_t region_kind_form(const declared_region *declared)
{
    const shmb_geometry *geometry = &declared->geometry;
    const bool raw = region_kind_is_raw(declared); /* its bytes may have become more */
    const uint64_t parts[] = {raw ? SHMB_KIND_RAW : geometry->kind, raw ? 0 : geometry->messages,
                              raw ? 0 : geometry->item_size};
    uint64_t hash = SHMB_FNV_OFFSET;
    for (size_t i = 0; i < 3; i++)
        for (unsigned shift = 0; shift < 64; shift += 8)
            hash = (hash ^ (parts[i] >> shift & 0xFF)) * SHMB_FNV_PRIME;
    const uint32_t form = (uint32_t)(hash ^ hash >> 32);
    return form ? form : 1;
}

static bool refuse(const declared_region *declared, const char *why, platform_failure *failure)
{
    char wanted[REGION_KIND_WORDS];
    region_kind_words(&declared->geometry, declared->part_flags, wanted);
    failure->code = 0;
    if (declared->backing_path)
        snprintf(
            failure->text, sizeof failure->text,
            "its file %.400s is not what is declared, %s: %s; declare it as it was, declare another file, or "
            "remove this one, then restart the broker",
            declared->backing_path, wanted, why);
    else
        snprintf(failure->text, sizeof failure->text,
                 "its snapshot is not what is declared, %s: %s; declare it as it was, or remove its "
                 "snapshots from the data folder, then restart the broker",
                 wanted, why);
    return false;
}

static bool refuse_to_go_on(const declared_region *declared, const char *why, platform_failure *failure)
{
    char wanted[REGION_KIND_WORDS];
    region_kind_words(&declared->geometry, declared->part_flags, wanted);
    failure->code = 0;
    snprintf(
        failure->text, sizeof failure->text,
        "%.300s of an earlier broker is not what is declared, %s: %s; it is made anew as soon as programs "
        "have let go of it: let them detach, or end them",
        declared->object_name, wanted, why);
    return false;
}

bool region_kind_begin(const declared_region *declared, platform_section *section,
                       const platform_progress *progress, platform_failure *failure)
{
    uint8_t *bytes;
    char why[SHMB_GEOMETRY_WHY];
    size_t length = declared->size < WINDOW ? (size_t)declared->size : WINDOW;
    if (region_kind_is_raw(declared))
        return true;
    if (!platform_section_open(section, 0, length, true, &bytes, failure))
        return false;
    bool found = shmb_geometry_matches(bytes, &declared->geometry, why);
    /* All of a new region is zero; so is a file that was made, and not begun, when a broker was killed. */
    bool is_new = !found && all_zero(bytes, length);
    if (is_new)
        shmb_geometry_format(bytes, &declared->geometry);
    platform_section_shut(bytes);
    if (found)
        return kind_settle(&declared->geometry, section, progress, failure);
    return is_new || refuse(declared, why, failure);
}

/* For who finds the bytes in a file or a snapshot later; what cannot be done now, the next broker does. */
static void write_header_anew(const declared_region *declared, platform_section *section)
{
    uint8_t *bytes;
    platform_failure ignored;
    if (!platform_section_open(section, 0, SHMB_KIND_HEADER_BYTES, true, &bytes, &ignored))
        return;
    memset(bytes, 0, SHMB_KIND_HEADER_BYTES);
    shmb_geometry_format(bytes, &declared->geometry);
    platform_section_shut(bytes);
}

bool region_kind_go_on(const declared_region *declared, platform_section *section, uint32_t form,
                       platform_failure *failure)
{
    uint8_t *bytes;
    char why[SHMB_GEOMETRY_WHY];
    if (form != 0 && form != region_kind_form(declared))
        return refuse_to_go_on(declared, "it was made as something else", failure);
    if (region_kind_is_raw(declared))
        return true;
    if (!platform_section_open(section, 0, SHMB_KIND_HEADER_BYTES, false, &bytes, failure))
        return false;
    bool ok = shmb_geometry_matches(bytes, &declared->geometry, why);
    platform_section_shut(bytes);
    if (!ok && form != 0)
        write_header_anew(declared, section);
    return ok || form != 0 || refuse_to_go_on(declared, why, failure);
}
