/*
 * The latest value of something (client/src/kinds/state.c) in every order within bounds: writers under their lock, killed
 * anywhere, and readers. What is read is whole, one of the values that were being written or had been, never older than what
 * the same reader read before or than what was published before it began; versions rise with values; and who writes after
 * a death is not hindered by it.
 */
#include "atomics.h"
#include "kinds/state.h"
#include "scheduler.h"
#include "sync/lock.h"
#include "wait_model.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#define MOST_BYTES (SHMB_STATE_HEADER_BYTES + SHMB_STATE_SLOTS * 128u)
#define MOST_VALUE 32u
#define WORDS      (MOST_VALUE / 4)

static union {
    uint64_t alignment;
    uint8_t bytes[MOST_BYTES];
} region;

static uint8_t formatted[SHMB_KIND_HEADER_BYTES];
static shmb_lock_words words;
static sync_lock locks[MODEL_THREADS + 1];
static state_region views[MODEL_THREADS + 1];
static shmb_geometry geometry;
static int writers, readers, writes, reads;

/* What is known of the run from outside. */
static struct {
    uint64_t begun,
        published; /* versions: the last that a writer began to write, and that a writer had published */
    uint32_t numbers[12]; /* the value that each version was begun with last */
} seen;

/* A value is its number in each word, so that a mixture is seen. */
static void make_value(uint32_t number, uint32_t value[WORDS])
{
    for (uint32_t i = 0; i < WORDS; i++)
        value[i] = number;
}

static void write_one(int self, uint32_t number)
{
    uint32_t value[WORDS];
    shmb_status status = sync_lock_take(&locks[self], SHMB_INFINITE);
    MODEL_CHECK(status == SHMB_OK || status == SHMB_OWNER_DIED, "the writers' lock: %d", (int)status);
    if (status == SHMB_OWNER_DIED)
        sync_lock_consistent(&locks[self]);
    uint64_t wanted = views[self].words->version + 1;
    MODEL_CHECK(wanted < 12, "too many versions");
    seen.begun = wanted;
    seen.numbers[wanted % 12] = number;
    make_value(number, value);
    uint64_t version = state_publish(&views[self], value, geometry.item_size);
    MODEL_CHECK(version == wanted, "publishes version %u instead of %u", (unsigned)version, (unsigned)wanted);
    seen.published = version;
    sync_lock_release(&locks[self]);
}

static void write_some(void *context)
{
    int self = model_self();
    (void)context;
    for (int i = 0; i < writes; i++)
        write_one(self, (uint32_t)(1 + self * 16 + i));
}

static void check_value(const uint32_t value[WORDS], uint64_t size, uint64_t version)
{
    MODEL_CHECK(size == geometry.item_size, "reads %u bytes", (unsigned)size);
    for (uint32_t i = 1; i < geometry.item_size / 4; i++)
        MODEL_CHECK(value[i] == value[0], "reads a torn value, 0x%x and 0x%x", value[0], value[i]);
    MODEL_CHECK(version <= seen.begun, "reads version %u, which nobody began to write", (unsigned)version);
    MODEL_CHECK(value[0] == seen.numbers[version], "reads 0x%x as version %u, which is 0x%x", value[0],
                (unsigned)version, seen.numbers[version]);
}

static uint64_t read_one(int self, uint64_t last)
{
    uint32_t value[WORDS] = {0};
    uint64_t size, version, published = seen.published;
    corruption what;
    shmb_status status = state_read(&views[self], value, sizeof value, &size, &version, &what);
    if (status == SHMB_TIMED_OUT) {
        MODEL_CHECK(published == 0 || version != 0, "reads nothing where something was written");
        return last;
    }
    MODEL_CHECK(status == SHMB_OK, "read returns %d", (int)status);
    MODEL_CHECK(version >= last && version >= published, "reads version %u after %u", (unsigned)version,
                (unsigned)(last > published ? last : published));
    check_value(value, size, version);
    return version;
}

