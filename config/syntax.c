/*
 * Turns libyaml's errors into diagnostics: a table of its problems in plainer words, and the place of bytes
 * that are not text at all.
 */
#include "syntax.h"

#include "document.h"
#include "lines.h"

#include <string.h>

/* One of libyaml's problems (as its text starts) in the words that the person at the file needs. */
typedef struct explanation {
    const char *problem;
    const char *text;
    bool names_start; /* whether what is being read, and so its start, is part of the explanation */
} explanation;

static const explanation explanations[] = {
    {"found character that cannot start any token",
     "no value can start with this character; indent with spaces (not tabs), and put text that begins with "
     "@, ` or % in quotes",
     false},
    {"found a tab character", "a tab stands where spaces are needed; indent with spaces only", false},
    {"mapping values are not allowed in this context",
     "a ':' is not expected here; check the indentation, and put text that contains ': ' in quotes", false},
    {"mapping keys are not allowed in this context", "a key is not expected here; check the indentation",
     false},
    {"block sequence entries are not allowed in this context",
     "a '-' is not expected here; a list below a key starts on a line of its own", false},
    {"could not find expected ':'", "a ':' is missing after this key", true},
    {"did not find expected key",
     "a key is expected here; the keys of one mapping start in the same column, each followed by ':'", true},
    {"did not find expected '-' indicator",
     "a '-' is expected here; the entries of one list start in the same column", true},
    {"did not find expected ',' or ']'", "the list is not closed; a ',' or ']' is expected here", true},
    {"did not find expected ',' or '}'", "the mapping is not closed; a ',' or '}' is expected here", true},
    {"did not find expected node content", "a value is expected here", true},
    {"did not find expected <document start>",
     "nothing more is expected here; check the indentation and the brackets before", false},
    {"found unexpected end of stream", "the quoted text is not closed before the end of the file", true},
    {"found unexpected document indicator", "the quoted text is not closed before this line", true},
    {"found unknown escape character",
     "a backslash in double quotes begins an escape, and this is none; write text with backslashes in single "
     "quotes, such as 'NT SERVICE\\Sensor'",
     false},
    {"did not find expected hexdecimal number",
     "the escape needs hexadecimal digits here; write text with backslashes in single quotes", false},
    {"found invalid Unicode character escape code",
     "the escape names no character; write text with backslashes in single quotes", false},
    {"found undefined tag handle", "tags (!) are not allowed here; leave it out, or put the text in quotes",
     false},
    {"found incompatible YAML document",
     "this version of YAML is unknown; leave the line out, or write %YAML 1.2", false},
    {"exceeded max depth", "lists and mappings stand too deep inside each other", false},
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
    } else {
        config_diagnostics_add(diagnostics, where, NULL,
                               "the bytes here are not text (%s); save the file as UTF-8", parser->problem);
    }
}

config_position config_syntax_position(yaml_mark_t mark)
{
    config_position where;
    where.line = (uint32_t)mark.line + 1;
    where.column = (uint32_t)mark.column + 1;
    return where;
}

static void report_words(const yaml_parser_t *parser, config_diagnostics *diagnostics)
{
    const char *problem = parser->problem != NULL ? parser->problem : "unknown error";
    const char *text = problem;
    bool names_start = parser->context != NULL;
    for (size_t i = 0; i < sizeof explanations / sizeof explanations[0]; i++) {
        const explanation *each = &explanations[i];
        if (strncmp(problem, each->problem, strlen(each->problem)) == 0) {
            text = each->text;
            names_start = each->names_start && parser->context != NULL;
            break;
        }
    }
    config_position where = config_syntax_position(parser->problem_mark);
    config_position start = config_syntax_position(parser->context_mark);
    if (names_start) {
        config_diagnostic *item = config_diagnostics_add(
            diagnostics, where, NULL, "%s (%s that starts at line %lu, column %lu)", text, parser->context,
            (unsigned long)start.line, (unsigned long)start.column);
        config_span span = {start, {0, 0}};
        config_diagnostic_note(item, diagnostics->current, span, "%s, it starts here", parser->context);
    } else {
        config_diagnostics_add(diagnostics, where, NULL, "%s", text);
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
        report_words(parser, diagnostics);
    }
}
