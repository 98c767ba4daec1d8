/*
 * One running service for another: what `install` does over a service that runs, so that its regions keep what they hold.
 *
 * The running broker leaves its regions to its keeper (`stop --keep`), the registration becomes the new program's, and the
 * new one goes on with them. What cannot be done so is not begun; when the new program does not start, the earlier one
 * is put back and goes on.
 */
#ifndef SHMBROKER_EXCHANGE_WIN32_H
#define SHMBROKER_EXCHANGE_WIN32_H

#include "control_win32.h"

/* All zero: there is nothing to exchange. */
typedef struct exchange {
    bool needed;      /* a service runs that is another program, or another version of this one */
    bool stopped;     /* it has made way */
    bool kept;        /* and left its regions to a keeper */
    char version[32]; /* of the broker that ran; "unknown" when its catalog does not tell */
    wchar_t *command; /* what the service manager ran; owned */
} exchange;

/* Finds out whether the service, if there is one, runs something else than `program`, the path of this program. Returns
   an exit code. */
int exchange_find(const control *c, const wchar_t *program, exchange *e);

/* Has it make way. Unless EXIT_OK is returned it runs as before; that has been said. */
int exchange_stop(const control *c, exchange *e);

/* After the new registration, which ended with `code`: starts the new service, or puts the earlier one back and starts that.
   Says what came of it. Returns `code`, or an exit code of its own when that is EXIT_OK. */
int exchange_start(const control *c, const exchange *e, int code);

void exchange_free(exchange *e);

#endif
