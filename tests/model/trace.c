#include "trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MOST_NAMES 64u

static struct {
    uintptr_t at;
    size_t bytes;
    const char *name;
} names[MOST_NAMES];
static size_t name_count;

#define LINES_TOLD 150u /* from the beginning, and as many to the end */

static char text[1u << 20];
static size_t length;
static unsigned lines;
static bool tracing;

void trace_begin(void)
{
    length = 0;
    lines = 0;
    text[0] = '\0';
    tracing = true;
}

/* Where the line after so many others begins. */
static char *line_after(unsigned count)
{
    char *at = text;
    for (unsigned i = 0; i < count; i++)
        at = strchr(at, '\n') + 1;
    return at;
}

const char *trace_end(void)
{
    static const char gap[] = "   …\n";
    tracing = false;
    if (lines > 2 * LINES_TOLD) {
        char *cut = line_after(LINES_TOLD);
        const char *rest = line_after(lines - LINES_TOLD);
        memcpy(cut, gap, sizeof gap - 1);
        memmove(cut + sizeof gap - 1, rest, strlen(rest) + 1);
    }
    return text;
}

void trace_forget_names(void)
{
    name_count = 0;
}

void trace_name(const volatile void *at, size_t bytes, const char *name)
{
    if (name_count == MOST_NAMES)
        return;
    names[name_count].at = (uintptr_t)at;
    names[name_count].bytes = bytes;
    names[name_count++].name = name;
}

/* "lock word", or "slots+64" for what is within. */
static void describe(const volatile void *at, char *name, size_t room)
{
    for (size_t i = name_count; i-- > 0;) {
        uintptr_t offset = (uintptr_t)at - names[i].at;
        if (offset >= names[i].bytes)
            continue;
        if (offset == 0)
            snprintf(name, room, "%s", names[i].name);
        else
            snprintf(name, room, "%s+%lu", names[i].name, (unsigned long)offset);
        return;
    }
    snprintf(name, room, "own bytes");
}

void trace_line(const char *format, ...)
{
    va_list arguments;
    if (!tracing || sizeof text - length < 512)
        return;
    length += (size_t)snprintf(text + length, sizeof text - length, "%4u  ", ++lines);
    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): clang-tidy 14 misses the va_start above
    int added = vsnprintf(text + length, sizeof text - length - 1, format, arguments);
    va_end(arguments);
    if (added > 0)
        length += (size_t)added < sizeof text - length - 1 ? (size_t)added : sizeof text - length - 2;
    text[length++] = '\n';
    text[length] = '\0';
}

static void trace_change(const char *thread, const char *word, const hook_access *access, uint64_t result)
{
    static const char *const verbs[] = {"loads", "stores", "cas", "exchanges", "adds", "ors", "ands"};
    unsigned long long before = result, operand = access->operand, expected = access->expected;
    if (access->kind == HOOK_LOAD)
        trace_line("%-10s %s loads %s: 0x%llx", thread, access->place, word, before);
    else if (access->kind == HOOK_STORE)
        trace_line("%-10s %s stores %s = 0x%llx", thread, access->place, word, operand);
    else if (access->kind != HOOK_CAS)
        trace_line("%-10s %s %s %s 0x%llx, was 0x%llx", thread, access->place, verbs[access->kind], word,
                   operand, before);
    else if (before == expected)
        trace_line("%-10s %s changes %s from 0x%llx to 0x%llx", thread, access->place, word, before, operand);
    else
        trace_line("%-10s %s fails to change %s, 0x%llx is not 0x%llx", thread, access->place, word, before,
                   expected);
}

void trace_access(const char *thread, const hook_access *access, uint64_t result)
{
    char word[80], from[80];
    if (!tracing)
        return;
    if (access->kind == HOOK_PAUSE || access->kind == HOOK_FENCE) {
        trace_line("%-10s %s %s", thread, access->place, access->kind == HOOK_PAUSE ? "pauses" : "fences");
        return;
    }
    describe(access->at, word, sizeof word);
    if (access->kind == HOOK_COPY) {
        describe(access->from, from, sizeof from);
        trace_line("%-10s %s copies %lu bytes from %s to %s", thread, access->place,
                   (unsigned long)access->bytes, from, word);
        return;
    }
    trace_change(thread, word, access, result);
}

void trace_call(const char *thread, const char *what, const void *object)
{
    char name[80];
    if (!tracing)
        return;
    describe(object, name, sizeof name);
    trace_line("%-10s %s%s%s", thread, what, object != NULL ? " " : "", object != NULL ? name : "");
}
