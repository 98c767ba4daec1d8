/*
 * Accounts that really log on: local users made for a test, each with a session of its own, which Remote Desktop to this
 * machine itself gives them. For a machine that may be changed: while there are guests, Remote Desktop is allowed and does
 * not ask who the server is. support_cleanup logs all of them off, deletes them with their profiles, and puts that back.
 *
 * A Windows Server lets two of them be on at once, other Windows only one; so a test has at most one that is not disconnected.
 */
#ifndef TEST_GUEST_H
#define TEST_GUEST_H

#include "support.h"

typedef struct guest guest;

/* Makes a user in the groups Users and Remote Desktop Users. Lives until support_cleanup. */
guest *guest_make(const char *stem);

/* Has the guest log on, or come back to the session left by guest_disconnect, and returns the session's number when he
   is on. Two minutes at most: the first time Windows makes a profile. */
uint32_t guest_log_on(guest *g);

/* Leaves the session as it is, without a screen. */
void guest_disconnect(guest *g);

/* Gives the screen that `from` has to the disconnected session of `to`, as switching users does. */
void guest_switch(guest *from, guest *to);

/* Ends the session, and returns when it is gone. */
void guest_log_off(guest *g);

/* Runs a program with arguments in the guest's session, as the guest; returns when Windows has been told to. */
void guest_run(guest *g, const char *program, const char *arguments);

#endif
