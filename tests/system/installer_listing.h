/* What a machine has, as a list of names, to compare before and after: files, registry, search path. */
#ifndef TEST_INSTALLER_LISTING_H
#define TEST_INSTALLER_LISTING_H

#include "support.h"

/* Everything below the program and data folders and the Start menu, every key and value name below
   HKLM\SOFTWARE and the services, and the folders of the search path. Lives until listing_free. */
typedef struct listing listing;

listing *listing_take(void);
void listing_free(listing *list);

/* The lines that only `after` has, but for those that begin with `but_for` ("" for none) and the installer's
   own records; "" when there are none. Lives until support_cleanup. */
const char *listing_added(const listing *before, const listing *after, const char *but_for);

/* A registry key below HKLM as text: every value with its type and data, and the keys below it. "" when there
   is no such key. Lives until support_cleanup. */
const char *listing_of_key(const wchar_t *key);

#endif
