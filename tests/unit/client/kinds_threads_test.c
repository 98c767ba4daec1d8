/* States and streams with threads that write, read, wait and are killed, all at once. Run it under ThreadSanitizer. */
#include "atomics.h"
#include "state_use.h"
#include "stream_use.h"
#include "wait_threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST 256u
#define THREADS 3u

/* What processes would share. */
typedef struct scene {
    uint8_t *bytes;
    shmb_geometry geometry;
    shmb_lock_words lock;
    volatile uint32_t waiting;
    sync_place *place;
    sync_bell *bell;
    volatile uint64_t written; /* versions or messages that were certainly published */
    volatile uint32_t done;
} scene;

/* One thread, with an attachment of its own. */
typedef struct actor {
    scene *scene;
    sync_lives *lives; /* freed by others: who is killed frees nothing */
    pthread_t thread;
    uint32_t number;
    uint64_t rounds;
    uint32_t kill_at;
    uint64_t torn;
    uint64_t backwards;
    uint64_t seen;
    uint64_t missed;
    uint64_t last;
    shmb_status status;
} actor;

static void begin(scene *all, uint32_t kind, uint32_t messages, uint64_t largest)
{
    *all = (scene){.geometry = {kind, messages, largest}};
    all->bytes = calloc(1, (size_t)shmb_geometry_bytes(&all->geometry));
    assert_non_null(all->bytes);
    all->place = threads_place_new();
    all->bell = threads_bell_new();
}

static void end(scene *all)
{
    threads_place_free(all->place);
    threads_bell_free(all->bell);
    free(all->bytes);
}

static volatile uint32_t *epoch_of(scene *all)
{
    return (volatile uint32_t *)(void *)(all->bytes + SHMB_EPOCH_OFFSET);
}

static void start(actor *who, void *(*act)(void *))
{
    assert_int_equal(pthread_create(&who->thread, NULL, act, who), 0);
}

static void finish(actor *who)
{
    assert_int_equal(pthread_join(who->thread, NULL), 0);
}

/* Every byte of a value or message says which one it is. */
static void fill(uint8_t *bytes, uint64_t size, uint64_t fact)
{
    memset(bytes, (int)(fact * 37 & 0xFF), (size_t)size);
    memcpy(bytes, &fact, sizeof fact);
}

static bool is_whole(const uint8_t *bytes, uint64_t size)
{
    uint64_t fact;
    memcpy(&fact, bytes, sizeof fact);
    for (uint64_t i = sizeof fact; i < size; i++)
        if (bytes[i] != (fact * 37 & 0xFF))
            return false;
    return true;
}

/* ---- State --------------------------------------------------------------------------------------- */

static void attach_state(state_use *use, sync_lock *turn, scene *all, sync_lives *lives)
{
    state_init(&use->region, all->bytes, &all->geometry);
    broadcast_init(&use->news, &all->waiting, epoch_of(all), all->bell);
    use->turn = turn;
    sync_lock_init(turn, &all->lock, all->place, lives);
}

static void *write_values(void *context)
{
    actor *who = context;
    state_use use;
    sync_lock turn;
    uint8_t value[LARGEST];
    attach_state(&use, &turn, who->scene, who->lives);
    threads_kill_me_at(who->kill_at);
    for (uint64_t i = 0; i < who->rounds; i++) {
        uint64_t version;
        fill(value, who->scene->geometry.item_size, who->number * 1000003ull + i);
        who->status = state_use_write(&use, value, who->scene->geometry.item_size, &version);
        if (who->status != SHMB_OK)
            break;
        who->backwards += version <= who->last;
        who->last = version;
        shmb_fetch_add_u64(&who->scene->written, 1);
    }
    return NULL;
}

static void *read_values(void *context)
{
    actor *who = context;
    state_use use;
    sync_lock turn;
    uint8_t value[LARGEST];
    attach_state(&use, &turn, who->scene, NULL);
    bool last_look = false;
    while (!last_look) {
        uint64_t size, version, written = shmb_load_acquire_u64(&who->scene->written);
        corruption what;
        last_look = shmb_load_acquire_u32(&who->scene->done) != 0;
        if (who->number % 2 == 0)
            state_use_wait(&use, who->last, 20);
        shmb_status status = state_read(&use.region, value, sizeof value, &size, &version, &what);
        if (status == SHMB_TIMED_OUT)
            continue;
        who->status = status;
        who->torn += status != SHMB_OK || size != who->scene->geometry.item_size || !is_whole(value, size);
        who->backwards += version < who->last || version < written;
        who->last = version;
        who->seen++;
    }
    return NULL;
}

