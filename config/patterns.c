/*
 * Builds regular expressions out of parts, so that a bound stands in one place.
 */
#include "patterns.h"

#include "diagnostics.h"
#include "paths.h"
#include "text.h"
#include "units.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* In a class: the control characters, all of them and all but tab and line feed. */
#define CONTROLS       "\\u0000-\\u001f\\u007f-\\u009f"
#define MOST_CONTROLS  "\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f"
#define NUMBER_DIGITS  21u
#define SUBAUTHORITIES "15"

typedef struct pattern {
    char *text;
    size_t used;
} pattern;

static pattern start(char *buffer)
{
    pattern result = {buffer, 0};
    buffer[0] = '\0';
    return result;
}

CONFIG_PRINTF(2, 3)
static void put(pattern *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(to->text + to->used, CONFIG_PATTERN_TEXT - to->used, format, arguments);
    va_end(arguments);
    if (length > 0) {
        to->used += (size_t)length;
    }
    if (to->used >= CONFIG_PATTERN_TEXT) {
        to->used = CONFIG_PATTERN_TEXT - 1;
    }
}

/* Puts the letters of `word` in either case. */
static void put_any_case(pattern *to, const char *word)
{
    for (; *word != '\0'; word++) {
        char small = config_text_fold(*word);
        if (small >= 'a' && small <= 'z') {
            put(to, "[%c%c]", (char)(small - 'a' + 'A'), small);
        } else {
            put(to, *word == '.' || *word == '$' ? "\\%c" : "%c", *word);
        }
    }
}

static void put_digits(pattern *to, size_t count)
{
    if (count == 1) {
        put(to, "[0-9]");
    } else if (count > 1) {
        put(to, "[0-9]{%u}", (unsigned)count);
    }
}

/* Puts the numbers from 1 to `most`: those with fewer digits, those that differ first in digit 1, in digit 2
   and so on, and `most` itself. */
static void put_number(pattern *to, uint64_t most)
{
    char digits[NUMBER_DIGITS];
    size_t count = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, most);
    put(to, "(?:");
    if (count > 1) {
        put(to, "[1-9][0-9]{0,%u}|", (unsigned)count - 2);
    }
    for (size_t i = 0; i < count; i++) {
        char least = i == 0 ? '1' : '0';
        if (digits[i] > least) {
            char last = (char)(digits[i] - 1);
            put(to, last == least ? "%.*s%c" : "%.*s[%c-%c]", (int)i, digits, least, last);
            put_digits(to, count - i - 1);
            put(to, "|");
        }
    }
    put(to, "%s)", digits);
}

const char *config_pattern_size(uint64_t most, char *buffer)
{
    static const char *const units[] = {"(?: *B)?", " *KiB", " *MiB", " *GiB", " *TiB"};
    pattern result = start(buffer);
    put(&result, "^(?:");
    for (size_t i = 0; i < sizeof units / sizeof units[0] && most >> (10 * i) > 0; i++) {
        put(&result, "%s", i > 0 ? "|" : "");
        put_number(&result, most >> (10 * i));
        put(&result, "%s", units[i]);
    }
    put(&result, ")$");
    return buffer;
}

const char *config_pattern_duration(uint64_t least, uint64_t most, char *buffer)
{
    static const struct {
        const char *name;
        uint64_t factor;
    } units[] = {{"(?: *ms)?", 1}, {" *s", 1000}, {" *min", 60000}, {" *h", 3600000}};
    pattern result = start(buffer);
    put(&result, "^(?!");
    put_number(&result, least - 1);
    put(&result, "%s$)(?:", units[0].name);
    for (size_t i = 0; i < sizeof units / sizeof units[0] && most >= units[i].factor; i++) {
        put(&result, "%s", i > 0 ? "|" : "");
        put_number(&result, most / units[i].factor);
        put(&result, "%s", units[i].name);
    }
    put(&result, ")$");
    return buffer;
}

