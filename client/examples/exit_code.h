/* exit_code.h: the examples end with the same exit codes as shmbroker.exe. */
#ifndef EXIT_CODE_H
#define EXIT_CODE_H

#include "shmb.h"

#define EXIT_USAGE 2

static inline int exit_code(shmb_status status)
{
    switch (status) {
    case SHMB_OK:
        return 0;
    case SHMB_INVALID_ARGUMENT:
        return EXIT_USAGE;
    case SHMB_ACCESS_DENIED:
        return 3;
    case SHMB_NO_BROKER:
        return 4;
    case SHMB_NOT_DECLARED:
        return 5;
    default:
        return 1;
    }
}

#endif
