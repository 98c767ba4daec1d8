/*
 * Reading a configuration against libyaml's bare event loop over the same text. The text is what a large installation
 * would have: each region with a description, a size, access of its own and a file.
 */
#include "bars.h"

#include "loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define REGION_TEXT 256u
#define TIMES       10u /* as many regions as other bars have */

static char *text;
static size_t text_length;

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

static void open_text(const bench_settings *wanted)
{
    static const char head[] = "version: 1\nroles: { operators: [Users, INTERACTIVE] }\n"
                               "defaults: { access: { read: [operators] } }\nregions:\n";
    size_t regions = (size_t)wanted->regions * TIMES;
    text = malloc(sizeof head + regions * REGION_TEXT);
    if (!text)
        bench_fail("out of memory for the text");
    text_length = sizeof head - 1;
    memcpy(text, head, sizeof head);
    for (size_t i = 0; i < regions; i++)
        text_length += (size_t)snprintf(text + text_length, REGION_TEXT,
                                        "  Region%zu:\n    description: one of many\n    size: 64 KiB\n"
                                        "    access: { read: [Users], write: ['NT SERVICE\\Sensor'] }\n"
                                        "    backing: { file: r%zu.shm }\n",
                                        i, i);
    bench_note("YAML that is read", "KiB", (double)text_length / 1024);
}

static void close_text(void)
{
    free(text);
    text = NULL;
}

static double time_events(void)
{
    yaml_parser_t parser;
    bool more = true;
    double start = bench_seconds();
    if (!yaml_parser_initialize(&parser))
        bench_fail("out of memory for libyaml");
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, text_length);
    while (more) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            yaml_parser_delete(&parser);
            bench_fail("libyaml does not take the text");
        }
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return bench_seconds() - start;
}

static double time_load(void)
{
    static config_diagnostics diagnostics;
    const config_resolver resolver = {NULL, service_sid, account_sid, sddl_is_valid};
    double start = bench_seconds();
    config_diagnostics_init(&diagnostics, "bench.yaml");
    config_model *model = config_load_text("bench.yaml", text, text_length, NULL, &resolver, &diagnostics);
    double taken = bench_seconds() - start;
    bool refused = model == NULL;
    config_diagnostics_print(&diagnostics, stderr, false);
    config_diagnostics_free(&diagnostics);
    config_model_free(model);
    if (refused)
        bench_fail("the loader does not take the text");
    return taken;
}

const bench_bar bar_config = {
    .id = "13",
    .what = "check of a YAML file with ten times the regions \xc3\xb7 libyaml's bare event loop over it",
    .unit = "ratio",
    .pass = 4,
    .aim = 2,
    .trials = 3,
    .open = open_text,
    .ours = time_load,
    .theirs = time_events,
    .close = close_text,
};
