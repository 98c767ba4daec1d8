/* An audit of a configuration and of what is around it. See audit.h. */
#include "audit.h"

#include "platform.h"
#include "text_builder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PAGE            4096u
#define RIGHT_MAP_READ  0x4u
#define RIGHT_MAP_WRITE 0x2u

/* ---- Findings ---------------------------------------------------------------------------------- */

const char *audit_severity_name(audit_severity severity)
{
    static const char *const names[AUDIT_SEVERITY_COUNT] = {"info", "low", "medium", "high"};
    return names[severity];
}

void audit_add(audit_report *report, audit_severity severity, const char *id, const audit_place *place,
               char *what, const char *why, char *advice)
{
    bool keep = !report->failed && report->count < AUDIT_MAX_FINDINGS;
    if (keep &&
        (report->count & (report->count - 1)) == 0) { /* room for twice as many at each power of two */
        size_t room = report->count ? report->count * 2 : 1;
        audit_finding *items = realloc(report->items, room * sizeof *items);
        if (items)
            report->items = items;
        else
            report->failed = true;
    }
    report->failed = report->failed || !what || !advice;
    report->counts[severity]++;
    if (keep && !report->failed) {
        report->items[report->count++] = (audit_finding){severity, id, *place, what, why, advice};
        return;
    }
    report->dropped += !keep;
    free(what);
    free(advice);
}

void audit_free(audit_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        free(report->items[i].what);
        free(report->items[i].advice);
    }
    free(report->items);
    memset(report, 0, sizeof *report);
}

/* ---- Files and folders ------------------------------------------------------------------------- */

/* What the person who asks may change is one finding, however many entries let him. */
static void add_own(const trust_report *breaches, const char *id, const audit_facts *facts,
                    audit_report *report)
{
    for (size_t i = 0; facts->user_sid && i < breaches->count; i++) {
        const trust_breach *breach = &breaches->items[i];
        if (strcmp(breach->sid, facts->user_sid) != 0)
            continue;
        const audit_place place = {.file = breach->path};
        audit_add(
            report, AUDIT_LOW, id, &place, trust_describe(breach),
            "that is you: `shmbroker run` takes a configuration that you may change, a service refuses it",
            text_make("keep what a service uses where only administrators may write, as in "
                      "%%ProgramFiles%% and %%ProgramData%%\\ShmBroker"));
        return;
    }
}

/* What is found when people may change something that decides what the broker does. */
static void add_breaches(const trust_report *breaches, const char *id, const char *why,
                         const audit_facts *facts, audit_report *report)
{
    if (!breaches)
        return;
    for (size_t i = 0; i < breaches->count; i++) {
        const trust_breach *breach = &breaches->items[i];
        const audit_place place = {.file = breach->path};
        if (facts->user_sid && strcmp(breach->sid, facts->user_sid) == 0)
            continue;
        char *remedy = trust_remedy(breach);
        audit_add(report, AUDIT_HIGH, id, &place, trust_describe(breach), why,
                  remedy ? text_make("take that away with %s", remedy) : NULL);
        free(remedy);
    }
    add_own(breaches, id, facts, report);
    report->counts[AUDIT_HIGH] += breaches->dropped;
    report->dropped += breaches->dropped;
}

/* The accounts that have one of `rights` on the region, as keepers of its file. */
static size_t keepers_of(const access_descriptor *section, uint32_t rights, const char **sids)
{
    size_t count = 0;
    for (size_t i = 0; i < section->count; i++)
        if (!section->entries[i].denies && (section->entries[i].mask & rights))
            sids[count++] = section->entries[i].sid;
    return count;
}

static void add_backing(const config_region *region, const trust_report *found, bool writing,
                        audit_report *report)
{
    for (size_t i = 0; i < found->count; i++) {
        const trust_breach *breach = &found->items[i];
        const audit_place place = {region->file, region->where, region->name};
        char *remedy = trust_remedy(breach);
        audit_add(
            report, writing ? AUDIT_HIGH : AUDIT_MEDIUM,
            writing ? "backing-wider-to-write" : "backing-wider-to-read", &place, trust_describe(breach),
            writing ? "who may not write the region can change its bytes, or exchange the file, on the disk"
                    : "who may not read the region can read its bytes on the disk",
            remedy ? text_make("start the broker, which sets the file's rights; if that does not help, %s",
                               remedy)
                   : NULL);
        free(remedy);
    }
}

