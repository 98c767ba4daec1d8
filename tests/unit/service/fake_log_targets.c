/* Where the log's lines go on the machine in memory. See fake_platform.h. */
#include "fake_platform.h"

#include <string.h>

log_file *log_file_open(const char *path, platform_failure *failure)
{
    if (fake_refuses("log-file-open", failure))
        return NULL;
    text_append(&fake.trace, "log-file-open %s\n", path);
    fake.open_log_files++;
    return (log_file *)(void *)&fake.lines;
}

/* cppcheck-suppress constParameter ; the contract says so */
bool log_file_append(log_file *file, const char *line, platform_failure *failure)
{
    size_t length = strlen(line);
    if (file != (log_file *)(void *)&fake.lines || length == 0 || line[length - 1] != '\n')
        fake.violation = "what is logged is no line, or goes to no file";
    if (fake_refuses("log-file-append", failure))
        return false;
    text_append(&fake.lines, "%s", line);
    return true;
}

/* cppcheck-suppress constParameter ; the contract says so */
void log_file_close(log_file *file)
{
    if (file)
        fake.open_log_files--;
}

log_event_source *log_event_source_open(const char *name)
{
    if (fake_refuses("event-source-open", NULL))
        return NULL;
    text_append(&fake.trace, "event-source-open %s\n", name);
    fake.open_event_sources++;
    return (log_event_source *)(void *)&fake.events;
}

/* cppcheck-suppress constParameter ; the contract says so */
void log_event_source_write(log_event_source *source, log_event event, log_severity severity,
                            const char *message)
{
    static const char *const words[] = {"info", "warning", "error"};
    if (source)
        text_append(&fake.events, "%d %s %s\n", (int)event, words[severity], message);
}

/* cppcheck-suppress constParameter ; the contract says so */
void log_event_source_close(log_event_source *source)
{
    if (source)
        fake.open_event_sources--;
}

void log_time_text(char buffer[LOG_TIME_TEXT])
{
    snprintf(buffer, LOG_TIME_TEXT, "2026-01-31T23:59:59.123Z");
}
