/* The file behind a file-backed region. */
#ifndef SHMBROKER_BACKING_WIN32_H
#define SHMBROKER_BACKING_WIN32_H

#include "support_win32.h"

/*
 * Opens the file at the absolute `path` for mapping `size` bytes, and gives it `descriptor`. An absent one is
 * created whole: under another name, zeroed, written through, then renamed, so that a crash leaves no short
 * file. Refused: remote files, reparse points on the way or at the end, what is no plain file, files shorter
 * than `size`. INVALID_HANDLE_VALUE with `failure` set.
 */
HANDLE win32_backing_open(const char *path, uint64_t size, PSECURITY_DESCRIPTOR descriptor,
                          platform_failure *failure);

#endif
