/*
 * What the campaign and the broker that is built for it (faulty_main.c) share: which call of Windows is to go wrong.
 *
 * It stands in a section whose name is in the environment variable FAULTS_NAME. The broker counts the calls listed in
 * faulty_calls.h while `armed` is not 0.
 */
#ifndef CAMPAIGN_FAULTS_H
#define CAMPAIGN_FAULTS_H

#include <windows.h>

#define FAULTS_NAME    L"SHMBROKER_FAULTS"
#define FAULTS_CALL    64u    /* bytes of a call's name, with its NUL */
#define FAULTS_HALT_MS 60000u /* how long a broker that was halted waits to be released at most */

typedef enum faults_action {
    FAULTS_COUNT, /* nothing goes wrong */
    FAULTS_HALT,  /* the broker stops before the call, until it is killed or released */
    FAULTS_FAIL   /* the call is not made, and fails with `error` */
} faults_action;

typedef struct faults {
    volatile LONG armed;
    volatile LONG calls; /* so far */
    volatile LONG at;    /* the call it is about, counted from 1 */
    volatile LONG action;
    volatile LONG error; /* of Windows */
    volatile LONG fired; /* that call was reached; `call` is its name */
    volatile LONG released;
    char call[FAULTS_CALL];
} faults;

#endif
