/*
 * What the tests of config/ share: a resolver that answers without a machine, and loading in one call.
 */
#ifndef SHMBROKER_TESTS_CONFIG_TESTING_H
#define SHMBROKER_TESTS_CONFIG_TESTING_H

/* cmocka's header needs these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loader.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Defaults that say who may use the regions, for documents that are about something else. */
#define USERS "defaults: { access: { read: [Users] } }\n"

/* How often each question was asked; `context` of the resolver. */
typedef struct fake_machine {
    unsigned services;
    unsigned accounts;
    unsigned descriptors;
} fake_machine;

/*
 * Knows every service (its SID ends with the length of its name), the accounts `PLC\Operators`, `.\anna` and
 * `B\u00E4ren` (in UTF-8), and takes each SDDL text for valid that begins with `D:P(` and ends with `)`.
 */
config_resolver fake_resolver(fake_machine *machine);

/* One load with all that came of it. */
typedef struct loaded {
    fake_machine machine;
    config_diagnostics diagnostics;
    config_model *model;
} loaded;

/* Loads a text called `test.yaml`, which is alone in its folder. */
void load_bytes(loaded *result, const char *text, size_t length);
void load(loaded *result, const char *text);

/* Fails the test, with what the loader said, unless a model came of it. */
void assert_accepted(const loaded *result);

/* Fails the test unless the load failed with exactly this one diagnostic. */
void assert_refused(const loaded *result, const char *line);

void unload(loaded *result);

/* Fails the test unless the list holds these SIDs, separated by spaces. */
void assert_list(const config_principal_list *list, const char *sids);

/* A file in memory. */
typedef struct memory_file {
    const char *path; /* relative to the main file's folder */
    const char *text;
    size_t length; /* 0: up to the NUL */
} memory_file;

/* A folder with the files of a configuration, the main one first. */
typedef struct memory_folder {
    const memory_file *files;
    size_t count;
    const char *unreadable; /* the path of a file that cannot be opened, or NULL */
    const char *unlistable; /* a folder that cannot be listed, or NULL */
    unsigned opened;        /* how many files the loader opened */
    unsigned listed;        /* how many folders it listed */
} memory_folder;

/* Loads the configuration; its main file is called `cfg/` and its path. */
void load_files(loaded *result, memory_folder *folder);

/* Fails the test unless the load failed with exactly these diagnostics, each as a line that ends with "\n". */
void assert_refused_with(const loaded *result, const char *lines);

/* Reads a file whole, with a NUL behind it; the caller frees it. Fails the test when it cannot. */
char *read_whole_file(const char *path, size_t *length);

#endif
