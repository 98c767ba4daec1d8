/* What reports say of memory. See report_memory.h. */
#include "report_memory.h"

#include "boundary.h"
#include "platform.h"
#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

static void print_initial(FILE *stream, const config_initial *initial)
{
    switch (initial->kind) {
    case CONFIG_INITIAL_FILL:
        fprintf(stream, "  initial  every byte 0x%02X\n", (unsigned)initial->fill);
        break;
    case CONFIG_INITIAL_BYTES:
        fprintf(stream, "  initial  %llu bytes from the configuration, then zeros\n",
                (unsigned long long)initial->length);
        break;
    case CONFIG_INITIAL_FILE:
        fprintf(stream, "  initial  the bytes of %s, then zeros\n", initial->path);
        break;
    default:
        break;
    }
}

void report_boundary_text(FILE *stream, const char *boundary)
{
    static shmb_boundary parsed; /* large */
    char account[PLATFORM_ACCOUNT];
    if (!shmb_boundary_parse(boundary, &parsed))
        fprintf(stream, "members of %s", boundary);
    for (uint32_t i = 0; i < parsed.count; i++) {
        platform_account_text(parsed.sids[i], account);
        fprintf(stream, "%s of %s", i ? " and" : "members", account);
    }
}

/* A service of its own account has these by itself. */
static bool is_every_services(const char *sid)
{
    static const char *const sids[] = {"S-1-1-0",  "S-1-2-0",      "S-1-5-6",
                                       "S-1-5-11", "S-1-5-32-545", "S-1-5-80-0"};
    for (size_t i = 0; i < sizeof sids / sizeof sids[0]; i++)
        if (strcmp(sid, sids[i]) == 0)
            return true;
    return false;
}

/* Who makes a private namespace must be of its boundary: what the broker may lack is said before it fails. */
static void note_membership(FILE *stream, const char *boundary)
{
    static shmb_boundary parsed; /* large */
    char account[PLATFORM_ACCOUNT];
    for (uint32_t i = 0; shmb_boundary_parse(boundary, &parsed) && i < parsed.count; i++) {
        if (is_every_services(parsed.sids[i]))
            continue;
        platform_account_text(parsed.sids[i], account);
        fprintf(stream,
                "           a service is not of %s unless it was made a member; as none it cannot make the "
                "region\n",
                account);
    }
}

/* What the machine does not have, beginning with ", "; empty when it has all. */
static char *missing_here(const declared_region *declared, const platform_memory *machine)
{
    text words = {0};
    if (machine && declared->large_pages != CONFIG_LARGE_PAGES_NO && machine->large_page == 0)
        text_append(&words, ", no large pages");
    if (machine && declared->numa_node != CONFIG_NUMA_ANY && declared->numa_node > machine->last_node)
        text_append(&words, ", no NUMA node %u (its last is %u)", (unsigned)declared->numa_node,
                    (unsigned)machine->last_node);
    return text_take(&words);
}

void report_memory_text(FILE *stream, const declared_region *declared, const platform_memory *machine)
{
    text asked = {0};
    print_initial(stream, &declared->initial);
    if (declared->large_pages != CONFIG_LARGE_PAGES_NO)
        text_append(&asked, ", large pages %s",
                    declared->large_pages == CONFIG_LARGE_PAGES_REQUIRE ? "required" : "preferred");
    if (declared->numa_node != CONFIG_NUMA_ANY)
        text_append(&asked, ", NUMA node %u preferred", (unsigned)declared->numa_node);
    if (declared->prefetch)
        text_append(&asked, ", pages present from the start");
    char *whole = text_take(&asked);
    if (whole && *whole)
        fprintf(stream, "  memory   %s\n", whole + 2);
    free(whole);
    whole = missing_here(declared, machine);
    if (whole && *whole)
        fprintf(stream, "           this machine has %s\n", whole + 2);
    free(whole);
    if (!declared->boundary)
        return;
    fputs("  boundary ", stream);
    report_boundary_text(stream, declared->boundary);
    fputc('\n', stream);
    note_membership(stream, declared->boundary);
}

static bool add_initial(cJSON *item, const config_initial *initial)
{
    static const char *const kinds[] = {"zero", "fill", "bytes", "file"};
    cJSON *object = cJSON_AddObjectToObject(item, "initial");
    bool ok = cJSON_AddStringToObject(object, "kind", kinds[initial->kind]) != NULL;
    if (ok && initial->kind == CONFIG_INITIAL_FILL)
        ok = report_json_number(object, "fill", initial->fill);
    if (ok && initial->kind == CONFIG_INITIAL_BYTES)
        ok = report_json_number(object, "length", initial->length);
    if (ok && initial->kind == CONFIG_INITIAL_FILE)
        ok = cJSON_AddStringToObject(object, "file", initial->path) != NULL;
    return ok;
}

static bool add_missing(cJSON *item, const declared_region *declared, const platform_memory *machine)
{
    char *words = missing_here(declared, machine);
    bool ok = words && (!*words || cJSON_AddStringToObject(item, "not_on_this_machine", words + 2));
    free(words);
    return ok;
}

bool report_memory_json(cJSON *item, const declared_region *declared, const platform_memory *machine)
{
    static const char *const large_pages[] = {"no", "prefer", "require"};
    bool ok = add_initial(item, &declared->initial) &&
              cJSON_AddStringToObject(item, "large_pages", large_pages[declared->large_pages]) &&
              cJSON_AddBoolToObject(item, "prefetch", declared->prefetch);
    if (ok && declared->numa_node != CONFIG_NUMA_ANY)
        ok = report_json_number(item, "numa_node", declared->numa_node);
    ok = ok && add_missing(item, declared, machine);
    if (ok && declared->boundary)
        ok = cJSON_AddStringToObject(item, "boundary", declared->boundary) != NULL;
    return ok;
}
