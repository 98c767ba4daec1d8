/*
 * The fake resolver's few answers, and loading in one call.
 */
#include "config_testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool service_sid(void *context, const char *service, char sid[CONFIG_SID_TEXT], char *why,
                        size_t why_size)
{
    ((fake_machine *)context)->services++;
    snprintf(why, why_size, "%s", "");
    snprintf(sid, CONFIG_SID_TEXT, "S-1-5-80-1-2-3-4-%u", (unsigned)strlen(service));
    return true;
}

static bool account_sid(void *context, const char *account, char sid[CONFIG_SID_TEXT], char *why,
                        size_t why_size)
{
    static const char *const accounts[] = {"PLC\\Operators", ".\\anna", "B\xC3\xA4ren"};
    ((fake_machine *)context)->accounts++;
    for (unsigned i = 0; i < sizeof accounts / sizeof accounts[0]; i++) {
        if (strcmp(account, accounts[i]) == 0) {
            snprintf(sid, CONFIG_SID_TEXT, "S-1-5-21-1-2-3-%u", 1000 + i);
            return true;
        }
    }
    snprintf(why, why_size, "this machine has no such account");
    return false;
}

static bool sddl_is_valid(void *context, const char *sddl, char *why, size_t why_size)
{
    size_t length = strlen(sddl);
    ((fake_machine *)context)->descriptors++;
    if (strncmp(sddl, "D:P(", 4) == 0 && sddl[length - 1] == ')') {
        return true;
    }
    snprintf(why, why_size, "it has no protected DACL");
    return false;
}

config_resolver fake_resolver(fake_machine *machine)
{
    config_resolver resolver = {machine, service_sid, account_sid, sddl_is_valid};
    memset(machine, 0, sizeof *machine);
    return resolver;
}

void load_bytes(loaded *result, const char *text, size_t length)
{
    config_resolver resolver = fake_resolver(&result->machine);
    config_diagnostics_init(&result->diagnostics, "test.yaml");
    result->model = config_load_text("test.yaml", text, length, &resolver, &result->diagnostics);
}

void load(loaded *result, const char *text)
{
    load_bytes(result, text, strlen(text));
}

void assert_accepted(const loaded *result)
{
    if (result->model == NULL) {
        config_diagnostics_print(&result->diagnostics, stderr, false);
        fail_msg("%s", "the document was refused");
    }
    assert_int_equal(result->diagnostics.count, 0);
}

void assert_refused(const loaded *result, const char *line)
{
    char text[4096];
    assert_null(result->model);
    assert_int_equal(result->diagnostics.count, 1);
    config_diagnostics_format(&result->diagnostics, 0, text, sizeof text);
    assert_string_equal(text, line);
}

void unload(loaded *result)
{
    config_model_free(result->model);
    config_diagnostics_free(&result->diagnostics);
}

char *read_whole_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s cannot be opened", path);
        return NULL;
    }
    size_t room = (size_t)1 << 20;
    char *text = malloc(room + 1);
    *length = text != NULL ? fread(text, 1, room, file) : 0;
    bool complete = text != NULL && feof(file);
    fclose(file);
    if (!complete) {
        free(text);
        fail_msg("%s cannot be read whole", path);
        return NULL;
    }
    text[*length] = '\0';
    return text;
}
