/* The names of the broker's own things, made from the instance's name. */
#ifndef SHMBROKER_NAMES_H
#define SHMBROKER_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#define NAMES_INSTANCE_MAX 40
#define NAMES_TEXT         80 /* bytes that hold any name made here */

#define NAMES_SERVICE    "ShmBroker"
#define NAMES_DISPLAY    "Shared Memory Broker"
#define NAMES_EVENTS_DLL "shmbroker-events.dll"
#define NAMES_KEEPER     "shmbroker-keeper.exe"
#define NAMES_DEFAULT    "shmbroker.default.yaml" /* beside the program: a machine's first configuration */

/* Whether `instance` may be one: "" is the default instance; others are 1 to 40 of A-Z a-z 0-9 _ -. */
bool names_instance_is_valid(const char *instance);

/* The service: "ShmBroker", "ShmBroker$plant2". */
void names_service(const char *instance, char name[NAMES_TEXT]);

/* The catalog, without its name space: "ShmBroker.Catalog", "ShmBroker.Catalog.plant2". */
void names_catalog(const char *instance, char name[NAMES_TEXT]);

/* The record of the instance's keepers, likewise: "ShmBroker.Keeper", "ShmBroker.Keeper.plant2". */
void names_keepers(const char *instance, char name[NAMES_TEXT]);

/* The control pipe, without \\.\pipe\: "ShmBroker.Control", "ShmBroker.Control.plant2". */
void names_control(const char *instance, char name[NAMES_TEXT]);

/* The mutex that one broker of an instance holds: "ShmBroker.Broker", "ShmBroker.Broker.plant2". */
void names_claim(const char *instance, char name[NAMES_TEXT]);

/* The private namespace whose boundary has the hash `boundary`: "ShmBroker.Private.0123456789abcdef", with the instance
   "ShmBroker.Private.plant2.0123456789abcdef". The same name is that of the boundary and the prefix of its objects. */
void names_private(const char *instance, uint64_t boundary, char name[NAMES_TEXT]);

#endif
