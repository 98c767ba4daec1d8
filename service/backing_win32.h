/* The file behind a file-backed region. */
#ifndef SHMBROKER_BACKING_WIN32_H
#define SHMBROKER_BACKING_WIN32_H

#include "contents_win32.h"

/*
 * Opens the backing file of `request` for mapping, and gives it `descriptor`. An absent one is
 * created whole: under another name, with `initial` and zeros after it, written through, then renamed, so that a crash
 * leaves no short file. Refused: remote files, reparse points on the way or at the end, what is not where its name says
 * once it is open, what is no plain file, files of an owner who is not to be trusted, files shorter than the region, the
 * file of a section that is held, unless that is `own` (NULL: none is). INVALID_HANDLE_VALUE with `failure` set. Without a
 * descriptor nothing is made and nothing changed: `failure` without a text says that there is no file yet.
 */
HANDLE win32_backing_open(const platform_section_request *request, PSECURITY_DESCRIPTOR descriptor,
                          HANDLE own, platform_failure *failure);

/* Whether no section that is held has this file, but `own`; otherwise `failure` says so. */
bool win32_backing_is_free(HANDLE file, HANDLE own, const char *shown, platform_failure *failure);

/* Gives a file that exists the DACL and the label of `descriptor`. */
bool win32_backing_secure(HANDLE file, const char *shown, PSECURITY_DESCRIPTOR descriptor,
                          platform_failure *failure);

/* Whether it is that of a section that is held. */
bool win32_backing_is(HANDLE section, HANDLE file);

/* Remembers that `section` has that file, until win32_backing_release; false when it cannot be. */
bool win32_backing_hold(HANDLE section, HANDLE file);
void win32_backing_release(HANDLE section);

#endif
