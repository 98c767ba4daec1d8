/*
 * Attaching to regions; shmb.h is the contract.
 *
 * attach: check the request, then try until it succeeds, fails for good, or time is up. One try: find the
 * region in the catalog, open its section with the least rights, map the view, and see that the catalog still
 * says the same.
 *
 * Order of the file: views, opening, attaching, using and letting go.
 */
#include "broker_win32.h"
#include "open_parts_win32.h"
#include "private_region_win32.h"
#include "region.h"
#include "request.h"
#include "shmb.h"
#include "text_win32.h"

#include <windows.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CHANGES     16u /* times that a region may change under one try */
#define LONGEST_PAUSE   50u /* milliseconds between tries */
#define INSTANCE_VALUE  L"SHMBROKER_INSTANCE"
#define INSTANCE_BUFFER (SHMB_INSTANCE_MAX + 2) /* so that one character too many is seen */

/* What is mapped: a region that the catalog has, or a section that somebody gave. */
typedef struct view_source {
    HANDLE section;
    uint64_t region_size;
    uint32_t flags;
    uint64_t restored;
    const char *note;
    shmb_geometry geometry;
    uint64_t max_size; /* 0: it does not grow */
    const char *name;  /* NULL: a handle has none */
    const shmb_open_part
        *parts; /* SHMB_PART_COUNT of them, taken over as the section is; NULL: there are none */
} view_source;

/* ---- One view ---------------------------------------------------------------------------------- */

#ifndef FILE_MAP_LARGE_PAGES
#define FILE_MAP_LARGE_PAGES 0x20000000
#endif

static void *map_range(HANDLE section, DWORD access, const shmb_range *range)
{
    return MapViewOfFile(section, access, (DWORD)(range->map_offset >> 32), (DWORD)range->map_offset,
                         range->map_bytes);
}

/* Since Windows 10 1703 a section of large pages is mapped with small ones unless they are asked for, from large page to
   large page. Where that fails, the small ones do. */
static void *map_large(const view_source *source, DWORD access, shmb_range *range)
{
    shmb_range large;
    if ((source->flags & SHMB_FLAG_LARGE_PAGES) == 0 ||
        !shmb_range_widen(range, GetLargePageMinimum(), &large))
        return NULL;
    void *mapping = map_range(source->section, access | FILE_MAP_LARGE_PAGES, &large);
    if (mapping != NULL)
        *range = large;
    return mapping;
}

static void free_region(shmb_region *view)
{
    shmb_hold_release(view->hold);
    free(view->name);
    free(view->note);
    free(view);
}

/* NULL for none. False: out of memory. */
static bool copy_text(const char *from, char **copy)
{
    *copy = NULL;
    if (from == NULL || from[0] == '\0')
        return true;
    size_t bytes = strlen(from) + 1;
    *copy = malloc(bytes);
    if (*copy != NULL)
        memcpy(*copy, from, bytes);
    return *copy != NULL;
}

static shmb_region *new_region(const view_source *source)
{
    shmb_region *view = calloc(1, sizeof *view);
    if (view == NULL)
        return NULL;
    view->section = source->section;
    view->region_size = source->region_size;
    view->flags = source->flags;
    view->restored = source->restored;
    view->geometry = source->geometry;
    view->max_size = source->max_size;
    if (source->parts != NULL)
        memcpy(view->parts, source->parts, sizeof view->parts);
    if (copy_text(source->note, &view->note) && copy_text(source->name, &view->name))
        return view;
    free_region(view);
    return NULL;
}

/* Takes the section over when it succeeds. */
static shmb_status map_view(const view_source *source, const shmb_request *request, shmb_region **region,
                            shmb_message *message)
{
    shmb_range range;
    DWORD access = request->write ? FILE_MAP_READ | FILE_MAP_WRITE : FILE_MAP_READ;
    shmb_status status = shmb_request_range(request, source->region_size, &range, message);
    if (status == SHMB_OK && source->max_size != 0 && request->length == 0) /* room to grow into */
        status = shmb_request_range(request, source->max_size, &range, message);
    if (status != SHMB_OK)
        return status;
    shmb_region *view = new_region(source);
    if (view == NULL) {
        shmb_message_set(message, "there is no memory left");
        return SHMB_NO_MEMORY;
    }
    view->mapping = map_large(source, access, &range);
    if (view->mapping == NULL)
        view->mapping = map_range(source->section, access, &range);
    if (view->mapping == NULL) {
        DWORD error = GetLastError();
        char text[SHMB_ERROR_TEXT_BYTES];
        shmb_message_set(message, "%" PRIu64 " bytes at offset %" PRIu64 " cannot be mapped, %s%s",
                         range.length, request->offset, shmb_error_text(error, text),
                         error == ERROR_ACCESS_DENIED
                             ? ": the section is smaller than it should be, or its handle "
                               "lacks the right to be mapped so"
                             : "");
        free_region(view);
        return shmb_status_of_error(error);
    }
    view->data = (uint8_t *)view->mapping + range.skip;
    view->size = range.length;
    view->offset = request->offset;
    view->to_the_end = request->length == 0;
    view->writes = request->write;
    *region = view;
    return SHMB_OK;
}

