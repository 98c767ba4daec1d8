/* Attaching to a test broker's regions through the client library. */
#ifndef TEST_REGION_H
#define TEST_REGION_H

#include "broker.h"
#include "shmb.h"

/* Options for the broker's instance, with a place for the message, to be changed as needed. The place is used by the
   next region_options again. */
shmb_attach_options region_options(const test_broker *b, uint32_t access);

/* Attaches to the whole region; fails with the library's own words. The caller detaches. */
shmb_region *region_attach(const test_broker *b, const char *name, uint32_t access);

/* Attaches as `options` say, and detaches at once when that succeeded. `options.message` is left for the caller. */
shmb_status region_try(const char *name, const shmb_attach_options *options);

/* Opens the region's object with bare Win32 calls, as programs without the library do; NULL with the last error. */
HANDLE region_open_bare(const char *name, DWORD access);

#endif