static void read_some(void *context)
{
    uint64_t last = 0;
    (void)context;
    for (int i = 0; i < reads; i++)
        last = read_one(model_self(), last);
}

static void begin(void)
{
    static const char *const names[] = {"writer 1", "writer 2", "reader 1", "reader 2"};
    memset(&region, 0, sizeof region);
    memcpy(region.bytes, formatted, sizeof formatted);
    memset(&words, 0, sizeof words);
    memset(&seen, 0, sizeof seen);
    wait_model_reset(1);
    sync_place *place = wait_model_place("the writers' place");
    for (int i = 0; i <= (int)MODEL_THREADS; i++) {
        sync_lock_init(&locks[i], &words, place, wait_model_lives());
        state_init(&views[i], region.bytes, &geometry);
    }
    for (int i = 0; i < writers; i++)
        model_thread(names[i], true, write_some, NULL);
    for (int i = 0; i < readers; i++)
        model_thread(names[2 + i], false, read_some, NULL);
    model_share(&region, sizeof region, "state");
    model_share(&words, sizeof words, "writers' lock");
    model_name(&views[0].words->version, 8, "version");
    model_name(views[0].words->lengths, 16, "lengths");
    model_name(views[0].slots, (size_t)(views[0].stride * (views[0].mask + 1)), "slots");
    model_watch(&seen, sizeof seen);
}

/* The next one writes, and everybody reads that. */
static void end(void)
{
    uint64_t before = views[0].words->version;
    int self = (int)MODEL_THREADS;
    MODEL_CHECK(before >= seen.published, "version %u was published and is gone", (unsigned)seen.published);
    write_one(self, 0x99);
    MODEL_CHECK(read_one(self, before) == before + 1, "in the end what is written is not read");
}

static void hold(const char *name, uint64_t item_size, model_bounds bounds)
{
    const model state = {name, begin, end, bounds, NULL};
    geometry = (shmb_geometry){SHMB_KIND_STATE, 0, item_size};
    memset(&region, 0, sizeof region);
    shmb_geometry_format(region.bytes, &geometry);
    memcpy(formatted, region.bytes, sizeof formatted);
    model_must_hold(&state);
}

static void cast(int some_writers, int some_readers, int some_writes, int some_reads)
{
    writers = some_writers;
    readers = some_readers;
    writes = some_writes;
    reads = some_reads;
}

static void small_values_are_read_whole_and_in_order(void **state)
{
    (void)state;
    cast(1, 1, 4, 2);
    hold("one writer, one reader, small values", 16, (model_bounds){.preemptions = 5});
    hold("the same with store buffers", 16, (model_bounds){.preemptions = 3, .store_buffers = true});
    cast(2, 2, 2, 1);
    hold("two writers, two readers, small values", 16, (model_bounds){.preemptions = 2});
}

static void large_values_are_read_whole_and_in_order(void **state)
{
    (void)state;
    cast(1, 1, 6, 2);
    hold("one writer, one reader, large values", 32, (model_bounds){.preemptions = 3});
    cast(2, 1, 3, 1);
    hold("two writers, one reader, large values", 32, (model_bounds){.preemptions = 3});
}

static void a_writer_that_dies_publishes_nothing_half(void **state)
{
    (void)state;
    cast(2, 1, 2, 2);
    hold("two writers, one reader, a death, small values", 16, (model_bounds){.preemptions = 2, .kills = 1});
    hold("two writers, one reader, a death, large values", 32, (model_bounds){.preemptions = 2, .kills = 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_values_are_read_whole_and_in_order),
        cmocka_unit_test(large_values_are_read_whole_and_in_order),
        cmocka_unit_test(a_writer_that_dies_publishes_nothing_half),
    };
    return cmocka_run_group_tests_name("the latest value, in every order", tests, NULL, NULL);
}
