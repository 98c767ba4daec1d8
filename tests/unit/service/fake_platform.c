/* A machine in memory. See fake_platform.h. */
#include "fake_platform.h"

#include "fake_files.h"

#include "text_builder.h"

#include "growth_size.h"
#include "shmb_layout.h"
#include "streams.h"

#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(at, bytes)   ASAN_POISON_MEMORY_REGION(at, bytes)
#define UNPOISON(at, bytes) ASAN_UNPOISON_MEMORY_REGION(at, bytes)
#else
#define POISON(at, bytes)   ((void)(at), (void)(bytes))
#define UNPOISON(at, bytes) ((void)(at), (void)(bytes))
#endif

fake_machine fake;

static void free_catalog(void)
{
    if (fake.catalog)
        UNPOISON(fake.catalog, (size_t)fake.reserved);
    free(fake.catalog);
    fake.catalog = NULL;
    fake.catalog_committed = 0;
}

void fake_reset(void)
{
    while (fake.sections) {
        fake_section *section = fake.sections;
        fake.sections = section->next;
        free(section->bytes);
        free(section);
    }
    free_catalog();
    fake_disk_reset();
    free(fake.trace.bytes);
    free(fake.lines.bytes);
    free(fake.events.bytes);
    free(fake.answered.bytes);
    memset(&fake, 0, sizeof fake);
    fake.reserved = FAKE_RESERVED;
    fake.commit_limit = fake.commit_available = FAKE_COMMIT;
    fake.clock = 1000;
}

unsigned fake_open_things(void)
{
    bool reads_config = fake.config_number > 0 && streams_lowest_free() > fake.config_number;
    return fake.open_sections + fake.open_spares + fake.open_claims + fake.open_catalogs +
           fake.open_log_files + fake.open_event_sources + fake.open_keepers + fake.open_controls +
           fake.open_windows + fake_disk_open_files() + reads_config;
}

fake_section *fake_find_section(const char *name)
{
    fake_section *section = fake.sections;
    while (section && strcmp(section->name, name) != 0)
        section = section->next;
    return section;
}

bool fake_section_is_open(const char *object_name)
{
    const fake_section *section = fake_find_section(object_name);
    return section && section->held;
}

bool fake_has(const text *where, const char *wanted)
{
    return where->bytes && strstr(where->bytes, wanted) != NULL;
}

void fake_violated(const char *what)
{
    if (!fake.violation)
        fake.violation = what;
}

bool fake_refuses(const char *call, platform_failure *failure)
{
    unsigned many = fake.fail_calls ? fake.fail_calls : 1;
    if (fake.on_call)
        fake.on_call(call);
    fake.calls++;
    bool by_name = fake.fail_always && strcmp(call, fake.fail_always) == 0;
    if (!by_name && (fake.fail_at == 0 || fake.calls < fake.fail_at || fake.calls - fake.fail_at >= many))
        return false;
    if (!fake.failed_call)
        fake.failed_call = call;
    if (failure) {
        failure->code = 5;
        snprintf(failure->text, sizeof failure->text, "cannot do %s: the test says no", call);
    }
    return true;
}

/* ---- Sections */

fake_section *fake_make_section(const platform_section_request *request)
{
    fake_section *made = calloc(1, sizeof *made);
    if (!made)
        abort();
    snprintf(made->name, sizeof made->name, "%s", request->object_name);
    snprintf(made->sddl, sizeof made->sddl, "%s", request->sddl);
    made->max_size = request->max_size;
    made->size = request->max_size ? growth_whole_pages(request->size) : request->size;
    made->serial = ++fake.sections_made;
    made->bytes = calloc(1, (size_t)(request->max_size ? request->max_size : request->size));
    if (!made->bytes)
        abort();
    if (fake.files_on_disk && request->backing_path) {
        snprintf(made->backing, sizeof made->backing, "%s", request->backing_path);
        if (!fake_disk_back(made->backing, made->bytes, (size_t)made->size))
            fake_violated("a file is shorter than its section");
    }
    made->next = fake.sections;
    fake.sections = made;
    return made;
}

