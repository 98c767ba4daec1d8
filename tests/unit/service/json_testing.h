/* What the tests of JSON look at it with. */
#ifndef JSON_TESTING_H
#define JSON_TESTING_H

#include <cjson/cJSON.h>

static inline const char *string_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(item) ? item->valuestring : "(no string)";
}

static inline double number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(item) ? item->valuedouble : -1;
}

#endif
