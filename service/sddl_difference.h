/*
 * Whether a file or folder has the rights that it was given: two descriptors as text compared. Pure.
 */
#ifndef SHMBROKER_SDDL_DIFFERENCE_H
#define SHMBROKER_SDDL_DIFFERENCE_H

#include <stdbool.h>

#define SDDL_DIFFERENCE 512 /* bytes of a difference in words */

/*
 * Compares two texts that the same system made of descriptors: owner, protection from what folders above hand down, and
 * the entries, in any order and however often each stands there. An owner that `wanted` does not name is not
 * compared, nor is the group. False with the first `difference`, fit to stand behind a colon.
 */
bool sddl_is_same(const char *wanted, const char *found, char difference[SDDL_DIFFERENCE]);

#endif
