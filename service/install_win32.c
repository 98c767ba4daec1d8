/*
 * `shmbroker install` and `uninstall`. Installing again updates what is there. What the platform refuses
 * beyond the service itself (an older Windows, Wine) is a warning: the service works without it, with fewer
 * protections.
 */
#include "account_right_win32.h"
#include "control_win32.h"
#include "exchange_win32.h"
#include "grace_win32.h"
#include "reading.h"
#include "status_sources.h"

#include <shellapi.h>
#include <stdlib.h>
#include <wchar.h>

#define DESCRIPTION                                                                                          \
    L"Owns the named shared memory regions that its configuration declares, so that programs of "            \
    L"different sessions and accounts can exchange data through them."
#define LOCK_MEMORY      L"SeLockMemoryPrivilege" /* what large pages need: "Lock pages in memory" */
#define DELETION_MS      5000u
#define DELETION_POLL_MS 50u
#define EVENT_SOURCES    L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\"

/* ---- The service's own configuration ----------------------------------------------------------- */

/* What the service manager runs. Each path is quoted: an unquoted one with a space lets others slip in a
   program. */
static wchar_t *command_of(const char *config, const char *instance)
{
    wchar_t *wide = win32_program_path();
    char *path = wide ? win32_utf8(wide) : NULL;
    free(wide);
    if (!path)
        return NULL;
    text line = {0};
    text_append(&line, "\"%s\" service", path);
    if (config)
        text_append(&line, " --config \"%s\"", config);
    if (*instance)
        text_append(&line, " --instance %s", instance);
    free(path);
    char *whole = text_take(&line);
    wchar_t *command = whole ? win32_wide(whole) : NULL;
    free(whole);
    return command;
}

static int create_or_update(control *c, const wchar_t *command, const wchar_t *account,
                            const wchar_t *display, bool *created)
{
    *created = !c->service;
    if (c->service) {
        if (!ChangeServiceConfigW(c->service, SERVICE_WIN32_OWN_PROCESS, SERVICE_AUTO_START,
                                  SERVICE_ERROR_NORMAL, command, NULL, NULL, NULL, account, NULL, display))
            return control_failed(c, "update the service", GetLastError());
        return EXIT_OK;
    }
    c->service =
        CreateServiceW(c->manager, c->wide_name, display, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
                       SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, command, NULL, NULL, NULL, account, NULL);
    if (!c->service)
        return control_failed(c, "create the service", GetLastError());
    return EXIT_OK;
}

static int create_or_update_named(control *c, const char *config, const char *instance, bool *created)
{
    wchar_t *command = command_of(config, instance);
    char *account = text_make("NT SERVICE\\%s", c->name);
    char *display =
        *instance ? text_make("%s (%s)", NAMES_DISPLAY, instance) : text_make("%s", NAMES_DISPLAY);
    wchar_t *wide_account = account ? win32_wide(account) : NULL;
    wchar_t *wide_display = display ? win32_wide(display) : NULL;
    int code = EXIT_FAILED;
    if (command && wide_account && wide_display)
        code = create_or_update(c, command, wide_account, wide_display, created);
    else
        fputs("error: cannot install: out of memory; close other programs\n", stderr);
    free(wide_display);
    free(wide_account);
    free(display);
    free(account);
    free(command);
    return code;
}

static void set_extra(const control *c, DWORD level, void *info, const char *what)
{
    platform_failure failure;
    if (ChangeServiceConfig2W(c->service, level, info))
        return;
    win32_fail(&failure, GetLastError(), "this system refuses %s for %s", what, c->name);
    fprintf(stderr, "warning: %s; the service works without\n", failure.text);
}

