/* control_win32.h: what a client asks the broker itself, through its control pipe. */
#ifndef SHMB_CONTROL_WIN32_H
#define SHMB_CONTROL_WIN32_H

#include "broker_win32.h"

/* Asks the broker of the catalog `hold` to let the region `name` grow to `size` bytes. Waits at most about `timeout_ms`; what
   was asked for may still be done when that has passed. */
shmb_status shmb_control_grow(const shmb_hold *hold, const char *name, uint64_t size, uint32_t timeout_ms,
                              shmb_message *message);

#endif
