/* What a configuration must say so that a program is let in: the smallest change to a region's access, as YAML and in
   words. Pure. */
#ifndef SHMBROKER_REMEDY_H
#define SHMBROKER_REMEDY_H

#include "explain.h"

/*
 * Finds what lets the token of `question`, which `section` keeps out, in. `yaml` gets the region's keys as they must be,
 * for a region with `sddl` that; `words` one line for each step. Both stay NULL when no change of the region's access
 * would do it. False: out of memory. The caller frees both.
 */
bool remedy_find(const explain_question *question, const access_descriptor *section, char **yaml,
                 char **words);

#endif