/* ---- Opening ----------------------------------------------------------------------------------- */

static shmb_status explain_missing(const char *instance, const catalog_region *found, shmb_message *message)
{
    if (shmb_broker_is_dead(instance)) {
        shmb_message_set(message, "the broker's process is gone, and the region with it: start the broker");
        return SHMB_NO_BROKER;
    }
    bool local = strncmp(found->object_name, "Local\\", strlen("Local\\")) == 0;
    shmb_message_set(
        message, "there is no section %s, although the broker has published it: %s", found->object_name,
        local ? "it is local to the broker's session and this process runs in another; declare it with "
                "`namespace: global`"
              : "restart the broker");
    return SHMB_SYSTEM_ERROR;
}

static shmb_status explain_open(const char *instance, const shmb_request *request,
                                const catalog_region *found, DWORD error, shmb_message *message)
{
    char text[SHMB_ERROR_TEXT_BYTES];
    if (error == ERROR_FILE_NOT_FOUND)
        return explain_missing(instance, found, message);
    if (error == ERROR_ACCESS_DENIED) {
        shmb_message_set(
            message,
            "this account may not %s it, %s: the section %s is open to those whom the region's `access` "
            "names; add the account there",
            request->write ? "write" : "read", shmb_error_text(error, text), found->object_name);
        return SHMB_ACCESS_DENIED;
    }
    shmb_message_set(message, "the section %s cannot be opened: %s", found->object_name,
                     shmb_error_text(error, text));
    return shmb_status_of_error(error);
}

/* The region's section as this process can open it; a private namespace is to be left again. */
static shmb_status name_section(const catalog_region *found, HANDLE *space,
                                wchar_t name[SHMB_TEXT_MAX_BYTES + 1], shmb_message *message)
{
    *space = NULL;
    if ((found->flags & SHMB_FLAG_PRIVATE) != 0)
        return shmb_enter_private(found, space, name, SHMB_TEXT_MAX_BYTES + 1, message);
    if (shmb_widen(found->object_name, name, SHMB_TEXT_MAX_BYTES + 1))
        return SHMB_OK;
    shmb_message_set(message, "the object name in the broker's catalog is not UTF-8: restart the broker");
    return SHMB_CORRUPT;
}

/* The section, and the parts beside it; nothing is open when it fails. */
static shmb_status open_objects(const char *instance, const shmb_request *request,
                                const catalog_region *found, HANDLE *section,
                                shmb_open_part parts[SHMB_PART_COUNT], shmb_message *message)
{
    wchar_t name[SHMB_TEXT_MAX_BYTES + 1];
    HANDLE space;
    *section = NULL;
    shmb_status status = name_section(found, &space, name, message);
    if (status != SHMB_OK)
        return status;
    *section = OpenFileMappingW(request->write ? FILE_MAP_READ | FILE_MAP_WRITE : FILE_MAP_READ, FALSE, name);
    if (*section == NULL)
        status = explain_open(instance, request, found, GetLastError(), message);
    else
        status = shmb_parts_open(found, name, request->write, parts, message);
    if (status != SHMB_OK && *section != NULL) {
        CloseHandle(*section);
        *section = NULL;
    }
    shmb_leave_private(space);
    return status;
}

static shmb_status open_view(const char *instance, const shmb_request *request, const catalog_region *found,
                             shmb_region **region, shmb_message *message)
{
    shmb_open_part parts[SHMB_PART_COUNT] = {{NULL, NULL}};
    HANDLE section;
    shmb_status status = open_objects(instance, request, found, &section, parts, message);
    if (status != SHMB_OK)
        return status;

    const view_source source = {
        section,         found->size, found->flags,
        found->restored, found->note, {found->kind, found->messages, found->item_size},
        found->max_size, found->name, parts};
    status = map_view(&source, request, region, message);
    if (status == SHMB_OK)
        return SHMB_OK;
    shmb_parts_close(parts);
    CloseHandle(section);
    /* The right was given with the handle, so what was refused is the size. */
    return status == SHMB_ACCESS_DENIED ? SHMB_SYSTEM_ERROR : status;
}

/* ---- Attaching --------------------------------------------------------------------------------- */

