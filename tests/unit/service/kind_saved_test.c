/*
 * kind_image.c and kind_settle.c: what a state, queue or stream has that was saved while programs used it, and what is believed
 * of bytes that anybody may have written. The regions are used by the client's own code.
 */
#include "kind_image.h"
#include "kind_settle.h"
#include "queue_testing.h"
#include "snapshot.h"
#include "testing.h"
#include "threads.h"

#include "atomics.h"
#include "kinds/state.h"
#include "kinds/stream.h"

/* ---- A section ----------------------------------------------------------------------------------- */

struct platform_section {
    uint8_t *bytes;
    uint64_t size;
    void (*on_open)(unsigned n); /* before each window, counted from 1 */
    unsigned opened;
    unsigned open;
};

bool platform_section_open(platform_section *section, uint64_t offset, size_t length, bool to_write,
                           uint8_t **bytes, platform_failure *failure)
{
    (void)to_write;
    (void)failure;
    assert_int_equal(offset % 65536, 0);
    assert_true(length > 0 && offset + length <= section->size);
    if (section->on_open)
        section->on_open(++section->opened);
    section->open++;
    *bytes = section->bytes + offset;
    return true;
}

static unsigned windows_shut;

void platform_section_shut(uint8_t *bytes)
{
    assert_non_null(bytes);
    windows_shut++;
}

static uint8_t *memory(uint64_t size)
{
    uint8_t *bytes = aligned_alloc(64, (size_t)(size + 63) / 64 * 64);
    if (bytes == NULL)
        abort();
    memset(bytes, 0, (size_t)size);
    return bytes;
}

static platform_section section_of(const shmb_geometry *geometry)
{
    const uint64_t size = shmb_geometry_bytes(geometry);
    platform_section made = {.bytes = memory(size), .size = size};
    shmb_geometry_format(made.bytes, geometry);
    return made;
}

static void settle(const shmb_geometry *geometry, platform_section *section)
{
    const platform_progress nobody = {NULL, NULL};
    platform_failure failure;
    char why[SHMB_GEOMETRY_WHY];
    section->open = windows_shut = 0;
    assert_true(kind_settle(geometry, section, &nobody, &failure));
    assert_int_equal(section->open, windows_shut);
    assert_true(shmb_geometry_matches(section->bytes, geometry, why));
}

/* Copies an image of `from`, as a snapshot is copied. False when there is none. */
static bool save(const shmb_geometry *geometry, platform_section *from, uint8_t *to,
                 platform_failure *failure)
{
    kind_image image;
    uint8_t *bytes;
    bool ok = true;
    kind_image_begin(&image, geometry, from->size, from);
    from->open = windows_shut = 0;
    for (uint64_t at = 0; ok && at < from->size; at += SNAPSHOT_STEP) {
        size_t length = from->size - at < SNAPSHOT_STEP ? (size_t)(from->size - at) : SNAPSHOT_STEP;
        ok = kind_image_open(&image, at, length, false, &bytes, failure);
        if (ok)
            memcpy(to + at, bytes, length);
        kind_image_close(&image, bytes);
    }
    kind_image_end(&image);
    assert_int_equal(from->open, windows_shut);
    return ok;
}

/* The same, made the region of a later day. */
static platform_section restored(const shmb_geometry *geometry, platform_section *from)
{
    platform_failure failure = {0};
    platform_section to = {.bytes = memory(from->size), .size = from->size};
    if (!save(geometry, from, to.bytes, &failure))
        fail_msg("%s", failure.text);
    settle(geometry, &to);
    return to;
}

/* ---- State --------------------------------------------------------------------------------------- */

/* As many bytes as the version says, each the version's lowest. */
static uint64_t fill_value(uint8_t *value, uint64_t version, uint64_t largest)
{
    uint64_t size = 1 + version % largest;
    memset(value, (int)(version & 0xFF), (size_t)size);
    return size;
}

static bool is_value(const uint8_t *value, uint64_t size, uint64_t version, uint64_t largest)
{
    if (size != 1 + version % largest)
        return false;
    for (uint64_t i = 0; i < size; i++)
        if (value[i] != (version & 0xFF))
            return false;
    return true;
}

static void publish_next(state_region *region, uint8_t *value)
{
    uint64_t version = shmb_load_acquire_u64(&region->words->version) + 1;
    assert_int_equal(state_publish(region, value, fill_value(value, version, region->largest)), version);
}

static const uint64_t value_sizes[] = {1, 24, 25, 1000, 70000};

