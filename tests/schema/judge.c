/*
 * judge FILE…: says of each configuration whether the loader takes it, one line each: `ok FILE` or
 * `refused FILE`, then the first diagnostic. It asks the same machine as the loader's other tests
 * (config_testing.h).
 */
#include "config_testing.h"

#include <stdio.h>

/* Each document is judged alone: its patterns match nothing, and other files are not there. */
static FILE *open_none(void *context, const char *path, char *why, size_t why_size)
{
    (void)context;
    snprintf(why, why_size, "%s is not looked for", path);
    return NULL;
}

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

/* False when the file cannot be read. */
static bool judge(const char *path)
{
    static config_diagnostics diagnostics;
    fake_machine machine;
    config_resolver resolver = fake_resolver(&machine);
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        fprintf(stderr, "judge: cannot open %s\n", path);
        return false;
    }
    config_diagnostics_init(&diagnostics, path);
    const config_sources sources = {NULL, open_none, list_none};
    config_model *model = config_load(path, stream, &sources, &resolver, &diagnostics);
    fclose(stream);
    printf("%s %s\n", model != NULL ? "ok" : "refused", path);
    if (model == NULL) {
        char line[8192];
        config_diagnostics_format(&diagnostics, 0, line, sizeof line);
        printf("    %s\n", line);
    }
    config_model_free(model);
    config_diagnostics_free(&diagnostics);
    return true;
}

int main(int argc, char **argv)
{
    bool all = argc > 1;
    for (int i = 1; i < argc; i++) {
        all = judge(argv[i]) && all;
    }
    return all ? 0 : 1;
}