/* What the machine gives of what is asked for. False: large pages are required, and there are none. */
static bool grant(const platform_section_request *request, platform_section_granted *granted,
                  platform_failure *failure)
{
    granted->large_pages = request->large_pages != CONFIG_LARGE_PAGES_NO && !fake.no_large_pages;
    granted->numa_node =
        request->numa_node != CONFIG_NUMA_ANY && (request->numa_node == 0 || !fake.no_large_pages);
    granted->prefetched = request->prefetch && !granted->adopted;
    if (request->large_pages != CONFIG_LARGE_PAGES_NO && !granted->large_pages)
        snprintf(granted->note, sizeof granted->note, "no large pages: the test gives none");
    if (request->large_pages != CONFIG_LARGE_PAGES_REQUIRE || granted->large_pages)
        return true;
    failure->code = 1314;
    snprintf(failure->text, sizeof failure->text, "%s needs large pages: the test gives none",
             request->object_name);
    return false;
}

static fake_section *find_left(const platform_section_request *request)
{
    fake_section *found = fake_find_section(request->object_name);
    bool left = found && !request->fresh && !found->held && found->max_size == request->max_size &&
                (found->max_size || found->size == request->size) && strcmp(found->sddl, request->sddl) == 0;
    return left ? found : NULL;
}

bool platform_section_is_left(const platform_section_request *request)
{
    return find_left(request) != NULL;
}

bool platform_section_peek(const platform_section_request *request, uint8_t *bytes, size_t length)
{
    const fake_section *found = find_left(request);
    if (!found || found->size < length || fake_refuses("section-peek", NULL))
        return false;
    memcpy(bytes, found->bytes, length);
    return true;
}

bool platform_section_create(const platform_section_request *request, platform_section **section,
                             platform_section_granted *granted, platform_failure *failure)
{
    *section = NULL;
    memset(granted, 0, sizeof *granted);
    if (request->size == 0 || !request->sddl || (request->backing_path && !request->file_sddl)) {
        fake_violated("a section needs a size and descriptors");
        return false;
    }
    if (fake_refuses("section-create", failure))
        return false;
    if (request->boundary)
        fake_enter_namespace(request->object_name);
    fake_section *found = fake_find_section(request->object_name);
    granted->adopted = find_left(request) != NULL;
    if (found && !found->held && !granted->adopted) {
        granted->superseded = true;
        failure->code = 183;
        snprintf(failure->text, sizeof failure->text, "programs have the earlier %s open",
                 request->object_name);
        return false;
    }
    if ((found && !granted->adopted) || (fake.taken && strcmp(fake.taken, request->object_name) == 0)) {
        failure->code = 183;
        snprintf(failure->text, sizeof failure->text, "%s is taken by a section of MACHINE\\other",
                 request->object_name);
        return false;
    }
    if (!found && fake.room_for > 0 && fake.open_sections >= fake.room_for) {
        granted->no_room = true;
        fake.refused_for_room++;
        snprintf(failure->text, sizeof failure->text, "the system has no room for %s", request->object_name);
        return false;
    }
    if (!grant(request, granted, failure))
        return false;
    granted->size = request->size;
    if (found && granted->adopted && found->max_size)
        granted->size = growth_adopted(found->size, request->grown, request->size, request->max_size);
    if (!found)
        found = fake_make_section(request);
    if (found->max_size && found->size < granted->size)
        found->size = growth_whole_pages(granted->size);
    if (request->progress.call && (request->prefetch || request->initial.kind != CONFIG_INITIAL_ZERO))
        request->progress.call(request->progress.context);
    found->held = true;
    fake.open_sections++;
    fake.taken_over += granted->adopted;
    fake.taken_over_unplanned += granted->adopted && !request->left;
    text_append(&fake.trace, "section-create %s%s%s\n", request->object_name,
                request->backing_path ? " on " : "", request->backing_path ? request->backing_path : "");
    *section = (platform_section *)(void *)found;
    return true;
}

