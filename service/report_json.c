/* See report_json.h. */
#include "report_json.h"

#include "report.h"

#include <inttypes.h>

cJSON *report_json_root(void)
{
    cJSON *root = cJSON_CreateObject();
    if (root && !report_json_number(root, "schema_version", REPORT_SCHEMA_VERSION)) {
        cJSON_Delete(root);
        root = NULL;
    }
    return root;
}

cJSON *report_json_item(cJSON *array)
{
    cJSON *item = cJSON_CreateObject();
    if (item && cJSON_AddItemToArray(array, item))
        return item;
    cJSON_Delete(item);
    return NULL;
}

bool report_json_number(cJSON *object, const char *name, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    return cJSON_AddRawToObject(object, name, digits) != NULL;
}

bool report_json_print(FILE *stream, cJSON *root, bool complete)
{
    char *printed = complete ? cJSON_Print(root) : NULL;
    bool ok = printed && fprintf(stream, "%s\n", printed) >= 0 && fflush(stream) == 0;
    cJSON_free(printed);
    cJSON_Delete(root);
    return ok;
}
