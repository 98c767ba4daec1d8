/*
 * Runs a fuzz target once over every seed of a folder: what fuzzing has found stays found, in every test run.
 *
 *   replay-NAME FOLDER
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_BYTES ((size_t)1 << 20) /* of one seed */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether the seed at `path` could be read and given to the target; a target that finds fault ends the program. */
static int replay(const char *path)
{
    FILE *stream = fopen(path, "rb");
    uint8_t *bytes = malloc(MOST_BYTES);
    size_t length = 0;
    int ok = stream != NULL && bytes != NULL;
    if (ok) {
        length = fread(bytes, 1, MOST_BYTES, stream);
        ok = length < MOST_BYTES && !ferror(stream);
    }
    if (stream != NULL) {
        fclose(stream);
    }
    /* Of its exact size, so that a read beyond its end is seen. */
    uint8_t *exact = ok ? realloc(bytes, length > 0 ? length : 1) : NULL;
    if (exact == NULL) {
        fprintf(stderr, "cannot read the seed %s, or it has %lu bytes or more\n", path,
                (unsigned long)MOST_BYTES);
        free(bytes);
        return 0;
    }
    LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    return 1;
}

int main(int argc, char **argv)
{
    unsigned long count = 0;
    int ok = 1;
    DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
    if (folder == NULL) {
        fputs("usage: replay-NAME FOLDER, a folder of seeds that can be read\n", stderr);
        return 2;
    }
    for (const struct dirent *each = readdir(folder); each != NULL && ok; each = readdir(folder)) {
        char path[4096];
        int length = snprintf(path, sizeof path, "%s/%s", argv[1], each->d_name);
        if (each->d_name[0] == '.') {
            continue;
        }
        ok = length > 0 && (size_t)length < sizeof path && replay(path);
        count += ok ? 1 : 0;
    }
    closedir(folder);
    printf("%lu seeds replayed\n", count);
    return ok && count > 0 ? 0 : 1;
}