static void set_extras(const control *c, bool lock_memory)
{
    wchar_t description[] = DESCRIPTION;
    wchar_t few[] = L"SeChangeNotifyPrivilege\0SeCreateGlobalPrivilege\0";
    wchar_t more[] = L"SeChangeNotifyPrivilege\0SeCreateGlobalPrivilege\0" LOCK_MEMORY L"\0";
    SC_ACTION actions[] = {{SC_ACTION_RESTART, 1000}, {SC_ACTION_RESTART, 5000}, {SC_ACTION_RESTART, 30000}};
    SERVICE_DESCRIPTIONW describe = {description};
    SERVICE_SID_INFO sid = {SERVICE_SID_TYPE_UNRESTRICTED};
    SERVICE_REQUIRED_PRIVILEGES_INFOW require = {lock_memory ? more : few};
    SERVICE_FAILURE_ACTIONSW failure = {.dwResetPeriod = 86400, .cActions = 3, .lpsaActions = actions};
    SERVICE_PRESHUTDOWN_INFO preshutdown = {GRACE_PRESHUTDOWN_MS};
    set_extra(c, SERVICE_CONFIG_DESCRIPTION, &describe, "a description");
    set_extra(c, SERVICE_CONFIG_SERVICE_SID_INFO, &sid, "a service SID");
    set_extra(c, SERVICE_CONFIG_REQUIRED_PRIVILEGES_INFO, &require, "a list of required privileges");
    set_extra(c, SERVICE_CONFIG_FAILURE_ACTIONS, &failure, "restarting after a crash");
    set_extra(c, SERVICE_CONFIG_PRESHUTDOWN_INFO, &preshutdown, "time before a shutdown");
}

/* ---- The Event Log source ---------------------------------------------------------------------- */

static wchar_t *event_source_key(const control *c)
{
    size_t size = wcslen(EVENT_SOURCES) + wcslen(c->wide_name) + 1;
    wchar_t *key = malloc(size * sizeof *key);
    if (key) {
        wmemcpy(key, EVENT_SOURCES, wcslen(EVENT_SOURCES) + 1);
        wcscat(key, c->wide_name);
    }
    return key;
}

static void register_events(const control *c)
{
    const DWORD types = EVENTLOG_ERROR_TYPE | EVENTLOG_WARNING_TYPE | EVENTLOG_INFORMATION_TYPE;
    HKEY key = NULL;
    wchar_t *name = event_source_key(c), *dll = win32_beside_program(TEXT(NAMES_EVENTS_DLL));
    LSTATUS error = ERROR_OUTOFMEMORY;
    if (name && dll && GetFileAttributesW(dll) == INVALID_FILE_ATTRIBUTES)
        fprintf(stderr,
                "warning: %s does not stand beside this program; the Event Log will show events without "
                "their texts\n",
                NAMES_EVENTS_DLL);
    if (name && dll)
        error = RegCreateKeyExW(HKEY_LOCAL_MACHINE, name, 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);
    if (error == ERROR_SUCCESS)
        error = RegSetValueExW(key, L"EventMessageFile", 0, REG_EXPAND_SZ, (const BYTE *)dll,
                               (DWORD)((wcslen(dll) + 1) * sizeof *dll));
    if (error == ERROR_SUCCESS)
        error = RegSetValueExW(key, L"TypesSupported", 0, REG_DWORD, (const BYTE *)&types, sizeof types);
    if (error != ERROR_SUCCESS) {
        platform_failure failure;
        win32_fail(&failure, (DWORD)error, "cannot register %s with the Event Log", c->name);
        fprintf(stderr, "warning: %s; events will show without their texts\n", failure.text);
    }
    if (key)
        RegCloseKey(key);
    free(dll);
    free(name);
}

static void unregister_events(const control *c)
{
    wchar_t *name = event_source_key(c);
    if (name)
        RegDeleteTreeW(HKEY_LOCAL_MACHINE, name); /* absent is as good as deleted */
    free(name);
}

/* ---- install ----------------------------------------------------------------------------------- */

static bool asks_for_large_pages(const config_model *model)
{
    bool asks = false;
    for (size_t i = 0; model && i < model->region_count; i++)
        asks = asks || model->regions[i].large_pages != CONFIG_LARGE_PAGES_NO;
    return asks;
}

/* What `install` finds out about the configuration. */
typedef struct inspection {
    bool will_do; /* the service will start with it */
    bool large_pages;
} inspection;

/* A configuration that is not right yet does not keep the service from being installed; saying so now helps. */
static inspection inspect_config(const char *path, const char *instance)
{
    static config_diagnostics diagnostics;
    platform_failure failure;
    guard g;
    config_model *model = NULL;
    config_diagnostics_init(&diagnostics, path);
    const reading what = {&g, path, path, platform_resolver(), false};
    if (guard_begin(&g, instance, &failure)) {
        guard_as_service(&g);
        model = reading_load(&what, &diagnostics, &failure);
    }
    inspection found = {model && !guard_refuses(&g, &(platform_failure){0}), asks_for_large_pages(model)};
    guard_print(&g, stderr);
    guard_end(&g);
    config_diagnostics_print(&diagnostics, stderr, platform_shows_colour(stderr));
    if (!model && diagnostics.errors == 0)
        fprintf(stderr, "warning: %s; the service will not start without a configuration\n", failure.text);
    else if (!model)
        fputs("warning: the service will not start until the configuration is corrected\n", stderr);
    config_model_free(model);
    config_diagnostics_free(&diagnostics);
    return found;
}