bool platform_section_grow(platform_section *section, uint64_t size, platform_failure *failure)
{
    fake_section *grown = (fake_section *)(void *)section;
    if (!grown->held || size > grown->max_size)
        fake_violated("a section is grown beyond what is reserved");
    if (fake_refuses("section-grow", failure))
        return false;
    if (size > grown->size && size - grown->size > fake.commit_available) {
        failure->code = PLATFORM_NO_COMMIT;
        snprintf(failure->text, sizeof failure->text, "the paging file is too small: the test says so");
        return false;
    }
    if (size > grown->size)
        grown->size = growth_whole_pages(size);
    text_append(&fake.trace, "section-grow %s to %llu\n", grown->name, (unsigned long long)size);
    return true;
}

unsigned platform_section_users(const platform_section *section, platform_kept kept)
{
    const fake_section *used = (const fake_section *)(const void *)section;
    if (!used->held || (kept != 0 && used->kept == 0))
        fake_violated("the users of a section are asked for that is not held, or not kept");
    return fake.programs;
}

void platform_section_holders(const char *object_name, const platform_section *section, uint32_t keeper,
                              char holders[PLATFORM_HOLDERS])
{
    (void)section;
    (void)keeper;
    snprintf(holders, PLATFORM_HOLDERS, "%s",
             fake.holders && fake_find_section(object_name) ? fake.holders : "");
}

bool platform_part_create(const platform_part_request *request, platform_section **part, bool *superseded,
                          platform_failure *failure)
{
    *part = NULL;
    *superseded = false;
    if (!request->sddl)
        fake_violated("a part needs a descriptor");
    if (fake_refuses("part-create", failure))
        return false;
    fake_section *found = fake_find_section(request->object_name);
    *superseded = found && !found->held && !request->goes_on;
    if (*superseded || (found && found->held) ||
        (fake.taken && strcmp(fake.taken, request->object_name) == 0)) {
        failure->code = 183;
        snprintf(failure->text, sizeof failure->text, "%s is taken", request->object_name);
        return false;
    }
    if (!found) {
        const platform_section_request page = {
            .object_name = request->object_name, .sddl = request->sddl, .size = SHMB_PART_BYTES};
        found = fake_make_section(&page);
    }
    snprintf(found->sddl, sizeof found->sddl, "%s", request->sddl);
    found->held = true;
    fake.open_sections++;
    text_append(&fake.trace, "part-create %s\n", request->object_name);
    *part = (platform_section *)(void *)found;
    return true;
}

bool platform_part_secure(const platform_part_request *request, platform_failure *failure)
{
    fake_section *secured = fake_find_section(request->object_name);
    if (!secured || !secured->held)
        fake_violated("a part is secured that is not held");
    if (fake_refuses("part-secure", failure))
        return false;
    if (secured)
        snprintf(secured->sddl, sizeof secured->sddl, "%s", request->sddl);
    text_append(&fake.trace, "part-secure %s\n", request->object_name);
    return true;
}

void fake_drop_section(fake_section *section)
{
    fake_section **at = &fake.sections;
    if (section->held || section->kept || fake.clients_hold_sections || fake.programs)
        return;
    while (*at != section)
        at = &(*at)->next;
    *at = section->next;
    if (*section->backing) /* sooner or later */
        fake_disk_write_back(section->backing, 0, section->bytes, (size_t)section->size);
    free(section->bytes);
    free(section);
}

bool platform_section_secure(const platform_section *section, const platform_section_request *request,
                             platform_failure *failure)
{
    fake_section *secured = (fake_section *)(void *)(uintptr_t)section;
    if (!secured || !secured->held || strcmp(secured->name, request->object_name) != 0 ||
        secured->size != request->size)
        fake_violated("a section is secured that is another one");
    if (fake_refuses("section-secure", failure))
        return false;
    snprintf(secured->sddl, sizeof secured->sddl, "%s", request->sddl);
    text_append(&fake.trace, "section-secure %s\n", request->object_name);
    return true;
}

