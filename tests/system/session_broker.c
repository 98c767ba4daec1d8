/*
 * shmbroker-session-broker INSTANCE CONFIG: the broker under a host of the test's own, which tells it what the test says of
 * sessions, where the service hears it from Windows. All else is as in shmbroker.exe; nobody installs this program.
 */
#include "broker.h"
#include "session_feed.h"

static struct {
    session_feed *feed;
    HANDLE wake;
} host;

static bool open_feed(const char *instance)
{
    wchar_t name[100];
    swprintf(name, 100, FEED_MEMORY, instance);
    HANDLE memory = OpenFileMappingW(FILE_MAP_ALL_ACCESS, FALSE, name);
    host.feed = memory ? MapViewOfFile(memory, FILE_MAP_ALL_ACCESS, 0, 0, sizeof *host.feed) : NULL;
    swprintf(name, 100, FEED_WAKE, instance);
    host.wake = OpenEventW(SYNCHRONIZE, FALSE, name);
    return host.feed && host.wake;
}

static void on_progress(void *context)
{
    (void)context;
}

static void on_ready(void *context, const broker_summary *summary)
{
    (void)context;
    printf("ready: %u\n", (unsigned)summary->regions);
    fflush(stdout);
}

static bool wait_for_stop(void *context, uint32_t milliseconds, void *const *wakes, size_t count)
{
    (void)context;
    HANDLE awaited[1 + BROKER_WAKES] = {host.wake};
    for (size_t i = 0; i < count; i++)
        awaited[1 + i] = wakes[i];
    WaitForMultipleObjects((DWORD)(1 + count), awaited, FALSE, milliseconds);
    return !host.feed->stop;
}

static bool session_of_feed(void *context, session_event *event)
{
    (void)context;
    LONG at = host.feed->taken;
    if (at >= host.feed->told || at >= FEED_ITEMS)
        return false;
    *event = session_event_of(host.feed->items[at].type, host.feed->items[at].session);
    InterlockedIncrement(&host.feed->taken);
    return true;
}

static uint32_t grace(void *context)
{
    (void)context;
    return 10000;
}

int main(int argc, char **argv)
{
    const log_targets targets = {.console = true};
    const broker_host given = {.progress = on_progress,
                               .ready = on_ready,
                               .wait = wait_for_stop,
                               .grace = grace,
                               .purpose = "in a test",
                               .session_event = session_of_feed};
    if (argc != 3 || !open_feed(argv[1])) {
        fputs("usage: shmbroker-session-broker INSTANCE CONFIG, with a feed\n", stderr);
        return 2;
    }
    const broker_options options = {argv[2], argv[1]};
    broker_log *log = log_open(&targets);
    int code = broker_run(&options, &given, log);
    log_close(log);
    return code;
}
