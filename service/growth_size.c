/* The size of what grows. See growth_size.h. */
#include "growth_size.h"

#define PAGE 4096u

uint64_t growth_whole_pages(uint64_t bytes)
{
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

uint64_t growth_reserved(uint64_t max_size)
{
    return growth_whole_pages(max_size) + PAGE;
}

uint64_t growth_adopted(uint64_t committed, uint64_t published, uint64_t declared, uint64_t max_size)
{
    uint64_t size = published;
    if (published == 0 || growth_whole_pages(published) > committed)
        size = committed == growth_whole_pages(declared) ? declared : committed;
    if (size < declared)
        size = declared;
    return size < max_size ? size : max_size;
}
