/*
 * Small text operations on UTF-8 bytes with a length.
 */
#include "text.h"

#include <stdio.h>
#include <string.h>

#define QUOTED_CHARS 80u
#define SIMILAR_MAX  32u /* longer words are not compared: no key is that long */

char config_text_fold(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return "abcdefghijklmnopqrstuvwxyz"[c - 'A'];
    }
    return c;
}

bool config_text_same(const char *a, size_t a_length, const char *b, size_t b_length)
{
    if (a_length != b_length) {
        return false;
    }
    for (size_t i = 0; i < a_length; i++) {
        if (config_text_fold(a[i]) != config_text_fold(b[i])) {
            return false;
        }
    }
    return true;
}

bool config_text_starts(const char *text, size_t length, const char *prefix)
{
    size_t wanted = strlen(prefix);
    return length >= wanted && config_text_same(text, wanted, prefix, wanted);
}

/* Whether the byte continues a code point that began before it. */
static bool continues(char byte)
{
    return ((unsigned char)byte & 0xC0u) == 0x80u;
}

size_t config_text_count(const char *text, size_t length)
{
    size_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count += !continues(text[i]);
    }
    return count;
}

/* The control character that starts at text[0], and its bytes in `*width`; 0x100 when there is none. */
static unsigned control_at(const char *text, size_t length, size_t *width)
{
    unsigned char first = (unsigned char)text[0];
    *width = 1;
    if (first < 0x20u || first == 0x7Fu) {
        return first;
    }
    if (first == 0xC2u && length > 1 && (unsigned char)text[1] < 0xA0u) {
        *width = 2;
        return (unsigned char)text[1];
    }
    return 0x100u;
}

bool config_text_has_control(const char *text, size_t length, const char *except)
{
    for (size_t i = 0; i < length; i++) {
        size_t width;
        unsigned control = control_at(text + i, length - i, &width);
        if (control == 0 || (control < 0x100u && strchr(except, (int)control) == NULL)) {
            return true;
        }
    }
    return false;
}

const char *config_text_quote(const char *text, size_t length, char buffer[CONFIG_QUOTED])
{
    size_t used = 0;
    size_t chars = 0;
    for (size_t i = 0; i < length;) {
        size_t width;
        unsigned control = control_at(text + i, length - i, &width);
        chars += !continues(text[i]);
        if (chars > QUOTED_CHARS || used + 12 > CONFIG_QUOTED) {
            memcpy(buffer + used, "\xE2\x80\xA6", 3);
            used += 3;
            break;
        }
        if (control < 0x100u) {
            used += (size_t)snprintf(buffer + used, CONFIG_QUOTED - used, "\\u%04X", control);
        } else {
            buffer[used++] = text[i];
        }
        i += width;
    }
    buffer[used] = '\0';
    return buffer;
}

static unsigned least_of(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

bool config_text_similar(const char *a, size_t a_length, const char *b, size_t b_length)
{
    unsigned rows[3][SIMILAR_MAX + 1]; /* of the edit distance's table: this one and the two before */
    if (a_length == 0 || a_length > SIMILAR_MAX || b_length > SIMILAR_MAX) {
        return false;
    }
    for (size_t j = 0; j <= b_length; j++) {
        rows[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned differ = config_text_fold(a[i - 1]) != config_text_fold(b[j - 1]);
            row[j] = least_of(least_of(above[j], row[j - 1]) + 1, above[j - 1] + differ);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least_of(row[j], rows[(i + 1) % 3][j - 2] + 1);
            }
        }
    }
    /* Two slips in a short word leave nothing of it. */
    unsigned most = b_length < 5 ? 1 : 2;
    return rows[a_length % 3][b_length] <= most;
}
