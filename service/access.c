/* Access lists compiled to descriptors. See access.h. */
#include "access.h"

#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

/* Rights of every kind of object (winnt.h's names): */
#define RIGHT_DELETE       0x10000u
#define RIGHT_READ_CONTROL 0x20000u
#define RIGHT_WRITE_DAC    0x40000u
#define RIGHT_WRITE_OWNER  0x80000u
#define RIGHT_SYNCHRONIZE  0x100000u
#define RIGHTS_STANDARD    (RIGHT_DELETE | RIGHT_READ_CONTROL | RIGHT_WRITE_DAC | RIGHT_WRITE_OWNER)

/* And of one kind each: */
#define SECTION_RIGHT_QUERY       0x1u
#define SECTION_RIGHT_MAP_WRITE   0x2u
#define SECTION_RIGHT_MAP_READ    0x4u
#define SECTION_RIGHT_MAP_EXECUTE 0x8u
#define SECTION_RIGHT_EXTEND      0x10u
#define FILE_RIGHTS_READ          0x120089u /* FILE_GENERIC_READ */
#define FILE_RIGHTS_WRITE         0x120116u /* FILE_GENERIC_WRITE */
#define FILE_RIGHTS_EXECUTE       0x1200A0u /* FILE_GENERIC_EXECUTE */
#define FILE_RIGHT_ATTRIBUTES     0x80u     /* FILE_READ_ATTRIBUTES */
#define FILE_RIGHTS_ALL           0x1F01FFu /* FILE_ALL_ACCESS */
#define EVENT_RIGHT_QUERY         0x1u
#define EVENT_RIGHT_MODIFY        0x2u
#define MUTEX_RIGHT_QUERY         0x1u

#define SECTION_READ  (RIGHT_READ_CONTROL | SECTION_RIGHT_QUERY | SECTION_RIGHT_MAP_READ)
#define SECTION_WRITE (SECTION_READ | SECTION_RIGHT_MAP_WRITE)
#define SECTION_ALL   (RIGHTS_STANDARD | SECTION_WRITE | SECTION_RIGHT_MAP_EXECUTE | SECTION_RIGHT_EXTEND)
#define EVENT_READ    (RIGHT_READ_CONTROL | RIGHT_SYNCHRONIZE)
#define EVENT_ALL     (RIGHTS_STANDARD | RIGHT_SYNCHRONIZE | EVENT_RIGHT_QUERY | EVENT_RIGHT_MODIFY)
#define MUTEX_ALL     (RIGHTS_STANDARD | RIGHT_SYNCHRONIZE | MUTEX_RIGHT_QUERY)
#define EVENT_WRITE   (EVENT_READ | EVENT_RIGHT_MODIFY)
#define MANAGE        (RIGHT_READ_CONTROL | RIGHT_WRITE_DAC)

/* And on a process: PROCESS_ALL_ACCESS, and PROCESS_TERMINATE, PROCESS_QUERY_LIMITED_INFORMATION, SYNCHRONIZE. */
#define PROCESS_ALL 0x1FFFFFu
#define PROCESS_END 0x121001u

#define EVERYONE       "S-1-1-0"
#define ALL_PACKAGES   "S-1-15-2-1"
#define SYSTEM         "S-1-5-18"
#define ADMINISTRATORS "S-1-5-32-544"

/* The one table: what each right means on each object. READ_CONTROL is in every row, so that whoever is let in can
   also see by which rule. */
static const uint32_t masks[ACCESS_OBJECT_COUNT][ACCESS_RIGHT_COUNT] = {
    [ACCESS_SECTION] = {SECTION_READ,                 /* see its size, map it for reading */
                        SECTION_WRITE,                /* and for writing */
                        MANAGE | SECTION_RIGHT_QUERY, /* change its rights, see its size */
                        SECTION_ALL},
    [ACCESS_FILE] = {FILE_RIGHTS_READ, /* what opening for reading asks for */
                     FILE_RIGHTS_READ |
                         FILE_RIGHTS_WRITE, /* and for writing; neither to delete nor to rename it */
                     MANAGE | RIGHT_SYNCHRONIZE | FILE_RIGHT_ATTRIBUTES, /* any opening asks for these two */
                     FILE_RIGHTS_ALL},
    [ACCESS_EVENT] = {EVENT_READ,                      /* wait for it */
                      EVENT_READ | EVENT_RIGHT_MODIFY, /* and set it */
                      MANAGE | EVENT_RIGHT_QUERY,      /* change its rights, see whether it is set */
                      EVENT_ALL},
    [ACCESS_MUTEX] = {RIGHT_READ_CONTROL, /* a reader never takes the writers' lock: it sees whose it is */
                      RIGHT_READ_CONTROL | RIGHT_SYNCHRONIZE |
                          MUTEX_RIGHT_QUERY, /* wait for it, so take it */
                      MANAGE | MUTEX_RIGHT_QUERY, MUTEX_ALL},
    [ACCESS_LOCK] = {RIGHT_READ_CONTROL, SECTION_WRITE, MANAGE | SECTION_RIGHT_QUERY, SECTION_ALL},
    [ACCESS_WAKE] = {RIGHT_READ_CONTROL, /* a reader who waited would take what is meant for a writer */
                     EVENT_WRITE, MANAGE | EVENT_RIGHT_QUERY, EVENT_ALL},
    [ACCESS_WAITERS] = {SECTION_WRITE, SECTION_WRITE, MANAGE | SECTION_RIGHT_QUERY, SECTION_ALL},
};

