/* `install` over a running service. See exchange_win32.h. */
#include "exchange_win32.h"

#include "keepers_left_win32.h"
#include "status_sources.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define CONFIG_BYTES 8192u /* the most that QueryServiceConfig gives */

static void find_version(const char *instance, exchange *e)
{
    platform_failure ignored;
    status_catalog opened = {0};
    bool known = status_catalog_open(instance, &opened, &ignored);
    snprintf(e->version, sizeof e->version, "%.*s", (int)sizeof e->version - 1,
             known ? opened.info.broker_version : "unknown");
    status_catalog_close(&opened);
}

/* Whether the command line `command`, as `install` writes it, runs `program`. */
static bool runs_program(const wchar_t *command, const wchar_t *program)
{
    const size_t length = wcslen(program);
    return command[0] == L'"' && _wcsnicmp(command + 1, program, length) == 0 && command[1 + length] == L'"';
}

static wchar_t *copy_of(const wchar_t *command)
{
    const size_t count = wcslen(command) + 1;
    wchar_t *copy = malloc(count * sizeof *copy);
    if (copy)
        wmemcpy(copy, command, count);
    return copy;
}

int exchange_find(const control *c, const wchar_t *program, exchange *e)
{
    DWORD needed;
    SERVICE_STATUS status = {0};
    int code = EXIT_OK;
    memset(e, 0, sizeof *e);
    if (!c->service)
        return EXIT_OK;
    QUERY_SERVICE_CONFIGW *config = calloc(1, CONFIG_BYTES);
    if (!config || !QueryServiceStatus(c->service, &status) ||
        !QueryServiceConfigW(c->service, config, CONFIG_BYTES, &needed))
        code = control_failed(c, "ask the service what it runs", config ? GetLastError() : ERROR_OUTOFMEMORY);
    const wchar_t *command = config ? config->lpBinaryPathName : NULL;
    if (code == EXIT_OK && command && status.dwCurrentState != SERVICE_STOPPED) {
        find_version(c->instance, e);
        e->needed = !runs_program(command, program) || strcmp(e->version, broker_version()) != 0;
        e->command = copy_of(command);
        if (!e->command)
            code = control_failed(c, "keep what the service runs", ERROR_OUTOFMEMORY);
    }
    free(config);
    return code;
}

int exchange_stop(const control *c, exchange *e)
{
    platform_failure ignored;
    unsigned keepers = 0;
    int code = control_stop(c, true, &e->stopped);
    if (code != EXIT_OK) {
        e->stopped = false;
        fprintf(stderr,
                "error: nothing is changed: version %s goes on; when what its regions hold need not be kept, "
                "`shmbroker "
                "stop` first, then install again\n",
                e->version);
        return code;
    }
    e->kept = win32_keepers_count(c->instance, &keepers, &ignored) && keepers > 0;
    return EXIT_OK;
}

/* What was registered before runs again, with what its keeper has. */
static void put_back(const control *c, const exchange *e)
{
    if (!ChangeServiceConfigW(c->service, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, e->command,
                              NULL, NULL, NULL, NULL, NULL, NULL))
        control_failed(c, "register the earlier program again", GetLastError());
    else if (control_start(c) == EXIT_OK)
        fprintf(stderr,
                "error: version %s is not installed: version %s is back, and goes on with its regions\n",
                broker_version(), e->version);
}

int exchange_start(const control *c, const exchange *e, int code)
{
    if (!e->stopped)
        return code;
    if (code == EXIT_OK)
        code = control_start(c);
    if (code != EXIT_OK) {
        put_back(c, e);
        return code;
    }
    printf("version %s has made way for version %s; %s\n", e->version, broker_version(),
           e->kept ? "its regions have kept what they held, but for those that are declared otherwise now"
                   : "nothing of its regions could be kept");
    return EXIT_OK;
}

void exchange_free(exchange *e)
{
    free(e->command);
    memset(e, 0, sizeof *e);
}
