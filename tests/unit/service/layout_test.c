/*
 * client/LAYOUT.md against the code: what the broker and the client's functions write is read, and what they read is written, by
 * the page's numbers alone (layout_page.c). Who changes a layout sees it here, and changes the page.
 */
#include "catalog.h"
#include "geometry.h"
#include "kinds/state.h"
#include "kinds/stream.h"
#include "layout_page.h"
#include "queue_testing.h"
#include "testing.h"

#define RESERVED (4u << 20)

/* ---- The catalog --------------------------------------------------------------------------------- */

static bool commit(void *context, uint64_t bytes, platform_failure *failure)
{
    (void)context;
    (void)failure;
    return bytes <= RESERVED;
}

static catalog_memory new_memory(void)
{
    catalog_memory memory = {calloc(1, RESERVED), RESERVED, commit, NULL};
    if (memory.base == NULL)
        abort();
    return memory;
}

static void start(catalog *c, const catalog_memory *memory, bool adopted)
{
    platform_failure failure;
    const catalog_publisher publisher = {.version = "1.2.3",
                                         .instance = "Line 4",
                                         .pid = 4711,
                                         .started = 1000,
                                         .heartbeat = 77,
                                         .heartbeat_period = 500};
    assert_true(catalog_start(c, memory, adopted, &publisher, &failure));
    catalog_set_state(c, SHMB_BROKER_RUNNING);
}

/* Enough of them that the index has grown twice. */
#define REGIONS 600u

static void publish_region(catalog *c, unsigned number, uint64_t generation)
{
    char name[40], object[60], description[60];
    catalog_place place;
    uint64_t before;
    platform_failure failure;
    snprintf(name, sizeof name, "Region %u", number);
    snprintf(object, sizeof object, "Global\\Region %u", number);
    snprintf(description, sizeof description, "number %u, %u", number, (unsigned)generation);
    const bool raw = number % 2; /* the others are queues */
    const shmb_geometry queue = {SHMB_KIND_QUEUE, 1u << (number % 8 + 1), number + 1}, none = {0, 0, 0};
    const catalog_publication publication = {.state = SHMB_REGION_READY,
                                             .size = raw ? 4096 + number : shmb_geometry_bytes(&queue),
                                             .max_size = raw ? 65536 : 0,
                                             .generation = generation,
                                             .flags = raw ? SHMB_FLAG_LOCK : 0,
                                             .geometry = raw ? none : queue,
                                             .object_name = object,
                                             .description = description};
    assert_true(catalog_place_of(c, name, &place, &before, &failure));
    assert_true(catalog_publish(c, place, &publication, &failure));
}

static void assert_region(const page_region *region, unsigned number, uint64_t generation)
{
    char object[60], description[60];
    snprintf(object, sizeof object, "Global\\Region %u", number);
    snprintf(description, sizeof description, "number %u, %u", number, (unsigned)generation);
    const uint32_t messages = number % 2 ? 0 : 1u << (number % 8 + 1);
    const uint64_t stride = ((uint64_t)16 + number + 1 + 63) / 64 * 64;
    assert_int_equal(region->state, 2);
    assert_int_equal(region->kind, number % 2 ? 1 : 3);
    assert_int_equal(region->size, number % 2 ? 4096 + number : 12288 + messages * stride);
    assert_int_equal(region->max_size, number % 2 ? 65536 : 0);
    assert_int_equal(region->generation, generation);
    assert_int_equal(region->flags, number % 2 ? 1 << 10 : 0);
    assert_int_equal(region->messages, messages);
    assert_int_equal(region->item_size, number % 2 ? 0 : number + 1);
    assert_string_equal(region->object_name, object);
    assert_string_equal(region->description, description);
}

