/* Attaching to regions that each session has for itself. */
#include "attach_testing_win32.h"

#include "session.h"

#include <stdio.h>
#include <string.h>

static uint32_t own_session(void)
{
    DWORD session = 0;
    assert_true(ProcessIdToSessionId(GetCurrentProcessId(), &session));
    return session;
}

/* Makes the instance of `session`, which holds the session's number. */
static void create_instance(uint32_t session)
{
    char key[SHMB_KEY_BYTES], object[128], base[128];
    catalog_place place;
    uint64_t generation;
    platform_failure failure;
    assert_true(shmb_session_key("Own", session, key));
    fake_broker_object(&broker, "Own", base, sizeof base);
    snprintf(object, sizeof object, "%s.%u", base, (unsigned)session);
    HANDLE section = fake_section(object, "D:P(A;;0xF001F;;;WD)", 4096, PAGE_READWRITE);
    assert_non_null(section);
    uint32_t *bytes = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    assert_non_null(bytes);
    bytes[0] = session;
    UnmapViewOfFile(bytes);
    broker.regions[broker.region_count++] = section;
    assert_true(catalog_place_of(&broker.writer, key, &place, &generation, &failure));
    const catalog_publication publication = {.state = SHMB_REGION_READY,
                                             .size = 4096,
                                             .generation = generation + 1,
                                             .now = 1,
                                             .flags = SHMB_FLAG_SESSION,
                                             .object_name = object};
    assert_true(catalog_publish(&broker.writer, place, &publication, &failure));
}

static uint32_t number_in(shmb_region *region)
{
    uint32_t number = *(const uint32_t *)shmb_data(region);
    assert_int_equal(shmb_region_flags(region), SHMB_FLAG_SESSION);
    shmb_detach(region);
    return number;
}

static void a_program_gets_the_instance_of_its_own_session(void **state)
{
    (void)state;
    uint32_t own = own_session();
    if (own == 0)
        skip(); /* a program of session 0 has none */
    create_instance(own + 1);
    create_instance(own);
    assert_int_equal(number_in(attach("Own", SHMB_ACCESS_READ, SHMB_OK)), own);
}

static void a_program_may_ask_for_another_sessions_instance(void **state)
{
    (void)state;
    create_instance(own_session() + 7);
    shmb_attach_options options = plain_options(SHMB_ACCESS_WRITE);
    options.session = own_session() + 7;
    assert_int_equal(number_in(attach_with("Own", &options, SHMB_OK)), own_session() + 7);
    options.session++;
    attach_with("Own", &options, SHMB_NOT_DECLARED);
    assert_message_has("has session ");
    assert_message_has("`namespace: session`");
}

static void a_session_without_an_instance_has_no_such_region(void **state)
{
    (void)state;
    create_instance(own_session() + 1);
    attach("Own", SHMB_ACCESS_READ, SHMB_NOT_DECLARED);
    assert_message_has("declares no such region");
}

static void a_region_that_all_see_is_the_same_whatever_session_is_asked_for(void **state)
{
    (void)state;
    fake_broker_create(&broker, "Shared", 4096, NULL);
    shmb_attach_options options = plain_options(SHMB_ACCESS_READ);
    options.session = own_session() + 7;
    shmb_region *region = attach_with("Shared", &options, SHMB_OK);
    assert_int_equal(shmb_region_flags(region), 0);
    shmb_detach(region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_program_gets_the_instance_of_its_own_session),
        TEST(a_program_may_ask_for_another_sessions_instance),
        TEST(a_session_without_an_instance_has_no_such_region),
        TEST(a_region_that_all_see_is_the_same_whatever_session_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