static void a_state_has_its_latest_value_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof value_sizes / sizeof value_sizes[0]; i++) {
        const shmb_geometry geometry = {SHMB_KIND_STATE, 0, value_sizes[i]};
        platform_section from = section_of(&geometry);
        uint8_t *value = memory(geometry.item_size);
        state_region region, again;
        state_init(&region, from.bytes, &geometry);
        for (uint64_t version = 0; version < 7; version++) {
            platform_section to = restored(&geometry, &from);
            uint64_t size, found;
            corruption what;
            state_init(&again, to.bytes, &geometry);
            shmb_status status = state_read(&again, value, geometry.item_size, &size, &found, &what);
            assert_int_equal(status, version ? SHMB_OK : SHMB_TIMED_OUT);
            assert_int_equal(found, version);
            assert_true(version == 0 || is_value(value, size, version, geometry.item_size));
            free(to.bytes);
            publish_next(&region, value);
        }
        free(value);
        free(from.bytes);
    }
}

#define SATURATED_VALUE 65536u
#define IMAGES          200u

static uint32_t enough; /* atomic */

static void write_all_the_time(void *context)
{
    state_region *region = context;
    uint8_t *value = memory(SATURATED_VALUE);
    for (uint64_t version = 1; !shmb_load_acquire_u32(&enough); version++)
        state_publish(region, value, fill_value(value, version, SATURATED_VALUE));
    free(value);
}

static void a_state_that_is_written_all_the_time_is_saved_whole(void **state)
{
    (void)state;
    const shmb_geometry geometry = {SHMB_KIND_STATE, 0, SATURATED_VALUE};
    platform_section from = section_of(&geometry);
    uint8_t *value = memory(SATURATED_VALUE);
    state_region region, again;
    thread writer;
    uint64_t size, version, last = 0;
    corruption what;
    state_init(&region, from.bytes, &geometry);
    enough = 0;
    assert_true(thread_start(&writer, write_all_the_time, &region));
    while (shmb_load_acquire_u64(&region.words->version) == 0)
        shmb_pause();
    for (unsigned i = 0; i < IMAGES; i++) {
        platform_section to = restored(&geometry, &from);
        state_init(&again, to.bytes, &geometry);
        assert_int_equal(state_read(&again, value, SATURATED_VALUE, &size, &version, &what), SHMB_OK);
        assert_true(is_value(value, size, version, SATURATED_VALUE));
        assert_true(version >= last);
        last = version;
        free(to.bytes);
    }
    shmb_store_release_u32(&enough, 1);
    thread_join(&writer);
    free(value);
    free(from.bytes);
}

/* Whoever wrote over it cannot have it saved over what was good. */
static void a_state_that_cannot_be_is_not_saved(void **state)
{
    (void)state;
    const shmb_geometry geometry = {SHMB_KIND_STATE, 0, 100};
    platform_section from = section_of(&geometry);
    platform_failure failure = {0};
    uint8_t value[100], *to = memory(from.size);
    state_region region;
    state_init(&region, from.bytes, &geometry);
    publish_next(&region, value);
    region.words->lengths[1] = 101;
    assert_false(save(&geometry, &from, to, &failure));
    assert_non_null(strstr(failure.text, "what cannot be"));
    settle(&geometry, &from); /* and from a file it is not believed */
    assert_int_equal(region.words->version, 0);
    free(to);
    free(from.bytes);
}

/* ---- Queue --------------------------------------------------------------------------------------- */

#define PLACES  8u
#define MESSAGE 100u

static const shmb_geometry of_queue = {SHMB_KIND_QUEUE, PLACES, MESSAGE};

static void send(queue_program *program, uint32_t number)
{
    assert_int_equal(shmb_q_send(&program->queue, &number, sizeof number, 0), SHMB_OK);
}

static void assert_next(queue_program *program, uint32_t number)
{
    uint32_t got = 0, size = 0;
    assert_int_equal(shmb_q_receive(&program->queue, &got, sizeof got, &size, 0), SHMB_OK);
    assert_int_equal(size, sizeof got);
    assert_int_equal(got, number);
}

static void assert_no_more(queue_program *program)
{
    uint32_t got, size;
    assert_int_equal(shmb_q_receive(&program->queue, &got, sizeof got, &size, 0), SHMB_TIMED_OUT);
}

static platform_section section_of_queue(const queue_region *region)
{
    return (platform_section){.bytes = region->bytes, .size = region->size};
}