void fake_let_sections_go(void)
{
    fake_section **at = &fake.sections;
    while (*at) {
        fake_section *section = *at;
        if (section->held || section->kept) {
            at = &section->next;
            continue;
        }
        *at = section->next;
        free(section->bytes);
        free(section);
    }
}

const char *fake_section_sddl(const char *object_name)
{
    const fake_section *section = fake_find_section(object_name);
    return section ? section->sddl : NULL;
}

void platform_section_close(platform_section *section)
{
    fake_section *closed = (fake_section *)(void *)section, *at = fake.sections;
    if (!closed)
        return;
    while (at && at != closed)
        at = at->next;
    if (!at || !closed->held) {
        fake_violated("a section is closed that is not open");
        return;
    }
    closed->held = false;
    fake.open_sections--;
    text_append(&fake.trace, "section-close %s\n", closed->name);
    fake_drop_section(closed);
}

uint8_t *fake_section_bytes(const char *object_name)
{
    fake_section *section = fake_find_section(object_name);
    return section ? section->bytes : NULL;
}

bool platform_section_open(platform_section *section, uint64_t offset, size_t length, bool to_write,
                           uint8_t **bytes, platform_failure *failure)
{
    const fake_section *opened = (fake_section *)(void *)section;
    (void)to_write;
    *bytes = NULL;
    if (!opened->held || offset % 65536 != 0 || offset + length > opened->size)
        fake_violated("a window is opened that the section does not have");
    if (fake_refuses("section-open", failure))
        return false;
    fake.open_windows++;
    *bytes = opened->bytes + offset;
    return true;
}

void platform_section_shut(uint8_t *bytes)
{
    (void)bytes;
    fake.open_windows--;
}

bool platform_section_flush(platform_section *section, uint64_t offset, size_t length,
                            platform_failure *failure)
{
    const fake_section *flushed = (fake_section *)(void *)section;
    if (!flushed->held || offset + length > flushed->size)
        fake_violated("bytes are flushed that the section does not have");
    if (fake_refuses("section-flush", failure))
        return false;
    if (*flushed->backing)
        fake_disk_write_back(flushed->backing, (size_t)offset, flushed->bytes + offset, length);
    fake.flushed_bytes += length;
    return true;
}

uint64_t platform_backing_size(const char *path)
{
    (void)path;
    return fake.backing_bytes;
}

bool platform_backing_flush(const char *path, platform_failure *failure)
{
    if (fake_refuses("backing-flush", failure))
        return false;
    if (fake.files_on_disk)
        fake_disk_flush_back(path);
    fake.flushed_files++;
    return true;
}

bool platform_memory_read(platform_memory *machine, platform_failure *failure)
{
    memset(machine, 0, sizeof *machine);
    if (fake_refuses("memory-read", failure))
        return false;
    *machine = (platform_memory){fake.commit_limit, fake.commit_available, 2u << 20, 1};
    return true;
}

/* ---- The catalog's memory */

bool platform_catalog_open(const char *base_name, const char *sddl, uint64_t reserved, bool local_will_do,
                           platform_catalog *catalog, platform_failure *failure)
{
    memset(catalog, 0, sizeof *catalog);
    if (reserved != SHMB_CATALOG_RESERVED || !sddl)
        fake_violated("the catalog is opened with another size, or no descriptor");
    if (fake_refuses("catalog-open", failure))
        return false;
    catalog->adopted = fake.catalog != NULL;
    if (!fake.catalog) {
        fake.catalog = calloc(1, (size_t)fake.reserved);
        if (!fake.catalog)
            abort();
        POISON(fake.catalog, (size_t)fake.reserved);
    }
    catalog->base = fake.catalog;
    catalog->reserved = fake.reserved;
    catalog->global = !local_will_do;
    catalog->handle = &fake;
    fake.open_catalogs++;
    text_append(&fake.trace, "catalog-open %s\\%s\n", local_will_do ? "Local" : "Global", base_name);
    return true;
}

