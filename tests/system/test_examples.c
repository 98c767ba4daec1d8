/* The example programs against a broker. */
#include "checks.h"

#include "region.h"

#include <string.h>

/* The examples take no instance: they find it in the environment, as any program that passes no options. */
static test_broker *broker_for_examples(const char *name, const char *region)
{
    test_broker *b = broker_run_with(BROKER_HEAD "  '%s': %s\n", name, region);
    SetEnvironmentVariableA("SHMBROKER_INSTANCE", b->instance);
    return b;
}

#define RAW     "{ size: 64 KiB }"
#define JOURNAL "{ size: 4 KiB, max_size: 1 MiB }"

static int forget_instance(void **state)
{
    SetEnvironmentVariableA("SHMBROKER_INSTANCE", NULL);
    return checks_teardown(state);
}

#define EXAMPLE_TEST(function) cmocka_unit_test_teardown(function, forget_instance)

/* Runs the writer for a moment, so that there is something to read. */
static void write_some(const char *name)
{
    process *writer = process_run("example-writer.exe", "%s 3 1", name);
    if (process_wait(writer) != 0)
        support_fail("%s", process_errors(writer));
    assert_contains(process_output(writer), "wrote 3: ");
}

static void readers_see_what_the_writer_writes(void **state)
{
    (void)state;
    const char *name = support_unique("Example");
    broker_for_examples(name, RAW);
    process *writer = process_start("example-writer.exe", "%s 10000 2", name);
    process_wait_line(writer, "wrote ");
    process *c = process_start("example-reader.exe", "%s 5 %u", name, SUPPORT_WAIT_MS);
    process *cpp = process_start("example-reader-cpp.exe", "%s 5", name);
    assert_int_equal(process_wait(c), 0);
    assert_int_equal(process_wait(cpp), 0);
    assert_contains(process_output(c), "read ");
    assert_contains(process_output(cpp), "read ");
}

static void consumers_share_what_a_producer_sends(void **state)
{
    (void)state;
    const char *name = support_unique("Jobs");
    broker_for_examples(name, "{ kind: queue, messages: 4, message_size: 64 }");
    process *producer = process_start("example-producer.exe", "%s 8 1", name);
    process *c = process_start("example-consumer.exe", "%s 4", name);
    process *cpp = process_start("example-consumer-cpp.exe", "%s 4", name);
    assert_int_equal(process_wait(producer), 0);
    assert_int_equal(process_wait(c), 0);
    assert_int_equal(process_wait(cpp), 0);
    assert_contains(process_output(c), "did job ");
    assert_contains(process_output(cpp), "did job ");
}

static void a_program_without_the_library_reads_too(void **state)
{
    (void)state;
    const char *name = support_unique("Bare");
    broker_for_examples(name, RAW);
    write_some(name);
    process *reader = process_run("example-bare-reader.exe", "Global\\%s", name);
    assert_int_equal(process_wait(reader), 0);
    assert_contains(process_output(reader), "read 3: ");
}

static void the_example_of_a_state_reads_what_it_writes(void **state)
{
    (void)state;
    const char *name = support_unique("Pose");
    broker_for_examples(name, "{ kind: state, size: 1 KiB }");
    process *writer = process_start("example-state.exe", "%s write 10000", name);
    process *reader = process_run("example-state.exe", "%s read 3", name);
    assert_int_equal(process_wait(reader), 0);
    assert_contains(process_output(reader), "read ");
    assert_true(process_is_running(writer));
}

static void the_example_of_a_stream_reads_what_another_writes(void **state)
{
    (void)state;
    const char *name = support_unique("Ticks");
    broker_for_examples(name, "{ kind: stream, messages: 64, message_size: 64 }");
    process *reader = process_start("example-stream.exe", "%s read 5", name);
    process_wait_line(reader, "reading");
    assert_int_equal(process_wait(process_run("example-stream.exe", "%s write 32", name)), 0);
    assert_int_equal(process_wait(reader), 0);
    assert_contains(process_output(reader), "read 5: 105, missed 0\n");
}

