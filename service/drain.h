/*
 * Drain: a region that is declared no more stays with the broker while programs have it open, for as long as its `drain`
 * says. Nobody new gets it meanwhile; declared again, it is served again with its bytes. When the last program has let
 * go, or its time is up, the broker lets go of it, and says who has it still: to them it is as good as before, and goes
 * with the last of them.
 */
#ifndef SHMBROKER_DRAIN_H
#define SHMBROKER_DRAIN_H

#include "apply.h"

/* Begins it for the region at `index`, and publishes that. False: nobody has it open, or its drain is 0. */
bool drain_begin(const apply_context *context, size_t index);

/* It is declared again. */
void drain_cancel(const apply_context *context, size_t index);

/* Lets go of the region at `index` and publishes that, with `reason` or NULL. It leaves a gap in the holdings. */
void drain_finish(const apply_context *context, size_t index, const char *reason);

/* Lets go of what can go. Call it at each beat; it costs a call for each region that is on its way out. */
void drain_tend(const apply_context *context);

/* Retires the region that the caller of `ticket` asks for, if he may manage it, and answers him. It is served again by the
   next reload or start that finds it declared, and not before: `holdings` has it as put away. */
void drain_serve(const apply_context *context, platform_control *control, platform_control_ticket ticket,
                 const control_request *request, control_answer *answer);

/* The broker ends: lets go of all that is on its way out, whoever has it. */
void drain_end(const apply_context *context);

#endif
