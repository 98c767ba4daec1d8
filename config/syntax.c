/*
 * Turns libyaml's errors into diagnostics: a table of its problems in plainer words, and the place of bytes
 * that are not text at all.
 */
#include "syntax.h"

#include "document.h"
#include "lines.h"
#include "slips.h"

#include <stdint.h>
#include <string.h>

/* Where an error is shown: where libyaml noticed it, or where what it was reading starts. */
typedef enum shown_at { AT_PROBLEM, AT_START } shown_at;

/*
 * One of libyaml's problems (as its text starts) in the words that the person at the file needs. Of the rows for a
 * problem the first holds whose context (a part of libyaml's text) and characters (at the problem's place) fit.
 */
typedef struct explanation {
    const char *problem;
    const char *context;    /* NULL: any */
    const char *characters; /* NULL: any; "": none, for the text ends */
    const char *text;
    shown_at at;
    const char *start; /* what began where libyaml says, told with its place; NULL: it does not matter */
    bool looks_back;   /* whether a slip in the line before may be the reason (slips.h) */
} explanation;

#define NO_DIRECTIVE                                                                                         \
    "a line that begins with % is a directive, and a configuration needs none; remove it, or put quotes "    \
    "around it"
#define NO_TAG    "tags (!) are not allowed here; leave it out, or put the text in quotes"
#define NO_NAME   "anchors (&) and aliases (*) are not allowed; put text that begins so in quotes"
#define NO_ESCAPE "write text with backslashes in single quotes, such as 'NT SERVICE\\Sensor'"
#define NO_QUOTE  "the text in quotes that starts here is not closed"
#define NO_OPENER "nothing is open here that this could close; remove it, or put the text in quotes"
#define NO_TAB    "a tab stands where spaces are needed; indent with spaces only"

