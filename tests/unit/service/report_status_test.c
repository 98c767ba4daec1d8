/* report_status.c: what `status` prints, as text and as JSON read back. */
#include "catalog_testing.h"

#include "json_testing.h"
#include "report.h"
#include "streams.h"

static test_memory memory;
static catalog published;
static report_status status;

static void publish(const char *name, const catalog_publication *publication)
{
    catalog_place place;
    uint64_t generation;
    platform_failure failure;
    assert_true(catalog_place_of(&published, name, &place, &generation, &failure));
    assert_true(catalog_publish(&published, place, publication, &failure));
}

static int new_catalog(void **state)
{
    (void)state;
    memory = test_memory_make(1u << 20);
    const catalog_memory given = {memory.base, memory.reserved, test_commit, &memory};
    const catalog_publisher publisher = {.version = "0.1.0",
                                         .instance = "plant2",
                                         .pid = 4711,
                                         .started = 134143775991230000u, /* 2026-01-31T23:59:59.123Z */
                                         .heartbeat_period = 500};
    platform_failure failure;
    if (!catalog_start(&published, &given, false, &publisher, &failure))
        return -1;
    catalog_set_state(&published, SHMB_BROKER_RUNNING);
    publish("Telemetry", &(catalog_publication){.state = SHMB_REGION_READY,
                                                .size = 65536,
                                                .generation = 3,
                                                .object_name = "Global\\Telemetry",
                                                .description = "wheel data"});
    publish("Granted",
            &(catalog_publication){.state = SHMB_REGION_READY,
                                   .size = 2u << 20,
                                   .generation = 1,
                                   .flags = SHMB_FLAG_LARGE_PAGES | SHMB_FLAG_NUMA | SHMB_FLAG_PRIVATE,
                                   .object_name = "ShmBroker.Private.0\\Granted",
                                   .boundary = "S-1-5-32-544 S-1-5-32-545",
                                   .note = "its pages are not present: the machine is small"});
    publish("Gone", &(catalog_publication){.state = SHMB_REGION_RETIRED, .size = 1});
    publish("Recipes", &(catalog_publication){.state = SHMB_REGION_BROKEN,
                                              .size = 9007199254740993 % (1ull << 47),
                                              .flags = SHMB_FLAG_FILE_BACKED,
                                              .object_name = "Global\\Recipes",
                                              .reason = "the disk is \"full\""});
    publish("Soon", &(catalog_publication){.state = SHMB_REGION_PENDING, .size = 4096});
    status = (report_status){
        .instance = "plant2", .service_state = "running", .alive = true, .view = test_view(&memory)};
    return catalog_read_info(&status.view, &status.broker) == CATALOG_OK ? 0 : -1;
}

static int free_catalog(void **state)
{
    (void)state;
    free(memory.base);
    return 0;
}

static char *text_of(void)
{
    FILE *stream = streams_open();
    assert_true(report_status_text(stream, &status));
    return streams_close(stream);
}

static cJSON *json_of(void)
{
    FILE *stream = streams_open();
    assert_true(report_status_json(stream, &status));
    char *printed = streams_close(stream);
    cJSON *root = cJSON_Parse(printed);
    assert_non_null(root);
    free(printed);
    return root;
}

static void text_shows_the_broker_and_what_is_declared(void **state)
{
    (void)state;
    char *printed = text_of();
    assert_string_equal(
        printed, "instance  plant2\n"
                 "service   running\n"
                 "broker    running, version 0.1.0, process 4711, since 2026-01-31T23:59:59Z\n"
                 "\n"
                 "state          size  region\n"
                 "ready        64 KiB  Telemetry  - wheel data\n"
                 "ready         2 MiB  Granted\n"
                 "                     made in large pages, on its NUMA node, in a private namespace\n"
                 "                     for members of MACHINE\\S-1-5-32-544 and of MACHINE\\S-1-5-32-545\n"
                 "                     but its pages are not present: the machine is small\n"
                 "failed          1 B  Recipes\n"
                 "                     because the disk is \"full\"\n"
                 "pending       4 KiB  Soon\n");
    free(printed);
}

