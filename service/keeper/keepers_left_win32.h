/* Keepers as seen from outside the broker: what `start`, `stop` and `uninstall` need. */
#ifndef SHMBROKER_KEEPERS_LEFT_WIN32_H
#define SHMBROKER_KEEPERS_LEFT_WIN32_H

#include "support_win32.h"

/* Ends the keepers that a broker of `instance` has left, unless one runs at this moment. `ended` is how many they were.
   False when there is one that could not be ended. */
bool win32_keepers_end(const char *instance, unsigned *ended, platform_failure *failure);

/* How many keepers of `instance` live: those of a broker that runs, or those that one has left. False when that cannot be
   seen. */
bool win32_keepers_count(const char *instance, unsigned *count, platform_failure *failure);

#endif
