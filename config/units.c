/*
 * Sizes in text: parsed strictly, written back exactly.
 */
#include "units.h"

#include "text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define UNIT_COUNT 5u

/* Unit i stands for 1024 to the power of i. */
static const char *const units[UNIT_COUNT] = {"B", "KiB", "MiB", "GiB", "TiB"};

/* How many bytes of `text` are decimal digits, from its start. */
static size_t digits_of(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && text[count] >= '0' && text[count] <= '9') {
        count++;
    }
    return count;
}

/* Where the unit begins: behind the digits and the spaces after them. */
static size_t unit_of(const char *text, size_t length, size_t digits)
{
    size_t at = digits;
    while (at < length && text[at] == ' ') {
        at++;
    }
    return at;
}

config_size_status config_size_parse(const char *text, size_t length, uint64_t *bytes)
{
    *bytes = 0;
    size_t digits = digits_of(text, length);
    if (digits == 0 || (digits > 1 && text[0] == '0')) {
        return CONFIG_SIZE_MALFORMED;
    }
    unsigned power = 0;
    if (digits < length) {
        size_t unit = unit_of(text, length, digits);
        while (power < UNIT_COUNT && (strlen(units[power]) != length - unit ||
                                      memcmp(units[power], text + unit, length - unit) != 0)) {
            power++;
        }
        if (power == UNIT_COUNT) {
            return CONFIG_SIZE_MALFORMED;
        }
    }
    uint64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        unsigned digit = (unsigned)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return CONFIG_SIZE_TOO_LARGE;
        }
        value = value * 10 + digit;
    }
    if (value > UINT64_MAX >> (10 * power)) {
        return CONFIG_SIZE_TOO_LARGE;
    }
    *bytes = value << (10 * power);
    return CONFIG_SIZE_OK;
}

/* Whether the word, whose first letter is that of unit `power`, means it: `k`, `KB`, `KiBs`, `kilobytes`. */
static bool is_like_unit(const char *word, size_t length, ptrdiff_t power)
{
    static const char *const endings[] = {"b", "ib", "byte", "bytes"};
    const char *unit = units[power];
    if (length == 1 || config_text_similar(word, length, unit, strlen(unit))) {
        return true;
    }
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t ending = strlen(endings[i]);
        if (length > ending && config_text_same(word + length - ending, ending, endings[i], ending)) {
            return length <= sizeof "kibibytes" - 1;
        }
    }
    return config_text_same(word, length, "byte", 4) || config_text_same(word, length, "bytes", 5);
}

const char *config_size_suggest(const char *text, size_t length, char buffer[CONFIG_SIZE_TEXT])
{
    static const char letters[] = "bkmgt";
    size_t digits = digits_of(text, length);
    size_t unit = unit_of(text, length, digits);
    if (digits == 0 || digits > 18 || text[0] == '0' || unit == length) {
        return NULL;
    }
    const char *letter = strchr(letters, config_text_fold(text[unit]));
    if (letter == NULL || *letter == '\0' || !is_like_unit(text + unit, length - unit, letter - letters)) {
        return NULL;
    }
    snprintf(buffer, CONFIG_SIZE_TEXT, "%.*s %s", (int)digits, text, units[letter - letters]);
    return buffer;
}

const char *config_size_format(uint64_t bytes, char buffer[CONFIG_SIZE_TEXT])
{
    unsigned power = 0;
    while (power + 1 < UNIT_COUNT && bytes != 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        power++;
    }
    const char *unit = power == 0 ? "" : units[power];
    snprintf(buffer, CONFIG_SIZE_TEXT, "%" PRIu64 "%s%s", bytes, power == 0 ? "" : " ", unit);
    return buffer;
}
