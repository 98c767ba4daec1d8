/* Text that grows. See text_builder.h. */
#include "text_builder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(text *t, size_t more)
{
    size_t needed = t->length + more + 1;
    if (needed <= t->capacity)
        return true;
    size_t capacity = t->capacity * 2 > needed ? t->capacity * 2 : needed + 64;
    char *bytes = realloc(t->bytes, capacity);
    if (!bytes)
        return false;
    t->bytes = bytes;
    t->capacity = capacity;
    return true;
}

TEXT_PRINTF(2, 0)
static void append_values(text *t, const char *format, va_list values)
{
    va_list again;
    va_copy(again, values);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (t->failed || length < 0 || !make_room(t, (size_t)length)) {
        t->failed = true;
        return;
    }
    vsnprintf(t->bytes + t->length, (size_t)length + 1, format, values);
    t->length += (size_t)length;
}

void text_append(text *t, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    append_values(t, format, values);
    va_end(values);
}

char *text_take(text *t)
{
    text_append(t, "%s", "");
    char *whole = t->bytes;
    if (t->failed) {
        free(whole);
        whole = NULL;
    }
    memset(t, 0, sizeof *t);
    return whole;
}

char *text_make(const char *format, ...)
{
    text t = {0};
    va_list values;
    va_start(values, format);
    append_values(&t, format, values);
    va_end(values);
    return text_take(&t);
}

void text_cut(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    if (length >= size) {
        length = size - 1;
        while (length > 0 && ((unsigned char)from[length] & 0xC0u) == 0x80u)
            length--;
    }
    memcpy(to, from, length);
    to[length] = 0;
}

static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};

#define UNITS (sizeof units / sizeof units[0])

void text_size(unsigned long long number, char *buffer, size_t size)
{
    size_t unit = 0;
    while (unit + 1 < UNITS && number >= 1024 && number % 1024 == 0) {
        number /= 1024;
        unit++;
    }
    snprintf(buffer, size, "%llu %s", number, units[unit]);
}

void text_size_about(unsigned long long number, char buffer[TEXT_SIZE])
{
    size_t unit = 0;
    unsigned long long divisor = 1;
    while (unit + 1 < UNITS && number / divisor >= 1024) {
        divisor *= 1024;
        unit++;
    }
    unsigned long long tenths = number % divisor * 10 / divisor;
    if (number % divisor == 0)
        snprintf(buffer, TEXT_SIZE, "%llu %s", number / divisor, units[unit]);
    else
        snprintf(buffer, TEXT_SIZE, "%llu.%llu %s", number / divisor, tenths, units[unit]);
}
