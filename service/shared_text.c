/* Texts that many have at once. See shared_text.h. */
#include "shared_text.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct shared_text {
    size_t users;
    char bytes[];
} shared_text;

static shared_text *shared_of(const char *bytes)
{
    return (shared_text *)(void *)((char *)(uintptr_t)bytes - offsetof(shared_text, bytes));
}

const char *shared_text_make(const char *like, const char *text)
{
    if (like && strcmp(like, text) == 0) {
        shared_of(like)->users++;
        return like;
    }
    size_t length = strlen(text);
    shared_text *made = malloc(sizeof *made + length + 1);
    if (!made)
        return NULL;
    made->users = 1;
    memcpy(made->bytes, text, length + 1);
    return made->bytes; // cppcheck-suppress memleak ; shared_text_release finds it by its bytes
}

void shared_text_release(const char *shared)
{
    if (shared && --shared_of(shared)->users == 0)
        free(shared_of(shared));
}