/* Whether the region is what the caller takes it for. */
static shmb_status judge_kind(const shmb_request *request, uint32_t kind, shmb_message *message)
{
    if (request->kind != 0 && request->kind != kind) {
        shmb_message_set(message,
                         "its kind is %s, and options.kind asks for %s: attach to another region, or have it "
                         "declared with `kind: %s`",
                         shmb_kind_name(kind), shmb_kind_name(request->kind), shmb_kind_name(request->kind));
        return SHMB_WRONG_KIND;
    }
    if (kind != SHMB_KIND_RAW && (request->offset != 0 || request->length != 0)) {
        shmb_message_set(message, "a %s is attached to as a whole: leave options.offset and options.length 0",
                         shmb_kind_name(kind));
        return SHMB_INVALID_ARGUMENT;
    }
    return SHMB_OK;
}

/* Where the region's life can be looked at. `region` is NULL when it could not be attached. */
static void keep_place(shmb_region *region, const catalog_region *found, shmb_hold *hold)
{
    if (region == NULL) {
        shmb_hold_release(hold);
        return;
    }
    region->hold = hold;
    region->entry_offset = found->entry_offset;
    region->generation = found->generation;
}

/* One try. What was opened counts only when the catalog says the same afterwards: a region may be replaced
   between the two looks, and then the view would be of an object that nobody else sees. */
static shmb_status attach_now(const char *instance, const char *name, const shmb_request *request,
                              shmb_region **region, shmb_message *message)
{
    for (uint32_t i = 0; i < MAX_CHANGES; i++) {
        catalog_region found;
        shmb_status status =
            shmb_broker_find(instance, name, request->session, request->without_broker, &found, message);
        if (status == SHMB_OK)
            status = judge_kind(request, found.kind, message);
        if (status != SHMB_OK)
            return status;
        status = open_view(instance, request, &found, region, message);
        shmb_hold *hold;
        if (shmb_broker_keeps(instance, &found, &hold)) {
            keep_place(*region, &found, hold);
            return status;
        }
        shmb_detach(*region);
        *region = NULL;
    }
    shmb_message_set(message, "the region is being changed all the time");
    return SHMB_TIMED_OUT;
}

/* Can waiting help? */
static bool may_pass(shmb_status status)
{
    return status == SHMB_NO_BROKER || status == SHMB_NOT_DECLARED || status == SHMB_TIMED_OUT;
}

static shmb_status attach_waiting(const char *instance, const char *name, const shmb_request *request,
                                  shmb_region **region, shmb_message *message)
{
    ULONGLONG start = GetTickCount64();
    DWORD pause = 1;
    for (;;) {
        shmb_status status = attach_now(instance, name, request, region, message);
        if (!may_pass(status))
            return status;
        if (request->timeout_ms == SHMB_NO_WAIT) {
            shmb_message_add(message, "; options.timeout_ms would wait for it");
            return status;
        }
        ULONGLONG waited = GetTickCount64() - start;
        if (request->timeout_ms != SHMB_INFINITE && waited >= request->timeout_ms) {
            shmb_message_add(message, " (waited %" PRIu32 " ms)", request->timeout_ms);
            return SHMB_TIMED_OUT;
        }
        if (request->timeout_ms != SHMB_INFINITE && pause > request->timeout_ms - waited)
            pause = (DWORD)(request->timeout_ms - waited);
        Sleep(pause);
        pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
    }
}

/* The instance that the caller names, else the environment, else the default one. */
static shmb_status resolve_instance(const char *given, char instance[INSTANCE_BUFFER], shmb_message *message)
{
    wchar_t value[INSTANCE_BUFFER];
    instance[0] = '\0';
    if (given != NULL) {
        shmb_status status = shmb_check_instance(given, message);
        if (status == SHMB_OK)
            memcpy(instance, given, strlen(given) + 1);
        return status;
    }
    DWORD units = GetEnvironmentVariableW(INSTANCE_VALUE, value, ARRAYSIZE(value));
    if (units == 0)
        return SHMB_OK;
    /* What does not fit, or is no Unicode, is no instance's name: let the check say so. */
    if (units >= ARRAYSIZE(value) || !shmb_narrow(value, instance, INSTANCE_BUFFER))
        memcpy(instance, "?", 2);
    return shmb_check_instance(instance, message);
}

shmb_status shmb_attach(const char *name, const shmb_attach_options *options, shmb_region **region)
{
    shmb_request request;
    shmb_message message;
    char instance[INSTANCE_BUFFER];
    if (region != NULL)
        *region = NULL;
    shmb_status status = shmb_request_read(options, &request, &message);
    if (status != SHMB_OK)
        return status;
    if (region == NULL) {
        shmb_message_set(&message, "there is no place for the region: pass the address of a pointer");
        return SHMB_INVALID_ARGUMENT;
    }
    status = shmb_check_name(name, &message);
    if (status == SHMB_OK)
        status = resolve_instance(request.instance, instance, &message);
    if (status != SHMB_OK)
        return status;

    shmb_message_prefix(&message, "cannot attach to \"%s\": ", name);
    status = attach_waiting(instance, name, &request, region, &message);
    if (status == SHMB_OK)
        shmb_message_clear(&message);
    return status;
}