/* Nobody of an earlier day. */
static void assert_nobody_is_in(const queue_region *region)
{
    assert_int_equal(header_of(region)->ready, 0);
    assert_int_equal(header_of(region)->room, 0);
    for (unsigned i = 0; i < QUEUE_MEMBERS; i++)
        assert_int_equal(header_of(region)->members[i], 0);
}

/* The region that was saved becomes the one of a later day, with programs that know nothing of the others. */
static queue_program *on_a_later_day(queue_region *region, queue_program *before)
{
    platform_section from = section_of_queue(region);
    platform_section to = restored(&of_queue, &from);
    program_kill(before); /* its lives are in the members of old, and nobody may find them */
    memcpy(region->bytes, to.bytes, (size_t)to.size);
    free(to.bytes);
    assert_nobody_is_in(region);
    return program_attach(region);
}

static void fill_and_empty(queue_program *program)
{
    for (uint32_t i = 0; i < PLACES; i++)
        send(program, i);
    uint32_t more = 0;
    assert_int_equal(shmb_q_send(&program->queue, &more, sizeof more, 0), SHMB_TIMED_OUT);
    for (uint32_t i = 0; i < PLACES; i++)
        assert_next(program, i);
    assert_no_more(program);
}

static void a_queue_has_what_was_not_received_again_in_its_order(void **state)
{
    (void)state;
    for (uint32_t gone = 0; gone <= 3 * PLACES; gone++) {
        for (uint32_t there = 0; there <= PLACES; there++) {
            queue_region region;
            region_make(&region, PLACES, MESSAGE, QUEUE_POSITIONS - 2 * (uint64_t)PLACES); /* comes round */
            queue_program *program = program_attach(&region);
            for (uint32_t i = 0; i < gone; i++) {
                send(program, i);
                assert_next(program, i);
            }
            for (uint32_t i = 0; i < there; i++)
                send(program, 1000 + i);
            program = on_a_later_day(&region, program);
            for (uint32_t i = 0; i < there; i++)
                assert_next(program, 1000 + i);
            assert_no_more(program);
            fill_and_empty(program);
            program_detach(program);
            region_free(&region);
        }
    }
}

static void what_was_being_sent_or_received_is_gone_and_in_nobodys_way(void **state)
{
    (void)state;
    queue_region region;
    queue_message taken = {0}, claimed = {0};
    region_make(&region, PLACES, MESSAGE, 0);
    queue_program *program = program_attach(&region);
    send(program, 1);
    send(program, 2);
    assert_int_equal(shmb_q_claim(&program->queue, 4, 0, &claimed), SHMB_OK);
    send(program, 3);
    assert_int_equal(shmb_q_take(&program->queue, 0, &taken), SHMB_OK);
    program = on_a_later_day(&region, program);
    assert_next(program, 2);
    assert_next(program, 3);
    assert_no_more(program);
    fill_and_empty(program);
    program_detach(program);
    region_free(&region);
}

static queue_program *sender_meanwhile;

/* Between the look at where the queue ends and the copying of its slots. */
static void send_meanwhile(unsigned n)
{
    if (n == 2)
        send(sender_meanwhile, 77);
}

static void what_is_sent_while_it_is_saved_is_of_the_next_time(void **state)
{
    (void)state;
    queue_region region;
    region_make(&region, PLACES, MESSAGE, 0);
    queue_program *program = sender_meanwhile = program_attach(&region);
    send(program, 1);
    platform_section from = section_of_queue(&region);
    from.on_open = send_meanwhile;
    platform_section to = restored(&of_queue, &from);
    assert_true(from.opened >= 2);
    memcpy(region.bytes, to.bytes, (size_t)to.size);
    program_kill(program);
    program = program_attach(&region);
    assert_next(program, 1);
    assert_no_more(program);
    free(to.bytes);
    program_detach(program);
    region_free(&region);
}

/* ---- Stream -------------------------------------------------------------------------------------- */

static const shmb_geometry of_stream = {SHMB_KIND_STREAM, PLACES, MESSAGE};
static stream_region stream;
static uint64_t next;

static void begin_stream(platform_section *section)
{
    stream_init(&stream, section->bytes, &of_stream);
    next = stream_take_over(&stream);
}

static void publish(uint64_t number)
{
    shmb_copy_racing(stream_begin(&stream, next), &number, sizeof number);
    next = stream_finish(&stream, next, sizeof number);
}

typedef struct tally {
    uint64_t read, missed, last;
} tally;

