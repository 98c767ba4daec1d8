/*
 * scribbled.h: what shmbroker-scribbled and test_hostile.c agree on.
 *
 *   shmbroker-scribbled INSTANCE OPERATIONS SEED LOCKED STATE SMALL QUEUE STREAM
 *
 * prints `at N` whenever another of so many parts of its operations is done, with N from 1 on, and at its end
 *
 *   done OPERATIONS well COUNT damage COUNT longest MICROSECONDS
 *
 * What no program may do to it ends it: it prints `wrong: ` and what it is.
 */
#ifndef SCRIBBLED_H
#define SCRIBBLED_H

#define SCRIBBLED_PARTS    1000u
#define SCRIBBLED_REGIONS  5u
#define SCRIBBLED_MESSAGES 8u
#define SCRIBBLED_ITEM     100u /* bytes of the largest value or message */
#define SCRIBBLED_SMALL    24u  /* of the small state */

#endif
