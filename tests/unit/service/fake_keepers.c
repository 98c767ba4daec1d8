/* The machine's keepers. See fake_platform.h. */
#include "fake_platform.h"

#include <string.h>

static fake_keeper *of(platform_keeper *keeper)
{
    return (fake_keeper *)(void *)keeper;
}

/* ---- What tests look at and do */

unsigned fake_living_keepers(void)
{
    unsigned count = 0;
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++)
        count += fake.keepers[place].lives;
    return count;
}

unsigned fake_kept_sections(void)
{
    unsigned count = 0;
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++)
        for (unsigned i = 0; i < FAKE_KEEPER_HOLDS; i++)
            count += fake.keepers[place].sections[i] != NULL;
    return count;
}

bool fake_catalog_is_kept(void)
{
    bool kept = false;
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++)
        kept = kept || (fake.keepers[place].lives && fake.keepers[place].has_catalog);
    return kept;
}

void fake_enter_namespace(const char *object_name)
{
    const size_t length = strcspn(object_name, "\\") + 1;
    fake_namespace *space = NULL;
    for (unsigned i = FAKE_NAMESPACES; i-- > 0;)
        if (!fake.namespaces[i].alias[0])
            space = &fake.namespaces[i];
    for (unsigned i = 0; i < FAKE_NAMESPACES; i++)
        if (strncmp(fake.namespaces[i].alias, object_name, length) == 0)
            space = &fake.namespaces[i];
    if (!space) {
        fake_violated("more private namespaces than the machine has room for");
        return;
    }
    snprintf(space->alias, sizeof space->alias, "%.*s", (int)length, object_name);
    space->entered = true;
}

static bool is_open(unsigned number)
{
    bool open = fake.namespaces[number].entered;
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++)
        open = open || fake.keepers[place].has_namespace[number];
    return open;
}

void fake_drop_namespaces(void)
{
    for (unsigned i = 0; i < FAKE_NAMESPACES; i++) {
        const char *alias = fake.namespaces[i].alias;
        if (!*alias || is_open(i))
            continue;
        for (fake_section *at = fake.sections; at; at = at->next)
            if (strncmp(at->name, alias, strlen(alias)) == 0)
                at->name[0] = 0;
        fake.namespaces[i].alias[0] = 0;
    }
}

void fake_end_keeper(unsigned place)
{
    fake_keeper *keeper = &fake.keepers[place];
    keeper->lives = keeper->has_catalog = false;
    memset(keeper->has_namespace, 0, sizeof keeper->has_namespace);
    for (unsigned i = 0; i < FAKE_KEEPER_HOLDS; i++) {
        fake_section *section = keeper->sections[i];
        keeper->sections[i] = NULL;
        if (section) {
            section->kept--;
            fake_drop_section(section);
        }
    }
    fake_drop_namespaces();
    fake_drop_catalog();
}

void fake_kill_broker(void)
{
    for (unsigned i = 0; i < FAKE_NAMESPACES; i++)
        fake.namespaces[i].entered = false;
    fake_drop_namespaces();
    fake.open_claims = fake.open_catalogs = fake.open_log_files = fake.open_event_sources = 0;
    fake.open_sections = fake.open_keepers = fake.open_windows = 0;
    for (unsigned place = 0; place < PLATFORM_KEEPERS; place++) {
        fake.keepers[place].found = false;
        if (!fake.keepers[place].stays)
            fake_end_keeper(place);
    }
    for (fake_section *at = fake.sections, *next; at; at = next) {
        next = at->next;
        at->held = false;
        fake_drop_section(at);
    }
    fake_drop_catalog();
}

/* ---- The record */

bool platform_keepers_open(const char *base_name, const access_identity *identity, bool global,
                           platform_keepers **keepers, platform_failure *failure)
{
    *keepers = NULL;
    if (strcmp(identity->owner_sid, FAKE_OWNER) != 0 || strcmp(identity->broker_sid, FAKE_BROKER) != 0)
        fake_violated("the record of keepers is somebody else's");
    if (fake_refuses("keepers-open", failure))
        return false;
    fake.open_keepers++;
    text_append(&fake.trace, "keepers-open %s\\%s\n", global ? "Global" : "Local", base_name);
    *keepers = (platform_keepers *)(void *)fake.keepers;
    return true;
}

/* cppcheck-suppress constParameter ; the contract says so */
void platform_keepers_close(platform_keepers *keepers)
{
    if (keepers)
        fake.open_keepers--;
}

bool platform_keeper_find(platform_keepers *keepers, unsigned place, platform_keeper **keeper,
                          platform_failure *failure)
{
    fake_keeper *found = (fake_keeper *)(void *)keepers + place;
    *keeper = NULL;
    if (fake_refuses("keeper-find", failure))
        return false;
    if (!found->lives)
        return true;
    found->found = true;
    fake.open_keepers++;
    *keeper = (platform_keeper *)(void *)found;
    return true;
}

/* ---- One keeper */

