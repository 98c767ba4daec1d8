/*
 * The loader: YAML text in, a model or diagnostics out.
 *
 * It knows nothing of any operating system. What only the machine can answer (the SID of an account, whether
 * a security descriptor's text is right) it asks through `config_resolver`; well-known names and S-1-… are
 * settled here (principals.h). The files that a configuration includes it asks for through `config_sources`.
 */
#ifndef SHMBROKER_CONFIG_LOADER_H
#define SHMBROKER_CONFIG_LOADER_H

#include "diagnostics.h"
#include "model.h"

/* Questions to the machine. Each returns true, or false with one sentence in `why` (no line end). */
typedef struct config_resolver {
    void *context;
    /* The SID of `NT SERVICE\SERVICE`, computed from the name: the service need not exist. */
    bool (*service_sid)(void *context, const char *service, char sid[CONFIG_SID_TEXT], char *why,
                        size_t why_size);
    /* The SID of an account or group that is not well known: `DOMAIN\name`, `.\name`, or `name`. */
    bool (*account_sid)(void *context, const char *account, char sid[CONFIG_SID_TEXT], char *why,
                        size_t why_size);
    /* Whether `sddl` is a descriptor that a section may have: it parses, and has a DACL that is not NULL. */
    bool (*sddl_is_valid)(void *context, const char *sddl, char *why, size_t why_size);
} config_resolver;

/*
 * Access to the files that a configuration includes. Paths are relative to the folder of the main file, with either
 * separator, without `.` and `..`. What fails says why in one sentence (no line end).
 */
typedef struct config_sources {
    void *context;
    /* Opens a file for reading; the loader closes it. NULL: it cannot be, for the reason `why`. */
    FILE *(*open)(void *context, const char *path, char *why, size_t why_size);
    /*
     * Calls `found` with the name (UTF-8) of each file in `folder`, in any order, until it returns false; "" is
     * the main file's folder. One that is not there has no files. False: it cannot be listed, for the reason `why`.
     */
    bool (*list)(void *context, const char *folder, bool (*found)(void *receiver, const char *name),
                 void *receiver, char *why, size_t why_size);
} config_sources;

/*
 * Reads the configuration whose main file is `stream`, called `file` in diagnostics and in the model, and the files that
 * it includes, which are called by the same folder. Each file holds UTF-8, or UTF-16 with a byte-order mark, and at most
 * CONFIG_MAX_FILE_BYTES. Returns the model, which the caller frees with config_model_free, or NULL with at least one
 * error added. The caller opens and closes the stream: opening a file safely is the platform's matter.
 *
 * Without `sources` (NULL) nothing can be included. Each file is read once, however many entries name it. Errors are found in all files in one run.
 */
config_model *config_load(const char *file, FILE *stream, const config_sources *sources,
                          const config_resolver *resolver, config_diagnostics *diagnostics);

/* The same for a main file whose text is at hand. */
config_model *config_load_text(const char *file, const char *text, size_t length,
                               const config_sources *sources, const config_resolver *resolver,
                               config_diagnostics *diagnostics);

#endif
