/* See report_json.h. */
#include "report_json.h"

#include "report.h"

#include <inttypes.h>
#include <string.h>

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
    const size_t length =
        printed ? strlen(printed) : 0; /* written in one go: mingw's printf takes byte by byte */
    bool ok = printed && fwrite(printed, 1, length, stream) == length && fputc('\n', stream) != EOF &&
              fflush(stream) == 0;
    cJSON_free(printed);
    cJSON_Delete(root);
    return ok;
}
