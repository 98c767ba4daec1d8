/* The names of the broker's own things. See names.h. */
#include "names.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool names_instance_is_valid(const char *instance)
{
    size_t length = strlen(instance);
    if (length > NAMES_INSTANCE_MAX)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)instance[i]) && instance[i] != '_' && instance[i] != '-')
            return false;
    return true;
}

static void join(const char *stem, const char *separator, const char *instance, char name[NAMES_TEXT])
{
    snprintf(name, NAMES_TEXT, "%s%s%.*s", stem, *instance ? separator : "", NAMES_INSTANCE_MAX, instance);
}

void names_service(const char *instance, char name[NAMES_TEXT])
{
    join(NAMES_SERVICE, "$", instance, name);
}

void names_catalog(const char *instance, char name[NAMES_TEXT])
{
    join("ShmBroker.Catalog", ".", instance, name);
}

void names_keepers(const char *instance, char name[NAMES_TEXT])
{
    join("ShmBroker.Keeper", ".", instance, name);
}

void names_control(const char *instance, char name[NAMES_TEXT])
{
    join("ShmBroker.Control", ".", instance, name);
}

void names_claim(const char *instance, char name[NAMES_TEXT])
{
    join("ShmBroker.Broker", ".", instance, name);
}

void names_private(const char *instance, uint64_t boundary, char name[NAMES_TEXT])
{
    char stem[NAMES_TEXT];
    join("ShmBroker.Private", ".", instance, stem);
    snprintf(name, NAMES_TEXT, "%.60s.%016" PRIx64, stem, boundary);
}
