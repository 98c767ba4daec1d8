/* Private namespaces of the broker. See private_namespace_win32.h. */
#include "private_namespace_win32.h"

#include "adopt_win32.h"
#include "names.h"
#include "private_win32.h"

#include <sddl.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ATTEMPTS 3 /* at a namespace that goes away between two looks */

/* Rights on the directory (Microsoft's names without DIRECTORY_): members of the boundary may look and pass, so that
   none of them puts an object of his in the way. */
#define SPACE_RIGHTS_ALL  0xF000Fu
#define SPACE_RIGHTS_PASS 0x20003u /* READ_CONTROL, QUERY, TRAVERSE */

/* Those that are open, until the process ends, in the order in which they were entered. */
struct private_space {
    private_space *next;
    HANDLE handle;
    char alias[NAMES_TEXT];
};

static private_space *spaces;
static private_space **last = &spaces;

const private_space *win32_private_next(const private_space *space)
{
    return space ? space->next : spaces;
}

HANDLE win32_private_handle(const private_space *space)
{
    return space->handle;
}

static bool is_entered(const char *alias)
{
    const private_space *space = spaces;
    while (space && strcmp(space->alias, alias) != 0)
        space = space->next;
    return space != NULL;
}

/* The kernel lets nobody make or open a namespace who lacks a SID of its boundary; this tells which one. */
static bool is_member(const shmb_boundary *boundary, platform_failure *failure)
{
    for (uint32_t i = 0; i < boundary->count; i++) {
        PSID sid = NULL;
        BOOL member = FALSE;
        char account[1024];
        if (!ConvertStringSidToSidA(boundary->sids[i], &sid))
            return win32_fail(failure, GetLastError(), "cannot use %s in a boundary", boundary->sids[i]);
        if (!CheckTokenMembership(NULL, sid, &member))
            member = FALSE;
        win32_account_text(sid, account, sizeof account);
        LocalFree(sid);
        if (!member)
            return win32_fail_advise(
                failure, 0,
                "name groups in namespace.private.boundary that the broker's account is in, such as Users or "
                "NT AUTHORITY\\SERVICE (NT SERVICE\\ShmBroker is no administrator)",
                "the broker is not in the boundary itself: its account is not a member of %.300s, and only "
                "members "
                "of all that a boundary names can make a private namespace",
                account);
    }
    return true;
}

static char *space_sddl(const shmb_boundary *boundary, platform_failure *failure)
{
    char owner[CONFIG_SID_TEXT];
    text sddl = {0};
    if (!platform_owner_sid(owner, failure))
        return NULL;
    text_append(&sddl, "O:%sG:%sD:P(A;;0x%x;;;%s)", owner, owner, SPACE_RIGHTS_ALL, owner);
    for (uint32_t i = 0; i < boundary->count; i++)
        if (strcmp(boundary->sids[i], owner) != 0)
            text_append(&sddl, "(A;;0x%x;;;%s)", SPACE_RIGHTS_PASS, boundary->sids[i]);
    char *whole = text_take(&sddl);
    if (!whole)
        win32_fail(failure, ERROR_OUTOFMEMORY, "cannot secure a private namespace");
    return whole;
}

/* The handle of one that exists, when it is an earlier broker's. */
static HANDLE reopen(HANDLE boundary, const wchar_t *alias, PSECURITY_DESCRIPTOR descriptor, DWORD *error)
{
    HANDLE space = shmb_private_open(boundary, alias);
    *error = space ? 0 : GetLastError();
    if (space && !win32_is_secured_as(space, descriptor)) {
        shmb_private_close(space);
        space = NULL;
        *error = ERROR_ALREADY_EXISTS;
    }
    return space;
}

static HANDLE make_or_open(HANDLE boundary, const char *alias, PSECURITY_DESCRIPTOR descriptor,
                           platform_failure *failure)
{
    SECURITY_ATTRIBUTES security = {sizeof security, descriptor, FALSE};
    wchar_t *wide = win32_wide(alias);
    HANDLE space = NULL;
    DWORD error = wide ? ERROR_PATH_NOT_FOUND : ERROR_OUTOFMEMORY;
    for (int i = 0; wide && !space && error == ERROR_PATH_NOT_FOUND && i < MOST_ATTEMPTS; i++) {
        space = shmb_private_make(boundary, &security, wide);
        error = space ? 0 : GetLastError();
        if (error == ERROR_ALREADY_EXISTS)
            space = reopen(boundary, wide, descriptor, &error);
    }
    free(wide);
    if (!space && error == ERROR_ALREADY_EXISTS)
        win32_fail_advise(failure, error, "find and end the program that made it, then restart the broker",
                          "the private namespace %s is somebody else's", alias);
    else if (!space)
        win32_fail(failure, error, "cannot make the private namespace %s", alias);
    return space;
}

static HANDLE enter(const char *alias, const shmb_boundary *boundary, platform_failure *failure)
{
    wchar_t *name = win32_wide(alias);
    HANDLE made = name ? shmb_boundary_make(name, boundary) : NULL, space = NULL;
    DWORD error = GetLastError();
    PSECURITY_DESCRIPTOR descriptor = NULL;
    char *sddl = NULL;
    if (!made) {
        win32_fail_advise(failure, error, "declare the region with `namespace: global` or `local` here",
                          "this system has no private namespaces");
        goto cleanup;
    }
    sddl = space_sddl(boundary, failure);
    descriptor = sddl ? win32_descriptor(sddl, failure) : NULL;
    if (descriptor)
        space = make_or_open(made, alias, descriptor, failure);
cleanup:
    LocalFree(descriptor);
    free(sddl);
    shmb_boundary_free(made);
    free(name);
    return space;
}

bool win32_private_enter(const char *object_name, const char *boundary, platform_failure *failure)
{
    static shmb_boundary parsed; /* large for a service's stack; calls come from one thread */
    char alias[NAMES_TEXT];
    if (!shmb_boundary_alias(object_name, alias, sizeof alias) || strlen(boundary) > SHMB_TEXT_MAX_BYTES ||
        !shmb_boundary_parse(boundary, &parsed))
        return win32_fail_advise(
            failure, 0, "name fewer accounts, a group instead of its members",
            "a boundary has 1 to %u accounts, whose SIDs together take at most %u characters",
            SHMB_BOUNDARY_MAX_SIDS, SHMB_TEXT_MAX_BYTES);
    if (is_entered(alias))
        return true;
    if (!is_member(&parsed, failure))
        return false;
    private_space *space = calloc(1, sizeof *space);
    if (!space)
        return win32_fail(failure, ERROR_OUTOFMEMORY, "cannot keep the private namespace %s", alias);
    memcpy(space->alias, alias, sizeof alias);
    space->handle = enter(alias, &parsed, failure);
    if (!space->handle) {
        free(space);
        return false;
    }
    *last = space;
    last = &space->next;
    return true;
}
