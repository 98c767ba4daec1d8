/*
 * Access: one list of who may read and write, compiled into the descriptor of every object that it rules.
 *
 * Pure text: SIDs in, SDDL out. The masks stand in one table (access.c), so that a region's section and its
 * backing file can never disagree about who may do what.
 */
#ifndef SHMBROKER_ACCESS_H
#define SHMBROKER_ACCESS_H

#include "model.h"

/* The kinds of object that a region's access list rules. */
typedef enum access_object {
    ACCESS_SECTION, /* the mapping itself */
    ACCESS_FILE     /* the file behind a file-backed region */
} access_object;

/* What one entry of the list allows. A writer may also read. */
typedef enum access_right { ACCESS_READ, ACCESS_WRITE, ACCESS_BROKER } access_right;

/* The accounts that every descriptor names beside the declared ones. */
typedef struct access_identity {
    const char *owner_sid;  /* becomes owner and group */
    const char *broker_sid; /* the service's own SID: full access, so that a restarted service can go on */
} access_identity;

/* The exact rights that `right` means on `object`. Never a generic right. */
uint32_t access_mask(access_object object, access_right right);

/* What the rights of `section_mask` on a section amount to on the file behind it. */
uint32_t access_file_mask(uint32_t section_mask);

/*
 * The protected descriptor of `object` under the list `access`: "O:…G:…D:P(A;;0x…;;;S-1-…)…", the broker
 * first, then writers, then readers that are not writers. Each SID appears once. NULL: out of memory. The
 * caller frees it.
 */
char *access_compile(const config_access *access, access_object object, const access_identity *identity);

/* The descriptor of the catalog: everyone reads, the broker alone writes. NULL: out of memory. The caller
   frees it. */
char *access_compile_catalog(const access_identity *identity);

/* The descriptor of the mutex that claims an instance: everyone may see whose it is, nobody but the broker
   may take it. NULL: out of memory. The caller frees it. */
char *access_compile_claim(const access_identity *identity);

#endif
