/* Attaching to regions that the broker made in a special way: what clients are told, and private namespaces. */
#include "attach_testing_win32.h"

#include <stdio.h>
#include <string.h>

/* Publishes the ready region "Data" once more, as made so. `object` may be NULL: the object that it has. */
static void publish_as(uint32_t flags, const char *object, const char *note, const char *boundary)
{
    char own[128];
    catalog_place place;
    uint64_t generation;
    platform_failure failure;
    fake_broker_object(&broker, "Data", own, sizeof own);
    assert_true(catalog_place_of(&broker.writer, "Data", &place, &generation, &failure));
    const catalog_publication publication = {.state = SHMB_REGION_READY,
                                             .size = 100000,
                                             .generation = generation,
                                             .now = 1,
                                             .flags = flags,
                                             .object_name = object != NULL ? object : own,
                                             .note = note,
                                             .boundary = boundary};
    assert_true(catalog_publish(&broker.writer, place, &publication, &failure));
}

static void a_plain_region_has_no_flags_and_no_note(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 4096, NULL);
    shmb_region *region = attach("Data", SHMB_ACCESS_READ, SHMB_OK);
    assert_int_equal(shmb_region_flags(region), 0);
    assert_string_equal(shmb_region_note(region), "");
    shmb_detach(region);
    assert_int_equal(shmb_region_flags(NULL), 0);
    assert_string_equal(shmb_region_note(NULL), "");
}

static void flags_and_note_are_those_of_the_catalog(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 100000, NULL);
    publish_as(SHMB_FLAG_NUMA | SHMB_FLAG_PREFETCHED, NULL, "it has no large pages", NULL);
    shmb_region *region = attach("Data", SHMB_ACCESS_READ, SHMB_OK);
    publish_as(0, NULL, NULL, NULL); /* what is said later does not change what was attached */
    assert_int_equal(shmb_region_flags(region), SHMB_FLAG_NUMA | SHMB_FLAG_PREFETCHED);
    assert_string_equal(shmb_region_note(region), "it has no large pages");
    shmb_region *given;
    assert_int_equal(shmb_attach_handle(shmb_handle(region), 4096, NULL, &given), SHMB_OK);
    assert_int_equal(shmb_region_flags(given), 0);
    assert_string_equal(shmb_region_note(given), "");
    shmb_detach(given);
    shmb_detach(region);
}

/* What the catalog says is not believed further than it goes: this section is of ordinary pages, and shorter than a large
   one. */
static void a_section_without_the_large_pages_that_were_published_is_mapped_all_the_same(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 100000, NULL);
    publish_as(SHMB_FLAG_LARGE_PAGES, NULL, NULL, NULL);
    shmb_region *region = attach("Data", SHMB_ACCESS_WRITE, SHMB_OK);
    assert_int_equal(shmb_size(region), 100000);
    ((volatile char *)shmb_data(region))[99999] = 1;
    shmb_detach(region);
}

static void a_private_region_without_a_sound_boundary_is_corrupt(void **state)
{
    static const char *const objects[] = {"ShmBroker.Private.0\\Data", "Global\\Data", "ShmBroker.a/b\\Data",
                                          "ShmBroker.Private.0", "Other.Private\\Data"};
    static const char *const boundaries[] = {"Administrators", "S-1-5-32-544", "S-1-5-32-544", "S-1-5-32-544",
                                             "S-1-5-32-544"};
    (void)state;
    fake_broker_create(&broker, "Data", 100000, NULL);
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        publish_as(SHMB_FLAG_PRIVATE, objects[i], NULL, boundaries[i]);
        attach("Data", SHMB_ACCESS_READ, SHMB_CORRUPT);
        assert_message_has("no sound boundary");
    }
    publish_as(0, NULL, NULL, NULL);
    shmb_detach(attach("Data", SHMB_ACCESS_READ, SHMB_OK));
}

/* Nobody has made this namespace; and where the system has none, that is said. */
static void a_private_namespace_that_is_not_there_is_explained(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Data", 100000, NULL);
    publish_as(SHMB_FLAG_PRIVATE, "ShmBroker.Private.attachtest\\Data", NULL, "S-1-1-0");
    shmb_region *region = NULL;
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    shmb_status status = shmb_attach("Data", &options, &region);
    assert_null(region);
    if (status == SHMB_SYSTEM_ERROR)
        assert_non_null(strstr(message, "private namespace, and this system has none"));
    else
        assert_non_null(strstr(message, "private namespace of S-1-1-0"));
    assert_true(status == SHMB_SYSTEM_ERROR || status == SHMB_NO_BROKER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_region_has_no_flags_and_no_note),
        TEST(flags_and_note_are_those_of_the_catalog),
        TEST(a_section_without_the_large_pages_that_were_published_is_mapped_all_the_same),
        TEST(a_private_region_without_a_sound_boundary_is_corrupt),
        TEST(a_private_namespace_that_is_not_there_is_explained),
    };
    return cmocka_run_group_tests_name("client.attach_granted", tests, NULL, NULL);
}