static void text_shows_one_region_even_a_retired_one(void **state)
{
    (void)state;
    status.only = "Gone";
    char *printed = text_of();
    assert_non_null(strstr(printed, "retired         1 B  Gone"));
    assert_null(strstr(printed, "Telemetry"));
    free(printed);
    status.only = "Unknown";
    printed = text_of();
    assert_null(strstr(printed, "Unknown"));
    free(printed);
}

static void an_instance_is_shown_with_its_session(void **state)
{
    (void)state;
    publish("Own\\3", &(catalog_publication){.state = SHMB_REGION_READY,
                                             .size = 4096,
                                             .generation = 1,
                                             .flags = SHMB_FLAG_SESSION,
                                             .object_name = "Global\\ShmBroker.Session.3.Own"});
    publish("Own\\4", &(catalog_publication){.state = SHMB_REGION_RETIRED});
    assert_int_equal(catalog_read_info(&status.view, &status.broker), CATALOG_OK);
    status.only = "Own";
    char *printed = text_of();
    assert_non_null(strstr(printed, "ready         4 KiB  Own (session 3)\n"));
    assert_null(strstr(printed, "session 4"));
    free(printed);
    cJSON *root = json_of();
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(root, "regions");
    assert_int_equal(cJSON_GetArraySize(array), 1);
    assert_string_equal(string_of(cJSON_GetArrayItem(array, 0), "name"), "Own");
    assert_true(number_of(cJSON_GetArrayItem(array, 0), "session") == 3);
    cJSON_Delete(root);
}

static void text_says_why_there_is_no_broker(void **state)
{
    (void)state;
    status = (report_status){
        .instance = "", .service_state = "not installed", .why_not = "there is no catalog; start it"};
    char *printed = text_of();
    assert_string_equal(printed, "instance  (default)\n"
                                 "service   not installed: `shmbroker install` installs it, `shmbroker run` "
                                 "serves without\n"
                                 "broker    not running: there is no catalog; start it\n");
    free(printed);
}

static void assert_granted(const cJSON *granted)
{
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(granted, "large_pages")));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(granted, "on_numa_node")));
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(granted, "prefetched")));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(granted, "private")));
    assert_string_equal(string_of(granted, "boundary"), "S-1-5-32-544 S-1-5-32-545");
    assert_string_equal(string_of(granted, "note"), "its pages are not present: the machine is small");
}

static void json_tells_the_same(void **state)
{
    (void)state;
    cJSON *root = json_of();
    assert_true(number_of(root, "schema_version") == 1);
    assert_string_equal(string_of(root, "instance"), "plant2");
    assert_string_equal(string_of(root, "service"), "running");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(root, "running")));
    const cJSON *broker = cJSON_GetObjectItemCaseSensitive(root, "broker");
    assert_string_equal(string_of(broker, "state"), "running");
    assert_string_equal(string_of(broker, "version"), "0.1.0");
    assert_string_equal(string_of(broker, "started"), "2026-01-31T23:59:59Z");
    assert_true(number_of(broker, "pid") == 4711);
    assert_true(number_of(broker, "epoch") == 1);
    assert_true(number_of(broker, "generation") > 0);
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(root, "regions");
    assert_int_equal(cJSON_GetArraySize(array), 4);
    const cJSON *telemetry = cJSON_GetArrayItem(array, 0), *recipes = cJSON_GetArrayItem(array, 2);
    assert_string_equal(string_of(telemetry, "name"), "Telemetry");
    assert_string_equal(string_of(telemetry, "state"), "ready");
    assert_string_equal(string_of(telemetry, "object_name"), "Global\\Telemetry");
    assert_string_equal(string_of(telemetry, "backing"), "pagefile");
    assert_string_equal(string_of(telemetry, "description"), "wheel data");
    assert_true(number_of(telemetry, "size") == 65536);
    assert_true(number_of(telemetry, "generation") == 3);
    assert_false(cJSON_HasObjectItem(telemetry, "reason"));
    assert_string_equal(string_of(recipes, "state"), "failed");
    assert_string_equal(string_of(recipes, "backing"), "file");
    assert_string_equal(string_of(recipes, "reason"), "the disk is \"full\"");
    assert_false(cJSON_HasObjectItem(telemetry, "note"));
    assert_false(cJSON_HasObjectItem(telemetry, "boundary"));
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(telemetry, "large_pages")));
    assert_granted(cJSON_GetArrayItem(array, 1));
    cJSON_Delete(root);
}

