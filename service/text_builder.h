/*
 * Text that grows while it is put together. A failed allocation is remembered and reported once, by
 * text_take:
 *
 *     text t = {0};
 *     text_append(&t, "region %s", name);
 *     char *whole = text_take(&t);   // NULL: out of memory. The caller frees it
 */
#ifndef SHMBROKER_TEXT_BUILDER_H
#define SHMBROKER_TEXT_BUILDER_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__MINGW32__)
#define TEXT_PRINTF(format_at, values_at) __attribute__((format(gnu_printf, format_at, values_at)))
#elif defined(__GNUC__)
#define TEXT_PRINTF(format_at, values_at) __attribute__((format(printf, format_at, values_at)))
#else
#define TEXT_PRINTF(format_at, values_at)
#endif

typedef struct text {
    char *bytes;
    size_t length;
    size_t capacity;
    bool failed;
} text;

/* Appends as printf would print. */
TEXT_PRINTF(2, 3)
void text_append(text *t, const char *format, ...);

/* The whole text, NUL-terminated ("" when nothing was appended), or NULL when memory ran out. `t` is empty
   again. */
char *text_take(text *t);

/* The formatted text in memory of its own, or NULL when memory ran out. The caller frees it. */
TEXT_PRINTF(1, 2)
char *text_make(const char *format, ...);

/* Copies what of `from` fits into `size` bytes with its NUL, and no half of a character. */
void text_cut(char *to, size_t size, const char *from);

/* `number` bytes as people write them: "64 KiB", "1 MiB", "100 B". Writes at most `size` bytes with the NUL.
 */
void text_size(unsigned long long number, char *buffer, size_t size);

#define TEXT_SIZE 48 /* bytes that hold any text of text_size_about */

/* `number` bytes in their largest unit, with one decimal when it is not whole: "64 KiB", "11.8 GiB". */
void text_size_about(unsigned long long number, char buffer[TEXT_SIZE]);

#endif
