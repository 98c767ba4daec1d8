/*
 * Many regions at once, and many clients.
 *
 *   test-system.scale [REGIONS]
 *
 * With 2,000 regions it stays short on a busy machine; ask for 10,000 by hand. Each start, answer and stop must come within
 * SUPPORT_WAIT_MS, whatever their number. With more than 15,000 it shows the one case that the system may have no room for
 * all of them.
 */
#include "checks.h"

#include "region.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEW_REGIONS  2000u
#define ALL_REGIONS  15000u  /* for so many there is room: Wine's server ends near 19,780 sections */
#define MOST_REGIONS 100000u /* of one configuration */
#define LOOKED_AT    1000u   /* regions that are attached to, spread over all */
#define MOST_LINES   200u    /* that a start says at most, however many regions fail */
#define CROWDS       10u     /* processes, */
#define CROWD        100u    /* clients in each */

static unsigned regions = FEW_REGIONS;

/* A broker with all the regions, called STEM-0 and on. */
static test_broker *prepare_many(const char *stem)
{
    test_broker *b = broker_prepare("%s", "version: 1\n");
    char *config = malloc(regions * 80 + 1000);
    assert_non_null(config);
    int length = sprintf(config, "%s", BROKER_HEAD);
    for (unsigned i = 0; i < regions; i++)
        length += sprintf(config + length, "  %s-%u: { size: %u }\n", stem, i, 4096 + i);
    support_write_file(b->config, config, (size_t)length);
    free(config);
    return b;
}

/* Of the first `count`, one in so many that LOOKED_AT are. */
static void look_at_regions(const test_broker *b, const char *stem, unsigned count)
{
    unsigned step = count > LOOKED_AT ? count / LOOKED_AT : 1;
    for (unsigned i = 0; i < count; i += step) {
        char name[80];
        snprintf(name, sizeof name, "%s-%u", stem, i);
        shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
        assert_int_equal(shmb_size(region), 4096 + i);
        assert_int_equal(((char *)shmb_data(region))[4095 + i], 0);
        shmb_detach(region);
    }
}

static void thousands_of_regions_are_served_listed_and_let_go(void **state)
{
    (void)state;
    const char *stem = support_unique("Many");
    test_broker *b = prepare_many(stem);
    broker_start(b);
    assert_contains(broker_ready_line(b), support_text("ready: %u regions of ", regions));
    unsigned handles = process_count_handles(process_id(b->process));
    assert_in_range(handles, regions, regions + 200);
    look_at_regions(b, stem, regions);

    process *status = broker_status(b, "--json");
    assert_int_equal(process_wait(status), 0);
    cJSON *root = cJSON_Parse(process_output(status));
    assert_non_null(root);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(root, "regions")), regions);
    cJSON_Delete(root);
    broker_stop(b);
    assert_null(region_open_bare(support_text("%s-0", stem), FILE_MAP_READ));
    assert_null(region_open_bare(support_text("%s-%u", stem, regions - 1), FILE_MAP_READ));
}

static unsigned count_lines(const char *text)
{
    unsigned count = 0;
    for (; *text; text++)
        count += *text == '\n';
    return count;
}

/* Those that `status` has as ready. The others are broken, each with its reason. */
static unsigned count_served(const test_broker *b)
{
    unsigned count = 0;
    process *status = broker_status(b, "--json");
    assert_int_equal(process_wait(status), 0);
    cJSON *root = cJSON_Parse(process_output(status));
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "regions"), *region;
    assert_int_equal(cJSON_GetArraySize(list), regions);
    cJSON_ArrayForEach(region, list)
    {
        const char *state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(region, "state"));
        const char *reason = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(region, "reason"));
        assert_non_null(state);
        count += strcmp(state, "ready") == 0;
        if (strcmp(state, "ready") != 0)
            assert_contains(reason, "declare fewer regions");
    }
    cJSON_Delete(root);
    return count;
}

/* Under Windows there may be room for all. */
static void what_there_is_no_room_for_is_told_and_the_others_are_served(void **state)
{
    (void)state;
    const char *stem = support_unique("Many");
    test_broker *b = prepare_many(stem);
    broker_start(b);
    assert_contains(broker_ready_line(b), "ready: ");
    const unsigned served =
        (unsigned)strtoul(strstr(broker_ready_line(b), "ready: ") + strlen("ready: "), NULL, 10);
    assert_int_equal(served, count_served(b));
    if (served < regions)
        assert_contains(broker_ready_line(b), support_text(", %u failed", regions - served));
    look_at_regions(b, stem, served);
    assert_true(count_lines(process_errors(b->process)) <= MOST_LINES);
    print_message("%u of %u regions are served\n", served, regions);
    broker_stop(b);
    assert_null(region_open_bare(support_text("%s-0", stem), FILE_MAP_READ));
}

/* A thousand processes would measure the machine: these are ten, with a hundred threads each that attach at once. */
static void a_thousand_clients_are_attached_at_once(void **state)
{
    (void)state;
    process *crowds[CROWDS];
    const char *name = support_unique("Crowded");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 8 KiB }\n", name);
    for (unsigned i = 0; i < CROWDS; i++)
        crowds[i] =
            process_start("shmbroker-peer.exe", "crowd %s %s %u %u", b->instance, name, i * CROWD, CROWD);
    for (unsigned i = 0; i < CROWDS; i++)
        assert_contains(process_wait_line(crowds[i], "attached "), support_text("attached %u\n", CROWD));

    shmb_region *region = region_attach(b, name, SHMB_ACCESS_READ);
    const uint64_t *numbers = shmb_data(region);
    for (unsigned i = 0; i < CROWDS * CROWD; i++)
        assert_int_equal(numbers[i], i);
    shmb_detach(region);
    assert_int_equal(process_wait(broker_status(b, "")), 0);

    for (unsigned i = 0; i < CROWDS; i++)
        process_close_input(crowds[i]);
    for (unsigned i = 0; i < CROWDS; i++)
        assert_int_equal(process_wait(crowds[i]), 0);
    broker_stop(b);
}

static void a_large_region_is_mapped_in_parts(void **state)
{
    (void)state;
    shmb_region *part;
    const uint64_t size = 1ull << 30;
    const char *name = support_unique("Large");
    test_broker *b = broker_run_with(BROKER_HEAD "  %s: { size: 1 GiB }\n", name);
    shmb_attach_options options = region_options(b, SHMB_ACCESS_WRITE);
    options.offset = size - 5;
    assert_int_equal(shmb_attach(name, &options, &part), SHMB_OK);
    assert_int_equal(shmb_size(part), 5);
    assert_int_equal(shmb_region_size(part), size);
    memcpy(shmb_data(part), "last", 5);
    shmb_detach(part);
    broker_stop(b);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        regions = (unsigned)strtoul(argv[1], NULL, 10);
    if (regions == 0 || regions > MOST_REGIONS) {
        fprintf(stderr, "usage: test-system.scale [REGIONS], up to %u\n", MOST_REGIONS);
        return 2;
    }
    const struct CMUnitTest beyond[] = {
        SYSTEM_TEST(what_there_is_no_room_for_is_told_and_the_others_are_served),
    };
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(thousands_of_regions_are_served_listed_and_let_go),
        SYSTEM_TEST(a_thousand_clients_are_attached_at_once),
        SYSTEM_TEST(a_large_region_is_mapped_in_parts),
    };
    return regions > ALL_REGIONS ? cmocka_run_group_tests(beyond, NULL, NULL)
                                 : cmocka_run_group_tests(tests, NULL, NULL);
}
