/*
 * judge main|fragment FILE…: says of each file whether the loader takes it, as a configuration or as what one includes,
 * one line each: `ok FILE` or `refused FILE`, then the first diagnostic. It asks the same machine as the loader's other
 * tests (config_testing.h).
 */
#include "config_testing.h"

#include <stdio.h>
#include <string.h>

#define FRAGMENT "fragment.yaml"

/* What includes a fragment, and says who may use its regions where it does not. */
static const char main_text[] = "version: 1\n"
                                "include: [" FRAGMENT "]\n"
                                "defaults: { access: { read: [Users] } }\n"
                                "regions: {}\n";

/* The context is the fragment's path, or NULL when the file is judged alone: then others are not there. */
static FILE *open_fragment(void *context, const char *path, char *why, size_t why_size)
{
    const char *fragment = context;
    snprintf(why, why_size, "%s is not looked for", path);
    return fragment != NULL && strcmp(path, FRAGMENT) == 0 ? fopen(fragment, "rb") : NULL;
}

/* Patterns match nothing. */
static bool list_none(void *context, const char *folder, bool (*found)(void *receiver, const char *name),
                      void *receiver, char *why, size_t why_size)
{
    (void)context;
    (void)folder;
    (void)found;
    (void)receiver;
    snprintf(why, why_size, "%s", "");
    return true;
}

static config_model *load_main(const char *path, const config_resolver *resolver,
                               config_diagnostics *diagnostics)
{
    const config_sources sources = {NULL, open_fragment, list_none};
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        return NULL;
    }
    config_model *model = config_load(path, stream, &sources, resolver, diagnostics);
    fclose(stream);
    return model;
}

static config_model *load_fragment(char *path, const config_resolver *resolver,
                                   config_diagnostics *diagnostics)
{
    const config_sources sources = {path, open_fragment, list_none};
    return config_load_text("main.yaml", main_text, strlen(main_text), &sources, resolver, diagnostics);
}

/* False when nothing can be said of the file. */
static bool judge(char *path, bool is_fragment)
{
    static config_diagnostics diagnostics;
    fake_machine machine;
    config_resolver resolver = fake_resolver(&machine);
    config_diagnostics_init(&diagnostics, path);
    config_model *model =
        is_fragment ? load_fragment(path, &resolver, &diagnostics) : load_main(path, &resolver, &diagnostics);
    bool judged = model != NULL || diagnostics.errors > 0;
    printf("%s %s\n", model != NULL ? "ok" : "refused", path);
    if (diagnostics.count > 0) {
        char line[8192];
        config_diagnostics_format(&diagnostics, 0, line, sizeof line);
        printf("    %s\n", line);
    }
    config_model_free(model);
    config_diagnostics_free(&diagnostics);
    return judged;
}

int main(int argc, char **argv)
{
    bool all = argc > 2;
    for (int i = 2; i < argc; i++) {
        all = judge(argv[i], strcmp(argv[1], "fragment") == 0) && all;
    }
    return all ? 0 : 1;
}
