/*
 * Leftovers: snapshots of regions that are not declared, or not with snapshots, any more.
 *
 * Nothing removes them by itself: a region that is declared again gets its bytes back. A person is told what is there, and
 * what to delete: by the start and the reload that leaves them, once, and by `shmbroker audit`.
 */
#ifndef SHMBROKER_LEFTOVERS_H
#define SHMBROKER_LEFTOVERS_H

#include "model.h"
#include "snapshot_format.h"

#include "files.h"

#define LEFTOVERS_MOST 100u /* regions that are told; what is beyond is counted */

typedef struct leftover {
    char region[SHMB_NAME_MAX_BYTES + 1]; /* "" when no file's header can be read */
    uint64_t hash;                        /* of its name: its files begin with it, in 16 hexadecimal digits */
    size_t files;
    uint64_t bytes;
} leftover;

typedef struct leftovers {
    leftover items[LEFTOVERS_MOST];
    size_t count;
    size_t more; /* files of further regions */
} leftovers;

/* Looks into the folder of snapshots for what no region of `model` is saved to. False with `failure` set. */
bool leftovers_find(const char *folder, const config_model *model, leftovers *result,
                    platform_failure *failure);

/* The same in words, with what to do, when there are others than `*told` stands for, which follows them; otherwise, or when
   they cannot be found out, NULL. The caller frees it. 0 stands for none. */
char *leftovers_news(const char *folder, const config_model *model, uint64_t *told);

#endif