/* The file lets in whom the region lets in: nobody else, and none of them further. */
static void audit_backing(const config_region *region, const access_descriptor *section,
                          const audit_facts *facts, audit_report *report)
{
    trust_report writing = {0}, reading = {0};
    const char **sids = calloc(section->count + 1, sizeof *sids);
    if (!sids) {
        report->failed = true;
        return;
    }
    trust_keepers keepers = {sids, keepers_of(section, RIGHT_MAP_WRITE, sids)};
    sids[keepers.count++] = facts->identity->broker_sid;
    facts->look_at_file(facts->context, region, AUDIT_BACKING, TRUST_FILE, &keepers, &writing);
    keepers.count = keepers_of(section, RIGHT_MAP_READ | RIGHT_MAP_WRITE, sids);
    sids[keepers.count++] = facts->identity->broker_sid;
    facts->look_at_file(facts->context, region, AUDIT_BACKING, TRUST_CONTENT, &keepers, &reading);
    add_backing(region, &writing, true, report);
    add_backing(region, &reading, false, report);
    report->failed = report->failed || writing.failed || reading.failed;
    trust_report_free(&writing);
    trust_report_free(&reading);
    free(sids);
}

/* Who may write the region may as well write what it begins with. */
static void audit_initial(const config_region *region, const access_descriptor *section,
                          const audit_facts *facts, audit_report *report)
{
    trust_report found = {0};
    const audit_place place = {region->file, region->where, region->name};
    const char **sids = calloc(section->count + 1, sizeof *sids);
    if (!sids) {
        report->failed = true;
        return;
    }
    trust_keepers keepers = {sids, keepers_of(section, RIGHT_MAP_WRITE, sids)};
    sids[keepers.count++] = facts->identity->broker_sid;
    facts->look_at_file(facts->context, region, AUDIT_INITIAL, TRUST_FILE, &keepers, &found);
    for (size_t i = 0; i < found.count; i++) {
        char *remedy = trust_remedy(&found.items[i]);
        audit_add(
            report, AUDIT_HIGH, "initial-writable", &place, trust_describe(&found.items[i]),
            "who may not write the region can decide what it begins with; a broker refuses such a region",
            remedy ? text_make("take that away with %s", remedy) : NULL);
        free(remedy);
    }
    report->failed = report->failed || found.failed;
    trust_report_free(&found);
    free(sids);
}

/* ---- Names ------------------------------------------------------------------------------------- */

static bool boundary_is_broad(const config_region *region)
{
    audit_severity ignored;
    for (size_t i = 0; i < region->boundary.count; i++)
        if (!audit_is_broad(region->boundary.items[i].sid, &ignored))
            return false;
    return region->boundary.count > 0;
}

static void audit_name(const config_region *region, audit_report *report)
{
    const audit_place place = {region->file, region->where, region->name};
    if (region->name_space == CONFIG_NAMESPACE_LOCAL)
        audit_add(
            report, AUDIT_LOW, "name-can-be-squatted", &place, text_make("the name is local to the session"),
            "any program of that session can make an object of that name first: the broker then refuses the "
            "region, and programs that do not use the library open the other one",
            text_make("use `namespace: global`, whose names only services and administrators can make, or a "
                      "private one"));
    else if (region->name_space == CONFIG_NAMESPACE_PRIVATE && boundary_is_broad(region))
        audit_add(report, AUDIT_LOW, "name-can-be-squatted", &place,
                  text_make("everybody belongs to the boundary of its private namespace"),
                  "any program can make that namespace first, and the names in it",
                  text_make("name in `boundary` a group that only the programs meant belong to"));
}

/* Sessions part the names of instances, not who may use them. */
static void audit_session(const config_region *region, const access_descriptor *section, audit_report *report)
{
    const audit_place place = {region->file, region->where, region->name};
    audit_severity ignored;
    if (region->name_space != CONFIG_NAMESPACE_SESSION)
        return;
    for (size_t i = 0; i < section->count; i++) {
        const access_entry *entry = &section->entries[i];
        if (entry->denies || !(entry->mask & (RIGHT_MAP_READ | RIGHT_MAP_WRITE)) ||
            !audit_is_broad(entry->sid, &ignored))
            continue;
        audit_add(report, AUDIT_LOW, "session-open-to-others", &place,
                  text_make("each session's instance is open to people of every session"),
                  "whoever may use one may use all of them, if he asks for another session's by its number",
                  text_make("put nothing in it that people of other sessions may not know or change, or give "
                            "`access` to fewer accounts"));
        return;
    }
}

