/* A writer of a state killed before each of its accesses: readers have the last complete value all the while, and the next
   writer is unharmed. And readers that writers overtake in the middle of a copy. */
#include "kinds/state.h"

#include "atomics.h"
#include "hook/stop_at.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define LARGEST 1000u

static state_region region;
static uint64_t largest;
static uint64_t published; /* the version that was there before */
static uint64_t looks_at_old, looks_at_new;

static void value_of(uint64_t version, uint8_t value[LARGEST])
{
    for (uint64_t i = 0; i < largest; i++)
        value[i] = (uint8_t)(version * 31 + i);
}

static void publish_next(void *context)
{
    uint8_t value[LARGEST];
    (void)context;
    value_of(published + 1, value);
    state_publish(&region, value, largest);
}

static uint64_t whole_version(void)
{
    uint8_t found[LARGEST], wanted[LARGEST];
    uint64_t size, version;
    corruption what;
    assert_int_equal(state_read(&region, found, sizeof found, &size, &version, &what), SHMB_OK);
    assert_int_equal(size, largest);
    value_of(version, wanted);
    assert_memory_equal(found, wanted, (size_t)largest);
    return version;
}

static void look(void *context)
{
    (void)context;
    uint64_t version = whole_version();
    assert_in_range(version, published, published + 1);
    if (version == published)
        looks_at_old++;
    else
        looks_at_new++;
}

static uint8_t *start(uint64_t size, uint64_t version)
{
    const shmb_geometry geometry = {SHMB_KIND_STATE, 0, size};
    uint8_t *bytes = calloc(1, (size_t)shmb_geometry_bytes(&geometry));
    assert_non_null(bytes);
    if (bytes == NULL)
        abort();
    largest = size;
    state_init(&region, bytes, &geometry);
    for (published = 0; published < version; published++)
        publish_next(NULL);
    return bytes;
}

/* Small values in one line, and large ones; at each of their slots. */
static void the_last_complete_value_is_read_at_every_instant(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {SHMB_STATE_SMALL_BYTES, LARGEST};
    for (size_t s = 0; s < 2; s++) {
        for (uint64_t version = 1; version <= SHMB_STATE_SLOTS; version++) {
            uint64_t n = 0;
            bool killed;
            do {
                uint8_t *bytes = start(sizes[s], version);
                stop_watch(look, NULL);
                killed = stop_at(n++, publish_next, NULL);
                stop_watch(NULL, NULL);
                assert_int_equal(whole_version(), killed ? version : version + 1);
                published = whole_version();
                publish_next(NULL); /* the next writer */
                assert_int_equal(whole_version(), published + 1);
                free(bytes);
            } while (killed);
            assert_true(n > 4);
        }
    }
    assert_true(looks_at_old > 0);
    assert_true(looks_at_new > 0);
}

/* What happens in the middle of a reader's copy: so many values are written, and one more up to the writer's end. */
static uint64_t to_write, to_die_at;

static void overtake(void *context)
{
    (void)context;
    for (; to_write > 0; to_write--, published++)
        publish_next(NULL);
    if (!stop_at(to_die_at, publish_next, NULL))
        published++;
    to_die_at = 0;
}

static void a_reader_that_is_overtaken_reads_a_whole_value_all_the_same(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {SHMB_STATE_SMALL_BYTES, LARGEST};
    for (size_t s = 0; s < 2; s++) {
        for (uint64_t writes = 0; writes <= 2ull * SHMB_STATE_SLOTS; writes++) {
            for (uint64_t n = 0; n < 8; n++) {
                uint8_t *bytes = start(sizes[s], 3);
                to_write = writes;
                to_die_at = n;
                stop_watch(overtake, NULL);
                uint64_t version = whole_version();
                stop_watch(NULL, NULL);
                assert_int_equal(to_write, 0);
                assert_in_range(version, 3, published);
                free(bytes);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_complete_value_is_read_at_every_instant),
        cmocka_unit_test(a_reader_that_is_overtaken_reads_a_whole_value_all_the_same),
    };
    return cmocka_run_group_tests_name("a state's writer killed at every access", tests, NULL, NULL);
}