static void run_state(uint64_t largest, uint32_t kill_at)
{
    scene all;
    actor writers[THREADS], readers[THREADS];
    begin(&all, SHMB_KIND_STATE, 0, largest);
    for (uint32_t i = 0; i < THREADS; i++) {
        writers[i] = (actor){
            .scene = &all, .number = i, .rounds = kill_at != 0 ? 30 : 2000, .lives = threads_lives_new()};
        readers[i] = (actor){.scene = &all, .number = i};
        if (i > 0)
            writers[i].kill_at = kill_at;
        start(&readers[i], read_values);
        start(&writers[i], write_values);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        finish(&writers[i]);
        threads_lives_free(writers[i].lives);
    }
    shmb_store_release_u32(&all.done, 1);
    for (uint32_t i = 0; i < THREADS; i++)
        finish(&readers[i]);
    assert_int_equal(writers[0].status, SHMB_OK);
    assert_true(all.written >= writers[0].rounds);
    for (uint32_t i = 0; i < THREADS; i++) {
        assert_int_equal(readers[i].status, SHMB_OK);
        assert_int_equal(readers[i].torn, 0);
        assert_int_equal(readers[i].backwards, 0);
        assert_int_equal(writers[i].backwards, 0);
        assert_true(readers[i].last >= writers[0].last);
    }
    end(&all);
}

static void several_writers_and_readers_see_whole_values_that_never_go_back(void **state)
{
    (void)state;
    run_state(SHMB_STATE_SMALL_BYTES, 0);
    run_state(LARGEST, 0);
}

/* At each of its first calls of the system: in the gate, waiting for its turn, waking, ringing. */
static void writers_that_are_killed_leave_the_others_going_on(void **state)
{
    (void)state;
    for (uint32_t kill_at = 1; kill_at <= 12; kill_at++)
        run_state(LARGEST, kill_at);
}

static void what_is_too_large_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    scene all;
    state_use use;
    sync_lock turn;
    uint8_t value[LARGEST + 1] = {0};
    uint64_t version, size;
    corruption what;
    begin(&all, SHMB_KIND_STATE, 0, LARGEST);
    sync_lives *lives = threads_lives_new();
    attach_state(&use, &turn, &all, lives);
    assert_int_equal(state_use_write(&use, value, LARGEST + 1, &version), SHMB_TOO_LARGE);
    assert_int_equal(state_use_write(&use, value, UINT64_MAX, &version), SHMB_TOO_LARGE);
    assert_int_equal(state_read(&use.region, value, LARGEST, &size, &version, &what), SHMB_TIMED_OUT);
    assert_int_equal(state_use_wait(&use, 0, SHMB_NO_WAIT), SHMB_TIMED_OUT);
    assert_int_equal(state_use_write(&use, value, LARGEST, &version), SHMB_OK);
    assert_int_equal(version, 1);
    assert_int_equal(state_use_wait(&use, 0, SHMB_INFINITE), SHMB_OK);
    threads_lives_free(lives);
    end(&all);
}

/* ---- Stream -------------------------------------------------------------------------------------- */

static void attach_stream(stream_use *use, sync_lock *turn, scene *all, sync_lives *lives)
{
    stream_init(&use->region, all->bytes, &all->geometry);
    broadcast_init(&use->news, &all->waiting, epoch_of(all), all->bell);
    use->turn = turn;
    sync_lock_init(turn, &all->lock, all->place, lives);
}

/* One after the other: each waits until it can be the producer, and dies as one, with a message begun. */
static void *produce(void *context)
{
    actor *who = context;
    stream_use use;
    sync_lock turn;
    sync_lives *lives = threads_lives_new();
    attach_stream(&use, &turn, who->scene, lives);
    for (uint64_t i = 0; i < who->rounds;) {
        uint8_t message[LARGEST];
        void *place;
        who->status = stream_use_claim(&use, LARGEST, &place);
        if (who->status == SHMB_BUSY)
            continue;
        fill(message, LARGEST, shmb_load_acquire_u64(&who->scene->written));
        if (who->status == SHMB_OK && i % 2 == 0) {
            shmb_copy_racing(place, message, LARGEST);
            who->status = stream_use_commit(&use, LARGEST);
        } else if (who->status == SHMB_OK) {
            who->status = stream_use_write(&use, message, LARGEST);
        }
        if (who->status != SHMB_OK)
            break;
        shmb_fetch_add_u64(&who->scene->written, 1);
        i++;
    }
    void *place;
    if (who->status == SHMB_OK)
        who->status = stream_use_claim(&use, LARGEST, &place);
    threads_lives_free(lives); /* its lives are over, as if it were killed here */
    return NULL;
}

static void *consume(void *context)
{
    actor *who = context;
    stream_use use;
    sync_lock turn;
    attach_stream(&use, &turn, who->scene, NULL);
    uint64_t position = 0;
    while (who->seen + who->missed < who->rounds) {
        uint8_t message[LARGEST];
        uint64_t size, missed, fact;
        corruption what = {0};
        shmb_status status = stream_use_read(&use, &position, message, LARGEST, &size, &missed, 10000, &what);
        who->missed += missed;
        if (status == SHMB_OK) {
            memcpy(&fact, message, sizeof fact);
            who->torn += !is_whole(message, size);
            who->backwards += fact != who->seen + who->missed;
            who->seen++;
        } else {
            who->status = status;
            break;
        }
    }
    return NULL;
}

