/* The log's lines as events of the Windows Event Log. See log_targets.h; the texts are installer/messages.mc.
 */
#include "log_targets.h"
#include "support_win32.h"

#include <stdlib.h>

log_event_source *log_event_source_open(const char *name)
{
    wchar_t *wide = win32_wide(name);
    HANDLE source = wide ? RegisterEventSourceW(NULL, wide) : NULL;
    free(wide);
    return (log_event_source *)source;
}

/* The full id has the severity in its top bits, as the message compiler gives it. */
static DWORD event_id(log_event event, log_severity severity)
{
    static const DWORD severities[] = {0x40000000u, 0x80000000u, 0xC0000000u};
    return severities[severity] | (DWORD)event;
}

void log_event_source_write(log_event_source *source, log_event event, log_severity severity,
                            const char *message)
{
    static const WORD types[] = {EVENTLOG_INFORMATION_TYPE, EVENTLOG_WARNING_TYPE, EVENTLOG_ERROR_TYPE};
    wchar_t *wide = source ? win32_wide(message) : NULL;
    const wchar_t *strings[] = {wide};
    if (wide)
        ReportEventW((HANDLE)source, types[severity], 0, event_id(event, severity), NULL, 1, 0, strings,
                     NULL);
    free(wide);
}

void log_event_source_close(log_event_source *source)
{
    if (source)
        DeregisterEventSource((HANDLE)source);
}
