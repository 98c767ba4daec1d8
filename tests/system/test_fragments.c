/* What products drop into conf.d beside the configuration, with the broker as a service. */
#include "checks.h"

#include "account.h"
#include "region.h"
#include "service.h"

#include <cjson/cJSON.h>
#include <string.h>

#define MAIN_FILE                                                                                            \
    "version: 1\n"                                                                                           \
    "include: [conf.d/*.yaml]\n"                                                                             \
    "roles: { operators: [Users] }\n"                                                                        \
    "defaults: { access: { read: [operators], write: [Administrators] } }\n"                                 \
    "regions:\n"                                                                                             \
    "  %s: { size: 64 KiB }\n"

/* Two regions, the second with a role of the fragment's own. */
#define FRAGMENT                                                                                             \
    "version: 1\n"                                                                                           \
    "roles: { acme: ['NT SERVICE\\Acme', Administrators] }\n"                                                \
    "regions:\n"                                                                                             \
    "  %s: { size: 4 KiB }\n"                                                                                \
    "  %s.Own:\n"                                                                                            \
    "    size: 8 KiB\n"                                                                                      \
    "    access: { read: [operators], write: [acme] }\n"

/* Runs a command of shmbroker.exe for the instance; it must end with `code`. */
static process *command(const test_broker *b, const char *what, int code)
{
    process *p = process_run("shmbroker.exe", "%s --instance %s", what, b->instance);
    if (process_wait(p) != code)
        support_fail("`shmbroker %s` ended with exit code %d instead of %d:\n%s%s", what, process_wait(p),
                     code, process_output(p), process_errors(p));
    return p;
}

static const char *fragment_of(const test_broker *b, const char *name)
{
    return support_text("%s\\conf.d\\%s", b->home, name);
}

static void write_text(const char *path, const char *text)
{
    support_write_file(path, text, strlen(text));
}

/* An installed service whose configuration, in its own folder, declares `name` and includes conf.d. */
static test_broker *install(const char *name)
{
    if (!account_is_administrator())
        SKIP("installing a service needs an administrator");
    test_broker *b = broker_prepare(BROKER_HEAD "  %s: { size: 4 KiB }\n", name);
    service_remove_on_cleanup(support_text("ShmBroker$%s", b->instance));
    command(b, "install", 0);
    b->config = support_text("%s\\shmbroker.yaml", b->home);
    write_text(b->config, support_text(MAIN_FILE, name));
    return b;
}

static void the_service_serves_them_and_status_shows_them(void **state)
{
    (void)state;
    const char *name = support_unique("Main"), *other = support_unique("Acme");
    test_broker *b = install(name);
    assert_true(support_file_exists(support_text("%s\\conf.d", b->home))); /* install has made it */
    write_text(fragment_of(b, "acme.yaml"), support_text(FRAGMENT, other, other));
    command(b, "start", 0);
    shmb_detach(region_attach(b, name, SHMB_ACCESS_WRITE));
    shmb_detach(region_attach(b, other, SHMB_ACCESS_WRITE));
    shmb_detach(region_attach(b, support_text("%s.Own", other), SHMB_ACCESS_WRITE));
    const char *status = process_output(command(b, "status", 0));
    assert_contains(status, support_text("ready        64 KiB  %s", name));
    assert_contains(status, support_text("ready         4 KiB  %s", other));
    assert_contains(status, support_text("ready         8 KiB  %s.Own", other));
    command(b, "uninstall", 0);
    assert_true(support_file_exists(fragment_of(b, "acme.yaml"))); /* it stays with the configuration */
    command(b, "uninstall --remove-data", 0);
    assert_false(support_file_exists(b->home));
}

static void explain_names_their_file_and_line(void **state)
{
    (void)state;
    const char *name = support_unique("Main"), *other = support_unique("Acme");
    test_broker *b = install(name);
    const char *path = fragment_of(b, "acme.yaml");
    write_text(path, support_text(FRAGMENT, other, other));
    command(b, "start", 0);
    const char *question = support_text("explain %s.Own --user \"NT SERVICE\\Other\" --access write", other);
    const char *printed = process_output(command(b, question, 3));
    assert_contains(printed, "the object exists, with exactly these entries");
    assert_contains(printed, support_text("declared %s:5:3\n", path));
    assert_contains(printed,
                    support_text("write: acme, %s:7:42, a role with Administrators, %s:2:36\n", path, path));
    assert_contains(printed,
                    support_text("read: operators, %s:7:22, a role with Users, %s:3:22\n", path, b->config));
    assert_contains(printed, support_text("To allow it, in %s (the region is declared in line 5)", path));
    /* Its access comes from the main file's defaults. */
    printed = process_output(command(b, support_text("explain %s --user Users", other), 0));
    assert_contains(printed, support_text("declared %s:4:3\n", path));
    assert_contains(printed, support_text("read: operators, %s:4:30, a role with Users, %s:3:22\n", b->config,
                                          b->config));
}

static void check_tells_which_file_declares_a_region(void **state)
{
    (void)state;
    const char *name = support_unique("Main"), *other = support_unique("Acme");
    test_broker *b = install(name);
    const char *path = fragment_of(b, "acme.yaml");
    write_text(path, support_text(FRAGMENT, other, other));
    const char *check = support_text("check \"%s\"", b->config);
    const char *printed = process_output(command(b, check, 0));
    assert_contains(printed, support_text("declared %s:6:3\n", b->config));
    assert_contains(printed, support_text("declared %s:5:3\n", path));
    cJSON *root = cJSON_Parse(process_output(command(b, support_text("%s --json", check), 0)));
    const cJSON *region = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "regions"), 1);
    const char *file = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(region, "declared_in"));
    assert_contains(file ? file : "nothing", path);
    cJSON_Delete(root);
}

static void a_name_declared_twice_keeps_the_service_from_starting_and_both_places_are_told(void **state)
{
    (void)state;
    const char *name = support_unique("Twice");
    test_broker *b = install(name);
    write_text(fragment_of(b, "acme.yaml"), support_text(FRAGMENT, name, name));
    const char *errors = process_errors(command(b, "start", 2));
    assert_contains(errors, support_text("%s:4:3: error: regions.%s:", fragment_of(b, "acme.yaml"), name));
    assert_contains(errors, support_text("%s:6:3", b->config));
}

static void one_that_everybody_may_change_keeps_the_service_from_starting(void **state)
{
    (void)state;
    const char *name = support_unique("Main"), *other = support_unique("Acme");
    test_broker *b = install(name);
    const char *path = fragment_of(b, "acme.yaml");
    write_text(path, support_text(FRAGMENT, other, other));
    account_set_rights(path, "D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;WD)");
    const char *errors = process_errors(command(b, "start", 2));
    assert_contains(errors, path);
    assert_contains(errors, "S-1-1-0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(the_service_serves_them_and_status_shows_them),
        SYSTEM_TEST(explain_names_their_file_and_line),
        SYSTEM_TEST(check_tells_which_file_declares_a_region),
        SYSTEM_TEST(a_name_declared_twice_keeps_the_service_from_starting_and_both_places_are_told),
        SYSTEM_TEST(one_that_everybody_may_change_keeps_the_service_from_starting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
