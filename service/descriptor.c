/* Descriptors as text. See descriptor.h. */
#include "descriptor.h"

#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

static bool refuse(platform_failure *failure, const char *why)
{
    failure->code = 0;
    snprintf(failure->text, sizeof failure->text, "%s", why);
    return false;
}

/* Whether a region may have it. */
static bool is_usable(const access_descriptor *descriptor, platform_failure *failure)
{
    if (descriptor->null_dacl)
        return refuse(failure, "it has no DACL, which would let everyone do everything; give one, like "
                               "D:P(A;;0x20007;;;BA)(A;;0x20005;;;BU)");
    if (descriptor->owner)
        return refuse(failure, "it names an owner (O:); leave that out: the broker owns what it creates");
    return true;
}

/* The broker's entry in front. */
static bool put_broker_first(access_descriptor *descriptor, uint32_t mask, const char *sid)
{
    access_entry *entries = realloc(descriptor->entries, (descriptor->count + 1) * sizeof *entries);
    if (!entries)
        return false;
    memmove(entries + 1, entries, descriptor->count * sizeof *entries);
    entries[0] = (access_entry){.mask = mask, .sid = sid};
    descriptor->entries = entries;
    descriptor->count++;
    return true;
}

/* What an entry on the section amounts to on an object of its own kind. */
static uint32_t mask_on(access_object object, uint32_t section_mask, bool denies)
{
    if (object == ACCESS_SECTION)
        return section_mask;
    return object == ACCESS_FILE ? access_file_mask(section_mask)
                                 : access_part_mask(object, section_mask, denies);
}

bool descriptor_read(const char *sddl, access_object object, const access_identity *identity,
                     access_descriptor *descriptor, platform_failure *failure)
{
    if (!platform_sddl_read(sddl, descriptor, failure))
        return false;
    bool ok = is_usable(descriptor, failure);
    for (size_t i = 0; i < descriptor->count; i++) {
        uint32_t mask = access_map_generic(ACCESS_SECTION, descriptor->entries[i].mask);
        descriptor->entries[i].mask = mask_on(object, mask, descriptor->entries[i].denies);
    }
    if (object == ACCESS_WAITERS) /* as access_compile has it */
        descriptor->label =
            (access_label){.present = true, .level = ACCESS_LEVEL_LOW, .policy = ACCESS_NO_WRITE_UP};
    descriptor->owner = identity->owner_sid;
    if (ok && !put_broker_first(descriptor, access_mask(object, ACCESS_BROKER), identity->broker_sid))
        ok = refuse(failure, "out of memory; close other programs");
    if (!ok)
        access_descriptor_free(descriptor);
    return ok;
}

char *descriptor_complete_for(const char *sddl, access_object object, const access_identity *identity,
                              platform_failure *failure)
{
    access_descriptor descriptor;
    if (!descriptor_read(sddl, object, identity, &descriptor, failure))
        return NULL;
    char *made = access_sddl(&descriptor);
    if (!made)
        refuse(failure, "out of memory; close other programs");
    access_descriptor_free(&descriptor);
    return made;
}

bool descriptor_complete(const char *sddl, const access_identity *identity, char **section_sddl,
                         char **file_sddl, platform_failure *failure)
{
    *file_sddl = NULL;
    *section_sddl = descriptor_complete_for(sddl, ACCESS_SECTION, identity, failure);
    if (*section_sddl)
        *file_sddl = descriptor_complete_for(sddl, ACCESS_FILE, identity, failure);
    if (*file_sddl)
        return true;
    free(*section_sddl);
    *section_sddl = NULL;
    return false;
}

/* ---- In words */

typedef struct right_word {
    uint32_t bits; /* all of them are needed */
    const char *word;
} right_word;

static const right_word section_words[] = {{0x4, "read"}, {0x2, "write"}, {0x8, "execute"}, {0, NULL}};
static const right_word file_words[] = {{0x1, "read"}, {0x2, "write"}, {0x20, "execute"}, {0, NULL}};
static const right_word event_words[] = {{0x100000, "wait"}, {0x2, "set"}, {0, NULL}};
static const right_word mutex_words[] = {{0x100000, "take"}, {0, NULL}};
static const right_word *const words_of[ACCESS_OBJECT_COUNT] = {
    section_words, file_words, event_words, mutex_words, section_words, event_words, section_words};

/* Of every kind of object. */
static const right_word common_words[] = {{0x10000, "delete"},
                                          {0x20000, "see rights"},
                                          {0x40000, "change rights"},
                                          {0x80000, "take ownership"},
                                          {0, NULL}};

static void append_words(text *words, const right_word *rights, uint32_t mask)
{
    for (; rights->word; rights++)
        if ((mask & rights->bits) == rights->bits)
            text_append(words, "%s%s", words->length ? ", " : "", rights->word);
}

void descriptor_rights(access_object object, uint32_t mask, char *words, size_t size)
{
    text all = {0};
    if (mask == access_mask(object, ACCESS_BROKER)) {
        text_append(&all, "everything");
    } else {
        append_words(&all, words_of[object], mask);
        append_words(&all, common_words, mask);
    }
    text_append(&all, "%s0x%x", all.length ? " = " : "", (unsigned)mask);
    char *taken = text_take(&all);
    snprintf(words, size, "%s", taken ? taken : "?");
    free(taken);
}

static void append_label(text *words, const access_label *label)
{
    static const right_word policies[] = {{ACCESS_NO_WRITE_UP, "may not write"},
                                          {ACCESS_NO_READ_UP, "may not read"},
                                          {ACCESS_NO_EXECUTE_UP, "may not execute"},
                                          {0, NULL}};
    text forbidden = {0};
    append_words(&forbidden, policies, label->policy);
    char *taken = text_take(&forbidden);
    text_append(words, "%slabel %s: programs of lower integrity %s", words->length ? "\n" : "",
                access_level_name(label->level), taken && *taken ? taken : "are not kept out");
    free(taken);
}

char *descriptor_words(const char *sddl)
{
    text words = {0};
    platform_failure ignored;
    access_descriptor descriptor;
    if (!platform_sddl_read(sddl, &descriptor, &ignored))
        return NULL;
    words.failed = descriptor.null_dacl;
    for (size_t i = 0; i < descriptor.count; i++) {
        const access_entry *entry = &descriptor.entries[i];
        char account[PLATFORM_ACCOUNT], rights[160];
        platform_account_text(entry->sid, account);
        descriptor_rights(ACCESS_SECTION, entry->mask, rights, sizeof rights);
        text_append(&words, "%s%s %s to %s%s", i ? "\n" : "", entry->denies ? "deny" : "allow", rights,
                    account, entry->inherit_only ? ", but only on what is made below it: of no effect" : "");
    }
    if (descriptor.label.present)
        append_label(&words, &descriptor.label);
    access_descriptor_free(&descriptor);
    return text_take(&words);
}