/* The kernel's tables of generic rights, as the documentation of each kind of object has them. */
static const access_generic generics[ACCESS_OBJECT_COUNT] = {
    [ACCESS_SECTION] = {SECTION_READ, RIGHT_READ_CONTROL | SECTION_RIGHT_MAP_WRITE,
                        RIGHT_READ_CONTROL | SECTION_RIGHT_MAP_EXECUTE, SECTION_ALL},
    [ACCESS_FILE] = {FILE_RIGHTS_READ, FILE_RIGHTS_WRITE, FILE_RIGHTS_EXECUTE, FILE_RIGHTS_ALL},
    [ACCESS_EVENT] = {RIGHT_READ_CONTROL | EVENT_RIGHT_QUERY, RIGHT_READ_CONTROL | EVENT_RIGHT_MODIFY,
                      RIGHT_READ_CONTROL | RIGHT_SYNCHRONIZE, EVENT_ALL},
    [ACCESS_MUTEX] = {RIGHT_READ_CONTROL | MUTEX_RIGHT_QUERY, RIGHT_READ_CONTROL,
                      RIGHT_READ_CONTROL | RIGHT_SYNCHRONIZE, MUTEX_ALL},
    [ACCESS_LOCK] = {SECTION_READ, RIGHT_READ_CONTROL | SECTION_RIGHT_MAP_WRITE,
                     RIGHT_READ_CONTROL | SECTION_RIGHT_MAP_EXECUTE, SECTION_ALL},
    [ACCESS_WAKE] = {RIGHT_READ_CONTROL | EVENT_RIGHT_QUERY, RIGHT_READ_CONTROL | EVENT_RIGHT_MODIFY,
                     RIGHT_READ_CONTROL | RIGHT_SYNCHRONIZE, EVENT_ALL},
    [ACCESS_WAITERS] = {SECTION_READ, RIGHT_READ_CONTROL | SECTION_RIGHT_MAP_WRITE,
                        RIGHT_READ_CONTROL | SECTION_RIGHT_MAP_EXECUTE, SECTION_ALL},
};

uint32_t access_mask(access_object object, access_right right)
{
    return masks[object][right];
}

const access_generic *access_generic_of(access_object object)
{
    return &generics[object];
}

uint32_t access_map_generic(access_object object, uint32_t mask)
{
    const access_generic *generic = &generics[object];
    uint32_t mapped =
        mask & ~(ACCESS_GENERIC_READ | ACCESS_GENERIC_WRITE | ACCESS_GENERIC_EXECUTE | ACCESS_GENERIC_ALL);
    mapped |= mask & ACCESS_GENERIC_READ ? generic->read : 0;
    mapped |= mask & ACCESS_GENERIC_WRITE ? generic->write : 0;
    mapped |= mask & ACCESS_GENERIC_EXECUTE ? generic->execute : 0;
    mapped |= mask & ACCESS_GENERIC_ALL ? generic->all : 0;
    return mapped;
}

uint32_t access_file_mask(uint32_t section_mask)
{
    uint32_t mask = section_mask & (RIGHTS_STANDARD | RIGHT_SYNCHRONIZE);
    if (section_mask & SECTION_RIGHT_MAP_READ)
        mask |= FILE_RIGHTS_READ;
    if (section_mask & SECTION_RIGHT_MAP_WRITE)
        mask |= FILE_RIGHTS_WRITE;
    return mask;
}

uint32_t access_part_mask(access_object object, uint32_t section_mask, bool denies)
{
    uint32_t mask = section_mask & RIGHTS_STANDARD;
    bool reads = section_mask & SECTION_RIGHT_MAP_READ, writes = section_mask & SECTION_RIGHT_MAP_WRITE;
    if (denies) { /* who is denied writing alone may still do what readers do */
        uint32_t of_writers = masks[object][ACCESS_WRITE] & ~masks[object][ACCESS_READ];
        return mask | (reads ? masks[object][ACCESS_BROKER] : writes ? of_writers : 0);
    }
    return mask | (writes ? masks[object][ACCESS_WRITE] : reads ? masks[object][ACCESS_READ] : 0);
}