static const explanation explanations[] = {
    {"", "directive", NULL, NO_DIRECTIVE, AT_START, NULL, false},
    {"found duplicate %", NULL, NULL, NO_DIRECTIVE, AT_PROBLEM, NULL, false},
    {"found incompatible YAML document", NULL, NULL,
     "this version of YAML is unknown; leave the line out, or write %YAML 1.2", AT_PROBLEM, NULL, false},
    {"", "tag", NULL, NO_TAG, AT_START, NULL, false},
    {"found undefined tag handle", NULL, NULL, NO_TAG, AT_PROBLEM, NULL, false},
    {"", "anchor", NULL, NO_NAME, AT_START, NULL, false},
    {"", "alias", NULL, NO_NAME, AT_START, NULL, false},
    {"", "block scalar", "\t", NO_TAB, AT_PROBLEM, NULL, false},
    {"", "block scalar", NULL,
     "behind | or > a line ends, but for a digit from 1 to 9, + or -; the text starts in the next line, and "
     "text that begins with | or > is put in quotes",
     AT_PROBLEM, NULL, false},
    {"found character that cannot start any token", NULL, "\t", NO_TAB, AT_PROBLEM, NULL, false},
    {"found character that cannot start any token", NULL, "%", NO_DIRECTIVE, AT_PROBLEM, NULL, false},
    {"found character that cannot start any token", NULL, NULL,
     "no text can begin with this character; put the text in quotes", AT_PROBLEM, NULL, false},
    {"found a tab character", NULL, NULL, NO_TAB, AT_PROBLEM, NULL, false},
    {"mapping values are not allowed in this context", NULL, NULL,
     "a ':' is not expected here; check the indentation, and put text that contains ': ' in quotes",
     AT_PROBLEM, NULL, true},
    {"found unexpected ':'", NULL, NULL,
     "a ':' is not expected in this text; put a space behind it if a key ends there, else quotes around it",
     AT_PROBLEM, NULL, false},
    {"mapping keys are not allowed in this context", NULL, NULL,
     "a '?' is not expected here; put text that begins with it in quotes", AT_PROBLEM, NULL, false},
    {"block sequence entries are not allowed in this context", NULL, NULL,
     "a '-' is not expected here; a list below a key starts on a line of its own", AT_PROBLEM, NULL, false},
    {"could not find expected ':'", NULL, NULL, "a ':' is missing after this key", AT_START, NULL, false},
    {"did not find expected key", NULL, "]}", NO_OPENER, AT_PROBLEM, NULL, false},
    {"did not find expected key", NULL, "-",
     "a '-' is not expected here; the entries of one list start in the same column", AT_PROBLEM,
     "the mapping around it", false},
    {"did not find expected key", NULL, NULL,
     "a key is expected here; the keys of one mapping start in the same column, each followed by ':'",
     AT_PROBLEM, "the mapping", true},
    {"did not find expected '-' indicator", NULL, "]}", NO_OPENER, AT_PROBLEM, NULL, false},
    {"did not find expected '-' indicator", NULL, NULL,
     "a '-' is expected here; the entries of one list start in the same column", AT_PROBLEM, "the list",
     false},
    {"did not find expected ',' or ']'", NULL, NULL, "the list is not closed; a ',' or ']' is expected here",
     AT_PROBLEM, "the list", false},
    {"did not find expected ',' or '}'", NULL, NULL,
     "the mapping is not closed; a ',' or '}' is expected here", AT_PROBLEM, "the mapping", false},
    {"did not find expected node content", NULL, "]}", NO_OPENER, AT_PROBLEM, NULL, false},
    {"did not find expected node content", NULL, ",",
     "a value is expected before this ','; remove one of them", AT_PROBLEM, NULL, false},
    {"did not find expected node content", "flow", "",
     "the file ends here, and a [ or { before is not closed; write the ] or } where it ends", AT_PROBLEM,
     NULL, false},
    {"did not find expected node content", NULL, NULL, "a value is expected here", AT_PROBLEM, NULL, false},
    {"did not find expected <document start>", NULL, "]}", NO_OPENER, AT_PROBLEM, NULL, false},
    {"did not find expected <document start>", NULL, NULL,
     "nothing more is expected here; check the indentation and the brackets before", AT_PROBLEM, NULL, false},
    {"found unexpected end of stream", NULL, NULL, NO_QUOTE " before the end of the file", AT_START, NULL,
     false},
    {"found unexpected document indicator", NULL, NULL, NO_QUOTE " before a line of --- or ...", AT_START,
     NULL, false},
    {"found unknown escape character", NULL, NULL,
     "a backslash in double quotes begins an escape, and this is none; " NO_ESCAPE, AT_PROBLEM, NULL, false},
    {"did not find expected hexdecimal number", NULL, NULL,
     "the escape needs hexadecimal digits here; " NO_ESCAPE, AT_PROBLEM, NULL, false},
    {"found invalid Unicode character escape code", NULL, NULL, "the escape names no character; " NO_ESCAPE,
     AT_PROBLEM, NULL, false},
    {"Maximum nesting level", NULL, NULL, "lists and mappings stand too deep inside each other", AT_PROBLEM,
     NULL, false},
};

/* Where the broken character at the problem's offset starts; libyaml points at its last byte for some
   problems. */
static size_t character_start(const char *text, size_t length, size_t offset)
{
    size_t start = offset;
    while (start > 0 && start <= length && offset - start < 3 &&
           ((unsigned char)text[start - 1] & 0xC0u) == 0x80u) {
        start--;
    }
    return start > 0 && start <= length && (unsigned char)text[start - 1] >= 0xC0u ? start - 1 : offset;
}

/* What libyaml's reader finds wrong with bytes, in words; the rest is wrong in UTF-8. */
static const struct {
    const char *problem;
    const char *text;
} broken_bytes[] = {
    {"incomplete UTF", "the file ends in the middle of a character; save it anew as UTF-8"},
    {"unexpected low surrogate area", "half of a character stands here (UTF-16); save the file as UTF-8"},
    {"invalid Unicode character", "the bytes here are the code of no character; save the file as UTF-8"},
    {"input is too long", "the file is too long; declare fewer regions in one file"},
};

