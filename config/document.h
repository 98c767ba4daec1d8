/*
 * A YAML document as a bounded tree of nodes that know where they stand.
 *
 * Only what a configuration needs: mappings with scalar keys, sequences and scalars. Anchors, aliases, tags,
 * further documents, duplicate keys, NUL characters and too deep nesting are reported, each once, and the
 * rest is read on.
 */
#ifndef SHMBROKER_CONFIG_DOCUMENT_H
#define SHMBROKER_CONFIG_DOCUMENT_H

#include "arena.h"
#include "diagnostics.h"
#include "model.h"

/* Room for what config_node_path writes, its NUL included. */
#define CONFIG_PATH_TEXT 1024u

/* The most values (scalars, sequences, mappings) that all documents of a configuration may hold. */
#define CONFIG_MAX_NODES 2000000u

typedef enum config_node_kind {
    CONFIG_NODE_SCALAR,
    CONFIG_NODE_SEQUENCE,
    CONFIG_NODE_MAPPING,
    CONFIG_NODE_BROKEN /* already reported: no further errors about it */
} config_node_kind;

/* One value. In a mapping it carries its key; all text lives as long as the arena. */
typedef struct config_node {
    const struct config_node *parent; /* NULL for the root */
    struct config_node *next;         /* the next value of the same parent */
    struct config_node *children;     /* of a mapping or sequence: the first */
    const char *key;                  /* in a mapping: NUL-terminated; otherwise NULL */
    const char *text;                 /* of a scalar: NUL-terminated */
    uint32_t key_length;              /* bytes */
    uint32_t length;                  /* bytes of a scalar, or number of children */
    uint32_t index;                   /* its place among its parent's children, from 0 */
    config_position key_where;        /* where the key starts; without one, as `where` */
    config_position where;
    config_position key_end; /* behind the key's last character */
    config_position end;     /* behind the value's; of a list or mapping: behind what opens it */
    unsigned char kind;      /* config_node_kind */
    bool plain;              /* a scalar without quotes */
    bool key_plain;
    bool duplicate; /* its key stands before it in the mapping already: reported */
} config_node;

/*
 * Reads one document into `arena`. Returns its root, or NULL when there is no tree to go on with: a syntax
 * error, an empty document, no memory. What is wrong is added to `diagnostics`. `*nodes` counts the values that
 * all documents read so far hold.
 */
const config_node *config_document_read(const char *text, size_t length, size_t *nodes, config_arena *arena,
                                        config_diagnostics *diagnostics);

/* Whether the scalar is YAML's null: nothing, `~` or `null` without quotes. */
bool config_node_is_null(const config_node *node);

/* Writes the way from the root: `regions.Telemetry.access.write[1]`. Returns `buffer`; what does not fit is
   cut. */
const char *config_node_path(const config_node *node, char buffer[CONFIG_PATH_TEXT]);

/* What an error about the value, or about its key, is to mark. */
config_span config_node_span(const config_node *node);
config_span config_node_key_span(const config_node *node);

/* Adds the one diagnostic that says that memory ran out. */
void config_out_of_memory(config_diagnostics *diagnostics);

#endif
