/* What was found where it cannot be, in words. See corruption.h. */
#include "corruption.h"

#include <inttypes.h>
#include <stdio.h>

const char *corruption_text(const corruption *what, char text[CORRUPTION_TEXT_BYTES])
{
    text[0] = '\0';
    if (what->what != NULL)
        snprintf(text, CORRUPTION_TEXT_BYTES,
                 "%s, at offset %" PRIu64 ", is %" PRIu64 "; %s %" PRIu64 " can be", what->what, what->offset,
                 what->found, what->relation, what->bound);
    return text;
}