bool platform_catalog_commit(platform_catalog *catalog, uint64_t bytes, platform_failure *failure)
{
    if (catalog->base != fake.catalog || bytes > fake.reserved)
        fake_violated("memory is committed that was not reserved");
    if (fake_refuses("catalog-commit", failure))
        return false;
    UNPOISON(fake.catalog, (size_t)bytes);
    if (bytes > fake.catalog_committed)
        fake.catalog_committed = bytes;
    return true;
}

void fake_drop_catalog(void)
{
    if (!fake.open_catalogs && !fake.clients_hold_catalog && !fake_catalog_is_kept())
        free_catalog();
}

void platform_catalog_close(platform_catalog *catalog)
{
    if (catalog->base) {
        fake.open_catalogs--;
        text_append(&fake.trace, "catalog-close\n");
        fake_drop_catalog();
    }
    memset(catalog, 0, sizeof *catalog);
}

/* ---- This broker among others */

bool platform_claim_take(const char *name, const char *sddl, platform_claim **claim,
                         platform_failure *failure)
{
    *claim = NULL;
    if (!sddl)
        fake_violated("the claim has no descriptor");
    if (fake_refuses("claim-take", failure))
        return false;
    if (fake.claim_taken) {
        failure->code = 183;
        snprintf(failure->text, sizeof failure->text, "another broker runs already; stop it first");
        return false;
    }
    fake.open_claims++;
    text_append(&fake.trace, "claim-take %s\n", name);
    *claim = (platform_claim *)(void *)&fake;
    return true;
}

/* cppcheck-suppress constParameter ; the contract says so */
void platform_claim_release(platform_claim *claim)
{
    if (!claim)
        return;
    fake.open_claims--;
    text_append(&fake.trace, "claim-release\n");
    for (unsigned i = 0; i < FAKE_NAMESPACES; i++)
        fake.namespaces[i].entered = false; /* the last that a broker does: its process ends */
    fake_drop_namespaces();
}

bool platform_owner_sid(char sid[CONFIG_SID_TEXT], platform_failure *failure)
{
    sid[0] = '\0';
    if (fake_refuses("owner-sid", failure))
        return false;
    snprintf(sid, CONFIG_SID_TEXT, "%s", FAKE_OWNER);
    return true;
}

bool platform_user_sid(char sid[CONFIG_SID_TEXT], platform_failure *failure)
{
    sid[0] = '\0';
    if (fake_refuses("user-sid", failure))
        return false;
    snprintf(sid, CONFIG_SID_TEXT, "%s", FAKE_USER);
    return true;
}

bool platform_has_service_accounts(void)
{
    return !fake.no_service_accounts;
}

bool platform_service_sid(const char *service, char sid[CONFIG_SID_TEXT], platform_failure *failure)
{
    sid[0] = '\0';
    if (fake_refuses("service-sid", failure))
        return false;
    text_append(&fake.trace, "service-sid %s\n", service);
    snprintf(sid, CONFIG_SID_TEXT, "%s", FAKE_BROKER);
    return true;
}

/* The entry that begins at `at`, like "(A;IO;0x20005;;;WD)"; its account is taken as it is written. */
static bool read_entry(const char *at, access_entry *entry, char sid[CONFIG_SID_TEXT])
{
    static const char between[] = ";;;";
    bool denies = strncmp(at, "(D;", 3) == 0;
    if (!denies && strncmp(at, "(A;", 3) != 0)
        return false;
    size_t flags_length = strcspn(at + 3, ";)");
    char *behind = NULL;
    unsigned long mask = strtoul(at + 3 + flags_length + (at[3 + flags_length] == ';'), &behind, 16);
    if (strncmp(behind, between, strlen(between)) != 0)
        return false;
    const char *account = behind + strlen(between);
    size_t length = strcspn(account, ")");
    snprintf(sid, CONFIG_SID_TEXT, "%.*s", (int)length, account);
    *entry = (access_entry){
        .denies = denies, .inherit_only = flags_length > 0, .mask = (uint32_t)mask, .sid = sid};
    return length > 0 && account[length] == ')';
}

