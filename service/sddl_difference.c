/* Two descriptors as text compared. See sddl_difference.h. */
#include "sddl_difference.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* A stretch of a text. */
typedef struct stretch {
    const char *text;
    size_t length;
} stretch;

static bool is_same(stretch left, stretch right)
{
    return left.length == right.length && memcmp(left.text, right.text, left.length) == 0;
}

static bool is_part_at(const char *at)
{
    return strchr("OGDS", at[0]) != NULL && at[1] == ':';
}

/* What stands behind `letter` and a colon, up to the next part. Its text is NULL when there is no such part. */
static stretch part_of(const char *sddl, char letter)
{
    stretch part = {NULL, 0};
    unsigned depth = 0;
    for (const char *at = sddl; *at; at++) {
        depth += *at == '(';
        depth -= *at == ')' && depth > 0;
        if (depth > 0 || !is_part_at(at))
            continue;
        if (part.text) {
            part.length = (size_t)(at - part.text);
            return part;
        }
        if (*at == letter)
            part.text = at + 2;
    }
    if (part.text)
        part.length = strlen(part.text);
    return part;
}

/* What stands before the first entry: whether it is protected, and more. */
static stretch flags_of(stretch dacl)
{
    const char *first = memchr(dacl.text, '(', dacl.length);
    return (stretch){dacl.text, first ? (size_t)(first - dacl.text) : dacl.length};
}

/* Whether there is another entry, from `*at` on, which goes behind it. An entry may have parentheses inside. */
static bool next_entry(stretch dacl, size_t *at, stretch *entry)
{
    unsigned depth = 0;
    while (*at < dacl.length && dacl.text[*at] != '(')
        (*at)++;
    *entry = (stretch){dacl.text + *at, 0};
    for (; *at < dacl.length; (*at)++) {
        depth += dacl.text[*at] == '(';
        depth -= dacl.text[*at] == ')';
        entry->length++;
        if (depth == 0) {
            (*at)++;
            return true;
        }
    }
    return false;
}

static bool has_entry(stretch dacl, stretch wanted)
{
    stretch entry;
    for (size_t at = 0; next_entry(dacl, &at, &entry);)
        if (is_same(entry, wanted))
            return true;
    return false;
}

/* The first entry of `these` that is not among `those`. */
static bool find_missing(stretch these, stretch those, stretch *missing)
{
    for (size_t at = 0; next_entry(these, &at, missing);)
        if (!has_entry(those, *missing))
            return true;
    return false;
}

static bool is_protected(stretch dacl)
{
    stretch flags = flags_of(dacl);
    return memchr(flags.text, 'P', flags.length) != NULL;
}

bool sddl_is_same(const char *wanted, const char *found, char difference[SDDL_DIFFERENCE])
{
    const stretch owner = part_of(wanted, 'O'), dacl = part_of(wanted, 'D');
    const stretch found_owner = part_of(found, 'O'), found_dacl = part_of(found, 'D');
    stretch entry;
    difference[0] = '\0';
    if (owner.text && (!found_owner.text || !is_same(owner, found_owner)))
        snprintf(difference, SDDL_DIFFERENCE, "it belongs to %.*s instead of %.*s", (int)found_owner.length,
                 found_owner.text ? found_owner.text : "", (int)owner.length, owner.text);
    else if (!dacl.text || !found_dacl.text || strstr(found, "NO_ACCESS_CONTROL"))
        snprintf(difference, SDDL_DIFFERENCE, "it has no access rules (no DACL)");
    else if (is_protected(dacl) && !is_protected(found_dacl))
        snprintf(difference, SDDL_DIFFERENCE, "it takes rights from the folder above");
    else if (find_missing(found_dacl, dacl, &entry))
        snprintf(difference, SDDL_DIFFERENCE, "it has the entry %.*s", (int)entry.length, entry.text);
    else if (find_missing(dacl, found_dacl, &entry))
        snprintf(difference, SDDL_DIFFERENCE, "it lacks the entry %.*s", (int)entry.length, entry.text);
    return difference[0] == '\0';
}
