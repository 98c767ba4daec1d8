/*
 * wait_win32.h: wait.h with kernel objects of Windows.
 *
 * A place is a mutex and an auto-reset event, a bell two manual-reset events, all of them the broker's parts of a
 * region, opened by the attachment.
 *
 * A life is a mutex that the thread makes and takes when it first needs one, named `Global\ShmBroker.Life.` and 16
 * hexadecimal digits, and keeps until it ends: the kernel abandons it then, in whatever way the thread or its process ends.
 * To watch it takes SYNCHRONIZE; who may enter the gate that the attachment waits at has that, and nobody else. So a
 * death is told across accounts that may not open each other's processes, with or without a broker. Who holds a life's
 * mutex other than its thread does so for an instant, to find that it is over.
 */
#ifndef SHMB_SYNC_WAIT_WIN32_H
#define SHMB_SYNC_WAIT_WIN32_H

#include "wait.h"

struct sync_place {
    void *gate; /* HANDLE of a mutex, SYNCHRONIZE */
    void *wake; /* HANDLE of an auto-reset event, SYNCHRONIZE and EVENT_MODIFY_STATE */
};

struct sync_bell {
    void
        *wake[2]; /* HANDLEs of manual-reset events, SYNCHRONIZE, and EVENT_MODIFY_STATE to ring: even, odd */
};

/* For an attachment that waits at `gate`, a mutex opened with READ_CONTROL as well, which is needed during the call only.
   NULL: the system refuses; GetLastError says why, ERROR_INVALID_ACL that the gate is open to everybody. */
sync_lives *sync_lives_new(void *gate);

/* The lives that it made are over. Not while another thread uses it. Other threads' lives in other attachments stay. */
void sync_lives_free(sync_lives *lives);

/* Whether it made that life, for whatever thread. */
bool sync_lives_made(sync_lives *lives, sync_life life);

#endif
