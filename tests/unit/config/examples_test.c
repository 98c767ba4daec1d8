/*
 * The examples: of each key in the table, and the files in config/examples.
 */
#include "config_testing.h"

#include "grammar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A document in which `key`, in the innermost section that it may stand in, has its example as its value. */
static void write_example(const config_key *key, char *text, size_t size)
{
    bool is_security = strcmp(key->name, "access") == 0 || strcmp(key->name, "sddl") == 0;
    const char *open = (key->sections & CONFIG_IN_ACCESS) != 0      ? "access: { "
                       : (key->sections & CONFIG_IN_BACKING) != 0   ? "backing: { "
                       : (key->sections & CONFIG_IN_NAMESPACE) != 0 ? "namespace: { "
                       : (key->sections & CONFIG_IN_PRIVATE) != 0   ? "namespace: { private: { "
                       : (key->sections & CONFIG_IN_INITIAL) != 0   ? "initial: { "
                       : strcmp(key->name, "mode") == 0             ? "persist: { "
                       : strcmp(key->name, "flush") == 0 ? "backing: { file: a }, persist: { mode: file, "
                       : (key->sections & CONFIG_IN_PERSIST) != 0 ? "persist: { mode: snapshot, "
                                                                  : "";
    const char *close = strstr(open, "private") != NULL ? " } }" : open[0] != '\0' ? " }" : "";
    if ((key->sections & CONFIG_IN_FILE) != 0) {
        snprintf(text, size, "%s%s%s: %s\n", strcmp(key->name, "version") == 0 ? "" : "version: 1\n",
                 strcmp(key->name, "regions") == 0 ? USERS : "regions: {}\n", key->name, key->example);
        return;
    }
    bool says_access = is_security || (key->sections & CONFIG_IN_ACCESS) != 0;
    snprintf(text, size, "version: 1\nregions: { R: { %s%s%s%s: %s%s } }\n",
             strcmp(key->name, "size") == 0           ? ""
             : strcmp(key->name, "messages") == 0     ? "kind: queue, message_size: 1, "
             : strcmp(key->name, "message_size") == 0 ? "kind: stream, messages: 2, "
                                                      : "size: 1 MiB, ",
             says_access ? "" : "access: { read: [] }, ", open, key->name, key->example, close);
}

static void every_key_accepts_its_example(void **state)
{
    (void)state;
    for (unsigned id = 0; id < CONFIG_KEY_COUNT; id++) {
        char text[1024];
        loaded result;
        bool alone = id == CONFIG_KEY_MANAGE || id == CONFIG_KEY_DENY; /* not without read or write */
        write_example(&config_keys[id], text, sizeof text);
        load(&result, text);
        if (result.diagnostics.count != (alone ? 1 : 0)) {
            config_diagnostics_print(&result.diagnostics, stderr, false);
            fail_msg("the example of %s is not accepted: %s", config_keys[id].name, text);
        }
        unload(&result);
    }
}

/* Loads an example from its files, of which the first is the main one. Returns how many regions it declares. */
static size_t check_example(const char *const *paths, size_t count)
{
    memory_file files[4];
    char *texts[4];
    loaded result;
    assert_in_range(count, 1, 4);
    for (size_t i = 0; i < count; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", CONFIG_EXAMPLES, paths[i]);
        files[i].path = paths[i];
        texts[i] = read_whole_file(path, &files[i].length);
        files[i].text = texts[i];
    }
    memory_folder folder = {.files = files, .count = count};
    load_files(&result, &folder);
    assert_accepted(&result);
    assert_int_equal(result.model->file_count, count);
    /* Whoever installs an example has none of our accounts. */
    assert_int_equal(result.machine.accounts, 0);
    size_t regions = result.model->region_count;
    unload(&result);
    for (size_t i = 0; i < count; i++) {
        free(texts[i]);
    }
    return regions;
}

static void all_examples_are_accepted(void **state)
{
    static const char *const alone[] = {"minimal.yaml",   "sensors.yaml",  "files.yaml",   "plc.yaml",
                                        "roles.yaml",     "memory.yaml",   "apps.yaml",    "private.yaml",
                                        "surviving.yaml", "sessions.yaml", "growing.yaml", "kinds.yaml"};
    static const char *const products[] = {"products.yaml", "conf.d/historian.yaml", "conf.d/vision.yaml"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(alone); i++) {
        assert_in_range(check_example(&alone[i], 1), 1, 100);
    }
    assert_int_equal(check_example(products, COUNT_OF(products)), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_accepts_its_example),
        cmocka_unit_test(all_examples_are_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