/* The sections that it has from its start. As on a real machine, it may be that it cannot have so many. */
static void inherit(fake_keeper *keeper, platform_section *const *sections, platform_kept *kept, size_t count)
{
    if (count > FAKE_KEEPER_HOLDS)
        return;
    for (size_t i = 0; i < count; i++) {
        keeper->sections[i] = (fake_section *)(void *)sections[i];
        keeper->sections[i]->kept++;
        kept[i] = i + 1;
    }
}

bool platform_keeper_start(platform_keepers *keepers, unsigned place, platform_section *const *sections,
                           platform_kept *kept, size_t count, platform_keeper **keeper,
                           platform_failure *failure)
{
    fake_keeper *started = (fake_keeper *)(void *)keepers + place;
    *keeper = NULL;
    for (size_t i = 0; i < count; i++)
        kept[i] = 0;
    if (started->found)
        fake_violated("a keeper is started where one is");
    if (fake_refuses("keeper-start", failure))
        return false;
    fake_end_keeper(place); /* one that was not found is as good as dead */
    *started = (fake_keeper){.lives = true, .found = true, .pid = 1000 + ++fake.keepers_started};
    fake.open_keepers++;
    text_append(&fake.trace, "keeper-start %u\n", place);
    if (!fake_refuses("keeper-inherit", NULL))
        inherit(started, sections, kept, count);
    *keeper = (platform_keeper *)(void *)started;
    return true;
}

void platform_keeper_stay(platform_keeper *keeper)
{
    if (of(keeper)->stays)
        fake_violated("a keeper is told twice to stay");
    if (!of(keeper)->has_catalog)
        fake_violated("a keeper stays without the catalog");
    fake_refuses("keeper-stay", NULL); /* cannot fail, but a broker can be killed here */
    of(keeper)->stays = true;
}

bool platform_keeper_hold(platform_keeper *keeper, const platform_section *section, platform_kept *kept,
                          platform_failure *failure)
{
    *kept = 0;
    if (fake_refuses("keeper-hold", failure))
        return false;
    if (!of(keeper)->lives) {
        snprintf(failure->text, sizeof failure->text, "the keeper has ended");
        return false;
    }
    fake_section *held = fake.sections;
    while (held && (const void *)held != (const void *)section)
        held = held->next;
    unsigned number = 0;
    while (number < FAKE_KEEPER_HOLDS && of(keeper)->sections[number])
        number++;
    if (!held || number == FAKE_KEEPER_HOLDS) {
        fake_violated("a keeper is given a section that is not open, or too many");
        return false;
    }
    of(keeper)->sections[number] = held;
    held->kept++;
    text_append(&fake.trace, "keeper-hold %s\n", held->name);
    *kept = number + 1;
    return true;
}

bool platform_keeper_hold_catalog(platform_keeper *keeper, const platform_catalog *catalog,
                                  platform_failure *failure)
{
    if (!catalog->base)
        fake_violated("a catalog is kept that is not open");
    if (fake_refuses("keeper-hold-catalog", failure))
        return false;
    of(keeper)->has_catalog = of(keeper)->lives;
    return of(keeper)->lives;
}

bool platform_keeper_hold_namespaces(platform_keeper *keeper, platform_failure *failure)
{
    for (unsigned i = 0; i < FAKE_NAMESPACES; i++) {
        if (!fake.namespaces[i].entered || of(keeper)->has_namespace[i])
            continue;
        if (fake_refuses("keeper-hold-namespaces", failure))
            return false;
        of(keeper)->has_namespace[i] = of(keeper)->lives;
    }
    return of(keeper)->lives;
}

void platform_keeper_release(platform_keeper *keeper, platform_kept kept)
{
    if (!kept || !of(keeper)->lives)
        return;
    fake_section *section = of(keeper)->sections[kept - 1];
    fake_refuses("keeper-release", NULL);
    if (!section) {
        fake_violated("a keeper is asked for what it has not");
        return;
    }
    of(keeper)->sections[kept - 1] = NULL;
    section->kept--;
    text_append(&fake.trace, "keeper-release %s\n", section->name);
    fake_drop_section(section);
}

bool platform_keeper_lives(const platform_keeper *keeper)
{
    return ((const fake_keeper *)(const void *)keeper)->lives;
}

uint32_t platform_keeper_process_id(const platform_keeper *keeper)
{
    return ((const fake_keeper *)(const void *)keeper)->pid;
}

void *platform_keeper_wake(const platform_keeper *keeper)
{
    return (void *)(uintptr_t)keeper;
}

void platform_keeper_end(platform_keepers *keepers, unsigned place, platform_keeper *keeper)
{
    if ((fake_keeper *)(void *)keepers + place != of(keeper))
        fake_violated("a keeper is ended at another's place");
    fake_refuses("keeper-end", NULL);
    text_append(&fake.trace, "keeper-end %u\n", place);
    fake_end_keeper(place);
    platform_keeper_close(keeper);
}

void platform_keeper_close(platform_keeper *keeper)
{
    if (!keeper)
        return;
    if (!of(keeper)->found)
        fake_violated("a keeper is closed that is not open");
    of(keeper)->found = false;
    fake.open_keepers--;
}
