/*
 * The desk: answers what the running broker is asked through its control pipe.
 *
 * Whoever is let in to this machine may ask; for each command it is checked whether the caller may have it done.
 */
#ifndef SHMBROKER_DESK_H
#define SHMBROKER_DESK_H

#include "broker_state.h"

/* Opens the pipe. A broker without one serves all the same, and says so. */
void desk_open(broker *b);

/* Answers what has been asked, a few at most: the heart has to beat. */
void desk_serve(broker *b);

#endif
