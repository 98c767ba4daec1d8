/*
 * Fuzzes the access compiler and the judge: bytes become lists, a token and a question; what is compiled must be what
 * the lists say, and the judge's verdict must agree with a simpler reading of the entries.
 */
#include "access_judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIDS  12u
#define ITEMS 8u /* of one list */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, so that the fuzzer keeps the input. */
static void check(bool holds)
{
    if (!holds)
        abort();
}

static const char *const sids[SIDS] = {"S-1-1-0",      "S-1-5-32-544", "S-1-5-32-545", "S-1-5-21-1-2-3-1001",
                                       "S-1-5-80-1-2", "S-1-5-12",     "S-1-15-2-1",   "S-1-15-2-7",
                                       "S-1-15-3-4",   "S-1-5-11",     "S-1-3-4",      "S-1-5-18"};

typedef struct input {
    const uint8_t *at;
    size_t left;
} input;

static unsigned take(input *in, unsigned below)
{
    if (in->left == 0)
        return 0;
    in->left--;
    return *in->at++ % below;
}

static config_principal_list take_list(input *in, config_principal items[ITEMS])
{
    config_principal_list list = {items, take(in, ITEMS + 1)};
    for (size_t i = 0; i < list.count; i++) {
        const char *sid = sids[take(in, SIDS)];
        items[i] = (config_principal){.text = sid, .sid = sid};
    }
    return list;
}

static bool has(const config_principal_list *list, const char *sid)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].sid, sid) == 0)
            return true;
    return false;
}

/* The rights that the lists give to a SID, said a second time in the words of the grammar. */
static uint32_t declared_rights(const config_access *access, access_object object, const char *sid)
{
    uint32_t mask = 0;
    mask |= has(&access->read, sid) ? access_mask(object, ACCESS_READ) : 0;
    mask |= has(&access->write, sid) ? access_mask(object, ACCESS_WRITE) : 0;
    mask |= has(&access->manage, sid) ? access_mask(object, ACCESS_MANAGE) : 0;
    if (has(&access->packages, sid))
        mask |= access_mask(object, access->write.count ? ACCESS_WRITE : ACCESS_READ);
    return mask;
}

static void check_compiled(const access_descriptor *d, const config_access *access, access_object object,
                           const access_identity *identity)
{
    bool denials_over = false;
    check(d->count >= 1 && strcmp(d->entries[0].sid, identity->broker_sid) == 0 && !d->entries[0].denies);
    check(d->entries[0].mask == access_mask(object, ACCESS_BROKER));
    for (size_t i = 1; i < d->count; i++) {
        const access_entry *entry = &d->entries[i];
        check(strcmp(entry->sid, identity->broker_sid) != 0 && entry->mask != 0 && !entry->inherit_only);
        check(!(entry->denies && denials_over));
        denials_over = denials_over || !entry->denies;
        check(entry->mask == (entry->denies ? access_mask(object, ACCESS_BROKER)
                                            : declared_rights(access, object, entry->sid)));
        check((entry->origins[ACCESS_LIST_DENY] != NULL) == entry->denies);
        for (size_t j = i + 1; j < d->count; j++)
            check(entry->denies != d->entries[j].denies || strcmp(entry->sid, d->entries[j].sid) != 0);
    }
    for (unsigned i = 0; i < SIDS; i++) {
        unsigned allows = 0, denials = 0;
        for (size_t j = 1; j < d->count; j++)
            if (strcmp(d->entries[j].sid, sids[i]) == 0)
                *(d->entries[j].denies ? &denials : &allows) += 1;
        bool broker = strcmp(sids[i], identity->broker_sid) == 0;
        check(allows == (!broker && declared_rights(access, object, sids[i]) != 0));
        check(denials == (!broker && has(&access->deny, sids[i])));
    }
}

/* Reads the text's entries back and compares them. */
static void check_text(const access_descriptor *d)
{
    char *sddl = access_sddl(d);
    check(sddl != NULL);
    const char *at = strstr(sddl, "D:P");
    check(at != NULL);
    at += strlen("D:P");
    for (size_t i = 0; i < d->count; i++) {
        char expected[CONFIG_SID_TEXT + 32];
        int length = snprintf(expected, sizeof expected, "(%c;;0x%x;;;%s)", d->entries[i].denies ? 'D' : 'A',
                              (unsigned)d->entries[i].mask, d->entries[i].sid);
        check(length > 0 && strncmp(at, expected, (size_t)length) == 0);
        at += length;
    }
    check(d->label.present ? strncmp(at, "S:(ML;;NW;;;", strlen("S:(ML;;NW;;;")) == 0 : *at == '\0');
    free(sddl);
}

/* What a plain token gets of a compiled descriptor: all that its SIDs are given, if the broker is not among them and
   none of them is denied. */
static bool simply_granted(const access_descriptor *d, access_object object, const access_token *who,
                           uint32_t wanted)
{
    uint32_t given = 0;
    if (wanted & ~access_label_leaves(&d->label, object, who))
        return false;
    for (size_t i = 0; i < d->count; i++) {
        if (access_token_has(who, d->entries[i].sid) != ACCESS_HAS)
            continue;
        if (d->entries[i].denies && (wanted & ~given))
            return false;
        given |= d->entries[i].denies ? 0 : d->entries[i].mask;
    }
    return (wanted & ~given) == 0;
}

static void check_judge(const access_descriptor *d, access_object object, input *in)
{
    access_group groups[4] = {{0}};
    const char *restricting[2] = {sids[take(in, SIDS)], sids[take(in, SIDS)]};
    access_token who = {
        .user = sids[3], .groups = groups, .group_count = take(in, 5), .integrity = take(in, 5) * 0x1000u};
    uint32_t wanted = access_mask(object, (access_right)take(in, ACCESS_RIGHT_COUNT));
    for (size_t i = 0; i < who.group_count; i++)
        groups[i] = (access_group){sids[take(in, 6)], take(in, 2) == 0, take(in, 4) == 0};
    access_verdict plain = access_judge(d, object, &who, wanted);
    check(plain.granted == (plain.missing == 0) && (plain.missing & ~wanted) == 0);
    check(plain.entry == ACCESS_NOWHERE || plain.entry < d->count);
    check(plain.reached <= d->count);
    bool deny_only = false;
    for (size_t i = 0; i < who.group_count; i++)
        deny_only = deny_only || groups[i].deny_only;
    if (!deny_only)
        check(plain.granted == simply_granted(d, object, &who, wanted));
    /* Restrictions never give anything. */
    who.restricting = restricting;
    who.restricting_count = take(in, 3);
    who.write_restricted = take(in, 2) == 0;
    who.package = take(in, 2) ? sids[7] : NULL;
    check(plain.granted || !access_judge(d, object, &who, wanted).granted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static config_principal items[5][ITEMS];
    const access_identity identity = {"S-1-5-80-9-9", "S-1-5-80-1-2"};
    input in = {data, size};
    access_object object = (access_object)take(&in, ACCESS_OBJECT_COUNT);
    config_access access = {.integrity = (config_integrity)take(&in, CONFIG_INTEGRITY_HIGH + 1)};
    access.read = take_list(&in, items[0]);
    access.write = take_list(&in, items[1]);
    access.manage = take_list(&in, items[2]);
    access.deny = take_list(&in, items[3]);
    access.packages = take_list(&in, items[4]);
    access_descriptor d;
    check(access_compile(&access, object, &identity, &d));
    check_compiled(&d, &access, object, &identity);
    check_text(&d);
    check_judge(&d, object, &in);
    access_descriptor_free(&d);
    return 0;
}
