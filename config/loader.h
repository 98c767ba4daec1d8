/*
 * The loader: YAML text in, a model or diagnostics out.
 *
 * It knows nothing of any operating system. What only the machine can answer (the SID of an account, whether
 * a security descriptor's text is right) it asks through `config_resolver`; well-known names and S-1-… are
 * settled here (principals.h). All errors of a file are found in one run.
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
 * Reads `text` (UTF-8, or UTF-16 with a byte-order mark) as the configuration called `file` in diagnostics.
 * Returns the model, which the caller frees with config_model_free, or NULL with at least one diagnostic
 * added.
 */
config_model *config_load_text(const char *file, const char *text, size_t length,
                               const config_resolver *resolver, config_diagnostics *diagnostics);

/*
 * Reads what `stream` holds to its end, at most CONFIG_MAX_FILE_BYTES, as config_load_text does. The caller
 * opens and closes the stream: opening a file safely is the platform's matter.
 */
config_model *config_load_stream(const char *file, FILE *stream, const config_resolver *resolver,
                                 config_diagnostics *diagnostics);

#endif
