/*
 * Runs a fuzz target once over every seed of a folder: what fuzzing has found stays found, in every test run.
 *
 *   replay-NAME FOLDER
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_BYTES ((size_t)1 << 20) /* of one seed */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whether the seed at `path` could be read and given to the target; a target that finds fault ends the program. */
static int replay(const char *path)
{
    static uint8_t bytes[MOST_BYTES];
    FILE *stream = fopen(path, "rb");
    size_t length = stream != NULL ? fread(bytes, 1, sizeof bytes, stream) : 0;
    int whole = stream != NULL && length < sizeof bytes && !ferror(stream);
    uint8_t *exact = malloc(length + 1);
    if (stream != NULL) {
        fclose(stream);
    }
    if (!whole || exact == NULL) {
        fprintf(stderr, "cannot read the seed %s, or it has %lu bytes or more\n", path,
                (unsigned long)MOST_BYTES);
        free(exact);
        return 0;
    }
    /* At the allocation's end, so that a read beyond the seed's end is seen. */
    memcpy(exact + 1, bytes, length);
    LLVMFuzzerTestOneInput(exact + 1, length);
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
