/* Descriptors in the kernel's form, read into entries; and the mandatory labels of objects. */
#ifndef SHMBROKER_DESCRIPTOR_WIN32_H
#define SHMBROKER_DESCRIPTOR_WIN32_H

#include "support_win32.h"

/* Owner, DACL and label. Fails, with the reason, when there are entries of other kinds than plain allow, plain deny
   and one label. The caller frees the result with access_descriptor_free. */
bool win32_descriptor_read(PSECURITY_DESCRIPTOR from, access_descriptor *descriptor,
                           platform_failure *failure);

/* The label alone; not `present` when there is none. */
bool win32_label_of(PSECURITY_DESCRIPTOR from, access_label *label, platform_failure *failure);

/* Whether `object` (a handle with READ_CONTROL) has the label of `descriptor`; where no program can read labels back,
   as under Wine, it is taken to have it. Returns ERROR_SUCCESS; another error says that it could not be looked at, and
   `same` is then false. */
DWORD win32_compare_label(HANDLE object, PSECURITY_DESCRIPTOR descriptor, bool *same);

/* The same, where what cannot be looked at has it not. */
bool win32_is_labelled_as(HANDLE object, PSECURITY_DESCRIPTOR descriptor);

/* The label of `object` (a handle with READ_CONTROL); false where no program can read labels back. */
bool win32_label_of_object(HANDLE object, access_label *label);

/* Reads a whole token (a handle with TOKEN_QUERY); token_win32.c. False: it does not let itself be read, or memory ran
   out. The caller frees it with token_free. */
bool win32_token_read(HANDLE handle, token_facts *t);

#endif