const char *access_list_name(access_list list)
{
    static const char *const names[ACCESS_LIST_COUNT] = {"deny",   "write", "read",
                                                         "manage", "lock",  "appcontainer"};
    return names[list];
}

const char *access_level_name(uint32_t level)
{
    static const struct {
        uint32_t least;
        const char *name;
    } levels[] = {{0x5000, "protected"},   {ACCESS_LEVEL_SYSTEM, "system"}, {ACCESS_LEVEL_HIGH, "high"},
                  {0x2100, "medium plus"}, {ACCESS_LEVEL_MEDIUM, "medium"}, {ACCESS_LEVEL_LOW, "low"}};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (level >= levels[i].least)
            return levels[i].name;
    return "untrusted";
}

/* ---- Lists to entries */

static const config_principal_list *list_of(const config_access *access, access_list list)
{
    switch (list) {
    case ACCESS_LIST_DENY:
        return &access->deny;
    case ACCESS_LIST_WRITE:
        return &access->write;
    case ACCESS_LIST_READ:
        return &access->read;
    case ACCESS_LIST_MANAGE:
        return &access->manage;
    case ACCESS_LIST_LOCK:
        return &access->lock;
    default:
        return &access->packages;
    }
}

/* What a lock is made of. */
static bool is_of_lock(access_object object)
{
    return object == ACCESS_LOCK || object == ACCESS_WAKE || object == ACCESS_MUTEX;
}

/* What a list gives, or takes, of an object. A package may do what its user may: writing too, where anybody may. */
static uint32_t mask_of_list(const config_access *access, access_list list, access_object object)
{
    switch (list) {
    case ACCESS_LIST_DENY:
        return access_mask(object, ACCESS_BROKER);
    case ACCESS_LIST_WRITE:
        return access_mask(object, ACCESS_WRITE);
    case ACCESS_LIST_READ:
        return access_mask(object, ACCESS_READ);
    case ACCESS_LIST_MANAGE:
        return access_mask(object, ACCESS_MANAGE);
    case ACCESS_LIST_LOCK:
        return is_of_lock(object) ? access_mask(object, ACCESS_WRITE) : 0;
    default:
        return access_mask(object, access->write.count > 0 ? ACCESS_WRITE : ACCESS_READ);
    }
}

/* The entry of that kind for `sid`, made at the end when there is none. */
static access_entry *entry_for(access_descriptor *descriptor, bool denies, const char *sid)
{
    for (size_t i = 0; i < descriptor->count; i++)
        if (descriptor->entries[i].denies == denies && strcmp(descriptor->entries[i].sid, sid) == 0)
            return &descriptor->entries[i];
    access_entry *made = &descriptor->entries[descriptor->count++];
    *made = (access_entry){.denies = denies, .sid = sid};
    return made;
}

static void add_list(access_descriptor *descriptor, const config_access *access, access_list list,
                     access_object object, const access_identity *identity)
{
    const config_principal_list *principals = list_of(access, list);
    uint32_t mask = mask_of_list(access, list, object);
    for (size_t i = 0; mask != 0 && i < principals->count; i++) {
        if (strcmp(principals->items[i].sid, identity->broker_sid) == 0)
            continue;
        access_entry *entry = entry_for(descriptor, list == ACCESS_LIST_DENY, principals->items[i].sid);
        entry->mask |= mask;
        if (!entry->origins[list])
            entry->origins[list] = &principals->items[i];
    }
}

static access_label label_of(config_integrity integrity)
{
    static const uint32_t levels[] = {0, ACCESS_LEVEL_LOW, ACCESS_LEVEL_MEDIUM, ACCESS_LEVEL_HIGH};
    if (integrity == CONFIG_INTEGRITY_UNSET)
        return (access_label){0};
    return (access_label){.present = true, .level = levels[integrity], .policy = ACCESS_NO_WRITE_UP};
}

/* An empty descriptor with room for `entries` more behind the broker's own. */
static bool begin(access_descriptor *descriptor, size_t entries, uint32_t broker_mask,
                  const access_identity *identity)
{
    *descriptor = (access_descriptor){.owner = identity->owner_sid};
    descriptor->entries = calloc(entries + 1, sizeof *descriptor->entries);
    if (!descriptor->entries)
        return false;
    entry_for(descriptor, false, identity->broker_sid)->mask = broker_mask;
    return true;
}

