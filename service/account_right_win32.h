/* Rights of accounts on this machine, such as "Lock pages in memory": what "Local Security Policy" shows. */
#ifndef SHMBROKER_ACCOUNT_RIGHT_WIN32_H
#define SHMBROKER_ACCOUNT_RIGHT_WIN32_H

#include "support_win32.h"

/* Gives the account with the SID `sid` a privilege, or takes it away; doing it again changes nothing. A process has it
   from the account's next logon on, a service from its next start. */
bool win32_right_grant(const char *sid, const wchar_t *privilege, platform_failure *failure);
bool win32_right_revoke(const char *sid, const wchar_t *privilege, platform_failure *failure);

#endif