const char *config_pattern_text(char *buffer)
{
    pattern result = start(buffer);
    put(&result, "^[^" MOST_CONTROLS "]*$");
    return buffer;
}

const char *config_pattern_hex(char *buffer)
{
    pattern result = start(buffer);
    put(&result, "^[ \\t\\n]*(?:[0-9A-Fa-f]{2}[ \\t\\n]*)+$");
    return buffer;
}

/* A file's or folder's name: not a device, no dot and no space at its end. It may have wildcards. */
static void put_component(pattern *to, bool wildcards)
{
    const char *refused = wildcards ? "" : "?*";
    static const char *const devices[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"};
    put(to, "(?!(?:");
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        put_any_case(to, devices[i]);
        put(to, "|");
    }
    put(to, "(?:");
    put_any_case(to, "COM");
    put(to, "|");
    put_any_case(to, "LPT");
    put(to, ")[0-9\xC2\xB9\xC2\xB2\xC2\xB3]) *(?:[.\\\\/]|$))");
    put(to, "[^<>\"|%s:\\\\/" CONTROLS "]{0,254}[^<>\"|%s:\\\\/. " CONTROLS "]", refused, refused);
}

static void put_path(pattern *to)
{
    put(to, "(?:[A-Za-z]:[\\\\/])?");
    put_component(to, false);
    put(to, "(?:[\\\\/]");
    put_component(to, false);
    put(to, ")*$");
}

const char *config_pattern_backing_file(char *buffer)
{
    pattern result = start(buffer);
    put(&result, "^(?!(?:");
    for (size_t i = 0; config_path_brokers_name(i) != NULL; i++) {
        put(&result, "%s", i > 0 ? "|" : "");
        put_any_case(&result, config_path_brokers_name(i));
    }
    put(&result, ")(?:[\\\\/]|$))");
    put_path(&result);
    return buffer;
}

const char *config_pattern_source_file(char *buffer)
{
    pattern result = start(buffer);
    put(&result, "^");
    put_path(&result);
    return buffer;
}

const char *config_pattern_include(char *buffer)
{
    pattern result = start(buffer);
    put(&result, "^(?:");
    put_component(&result, false);
    put(&result, "[\\\\/])*");
    put_component(&result, true);
    put(&result, "$");
    return buffer;
}

/* A SID's text behind its `S-1-`. */
static void put_sid(pattern *to)
{
    put(to, "(?:0[Xx]0*[0-9A-Fa-f]{1,12}|0*(?:0|");
    put_number(to, 0xFFFFFFFFFFFFu);
    put(to, "))(?:-0*(?:0|");
    put_number(to, 0xFFFFFFFFu);
    put(to, ")){1," SUBAUTHORITIES "}");
}

const char *config_pattern_principal(char *buffer)
{
    pattern result = start(buffer);
    put(&result, "^(?:[Ss]-1-");
    put_sid(&result);
    put(&result, "|(?![Ss]-1-)[^\\\\" CONTROLS "]+(?:\\\\[^\\\\" CONTROLS "]+)?)$");
    return buffer;
}

const char *config_pattern_package(char *buffer)
{
    pattern result = start(buffer);
    put(&result, "^[Ss]-1-(?:0*15|0[Xx]0*[Ff])-0*2(?:-0*(?:0|");
    put_number(&result, 0xFFFFFFFFu);
    put(&result, ")){1,14}$");
    return buffer;
}

const char *config_pattern_region_name(char *buffer)
{
    pattern result = start(buffer);
    put(&result, "^(?!");
    put_any_case(&result, "ShmBroker.");
    put(&result, ")[^\\\\" CONTROLS "]+$");
    return buffer;
}

const char *config_pattern_role_name(char *buffer)
{
    pattern result = start(buffer);
    put(&result, "^(?![Ss]-1-)[^\\\\/" CONTROLS "]+$");
    return buffer;
}
