/*
 * Small text operations on UTF-8 bytes with a length: what the loader's messages and checks share.
 *
 * "Fold" means ASCII letters only: nothing here depends on a locale.
 */
#ifndef SHMBROKER_CONFIG_TEXT_H
#define SHMBROKER_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Room for what config_text_quote writes, its NUL included. */
#define CONFIG_QUOTED 512u

/* `c` in lower case when it is an ASCII letter. */
char config_text_fold(char c);

/* Whether both are the same, ASCII letters compared without case. */
bool config_text_same(const char *a, size_t a_length, const char *b, size_t b_length);

/* Whether `text` begins with the NUL-terminated `prefix`, ASCII letters compared without case. */
bool config_text_starts(const char *text, size_t length, const char *prefix);

/* How many code points the bytes hold. */
size_t config_text_count(const char *text, size_t length);

/* Whether a control character (U+0000 to U+001F, U+007F to U+009F) is in it that is not one of `except`. */
bool config_text_has_control(const char *text, size_t length, const char *except);

/*
 * Makes text fit to stand in a message: control characters become \u0000, and what exceeds 80 code points
 * becomes an ellipsis. Returns `buffer`.
 */
const char *config_text_quote(const char *text, size_t length, char buffer[CONFIG_QUOTED]);

/* Whether at most two letters added, removed, changed or swapped with the next make one of the other. */
bool config_text_similar(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
