/* Entering a private namespace; see private_region_win32.h. */
#include "private_region_win32.h"

#include "private_win32.h"
#include "text_win32.h"

#include <windows.h>

#include <stdio.h>
#include <string.h>

static shmb_status explain(const catalog_region *found, DWORD error, shmb_message *message)
{
    char text[SHMB_ERROR_TEXT_BYTES];
    shmb_error_text(error, text);
    if (error == ERROR_CALL_NOT_IMPLEMENTED) {
        shmb_message_set(
            message,
            "it is in a private namespace, and this system has none: declare it with `namespace: global`");
        return SHMB_SYSTEM_ERROR;
    }
    if (error == ERROR_PATH_NOT_FOUND || error == ERROR_FILE_NOT_FOUND) {
        shmb_message_set(
            message,
            "there is no private namespace of %s, %s: it went with the broker that made it; start "
            "the broker",
            found->boundary, text);
        return SHMB_NO_BROKER;
    }
    if (error != ERROR_ACCESS_DENIED) {
        shmb_message_set(message, "the private namespace of %s cannot be opened: %s", found->boundary, text);
        return shmb_status_of_error(error);
    }
    shmb_message_set(
        message,
        "it is in a private namespace that this account may not enter, %s: only members of all of %s may; "
        "add the account there, or change the region's namespace.private.boundary",
        text, found->boundary);
    return SHMB_ACCESS_DENIED;
}

/* The region's name behind an alias that nothing else in this process uses: aliases belong to processes, and other code
   here may have opened the same namespace. */
static bool rename_object(const char *object_name, wchar_t alias[SHMB_ALIAS_BYTES], wchar_t *renamed,
                          size_t units)
{
    static volatile LONG last_alias;
    char text[SHMB_ALIAS_BYTES + SHMB_TEXT_MAX_BYTES + 1], own[SHMB_ALIAS_BYTES];
    snprintf(own, sizeof own, "ShmBroker.%lu", (unsigned long)InterlockedIncrement(&last_alias));
    snprintf(text, sizeof text, "%s%s", own, strchr(object_name, '\\'));
    return shmb_widen(own, alias, SHMB_ALIAS_BYTES) && shmb_widen(text, renamed, units);
}

shmb_status shmb_enter_private(const catalog_region *found, void **space, wchar_t *object_name, size_t units,
                               shmb_message *message)
{
    shmb_boundary boundary;
    char text[SHMB_ALIAS_BYTES];
    wchar_t name[SHMB_ALIAS_BYTES], alias[SHMB_ALIAS_BYTES];
    *space = NULL;
    if (!shmb_boundary_alias(found->object_name, text, sizeof text) ||
        !shmb_boundary_parse(found->boundary, &boundary) || !shmb_widen(text, name, SHMB_ALIAS_BYTES) ||
        !rename_object(found->object_name, alias, object_name, units)) {
        shmb_message_set(message,
                         "the broker's catalog has no sound boundary for its private namespace: restart the "
                         "broker");
        return SHMB_CORRUPT;
    }
    HANDLE made = shmb_boundary_make(name, &boundary);
    *space = made != NULL ? shmb_private_open(made, alias) : NULL;
    DWORD error = GetLastError();
    shmb_boundary_free(made);
    return *space != NULL ? SHMB_OK : explain(found, error, message);
}

void shmb_leave_private(void *space)
{
    shmb_private_close(space);
}
