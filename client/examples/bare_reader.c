/*
 * example-bare-reader: reads a region with nothing but Windows: a raw region is a section, its bytes begin at
 * 0.
 *
 *     example-bare-reader Global\Telemetry
 *     example-bare-reader Global\Telemetry write      asks to map it for writing: only writers may
 */
#include "readings.h"

#include <inttypes.h>
#include <stdio.h>

static int explain(const char *what, const char *name, DWORD error)
{
    fprintf(stderr, "example-bare-reader: %s of %s failed with error %lu%s\n", what, name, error,
            error == ERROR_ACCESS_DENIED    ? " (access denied): `shmbroker explain` says who may"
            : error == ERROR_FILE_NOT_FOUND ? " (no such section): give the object's whole name, such as "
                                              "Global\\Telemetry; is the broker running?"
                                            : "");
    return error == ERROR_ACCESS_DENIED ? 3 : error == ERROR_FILE_NOT_FOUND ? 5 : 1;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "write") != 0)) {
        fprintf(stderr,
                "usage: example-bare-reader OBJECT_NAME [write]\n"
                "Prints the readings in a section, through OpenFileMapping and MapViewOfFile alone.\n");
        return 2;
    }
    DWORD access = argc == 3 ? FILE_MAP_READ | FILE_MAP_WRITE : FILE_MAP_READ;
    HANDLE section = OpenFileMappingA(access, FALSE, argv[1]);
    if (section == NULL)
        return explain("OpenFileMapping", argv[1], GetLastError());

    int result = 0;
    const shared_readings *shared = MapViewOfFile(section, access, 0, 0, sizeof *shared);
    readings copy;
    if (shared == NULL) {
        result = explain("MapViewOfFile", argv[1], GetLastError());
    } else if (!copy_readings(shared, &copy)) {
        fprintf(stderr, "example-bare-reader: the writer was stopped in the middle of a change\n");
        result = 1;
    } else {
        printf("read %" PRIu64 ": %.2f %.2f %.2f\n", copy.count, copy.values[0], copy.values[1],
               copy.values[2]);
    }
    if (shared != NULL)
        UnmapViewOfFile(shared);
    CloseHandle(section);
    return result;
}
