/*
 * From the model to regions as the kernel is to have them: object names, descriptors, absolute paths.
 *
 * Pure, but for the platform's help with a declared `sddl`.
 */
#ifndef SHMBROKER_DECLARE_H
#define SHMBROKER_DECLARE_H

#include "access.h"
#include "arena.h"
#include "plan.h"
#include "platform.h"

/* What belongs to one compiled configuration. Its texts live as long as it, and as long as the model. */
typedef struct declaration {
    declared_regions regions;
    size_t global_count; /* regions with global names */
    size_t file_count;   /* regions with a backing file */
    config_arena *arena; /* owned: all that `regions` points to and the model does not have */
} declaration;

#define DECLARE_REFUSED 87u /* in `failure`: the configuration is at fault */

/* Compiles all regions of `model` for the broker `instance`. False with `failure` set. The caller frees `result`. */
bool declare_regions(const config_model *model, const char *instance, const char *data_folder,
                     const access_identity *identity, declaration *result, platform_failure *failure);
void declaration_free(declaration *d);

/* The absolute path of `backing.file`. NULL: out of memory. The caller frees it. */
char *declare_backing_path(const char *data_folder, const char *file);

/* The path under which the file of `initial` can be opened. NULL: out of memory. The caller frees it. */
char *declare_initial_path(const config_initial *initial);

#endif
