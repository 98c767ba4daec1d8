/* The broker's engine on the machine in memory. See broker_testing.h. */
#include "broker_testing.h"

static void host_progress(void *context)
{
    ((test_host *)context)->progress++;
}

static void host_ready(void *context, const broker_summary *summary)
{
    test_host *host = context;
    host->ready++;
    host->summary = *summary;
    if (host->on_ready)
        host->on_ready();
}

static bool host_wait(void *context, uint32_t milliseconds, void *const *wakes, size_t count)
{
    test_host *host = context;
    (void)wakes;
    (void)count;
    if (milliseconds > BROKER_HEARTBEAT_MS)
        fake.violation = "the heart does not beat in its period";
    fake.clock += (uint64_t)milliseconds * 10000;
    if (host->on_wait)
        host->on_wait(host->waits);
    return host->waits++ < host->stop_after;
}

static bool host_reloads(void *context)
{
    test_host *host = context;
    bool asked = host->reloads;
    host->reloads = false;
    return asked;
}

static bool host_keeps(void *context)
{
    return ((test_host *)context)->keeps;
}

static uint32_t host_grace(void *context)
{
    const test_host *host = context;
    return host->grace_ms ? host->grace_ms : 60000;
}

static bool host_session_event(void *context, session_event *event)
{
    return session_queue_take(((test_host *)context)->sessions, event);
}

int run_broker(test_host *host, const char *config, const char *instance)
{
    const broker_host given = {.context = host,
                               .progress = host_progress,
                               .ready = host_ready,
                               .wait = host_wait,
                               .reloads = host_reloads,
                               .keeps = host_keeps,
                               .grace = host_grace,
                               .purpose = "in a test",
                               .session_event = host->sessions ? host_session_event : NULL};
    const broker_options options = {config, instance};
    const log_targets targets = {.event_source = "test"};
    broker_log *log = log_open(&targets);
    int code = broker_run(&options, &given, log);
    log_close(log);
    return code;
}

catalog_view fake_view(void)
{
    return (catalog_view){fake.catalog, fake.catalog_committed};
}

bool fake_catalog_lies(void)
{
    static catalog_region region;
    catalog_view view = fake_view();
    uint64_t cursor = 0;
    if (!view.base || view.size < SHMB_CATALOG_HEADER_BYTES)
        return false;
    while (catalog_next(&view, &cursor, &region) == CATALOG_OK)
        if (region.state == SHMB_REGION_READY && !fake_section_is_open(region.object_name))
            return true;
    return false;
}
