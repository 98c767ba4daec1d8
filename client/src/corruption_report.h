/* corruption_report.h: what a region's functions found when they returned SHMB_CORRUPT, kept for shmb_corruption. */
#ifndef SHMB_CORRUPTION_REPORT_H
#define SHMB_CORRUPTION_REPORT_H

#include "corruption.h"
#include "region.h"

/* In the place of what was found before. Any thread. */
void shmb_keep_corruption(shmb_region *region, const corruption *what);

#endif
