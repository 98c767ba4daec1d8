/*
 * Excerpts: the line that a diagnostic speaks of, and what to put beneath it to show the place.
 *
 *         size: 64 KiBs
 *               ^~~~~~~
 *
 * The line is fit for any terminal: tabs are spaces, control characters and those that turn the direction of
 * text are replaced, and of a very long line a window is left, with an ellipsis where it is cut.
 */
#ifndef SHMBROKER_CONFIG_EXCERPT_H
#define SHMBROKER_CONFIG_EXCERPT_H

#include "model.h"

/* Code points of a line that are shown at most, and bytes of the excerpt with its NUL. */
#define CONFIG_EXCERPT_CHARS 100u
#define CONFIG_EXCERPT_TEXT  1024u

/* What an excerpt is taken of: `from` up to, not including, `to`. */
typedef struct config_span {
    config_position from; /* line 0: nowhere */
    config_position to; /* line 0, or not behind `from`: one character; in a later line: to the line's end */
} config_span;

typedef struct config_excerpt {
    char *line;      /* NULL: none was taken */
    unsigned indent; /* columns of a terminal before the marked part */
    unsigned width;  /* columns that it takes, at least 1 */
} config_excerpt;

/* One excerpt to take: of what, and where it goes. */
typedef struct config_excerpt_wish {
    config_span span;
    config_excerpt *excerpt; /* its line is freed by the caller */
    size_t offset;           /* config_excerpts_take's own */
} config_excerpt_wish;

/*
 * Takes all that is wished for in one pass over `text`; orders the wishes. A place that the text does not
 * have, or no memory, leaves the line NULL.
 */
void config_excerpts_take(const char *text, size_t length, config_excerpt_wish *wishes, size_t count);

#endif
