/*
 * shmbroker-campaign-peer: the campaign's other processes. Each prints `at work`, goes on until its standard input ends,
 * and tells the section WITNESS what it did.
 *
 *   write WITNESS INSTANCE FIRST REGION…   writes the numbers FIRST, FIRST + 1 … into all cells of each region
 *   read WITNESS INSTANCE REGION…          sees whether a number ever shrinks
 *   grow WITNESS INSTANCE REGION SIZE      has the region grow, as a program does; ends with 0 when that was done
 *   observe WITNESS OBJECT…                opens each object over and over, as the account that it was started under:
 *                                          none may ever be written, changed or deleted by it, or have another
 *                                          descriptor than at first
 */
#include "witness.h"

#include "shmb.h"

#include <aclapi.h>
#include <sddl.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_OBJECTS 8
#define ATTACH_MS    20000u
#define LOOKS_ALIKE  20u
#define MOST_LOOKS   1000u

static witness *seen;

static bool open_witness(const char *name)
{
    HANDLE section = OpenFileMappingA(FILE_MAP_WRITE, FALSE, name);
    seen = section ? MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, sizeof *seen) : NULL;
    if (!seen)
        fprintf(stderr, "cannot map %s: error %lu\n", name, GetLastError());
    return seen != NULL;
}

/* Whether standard input has ended; also lets others work. */
static bool is_over(void)
{
    DWORD waiting;
    Sleep(1);
    return !PeekNamedPipe(GetStdHandle(STD_INPUT_HANDLE), NULL, 0, NULL, &waiting, NULL);
}

static void begin(void)
{
    puts("at work");
    fflush(stdout);
}

static void wrong(volatile LONG64 *count, const char *object, const char *what)
{
    if (InterlockedIncrement64(count) == 1)
        snprintf(seen->what, sizeof seen->what, "%.100s: %.500s", object, what);
}

/* ---- Writing and reading --------------------------------------------------------------------------------------- */

typedef struct attached {
    const char *name;
    shmb_region *region;
    unsigned char *bytes;
    size_t size;
} attached;

static bool attach_all(const char *instance, uint32_t access, char **names, int count, attached *to)
{
    char message[1200];
    for (int i = 0; i < count; i++) {
        shmb_attach_options options = {.struct_size = sizeof options,
                                       .access = access,
                                       .timeout_ms = ATTACH_MS,
                                       .instance = instance,
                                       .message = message,
                                       .message_size = sizeof message};
        if (shmb_attach(names[i], &options, &to[i].region) != SHMB_OK) {
            fprintf(stderr, "cannot attach to %s: %s\n", names[i], message);
            return false;
        }
        to[i].name = names[i];
        to[i].bytes = shmb_data(to[i].region);
        to[i].size = shmb_region_max_size(to[i].region) == WITNESS_GROWS_TO ? WITNESS_GROWS_FROM
                                                                            : (size_t)shmb_size(to[i].region);
    }
    return true;
}

static volatile LONG64 *cell_of(const attached *a, unsigned index)
{
    return (volatile LONG64 *)(void *)(a->bytes + witness_cell(a->size, index));
}

static void write_numbers(const attached *to, int count, LONG64 number)
{
    for (; !is_over(); number++)
        for (int i = 0; i < count; i++) {
            for (unsigned cell = 0; cell < WITNESS_CELLS; cell++)
                *cell_of(&to[i], cell) = number;
            InterlockedExchange64(&seen->written[i], number);
        }
}

static void read_numbers(const attached *from, int count)
{
    LONG64 last[MOST_OBJECTS][WITNESS_CELLS] = {{0}};
    while (!is_over())
        for (int i = 0; i < count; i++)
            for (unsigned cell = 0; cell < WITNESS_CELLS; cell++) {
                LONG64 number = *cell_of(&from[i], cell);
                if (number < last[i][cell])
                    wrong(&seen->backwards, from[i].name, "a number shrank under an attached reader");
                last[i][cell] = number;
            }
}

/* ---- Growing --------------------------------------------------------------------------------------------------- */

static int grow(const attached *a, uint64_t size)
{
    char message[1200];
    shmb_status status = shmb_grow(a->region, size, ATTACH_MS, message, sizeof message);
    if (status == SHMB_OK && shmb_size(a->region) < size) {
        printf("grown to %llu, it said, and it has %llu\n", (unsigned long long)size,
               (unsigned long long)shmb_size(a->region));
        return 2;
    }
    printf("status %d%s%s\n", (int)status, status == SHMB_OK ? "" : ": ", status == SHMB_OK ? "" : message);
    return status == SHMB_OK ? 0 : 1;
}

/* ---- Observing ------------------------------------------------------------------------------------------------- */