/* The service manager starts no service that requires a privilege which its account has not got: so it is required only
   when it could be granted. */
static bool grant_lock_memory(const control *c)
{
    platform_failure failure;
    char sid[CONFIG_SID_TEXT];
    if (platform_service_sid(c->name, sid, &failure) && win32_right_grant(sid, LOCK_MEMORY, &failure))
        return true;
    fprintf(stderr,
            "warning: %s; regions with `large_pages: prefer` get ordinary pages, those with `require` fail, "
            "until an "
            "administrator gives NT SERVICE\\%s \"Lock pages in memory\"\n",
            failure.text, c->name);
    return false;
}

static int find_places(const command_options *options, platform_folders *folders, char config[PLATFORM_PATH])
{
    platform_failure failure;
    if (platform_folders_find(options->instance, folders, &failure) &&
        platform_path_absolute(options->config ? options->config : folders->config, config, &failure))
        return EXIT_OK;
    fprintf(stderr, "error: %s\n", failure.text);
    return EXIT_FAILED;
}

static int create_folders(const control *c, const platform_folders *folders)
{
    platform_failure failure;
    char sid[CONFIG_SID_TEXT];
    const access_identity identity = {sid, sid};
    if (platform_service_sid(c->name, sid, &failure) &&
        platform_folders_create(folders, &identity, true, &failure))
        return EXIT_OK;
    fprintf(stderr, "error: %s\n", failure.text);
    return failure.code == ERROR_ACCESS_DENIED ? EXIT_ACCESS_DENIED : EXIT_FAILED;
}

/* A machine starts with the configuration that came with the program. One that is there stays as it is. */
static void copy_default_config(const char *config)
{
    platform_failure failure;
    wchar_t *from = win32_beside_program(TEXT(NAMES_DEFAULT)), *to = win32_wide(config);
    if (from && to && GetFileAttributesW(from) != INVALID_FILE_ATTRIBUTES && !CopyFileW(from, to, TRUE) &&
        GetLastError() != ERROR_FILE_EXISTS) {
        win32_fail(&failure, GetLastError(), "cannot copy %s to %s", NAMES_DEFAULT, config);
        fprintf(stderr, "warning: %s\n", failure.text);
    }
    free(to);
    free(from);
}

/* A running service makes way only for one that will start. */
static int make_way(const control *c, const char *config, exchange *running)
{
    wchar_t *program = win32_program_path();
    int code = program ? exchange_find(c, program, running)
                       : control_failed(c, "find out where this program stands", ERROR_OUTOFMEMORY);
    free(program);
    if (code != EXIT_OK || !running->needed)
        return code;
    if (inspect_config(config, c->instance).will_do)
        return exchange_stop(c, running);
    fprintf(stderr,
            "error: nothing is changed: version %s goes on, for this one would not start with %s; "
            "`shmbroker check` shows what is to be corrected\n",
            running->version, config);
    return EXIT_BAD_USAGE;
}

static int configure(control *c, const command_options *options, const char *config, const exchange *running)
{
    bool created = false;
    int code = create_or_update_named(c, options->config ? config : NULL, options->instance, &created);
    if (code != EXIT_OK)
        return code;
    copy_default_config(config);
    inspection found = inspect_config(config, options->instance);
    set_extras(c, found.large_pages && grant_lock_memory(c));
    register_events(c);
    printf("%s is %s, with %s; %s\n", c->name, created ? "installed" : "updated", config,
           running->stopped ? "it starts now, and with each boot"
           : found.will_do && strcmp(status_service_state(options->instance), "running") == 0
               ? "it runs, and goes on with what it was started with"
           : found.will_do ? "`shmbroker start` starts it, and so does the next boot"
                           : "it will not start until that file is corrected: `shmbroker check` shows how");
    return EXIT_OK;
}