static void the_catalog_is_found_as_the_page_says(void **state)
{
    (void)state;
    catalog c;
    page_region region;
    page_broker broker;
    const catalog_memory memory = new_memory();
    start(&c, &memory, false);
    for (unsigned number = 0; number < REGIONS; number++)
        publish_region(&c, number, 1);
    for (unsigned number = 0; number < REGIONS; number += 3)
        publish_region(&c, number, 2); /* the other slot */
    for (unsigned number = 0; number < REGIONS; number++) {
        char name[40];
        snprintf(name, sizeof name, "Region %u", number);
        assert_true(page_find(memory.base, name, &region));
        assert_region(&region, number, number % 3 ? 1 : 2);
        assert_true(page_walk_to(memory.base, name, &region));
        assert_region(&region, number, number % 3 ? 1 : 2);
    }
    assert_false(page_find(memory.base, "Region", &region));
    assert_false(page_walk_to(memory.base, "Region", &region));
    assert_true(page_broker_of(memory.base, &broker));
    assert_int_equal(broker.layout_version, 3);
    assert_int_equal(broker.state, 2);
    assert_int_equal(broker.pid, 4711);
    assert_int_equal(broker.entries, REGIONS);
    assert_int_equal(broker.heartbeat, 77);
    assert_int_equal(broker.epoch, 1);
    assert_int_equal(broker.reloads, 0);
    assert_true(broker.generation >= REGIONS + REGIONS / 3);
    assert_int_equal(broker.committed % 4096, 0);
    assert_string_equal(broker.version, "1.2.3");
    assert_string_equal(broker.instance, "Line 4");
    start(&c, &memory, true);
    assert_true(page_broker_of(memory.base, &broker));
    assert_int_equal(broker.epoch, 2);
    assert_true(page_find(memory.base, "Region 5", &region));
    assert_int_equal(region.state, 4);
    free(memory.base);
}

/* ---- Regions of a kind --------------------------------------------------------------------------- */

static uint8_t *new_region(const shmb_geometry *geometry)
{
    const uint64_t size = shmb_geometry_bytes(geometry);
    uint8_t *bytes = aligned_alloc(64, (size_t)size);
    if (bytes == NULL)
        abort();
    memset(bytes, 0, (size_t)size);
    shmb_geometry_format(bytes, geometry);
    return bytes;
}

static void a_region_begins_as_the_page_says(void **state)
{
    (void)state;
    static const struct {
        shmb_geometry geometry;
        uint64_t bytes; /* first + slots * stride */
    } regions[] = {{{2, 0, 1}, 4096 + 4 * 64},          {{2, 0, 24}, 4096 + 4 * 64},
                   {{2, 0, 65}, 4096 + 4 * 128},        {{3, 2, 1}, 12288 + 2 * 64},
                   {{3, 1024, 49}, 12288 + 1024 * 128}, {{4, 4, 48}, 4096 + 4 * 64},
                   {{4, 8, 1000}, 4096 + 8 * 1024}};
    for (size_t i = 0; i < sizeof regions / sizeof regions[0]; i++) {
        uint8_t *region = new_region(&regions[i].geometry);
        uint32_t kind, messages;
        uint64_t bytes, item_size;
        assert_true(page_kind(region, &kind, &bytes, &item_size, &messages));
        assert_int_equal(kind, regions[i].geometry.kind);
        assert_int_equal(bytes, regions[i].bytes);
        assert_int_equal(item_size, regions[i].geometry.item_size);
        assert_int_equal(messages, regions[i].geometry.messages);
        free(region);
    }
}

#define TURNS 40u

static uint32_t fill(uint8_t *bytes, unsigned number, uint64_t largest)
{
    uint32_t size = (uint32_t)((uint64_t)number * 7 % (largest + 1));
    memset(bytes, (int)(number & 0xFF), size);
    return size;
}

static void assert_filled(const uint8_t *bytes, int64_t size, unsigned number, uint64_t largest)
{
    assert_int_equal(size, (uint64_t)number * 7 % (largest + 1));
    for (int64_t i = 0; i < size; i++)
        assert_int_equal(bytes[i], number & 0xFF);
}

static void a_state_is_read_and_written_as_the_page_says(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 24, 25, 200};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const shmb_geometry geometry = {SHMB_KIND_STATE, 0, sizes[i]};
        uint8_t *bytes = new_region(&geometry), value[200];
        uint64_t version, size;
        state_region region;
        corruption what;
        state_init(&region, bytes, &geometry);
        assert_int_equal(page_state_read(bytes, sizes[i], value, &version), -1);
        for (unsigned number = 1; number < TURNS; number++) {
            uint32_t length = fill(value, number, sizes[i]);
            if (number % 3)
                assert_int_equal(state_publish(&region, value, length), number);
            else
                page_state_write(bytes, sizes[i], value, length);
            memset(value, 0, sizeof value);
            assert_filled(value, page_state_read(bytes, sizes[i], value, &version), number, sizes[i]);
            assert_int_equal(version, number);
            assert_int_equal(state_read(&region, value, sizeof value, &size, &version, &what), SHMB_OK);
            assert_filled(value, (int64_t)size, number, sizes[i]);
            assert_int_equal(version, number);
        }
        free(bytes);
    }
}

