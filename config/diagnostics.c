/*
 * Keeps the first CONFIG_MAX_DIAGNOSTICS errors of a configuration, first by place rather than by when they
 * were found, and prints them.
 */
#include "diagnostics.h"

#include "lines.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Stands in where there was no memory for a text; never freed. */
static char no_memory[] = "(no memory for this text)";

static char *copy_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy != NULL ? memcpy(copy, text, size) : no_memory;
}

static void free_text(char *text)
{
    if (text != no_memory) {
        free(text);
    }
}

static void free_item(config_diagnostic *item)
{
    free_text(item->path);
    free_text(item->message);
    free_text(item->suggestion);
    free_text(item->note.message);
    free(item->excerpt.line);
    free(item->note.excerpt.line);
    memset(item, 0, sizeof *item);
}

void config_diagnostics_init(config_diagnostics *diagnostics, const char *file)
{
    memset(diagnostics, 0, sizeof *diagnostics);
    config_diagnostics_enter(diagnostics, file);
}

void config_diagnostics_free(config_diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        free_item(&diagnostics->items[i]);
    }
    for (unsigned i = 0; i < diagnostics->file_count; i++) {
        free_text(diagnostics->files[i]);
    }
    memset(diagnostics, 0, sizeof *diagnostics);
}

unsigned config_diagnostics_enter(config_diagnostics *diagnostics, const char *file)
{
    if (diagnostics->file_count < CONFIG_MAX_FILES) {
        diagnostics->files[diagnostics->file_count++] = copy_text(file);
    }
    diagnostics->current = diagnostics->file_count - 1;
    return diagnostics->current;
}

void config_diagnostics_select(config_diagnostics *diagnostics, unsigned file)
{
    diagnostics->current = file;
}

/* ---- Adding ------------------------------------------------------------------------------------ */

/* Whether `a` stands before `b`. */
static bool before(const config_diagnostic *a, const config_diagnostic *b)
{
    return a->file != b->file ? a->file < b->file : config_position_before(a->span.from, b->span.from);
}

/* Whether `a` is kept rather than `b`: an error rather than a warning, else what comes first. */
static bool matters_more(const config_diagnostic *a, const config_diagnostic *b)
{
    return a->severity != b->severity ? a->severity == CONFIG_ERROR : before(a, b);
}

static void count_dropped(config_diagnostics *diagnostics, const config_diagnostic *item)
{
    if (item->severity == CONFIG_ERROR) {
        diagnostics->dropped++;
    } else {
        diagnostics->dropped_warnings++;
    }
}

/* The place for `item`: a new one, that of the least that is kept when all are taken, or NULL. */
static config_diagnostic *make_room(config_diagnostics *diagnostics, const config_diagnostic *item)
{
    if (diagnostics->count < CONFIG_MAX_DIAGNOSTICS) {
        return &diagnostics->items[diagnostics->count++];
    }
    config_diagnostic *last = &diagnostics->items[0];
    for (size_t i = 1; i < diagnostics->count; i++) {
        if (!matters_more(&diagnostics->items[i], last)) {
            last = &diagnostics->items[i];
        }
    }
    if (!matters_more(item, last)) {
        count_dropped(diagnostics, item);
        return NULL;
    }
    count_dropped(diagnostics, last);
    /* The items stay in the order in which they came, for those at one place. */
    free_item(last);
    config_diagnostic *end = &diagnostics->items[diagnostics->count - 1];
    memmove(last, last + 1, (size_t)(end - last) * sizeof *last);
    return end;
}

