/*
 * bench-config-speed [REGIONS]: reading a configuration against libyaml's bare event loop over the same text.
 *
 * Both run in turn in one process, so that they see the same machine; the median of ROUNDS is what counts. It prints
 * the times, their ratio, and how much memory the loader takes at most. The text is what a large installation would
 * have: each region with a description, a size, access of its own and a file.
 */
#include "loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yaml.h>

#define ROUNDS      7u
#define REGION_TEXT 256u

/* Every service has a SID, no account has one, and each descriptor is fine. */
static bool service_sid(void *context, const char *service, char sid[CONFIG_SID_TEXT], char *why,
                        size_t why_size)
{
    (void)context;
    (void)service;
    snprintf(why, why_size, "%s", "");
    snprintf(sid, CONFIG_SID_TEXT, "S-1-5-80-1-2-3-4-5");
    return true;
}

static bool account_sid(void *context, const char *account, char sid[CONFIG_SID_TEXT], char *why,
                        size_t why_size)
{
    (void)context;
    sid[0] = '\0';
    snprintf(why, why_size, "%s is not known here", account);
    return false;
}

static bool sddl_is_valid(void *context, const char *sddl, char *why, size_t why_size)
{
    (void)context;
    (void)sddl;
    snprintf(why, why_size, "%s", "");
    return true;
}

static char *make_text(unsigned long regions, size_t *length)
{
    static const char head[] = "version: 1\nroles: { operators: [Users, INTERACTIVE] }\n"
                               "defaults: { access: { read: [operators] } }\nregions:\n";
    char *text = malloc(sizeof head + regions * REGION_TEXT);
    if (text == NULL) {
        return NULL;
    }
    *length = sizeof head - 1;
    memcpy(text, head, sizeof head);
    for (unsigned long i = 0; i < regions; i++) {
        int used = snprintf(text + *length, REGION_TEXT,
                            "  Region%lu:\n    description: one of many\n    size: 64 KiB\n"
                            "    access: { read: [Users], write: ['NT SERVICE\\Sensor'] }\n"
                            "    backing: { file: r%lu.shm }\n",
                            i, i);
        *length += (size_t)used;
    }
    return text;
}

/* Of this process: a busy machine counts less. (On Windows it is the time of day all the same.) */
static double seconds(void)
{
    return (double)clock() / (double)CLOCKS_PER_SEC;
}

/* Negative when libyaml does not take the text. */
static double time_events(const char *text, size_t length)
{
    yaml_parser_t parser;
    bool more = true;
    double start = seconds();
    if (!yaml_parser_initialize(&parser)) {
        return -1;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    while (more) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            yaml_parser_delete(&parser);
            return -1;
        }
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return seconds() - start;
}

/* Negative when the loader refuses the text, which is printed. */
static double time_load(const char *text, size_t length)
{
    static config_diagnostics diagnostics;
    const config_resolver resolver = {NULL, service_sid, account_sid, sddl_is_valid};
    double start = seconds();
    config_diagnostics_init(&diagnostics, "bench.yaml");
    config_model *model = config_load_text("bench.yaml", text, length, NULL, &resolver, &diagnostics);
    double taken = model != NULL ? seconds() - start : -1;
    config_diagnostics_print(&diagnostics, stderr, false);
    config_diagnostics_free(&diagnostics);
    config_model_free(model);
    return taken;
}

static int compare(const void *a, const void *b)
{
    double one = *(const double *)a;
    double other = *(const double *)b;
    return one < other ? -1 : one > other;
}

/* The most memory that this process had at once, in MiB; 0 where the system does not tell. */
static unsigned long peak_memory(void)
{
    char line[128];
    unsigned long kib = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0) {
            kib = strtoul(line + 6, NULL, 10);
        }
    }
    if (status != NULL) {
        fclose(status);
    }
    return kib / 1024;
}

int main(int argc, char **argv)
{
    double events[ROUNDS];
    double loads[ROUNDS];
    size_t length;
    unsigned long regions = argc > 1 ? strtoul(argv[1], NULL, 10) : CONFIG_MAX_REGIONS;
    char *text = regions <= CONFIG_MAX_REGIONS ? make_text(regions, &length) : NULL;
    if (text == NULL) {
        fprintf(stderr, "bench-config-speed: write a number of regions up to %u\n", CONFIG_MAX_REGIONS);
        return 2;
    }
    unsigned long before = peak_memory();
    for (unsigned i = 0; i < ROUNDS; i++) {
        events[i] = time_events(text, length);
        loads[i] = time_load(text, length);
        if (events[i] < 0 || loads[i] < 0) {
            fputs("bench-config-speed: the text is refused\n", stderr);
            free(text);
            return 1;
        }
    }
    qsort(events, ROUNDS, sizeof events[0], compare);
    qsort(loads, ROUNDS, sizeof loads[0], compare);
    printf("%lu regions, %lu KiB of YAML, median of %u rounds\n", regions, (unsigned long)length / 1024,
           ROUNDS);
    printf("libyaml's events  %8.1f ms\n", 1e3 * events[ROUNDS / 2]);
    printf("the loader        %8.1f ms\n", 1e3 * loads[ROUNDS / 2]);
    printf("ratio             %8.2f   (bar: 4, aim: 2)\n", loads[ROUNDS / 2] / events[ROUNDS / 2]);
    unsigned long after = peak_memory();
    if (after > before) {
        printf("peak memory       %8lu MiB beyond the text\n", after - before);
    }
    free(text);
    return 0;
}
