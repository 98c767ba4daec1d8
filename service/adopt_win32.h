/*
 * Sections of an earlier run of this broker, kept alive by the clients that still hold them: recognised, and
 * taken over with their data.
 *
 * The proof is the descriptor: only the broker's account can make an object that it owns, so one with the
 * broker's owner and exactly the declared entries was made by a broker, and nobody else could change it
 * since.
 */
#ifndef SHMBROKER_ADOPT_WIN32_H
#define SHMBROKER_ADOPT_WIN32_H

#include "support_win32.h"

/* Whether `object` (a handle with READ_CONTROL) has the owner and DACL of `descriptor`, entry for entry, and its label,
   where that can be seen. Returns ERROR_SUCCESS; another error says that it could not be looked at, and `same` is then
   false. */
DWORD win32_compare_security(HANDLE object, PSECURITY_DESCRIPTOR descriptor, bool *same);

/* The same, where what cannot be looked at is not believed. */
bool win32_is_secured_as(HANDLE object, PSECURITY_DESCRIPTOR descriptor);

/* Whether `object` (a handle with READ_CONTROL) belongs to the owner of `descriptor` and its first entry is the same, the
   broker's own. */
bool win32_is_of_same_broker(HANDLE object, PSECURITY_DESCRIPTOR descriptor);

/* How many handles of the object are open, this one included; 0 when it cannot be seen. */
unsigned win32_count_handles(HANDLE object);

/* Gives `object` (a handle with READ_CONTROL, WRITE_DAC and WRITE_OWNER) the DACL and the label of `descriptor`, in one
   call. False with `error` set. */
bool win32_secure_object(HANDLE object, PSECURITY_DESCRIPTOR descriptor, DWORD *error);

/* Whether the section `name` belongs to the owner of `descriptor` and its first entry is the same, the broker's own: an
   earlier declaration's, then, whatever else is different. `handles`: how many are open, apart from the one for looking;
   0 when it cannot be seen. */
bool win32_is_an_earlier_one(const wchar_t *name, PSECURITY_DESCRIPTOR descriptor, unsigned *handles);

/* Whether the section `name` was made with large pages. */
bool win32_has_large_pages(const wchar_t *name);

/*
 * The section `name`, when an earlier broker made it exactly so: with `descriptor`, of `size` bytes up to the
 * end of the page (of the large page, when it was made of such), and a view of `file` or of the paging file (INVALID_HANDLE_VALUE). NULL when it is
 * another's, or cannot be seen to be ours: then the name is taken. The handle is inheritable.
 */
HANDLE win32_adopt_section(const wchar_t *name, PSECURITY_DESCRIPTOR descriptor, uint64_t size, HANDLE file);

/* The same of a section that was reserved for `max_size` bytes; `committed`: how many of its first bytes are memory. */
HANDLE win32_adopt_reserved(const wchar_t *name, PSECURITY_DESCRIPTOR descriptor, uint64_t max_size,
                            uint64_t *committed);

#endif
