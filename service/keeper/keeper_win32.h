/* Keepers without a broker: what `stop` and `uninstall` need. */
#ifndef SHMBROKER_KEEPER_WIN32_H
#define SHMBROKER_KEEPER_WIN32_H

#include "support_win32.h"

/* Ends the keepers that a broker of `instance` has left, unless one runs at this moment. `ended` is how many they were.
   False when there is one that could not be ended. */
bool win32_keepers_end(const char *instance, unsigned *ended, platform_failure *failure);

#endif