CONFIG_PRINTF(1, 0)
static char *format_text(const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *text = length < 0 ? NULL : malloc((size_t)length + 1);
    if (text != NULL) {
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text != NULL ? text : no_memory;
}

CONFIG_PRINTF(5, 0)
static config_diagnostic *add(config_diagnostics *diagnostics, config_severity severity,
                              config_position where, const char *path, const char *format, va_list arguments)
{
    config_diagnostic item;
    memset(&item, 0, sizeof item);
    item.severity = severity;
    item.file = diagnostics->current;
    item.span.from = where;
    diagnostics->errors += severity == CONFIG_ERROR;
    config_diagnostic *room = make_room(diagnostics, &item);
    if (room == NULL) {
        return NULL;
    }
    item.path = copy_text(path != NULL ? path : "");
    item.message = format_text(format, arguments);
    *room = item;
    return room;
}

config_diagnostic *config_diagnostics_add(config_diagnostics *diagnostics, config_position where,
                                          const char *path, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    config_diagnostic *item = add(diagnostics, CONFIG_ERROR, where, path, format, arguments);
    va_end(arguments);
    return item;
}

config_diagnostic *config_diagnostics_warn(config_diagnostics *diagnostics, config_position where,
                                           const char *path, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    config_diagnostic *item = add(diagnostics, CONFIG_WARNING, where, path, format, arguments);
    va_end(arguments);
    return item;
}

void config_diagnostic_until(config_diagnostic *diagnostic, config_position end)
{
    if (diagnostic != NULL) {
        diagnostic->span.to = end;
    }
}

void config_diagnostic_suggest(config_diagnostic *diagnostic, const char *text)
{
    if (diagnostic != NULL) {
        free_text(diagnostic->suggestion);
        diagnostic->suggestion = copy_text(text);
    }
}

void config_diagnostic_note(config_diagnostic *diagnostic, unsigned file, config_span span,
                            const char *format, ...)
{
    if (diagnostic == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    free_text(diagnostic->note.message);
    diagnostic->note.message = format_text(format, arguments);
    diagnostic->note.file = file;
    diagnostic->note.span = span;
    va_end(arguments);
}

/* ---- Order and excerpts ------------------------------------------------------------------------ */

void config_diagnostics_sort(config_diagnostics *diagnostics)
{
    /* By insertion: at most 100, nearly sorted, and those at one place stay in order. */
    for (size_t i = 1; i < diagnostics->count; i++) {
        config_diagnostic item = diagnostics->items[i];
        size_t to = i;
        for (; to > 0 && before(&item, &diagnostics->items[to - 1]); to--) {
            diagnostics->items[to] = diagnostics->items[to - 1];
        }
        diagnostics->items[to] = item;
    }
}

static void wish(config_excerpt_wish *wishes, size_t *count, config_position end, config_span *span,
                 config_excerpt *excerpt)
{
    if (config_position_before(end, span->from)) {
        span->from = end;
    }
    if (span->from.line != 0 && excerpt->line == NULL) {
        wishes[*count].span = *span;
        wishes[*count].excerpt = excerpt;
        ++*count;
    }
}

void config_diagnostics_quote(config_diagnostics *diagnostics, unsigned file, const char *text, size_t length)
{
    config_excerpt_wish wishes[2 * CONFIG_MAX_DIAGNOSTICS];
    size_t count = 0;
    if (diagnostics->count == 0) {
        return;
    }
    config_position end = config_place_of(text, length, length);
    for (size_t i = 0; i < diagnostics->count; i++) {
        config_diagnostic *item = &diagnostics->items[i];
        if (item->file == file) {
            wish(wishes, &count, end, &item->span, &item->excerpt);
        }
        if (item->note.message != NULL && item->note.file == file) {
            wish(wishes, &count, end, &item->note.span, &item->note.excerpt);
        }
    }
    if (count > 0) {
        config_excerpts_take(text, length, wishes, count);
    }
}

/* ---- Printing ---------------------------------------------------------------------------------- */

/* ":7:11", or nothing for a file as a whole. */
static void format_place(config_position where, char place[32])
{
    place[0] = '\0';
    if (where.line != 0) {
        snprintf(place, 32, ":%lu:%lu", (unsigned long)where.line, (unsigned long)where.column);
    }
}

static const char *severity_word(const config_diagnostic *item)
{
    return item->severity == CONFIG_ERROR ? "error" : "warning";
}

size_t config_diagnostics_format(const config_diagnostics *diagnostics, size_t index, char *buffer,
                                 size_t size)
{
    const config_diagnostic *item = &diagnostics->items[index];
    char place[32];
    format_place(item->span.from, place);
    int length = snprintf(buffer, size, "%s%s: %s: %s%s%s", diagnostics->files[item->file], place,
                          severity_word(item), item->path, item->path[0] != '\0' ? ": " : "", item->message);
    return length < 0 ? 0 : (size_t)length;
}

/* What makes parts of a line stand out. Select Graphic Rendition, as ECMA-48 has it; all "" without colour. */
typedef struct config_colours {
    const char *strong;
    const char *error;
    const char *warning;
    const char *note;
    const char *mark;
    const char *none;
} config_colours;

static const config_colours plain = {"", "", "", "", "", ""};
static const config_colours coloured = {"\x1B[1m",    "\x1B[1;31m", "\x1B[1;35m",
                                        "\x1B[1;36m", "\x1B[1;32m", "\x1B[0m"};

static void print_excerpt(FILE *stream, const config_colours *colours, config_position where,
                          const config_excerpt *excerpt)
{
    if (excerpt->line == NULL) {
        return;
    }
    fprintf(stream, "%5lu | %s\n%5s | %*s%s^", (unsigned long)where.line, excerpt->line, "",
            (int)excerpt->indent, "", colours->mark);
    for (unsigned i = 1; i < excerpt->width; i++) {
        putc('~', stream);
    }
    fprintf(stream, "%s\n", colours->none);
}

static void print_head(FILE *stream, const config_colours *colours, const char *file, config_position where,
                       const char *word, const char *word_colour)
{
    char place[32];
    format_place(where, place);
    fprintf(stream, "%s%s%s:%s %s%s:%s ", colours->strong, file, place, colours->none, word_colour, word,
            colours->none);
}

static void print_item(const config_diagnostics *diagnostics, const config_diagnostic *item, FILE *stream,
                       const config_colours *colours)
{
    const config_note *note = &item->note;
    print_head(stream, colours, diagnostics->files[item->file], item->span.from, severity_word(item),
               item->severity == CONFIG_ERROR ? colours->error : colours->warning);
    fprintf(stream, "%s%s%s%s%s\n", colours->strong, item->path, item->path[0] != '\0' ? ": " : "",
            colours->none, item->message);
    print_excerpt(stream, colours, item->span.from, &item->excerpt);
    if (note->message != NULL) {
        print_head(stream, colours, diagnostics->files[note->file], note->span.from, "note", colours->note);
        fprintf(stream, "%s\n", note->message);
        print_excerpt(stream, colours, note->span.from, &note->excerpt);
    }
}

static void print_dropped(const config_diagnostics *diagnostics, FILE *stream, size_t dropped,
                          const char *what)
{
    if (dropped > 0) {
        fprintf(stream, "%s: %lu more %s%s not shown; correct those above first\n", diagnostics->files[0],
                (unsigned long)dropped, what, dropped == 1 ? " is" : "s are");
    }
}

void config_diagnostics_print(const config_diagnostics *diagnostics, FILE *stream, bool colour)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        print_item(diagnostics, &diagnostics->items[i], stream, colour ? &coloured : &plain);
    }
    print_dropped(diagnostics, stream, diagnostics->dropped, "error");
    print_dropped(diagnostics, stream, diagnostics->dropped_warnings, "warning");
}
