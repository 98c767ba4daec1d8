/* Where `status` gets its facts, in memory: service/status_sources.h fulfilled for command_status_test.c. */
#ifndef SHMBROKER_FAKE_STATUS_H
#define SHMBROKER_FAKE_STATUS_H

#include "catalog_reader.h"

/* The published catalog; without a base there is no broker. */
extern catalog_view fake_status_view;

/* How many are open. */
extern unsigned fake_status_opened;

#endif
