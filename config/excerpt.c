/*
 * Finds the lines in one pass, since a text may be long, then draws each from its window's start.
 */
#include "excerpt.h"

#include "lines.h"

#include <stdlib.h>
#include <string.h>

/* A place further right than this has so many characters of its line before it in the window. */
#define FULL_LINE    80u
#define CHARS_BEFORE 40u
#define TAB_STOP     4u
#define ELLIPSIS     0x2026u
#define NOT_FOUND    ((size_t)-1)

/* Ranges of code points, of which each has the given width in a terminal. */
typedef struct width_range {
    uint32_t first;
    uint32_t last;
    unsigned width;
} width_range;

/* From Unicode's East_Asian_Width (wide, fullwidth) and of what combines with the character before; all else
   takes one column. */
static const width_range widths[] = {
    {0x0300u, 0x036Fu, 0},   {0x1100u, 0x115Fu, 2},   {0x200Bu, 0x200Du, 0},   {0x20D0u, 0x20FFu, 0},
    {0x2E80u, 0x303Eu, 2},   {0x3041u, 0xA4CFu, 2},   {0xAC00u, 0xD7A3u, 2},   {0xF900u, 0xFAFFu, 2},
    {0xFE00u, 0xFE0Fu, 0},   {0xFE30u, 0xFE6Fu, 2},   {0xFF01u, 0xFF60u, 2},   {0xFFE0u, 0xFFE6u, 2},
    {0x1F300u, 0x1F64Fu, 2}, {0x1F680u, 0x1F6FFu, 2}, {0x1F900u, 0x1FAFFu, 2}, {0x20000u, 0x3FFFDu, 2},
};

static unsigned width_of(uint32_t code_point)
{
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        if (code_point >= widths[i].first && code_point <= widths[i].last) {
            return widths[i].width;
        }
    }
    return 1;
}

/* Whether a terminal would do something else with it than show it: control characters, and the marks that
   make text run in another direction. */
static bool is_harmful(uint32_t code_point)
{
    return code_point < 0x20u || (code_point >= 0x7Fu && code_point < 0xA0u) || code_point == 0x061Cu ||
           (code_point >= 0x200Eu && code_point <= 0x200Fu) ||
           (code_point >= 0x202Au && code_point <= 0x202Eu) ||
           (code_point >= 0x2066u && code_point <= 0x2069u) || code_point == 0xFEFFu ||
           (code_point >= 0xD800u && code_point <= 0xDFFFu) || code_point > 0x10FFFFu;
}

/* Where the window on a line starts for a place in it. */
static config_position window_start(config_position where)
{
    if (where.column <= FULL_LINE) {
        where.column = 1;
    } else {
        where.column -= CHARS_BEFORE;
    }
    return where;
}

static int compare_wishes(const void *a, const void *b)
{
    config_position one = window_start(((const config_excerpt_wish *)a)->span.from);
    config_position other = window_start(((const config_excerpt_wish *)b)->span.from);
    return config_position_before(one, other) ? -1 : config_position_before(other, one) ? 1 : 0;
}

/* A line as it is drawn. */
typedef struct drawing {
    char text[CONFIG_EXCERPT_TEXT];
    size_t used;
    unsigned columns;
} drawing;

static void draw(drawing *line, uint32_t code_point)
{
    unsigned width = code_point == '\t' ? TAB_STOP - line->columns % TAB_STOP : width_of(code_point);
    uint32_t shown = code_point == '\t' ? ' ' : is_harmful(code_point) ? CONFIG_BROKEN_CHAR : code_point;
    line->columns += width;
    for (unsigned i = 0; i < (code_point == '\t' ? width : 1u); i++) {
        line->used += config_utf8_encode(shown, line->text + line->used);
    }
}

/* Draws the window that `walk` stands at the start of. */
static void draw_window(config_walk *walk, const config_span *span, config_excerpt *excerpt, drawing *line)
{
    uint32_t code_point;
    unsigned end = 0;
    bool marked = false;
    bool ended = false;
    if (walk->where.column > 1) {
        draw(line, ELLIPSIS);
    }
    for (unsigned chars = 0;; chars++) {
        config_position here = walk->where;
        if (!config_position_before(here, span->from) && !marked) {
            excerpt->indent = line->columns;
            marked = true;
        }
        if (!config_position_before(here, span->to) && !ended) {
            end = line->columns;
            ended = true;
        }
        if (!config_walk_next(walk, &code_point) || code_point == CONFIG_LINE_BREAK) {
            break;
        }
        if (chars == CONFIG_EXCERPT_CHARS) {
            draw(line, ELLIPSIS);
            break;
        }
        draw(line, code_point);
    }
    if (!marked) {
        excerpt->indent = line->columns;
    }
    end = ended ? end : line->columns;
    excerpt->width = end > excerpt->indent ? end - excerpt->indent : 1;
}

static void take_one(const char *text, size_t length, const config_excerpt_wish *wish)
{
    config_excerpt *excerpt = wish->excerpt;
    config_span span = wish->span;
    config_walk walk;
    drawing line;
    memset(&line, 0, sizeof line);
    config_walk_start(&walk, text, length);
    walk.at = wish->offset;
    walk.where = window_start(span.from);
    if (!config_position_before(span.from, span.to)) {
        span.to = span.from;
        span.to.column++;
    }
    draw_window(&walk, &span, excerpt, &line);
    excerpt->line = malloc(line.used + 1);
    if (excerpt->line != NULL) {
        memcpy(excerpt->line, line.text, line.used);
        excerpt->line[line.used] = '\0';
    }
}

void config_excerpts_take(const char *text, size_t length, config_excerpt_wish *wishes, size_t count)
{
    config_walk walk;
    uint32_t code_point;
    size_t next = 0;
    qsort(wishes, count, sizeof *wishes, compare_wishes);
    config_walk_start(&walk, text, length);
    do {
        for (; next < count; next++) {
            config_position start = window_start(wishes[next].span.from);
            if (config_position_before(walk.where, start)) {
                break;
            }
            bool found = start.line == walk.where.line && start.column == walk.where.column;
            wishes[next].offset = found ? walk.at : NOT_FOUND;
        }
    } while (next < count && config_walk_next(&walk, &code_point));
    for (size_t i = 0; i < next; i++) {
        if (wishes[i].offset != NOT_FOUND) {
            take_one(text, length, &wishes[i]);
        }
    }
}
