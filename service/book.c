/* The book of lives. See book.h. */
#include "book.h"

#include "crc32c.h"
#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "shmbroker lives 1\n"
#define MOST_BYTES (128u << 20)
#define STEP       (1u << 20)
#define LAST_LINE  13u /* "end ", eight digits, a line end */

void book_free(book *b)
{
    free(b->text);
    free(b->entries);
    memset(b, 0, sizeof *b);
}

static bool fail(platform_failure *why, const char *what)
{
    why->code = 0;
    snprintf(why->text, sizeof why->text, "%s", what);
    return false;
}

static bool read_all(files_handle *file, char *bytes, size_t length, platform_failure *why)
{
    for (size_t at = 0; at < length;) {
        size_t step = length - at < STEP ? length - at : STEP;
        if (!files_read(file, bytes + at, step, why))
            return false;
        at += step;
    }
    bytes[length] = 0;
    return true;
}

/* Whether the last line has the sum of all before it; it is cut off then. */
static bool take_sum(char *bytes, size_t *length)
{
    char expected[LAST_LINE + 1];
    if (*length < LAST_LINE)
        return false;
    size_t rest = *length - LAST_LINE;
    snprintf(expected, sizeof expected, "end %08x\n", (unsigned)crc32c(0, bytes, rest));
    if (memcmp(bytes + rest, expected, LAST_LINE) != 0)
        return false;
    bytes[rest] = 0;
    *length = rest;
    return true;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const book_entry *)left)->name, ((const book_entry *)right)->name);
}

/* Makes entries of the lines; the text is cut up. */
static bool parse(book *b, size_t length, platform_failure *why)
{
    size_t lines = 0;
    const size_t first = strlen(FIRST_LINE), word = strlen("clean ");
    if (strlen(b->text) != length || !take_sum(b->text, &length))
        return fail(why, "its sum is wrong");
    if (strncmp(b->text, FIRST_LINE, first) != 0)
        return fail(why, "it is of another format than this version of shmbroker reads");
    for (const char *at = b->text; *at; at++)
        lines += *at == '\n';
    b->entries = calloc(lines + 1, sizeof *b->entries);
    if (!b->entries)
        return fail(why, "out of memory; close other programs");
    for (char *at = b->text + first; *at;) {
        char *end = strchr(at, '\n');
        bool clean = strncmp(at, "clean ", word) == 0;
        if (!end || end <= at + word || (!clean && strncmp(at, "dirty ", word) != 0))
            return fail(why, "a line of it says nothing");
        *end = 0;
        b->entries[b->count++] = (book_entry){at + word, clean};
        at = end + 1;
    }
    qsort(b->entries, b->count, sizeof *b->entries, by_name);
    return true;
}

book_state book_read(const char *path, book *result, platform_failure *why)
{
    files_handle *file;
    uint64_t size;
    bool there;
    memset(result, 0, sizeof *result);
    if (!files_exists(path, &there, why))
        return BOOK_DAMAGED;
    if (!there)
        return BOOK_ABSENT;
    if (!files_open(path, &file, &size, why))
        return BOOK_DAMAGED;
    bool ok = size <= MOST_BYTES || fail(why, "it is too large");
    if (ok) {
        result->text = malloc((size_t)size + 1);
        ok = (result->text || fail(why, "out of memory; close other programs")) &&
             read_all(file, result->text, (size_t)size, why) && parse(result, (size_t)size, why);
    }
    files_close(file);
    if (!ok)
        book_free(result);
    return ok ? BOOK_SOUND : BOOK_DAMAGED;
}

book_life book_find(const book *b, const char *name)
{
    const book_entry wanted = {name, false};
    const book_entry *found =
        b->count > 0 ? bsearch(&wanted, b->entries, b->count, sizeof wanted, by_name) : NULL;
    return !found ? BOOK_NO_LIFE : found->clean ? BOOK_CLEAN : BOOK_DIRTY;
}

static bool write_all(const char *path, const char *bytes, size_t length, platform_failure *failure)
{
    files_handle *file;
    if (!files_remove(path, failure) || !files_create(path, &file, failure))
        return false;
    bool ok = true;
    for (size_t at = 0; ok && at < length; at += STEP)
        ok = files_write(file, bytes + at, length - at < STEP ? length - at : STEP, failure);
    ok = ok && files_flush(file, failure);
    files_close(file);
    return ok;
}

bool book_write(const char *path, const char *folder, const book_entry *entries, size_t count,
                platform_failure *failure)
{
    char draft[PLATFORM_PATH];
    text t = {0};
    text_append(&t, FIRST_LINE);
    for (size_t i = 0; i < count; i++)
        text_append(&t, "%s %s\n", entries[i].clean ? "clean" : "dirty", entries[i].name);
    uint32_t sum = t.failed ? 0 : crc32c(0, t.bytes, t.length);
    text_append(&t, "end %08x\n", (unsigned)sum);
    size_t length = t.length;
    char *whole = text_take(&t);
    if (!whole)
        return fail(failure, "out of memory; close other programs");
    snprintf(draft, sizeof draft, "%s.new", path);
    bool ok = write_all(draft, whole, length, failure) && files_rename(draft, path, failure) &&
              files_flush_folder(folder, failure);
    free(whole);
    return ok;
}