static access_label read_label(const char *sddl)
{
    const char *at = strstr(sddl, "S:(ML;;NW;;;");
    if (!at)
        return (access_label){0};
    at += strlen("S:(ML;;NW;;;");
    uint32_t level = strncmp(at, "LW", 2) == 0   ? ACCESS_LEVEL_LOW
                     : strncmp(at, "HI", 2) == 0 ? ACCESS_LEVEL_HIGH
                                                 : ACCESS_LEVEL_MEDIUM;
    return (access_label){true, level, ACCESS_NO_WRITE_UP};
}

/* Reads what access_sddl writes; and as much of what people write as the tests have. */
bool platform_sddl_read(const char *sddl, access_descriptor *descriptor, platform_failure *failure)
{
    const char *dacl = strstr(sddl, "D:"), *end = strstr(sddl, "S:(");
    memset(descriptor, 0, sizeof *descriptor);
    if (fake_refuses("sddl-read", failure))
        return false;
    size_t most = strlen(sddl);
    descriptor->entries = calloc(most + 1, sizeof *descriptor->entries);
    descriptor->texts = calloc(most + 1, CONFIG_SID_TEXT);
    if (!descriptor->entries || !descriptor->texts)
        abort();
    descriptor->null_dacl = !dacl || strstr(sddl, "NO_ACCESS_CONTROL");
    if (sscanf(sddl, "O:%100[^G:]", descriptor->texts) == 1)
        descriptor->owner = descriptor->texts;
    descriptor->label = read_label(sddl);
    for (const char *at = dacl ? strchr(dacl, '(') : NULL; at && (!end || at < end);
         at = strchr(at + 1, '(')) {
        size_t i = descriptor->count++;
        if (!read_entry(at, &descriptor->entries[i], descriptor->texts + (i + 1) * CONFIG_SID_TEXT)) {
            snprintf(failure->text, sizeof failure->text, "entry %u is not understood", (unsigned)i + 1);
            access_descriptor_free(descriptor);
            return false;
        }
    }
    return true;
}

void platform_account_text(const char *sid, char account[PLATFORM_ACCOUNT])
{
    snprintf(account, PLATFORM_ACCOUNT, "MACHINE\\%s", sid);
}

bool platform_account_is_gone(const char *sid)
{
    text_append(&fake.trace, "account-is-gone %s\n", sid);
    return fake.gone && strcmp(fake.gone, sid) == 0;
}

bool platform_section_descriptor(const char *object_name, access_descriptor *descriptor, bool *label_seen,
                                 platform_failure *failure)
{
    const fake_section *section = fake_find_section(object_name);
    memset(descriptor, 0, sizeof *descriptor);
    *label_seen = true;
    if (!section) {
        failure->code = 2;
        snprintf(failure->text, sizeof failure->text, "there is no %s", object_name);
        return false;
    }
    return !fake_refuses("section-descriptor", failure) &&
           platform_sddl_read(section->sddl, descriptor, failure);
}

bool platform_token_of_process(uint32_t pid, token_facts *t, platform_failure *failure)
{
    memset(t, 0, sizeof *t);
    if (fake_refuses("token-of-process", failure))
        return false;
    if (pid != FAKE_PROCESS) {
        failure->code = 87;
        snprintf(failure->text, sizeof failure->text, "cannot open the token of process %u", (unsigned)pid);
        return false;
    }
    token_begin(t, "S-1-5-21-9-9-9-1001");
    token_add_group(t, "S-1-5-32-545", true, false);
    token_add_group(t, "S-1-5-32-544", false, true);
    t->judged.integrity = ACCESS_LEVEL_LOW;
    t->has_session = true;
    t->session = 2;
    return true;
}

