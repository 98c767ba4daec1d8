/*
 * Decodes a text one code point at a time. What is broken is one character a byte: nothing here refuses.
 */
#include "lines.h"

#include <string.h>

bool config_position_before(config_position a, config_position b)
{
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

void config_walk_start(config_walk *walk, const char *text, size_t length)
{
    const unsigned char *bytes = (const unsigned char *)text;
    memset(walk, 0, sizeof *walk);
    walk->bytes = bytes;
    walk->length = length;
    walk->where.line = 1;
    walk->where.column = 1;
    if (length >= 2 && bytes[0] == 0xFFu && bytes[1] == 0xFEu) {
        walk->encoding = CONFIG_UTF_16_LE;
        walk->at = 2;
    } else if (length >= 2 && bytes[0] == 0xFEu && bytes[1] == 0xFFu) {
        walk->encoding = CONFIG_UTF_16_BE;
        walk->at = 2;
    } else if (length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
        walk->at = 3;
    }
}

/* How many bytes the UTF-8 sequence has that begins with this one; 0: none begins so. */
static size_t sequence_length(unsigned char lead)
{
    if (lead < 0x80u) {
        return 1;
    }
    if (lead < 0xC2u || lead > 0xF4u) {
        return 0;
    }
    return lead < 0xE0u ? 2 : lead < 0xF0u ? 3 : 4;
}

static uint32_t take_utf8(config_walk *walk)
{
    const unsigned char *bytes = walk->bytes + walk->at;
    size_t length = sequence_length(bytes[0]);
    uint32_t code_point = length > 1 ? bytes[0] & (0x7Fu >> length) : bytes[0];
    if (length == 0 || length > walk->length - walk->at) {
        walk->at++;
        return CONFIG_BROKEN_CHAR;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0u) != 0x80u) {
            walk->at++;
            return CONFIG_BROKEN_CHAR;
        }
        code_point = code_point << 6 | (bytes[i] & 0x3Fu);
    }
    walk->at += length;
    return code_point;
}

/* The UTF-16 unit at offset `at`, or 0 when the text ends before it does. */
static uint32_t unit_at(const config_walk *walk, size_t at)
{
    if (walk->length - at < 2) {
        return 0;
    }
    uint32_t first = walk->bytes[at];
    uint32_t second = walk->bytes[at + 1];
    return walk->encoding == CONFIG_UTF_16_LE ? second << 8 | first : first << 8 | second;
}

static uint32_t take_utf16(config_walk *walk)
{
    if (walk->length - walk->at < 2) {
        walk->at = walk->length;
        return CONFIG_BROKEN_CHAR;
    }
    uint32_t unit = unit_at(walk, walk->at);
    walk->at += 2;
    if ((unit & 0xF800u) != 0xD800u) {
        return unit;
    }
    uint32_t low = unit_at(walk, walk->at);
    if ((unit & 0xFC00u) != 0xD800u || (low & 0xFC00u) != 0xDC00u) {
        return CONFIG_BROKEN_CHAR;
    }
    walk->at += 2;
    return 0x10000u + ((unit & 0x3FFu) << 10) + (low & 0x3FFu);
}

static uint32_t take(config_walk *walk)
{
    return walk->encoding == CONFIG_UTF_8 ? take_utf8(walk) : take_utf16(walk);
}

/* The breaks of YAML 1.1, which are libyaml's. */
static bool is_break(uint32_t code_point)
{
    return code_point == '\n' || code_point == '\r' || code_point == 0x85u || code_point == 0x2028u ||
           code_point == 0x2029u;
}

bool config_walk_next(config_walk *walk, uint32_t *code_point)
{
    *code_point = 0;
    if (walk->at >= walk->length) {
        return false;
    }
    *code_point = take(walk);
    if (!is_break(*code_point)) {
        walk->where.column++;
        return true;
    }
    if (*code_point == '\r' && walk->at < walk->length) {
        config_walk after = *walk;
        if (take(&after) == '\n') {
            *walk = after;
        }
    }
    *code_point = CONFIG_LINE_BREAK;
    walk->where.line++;
    walk->where.column = 1;
    return true;
}

config_position config_place_of(const char *text, size_t length, size_t offset)
{
    config_walk walk;
    config_position before;
    uint32_t code_point;
    config_walk_start(&walk, text, length);
    do {
        before = walk.where;
    } while (walk.at < offset && config_walk_next(&walk, &code_point) && walk.at <= offset);
    return before;
}

size_t config_utf8_encode(uint32_t code_point, char buffer[CONFIG_UTF8_MAX_BYTES])
{
    static const uint32_t leads[] = {0, 0, 0xC0u, 0xE0u, 0xF0u};
    size_t length = code_point < 0x80u ? 1 : code_point < 0x800u ? 2 : code_point < 0x10000u ? 3 : 4;
    for (size_t i = length; i-- > 1; code_point >>= 6) {
        buffer[i] = (char)(unsigned char)(0x80u | (code_point & 0x3Fu));
    }
    buffer[0] = (char)(unsigned char)(leads[length] | code_point);
    return length;
}
