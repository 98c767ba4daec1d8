/* Talking to the service manager about this product's service; shared by install, start, stop and status. */
#ifndef SHMBROKER_CONTROL_WIN32_H
#define SHMBROKER_CONTROL_WIN32_H

#include "commands.h"
#include "names.h"
#include "support_win32.h"

/* What `stop --keep` sends the service: as SERVICE_CONTROL_STOP, and the keeper stays with all that it has. */
#define CONTROL_STOP_KEEPING 130u

/* The service of one instance, as far as it could be opened. */
typedef struct control {
    SC_HANDLE manager;
    SC_HANDLE service;     /* NULL when there is none */
    const char *instance;  /* the caller's */
    char name[NAMES_TEXT]; /* "ShmBroker$plant2" */
    wchar_t *wide_name;
} control;

/* Opens the manager with `manager_access` and the service with `service_access`. EXIT_OK also when there is
   no such service (`service` is then NULL); otherwise says what is wrong and returns an exit code. Close it
   in both cases. */
int control_open(control *c, const char *instance, DWORD manager_access, DWORD service_access);
void control_close(control *c);

/* Says what could not be done and why, and returns the exit code for `error`. */
int control_failed(const control *c, const char *what, DWORD error);

/* Waits until the service leaves `pending` for another state, as long as it makes progress; `status` is the
   last one seen. False when there was no progress for a minute, or the service cannot be asked (last error
   set). */
bool control_wait(const control *c, DWORD pending, SERVICE_STATUS_PROCESS *status);

/* Starts the service and waits until its regions exist; says so. EXIT_OK also when it runs already. */
int control_start(const control *c);

/* Stops a running service and waits for its end. EXIT_OK also when it was not running (`was_running` false). With `keep`
   its regions are left to the keeper: one that has none, or is too old for that, is not stopped, and that is
   EXIT_FAILED. */
int control_stop(const control *c, bool keep, bool *was_running);

/* Lets go of what a broker of the instance, one that was killed or stopped with --keep, has left to keepers. `ended`:
   there was something. */
int control_let_go(const char *instance, bool *ended);

#endif
