/*
 * The book of lives: which regions were served by the broker before, and whether it wrote down that each ended in order.
 *
 * A file in the data folder, made anew at each start (every region is in use: if nothing else is written, it did not end
 * in order) and at each stop. Written aside, flushed and renamed, as snapshots are: it is the one or the other, whole.
 * Without one, or with a damaged one, whatever a region has left behind did not end in order.
 *
 * Text, so that a person can read it: a line "shmbroker lives 1", a line "clean NAME" or "dirty NAME" for each region,
 * and a line "end " with the CRC-32C of all before it in eight hexadecimal digits. Names have no line ends.
 */
#ifndef SHMBROKER_BOOK_H
#define SHMBROKER_BOOK_H

#include "files.h"

typedef enum book_state {
    BOOK_ABSENT,
    BOOK_SOUND,
    BOOK_DAMAGED /* or it could not be read */
} book_state;

typedef enum book_life {
    BOOK_NO_LIFE, /* none is known */
    BOOK_CLEAN,   /* it ended in order */
    BOOK_DIRTY    /* it did not, or is not over */
} book_life;

typedef struct book_entry {
    const char *name;
    bool clean;
} book_entry;

typedef struct book {
    char *text;          /* owned; the names point into it */
    book_entry *entries; /* owned, sorted by name */
    size_t count;
} book;

/* Reads the book at `path`. Damaged: `why` says what is wrong. The caller frees it in any case. */
book_state book_read(const char *path, book *result, platform_failure *why);
void book_free(book *b);

/* What a sound book says of a region. */
book_life book_find(const book *b, const char *name);

/* Writes the book with these entries, durably. On failure the earlier one stays. */
bool book_write(const char *path, const char *folder, const book_entry *entries, size_t count,
                platform_failure *failure);

#endif
