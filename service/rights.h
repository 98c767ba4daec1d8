/*
 * The table of access.h for people: what each list of a region allows on each object beside it, in Windows' own
 * names. Printed from the masks, so that it cannot say anything else than what is done.
 */
#ifndef SHMBROKER_RIGHTS_H
#define SHMBROKER_RIGHTS_H

#include "access.h"

#include <stdio.h>

#define RIGHTS_TEXT 512

/* Writes the names of the rights in `mask` on `object`, such as "SECTION_QUERY, READ_CONTROL"; what has no name there
   in hexadecimal. Returns `buffer`. */
const char *rights_words(access_object object, uint32_t mask, char buffer[RIGHTS_TEXT]);

/* Writes the table in Markdown, and for a terminal. */
void rights_write_reference(FILE *stream);
void rights_write_help(FILE *stream);

#endif