/* All that a reader gets who joins at the oldest: whole numbers, each larger than the one before. */
static tally read_all(void)
{
    tally t = {0, 0, 0};
    uint64_t position = stream_oldest(&stream), number, size, missed;
    corruption what;
    for (;;) {
        shmb_status status = stream_read(&stream, &position, &number, sizeof number, &size, &missed, &what);
        t.missed += missed;
        if (status == SHMB_TIMED_OUT)
            return t;
        assert_int_equal(status, SHMB_OK);
        assert_int_equal(size, sizeof number);
        assert_true(number > t.last);
        t.last = number;
        t.read++;
    }
}

static void a_stream_has_its_newest_messages_again(void **state)
{
    (void)state;
    for (uint64_t count = 0; count < UINT64_C(4) * PLACES; count++) {
        platform_section from = section_of(&of_stream);
        begin_stream(&from);
        for (uint64_t number = 1; number <= count; number++)
            publish(number);
        stream_begin(&stream, next); /* and one is begun, whose slot is no longer that of an older one */
        platform_section to = restored(&of_stream, &from);
        begin_stream(&to);
        tally t = read_all();
        assert_int_equal(t.read, count < PLACES - 1 ? count : PLACES - 1);
        assert_int_equal(t.missed, 0);
        assert_int_equal(t.last, count);
        publish(count + 1);
        assert_int_equal(read_all().last, count + 1);
        free(from.bytes);
        free(to.bytes);
    }
}

static void overtake(unsigned n)
{
    for (uint64_t i = 0; n == 2 && i < 3; i++)
        publish(21 + i);
}

static void what_was_written_over_while_it_was_saved_is_counted_as_missed(void **state)
{
    (void)state;
    platform_section from = section_of(&of_stream);
    begin_stream(&from);
    for (uint64_t number = 1; number <= 20; number++)
        publish(number);
    from.on_open = overtake;
    platform_section to = restored(&of_stream, &from);
    begin_stream(&to);
    tally t = read_all();
    assert_int_equal(t.missed, 2); /* of 14 to 20, 14 and 15; the first of the three took the place of 13 */
    assert_int_equal(t.read, 5);
    assert_int_equal(t.last, 20);
    free(from.bytes);
    free(to.bytes);
}

static void produce_all_the_time(void *context)
{
    (void)context;
    for (uint64_t number = 1; !shmb_load_acquire_u32(&enough); number++)
        publish(number);
}

static void a_stream_that_is_written_all_the_time_is_saved_whole(void **state)
{
    (void)state;
    platform_section from = section_of(&of_stream), copy = section_of(&of_stream);
    thread producer;
    uint64_t whole = 0;
    begin_stream(&from);
    const stream_region live = stream;
    enough = 0;
    assert_true(thread_start(&producer, produce_all_the_time, NULL));
    while (stream_newest(&live) == 0)
        shmb_pause();
    platform_failure failure;
    for (unsigned i = 0; i < IMAGES; i++) {
        assert_true(save(&of_stream, &from, copy.bytes, &failure));
        settle(&of_stream, &copy);
        stream_region again;
        uint64_t position, number, size, missed, last = 0;
        corruption what;
        shmb_status status;
        stream_init(&again, copy.bytes, &of_stream);
        position = stream_oldest(&again);
        while ((status = stream_read(&again, &position, &number, sizeof number, &size, &missed, &what)) ==
               SHMB_OK) {
            assert_true(size == sizeof number && number > last && number == position / 2);
            last = number;
            whole++;
        }
        assert_int_equal(status, SHMB_TIMED_OUT);
    }
    shmb_store_release_u32(&enough, 1);
    thread_join(&producer);
    assert_true(whole > 0);
    free(from.bytes);
    free(copy.bytes);
}

/* ---- Whatever the bytes are ---------------------------------------------------------------------- */

static uint64_t drawn = 20261122;

/* Words that look nearly right, and others. */
static uint64_t draw_word(void)
{
    uint64_t near = testing_random(&drawn) % 64;
    switch (testing_random(&drawn) % 6) {
    case 0:
        return 0;
    case 1:
        return near;
    case 2:
        return queue_word((near / 8) * 8, (queue_state)(testing_random(&drawn) % 5), 0);
    case 3:
        return queue_word(near, QUEUE_FULL, testing_random(&drawn) % 2);
    case 4:
        return UINT64_MAX - near;
    default:
        return (uint64_t)testing_random(&drawn) << 32 | testing_random(&drawn);
    }
}

