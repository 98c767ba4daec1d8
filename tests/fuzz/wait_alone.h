/*
 * wait_alone.h: client/src/sync/wait.h for one thread that nobody else helps: every wait is woken a few times for nothing,
 * and then comes to its deadline; a clock that goes on as it is looked at; its own life, and one of another that lives.
 */
#ifndef SHMBROKER_WAIT_ALONE_H
#define SHMBROKER_WAIT_ALONE_H

#include "sync/wait.h"

#define WAIT_ALONE_MINE  UINT64_C(0x1000)
#define WAIT_ALONE_OTHER UINT64_C(0x2000)

void wait_alone_reset(void);

sync_place *wait_alone_place(void);
sync_bell *wait_alone_bell(void);
sync_lives *wait_alone_lives(void);

#endif
