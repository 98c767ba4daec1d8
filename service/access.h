/*
 * Access: one list of who may do what, compiled into the descriptor of every object that it rules.
 *
 * Pure: SIDs in, entries or SDDL out. The masks stand in one table (access.c), so that a region's section, its
 * backing file, and the event and mutex beside it can never disagree about who may do what. access_judge.h says
 * what the kernel makes of a descriptor.
 */
#ifndef SHMBROKER_ACCESS_H
#define SHMBROKER_ACCESS_H

#include "model.h"

/* The kinds of object that a region's access list rules. */
typedef enum access_object {
    ACCESS_SECTION, /* the mapping itself */
    ACCESS_FILE,    /* the file behind a file-backed region */
    ACCESS_EVENT,
    ACCESS_MUTEX,
    ACCESS_LOCK, /* the section of the lock's words: for those alone who may lock */
    ACCESS_WAKE, /* an auto-reset event, which who waits for it takes: for those alone who may lock, or write */
    ACCESS_WAITERS, /* the section in which readers say that they wait, so that they write it */
    ACCESS_OBJECT_COUNT
} access_object;

/* What one entry of the list allows. A writer may also read. */
typedef enum access_right {
    ACCESS_READ,
    ACCESS_WRITE,
    ACCESS_MANAGE, /* sees and changes the descriptor, and no byte */
    ACCESS_BROKER, /* all that there is */
    ACCESS_RIGHT_COUNT
} access_right;

/* Who an entry is there for: the lists of a region's configuration. */
typedef enum access_list {
    ACCESS_LIST_DENY,
    ACCESS_LIST_WRITE,
    ACCESS_LIST_READ,
    ACCESS_LIST_MANAGE,
    ACCESS_LIST_LOCK, /* may do with the lock and what it waits by what writers may, and nothing with the bytes */
    ACCESS_LIST_PACKAGES, /* `appcontainer` */
    ACCESS_LIST_COUNT
} access_list;

/* One entry of a DACL. */
typedef struct access_entry {
    bool denies;
    bool inherit_only; /* for what is made below the object, not for itself: the kernel passes over it */
    uint32_t mask;
    const char *sid;
    /* What the configuration has for it: the first in each list that has this SID; all NULL for the broker's own
       entry, and for a descriptor that was not compiled from lists. */
    const config_principal *origins[ACCESS_LIST_COUNT];
} access_entry;

/* The mandatory label: what a process of a lower level may not do. */
typedef struct access_label {
    bool present; /* otherwise the kernel takes the object for ACCESS_LEVEL_MEDIUM with ACCESS_NO_WRITE_UP */
    uint32_t level;  /* ACCESS_LEVEL_…, or any number between: the last of S-1-16-… */
    uint32_t policy; /* ACCESS_NO_…_UP */
} access_label;

#define ACCESS_LEVEL_UNTRUSTED 0x0000u
#define ACCESS_LEVEL_LOW       0x1000u
#define ACCESS_LEVEL_MEDIUM    0x2000u
#define ACCESS_LEVEL_HIGH      0x3000u
#define ACCESS_LEVEL_SYSTEM    0x4000u

#define ACCESS_NO_WRITE_UP   0x1u
#define ACCESS_NO_READ_UP    0x2u
#define ACCESS_NO_EXECUTE_UP 0x4u

/* A descriptor, as far as it decides about access. */
typedef struct access_descriptor {
    const char *owner;     /* also its group */
    bool null_dacl;        /* there is none, which lets everybody do everything */
    access_entry *entries; /* in the kernel's order; owned */
    size_t count;
    access_label label;
    char *texts; /* owned: what SIDs point to, if not the model */
} access_descriptor;

/* The accounts that every descriptor names beside the declared ones. */
typedef struct access_identity {
    const char *owner_sid;  /* becomes owner and group */
    const char *broker_sid; /* the service's own SID: full access, so that a restarted service can go on */
} access_identity;

/* What the generic rights stand for on a kind of object. */
typedef struct access_generic {
    uint32_t read, write, execute, all;
} access_generic;

#define ACCESS_GENERIC_READ    0x80000000u
#define ACCESS_GENERIC_WRITE   0x40000000u
#define ACCESS_GENERIC_EXECUTE 0x20000000u
#define ACCESS_GENERIC_ALL     0x10000000u

/* The exact rights that `right` means on `object`. Never a generic right. */
uint32_t access_mask(access_object object, access_right right);

/* The kernel's own table for `object`, and `mask` with the generic rights in it replaced by what they stand for. */
const access_generic *access_generic_of(access_object object);
uint32_t access_map_generic(access_object object, uint32_t mask);

/* What an entry with `section_mask` on the region's section amounts to on `object` beside it, of the rows that a part
   can have. An entry that denies takes all that its rights would let in. */
uint32_t access_part_mask(access_object object, uint32_t section_mask, bool denies);

/* What the rights of `section_mask` on a section amount to on the file behind it. */
uint32_t access_file_mask(uint32_t section_mask);

/* The key of `list` as the configuration has it: "read", "deny", … and "appcontainer". */
const char *access_list_name(access_list list);

/* The name of an integrity level: "low", "medium", "medium plus", …; of one between, the next below. */
const char *access_level_name(uint32_t level);

/*
 * The descriptor of `object` under the list `access`: the broker's entry first; then who is denied, of everything;
 * then one entry for each other SID, with the rights of all lists that name it. Writers come first, then readers,
 * managers and packages. The broker itself has its one entry, whatever the lists say of it. Texts are the model's
 * and `identity`'s. False: out of memory, and `result` is empty. The caller frees it with access_descriptor_free.
 */
bool access_compile(const config_access *access, access_object object, const access_identity *identity,
                    access_descriptor *result);

/* One that is all zero is fine. */
void access_descriptor_free(access_descriptor *descriptor);

/* "O:…G:…D:P(A;;0x…;;;S-1-…)…", and with a label "S:(ML;;NW;;;LW)" behind it. NULL: out of memory. The caller frees
   it. */
char *access_sddl(const access_descriptor *descriptor);

/* access_compile and access_sddl in one. */
char *access_compile_sddl(const config_access *access, access_object object, const access_identity *identity);

/* The descriptor of the catalog: everyone reads, programs in app containers too; the broker alone writes: by the service's
   SID, and in a console, where it has not that one, by `account_sid`. NULL: out of memory. The caller frees it. */
char *access_compile_catalog(const access_identity *identity, const char *account_sid);

/* The descriptor of the mutex that claims an instance: everyone may see whose it is, nobody but the broker
   may take it. NULL: out of memory. The caller frees it. */
char *access_compile_claim(const access_identity *identity);

/*
 * The descriptors of the broker's keepers (keeper/keeper.h): of the section that records them, and of their
 * processes. The broker's account and SYSTEM have all rights; Administrators may see who they are and end them;
 * nobody else may do anything. NULL: out of memory. The caller frees it.
 */
char *access_compile_keeper_record(const access_identity *identity);
char *access_compile_keeper_process(const access_identity *identity);

#endif
