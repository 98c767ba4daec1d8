/*
 * Goes through the text up to the problem, and keeps of each line what could be the slip.
 */
#include "slips.h"

#include "lines.h"

#include <string.h>

/* What is known of a line while it is read. */
typedef struct line_view {
    config_position
        tight;           /* of a ':' that ends the line's first word, with no space behind it; line 0: none */
    config_position end; /* behind the last character that is no blank; line 0: the line is blank */
    bool has_colon;      /* one behind the first word, tight or not */
    bool in_word;        /* nothing but blanks, letters, digits and _ so far */
    bool at_colon;       /* the last character was the ':' behind the first word */
    bool is_comment;
} line_view;

static void start_line(line_view *line)
{
    memset(line, 0, sizeof *line);
    line->in_word = true;
}

static bool is_word(uint32_t code_point)
{
    return code_point == '_' || (code_point >= '0' && code_point <= '9') || code_point >= 0x80u ||
           ((code_point | 0x20u) >= 'a' && (code_point | 0x20u) <= 'z');
}

static void read_character(line_view *line, config_position here, config_position next, uint32_t code_point)
{
    bool is_blank = code_point == ' ' || code_point == '\t';
    if (line->at_colon && !is_blank) {
        line->tight = here;
        line->tight.column--;
    }
    line->at_colon = line->in_word && code_point == ':' && line->end.line != 0;
    line->has_colon = line->has_colon || line->at_colon;
    line->is_comment = line->is_comment || (line->end.line == 0 && code_point == '#');
    line->in_word = line->in_word && (is_blank || is_word(code_point));
    if (!is_blank) {
        line->end = next;
    }
}

const char *config_slip_find(const char *text, size_t length, config_position problem, config_position *where)
{
    line_view line;
    line_view before;
    config_walk walk;
    uint32_t code_point;
    start_line(&line);
    start_line(&before);
    config_walk_start(&walk, text, length);
    while (config_position_before(walk.where, problem)) {
        config_position here = walk.where;
        if (!config_walk_next(&walk, &code_point)) {
            break;
        }
        if (code_point != CONFIG_LINE_BREAK) {
            read_character(&line, here, walk.where, code_point);
            continue;
        }
        if (line.end.line != 0 && !line.is_comment) {
            before = line;
        }
        start_line(&line);
    }
    const line_view *slip = line.tight.line != 0 ? &line : &before;
    if (slip->tight.line != 0) {
        *where = slip->tight;
        return "a ':' ends a key only with a space behind it; is one missing here?";
    }
    /* The first key of a line, below a word that stands alone. */
    if (line.in_word && !line.has_colon && before.in_word && before.end.line != 0) {
        *where = before.end;
        return "the line before has no ':'; is one missing here?";
    }
    return NULL;
}
