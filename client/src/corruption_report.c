/* What was found in a region that cannot be. See corruption_report.h, and shmb_corruption in shmb.h. */
#include "corruption_report.h"

#include "atomics.h"

#include <string.h>

/* Two threads may find something at once, and a third one ask: the facts may then be of either, but each is one of them. A
   text is a constant, so that any of them is good. */
void shmb_keep_corruption(shmb_region *region, const corruption *what)
{
    shmb_found_corruption *kept = &region->found;
    shmb_store_relaxed_u64(&kept->offset, what->offset);
    shmb_store_relaxed_u64(&kept->found, what->found);
    shmb_store_relaxed_u64(&kept->bound, what->bound);
    kept->relation = what->relation;
    shmb_fence_release();
    kept->what = what->what;
}

void shmb_corruption(const shmb_region *region, char *text, uint64_t size)
{
    char sentence[CORRUPTION_TEXT_BYTES] = "";
    if (text == NULL || size == 0)
        return;
    if (region != NULL) {
        const shmb_found_corruption *kept = &region->found;
        corruption what = {.what = kept->what};
        shmb_fence_acquire();
        what.offset = shmb_load_relaxed_u64(&kept->offset);
        what.found = shmb_load_relaxed_u64(&kept->found);
        what.bound = shmb_load_relaxed_u64(&kept->bound);
        what.relation = kept->relation;
        corruption_text(&what, sentence);
    }
    size_t length = strlen(sentence);
    if (length >= size)
        length = (size_t)size - 1;
    memcpy(text, sentence, length);
    text[length] = '\0';
}