static void a_stream_is_read_and_written_as_the_page_says(void **state)
{
    (void)state;
    const shmb_geometry geometry = {SHMB_KIND_STREAM, 4, 100};
    uint8_t *bytes = new_region(&geometry), message[100];
    uint64_t slow = 0, cursor = 0, missed, size, skipped = 0, got = 0;
    stream_region region;
    corruption what;
    stream_init(&region, bytes, &geometry);
    assert_int_equal(page_stream_read(bytes, 100, 4, &cursor, message, &missed), -1);
    for (unsigned number = 0; number < TURNS; number++) {
        uint32_t length = fill(message, number, 100);
        if (number % 3) {
            uint64_t next = stream_take_over(&region);
            memcpy(stream_begin(&region, next), message, length);
            stream_finish(&region, next, length);
        } else {
            page_stream_write(bytes, 100, 4, message, length);
        }
        uint64_t same = cursor;
        assert_filled(message, page_stream_read(bytes, 100, 4, &cursor, message, &missed), number, 100);
        assert_int_equal(stream_read(&region, &same, message, sizeof message, &size, &missed, &what),
                         SHMB_OK);
        assert_filled(message, (int64_t)size, number, 100);
        assert_int_equal(same, cursor);
        if (number % 9 == 8) { /* one who comes seldom */
            same = slow;
            got += page_stream_read(bytes, 100, 4, &slow, message, &missed) >= 0;
            skipped += missed;
            assert_int_equal(stream_read(&region, &same, message, sizeof message, &size, &missed, &what),
                             SHMB_OK);
            assert_int_equal(same, slow);
        }
    }
    assert_int_equal(slow, 2 * (got + skipped));
    assert_true(skipped > 0);
    free(bytes);
}

static void a_queue_is_used_as_the_page_says(void **state)
{
    (void)state;
    queue_region region;
    uint8_t message[100];
    uint32_t size;
    region_make(&region, 8, 100, 0);
    queue_program *program = program_attach(&region);
    unsigned sent = 0, received = 0;
    for (unsigned turn = 0; turn < 20 * TURNS; turn++) {
        bool sends = turn % 16 < 8; /* up to full, and down to empty */
        uint32_t length = fill(message, sent, 100);
        if (sends && turn % 2) {
            assert_true(page_queue_send(region.bytes, 100, 8, 1000, 44, message, length));
            sent++;
        } else if (sends) {
            assert_int_equal(shmb_q_send(&program->queue, message, length, 0), SHMB_OK);
            sent++;
        } else if (turn % 4 < 2) {
            assert_filled(message, page_queue_receive(region.bytes, 100, 8, 1000, 44, message), received,
                          100);
            received++;
        } else {
            assert_int_equal(shmb_q_receive(&program->queue, message, sizeof message, &size, 0), SHMB_OK);
            assert_filled(message, size, received, 100);
            received++;
        }
        if (sent - received == 8) {
            assert_false(page_queue_send(region.bytes, 100, 8, 1000, 44, message, 1));
            assert_int_equal(shmb_q_send(&program->queue, message, 1, 0), SHMB_TIMED_OUT);
        } else if (sent == received) {
            assert_int_equal(page_queue_receive(region.bytes, 100, 8, 1000, 44, message), -1);
            assert_int_equal(shmb_q_receive(&program->queue, message, sizeof message, &size, 0),
                             SHMB_TIMED_OUT);
        }
    }
    assert_true(received > 100);
    program_detach(program);
    region_free(&region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_catalog_is_found_as_the_page_says),
        cmocka_unit_test(a_region_begins_as_the_page_says),
        cmocka_unit_test(a_state_is_read_and_written_as_the_page_says),
        cmocka_unit_test(a_stream_is_read_and_written_as_the_page_says),
        cmocka_unit_test(a_queue_is_used_as_the_page_says),
    };
    return cmocka_run_group_tests_name("service.layout", tests, NULL, NULL);
}