static void json_shows_one_region(void **state)
{
    (void)state;
    status.only = "Gone";
    cJSON *root = json_of();
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(root, "regions");
    assert_int_equal(cJSON_GetArraySize(array), 1);
    assert_string_equal(string_of(cJSON_GetArrayItem(array, 0), "state"), "retired");
    cJSON_Delete(root);
}

static void json_says_why_there_is_no_broker(void **state)
{
    (void)state;
    status = (report_status){.instance = "", .service_state = "stopped", .why_not = "there is none"};
    cJSON *root = json_of();
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(root, "running")));
    assert_string_equal(string_of(root, "why_not"), "there is none");
    assert_false(cJSON_HasObjectItem(root, "broker"));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(root, "regions")), 0);
    cJSON_Delete(root);
}

/* No content of a catalog makes the reports fail or go on for ever. */
static void a_corrupted_catalog_is_reported_as_far_as_it_goes(void **state)
{
    (void)state;
    static uint8_t sound[8192];
    uint64_t seed = 4;
    memcpy(sound, memory.base, 8192);
    for (unsigned round = 0; round < 500; round++) {
        for (unsigned i = 0; i < 1 + round % 16; i++)
            memory.base[testing_random(&seed) % 8192] = (uint8_t)testing_random(&seed);
        status.broker.entry_count = testing_random(&seed);
        status.broker.broker_state = testing_random(&seed);
        status.broker.broker_started = (uint64_t)testing_random(&seed) << 33;
        free(text_of());
        cJSON_Delete(json_of());
        memcpy(memory.base, sound, 8192);
    }
}

static void text_tells_how_the_last_reload_ended_and_no_reason_twice(void **state)
{
    (void)state;
    shmb_catalog_reload ended = {.ended = 134143775991230000u, .code = 1, .begun = 1};
    snprintf(ended.text, sizeof ended.text,
             "1 refused, 1 failed\nRecipes: the disk is \"full\"\nTelemetry: its file is short");
    catalog_set_reload(&published, &ended);
    char *printed = text_of();
    assert_non_null(strstr(printed,
                           "reloaded  2026-01-31T23:59:59Z, not all as declared, `shmbroker reload` tries "
                           "again: 1 refused, 1 failed\n"
                           "          Telemetry: its file is short\n"
                           "\n"));
    free(printed);
    status.only = "Telemetry";
    printed = text_of();
    assert_non_null(strstr(printed, "          Recipes: the disk is \"full\"\n"));
    free(printed);
}

#define STATUS_TEST(function) cmocka_unit_test_setup_teardown(function, new_catalog, free_catalog)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STATUS_TEST(text_shows_the_broker_and_what_is_declared),
        STATUS_TEST(text_shows_one_region_even_a_retired_one),
        STATUS_TEST(an_instance_is_shown_with_its_session),
        STATUS_TEST(text_says_why_there_is_no_broker),
        STATUS_TEST(text_tells_how_the_last_reload_ended_and_no_reason_twice),
        STATUS_TEST(json_tells_the_same),
        STATUS_TEST(json_shows_one_region),
        STATUS_TEST(json_says_why_there_is_no_broker),
        STATUS_TEST(a_corrupted_catalog_is_reported_as_far_as_it_goes),
    };
    return cmocka_run_group_tests_name("report_status", tests, NULL, NULL);
}
