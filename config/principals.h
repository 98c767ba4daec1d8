/*
 * Principals: the accounts and groups of access lists, from text to SID.
 *
 * Well-known ones have their English names on every machine, whatever its language, with or without the
 * authority before them (`Users`, `BUILTIN\Users`), in any case. `NT SERVICE\name` is computed, S-1-… taken
 * as it is; only the rest is the machine's to look up. A local account that bears a well-known name is
 * written `.\name`.
 */
#ifndef SHMBROKER_CONFIG_PRINCIPALS_H
#define SHMBROKER_CONFIG_PRINCIPALS_H

#include "loader.h"

/* Bytes of one principal's text: `DOMAIN\name` at its longest and some. */
#define CONFIG_MAX_PRINCIPAL 512u

/* Room for the sentence that says why a principal has no SID. */
#define CONFIG_PRINCIPAL_WHY 256u

/* One row of the table of well-known principals. */
typedef struct config_well_known {
    const char *name;
    const char *authority; /* what may stand before it with a backslash; "" when nothing may */
    const char *sid;
} config_well_known;

/* The table, which ends with a row whose name is NULL. */
extern const config_well_known config_well_known_principals[];

/* The row called `text`, or NULL. */
const config_well_known *config_well_known_find(const char *text);

/* The row that `text` may be a slip of, or NULL. */
const config_well_known *config_well_known_similar(const char *text);

/* The English name of a well-known SID in its usual form, such as `Users` for S-1-5-32-545; NULL for any
   other. */
const char *config_well_known_name(const char *sid);

/*
 * Brings an SID's text into the form that the kernel prints: `s-1-5-032-545` becomes `S-1-5-32-545`. Returns
 * false, with `sid` empty, for what is no SID: revision 1, an authority below 2^48, 1 to 15 subauthorities
 * below 2^32.
 */
bool config_sid_canonical(const char *text, char sid[CONFIG_SID_TEXT]);

/*
 * Finds the SID of a principal, asking `resolver` for what only the machine knows. Returns false, with `sid`
 * empty and one sentence in `why`, when there is none.
 */
bool config_principal_resolve(const char *text, const config_resolver *resolver, char sid[CONFIG_SID_TEXT],
                              char why[CONFIG_PRINCIPAL_WHY]);

#endif