/* ---- Regions ----------------------------------------------------------------------------------- */

/* The section's descriptor as the configuration has it, without the broker's refusals. */
static bool read_descriptor(const config_region *region, const audit_facts *facts, access_descriptor *section)
{
    platform_failure ignored;
    if (!region->sddl)
        return access_compile(&region->access, ACCESS_SECTION, facts->identity, section);
    if (!platform_sddl_read(region->sddl, section, &ignored))
        return false;
    for (size_t i = 0; i < section->count; i++)
        section->entries[i].mask = access_map_generic(ACCESS_SECTION, section->entries[i].mask);
    return true;
}

static void audit_region(const config_region *region, const audit_facts *facts, audit_report *report)
{
    access_descriptor section;
    if (!read_descriptor(region, facts, &section)) {
        report->failed = true;
        return;
    }
    if (region->sddl) {
        const audit_place place = audit_place_of(region, &(access_entry){0}, NULL);
        audit_add(
            report, AUDIT_INFO, "sddl-used", &place, text_make("the region has a descriptor of its own"),
            "nothing checks that its entries are what its author meant",
            text_make(
                "use `access` where it can say the same; `shmbroker check` shows the entries in words"));
    }
    audit_access(region, &section, facts, report);
    if (region->backing_file && facts->look_at_file)
        audit_backing(region, &section, facts, report);
    if (region->initial.kind == CONFIG_INITIAL_FILE && facts->look_at_file)
        audit_initial(region, &section, facts, report);
    audit_name(region, report);
    audit_session(region, &section, report);
    access_descriptor_free(&section);
}

static void audit_commit(const config_model *model, audit_report *report)
{
    uint64_t sum = 0;
    char size[64];
    for (size_t i = 0; i < model->region_count; i++)
        if (!model->regions[i].backing_file)
            sum += (model->regions[i].size + PAGE - 1) / PAGE * PAGE;
    if (model->commit_budget || sum < AUDIT_LARGE_COMMIT)
        return;
    const audit_place place = {.file = model->file};
    text_size(sum, size, sizeof size);
    audit_add(report, AUDIT_INFO, "commit-without-budget", &place,
              text_make("the regions take %s (%llu bytes) of memory, and no budget is set", size,
                        (unsigned long long)sum),
              "a slip in a size can take the memory that the machine needs for everything else",
              text_make("set `commit_budget` to what the regions may take together"));
}

static void audit_leftovers(const audit_facts *facts, audit_report *report)
{
    const audit_place place = {.file = facts->snapshots};
    char size[64];
    for (size_t i = 0; facts->left && i < facts->left->count; i++) {
        const leftover *of = &facts->left->items[i];
        text_size(of->bytes, size, sizeof size);
        audit_add(report, AUDIT_INFO, "snapshots-left", &place,
                  text_make("%u snapshots, %s in all, are of the region %s, which is not declared with "
                            "snapshots",
                            (unsigned)of->files, size, *of->region ? of->region : "(unknown)"),
                  "nothing removes them: should it be declared so again, it gets their bytes back",
                  text_make("declare it again, or delete the files whose names begin with %016" PRIx64 "-",
                            of->hash));
    }
    if (facts->left && facts->left->more)
        audit_add(
            report, AUDIT_INFO, "snapshots-left", &place,
            text_make("%u more snapshots are of regions that are not declared", (unsigned)facts->left->more),
            "nothing removes them", text_make("delete those above, and look again"));
}

void audit_run(const config_model *model, const audit_facts *facts, audit_report *report)
{
    memset(report, 0, sizeof *report);
    add_breaches(facts->program, "program-writable", "whoever changes the program runs as the service", facts,
                 report);
    add_breaches(
        facts->config, "config-writable",
        "whoever changes the configuration decides what the broker makes, and for whom; a broker refuses it",
        facts, report);
    add_breaches(facts->data, "data-writable",
                 "whoever changes that folder can exchange backing files and logs", facts, report);
    audit_commit(model, report);
    audit_leftovers(facts, report);
    for (size_t i = 0; i < model->region_count; i++)
        audit_region(&model->regions[i], facts, report);
    for (size_t i = 0; i < report->count; i++) /* a model made without files has only its main one */
        if (!report->items[i].place.file)
            report->items[i].place.file = model->file;
}
