/* boundary.c: the text of a boundary, made and read, and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "boundary.h"

#include <stdio.h>
#include <string.h>

static shmb_boundary boundary; /* large */

static void assert_read(const char *text, uint32_t count)
{
    assert_true(shmb_boundary_parse(text, &boundary));
    assert_int_equal(boundary.count, count);
}

static void assert_refused(const char *text)
{
    memset(&boundary, 0xAA, sizeof boundary);
    if (shmb_boundary_parse(text, &boundary))
        fail_msg("\"%s\" was taken for a boundary", text);
    assert_int_equal(boundary.count, 0);
}

static void a_set_has_one_text_however_it_is_written(void **state)
{
    (void)state;
    const char *sids[] = {"S-1-5-32-545", "S-1-1-0", "S-1-5-32-544", "S-1-5-32-545"};
    const char *others[] = {"S-1-5-32-544", "S-1-5-32-545", "S-1-1-0"};
    char text[100], other[100];
    assert_true(shmb_boundary_join(sids, 4, text, sizeof text));
    assert_true(shmb_boundary_join(others, 3, other, sizeof other));
    assert_string_equal(text, "S-1-1-0 S-1-5-32-544 S-1-5-32-545");
    assert_string_equal(other, text);
}

static void what_is_joined_is_read_again(void **state)
{
    (void)state;
    char sids[SHMB_BOUNDARY_MAX_SIDS][40], text[SHMB_TEXT_MAX_BYTES + 1];
    const char *pointers[SHMB_BOUNDARY_MAX_SIDS];
    for (uint32_t count = 1; count <= SHMB_BOUNDARY_MAX_SIDS; count++) {
        for (uint32_t i = 0; i < count; i++) {
            snprintf(sids[i], sizeof sids[i], "S-1-5-21-4294967295-%u", (unsigned)(i * 7919 % 100));
            pointers[i] = sids[i];
        }
        assert_true(shmb_boundary_join(pointers, count, text, sizeof text));
        assert_read(text, count);
        for (uint32_t i = 0; i < count; i++)
            assert_string_equal(boundary.sids[i], pointers[i]); /* sorted by then */
    }
}

static void a_text_that_does_not_fit_is_not_made(void **state)
{
    (void)state;
    const char *sids[] = {"S-1-1-0", "S-1-5-11"};
    char text[17];
    assert_true(shmb_boundary_join(sids, 2, text, 17));
    assert_string_equal(text, "S-1-1-0 S-1-5-11");
    assert_false(shmb_boundary_join(sids, 2, text, 16));
    assert_true(strlen(text) < 16);
    assert_true(shmb_boundary_join(sids, 0, text, 1));
    assert_string_equal(text, "");
}

static void numbers_at_their_limits_are_read(void **state)
{
    (void)state;
    assert_read("S-1-0-0", 1);
    assert_read("S-1-281474976710655-4294967295", 1);
    assert_read("S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15", 1);
    assert_read(
        "S-1-5-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-"
        "4294967295-4294967295-4294967295-4294967295-4294967295-4294967295-4294967295",
        1);
}

static void what_is_no_sid_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        " ",
        "S",
        "S-1-",
        "S-1-5",
        "S-1-5-",
        "S-1--32",
        "S-2-5-32",
        "s-1-5-32",
        "S-1-5-32-",
        "S-1-5-032",
        "S-1-05-32",
        "S-1-5-32x",
        "S-1-5-4294967296",
        "S-1-281474976710656-1",
        "S-1-5-18446744073709551616",
        "S-1-5-99999999999999999999999999999999999999999999",
        "S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16",
        "S-1-0x5-32",
        "S-1-5-+3",
        "Administrators",
        "BA",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_refused(texts[i]);
}

static void what_is_no_list_is_refused(void **state)
{
    (void)state;
    assert_refused(" S-1-1-0");
    assert_refused("S-1-1-0 ");
    assert_refused("S-1-1-0  S-1-5-11");
    assert_refused("S-1-1-0,S-1-5-11");
    assert_refused("S-1-5-11 S-1-1-0"); /* descends */
    assert_refused("S-1-1-0 S-1-1-0");  /* twice */
}

static void more_sids_than_are_allowed_are_refused(void **state)
{
    (void)state;
    char text[400] = "";
    for (unsigned i = 0; i <= SHMB_BOUNDARY_MAX_SIDS; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%sS-1-5-%u", i ? " " : "", 100 + i);
    }
    assert_refused(text);
    *strrchr(text, ' ') = '\0';
    assert_read(text, SHMB_BOUNDARY_MAX_SIDS);
}

/* Whatever bytes there are, what is taken is a list of texts that fit their places. */
static void changed_bytes_never_lead_out_of_bounds(void **state)
{
    static const char sound[] = "S-1-1-0 S-1-5-21-1-2-3-1000 S-1-5-32-544";
    (void)state;
    for (size_t at = 0; at < sizeof sound - 1; at++) {
        for (int byte = 1; byte < 256; byte++) {
            char text[sizeof sound];
            memcpy(text, sound, sizeof sound);
            text[at] = (char)byte;
            if (shmb_boundary_parse(text, &boundary))
                for (uint32_t i = 0; i < boundary.count; i++)
                    assert_true(strlen(boundary.sids[i]) < SHMB_SID_TEXT_BYTES);
        }
    }
}

static void an_alias_is_what_stands_before_the_backslash(void **state)
{
    (void)state;
    char alias[SHMB_ALIAS_BYTES];
    assert_true(
        shmb_boundary_alias("ShmBroker.Private.plant_2-x.0123456789abcdef\\Data", alias, sizeof alias));
    assert_string_equal(alias, "ShmBroker.Private.plant_2-x.0123456789abcdef");
    assert_false(shmb_boundary_alias("Global\\Data", alias, sizeof alias));
    assert_string_equal(alias, "");
    assert_false(shmb_boundary_alias("ShmBroker.Private", alias, sizeof alias));
    assert_false(shmb_boundary_alias("ShmBroker.a b\\Data", alias, sizeof alias));
    assert_false(shmb_boundary_alias("\\Data", alias, sizeof alias));
    assert_false(shmb_boundary_alias("", alias, sizeof alias));
    assert_true(shmb_boundary_alias("ShmBroker.a\\", alias, 12));
    assert_false(shmb_boundary_alias("ShmBroker.a\\", alias, 11));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_has_one_text_however_it_is_written),
        cmocka_unit_test(what_is_joined_is_read_again),
        cmocka_unit_test(a_text_that_does_not_fit_is_not_made),
        cmocka_unit_test(numbers_at_their_limits_are_read),
        cmocka_unit_test(what_is_no_sid_is_refused),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(more_sids_than_are_allowed_are_refused),
        cmocka_unit_test(changed_bytes_never_lead_out_of_bounds),
        cmocka_unit_test(an_alias_is_what_stands_before_the_backslash),
    };
    return cmocka_run_group_tests_name("client.boundary", tests, NULL, NULL);
}
