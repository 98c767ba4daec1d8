/*
 * A reload of a running broker in which one region of many is declared otherwise, from the request until the broker says
 * that it is done. The other side is reading the same text: what a reload cannot do without.
 */
#include "bars.h"

#include "bench_win32.h"
#include "loader.h"
#include "names.h"
#include "platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static test_broker *broker;
static char *text; /* the configuration; the digits of one region's size are changed from reload to reload */
static size_t text_length;
static char *size_of_one;
static bool larger;

static void open_reload(const bench_settings *wanted)
{
    broker = bench_broker(support_unique("bench"), wanted->regions);
    const char *written = support_read_file(broker->config, &text_length);
    text = support_memory(text_length + 1);
    memcpy(text, written, text_length + 1);
    size_of_one = strstr(text + text_length / 2, "size: ");
    if (!size_of_one)
        bench_fail("the configuration has no region in its middle");
    size_of_one += strlen("size: ");
    broker_start(broker);
    bench_stop_at_end(broker);
}

static void close_reload(void)
{
    support_cleanup();
    free(text);
    text = NULL;
}

/* The last reply's words are kept. */
static bool take_reply(void *context, const control_reply *reply)
{
    if (reply->status == CONTROL_DONE)
        snprintf(context, CONTROL_TEXT, "%s", reply->text);
    return true;
}

static double time_reload(void)
{
    static char said[CONTROL_TEXT];
    static control_request request;
    char name[NAMES_TEXT];
    platform_failure failure = {0};
    larger = !larger;
    *size_of_one = larger ? '8' : '4'; /* its first digit: the object is another one each time */
    support_write_file(broker->config, text, text_length);
    names_control(broker->instance, name);
    control_request_make(&request, CONTROL_RELOAD, 0, NULL);
    const double start = bench_seconds();
    if (!platform_control_ask(name, process_id(broker->process), &request, take_reply, said, &failure))
        bench_fail("%s", failure.text);
    const double taken = bench_seconds() - start;
    if (!strstr(said, " 1 replaced"))
        bench_fail("the reload did something else: %s", said);
    return taken;
}

static double time_reading(void)
{
    static config_diagnostics diagnostics;
    const double start = bench_seconds();
    config_diagnostics_init(&diagnostics, "bench.yaml");
    config_model *model =
        config_load_text("bench.yaml", text, text_length, NULL, platform_resolver(), &diagnostics);
    const double taken = bench_seconds() - start;
    const bool refused = model == NULL;
    config_diagnostics_free(&diagnostics);
    config_model_free(model);
    if (refused)
        bench_fail("the loader does not take the text");
    return taken;
}

const bench_bar bar_reload = {
    .id = "12",
    .what = "reload in which 1 region of all changes \xc3\xb7 reading that YAML alone",
    .unit = "ratio",
    .pass = 1.5,
    .aim = 1.1,
    .trials = 3,
    .open = open_reload,
    .ours = time_reload,
    .theirs = time_reading,
    .close = close_reload,
};
