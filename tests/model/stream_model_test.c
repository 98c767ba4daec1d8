/*
 * A stream (client/src/kinds/stream.c) in every order within bounds: its producer, killed anywhere and then replaced, and
 * readers. What is read is whole and the message of that position, in order, none twice, and what was missed is counted
 * exactly.
 */
#include "atomics.h"
#include "kinds/stream.h"
#include "scheduler.h"
#include "sync/lock.h"
#include "wait_model.h"

#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#define MESSAGES 2u
#define MESSAGE  8u
#define MOST     16u /* positions of a run, halved */

static union {
    uint64_t alignment;
    uint8_t bytes[SHMB_STREAM_HEADER_BYTES + MESSAGES * 64u];
} region;

static const shmb_geometry geometry = {SHMB_KIND_STREAM, MESSAGES, MESSAGE};
static shmb_lock_words words;
static sync_lock locks[MODEL_THREADS + 1];
static stream_region views[MODEL_THREADS + 1];
static int producers, readers, writes, reads;

/* What is known of the run from outside. */
static struct {
    uint32_t messages[MOST]; /* by position, halved */
    uint64_t finished; /* positions before this one were finished, and their producers lived on to say so */
} seen;

static void produce(void *context)
{
    int self = model_self();
    (void)context;
    shmb_status status = sync_lock_take(&locks[self], SHMB_INFINITE);
    MODEL_CHECK(status == SHMB_OK || status == SHMB_OWNER_DIED, "the producers' lock: %d", (int)status);
    uint64_t position = stream_take_over(&views[self]);
    MODEL_CHECK(position >= seen.finished, "goes on at %u, though all before %u were finished",
                (unsigned)position, (unsigned)seen.finished);
    for (int i = 0; i < writes; i++) {
        uint32_t number = (uint32_t)(1 + self * 16 + i), message[2] = {number, number};
        MODEL_CHECK(position / 2 < MOST, "too many messages");
        seen.messages[position / 2 % MOST] = number;
        shmb_copy_racing(stream_begin(&views[self], position), message, sizeof message);
        position = stream_finish(&views[self], position, sizeof message);
        seen.finished = position;
    }
    sync_lock_release(&locks[self]);
}

typedef struct reader {
    uint64_t position;
} reader;

static void read_one(int self, reader *me)
{
    uint32_t message[2] = {0};
    uint64_t size, missed, before = me->position, finished = seen.finished;
    corruption what;
    shmb_status status =
        stream_read(&views[self], &me->position, message, sizeof message, &size, &missed, &what);
    MODEL_CHECK(status == SHMB_OK || status == SHMB_TIMED_OUT, "read returns %d", (int)status);
    uint64_t moved = (me->position - before) / 2;
    MODEL_CHECK(moved == missed + (status == SHMB_OK ? 1 : 0), "goes on by %u messages and tells of %u",
                (unsigned)moved, (unsigned)missed);
    if (status == SHMB_TIMED_OUT) {
        MODEL_CHECK(missed > 0 || before >= finished, "does not find message %u, which is there",
                    (unsigned)before / 2);
        return;
    }
    MODEL_CHECK(size == sizeof message && message[0] == message[1], "reads a torn message, 0x%x and 0x%x",
                message[0], message[1]);
    MODEL_CHECK(message[0] == seen.messages[me->position / 2 - 1], "reads 0x%x as message %u, which is 0x%x",
                message[0], (unsigned)(me->position / 2 - 1), seen.messages[me->position / 2 - 1]);
    MODEL_CHECK(missed == 0 || before + 2 * (uint64_t)MESSAGES <= seen.finished + 2,
                "has missed what could not be written over yet");
}

static void read_some(void *context)
{
    int self = model_self();
    reader me = {stream_oldest(&views[self])};
    (void)context;
    for (int i = 0; i < reads; i++) {
        const uint64_t *word;
        uint64_t found;
        corruption what;
        read_one(self, &me);
        shmb_status status = stream_expect(&views[self], me.position, &word, &found, &what);
        MODEL_CHECK(status == SHMB_OK || status == SHMB_TIMED_OUT, "expect returns %d", (int)status);
    }
}

static void begin(void)
{
    static const char *const names[] = {"producer 1", "producer 2", "reader 1", "reader 2"};
    memset(&region, 0, sizeof region);
    memset(&words, 0, sizeof words);
    memset(&seen, 0, sizeof seen);
    shmb_geometry_format(region.bytes, &geometry);
    wait_model_reset(1);
    sync_place *place = wait_model_place("the producers' place");
    for (int i = 0; i <= (int)MODEL_THREADS; i++) {
        sync_lock_init(&locks[i], &words, place, wait_model_lives());
        stream_init(&views[i], region.bytes, &geometry);
    }
    for (int i = 0; i < producers; i++)
        model_thread(names[i], true, produce, NULL);
    for (int i = 0; i < readers; i++)
        model_thread(names[2 + i], false, read_some, NULL);
    model_share(&region, sizeof region, "stream");
    model_share(&words, sizeof words, "producers' lock");
    model_name(&views[0].words->next, 8, "next");
    model_name(views[0].slots, (size_t)views[0].stride, "slot 0");
    model_name(views[0].slots + views[0].stride, (size_t)views[0].stride, "slot 1");
    model_watch(&seen, sizeof seen);
}

/* The next producer goes on, and who reads then has the last messages whole. */
static void end(void)
{
    int self = (int)MODEL_THREADS;
    reader me = {0};
    sync_lock_take(&locks[self], SHMB_NO_WAIT);
    uint64_t position = stream_take_over(&views[self]);
    MODEL_CHECK(position >= seen.finished, "in the end messages are gone");
    uint32_t message[2] = {0x99, 0x99};
    seen.messages[position / 2] = 0x99;
    shmb_copy_racing(stream_begin(&views[self], position), message, sizeof message);
    seen.finished = stream_finish(&views[self], position, sizeof message);
    me.position = stream_oldest(&views[self]);
    while (me.position < seen.finished)
        read_one(self, &me);
}

static void hold(const char *name, int some_writes, model_bounds bounds)
{
    const model stream = {name, begin, end, bounds, NULL};
    writes = some_writes;
    model_must_hold(&stream);
}

static void messages_are_read_whole_and_those_missed_are_counted(void **state)
{
    (void)state;
    producers = 1;
    readers = 1;
    reads = 3;
    hold("one producer, one reader", 4, (model_bounds){.preemptions = 4});
    hold("the same with store buffers", 3, (model_bounds){.preemptions = 3, .store_buffers = true});
    readers = 2;
    reads = 2;
    hold("one producer, two readers", 3, (model_bounds){.preemptions = 2});
}

static void the_next_producer_goes_on_where_a_dead_one_ended(void **state)
{
    (void)state;
    producers = 2;
    readers = 1;
    reads = 3;
    hold("two producers, one reader, a death", 2, (model_bounds){.preemptions = 2, .kills = 1});
    hold("two producers, one reader, two deaths", 2, (model_bounds){.preemptions = 0, .kills = 2});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_read_whole_and_those_missed_are_counted),
        cmocka_unit_test(the_next_producer_goes_on_where_a_dead_one_ended),
    };
    return cmocka_run_group_tests_name("a stream, in every order", tests, NULL, NULL);
}
