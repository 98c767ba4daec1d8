/* The version of this program. A file of its own, so that a test can have a program of another one. */
#include "broker.h"

const char *broker_version(void)
{
    return SHMBROKER_VERSION;
}
