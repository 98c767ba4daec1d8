/*
 * Stands before client/src/atomics.h when catalog.c is compiled for catalog_killed_test.c: after each store that
 * a reader can see, the test looks at what a broker killed there would leave.
 */
#ifndef SHMBROKER_KILLED_ATOMICS_H
#define SHMBROKER_KILLED_ATOMICS_H

#include "../../../../client/src/atomics.h"

/* Called after every store. */
void killed_here(void);

#define shmb_store_relaxed_u32(to, value)        (shmb_store_relaxed_u32(to, value), killed_here())
#define shmb_store_release_u32(to, value)        (shmb_store_release_u32(to, value), killed_here())
#define shmb_store_release_u64(to, value)        (shmb_store_release_u64(to, value), killed_here())
#define shmb_copy_words_relaxed(to, from, bytes) (shmb_copy_words_relaxed(to, from, bytes), killed_here())

#endif
