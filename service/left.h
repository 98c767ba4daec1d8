/*
 * What an earlier broker left: sections of declared regions that a keeper or programs have held since, as plan_make takes
 * them.
 */
#ifndef SHMBROKER_LEFT_H
#define SHMBROKER_LEFT_H

#include "plan.h"

/* What is known of the kind as which a region's object was made: region_kind_form, or 0. */
typedef struct left_forms {
    uint32_t (*of)(const void *context, const char *name);
    const void *context;
} left_forms;

/*
 * All that exists of `declared`: what is held (`held`, at the same indexes as there), and behind it what is left of regions
 * that are not held and can be taken over exactly as they are declared. Looks at the name of each region that is not held,
 * a few calls of the kernel. Of which kind it is `forms` say, and where they do not (NULL: nowhere), its first bytes. Texts
 * are those of `held` and `declared`. False: out of memory, and the result is empty. The caller frees it with left_free.
 */
bool left_find(const declared_regions *declared, const existing_regions *held, const left_forms *forms,
               existing_regions *result);
void left_free(existing_regions *result);

#endif
