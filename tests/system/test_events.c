/* The message table says what service/log.h says: every event has its text, its number, its severity, its name. */
#include "log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX   200u
#define EVENT_ID_MAX 65535u

typedef struct message {
    unsigned id;
    char severity[40];
    char symbol[80];
    char text[200];
} message;

static message messages[EVENTS_MAX];
static size_t message_count;

/* The value behind `key` when the line begins with it. */
static const char *value_of(const char *line, const char *key)
{
    size_t length = strlen(key);
    return strncmp(line, key, length) == 0 ? line + length : NULL;
}

static void take_line(const char *line)
{
    message *last = message_count ? &messages[message_count - 1] : NULL;
    const char *value;
    if ((value = value_of(line, "MessageId=")) != NULL && message_count < EVENTS_MAX)
        messages[message_count++].id = (unsigned)strtoul(value, NULL, 0);
    else if (last && (value = value_of(line, "Severity=")) != NULL)
        snprintf(last->severity, sizeof last->severity, "%s", value);
    else if (last && (value = value_of(line, "SymbolicName=")) != NULL)
        snprintf(last->symbol, sizeof last->symbol, "%s", value);
    else if (last && strstr(line, "%1") != NULL)
        snprintf(last->text, sizeof last->text, "%.199s", line);
}

static int read_messages(void **state)
{
    (void)state;
    char line[400];
    FILE *stream = fopen(MESSAGES, "r");
    if (!stream)
        return -1;
    while (fgets(line, sizeof line, stream)) {
        line[strcspn(line, "\r\n")] = 0;
        take_line(line);
    }
    fclose(stream);
    return 0;
}

static void every_message_has_the_severity_that_the_log_gives_the_event(void **state)
{
    static const char *const severities[] = {"Informational", "Warning", "Error"};
    (void)state;
    assert_true(message_count > 0);
    for (size_t i = 0; i < message_count; i++)
        assert_string_equal(messages[i].severity, severities[log_severity_of((log_event)messages[i].id)]);
}

/* "region-failed" is EVENT_REGION_FAILED. */
static void every_message_bears_the_name_of_the_event(void **state)
{
    (void)state;
    for (size_t i = 0; i < message_count; i++) {
        char symbol[80];
        snprintf(symbol, sizeof symbol, "EVENT_%s", log_name_of((log_event)messages[i].id));
        for (char *at = symbol; *at; at++)
            *at = *at == '-' ? '_' : (char)toupper((unsigned char)*at);
        assert_string_equal(messages[i].symbol, symbol);
    }
}

static void every_event_has_one_message_with_a_place_for_its_sentence(void **state)
{
    (void)state;
    size_t events = 0;
    for (unsigned id = 0; id <= EVENT_ID_MAX; id++) {
        size_t found = 0;
        for (size_t i = 0; i < message_count; i++)
            if (messages[i].id == id) {
                found++;
                assert_non_null(strstr(messages[i].text, "%1"));
            }
        bool known = strcmp(log_name_of((log_event)id), "unknown") != 0;
        assert_int_equal(found, known ? 1 : 0);
        events += known;
    }
    assert_int_equal(events, message_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_has_the_severity_that_the_log_gives_the_event),
        cmocka_unit_test(every_message_bears_the_name_of_the_event),
        cmocka_unit_test(every_event_has_one_message_with_a_place_for_its_sentence),
    };
    return cmocka_run_group_tests(tests, read_messages, NULL);
}
