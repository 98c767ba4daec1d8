/* log.c and installer/messages.mc name the same events: numbers, severities, and nothing in one alone. */
#include "testing.h"

#include "log.h"

static const log_event events[] = {
    LOG_SESSIONS,        LOG_STARTING,       LOG_READY,          LOG_STOPPING,         LOG_STOPPED,
    LOG_CATALOG_ADOPTED, LOG_REGION_FAILED,  LOG_REGION_NOTE,    LOG_CONFIG_REFUSED,   LOG_START_FAILED,
    LOG_FILE_LOST,       LOG_KEEPER_STARTED, LOG_KEEPER_LOST,    LOG_KEEPER_FAILED,    LOG_RESTORED,
    LOG_PERSISTED,       LOG_PERSIST_AGAIN,  LOG_SNAPSHOTS_LEFT, LOG_SNAPSHOT_REFUSED, LOG_PERSIST_FAILED,
    LOG_LIVES_LOST,      LOG_GROWN,          LOG_RETIRED,        LOG_RELOADED,         LOG_RELOAD_FAILED,
    LOG_CONTROL_LOST};

/* What messages.mc calls the severities. */
static const char *const severities[] = {"Informational", "Warning", "Error"};

/* The next message of the file: its id, its severity's word, its symbol. False at the end. */
static bool next_message(FILE *file, int *id, char severity[32], char symbol[64])
{
    char line[512];
    *id = 0;
    severity[0] = symbol[0] = '\0';
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, "MessageId=", 10) == 0)
            *id = (int)strtol(line + 10, NULL, 10);
        sscanf(line, "Severity=%31[A-Za-z]", severity);
        sscanf(line, "SymbolicName=%63[A-Z_]", symbol);
        if (line[0] == '.') /* ends a message's text */
            return *id != 0;
    }
    return false;
}

/* "catalog-adopted" as EVENT_CATALOG_ADOPTED, without its first six characters. */
static bool is_symbol_of(const char *symbol, const char *name)
{
    char upper[64];
    snprintf(upper, sizeof upper, "%s", name);
    for (char *at = upper; *at; at++)
        *at = (char)(*at == '-' ? '_' : *at - 'a' + 'A');
    return strncmp(symbol, "EVENT_", 6) == 0 && strcmp(symbol + 6, upper) == 0;
}

static void every_message_is_an_event_and_every_event_has_one(void **state)
{
    (void)state;
    bool found[COUNT_OF(events)] = {false};
    int id;
    char severity[32], symbol[64];
    FILE *file = fopen(SHMBROKER_MESSAGES, "r");
    assert_non_null(file);
    while (next_message(file, &id, severity, symbol)) {
        size_t i = 0;
        while (i < COUNT_OF(events) && (int)events[i] != id)
            i++;
        if (i == COUNT_OF(events))
            fail_msg("message %d is no event", id);
        assert_false(found[i]);
        found[i] = true;
        assert_string_equal(severity, severities[log_severity_of(events[i])]);
        if (!is_symbol_of(symbol, log_name_of(events[i])))
            fail_msg("message %d is called %s, the event %s", id, symbol, log_name_of(events[i]));
    }
    fclose(file);
    for (size_t i = 0; i < COUNT_OF(events); i++)
        if (!found[i])
            fail_msg("event %d has no message", (int)events[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_is_an_event_and_every_event_has_one),
    };
    return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
