/*
 * judge FILE…: says of each configuration whether the loader takes it, one line each: `ok FILE` or
 * `refused FILE`, then the first diagnostic. It asks the same machine as the loader's other tests
 * (config_testing.h).
 */
#include "config_testing.h"

#include <stdio.h>

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
    config_model *model = config_load_stream(path, stream, &resolver, &diagnostics);
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