static void report_bytes(const yaml_parser_t *parser, const char *text, size_t length,
                         config_diagnostics *diagnostics)
{
    size_t offset = parser->problem_offset;
    if (strcmp(parser->problem, "invalid trailing UTF-8 octet") == 0) {
        offset = character_start(text, length, offset);
    }
    config_position where = config_place_of(text, length, offset);
    if (strcmp(parser->problem, "control characters are not allowed") == 0) {
        config_diagnostics_add(diagnostics, where, NULL,
                               "the character U+%04X is not allowed in a file; save the file as UTF-8 text "
                               "without it",
                               (unsigned)parser->problem_value);
        return;
    }
    const char *words =
        "the bytes here are no text in UTF-8; save the file as UTF-8, or with a byte-order mark as UTF-16";
    for (size_t i = 0; i < sizeof broken_bytes / sizeof broken_bytes[0]; i++) {
        if (strncmp(parser->problem, broken_bytes[i].problem, strlen(broken_bytes[i].problem)) == 0) {
            words = broken_bytes[i].text;
        }
    }
    config_diagnostics_add(diagnostics, where, NULL, "%s", words);
}

config_position config_syntax_position(yaml_mark_t mark)
{
    config_position where;
    where.line = (uint32_t)mark.line + 1;
    where.column = (uint32_t)mark.column + 1;
    return where;
}

/* The code point at a place, or 0 where the text has none. */
static uint32_t character_at(const char *text, size_t length, config_position where)
{
    config_walk walk;
    uint32_t code_point;
    config_walk_start(&walk, text, length);
    for (;;) {
        bool is_there = !config_position_before(walk.where, where);
        if (!config_walk_next(&walk, &code_point)) {
            return 0;
        }
        if (is_there) {
            return code_point;
        }
    }
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Whether the row is for this character; 0 is the end of the text. */
static bool is_for(const explanation *row, uint32_t character)
{
    if (row->characters == NULL) {
        return true;
    }
    return character == 0 ? row->characters[0] == '\0'
                          : character < 0x80u && strchr(row->characters, (int)character) != NULL;
}

/* The row that holds; NULL for a problem that libyaml did not have when this was written. */
static const explanation *explain(const yaml_parser_t *parser, uint32_t character)
{
    const char *problem = parser->problem != NULL ? parser->problem : "";
    const char *context = parser->context != NULL ? parser->context : "";
    for (size_t i = 0; i < sizeof explanations / sizeof explanations[0]; i++) {
        const explanation *each = &explanations[i];
        bool fits = begins_with(problem, each->problem);
        fits = fits && (each->context == NULL || strstr(context, each->context) != NULL);
        if (fits && is_for(each, character)) {
            return each;
        }
    }
    return NULL;
}

/* Adds the error that `row` explains; `start` is told when it is another place. */
static config_diagnostic *add_explained(config_diagnostics *diagnostics, const explanation *row,
                                        config_position where, config_position start)
{
    config_span span = {start, {0, 0}};
    if (row->start == NULL || !config_position_before(start, where)) {
        return config_diagnostics_add(diagnostics, row->at == AT_START ? start : where, NULL, "%s",
                                      row->text);
    }
    config_diagnostic *item =
        config_diagnostics_add(diagnostics, where, NULL, "%s (%s starts at line %lu, column %lu)", row->text,
                               row->start, (unsigned long)start.line, (unsigned long)start.column);
    config_diagnostic_note(item, diagnostics->current, span, "%s starts here", row->start);
    return item;
}

static void report_words(const yaml_parser_t *parser, const char *text, size_t length,
                         config_diagnostics *diagnostics)
{
    config_position where = config_syntax_position(parser->problem_mark);
    config_position start = config_syntax_position(parser->context_mark);
    const explanation *row = explain(parser, character_at(text, length, where));
    if (row == NULL) {
        config_diagnostics_add(diagnostics, where, NULL, "this is not YAML: %s",
                               parser->problem != NULL ? parser->problem : "unknown error");
        return;
    }
    config_diagnostic *item = add_explained(diagnostics, row, where, start);
    config_span slip = {{0, 0}, {0, 0}};
    const char *question = row->looks_back ? config_slip_find(text, length, where, &slip.from) : NULL;
    if (question != NULL) {
        config_diagnostic_note(item, diagnostics->current, slip, "%s", question);
    }
}

void config_syntax_report(const yaml_parser_t *parser, const char *text, size_t length,
                          config_diagnostics *diagnostics)
{
    if (parser->error == YAML_MEMORY_ERROR) {
        config_out_of_memory(diagnostics);
    } else if (parser->error == YAML_READER_ERROR) {
        report_bytes(parser, text, length, diagnostics);
    } else {
        report_words(parser, text, length, diagnostics);
    }
}
