/*
 * What is believed of a state, queue or stream whose bytes come from a snapshot or a file: nothing but whole values and
 * messages.
 *
 * All else that stands there is of programs of an earlier day: who waits, who holds a slot, how far one got. It is made anew, so
 * that the region is sound whatever the bytes were: those of an orderly end, of a power cut that left some pages older
 * than others, or what a hostile program wrote.
 *
 *     state    has its latest value, if that says a length that can be; otherwise none
 *     queue    has its messages in their order; those that were being filled in, or had been taken, are gone
 *     stream   has the newest messages; those that are missing among them its readers count as missed
 */
#ifndef SHMBROKER_KIND_SETTLE_H
#define SHMBROKER_KIND_SETTLE_H

#include "geometry.h"
#include "platform.h"

/* Settles a region that no program has yet, of a geometry that is not raw, with a sign of life after each step. The first bytes
   are written, too. False: the section cannot be reached. */
bool kind_settle(const shmb_geometry *geometry, platform_section *section, const platform_progress *progress,
                 platform_failure *failure);

#endif
