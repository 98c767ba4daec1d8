/* Another account, without one having to exist: this one's token with Administrators taken out. */
#ifndef TEST_ACCOUNT_H
#define TEST_ACCOUNT_H

#include "support.h"

/*
 * A primary token that has the rights of Users and not those of Administrators: for entries that allow Administrators
 * it is an outsider, although its user is the same. Lives until support_cleanup.
 */
HANDLE account_ordinary(void);

/* This thread acts as that account from here on, until account_return. support_cleanup returns too. */
void account_become(HANDLE token);
void account_return(void);

/* The SID of this process's user, or what its new objects belong to; lives until support_cleanup. */
char *account_user_sid(void);
char *account_owner_sid(void);

/* The same user without any privilege that is not everybody's. Lives until support_cleanup. */
HANDLE account_without_privileges(void);

/* SIDs as text, living until support_cleanup: of `sid`, of a descriptor's owner, of NT SERVICE\`service`. */
char *account_sid_text(void *sid);
char *account_owner_of(void *descriptor);
char *account_service_sid(const char *service);

/* Descriptors: from SDDL, and the owner and DACL of a kernel object and of a file. They live until support_cleanup. */
void *account_descriptor(const char *sddl);
void *account_security_of(HANDLE object);
void *account_security_of_file(const char *path);

/* Gives a file or folder the protected DACL of `sddl`. Fails when that is not possible. */
void account_set_rights(const char *path, const char *sddl);

/* How many entries the DACL has. Fails unless it is there, not NULL, and protected from inheriting more. */
unsigned account_count_entries(void *descriptor);

/* Fails unless the DACL has one entry for `sid`, which allows exactly `mask` and is handed down to nothing. */
void account_assert_entry(void *descriptor, const char *sid, DWORD mask);

/* Enables SeRestorePrivilege, with which objects can be made that belong to others; false when it is not held. */
bool account_may_give_away(void);

/* Whether this process may install services and the like. */
bool account_is_administrator(void);

#endif
