/* What reports say of memory. See report_memory.h. */
#include "report_memory.h"

#include "boundary.h"
#include "platform.h"
#include "text_builder.h"

#include <stdlib.h>

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

void report_memory_text(FILE *stream, const declared_region *declared)
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
    if (!declared->boundary)
        return;
    fputs("  boundary ", stream);
    report_boundary_text(stream, declared->boundary);
    fputc('\n', stream);
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

bool report_memory_json(cJSON *item, const declared_region *declared)
{
    static const char *const large_pages[] = {"no", "prefer", "require"};
    bool ok = add_initial(item, &declared->initial) &&
              cJSON_AddStringToObject(item, "large_pages", large_pages[declared->large_pages]) &&
              cJSON_AddBoolToObject(item, "prefetch", declared->prefetch);
    if (ok && declared->numa_node != CONFIG_NUMA_ANY)
        ok = report_json_number(item, "numa_node", declared->numa_node);
    if (ok && declared->boundary)
        ok = cJSON_AddStringToObject(item, "boundary", declared->boundary) != NULL;
    return ok;
}