/* A handle of the region's own, with the least rights. */
static shmb_status duplicate(HANDLE section, const shmb_request *request, HANDLE *own, shmb_message *message)
{
    HANDLE process = GetCurrentProcess();
    DWORD access = request->write ? FILE_MAP_READ | FILE_MAP_WRITE : FILE_MAP_READ;
    if (DuplicateHandle(process, section, process, own, access, FALSE, 0))
        return SHMB_OK;
    DWORD error = GetLastError();
    char text[SHMB_ERROR_TEXT_BYTES];
    shmb_message_set(message, "the handle %p cannot be duplicated for %s, %s: %s", section,
                     request->write ? "writing" : "reading", shmb_error_text(error, text),
                     error == ERROR_INVALID_HANDLE ? "it is no handle of this process; was it inherited?"
                                                   : "does it have the right that is asked for?");
    *own = NULL;
    return error == ERROR_INVALID_HANDLE ? SHMB_INVALID_ARGUMENT : shmb_status_of_error(error);
}

shmb_status shmb_attach_handle(void *section, uint64_t region_size, const shmb_attach_options *options,
                               shmb_region **region)
{
    shmb_request request;
    shmb_message message;
    HANDLE own = NULL;
    if (region != NULL)
        *region = NULL;
    shmb_status status = shmb_request_read(options, &request, &message);
    if (status != SHMB_OK)
        return status;
    /* -1 is what GetCurrentProcess gives, and INVALID_HANDLE_VALUE: a section's handle is neither. */
    if (region == NULL || section == NULL || section == INVALID_HANDLE_VALUE || region_size == 0) {
        shmb_message_set(&message,
                         "a section's handle, the region's size in bytes and the address of a pointer are "
                         "needed: one of them is missing");
        return SHMB_INVALID_ARGUMENT;
    }
    shmb_message_prefix(&message, "cannot attach to the section of handle %p: ", section);
    status = judge_kind(&request, SHMB_KIND_RAW, &message); /* a handle has no parts beside it */
    if (status == SHMB_OK)
        status = duplicate(section, &request, &own, &message);
    if (status == SHMB_OK) {
        const view_source source = {own, region_size, 0,   0, "", {SHMB_KIND_RAW, 0, region_size},
                                    0,   NULL,        NULL};
        status = map_view(&source, &request, region, &message);
    }
    if (status != SHMB_OK && own != NULL)
        CloseHandle(own);
    if (status == SHMB_OK)
        shmb_message_clear(&message);
    return status;
}

/* ---- Using and letting go ---------------------------------------------------------------------- */

void *shmb_region_use(shmb_region *region, shmb_use use, void *(*make)(shmb_region *region),
                      void (*end)(void *state))
{
    shmb_kept_use *kept = &region->uses[use];
    void *state = InterlockedCompareExchangePointer(&kept->state, NULL, NULL);
    if (state != NULL)
        return state;
    void *made = make(region);
    if (made == NULL)
        return NULL;
    kept->end = end; /* the same from every thread, and read at the detach alone */
    state = InterlockedCompareExchangePointer(&kept->state, made, NULL);
    if (state == NULL)
        return made;
    end(made);
    return state;
}

void shmb_detach(shmb_region *region)
{
    if (region == NULL)
        return;
    for (unsigned use = SHMB_USE_COUNT; use > 0; use--)
        if (region->uses[use - 1].state != NULL)
            region->uses[use - 1].end(region->uses[use - 1].state);
    shmb_parts_close(region->parts);
    UnmapViewOfFile(region->mapping);
    CloseHandle(region->section);
    free_region(region);
}

void *shmb_data(const shmb_region *region)
{
    return region != NULL ? region->data : NULL;
}

uint32_t shmb_region_kind(const shmb_region *region)
{
    return region != NULL ? region->geometry.kind : 0;
}

uint64_t shmb_region_item_size(const shmb_region *region)
{
    return region != NULL && region->geometry.kind != SHMB_KIND_RAW ? region->geometry.item_size : 0;
}

uint32_t shmb_region_messages(const shmb_region *region)
{
    return region != NULL ? region->geometry.messages : 0;
}

uint32_t shmb_region_flags(const shmb_region *region)
{
    return region != NULL ? region->flags : 0;
}

uint64_t shmb_region_restored(const shmb_region *region)
{
    return region != NULL ? region->restored : 0;
}

const char *shmb_region_note(const shmb_region *region)
{
    return region != NULL && region->note != NULL ? region->note : "";
}

void *shmb_handle(const shmb_region *region)
{
    return region != NULL ? region->section : NULL;
}