bool access_compile(const config_access *access, access_object object, const access_identity *identity,
                    access_descriptor *result)
{
    size_t most = 0;
    for (int list = 0; list < ACCESS_LIST_COUNT; list++)
        most += list_of(access, (access_list)list)->count;
    if (!begin(result, most, access_mask(object, ACCESS_BROKER), identity))
        return false;
    for (int list = 0; list < ACCESS_LIST_COUNT; list++)
        add_list(result, access, (access_list)list, object, identity);
    /* Reading needs no integrity, and a reader says there that it waits. */
    result->label = label_of(object == ACCESS_WAITERS ? CONFIG_INTEGRITY_LOW : access->integrity);
    return true;
}

void access_descriptor_free(access_descriptor *descriptor)
{
    free(descriptor->entries);
    free(descriptor->texts);
    memset(descriptor, 0, sizeof *descriptor);
}

/* ---- Entries to text */

static void append_label(text *sddl, const access_label *label)
{
    static const struct {
        uint32_t policy;
        const char *letters;
    } policies[] = {{ACCESS_NO_WRITE_UP, "NW"}, {ACCESS_NO_READ_UP, "NR"}, {ACCESS_NO_EXECUTE_UP, "NX"}};
    text_append(sddl, "S:(ML;;");
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++)
        if (label->policy & policies[i].policy)
            text_append(sddl, "%s", policies[i].letters);
    switch (label->level) {
    case ACCESS_LEVEL_LOW:
        text_append(sddl, ";;;LW)");
        break;
    case ACCESS_LEVEL_MEDIUM:
        text_append(sddl, ";;;ME)");
        break;
    case ACCESS_LEVEL_HIGH:
        text_append(sddl, ";;;HI)");
        break;
    default:
        text_append(sddl, ";;;S-1-16-%u)", (unsigned)label->level);
        break;
    }
}

char *access_sddl(const access_descriptor *descriptor)
{
    text sddl = {0};
    text_append(&sddl, "O:%sG:%sD:P%s", descriptor->owner, descriptor->owner,
                descriptor->null_dacl ? "NO_ACCESS_CONTROL" : "");
    for (size_t i = 0; i < descriptor->count; i++) {
        const access_entry *entry = &descriptor->entries[i];
        text_append(&sddl, "(%c;%s;0x%x;;;%s)", entry->denies ? 'D' : 'A', entry->inherit_only ? "IO" : "",
                    (unsigned)entry->mask, entry->sid);
    }
    if (descriptor->label.present)
        append_label(&sddl, &descriptor->label);
    return text_take(&sddl);
}

/* The text of a descriptor that is not needed any more. */
static char *finish(access_descriptor *descriptor)
{
    char *sddl = access_sddl(descriptor);
    access_descriptor_free(descriptor);
    return sddl;
}

char *access_compile_sddl(const config_access *access, access_object object, const access_identity *identity)
{
    access_descriptor descriptor;
    return access_compile(access, object, identity, &descriptor) ? finish(&descriptor) : NULL;
}

char *access_compile_catalog(const access_identity *identity, const char *account_sid)
{
    access_descriptor descriptor;
    const uint32_t all = access_mask(ACCESS_SECTION, ACCESS_BROKER);
    if (!begin(&descriptor, 3, all, identity))
        return NULL;
    entry_for(&descriptor, false, account_sid)->mask = all;
    entry_for(&descriptor, false, EVERYONE)->mask = access_mask(ACCESS_SECTION, ACCESS_READ);
    entry_for(&descriptor, false, ALL_PACKAGES)->mask = access_mask(ACCESS_SECTION, ACCESS_READ);
    return finish(&descriptor);
}

char *access_compile_claim(const access_identity *identity)
{
    access_descriptor descriptor;
    if (!begin(&descriptor, 1, access_mask(ACCESS_MUTEX, ACCESS_BROKER), identity))
        return NULL;
    entry_for(&descriptor, false, EVERYONE)->mask = RIGHT_READ_CONTROL;
    return finish(&descriptor);
}

/* The broker, as a service and in a console, and SYSTEM have all rights; Administrators get `mask_end`. */
static char *compile_keeper(const access_identity *identity, uint32_t mask_all, uint32_t mask_end)
{
    access_descriptor descriptor;
    if (!begin(&descriptor, 3, mask_all, identity))
        return NULL;
    entry_for(&descriptor, false, identity->owner_sid)->mask = mask_all;
    entry_for(&descriptor, false, SYSTEM)->mask = mask_all;
    entry_for(&descriptor, false, ADMINISTRATORS)->mask |= mask_end;
    return finish(&descriptor);
}

char *access_compile_keeper_record(const access_identity *identity)
{
    return compile_keeper(identity, access_mask(ACCESS_SECTION, ACCESS_BROKER),
                          access_mask(ACCESS_SECTION, ACCESS_READ));
}

char *access_compile_keeper_process(const access_identity *identity)
{
    return compile_keeper(identity, PROCESS_ALL, PROCESS_END);
}