bool platform_groups_of_user(const char *sid, token_facts *t, char how[PLATFORM_ACCOUNT],
                             platform_failure *failure)
{
    *how = '\0';
    if (fake_refuses("groups-of-user", failure))
        return false;
    if (strcmp(sid, "S-1-5-21-9-9-9-1001") != 0) {
        snprintf(failure->text, sizeof failure->text, "this machine does not tell the groups of %s", sid);
        return false;
    }
    token_add_group(t, "S-1-5-32-545", true, false);
    snprintf(how, PLATFORM_ACCOUNT, "those that the test has");
    return true;
}

static bool resolve_service(void *context, const char *service, char sid[CONFIG_SID_TEXT], char *why,
                            size_t why_size)
{
    (void)context;
    (void)service;
    snprintf(why, why_size, "the test says no");
    snprintf(sid, CONFIG_SID_TEXT, "S-1-5-80-7-7-7-7-7");
    return !fake_refuses("resolve-service", NULL);
}

static bool resolve_account(void *context, const char *account, char sid[CONFIG_SID_TEXT], char *why,
                            size_t why_size)
{
    (void)context;
    snprintf(why, why_size, "this machine has no account %s", account);
    snprintf(sid, CONFIG_SID_TEXT, "S-1-5-21-9-9-9-1001");
    return !fake_refuses("resolve-account", NULL) && strcmp(account, ".\\anna") == 0;
}

static bool resolve_sddl(void *context, const char *sddl, char *why, size_t why_size)
{
    (void)context;
    snprintf(why, why_size, "it has no protected DACL");
    return !fake_refuses("resolve-sddl", NULL) && strncmp(sddl, "D:P(", 4) == 0;
}

const config_resolver *platform_resolver(void)
{
    static const config_resolver resolver = {NULL, resolve_service, resolve_account, resolve_sddl};
    return &resolver;
}

/* ---- Files and folders */

bool platform_folders_find(const char *instance, platform_folders *folders, platform_failure *failure)
{
    memset(folders, 0, sizeof *folders);
    if (fake_refuses("folders-find", failure))
        return false;
    const char *at = *instance ? "\\instances\\" : "";
    snprintf(folders->config, PLATFORM_PATH, "X:\\ShmBroker%s%s\\shmbroker.yaml", at, instance);
    snprintf(folders->data, PLATFORM_PATH, "X:\\ShmBroker%s%s\\data", at, instance);
    snprintf(folders->log, PLATFORM_PATH, "X:\\ShmBroker%s%s\\data\\logs\\shmbroker.log", at, instance);
    return true;
}

bool platform_folders_create(const platform_folders *folders, const access_identity *identity, bool repair,
                             platform_failure *failure)
{
    (void)repair;
    if (strcmp(identity->owner_sid, FAKE_OWNER) != 0 || strcmp(identity->broker_sid, FAKE_BROKER) != 0)
        fake_violated("folders are created for somebody else");
    if (fake_refuses("folders-create", failure))
        return false;
    text_append(&fake.trace, "folders-create %s\n", folders->data);
    return true;
}

bool platform_path_absolute(const char *path, char absolute[PLATFORM_PATH], platform_failure *failure)
{
    absolute[0] = '\0';
    if (fake_refuses("path-absolute", failure))
        return false;
    snprintf(absolute, PLATFORM_PATH, "%s%s", path[0] && path[1] == ':' ? "" : "X:\\here\\", path);
    return true;
}

void platform_path_real(const char *path, char real[PLATFORM_PATH])
{
    snprintf(real, PLATFORM_PATH, "%s%s", path[0] && path[1] == ':' ? "" : "X:\\here\\", path);
}

/* Whether `path` is `folder\\...\\rest`, either separator. */
static bool path_ends_with(const char *path, const char *rest)
{
    size_t length = strlen(path), wanted = strlen(rest);
    if (length < wanted || (length > wanted && !strchr("\\/", path[length - wanted - 1])))
        return false;
    for (size_t i = 0; i < wanted; i++) {
        char c = path[length - wanted + i];
        if ((c == '/' ? '\\' : c) != rest[i])
            return false;
    }
    return true;
}

