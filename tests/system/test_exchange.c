/*
 * `shmbroker install` over a service that runs: two builds of the program, of different versions and in different folders,
 * under the real service manager.
 */
#include "checks.h"

#include "account.h"
#include "region.h"
#include "service.h"

#include <string.h>

#define NEXT "99.0.0" /* next_version.c */

/* A service of the version as it is, that runs, and a folder with the next one. */
typedef struct machine {
    test_broker *broker;
    const char *region;
    const char *program; /* of the next version */
    DWORD process;
} machine;

static const char *service_name(const machine *m)
{
    return support_text("ShmBroker$%s", m->broker->instance);
}

static SERVICE_STATUS_PROCESS status_of(const machine *m)
{
    DWORD needed;
    SERVICE_STATUS_PROCESS status;
    SC_HANDLE service = service_open(service_name(m));
    assert_non_null(service);
    assert_true(
        QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, sizeof status, &needed));
    CloseServiceHandle(service);
    return status;
}

static const char *image_of(const machine *m)
{
    static union {
        QUERY_SERVICE_CONFIGW config;
        BYTE bytes[8192];
    } buffer;
    DWORD needed;
    SC_HANDLE service = service_open(service_name(m));
    assert_non_null(service);
    assert_true(QueryServiceConfigW(service, &buffer.config, sizeof buffer, &needed));
    CloseServiceHandle(service);
    return support_utf8(buffer.config.lpBinaryPathName);
}

static process *command(const machine *m, const char *program, const char *what, int code)
{
    process *p = process_run(program, "%s --instance %s", what, m->broker->instance);
    if (process_wait(p) != code)
        support_fail("`%s %s` ended with exit code %d instead of %d:\n%s%s", program, what, process_wait(p),
                     code, process_output(p), process_errors(p));
    return p;
}

static const char *copy_program(const char *from, const char *folder, const char *name)
{
    const char *to = support_text("%s\\%s", folder, name);
    assert_true(CopyFileW(support_wide(support_program(from)), support_wide(to), FALSE));
    return to;
}

static machine prepare(const char *first)
{
    if (!account_is_administrator())
        SKIP("installing a service needs an administrator");
    machine m = {.region = support_unique("Kept")};
    const char *folder = support_guarded_folder();
    m.broker = broker_prepare(BROKER_HEAD "  %s: { size: 4 KiB }\n", m.region);
    service_remove_on_cleanup(service_name(&m));
    m.program = copy_program("shmbroker-next.exe", folder, "shmbroker.exe");
    copy_program("shmbroker-keeper.exe", folder, "shmbroker-keeper.exe");
    command(&m, first, support_text("install --config \"%s\"", m.broker->config), 0);
    command(&m, first, "start", 0);
    m.process = status_of(&m).dwProcessId;
    return m;
}

/* Nobody has it open afterwards but the broker and its keeper. */
static void put(const machine *m, const char *bytes)
{
    shmb_region *region = region_attach(m->broker, m->region, SHMB_ACCESS_WRITE);
    memcpy(shmb_data(region), bytes, strlen(bytes) + 1);
    shmb_detach(region);
}

static void assert_has(const machine *m, const char *bytes)
{
    shmb_region *region = region_attach(m->broker, m->region, SHMB_ACCESS_READ);
    assert_string_equal(shmb_data(region), bytes);
    shmb_detach(region);
}

static void assert_runs_version(const machine *m, const char *version)
{
    process *status = broker_status(m->broker, "");
    assert_int_equal(process_wait(status), 0);
    assert_contains(process_output(status), support_text("running, version %s", version));
}

/* The earlier one is as it was. */
static void assert_untouched(const machine *m)
{
    assert_int_equal(status_of(m).dwProcessId, m->process);
    assert_runs_version(m, SHMBROKER_VERSION);
    assert_contains(image_of(m), support_program("shmbroker.exe"));
}

static const char *install_line(const machine *m)
{
    return support_text("install --config \"%s\"", m->broker->config);
}

