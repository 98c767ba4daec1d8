/* Services that a test or the demo installs: gone afterwards, whatever happens. */
#ifndef TEST_SERVICE_H
#define TEST_SERVICE_H

#include "support.h"

/* Opens the service with all rights; NULL with the last error when it is not there. The caller closes it. */
SC_HANDLE service_open(const char *name);

/* Waits until there is no such service any more; false when it does not go. */
bool service_wait_gone(const char *name);

/* Stops the service, waits until it has stopped, and deletes it. What is absent is fine. Any thread; needs nothing that
   support_cleanup frees. */
void service_remove(const wchar_t *name);

/* Has the service removed by support_cleanup, should it be there then. */
void service_remove_on_cleanup(const char *name);

#endif
