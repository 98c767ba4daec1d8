/* Many regions at once. */
#include "checks.h"

#include "region.h"

#include <cjson/cJSON.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REGIONS 1000u

/* A broker with REGIONS regions called STEM-0 and on. */
static test_broker *prepare_many(const char *stem)
{
    test_broker *b = broker_prepare("%s", "version: 1\n");
    char *config = malloc(REGIONS * 80 + 1000);
    assert_non_null(config);
    int length = sprintf(config, "%s", BROKER_HEAD);
    for (unsigned i = 0; i < REGIONS; i++)
        length += sprintf(config + length, "  %s-%u: { size: %u }\n", stem, i, 4096 + i);
    support_write_file(b->config, config, (size_t)length);
    free(config);
    return b;
}

static void a_thousand_regions_are_served_listed_and_let_go(void **state)
{
    (void)state;
    const char *stem = support_unique("Many");
    test_broker *b = prepare_many(stem);
    broker_start(b);
    assert_contains(broker_ready_line(b), "1000 regions");
    unsigned handles = process_count_handles(process_id(b->process));
    assert_in_range(handles, REGIONS, REGIONS + 200);

    for (unsigned i = 0; i < REGIONS; i++) {
        char name[80];
        snprintf(name, sizeof name, "%s-%u", stem, i);
        shmb_region *region = region_attach(b, name, SHMB_ACCESS_WRITE);
        assert_int_equal(shmb_size(region), 4096 + i);
        assert_int_equal(((char *)shmb_data(region))[4095 + i], 0);
        shmb_detach(region);
    }

    process *status = broker_status(b, "--json");
    assert_int_equal(process_wait(status), 0);
    cJSON *root = cJSON_Parse(process_output(status));
    assert_non_null(root);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(root, "regions")), REGIONS);
    cJSON_Delete(root);
    broker_stop(b);
    assert_null(region_open_bare(support_text("%s-0", stem), FILE_MAP_READ));
    assert_null(region_open_bare(support_text("%s-%u", stem, REGIONS - 1), FILE_MAP_READ));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        SYSTEM_TEST(a_thousand_regions_are_served_listed_and_let_go),
        SYSTEM_TEST(a_large_region_is_mapped_in_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
