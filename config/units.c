/*
 * Sizes and times in text: parsed strictly, written back exactly.
 */
#include "units.h"

#include "text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define UNIT_COUNT          5u
#define DURATION_UNIT_COUNT 4u

typedef struct scale {
    const char *name;
    uint64_t factor;
} scale;

/* A number alone is in the first one; each divides the next. */
static const scale sizes[UNIT_COUNT] = {
    {"B", 1}, {"KiB", 1ull << 10}, {"MiB", 1ull << 20}, {"GiB", 1ull << 30}, {"TiB", 1ull << 40}};
static const scale durations[DURATION_UNIT_COUNT] = {{"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}};

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

static config_size_status parse(const char *text, size_t length, const scale *units, size_t count,
                                uint64_t *result)
{
    *result = 0;
    size_t digits = digits_of(text, length);
    if (digits == 0 || (digits > 1 && text[0] == '0')) {
        return CONFIG_SIZE_MALFORMED;
    }
    size_t found = 0;
    if (digits < length) {
        size_t at = unit_of(text, length, digits);
        while (found < count && (strlen(units[found].name) != length - at ||
                                 memcmp(units[found].name, text + at, length - at) != 0)) {
            found++;
        }
        if (found == count) {
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
    if (value > UINT64_MAX / units[found].factor) {
        return CONFIG_SIZE_TOO_LARGE;
    }
    *result = value * units[found].factor;
    return CONFIG_SIZE_OK;
}

config_size_status config_size_parse(const char *text, size_t length, uint64_t *bytes)
{
    return parse(text, length, sizes, UNIT_COUNT, bytes);
}

config_size_status config_duration_parse(const char *text, size_t length, uint64_t *milliseconds)
{
    return parse(text, length, durations, DURATION_UNIT_COUNT, milliseconds);
}

/* Whether the word, whose first letter is that of unit `power`, means it: `k`, `KB`, `KiBs`, `kilobytes`. */
static bool is_like_unit(const char *word, size_t length, ptrdiff_t power)
{
    static const char *const endings[] = {"b", "ib", "byte", "bytes"};
    const char *unit = sizes[power].name;
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
    snprintf(buffer, CONFIG_SIZE_TEXT, "%.*s %s", (int)digits, text, sizes[letter - letters].name);
    return buffer;
}

const char *config_duration_suggest(const char *text, size_t length, char buffer[CONFIG_DURATION_TEXT])
{
    static const struct {
        const char *written;
        const char *meant;
    } slips[] = {{"msec", "ms"},  {"millis", "ms"},  {"milliseconds", "ms"}, {"sec", "s"},
                 {"secs", "s"},   {"second", "s"},   {"seconds", "s"},       {"m", "min"},
                 {"mins", "min"}, {"minute", "min"}, {"minutes", "min"},     {"hr", "h"},
                 {"hour", "h"},   {"hours", "h"},    {"ms", "ms"},           {"s", "s"},
                 {"min", "min"},  {"h", "h"}};
    size_t digits = digits_of(text, length);
    size_t at = unit_of(text, length, digits);
    if (digits == 0 || digits > 18 || text[0] == '0') {
        return NULL;
    }
    for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
        if (config_text_same(text + at, length - at, slips[i].written, strlen(slips[i].written))) {
            snprintf(buffer, CONFIG_DURATION_TEXT, "%.*s %s", (int)digits, text, slips[i].meant);
            return buffer;
        }
    }
    return NULL;
}

const char *config_size_format(uint64_t bytes, char buffer[CONFIG_SIZE_TEXT])
{
    size_t found = 0;
    while (found + 1 < UNIT_COUNT && bytes != 0 && bytes % sizes[found + 1].factor == 0) {
        found++;
    }
    snprintf(buffer, CONFIG_SIZE_TEXT, "%" PRIu64 "%s%s", bytes / sizes[found].factor, found == 0 ? "" : " ",
             found == 0 ? "" : sizes[found].name);
    return buffer;
}

const char *config_duration_format(uint64_t milliseconds, char buffer[CONFIG_DURATION_TEXT])
{
    size_t found = 0;
    while (found + 1 < DURATION_UNIT_COUNT && milliseconds != 0 &&
           milliseconds % durations[found + 1].factor == 0) {
        found++;
    }
    snprintf(buffer, CONFIG_DURATION_TEXT, "%" PRIu64 " %s", milliseconds / durations[found].factor,
             durations[found].name);
    return buffer;
}
