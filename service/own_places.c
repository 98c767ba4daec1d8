/* What is the broker's own on the disk. See own_places.h. */
#include "own_places.h"

#include "paths.h"
#include "text.h"

#include <string.h>

static bool is_same(const char *left, const char *right)
{
    return config_text_same(left, strlen(left), right, strlen(right));
}

/* What follows the folder in `path`; NULL when `path` is not in it. */
static const char *behind_folder(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    while (length > 0 && folder[length - 1] == '\\')
        length--;
    if (strlen(path) <= length || path[length] != '\\' || !config_text_same(path, length, folder, length))
        return NULL;
    return path + length + 1;
}

const char *own_places_problem(const own_places *own, const char *path)
{
    const char *in_data = behind_folder(path, own->data_folder);
    for (size_t i = 0; i < own->file_count; i++)
        if (is_same(path, own->files[i]))
            return "it is a file of the configuration";
    return in_data ? config_path_data_problem(in_data, strlen(in_data)) : NULL;
}
