/*
 * Descriptors as text: those that regions declare themselves (`sddl:`), checked, completed and carried over to the
 * file; and any descriptor in words.
 *
 * The platform reads SDDL (platform_sddl_read); what is made of it is decided here.
 */
#ifndef SHMBROKER_DESCRIPTOR_H
#define SHMBROKER_DESCRIPTOR_H

#include "access.h"
#include "platform.h"

/*
 * Completes the descriptor of a region that declares its own: the broker's entry in front, without which it could not
 * open again what it made; owner and group; DACL protected; generic rights made exact ones; the label as it is.
 * `file_sddl` gets the same entries with the rights on a file. Refuses, with the reason, what is no SDDL, names an
 * owner, has no DACL, or has entries other than plain allow, plain deny and one label. The caller frees both.
 */
bool descriptor_complete(const char *sddl, const access_identity *identity, char **section_sddl,
                         char **file_sddl, platform_failure *failure);

/* The same for one kind of object: a part beside the region gets the same entries with the rights on it. NULL with
   `failure`; the caller frees it. */
char *descriptor_complete_for(const char *sddl, access_object object, const access_identity *identity,
                              platform_failure *failure);

/* The same, not as text: of the section, the file behind it, or an object beside it. The caller frees it with access_descriptor_free. */
bool descriptor_read(const char *sddl, access_object object, const access_identity *identity,
                     access_descriptor *descriptor, platform_failure *failure);

/* The rights of `mask` on `object` in words: "read, write = 0x20007". */
void descriptor_rights(access_object object, uint32_t mask, char *words, size_t size);

/* One line for each entry of a section's descriptor, and one for its label: "allow read, write = 0x20007 to Everyone
   (S-1-1-0)". NULL: it cannot be read, or memory ran out. The caller frees it. */
char *descriptor_words(const char *sddl);

#endif