static void run_stream(uint32_t messages, uint64_t rounds)
{
    scene all;
    actor producers[THREADS], readers[THREADS];
    begin(&all, SHMB_KIND_STREAM, messages, LARGEST);
    for (uint32_t i = 0; i < THREADS; i++) {
        producers[i] = (actor){.scene = &all, .number = i, .rounds = rounds};
        readers[i] = (actor){.scene = &all, .number = i, .rounds = rounds * THREADS};
        start(&readers[i], consume);
        start(&producers[i], produce);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        finish(&producers[i]);
        finish(&readers[i]);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        assert_int_equal(producers[i].status, SHMB_OK);
        assert_int_equal(readers[i].status, SHMB_OK);
        assert_int_equal(readers[i].torn, 0);
        assert_int_equal(readers[i].backwards, 0);
        assert_int_equal(readers[i].seen + readers[i].missed, rounds * THREADS);
    }
    end(&all);
}

/* Every message has its number in it, so that one that was lost and not counted, or counted and not lost, shows. */
static void readers_get_or_count_every_message_of_producers_that_die(void **state)
{
    (void)state;
    run_stream(2, 500);
    run_stream(8, 1000);
    run_stream(4096, 1000);
}

static void a_second_producer_is_told_until_the_first_is_gone(void **state)
{
    (void)state;
    scene all;
    stream_use first, second;
    sync_lock turn, other_turn;
    begin(&all, SHMB_KIND_STREAM, 4, LARGEST);
    sync_lives *lives = threads_lives_new(), *others = threads_lives_new();
    void *place;
    attach_stream(&first, &turn, &all, lives);
    attach_stream(&second, &other_turn, &all, others);
    assert_int_equal(stream_use_resign(&first), SHMB_NOT_OWNER);
    assert_int_equal(stream_use_write(&first, "one", 3), SHMB_OK);
    assert_int_equal(stream_use_write(&second, "two", 3), SHMB_BUSY);
    assert_int_equal(stream_use_claim(&second, 3, &place), SHMB_BUSY);
    assert_null(place);
    assert_int_equal(stream_use_commit(&second, 0), SHMB_NOT_OWNER);
    assert_int_equal(stream_use_commit(&first, 0), SHMB_NOT_OWNER);
    assert_int_equal(stream_use_resign(&first), SHMB_OK);
    assert_int_equal(stream_use_write(&second, "two", 3), SHMB_OK);
    assert_int_equal(stream_use_write(&first, "three", 5), SHMB_BUSY);
    threads_lives_free(others);
    assert_int_equal(stream_use_write(&first, "three", 5), SHMB_OK);
    assert_int_equal(stream_newest(&first.region), 6);
    threads_lives_free(lives);
    end(&all);
}

static void what_was_claimed_is_published_by_the_commit(void **state)
{
    (void)state;
    scene all;
    stream_use use;
    sync_lock turn;
    char buffer[LARGEST];
    uint64_t position = 0, size, missed;
    corruption what;
    void *place;
    begin(&all, SHMB_KIND_STREAM, 4, LARGEST);
    sync_lives *lives = threads_lives_new();
    attach_stream(&use, &turn, &all, lives);
    assert_int_equal(stream_use_claim(&use, LARGEST + 1, &place), SHMB_TOO_LARGE);
    assert_int_equal(stream_use_write(&use, buffer, LARGEST + 1), SHMB_TOO_LARGE);
    assert_int_equal(stream_use_claim(&use, 10, &place), SHMB_OK);
    memcpy(place, "hello", 5);
    assert_int_equal(stream_use_read(&use, &position, buffer, LARGEST, &size, &missed, 1, &what),
                     SHMB_TIMED_OUT);
    assert_int_equal(stream_use_commit(&use, 11), SHMB_TOO_LARGE);
    assert_int_equal(stream_use_commit(&use, 5), SHMB_OK);
    assert_int_equal(stream_use_read(&use, &position, buffer, LARGEST, &size, &missed, 0, &what), SHMB_OK);
    assert_int_equal(size, 5);
    assert_memory_equal(buffer, "hello", 5);
    assert_int_equal(stream_use_commit(&use, 5), SHMB_NOT_OWNER);
    assert_int_equal(stream_use_claim(&use, 10, &place), SHMB_OK); /* given up by the write */
    assert_int_equal(stream_use_write(&use, "next", 4), SHMB_OK);
    assert_int_equal(stream_use_commit(&use, 5), SHMB_NOT_OWNER);
    assert_int_equal(stream_use_read(&use, &position, buffer, LARGEST, &size, &missed, 0, &what), SHMB_OK);
    assert_memory_equal(buffer, "next", 4);
    threads_lives_free(lives);
    end(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_writers_and_readers_see_whole_values_that_never_go_back),
        cmocka_unit_test(writers_that_are_killed_leave_the_others_going_on),
        cmocka_unit_test(what_is_too_large_is_refused_and_changes_nothing),
        cmocka_unit_test(readers_get_or_count_every_message_of_producers_that_die),
        cmocka_unit_test(a_second_producer_is_told_until_the_first_is_gone),
        cmocka_unit_test(what_was_claimed_is_published_by_the_commit),
    };
    return cmocka_run_group_tests_name("states and streams with threads", tests, NULL, NULL);
}
