/*
 * Catalogs made by hand, byte by byte as LAYOUT.md has them: not with the service's writer, so that a mistake
 * which writer and reader share does not hide.
 */
#ifndef CATALOG_BUILDER_H
#define CATALOG_BUILDER_H

#include "catalog_reader.h"

typedef struct catalog_builder {
    uint8_t *bytes; /* `capacity` of them, zeroed */
    uint64_t capacity;
    uint64_t used;
    uint64_t last_entry;
} catalog_builder;

/* A running broker's catalog without regions. */
void builder_start(catalog_builder *builder, uint64_t capacity, uint32_t bucket_count);

/* Appends a ready region "Global\<name>" of `size` bytes; returns its entry's offset. */
uint64_t builder_add(catalog_builder *builder, const char *name, uint64_t size);

shmb_text builder_text(catalog_builder *builder, const char *text);

/* Sets committed_bytes to the pages in use and returns the view. The bytes beyond are not part of it. */
catalog_view builder_finish(catalog_builder *builder);

/* A copy of `size` bytes in an allocation of exactly that size, so that ASan sees a byte too far. */
catalog_view exact_copy(const catalog_view *view, uint64_t size);

void builder_free(catalog_builder *builder);

shmb_catalog_header *builder_header(const catalog_builder *builder);
shmb_catalog_entry *builder_entry(const catalog_builder *builder, uint64_t offset);

#endif
