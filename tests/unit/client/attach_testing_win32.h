/*
 * What the tests of attaching share: a broker in the test's own process (fake_broker_win32.h), and calls of
 * shmb_attach that check status and message together.
 */
#ifndef ATTACH_TESTING_WIN32_H
#define ATTACH_TESTING_WIN32_H

#include "fake_broker_win32.h"
#include "shmb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define READ_ONLY_SDDL "D:P(A;;0x20005;;;WD)"

/* The running test's broker and its instance. */
extern fake_broker broker;
extern char instance[41];

/* Where plain_options has the message put. */
extern char message[1024];

/* Each test has a running broker without regions, in an instance of its own. */
int start_broker(void **state);
int stop_broker(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, start_broker, stop_broker)

/* Of the test's instance, the whole region, without waiting, with the message wanted. */
shmb_attach_options plain_options(uint32_t access);

/* Attaches with `options`; prints the message and fails when the status is another than expected. Returns
   NULL unless that is SHMB_OK; the caller detaches. */
shmb_region *attach_with(const char *name, const shmb_attach_options *options, shmb_status expected);

/* attach_with plain options. */
shmb_region *attach(const char *name, uint32_t access, shmb_status expected);

void assert_message_has(const char *part);

#endif