/* The text of the file that `path` names, or NULL. */
static const char *text_of_file(const char *path)
{
    for (const fake_file *each = fake.files; each && each->path; each++)
        if (path_ends_with(path, each->path))
            return each->text;
    return fake.files && strstr(path, "conf.d") ? NULL : fake.config;
}

bool platform_folder_list(const char *path, bool (*found)(void *receiver, const char *name), void *receiver,
                          platform_failure *failure)
{
    if (fake_refuses("folder-list", failure))
        return false;
    text_append(&fake.trace, "folder-list %s\n", path);
    for (const fake_file *each = fake.files; each && each->path; each++) {
        const char *name = strrchr(each->path, '\\');
        size_t folder = name ? (size_t)(name - each->path) : 0, length = strlen(path);
        bool is_in = length >= folder && strncmp(path + length - folder, each->path, folder) == 0;
        if (is_in && !found(receiver, name ? name + 1 : each->path))
            break;
    }
    return true;
}

FILE *platform_file_open(const char *path, platform_failure *failure)
{
    const char *content = text_of_file(path);
    if (fake_refuses("file-open", failure))
        return NULL;
    text_append(&fake.trace, "file-open %s\n", path);
    FILE *stream = content ? streams_open() : NULL;
    if (!stream) {
        failure->code = 2;
        snprintf(failure->text, sizeof failure->text, "cannot open %s: there is no such file", path);
        return NULL;
    }
    fake.config_number = streams_number(stream);
    fputs(content, stream);
    rewind(stream);
    return stream;
}

/* Everything belongs to SYSTEM, and one account may write it when the test says so. */
static void judge(const char *path, trust_place place, const trust_keepers *keepers, trust_report *report)
{
    trust_entry entry = {.mask = 0x1301FF, .allows = true};
    trust_subject subject = {.path = path, .place = place, .owner = "S-1-5-18", .entries = &entry};
    if (fake.untrusted && (!fake.untrusted_file || path_ends_with(path, fake.untrusted_file))) {
        snprintf(entry.sid, sizeof entry.sid, "%s", fake.untrusted);
        subject.count = 1;
    }
    trust_judge(&subject, keepers, report);
}

FILE *platform_config_open(const char *path, const trust_keepers *keepers, trust_report *report,
                           platform_failure *failure)
{
    FILE *stream = platform_file_open(path, failure);
    if (stream)
        judge(path, TRUST_FILE, keepers, report);
    return stream;
}

bool platform_trust_examine(const char *path, trust_place place, const trust_keepers *keepers,
                            trust_report *report, platform_failure *failure)
{
    if (fake_refuses("trust-examine", failure))
        return false;
    text_append(&fake.trace, "trust-examine %s\n", path);
    judge(path, place, keepers, report);
    return true;
}

/* ---- Time and process */

uint64_t platform_heartbeat(void)
{
    return fake.clock += fake.clock_step ? fake.clock_step : 1;
}

uint64_t platform_now(void)
{
    return fake.clock += fake.clock_step ? fake.clock_step : 1;
}

bool platform_shows_colour(FILE *stream)
{
    (void)stream;
    return fake.terminal;
}

bool platform_sessions_list(uint32_t *ids, size_t room, size_t *count, platform_failure *failure)
{
    *count = 0;
    if (fake_refuses("sessions-list", failure))
        return false;
    for (; *count < room && *count < FAKE_SESSIONS && fake.sessions[*count]; ++*count)
        ids[*count] = fake.sessions[*count];
    return true;
}

uint32_t platform_own_session(void)
{
    return fake.own_session;
}

uint32_t platform_process_id(void)
{
    return 4711;
}

bool platform_program_path(char path[PLATFORM_PATH], platform_failure *failure)
{
    path[0] = '\0';
    if (fake_refuses("program-path", failure))
        return false;
    snprintf(path, PLATFORM_PATH, "X:\\Programs\\shmbroker.exe");
    return true;
}