/* The object's owner and DACL as text, which the caller frees with LocalFree; NULL: it may not be seen, or is not. */
static char *security_of(const char *object)
{
    const SECURITY_INFORMATION what = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    PSECURITY_DESCRIPTOR found = NULL;
    char *text = NULL;
    HANDLE section = OpenFileMappingA(READ_CONTROL, FALSE, object);
    if (section &&
        GetSecurityInfo(section, SE_KERNEL_OBJECT, what, NULL, NULL, NULL, NULL, &found) == ERROR_SUCCESS)
        ConvertSecurityDescriptorToStringSecurityDescriptorA(found, SDDL_REVISION_1, what, &text, NULL);
    LocalFree(found);
    if (section)
        CloseHandle(section);
    return text;
}

static void compare_security(const char *object, char **first)
{
    char *now = security_of(object);
    if (now && !*first) {
        *first = now;
        return;
    }
    if (now && strcmp(now, *first) != 0) {
        char what[500];
        snprintf(what, sizeof what, "%s instead of %s", now, *first);
        wrong(&seen->weak, object, what);
    }
    LocalFree(now);
}

static const struct {
    DWORD access;
    const char *name;
} forbidden[] = {{FILE_MAP_WRITE, "an ordinary account may write"},
                 {WRITE_DAC, "an ordinary account may change its descriptor"},
                 {WRITE_OWNER, "an ordinary account may take it"},
                 {DELETE, "an ordinary account may delete it"}};

/* What is forbidden and given all the same, a bit for each. */
static unsigned try_forbidden(const char *object)
{
    unsigned given = 0;
    for (unsigned i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        HANDLE section = OpenFileMappingA(forbidden[i].access, FALSE, object);
        given |= section ? 1u << i : 0;
        if (section)
            CloseHandle(section);
    }
    return given;
}

static void tell_given(const char *object, unsigned given)
{
    for (unsigned i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        char *security = (given & 1u << i) ? security_of(object) : NULL;
        char what[500];
        snprintf(what, sizeof what, "%s; %s", forbidden[i].name, security ? security : "it is gone now");
        if ((given & 1u << i) != 0)
            wrong(&seen->weak, object, what);
        LocalFree(security);
    }
}

/* Under Wine what the broker makes belongs to a group of everybody, to whom an owner's rights are due: all on the
   broker's own objects, and of a region all but writing. There it is the comparison of descriptors that counts. */
static unsigned given_to_owners(const char *object)
{
    if (!GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version"))
        return 0;
    return strstr(object, "\\ShmBroker.") ? ~0u : ~1u; /* the first of `forbidden` is writing */
}

/* What has to stay: what several looks in a row see alike. */
static char *settled_security_of(const char *object)
{
    char *text = security_of(object);
    for (unsigned alike = 0, look = 0; text && alike < LOOKS_ALIKE && look < MOST_LOOKS; look++) {
        char *again = security_of(object);
        alike = again && strcmp(again, text) == 0 ? alike + 1 : 0;
        LocalFree(text);
        text = again;
        Sleep(1); /* between two looks, bounded */
    }
    return text;
}

static void observe(char **objects, int count)
{
    char *first[MOST_OBJECTS] = {NULL};
    for (int i = 0; i < count; i++)
        first[i] = settled_security_of(objects[i]);
    do {
        for (int i = 0; i < count; i++) {
            tell_given(objects[i], try_forbidden(objects[i]) & ~given_to_owners(objects[i]));
            compare_security(objects[i], &first[i]);
        }
        if (InterlockedIncrement64(&seen->looks) == 1)
            begin(); /* from here on, what was seen first is what has to stay */
    } while (!is_over());
    for (int i = 0; i < count; i++)
        LocalFree(first[i]);
}

int main(int argc, char **argv)
{
    attached regions[MOST_OBJECTS];
    const char *what = argc > 2 ? argv[1] : "";
    const bool writes = strcmp(what, "write") == 0, reads = strcmp(what, "read") == 0,
               grows = strcmp(what, "grow") == 0;
    const int names = writes ? 5 : reads || grows ? 4 : 3;
    if (argc <= names || argc - names > MOST_OBJECTS ||
        (!writes && !reads && !grows && strcmp(what, "observe") != 0)) {
        fputs("usage: see peer.c\n", stderr);
        return 2;
    }
    if (!open_witness(argv[2]))
        return 1;
    const int count = grows ? 1 : argc - names;
    if ((writes || reads || grows) &&
        !attach_all(argv[3], writes ? SHMB_ACCESS_WRITE : SHMB_ACCESS_READ, argv + names, count, regions))
        return 1;
    if (grows)
        return argc == names + 2 ? grow(&regions[0], strtoull(argv[names + 1], NULL, 10)) : 2;
    if (writes || reads)
        begin();
    if (writes)
        write_numbers(regions, count, strtoll(argv[4], NULL, 10));
    else if (reads)
        read_numbers(regions, count);
    else
        observe(argv + names, count);
    return 0;
}
