/* Opening the parts of a region. See open_parts_win32.h. */
#include "open_parts_win32.h"

#include "text_win32.h"

#include <windows.h>

#include <string.h>

#define MUTEX_TAKE (SYNCHRONIZE | MUTEX_MODIFY_STATE | READ_CONTROL)
#define EVENT_ALL  (SYNCHRONIZE | EVENT_MODIFY_STATE)

static bool is_of_lock(shmb_part part)
{
    return part == SHMB_PART_LOCK || part == SHMB_PART_LOCK_GATE || part == SHMB_PART_LOCK_WAKE;
}

static bool is_of_signal(shmb_part part)
{
    return part == SHMB_PART_WAITERS || part == SHMB_PART_WAKE_EVEN || part == SHMB_PART_WAKE_ODD ||
           part == SHMB_PART_SIGNAL;
}

/* Whether this attachment uses the part at all. */
static bool is_wanted(const catalog_region *found, shmb_part part, bool write)
{
    return write || is_of_signal(part) || (is_of_lock(part) && found->kind == SHMB_KIND_RAW);
}

/* Whether it is this account's own affair that it may not use it: a raw region's lock is not for all who write it. */
static bool may_be_denied(const catalog_region *found, shmb_part part, bool write)
{
    return !write && is_of_lock(part) && found->kind == SHMB_KIND_RAW;
}

/* `PREFIX\NAME` becomes `PREFIX\ShmBroker.Region.NAME.PART`; kinds/parts.c has the same for UTF-8. False: too long. */
static bool part_name(const wchar_t *object_name, shmb_part part, wchar_t name[SHMB_PART_NAME_BYTES])
{
    static const wchar_t before[] = L"ShmBroker.Region.";
    const wchar_t *end = wcsrchr(object_name, L'\\');
    const char *word = shmb_part_word(part);
    size_t prefix = end != NULL ? (size_t)(end - object_name) + 1 : 0;
    size_t rest = wcslen(object_name) - prefix, used = 0;
    if (prefix == 0 || prefix + rest + ARRAYSIZE(before) + strlen(word) + 1 > SHMB_PART_NAME_BYTES)
        return false;
    wmemcpy(name, object_name, prefix);
    wmemcpy(name + prefix, before, ARRAYSIZE(before) - 1);
    used = prefix + ARRAYSIZE(before) - 1;
    wmemcpy(name + used, object_name + prefix, rest);
    used += rest;
    name[used++] = L'.';
    for (; *word != '\0'; word++)
        name[used++] = (wchar_t)*word;
    name[used] = L'\0';
    return true;
}

/* Opens one; false with the last error. */
static bool open_part(shmb_part part, const wchar_t *name, bool write, shmb_open_part *opened)
{
    bool reads_only = part == SHMB_PART_SIGNAL && !write;
    DWORD view = reads_only ? FILE_MAP_READ : FILE_MAP_READ | FILE_MAP_WRITE;
    switch (shmb_part_object_of(part)) {
    case SHMB_PART_MUTEX:
        opened->handle = OpenMutexW(MUTEX_TAKE, FALSE, name);
        break;
    case SHMB_PART_EVENT:
        opened->handle = OpenEventW(EVENT_ALL, FALSE, name);
        break;
    case SHMB_PART_BELL:
        opened->handle = OpenEventW(write ? EVENT_ALL : SYNCHRONIZE, FALSE, name);
        break;
    default:
        opened->handle = OpenFileMappingW(view | READ_CONTROL, FALSE, name);
        if (opened->handle != NULL)
            opened->word = MapViewOfFile(opened->handle, view, 0, 0, SHMB_PART_BYTES);
        return opened->handle != NULL && opened->word != NULL;
    }
    return opened->handle != NULL;
}

static shmb_status explain(shmb_part part, DWORD error, shmb_message *message)
{
    char text[SHMB_ERROR_TEXT_BYTES];
    shmb_error_text(error, text);
    if (error == ERROR_ACCESS_DENIED) {
        shmb_message_set(
            message,
            "this account may not use the region's %s, %s, although it may use the region: the rights "
            "of one of the two were changed by hand; reload the broker's configuration",
            shmb_part_word(part), text);
        return SHMB_ACCESS_DENIED;
    }
    if (error == ERROR_FILE_NOT_FOUND) {
        shmb_message_set(message,
                         "the region's %s is not there, although the region is: the broker was killed, and "
                         "what kept it, too; start the broker",
                         shmb_part_word(part));
        return SHMB_SYSTEM_ERROR;
    }
    shmb_message_set(message, "the region's %s cannot be opened: %s", shmb_part_word(part), text);
    return shmb_status_of_error(error);
}

static void close_part(shmb_open_part *part)
{
    if (part->word != NULL)
        UnmapViewOfFile(part->word);
    if (part->handle != NULL)
        CloseHandle(part->handle);
    part->word = NULL;
    part->handle = NULL;
}

shmb_status shmb_parts_open(const catalog_region *found, const wchar_t *object_name, bool write,
                            shmb_open_part parts[SHMB_PART_COUNT], shmb_message *message)
{
    wchar_t name[SHMB_PART_NAME_BYTES];
    shmb_part_set set = shmb_parts_of(found->kind, found->flags);
    for (unsigned i = 0; set >> i != 0; i++) {
        shmb_part part = (shmb_part)i;
        if ((set >> i & 1) == 0 || !is_wanted(found, part, write))
            continue;
        if (!part_name(object_name, part, name)) {
            shmb_parts_close(parts);
            shmb_message_set(message,
                             "the object name in the broker's catalog is too long: restart the broker");
            return SHMB_CORRUPT;
        }
        if (open_part(part, name, write, &parts[i]))
            continue;
        DWORD error = GetLastError();
        close_part(&parts[i]);
        if (error == ERROR_ACCESS_DENIED && may_be_denied(found, part, write))
            continue;
        shmb_parts_close(parts);
        return explain(part, error, message);
    }
    return SHMB_OK;
}

void shmb_parts_close(shmb_open_part parts[SHMB_PART_COUNT])
{
    for (unsigned i = SHMB_PART_COUNT; i > 0; i--)
        close_part(&parts[i - 1]);
}
