/* How a region of a kind begins. See region_kind.h. */
#include "region_kind.h"

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

static bool refuse(const declared_region *declared, bool goes_on, const char *why, platform_failure *failure)
{
    char wanted[REGION_KIND_WORDS];
    region_kind_words(&declared->geometry, declared->part_flags, wanted);
    failure->code = 0;
    if (goes_on)
        snprintf(failure->text, sizeof failure->text,
                 "%.300s of an earlier broker is not what is declared, %s: %s; it is made anew as soon as "
                 "programs have "
                 "let go of it: let them detach, or end them",
                 declared->object_name, wanted, why);
    else if (declared->backing_path)
        snprintf(
            failure->text, sizeof failure->text,
            "its file %.400s is not what is declared, %s: %s; declare it as it was, declare another file, or "
            "remove this one, then restart the broker",
            declared->backing_path, wanted, why);
    else
        snprintf(failure->text, sizeof failure->text,
                 "its snapshot is not what is declared, %s: %s; declare it as it was, or remove its "
                 "snapshots from "
                 "the data folder, then restart the broker",
                 wanted, why);
    return false;
}

bool region_kind_begin(const declared_region *declared, platform_section *section, bool goes_on,
                       platform_failure *failure)
{
    uint8_t *bytes;
    char why[SHMB_GEOMETRY_WHY];
    size_t length = declared->size < WINDOW ? (size_t)declared->size : WINDOW;
    if (declared->geometry.kind == SHMB_KIND_RAW || declared->geometry.kind == 0)
        return true;
    if (!platform_section_open(section, 0, length, !goes_on, &bytes, failure))
        return false;
    bool ok = shmb_geometry_matches(bytes, &declared->geometry, why);
    /* All of a new region is zero; so is a file that was made, and not begun, when a broker was killed. */
    if (!ok && !goes_on && all_zero(bytes, length)) {
        shmb_geometry_format(bytes, &declared->geometry);
        ok = true;
    }
    platform_section_shut(bytes);
    return ok || refuse(declared, goes_on, why, failure);
}
