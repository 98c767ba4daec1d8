/* Many clients in one process. */
#ifndef TEST_CROWD_H
#define TEST_CROWD_H

/*
 * `shmbroker-peer crowd INSTANCE REGION FIRST COUNT`, the arguments behind `crowd`: COUNT threads attach to REGION at once,
 * each writes its number, from FIRST on, as the 8 bytes at 8 times that number, and then all hold. Prints `attached COUNT`
 * when every one has, and lets go when standard input ends. Returns the exit code.
 */
int crowd(char **arguments);

#endif