typedef struct followed_journal {
    const char *name;
    test_broker *broker;
    process *follower;
} followed_journal;

static followed_journal follow_journal(void)
{
    followed_journal j = {.name = support_unique("Journal")};
    j.broker = broker_for_examples(j.name, JOURNAL);
    j.follower = process_start("example-journal.exe", "%s follow 5000", j.name);
    process_wait_line(j.follower, "following");
    return j;
}

static void one_example_has_a_journal_grow_and_another_follows(void **state)
{
    (void)state;
    followed_journal j = follow_journal();
    process *writer = process_run("example-journal.exe", "%s append 5000", j.name);
    assert_int_equal(process_wait(writer), 0);
    assert_contains(process_output(writer), "grown to 8192 bytes\n");
    assert_contains(process_output(writer), "the journal has 5000 entries in 524288 bytes\n");
    assert_int_equal(process_wait(j.follower), 0);
    assert_contains(process_output(j.follower), "followed 5000 entries to 524288 bytes\n");
    process *more = process_run("example-journal.exe", "%s append 50000", j.name);
    assert_int_equal(process_wait(more), 1);
    assert_contains(process_errors(more), "its max_size is 1048576");
}

static void the_example_of_a_journal_says_when_it_is_replaced(void **state)
{
    (void)state;
    followed_journal j = follow_journal();
    const char *text = support_text(BROKER_HEAD "  %s: { size: 4 KiB, max_size: 2 MiB }\n", j.name);
    support_write_file(j.broker->config, text, strlen(text));
    process *reload = process_run("shmbroker.exe", "reload --yes --instance %s", j.broker->instance);
    assert_int_equal(process_wait(j.follower), 0);
    assert_contains(process_output(j.follower), "the region has been replaced");
    process_wait(reload);
}

/* An example that hands a region on to another program, which reads what the writer wrote. */
static void assert_hands_on(const char *program)
{
    const char *name = support_unique("Handed");
    broker_for_examples(name, RAW);
    write_some(name);
    process *p = process_run(program, "%s", name);
    if (process_wait(p) != 0)
        support_fail("%s", process_errors(p));
    assert_contains(process_output(p), " read 3: ");
}

static void a_child_reads_through_an_inherited_handle(void **state)
{
    (void)state;
    assert_hands_on("example-inherit.exe");
}

static void another_process_reads_through_a_duplicated_handle(void **state)
{
    (void)state;
    assert_hands_on("example-duplicate.exe");
}

static void the_examples_exit_codes_tell_failures_apart(void **state)
{
    (void)state;
    test_broker *b = broker_for_examples(support_unique("Codes"), RAW);
    assert_int_equal(process_wait(process_run("example-reader.exe", "%s", "")), 2);
    assert_int_equal(process_wait(process_run("example-writer.exe", "Undeclared 1 1")), 5);
    broker_stop(b);
    assert_int_equal(process_wait(process_run("example-writer.exe", "Undeclared 1 1")), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXAMPLE_TEST(readers_see_what_the_writer_writes),
        EXAMPLE_TEST(consumers_share_what_a_producer_sends),
        EXAMPLE_TEST(a_program_without_the_library_reads_too),
        EXAMPLE_TEST(one_example_has_a_journal_grow_and_another_follows),
        EXAMPLE_TEST(the_example_of_a_journal_says_when_it_is_replaced),
        EXAMPLE_TEST(a_child_reads_through_an_inherited_handle),
        EXAMPLE_TEST(another_process_reads_through_a_duplicated_handle),
        EXAMPLE_TEST(the_example_of_a_state_reads_what_it_writes),
        EXAMPLE_TEST(the_example_of_a_stream_reads_what_another_writes),
        EXAMPLE_TEST(the_examples_exit_codes_tell_failures_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
