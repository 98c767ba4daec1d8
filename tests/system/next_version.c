/* shmbroker-next: all of shmbroker.exe as another version, which a test installs over this one. */
#include "broker.h"

const char *broker_version(void)
{
    return "99.0.0";
}
