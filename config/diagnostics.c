/*
 * Keeps the first CONFIG_MAX_DIAGNOSTICS errors of a file, first by place rather than by when they were
 * found, and prints them.
 */
#include "diagnostics.h"

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
}

/* Whether `a` stands before `b` in the file. */
static bool before(config_position a, config_position b)
{
    return a.line != b.line ? a.line < b.line : a.column < b.column;
}

void config_diagnostics_init(config_diagnostics *diagnostics, const char *file)
{
    memset(diagnostics, 0, sizeof *diagnostics);
    diagnostics->file = copy_text(file);
}

void config_diagnostics_free(config_diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        free_item(&diagnostics->items[i]);
    }
    free_text(diagnostics->file);
    memset(diagnostics, 0, sizeof *diagnostics);
}

/* The place for an error at `where`: a new one, that of the last in the file when all are taken, or NULL. */
static config_diagnostic *make_room(config_diagnostics *diagnostics, config_position where)
{
    if (diagnostics->count < CONFIG_MAX_DIAGNOSTICS) {
        return &diagnostics->items[diagnostics->count++];
    }
    diagnostics->dropped++;
    config_diagnostic *last = &diagnostics->items[0];
    for (size_t i = 1; i < diagnostics->count; i++) {
        if (!before(diagnostics->items[i].where, last->where)) {
            last = &diagnostics->items[i];
        }
    }
    if (!before(where, last->where)) {
        return NULL;
    }
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

void config_diagnostics_add(config_diagnostics *diagnostics, config_position where, const char *path,
                            const char *format, ...)
{
    config_diagnostic *item = make_room(diagnostics, where);
    if (item == NULL) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    item->where = where;
    item->path = copy_text(path != NULL ? path : "");
    item->message = format_text(format, arguments);
    va_end(arguments);
}

void config_diagnostics_sort(config_diagnostics *diagnostics)
{
    /* By insertion: at most 100, nearly sorted, and those at one place stay in order. */
    for (size_t i = 1; i < diagnostics->count; i++) {
        config_diagnostic item = diagnostics->items[i];
        size_t to = i;
        for (; to > 0 && before(item.where, diagnostics->items[to - 1].where); to--) {
            diagnostics->items[to] = diagnostics->items[to - 1];
        }
        diagnostics->items[to] = item;
    }
}

size_t config_diagnostics_format(const config_diagnostics *diagnostics, size_t index, char *buffer,
                                 size_t size)
{
    const config_diagnostic *item = &diagnostics->items[index];
    char place[32] = "";
    if (item->where.line != 0) {
        snprintf(place, sizeof place, ":%lu:%lu", (unsigned long)item->where.line,
                 (unsigned long)item->where.column);
    }
    int length = snprintf(buffer, size, "%s%s: error: %s%s%s", diagnostics->file, place, item->path,
                          item->path[0] != '\0' ? ": " : "", item->message);
    return length < 0 ? 0 : (size_t)length;
}

void config_diagnostics_print(const config_diagnostics *diagnostics, FILE *stream)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const config_diagnostic *item = &diagnostics->items[i];
        fputs(diagnostics->file, stream);
        if (item->where.line != 0) {
            fprintf(stream, ":%lu:%lu", (unsigned long)item->where.line, (unsigned long)item->where.column);
        }
        fprintf(stream, ": error: %s%s%s\n", item->path, item->path[0] != '\0' ? ": " : "", item->message);
    }
    if (diagnostics->dropped > 0) {
        fprintf(stream, "%s: %lu more error%s not shown; correct those above first\n", diagnostics->file,
                (unsigned long)diagnostics->dropped, diagnostics->dropped == 1 ? " is" : "s are");
    }
}
