/* How large a section that grows is. Pure. */
#ifndef SHMBROKER_GROWTH_SIZE_H
#define SHMBROKER_GROWTH_SIZE_H

#include <stdint.h>

uint64_t growth_whole_pages(uint64_t bytes);

/* What a section reserves that can grow to `max_size`: a page more, which is never memory, so that whoever goes on writing
   beyond the last byte is stopped there. */
uint64_t growth_reserved(uint64_t max_size);

/* The size of a section that was taken over and whose first `committed` bytes, whole pages, are memory. `published`: what an
   earlier broker published of it last; 0: nobody knows. What a writer has committed by himself beyond that does not
   count. Never less than what is `declared`, which is then still to be committed, nor more than `max_size`. */
uint64_t growth_adopted(uint64_t committed, uint64_t published, uint64_t declared, uint64_t max_size);

#endif
