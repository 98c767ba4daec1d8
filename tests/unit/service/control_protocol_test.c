/* control_protocol.c: messages of the control pipe, right ones and all others. */
#include "testing.h"

#include "control_protocol.h"

static control_request request;
static control_reply reply, read_back;

static void a_request_comes_back_as_it_was_made(void **state)
{
    (void)state;
    control_request made;
    assert_true(control_request_make(&made, CONTROL_RELOAD, 0x1122334455667788u, "Telemetry"));
    assert_true(control_request_read(&made, sizeof made, &request));
    assert_memory_equal(&made, &request, sizeof made);
}

static void a_name_that_does_not_fit_is_no_request(void **state)
{
    (void)state;
    char name[CONTROL_NAME + 1];
    memset(name, 'x', sizeof name);
    name[CONTROL_NAME] = '\0';
    assert_false(control_request_make(&request, CONTROL_LIST, 0, name));
    name[CONTROL_NAME - 1] = '\0';
    assert_true(control_request_make(&request, CONTROL_LIST, 0, name));
}

static void assert_refused(const control_request *wrong, size_t length)
{
    assert_false(control_request_read(wrong, length, &request));
    assert_int_equal(request.magic, 0); /* nothing of it comes through */
}

static void whatever_is_not_exactly_a_request_is_refused(void **state)
{
    (void)state;
    control_request good, wrong;
    assert_true(control_request_make(&good, CONTROL_HELLO, 0, "A"));
    for (size_t length = 0; length < sizeof good; length++)
        assert_refused(&good, length);
    wrong = good;
    wrong.magic++;
    assert_refused(&wrong, sizeof wrong);
    wrong = good;
    wrong.version++;
    assert_refused(&wrong, sizeof wrong);
    wrong = good;
    wrong.command = 0;
    assert_refused(&wrong, sizeof wrong);
    wrong.command = CONTROL_RELEASE + 1;
    assert_refused(&wrong, sizeof wrong);
    wrong = good;
    wrong.zero = 1;
    assert_refused(&wrong, sizeof wrong);
    wrong = good;
    wrong.region[5] = 'x'; /* behind the name's end */
    assert_refused(&wrong, sizeof wrong);
    memset(wrong.region, 'x', sizeof wrong.region);
    assert_refused(&wrong, sizeof wrong);
}

static void replies_come_back_in_their_order(void **state)
{
    (void)state;
    control_answer answer = {0};
    size_t at = 0, length;
    for (unsigned i = 0; i < 1000; i++) {
        memset(&reply, 0, sizeof reply);
        reply.status = CONTROL_MORE;
        reply.kind = i;
        reply.values[5] = i;
        snprintf(reply.name, sizeof reply.name, "region %u", i);
        snprintf(reply.text, sizeof reply.text, "%0*u", (int)(i % (CONTROL_TEXT - 1)) + 1, i % 10);
        control_answer_add(&answer, &reply);
    }
    control_answer_end(&answer, 3, "that was it");
    for (unsigned i = 0; i < 1000; i++) {
        char name[40];
        const uint8_t *message = control_answer_next(&answer, &at, &length);
        assert_true(control_reply_read(message, length, &read_back));
        snprintf(name, sizeof name, "region %u", i);
        assert_string_equal(read_back.name, name);
        assert_int_equal(read_back.kind, i);
        assert_int_equal(read_back.values[5], i);
        assert_int_equal(strlen(read_back.text), i % (CONTROL_TEXT - 1) + 1);
        assert_string_equal(read_back.other, "");
        assert_int_equal(read_back.status, CONTROL_MORE);
    }
    const uint8_t *last = control_answer_next(&answer, &at, &length);
    assert_true(control_reply_read(last, length, &read_back));
    assert_int_equal(read_back.status, CONTROL_DONE);
    assert_int_equal(read_back.code, 3);
    assert_string_equal(read_back.text, "that was it");
    assert_null(control_answer_next(&answer, &at, &length));
    control_answer_free(&answer);
}

static void long_words_are_cut_between_characters(void **state)
{
    (void)state;
    char words[2 * CONTROL_TEXT];
    control_answer answer = {0};
    size_t at = 0, length;
    testing_fill(words, sizeof words, 1);
    control_answer_end(&answer, 0, words);
    const uint8_t *message = control_answer_next(&answer, &at, &length);
    assert_true(control_reply_read(message, length, &read_back));
    assert_true(strlen(read_back.text) > CONTROL_TEXT - 4);
    assert_int_equal((strlen(read_back.text) - 1) % 3, 0);
    control_answer_free(&answer);
}

/* Every bit of a good reply is turned: it is refused or understood, and never read beyond its end. */
static void a_reply_with_a_wrong_bit_does_no_harm(void **state)
{
    (void)state;
    control_answer answer = {0};
    size_t at = 0, length, refused = 0;
    control_answer_end(&answer, 0, "some words");
    const uint8_t *message = control_answer_next(&answer, &at, &length);
    for (size_t bit = 0; bit < length * 8; bit++) {
        uint8_t *copy = malloc(length);
        assert_non_null(copy);
        memcpy(copy, message, length);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        refused += !control_reply_read(copy, length, &read_back);
        free(copy);
    }
    assert_true(refused > 64);
    for (size_t shorter = 0; shorter < length; shorter++)
        assert_false(control_reply_read(message, shorter, &read_back));
    control_answer_free(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_comes_back_as_it_was_made),
        cmocka_unit_test(a_name_that_does_not_fit_is_no_request),
        cmocka_unit_test(whatever_is_not_exactly_a_request_is_refused),
        cmocka_unit_test(replies_come_back_in_their_order),
        cmocka_unit_test(long_words_are_cut_between_characters),
        cmocka_unit_test(a_reply_with_a_wrong_bit_does_no_harm),
    };
    return cmocka_run_group_tests_name("control_protocol", tests, NULL, NULL);
}