static void the_next_version_goes_on_with_what_the_regions_hold(void **state)
{
    (void)state;
    machine m = prepare("shmbroker.exe");
    put(&m, "before");
    process *install = command(&m, m.program, install_line(&m), 0);
    assert_contains(process_output(install), "version " SHMBROKER_VERSION " has made way for version " NEXT);
    assert_contains(process_output(install), "have kept what they held");
    assert_runs_version(&m, NEXT);
    assert_contains(image_of(&m), m.program);
    assert_has(&m, "before");
    install = command(&m, "shmbroker.exe", install_line(&m), 0); /* and back */
    assert_contains(process_output(install), "version " NEXT " has made way for version " SHMBROKER_VERSION);
    assert_has(&m, "before");
    command(&m, "shmbroker.exe", "stop", 0);
}

static void programs_that_have_a_region_open_notice_nothing(void **state)
{
    (void)state;
    machine m = prepare("shmbroker.exe");
    shmb_region *held = region_attach(m.broker, m.region, SHMB_ACCESS_WRITE);
    command(&m, m.program, install_line(&m), 0);
    memcpy(shmb_data(held), "written by one who was there before",
           sizeof "written by one who was there before");
    assert_has(&m, "written by one who was there before");
    shmb_detach(held);
    command(&m, m.program, "stop", 0);
}

static void a_configuration_that_is_not_good_changes_nothing(void **state)
{
    (void)state;
    machine m = prepare("shmbroker.exe");
    put(&m, "before");
    const char *bad = "version: 1\nregions: 7\n";
    support_write_file(m.broker->config, bad, strlen(bad));
    process *install = command(&m, m.program, install_line(&m), 2);
    assert_contains(process_errors(install), "nothing is changed: version " SHMBROKER_VERSION " goes on");
    assert_untouched(&m);
    assert_has(&m, "before");
    command(&m, "shmbroker.exe", "stop", 0);
}

static void the_same_version_leaves_the_running_one_alone(void **state)
{
    (void)state;
    machine m = prepare("shmbroker.exe");
    process *install = command(&m, "shmbroker.exe", install_line(&m), 0);
    assert_contains(process_output(install), "updated");
    assert_untouched(&m);
    command(&m, "shmbroker.exe", "stop", 0);
}

/* Its configuration is free of errors, and asks for more memory than any machine has. */
static void one_that_does_not_start_makes_way_for_the_earlier_again(void **state)
{
    (void)state;
    machine m = prepare("shmbroker.exe");
    put(&m, "before");
    const char *folder = support_guarded_folder(), *config = support_text("%s\\large.yaml", folder);
    const char *large =
        support_text(BROKER_HEAD "  %s: { size: 4 KiB }\n  Large: { size: 64 TiB }\n", m.region);
    support_write_file(config, large, strlen(large));
    process *install = command(&m, m.program, support_text("install --config \"%s\"", config), 1);
    assert_contains(process_errors(install), "version " SHMBROKER_VERSION " is back");
    assert_runs_version(&m, SHMBROKER_VERSION);
    assert_contains(image_of(&m), m.broker->config);
    assert_has(&m, "before");
    command(&m, "shmbroker.exe", "stop", 0);
}

/* Beside this one there is no keeper's program. */
static void one_that_cannot_keep_its_regions_is_not_stopped(void **state)
{
    (void)state;
    const char *folder = support_guarded_folder();
    machine m = prepare(copy_program("shmbroker.exe", folder, "shmbroker.exe"));
    put(&m, "before");
    process *install = command(&m, m.program, install_line(&m), 1);
    assert_contains(process_errors(install), "nothing is changed: version " SHMBROKER_VERSION " goes on");
    assert_int_equal(status_of(&m).dwProcessId, m.process);
    assert_has(&m, "before");
    command(&m, m.program, "stop", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(the_next_version_goes_on_with_what_the_regions_hold),
        SYSTEM_TEST(programs_that_have_a_region_open_notice_nothing),
        SYSTEM_TEST(a_configuration_that_is_not_good_changes_nothing),
        SYSTEM_TEST(the_same_version_leaves_the_running_one_alone),
        SYSTEM_TEST(one_that_does_not_start_makes_way_for_the_earlier_again),
        SYSTEM_TEST(one_that_cannot_keep_its_regions_is_not_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
