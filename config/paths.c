/*
 * Paths of files. Whatever Windows would take for something else than the plain file that it looks
 * like is refused: devices, streams, shares, short-cuts through `..`, names that lose their last dots
 * ("Naming Files, Paths, and Namespaces" in the Windows documentation).
 */
#include "paths.h"

#include "model.h"
#include "text.h"

#include <string.h>

static bool is_separator(char c)
{
    return c == '\\' || c == '/';
}

static bool is_letter(char c)
{
    c = config_text_fold(c);
    return c >= 'a' && c <= 'z';
}

/* Whether the name, up to its first dot, stands for a device: NUL, COM1, `NUL.txt`, `com1 .log`. */
static bool is_device(const char *name, size_t length)
{
    static const char *const devices[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"};
    const char *dot = memchr(name, '.', length);
    size_t base = dot != NULL ? (size_t)(dot - name) : length;
    while (base > 0 && name[base - 1] == ' ') {
        base--;
    }
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        if (config_text_same(name, base, devices[i], strlen(devices[i]))) {
            return true;
        }
    }
    if (base < 4 || !(config_text_same(name, 3, "COM", 3) || config_text_same(name, 3, "LPT", 3))) {
        return false;
    }
    /* COM0 to COM9, and COM with a superscript 1, 2 or 3. */
    return (base == 4 && name[3] >= '0' && name[3] <= '9') ||
           (base == 5 && name[3] == '\xC2' && (name[4] == '\xB9' || name[4] == '\xB2' || name[4] == '\xB3'));
}

static const char *component_problem(const char *name, size_t length)
{
    if (length == 0) {
        return "a name between two separators, or behind the last, is empty";
    }
    if ((length == 1 && name[0] == '.') || (length == 2 && memcmp(name, "..", 2) == 0)) {
        return "the components . and .. are not allowed";
    }
    if (name[length - 1] == '.' || name[length - 1] == ' ') {
        return "a name must not end with a dot or a space";
    }
    for (size_t i = 0; i < length; i++) {
        if (name[i] == ':') {
            return "a colon is allowed behind the drive's letter only";
        }
        if (strchr("<>\"|?*", name[i]) != NULL) {
            return "the characters < > \" | ? * are not allowed";
        }
    }
    if (length > 255) {
        return "a file's or folder's name has at most 255 bytes";
    }
    return is_device(name, length) ? "a name such as CON, NUL or COM1 means a device" : NULL;
}

/* Looks at what stands before the first component, and moves `*path` behind it. */
static const char *root_problem(const char **path, size_t *length, bool *is_full)
{
    const char *text = *path;
    size_t size = *length;
    if (size >= 2 && is_separator(text[0]) && is_separator(text[1])) {
        return "shares and devices (\\\\…) are not allowed; the file must be on a local drive";
    }
    if (size >= 1 && is_separator(text[0])) {
        return "a path that begins with a separator lacks its drive";
    }
    *is_full = size >= 2 && is_letter(text[0]) && text[1] == ':';
    if (*is_full && (size == 2 || !is_separator(text[2]))) {
        return "a separator must follow the drive, as in X:\\";
    }
    size_t skip = *is_full ? 3 : 0;
    *path += skip;
    *length -= skip;
    return NULL;
}

const char *config_path_source_problem(const char *path, size_t length)
{
    bool is_full;
    if (length == 0) {
        return "it is empty";
    }
    if (config_text_has_control(path, length, "")) {
        return "control characters are not allowed";
    }
    const char *problem = root_problem(&path, &length, &is_full);
    for (size_t start = 0; problem == NULL && start <= length;) {
        size_t end = start;
        while (end < length && !is_separator(path[end])) {
            end++;
        }
        problem = component_problem(path + start, end - start);
        start = end + 1;
    }
    return problem;
}

/* What in the data folder is no region's. */
static const struct {
    const char *name;
    const char *problem;
} brokers_own[] = {
    {"logs", "the folder logs of the data folder belongs to the broker's log"},
    {"snapshots", "the folder snapshots of the data folder belongs to the broker's snapshots"},
    {"state", "the folder state of the data folder belongs to what the broker remembers"},
    {"lives.txt",
     "the file lives.txt of the data folder is the broker's book of how each region's life ended"},
    {"lives.txt.new", "the file lives.txt.new of the data folder is a draft of the broker's book"},
};

const char *config_path_brokers_name(size_t index)
{
    return index < sizeof brokers_own / sizeof brokers_own[0] ? brokers_own[index].name : NULL;
}

const char *config_path_data_problem(const char *path, size_t length)
{
    size_t first = 0;
    while (first < length && !is_separator(path[first])) {
        first++;
    }
    for (size_t i = 0; i < sizeof brokers_own / sizeof brokers_own[0]; i++) {
        if (config_text_same(path, first, brokers_own[i].name, strlen(brokers_own[i].name))) {
            return brokers_own[i].problem;
        }
    }
    return NULL;
}

const char *config_path_problem(const char *path, size_t length)
{
    const char *problem = config_path_source_problem(path, length);
    return problem != NULL ? problem : config_path_data_problem(path, length);
}

size_t config_path_last(const char *path)
{
    size_t last = 0;
    for (size_t i = 0; path[i] != '\0'; i++) {
        if (is_separator(path[i])) {
            last = i + 1;
        }
    }
    return last;
}

bool config_path_is_pattern(const char *pattern)
{
    return strpbrk(pattern + config_path_last(pattern), "*?") != NULL;
}

const char *config_path_pattern_problem(const char *pattern, size_t length)
{
    char example[CONFIG_MAX_PATH_BYTES + 1];
    size_t last = config_path_last(pattern);
    if (length >= sizeof example) {
        return "it is too long";
    }
    memcpy(example, pattern, length + 1);
    if (length >= 2 && is_letter(pattern[0]) && pattern[1] == ':') {
        return "it must be relative to this file's folder";
    }
    for (size_t i = 0; i < length; i++) {
        if (example[i] != '*' && example[i] != '?') {
            continue;
        }
        if (i < last) {
            return "wildcards are allowed in the last part only";
        }
        example[i] = 'a';
    }
    return config_path_source_problem(example, length);
}

/* How many bytes the code point at text[0], which is not the end, has. */
static size_t width_at(const char *text)
{
    size_t width = 1;
    while (((unsigned char)text[width] & 0xC0u) == 0x80u) {
        width++;
    }
    return width;
}

bool config_path_matches(const char *pattern, const char *name)
{
    const char *star = NULL; /* behind the last * that was met, and what it has not taken yet */
    const char *rest = NULL;
    if (name[0] == '.' && pattern[0] != '.') {
        return false;
    }
    while (*name != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            rest = name;
        } else if (*pattern == '?') {
            pattern++;
            name += width_at(name);
        } else if (*pattern != '\0' && config_text_fold(*pattern) == config_text_fold(*name)) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star;
            rest += width_at(rest);
            name = rest;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

void config_path_normalise(char *path)
{
    if (path[0] != '\0' && path[1] == ':' && path[0] >= 'a' && path[0] <= 'z') {
        path[0] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[path[0] - 'a'];
    }
    for (; *path != '\0'; path++) {
        if (*path == '/') {
            *path = '\\';
        }
    }
}
