/*
 * A program that may write to the region writes anything anywhere: every operation ends in time, within the region (which
 * AddressSanitizer watches), and says SHMB_CORRUPT of what cannot be.
 */
#include "atomics.h"
#include "queue_testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#define MESSAGES 4u
#define SIZE     40u
#define WAIT_MS  2u
#define LATE_NS  UINT64_C(2000000000) /* of a wait of WAIT_MS, on a busy machine */

static queue_region region;
static queue_program *program;

static uint64_t draw(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void must_be_a_status(shmb_status status, shmb_status also)
{
    if (status != SHMB_OK && status != SHMB_TIMED_OUT && status != SHMB_CORRUPT && status != SHMB_BUSY &&
        status != also)
        fail_msg("status %d", status);
}

/* Every operation once. Returns how many of them said that it is corrupt. */
static uint32_t use_all(queue_view *queue, uint32_t wait_ms)
{
    uint8_t buffer[3 * SIZE] = {0};
    const uint32_t lengths[3] = {SIZE, 0, 1};
    uint32_t got[3], count = 0, length = 0, corrupt = 0;
    queue_message message, taken;
    shmb_status status = shmb_q_send(queue, buffer, SIZE, sync_deadline_in(wait_ms));
    must_be_a_status(status, SHMB_OK);
    corrupt += status == SHMB_CORRUPT;
    status = shmb_q_claim(queue, SIZE, sync_deadline_in(wait_ms), &message);
    must_be_a_status(status, SHMB_OK);
    corrupt += status == SHMB_CORRUPT;
    if (status == SHMB_OK) {
        memset(message.bytes, 0xAA, message.length);
        must_be_a_status(shmb_q_commit(queue, &message), SHMB_NOT_OWNER);
    }
    status = shmb_q_take(queue, sync_deadline_in(wait_ms), &taken);
    must_be_a_status(status, SHMB_OK);
    corrupt += status == SHMB_CORRUPT;
    if (status == SHMB_OK) {
        assert_in_range(taken.length, 0, SIZE);
        memcpy(buffer, taken.bytes, taken.length);
        must_be_a_status(shmb_q_release(queue, &taken), SHMB_NOT_OWNER);
    }
    status = shmb_q_receive(queue, buffer, SIZE, &length, sync_deadline_in(wait_ms));
    must_be_a_status(status, SHMB_OK);
    assert_in_range(length, 0, SIZE);
    corrupt += status == SHMB_CORRUPT;
    if (shmb_q_claim(queue, SIZE, SYNC_AT_ONCE, &message) == SHMB_OK)
        must_be_a_status(shmb_q_cancel(queue, &message), SHMB_NOT_OWNER);
    status = shmb_q_send_many(queue, buffer, lengths, 3, sync_deadline_in(wait_ms), &count);
    must_be_a_status(status, SHMB_OK);
    status = shmb_q_receive_many(queue, buffer, sizeof buffer, got, 3, sync_deadline_in(wait_ms), &count);
    must_be_a_status(status, SHMB_OK);
    assert_in_range(count, 0, 3);
    assert_in_range(shmb_q_length(queue), 0, MESSAGES);
    return corrupt;
}

/* ---- One word -------------------------------------------------------------------------------------- */

/* Words of this and other rounds, in every state, and what is no word at all. */
static uint64_t value_of(uint32_t number, uint64_t position)
{
    static const uint64_t others[] = {0,          1,          5,         7,          UINT64_MAX,
                                      1ull << 63, 0x10004ull, 0xFFF8ull, UINT32_MAX, 0x7FFF000000000000ull};
    uint32_t state = number % 5, round = number / 5;
    if (round < 7)
        return queue_word(queue_position_after(position, ((uint64_t)round - 3) * MESSAGES),
                          (queue_state)state, state == QUEUE_CLAIMED || state == QUEUE_TAKEN ? 9 : 0);
    number -= 35;
    if (number < sizeof others / sizeof others[0])
        return others[number];
    return position + number - 40; /* of a hint: some before, some behind */
}

#define VALUES 60u

static uint64_t *control_word(uint32_t number)
{
    queue_header *header = header_of(&region);
    switch (number) {
    case 0:
        return &header->tail;
    case 1:
        return &header->head;
    case 2:
        return &header->ready;
    case 3:
        return &header->room;
    case 4:
        return &header->members[9];
    default:
        return &slot_of(&region, number - 5)->word;
    }
}

#define WORDS (5u + MESSAGES)

static void begin(uint64_t position)
{
    region_make(&region, MESSAGES, SIZE, position);
    program = program_attach(&region);
    use_all(&program->queue, 0);
}

static void end(void)
{
    program_detach(program);
    region_free(&region);
}

static void any_word_may_be_anything(void **state)
{
    uint32_t corrupt = 0;
    (void)state;
    for (uint32_t word = 0; word < WORDS; word++) {
        for (uint32_t value = 0; value < VALUES; value++) {
            begin(64);
            *control_word(word) = value_of(value, 64);
            sync_deadline before = sync_now();
            for (uint32_t i = 0; i < 3; i++)
                corrupt += use_all(&program->queue, i == 1 ? WAIT_MS : 0);
            queue_program *late = program_attach(&region);
            use_all(&late->queue, 0);
            program_detach(late);
            assert_in_range(sync_now() - before, 0, LATE_NS);
            end();
        }
    }
    assert_true(corrupt > WORDS * VALUES);
}

static void what_cannot_be_is_told(void **state)
{
    char text[CORRUPTION_TEXT_BYTES];
    corruption found;
    (void)state;
    begin(0);
    assert_false(shmb_q_corruption(&program->queue, &found));
    for (uint32_t i = 0; i < MESSAGES; i++)
        slot_of(&region, i)->word = 5;
    assert_int_equal(use_all(&program->queue, 0), 4);
    assert_true(shmb_q_corruption(&program->queue, &found));
    assert_non_null(strstr(corruption_text(&found, text), "the word of a slot, at offset 12"));
    assert_non_null(strstr(text, "is 5; only one of position "));
    end();
}

/* Whose place the numbers name that no sender has. */
static void a_members_number_out_of_range_is_corrupt(void **state)
{
    (void)state;
    begin(0);
    for (uint32_t i = 0; i < MESSAGES; i++)
        slot_of(&region, i)->word =
            queue_word(queue_word_position(slot_of(&region, i)->word), QUEUE_CLAIMED, 0x1FFF);
    assert_int_equal(use_all(&program->queue, 0), 4);
    end();
}

static void a_length_that_cannot_be_costs_the_message(void **state)
{
    uint8_t buffer[SIZE];
    uint32_t length;
    (void)state;
    begin(0);
    assert_int_equal(shmb_q_send(&program->queue, buffer, SIZE, SYNC_AT_ONCE), SHMB_OK);
    assert_int_equal(shmb_q_send(&program->queue, buffer, 3, SYNC_AT_ONCE), SHMB_OK);
    for (uint32_t i = 0; i < MESSAGES; i++) {
        if (slot_of(&region, i)->length == SIZE)
            slot_of(&region, i)->length = SIZE + 1;
    }
    assert_int_equal(shmb_q_receive(&program->queue, buffer, SIZE, &length, SYNC_AT_ONCE), SHMB_CORRUPT);
    assert_int_equal(length, 0);
    assert_int_equal(shmb_q_receive(&program->queue, buffer, SIZE, &length, SYNC_AT_ONCE), SHMB_OK);
    assert_int_equal(length, 3);
    end();
}

/* ---- All the time ---------------------------------------------------------------------------------- */

typedef struct scribbler {
    pthread_t thread;
    volatile uint32_t started;
    volatile uint32_t over;
    uint64_t seed;
} scribbler;

static void *scribble(void *context)
{
    scribbler *me = context;
    shmb_store_relaxed_u32(&me->started, 1);
    while (shmb_load_relaxed_u32(&me->over) == 0) {
        uint64_t at = draw(&me->seed), value = draw(&me->seed);
        if (at % 4 == 0)
            value = value_of((uint32_t)(value % VALUES), 64);
        if (at % 16 < 12)
            shmb_store_relaxed_u64(control_word((uint32_t)(at >> 8) % WORDS), value);
        else if (at % 16 < 14)
            shmb_store_relaxed_u32(&slot_of(&region, (uint32_t)(at >> 8) % MESSAGES)->length,
                                   (uint32_t)value);
        else
            shmb_store_relaxed_u64(&header_of(&region)->members[(at >> 8) % QUEUE_MEMBERS], value);
        for (uint32_t i = 0; i < (uint32_t)(at >> 40) % 256; i++)
            shmb_pause();
    }
    return NULL;
}

/* A queue in which little is wrong shows more of the code than one in which everything is. */
static void make_sound_again(void)
{
    program_detach(program);
    for (uint32_t i = 0; i < WORDS; i++)
        shmb_store_relaxed_u64(control_word(i), i < 2 || i >= 5 ? 0 : value_of(i, 64));
    program = program_attach(&region);
}

/* From the environment: for longer runs. */
static uint32_t rounds(void)
{
    const char *given = getenv("SHMBROKER_SCRIBBLES");
    return given != NULL ? (uint32_t)strtoul(given, NULL, 10) : 20000;
}

static void a_scribbler_stops_nobody(void **state)
{
    scribbler other = {.seed = 88172645463325252ull};
    (void)state;
    begin(0);
    assert_int_equal(pthread_create(&other.thread, NULL, scribble, &other), 0);
    while (shmb_load_relaxed_u32(&other.started) == 0)
        shmb_pause();
    uint32_t corrupt = 0, all = rounds();
    for (uint32_t i = 0; i < all; i++) {
        sync_deadline before = sync_now();
        corrupt += use_all(&program->queue, i % 50 == 0 ? 1 : 0);
        assert_in_range(sync_now() - before, 0, LATE_NS);
        if (i % 4 == 0)
            make_sound_again();
    }
    shmb_store_relaxed_u32(&other.over, 1);
    pthread_join(other.thread, NULL);
    printf("%u rounds of 8 operations under scribbling, %u of them said corrupt\n", all, corrupt);
    assert_true(corrupt > 0);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_word_may_be_anything),
        cmocka_unit_test(what_cannot_be_is_told),
        cmocka_unit_test(a_members_number_out_of_range_is_corrupt),
        cmocka_unit_test(a_length_that_cannot_be_costs_the_message),
        cmocka_unit_test(a_scribbler_stops_nobody),
    };
    return cmocka_run_group_tests_name("client.queue_hostile", tests, NULL, NULL);
}
