/* What a test tells the broker of session_broker.c: shared memory of the two, and an event that wakes the broker. */
#ifndef TEST_SESSION_FEED_H
#define TEST_SESSION_FEED_H

#include <windows.h>

#define FEED_ITEMS 64

/* Names, with the instance's: `Local\shmbroker-test.feed.INSTANCE`. */
#define FEED_MEMORY L"Local\\shmbroker-test.feed.%hs"
#define FEED_WAKE   L"Local\\shmbroker-test.wake.%hs"

typedef struct session_feed {
    volatile LONG stop;
    volatile LONG told;  /* how many items are there */
    volatile LONG taken; /* and how many of them the broker has */
    struct {
        DWORD type; /* WTS_SESSION_LOGON, … */
        DWORD session;
    } items[FEED_ITEMS];
} session_feed;

#endif
