/* What a region holds at first: its bytes in order, from the configuration or from a file. */
#ifndef SHMBROKER_CONTENTS_WIN32_H
#define SHMBROKER_CONTENTS_WIN32_H

#include "support_win32.h"

typedef struct win32_contents {
    const config_initial *initial;
    HANDLE file;     /* that has the bytes, or INVALID_HANDLE_VALUE */
    uint64_t length; /* bytes; zeros follow */
    uint64_t at;     /* how many have been taken */
} win32_contents;

/* Opens the contents of the region. False when they are longer than it, the file that has them cannot be opened, or others
   can change that file than administrators, this broker and those who may write the region. The caller closes `contents`
   when it was true. */
bool win32_contents_open(const platform_section_request *request, win32_contents *contents,
                         platform_failure *failure);

/* The next `bytes`: zeros after the last. */
bool win32_contents_take(win32_contents *contents, void *buffer, size_t bytes, platform_failure *failure);

void win32_contents_close(win32_contents *contents);

#endif