static void draw_bytes(uint8_t *bytes, const shmb_geometry *geometry)
{
    const shmb_slots slots = shmb_geometry_slots(geometry);
    for (uint64_t at = 0; at < slots.first; at += 8) {
        uint64_t word = testing_random(&drawn) % 4 ? draw_word() : 0;
        memcpy(bytes + at, &word, sizeof word);
    }
    for (uint64_t slot = 0; slot < slots.count; slot++) {
        uint64_t word = draw_word();
        uint32_t length =
            testing_random(&drawn) % 4 ? testing_random(&drawn) % (MESSAGE + 2) : SHMB_STREAM_LOST;
        memcpy(bytes + slots.first + slot * slots.stride, &word, sizeof word);
        memcpy(bytes + slots.first + slot * slots.stride + 8, &length, sizeof length);
    }
}

#define DRAWS 2000u

static void a_state_of_any_bytes_has_a_value_or_none(void **state)
{
    (void)state;
    const uint64_t sizes[] = {8, MESSAGE};
    for (unsigned i = 0; i < DRAWS; i++) {
        const shmb_geometry geometry = {SHMB_KIND_STATE, 0, sizes[i % 2]};
        platform_section section = section_of(&geometry);
        state_region region;
        uint8_t value[MESSAGE];
        uint64_t size, version;
        corruption what;
        draw_bytes(section.bytes, &geometry);
        settle(&geometry, &section);
        state_init(&region, section.bytes, &geometry);
        shmb_status status = state_read(&region, value, sizeof value, &size, &version, &what);
        assert_true(status == SHMB_OK || (status == SHMB_TIMED_OUT && version == 0));
        free(section.bytes);
    }
}

static void a_queue_of_any_bytes_is_a_queue(void **state)
{
    (void)state;
    uint64_t received = 0;
    for (unsigned i = 0; i < DRAWS; i++) {
        queue_region region;
        uint8_t message[MESSAGE];
        uint32_t size;
        shmb_status status;
        region_make(&region, PLACES, MESSAGE, 0);
        draw_bytes(region.bytes, &of_queue);
        platform_section section = section_of_queue(&region);
        settle(&of_queue, &section);
        assert_nobody_is_in(&region);
        queue_program *program = program_attach(&region);
        while ((status = shmb_q_receive(&program->queue, message, sizeof message, &size, 0)) == SHMB_OK)
            received++;
        assert_int_equal(status, SHMB_TIMED_OUT);
        fill_and_empty(program);
        program_detach(program);
        region_free(&region);
    }
    assert_true(received > 0);
}

static void a_stream_of_any_bytes_is_a_stream(void **state)
{
    (void)state;
    uint64_t read = 0;
    for (unsigned i = 0; i < DRAWS; i++) {
        platform_section section = section_of(&of_stream);
        uint8_t message[MESSAGE];
        uint64_t size, missed, sum = 0, position;
        corruption what;
        shmb_status status;
        draw_bytes(section.bytes, &of_stream);
        settle(&of_stream, &section);
        begin_stream(&section);
        position = stream_oldest(&stream);
        const uint64_t there = (stream_newest(&stream) - position) / 2;
        do {
            status = stream_read(&stream, &position, message, sizeof message, &size, &missed, &what);
            sum += missed + (status == SHMB_OK);
            read += status == SHMB_OK;
        } while (status == SHMB_OK);
        assert_int_equal(status, SHMB_TIMED_OUT);
        assert_int_equal(sum, there);
        publish(i);
        assert_int_equal(stream_read(&stream, &position, message, sizeof message, &size, &missed, &what),
                         SHMB_OK);
        free(section.bytes);
    }
    assert_true(read > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_has_its_latest_value_again),
        cmocka_unit_test(a_state_that_is_written_all_the_time_is_saved_whole),
        cmocka_unit_test(a_state_that_cannot_be_is_not_saved),
        cmocka_unit_test(a_queue_has_what_was_not_received_again_in_its_order),
        cmocka_unit_test(what_was_being_sent_or_received_is_gone_and_in_nobodys_way),
        cmocka_unit_test(what_is_sent_while_it_is_saved_is_of_the_next_time),
        cmocka_unit_test(a_stream_has_its_newest_messages_again),
        cmocka_unit_test(what_was_written_over_while_it_was_saved_is_counted_as_missed),
        cmocka_unit_test(a_stream_that_is_written_all_the_time_is_saved_whole),
        cmocka_unit_test(a_state_of_any_bytes_has_a_value_or_none),
        cmocka_unit_test(a_queue_of_any_bytes_is_a_queue),
        cmocka_unit_test(a_stream_of_any_bytes_is_a_stream),
    };
    return cmocka_run_group_tests_name("service.kind_saved", tests, NULL, NULL);
}
