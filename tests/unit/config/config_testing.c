/*
 * The fake resolver's few answers, and loading in one call.
 */
#include "config_testing.h"

#include "streams.h"

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

/* A stream with the file's bytes. */
static FILE *open_memory(const memory_file *file)
{
    size_t length = file->length > 0 ? file->length : strlen(file->text);
    FILE *stream = streams_open();
    assert_int_equal(fwrite(file->text, 1, length, stream), length);
    rewind(stream);
    return stream;
}

static FILE *open_file(void *context, const char *path, char *why, size_t why_size)
{
    memory_folder *folder = context;
    for (size_t i = 0; i < folder->count; i++) {
        bool readable = folder->unreadable == NULL || strcmp(folder->unreadable, path) != 0;
        if (strcmp(folder->files[i].path, path) == 0 && readable) {
            folder->opened++;
            return open_memory(&folder->files[i]);
        }
    }
    snprintf(why, why_size, "%s", folder->unreadable != NULL ? "it is locked" : "there is no such file");
    return NULL;
}

/* The last name comes first: the order is the loader's matter. */
static bool list_files(void *context, const char *wanted, bool (*found)(void *receiver, const char *name),
                       void *receiver, char *why, size_t why_size)
{
    memory_folder *folder = context;
    size_t length = strlen(wanted);
    folder->listed++;
    if (folder->unlistable != NULL && strcmp(folder->unlistable, wanted) == 0) {
        snprintf(why, why_size, "the folder is locked");
        return false;
    }
    for (size_t i = folder->count; i > 0; i--) {
        const char *path = folder->files[i - 1].path;
        const char *slash = strrchr(path, '/');
        size_t its_folder = slash != NULL ? (size_t)(slash - path) : 0;
        bool is_in = its_folder == length && strncmp(path, wanted, length) == 0;
        if (is_in && !found(receiver, slash != NULL ? slash + 1 : path)) {
            break;
        }
    }
    return true;
}

void load_bytes(loaded *result, const char *text, size_t length)
{
    memory_folder folder = {.files = NULL};
    const config_sources sources = {&folder, open_file, list_files};
    config_resolver resolver = fake_resolver(&result->machine);
    config_diagnostics_init(&result->diagnostics, "test.yaml");
    result->model = config_load_text("test.yaml", text, length, &sources, &resolver, &result->diagnostics);
}

void load(loaded *result, const char *text)
{
    load_bytes(result, text, strlen(text));
}

void load_files(loaded *result, memory_folder *folder)
{
    char name[256];
    config_resolver resolver = fake_resolver(&result->machine);
    const config_sources sources = {folder, open_file, list_files};
    FILE *stream = open_memory(&folder->files[0]);
    snprintf(name, sizeof name, "cfg/%s", folder->files[0].path);
    config_diagnostics_init(&result->diagnostics, name);
    result->model = config_load(name, stream, &sources, &resolver, &result->diagnostics);
    fclose(stream);
}

void assert_refused_with(const loaded *result, const char *lines)
{
    static char text[65536];
    size_t used = 0;
    assert_null(result->model);
    text[0] = '\0';
    for (size_t i = 0; i < result->diagnostics.count; i++) {
        used += config_diagnostics_format(&result->diagnostics, i, text + used, sizeof text - used);
        assert_in_range(used, 1, sizeof text - 2);
        text[used++] = '\n';
        text[used] = '\0';
    }
    assert_string_equal(text, lines);
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

void assert_list(const config_principal_list *list, const char *sids)
{
    char found[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < list->count; i++) {
        used +=
            (size_t)snprintf(found + used, sizeof found - used, "%s%s", i > 0 ? " " : "", list->items[i].sid);
    }
    assert_string_equal(found, sids);
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