int command_install(const command_options *options)
{
    control c;
    platform_folders folders;
    char config[PLATFORM_PATH];
    exchange running = {0};
    int code = control_open(&c, options->instance, SC_MANAGER_CONNECT | SC_MANAGER_CREATE_SERVICE,
                            SERVICE_ALL_ACCESS);
    if (code == EXIT_OK)
        code = find_places(options, &folders, config);
    if (code == EXIT_OK)
        code = create_folders(&c, &folders);
    if (code == EXIT_OK)
        code = make_way(&c, config, &running);
    if (code == EXIT_OK)
        code = configure(&c, options, config, &running);
    code = exchange_start(&c, &running, code);
    exchange_free(&running);
    control_close(&c);
    return code;
}

/* ---- uninstall --------------------------------------------------------------------------------- */

/* A deleted service goes when its last handle is closed, also those of other programs, such as the Services window. */
static bool wait_until_gone(control *c)
{
    CloseServiceHandle(c->service);
    c->service = NULL;
    for (ULONGLONG end = GetTickCount64() + DELETION_MS; GetTickCount64() < end; Sleep(DELETION_POLL_MS)) {
        SC_HANDLE still = OpenServiceW(c->manager, c->wide_name, SERVICE_QUERY_STATUS);
        if (!still)
            return GetLastError() == ERROR_SERVICE_DOES_NOT_EXIST;
        CloseServiceHandle(still);
    }
    return false;
}

/* Nobody is left who could use it. Its being granted is rare, so a failure is not worth a word. */
static void revoke_lock_memory(const control *c)
{
    platform_failure ignored;
    char sid[CONFIG_SID_TEXT];
    if (platform_service_sid(c->name, sid, &ignored))
        win32_right_revoke(sid, LOCK_MEMORY, &ignored);
}

static int stop_and_delete(control *c)
{
    bool was_running;
    int code = control_stop(c, false, &was_running);
    if (code != EXIT_OK)
        return code;
    if (!DeleteService(c->service) && GetLastError() != ERROR_SERVICE_MARKED_FOR_DELETE)
        return control_failed(c, "delete the service", GetLastError());
    unregister_events(c);
    revoke_lock_memory(c);
    if (!wait_until_gone(c))
        fprintf(stderr,
                "warning: %s disappears when the last program that looks at it (the Services window?) is "
                "closed; until "
                "then it cannot be installed again\n",
                c->name);
    return EXIT_OK;
}

/* Takes the place of the instance's broker, so that none runs in a console meanwhile, with its files open. */
static bool claim_instance(const control *c, const char *instance, platform_claim **claim,
                           platform_failure *failure)
{
    char name[NAMES_TEXT], sid[CONFIG_SID_TEXT];
    const access_identity identity = {sid, sid};
    *claim = NULL;
    names_claim(instance, name);
    if (!platform_service_sid(c->name, sid, failure))
        return false;
    char *sddl = access_compile_claim(&identity);
    bool claimed = sddl ? platform_claim_take(name, sddl, claim, failure)
                        : win32_fail(failure, ERROR_OUTOFMEMORY, "cannot remove the data");
    free(sddl);
    return claimed;
}

static int remove_data(const control *c, const command_options *options)
{
    platform_folders folders;
    platform_failure failure;
    platform_claim *claim = NULL;
    char left[PLATFORM_PATH];
    bool ok = platform_folders_find(options->instance, &folders, &failure) &&
              claim_instance(c, options->instance, &claim, &failure) &&
              platform_folders_remove(&folders, left, &failure);
    platform_claim_release(claim);
    if (ok && *left)
        printf("%s stays: it has the configuration and data of other instances\n", left);
    if (ok)
        return EXIT_OK;
    fprintf(stderr, "error: %s\n", failure.text);
    return failure.code == ERROR_ACCESS_DENIED ? EXIT_ACCESS_DENIED : EXIT_FAILED;
}

int command_uninstall(const command_options *options)
{
    control c;
    int code =
        control_open(&c, options->instance, SC_MANAGER_CONNECT, SERVICE_STOP | SERVICE_QUERY_STATUS | DELETE);
    bool installed = code == EXIT_OK && c.service, left;
    if (installed)
        code = stop_and_delete(&c);
    if (code == EXIT_OK)
        code = control_let_go(options->instance, &left);
    if (code == EXIT_OK && options->remove_data)
        code = remove_data(&c, options);
    if (code == EXIT_OK)
        printf("%s is %s; its configuration and data are %s\n", c.name,
               installed ? "uninstalled" : "not installed", options->remove_data ? "removed" : "kept");
    control_close(&c);
    return code;
}
