/*
 * generate FOLDER: writes the generated files there. `./dev reference` runs it on config/.
 */
#include "generated.h"

static int fail(const char *path)
{
    fprintf(stderr, "generate: cannot write %s; is the folder there, and may you write in it?\n", path);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: generate FOLDER\n", stderr);
        return 2;
    }
    for (const generated_file *each = generated_files; each->name != NULL; each++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", argv[1], each->name);
        FILE *stream = fopen(path, "wb"); /* the same bytes on every system */
        if (stream == NULL) {
            return fail(path);
        }
        each->write(stream);
        int failed = ferror(stream);
        if (fclose(stream) != 0 || failed != 0) {
            return fail(path);
        }
    }
    return 0;
}
