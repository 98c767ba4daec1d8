/* What a line of the log looks like, and where it goes. See log.h. */
#include "log.h"

#include "log_targets.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    log_event event;
    log_severity severity;
    const char *name;
} kinds[] = {
    {LOG_STARTING, LOG_INFO, "starting"},
    {LOG_READY, LOG_INFO, "ready"},
    {LOG_STOPPING, LOG_INFO, "stopping"},
    {LOG_STOPPED, LOG_INFO, "stopped"},
    {LOG_RELOADED, LOG_INFO, "reloaded"},
    {LOG_CATALOG_ADOPTED, LOG_INFO, "catalog-adopted"},
    {LOG_RESTORED, LOG_INFO, "restored"},
    {LOG_PERSISTED, LOG_INFO, "persisted"},
    {LOG_PERSIST_AGAIN, LOG_INFO, "persist-again"},
    {LOG_SNAPSHOTS_LEFT, LOG_INFO, "snapshots-left"},
    {LOG_KEEPER_STARTED, LOG_INFO, "keeper-started"},
    {LOG_SESSIONS, LOG_INFO, "sessions-changed"},
    {LOG_GROWN, LOG_INFO, "grown"},
    {LOG_RETIRED, LOG_INFO, "retired"},
    {LOG_REGION_FAILED, LOG_WARNING, "region-failed"},
    {LOG_REGION_NOTE, LOG_WARNING, "region-note"},
    {LOG_SNAPSHOT_REFUSED, LOG_WARNING, "snapshot-refused"},
    {LOG_PERSIST_FAILED, LOG_WARNING, "persist-failed"},
    {LOG_LIVES_LOST, LOG_WARNING, "lives-lost"},
    {LOG_CONFIG_REFUSED, LOG_ERROR, "config-refused"},
    {LOG_START_FAILED, LOG_ERROR, "start-failed"},
    {LOG_RELOAD_FAILED, LOG_ERROR, "reload-failed"},
    {LOG_FILE_LOST, LOG_WARNING, "log-file-lost"},
    {LOG_CONTROL_LOST, LOG_WARNING, "control-lost"},
    {LOG_KEEPER_LOST, LOG_WARNING, "keeper-lost"},
    {LOG_KEEPER_FAILED, LOG_WARNING, "keeper-failed"},
};

struct broker_log {
    bool console;
    log_event_source *source;
    log_file *file;
    bool file_failed;
    unsigned lost; /* lines that the file did not take */
};

log_severity log_severity_of(log_event event)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].event == event)
            return kinds[i].severity;
    return LOG_ERROR;
}

const char *log_name_of(log_event event)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (kinds[i].event == event)
            return kinds[i].name;
    return "unknown";
}

broker_log *log_open(const log_targets *targets)
{
    broker_log *log = calloc(1, sizeof *log);
    if (!log)
        return NULL;
    log->console = targets->console;
    if (targets->event_source)
        log->source = log_event_source_open(targets->event_source);
    return log;
}

void log_to_file(broker_log *log, const char *path)
{
    platform_failure failure;
    log->file = log_file_open(path, &failure);
    if (!log->file)
        log_write(log, LOG_FILE_LOST, "%s", failure.text);
}

/* A file that stops taking lines is told once on the other targets, and tried again with each line. */
static void write_to_file(broker_log *log, const char *word, const char *name, const char *message)
{
    char time[LOG_TIME_TEXT], line[LOG_LINE_MAX + 128];
    log_time_text(time);
    if (log->lost)
        snprintf(line, sizeof line, "%s %-7s %s: %s (%u lines before this one were lost)\n", time, word, name,
                 message, log->lost);
    else
        snprintf(line, sizeof line, "%s %-7s %s: %s\n", time, word, name, message);
    platform_failure failure;
    if (log_file_append(log->file, line, &failure)) {
        log->lost = 0;
        log->file_failed = false;
        return;
    }
    log->lost++;
    if (!log->file_failed) {
        log->file_failed = true;
        if (log->console)
            fprintf(stderr, "warning: log-file-lost: %s\n", failure.text);
        log_event_source_write(log->source, LOG_FILE_LOST, LOG_WARNING, failure.text);
    }
}

/* One event is one line: what is not printable becomes a space. */
static void flatten(char *message)
{
    for (char *at = message; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7F)
            *at = ' ';
}

/* At most `length`, so that the start of `message` of that length cuts no UTF-8 sequence. */
static size_t whole_length(const char *message, size_t length)
{
    while (length > 0 && ((unsigned char)message[length] & 0xC0) == 0x80)
        length--;
    return length;
}

void log_write(broker_log *log, log_event event, const char *format, ...)
{
    static const char *const words[] = {"info", "warning", "error"};
    static const char cut[] = " … (cut)";
    if (!log)
        return;
    char message[LOG_LINE_MAX];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(message, sizeof message, format, values);
    va_end(values);
    if (length < 0)
        snprintf(message, sizeof message, "(a message that could not be formatted)");
    else if ((size_t)length >= sizeof message)
        memcpy(message + whole_length(message, sizeof message - sizeof cut), cut, sizeof cut);
    flatten(message);
    log_severity severity = log_severity_of(event);
    if (log->console && event == LOG_CONFIG_REFUSED)
        fprintf(stderr, "%s\n", message); /* as `shmbroker check` prints it: editors know this form */
    else if (log->console && severity != LOG_INFO)
        fprintf(stderr, "%s: %s\n", words[severity], message);
    log_event_source_write(log->source, event, severity, message);
    if (log->file)
        write_to_file(log, words[severity], log_name_of(event), message);
}

void log_close(broker_log *log)
{
    if (!log)
        return;
    log_file_close(log->file);
    log_event_source_close(log->source);
    free(log);
}
