/* Gives the loader its files: those beside the main file, through the guard. See reading.h. */
#include "reading.h"

#include "text_builder.h"

#include <stdlib.h>
#include <string.h>

/* `path` below the main file's folder; "" is the folder itself. NULL: out of memory. The caller frees it. */
static char *beside_main(const reading *r, const char *path)
{
    size_t folder = strlen(r->path);
    while (folder > 0 && !strchr("\\/:", r->path[folder - 1]))
        folder--;
    if (folder == 0 && path[0] == '\0')
        return text_make(".");
    return text_make("%.*s%s", (int)folder, r->path, path);
}

static FILE *open_guarded(const reading *r, const char *path, platform_failure *failure)
{
    if (!r->guard)
        return platform_file_open(path, failure);
    FILE *stream = guard_open(r->guard, path, failure);
    if (stream && r->strict && guard_refuses(r->guard, failure)) {
        fclose(stream);
        return NULL;
    }
    return stream;
}

static bool out_of_memory(char *why, size_t size)
{
    snprintf(why, size, "out of memory; close other programs");
    return false;
}

static FILE *open_fragment(void *context, const char *path, char *why, size_t size)
{
    platform_failure failure = {0};
    char *full = beside_main(context, path);
    FILE *stream = full ? open_guarded(context, full, &failure) : NULL;
    if (!full)
        out_of_memory(why, size);
    else if (!stream)
        snprintf(why, size, "%s", failure.text);
    free(full);
    return stream;
}

/* Who may add a file to the folder may add regions, so that the guard looks at it first. */
static bool list_folder(void *context, const char *folder, bool (*found)(void *receiver, const char *name),
                        void *receiver, char *why, size_t size)
{
    const reading *r = context;
    platform_failure failure = {0};
    char *full = beside_main(r, folder);
    if (!full)
        return out_of_memory(why, size);
    bool ok = (!r->guard || (guard_look_at_folder(r->guard, full, &failure) &&
                             !(r->strict && guard_refuses(r->guard, &failure)))) &&
              platform_folder_list(full, found, receiver, &failure);
    if (!ok)
        snprintf(why, size, "%s", failure.text);
    free(full);
    return ok;
}

config_model *reading_load(const reading *what, config_diagnostics *diagnostics, platform_failure *failure)
{
    reading r = *what;
    const config_sources sources = {&r, open_fragment, list_folder};
    FILE *stream = open_guarded(what, what->path, failure);
    if (!stream)
        return NULL;
    config_model *model = config_load(what->shown, stream, &sources, what->resolver, diagnostics);
    fclose(stream);
    return model;
}
