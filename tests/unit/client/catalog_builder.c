/* Catalogs made by hand; see catalog_builder.h. */
#include "catalog_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool fact)
{
    if (!fact)
        abort();
}

static uint64_t append(catalog_builder *builder, uint64_t bytes)
{
    uint64_t offset = (builder->used + 7) / 8 * 8;
    must(offset + bytes <= builder->capacity);
    builder->used = offset + bytes;
    return offset;
}

shmb_catalog_header *builder_header(const catalog_builder *builder)
{
    return (shmb_catalog_header *)(void *)builder->bytes;
}

shmb_catalog_entry *builder_entry(const catalog_builder *builder, uint64_t offset)
{
    return (shmb_catalog_entry *)(void *)(builder->bytes + offset);
}

shmb_text builder_text(catalog_builder *builder, const char *text)
{
    uint32_t length = (uint32_t)strlen(text);
    uint64_t offset = append(builder, (uint64_t)length + 1);
    memcpy(builder->bytes + offset, text, length);
    return (shmb_text){(uint32_t)offset, length};
}

void builder_start(catalog_builder *builder, uint64_t capacity, uint32_t bucket_count)
{
    memset(builder, 0, sizeof *builder);
    builder->bytes = calloc(1, (size_t)capacity);
    if (builder->bytes == NULL)
        abort();
    builder->capacity = capacity;
    builder->used = SHMB_CATALOG_HEADER_BYTES;
    shmb_catalog_header *header = builder_header(builder);
    header->magic = SHMB_CATALOG_MAGIC;
    header->layout_version = SHMB_CATALOG_VERSION;
    header->header_bytes = 4096;
    header->reserved_bytes = 256u << 20;
    header->generation = 7;
    header->heartbeat = 123456789;
    header->heartbeat_period = 500;
    header->broker_state = SHMB_BROKER_RUNNING;
    header->broker_pid = 4711;
    header->broker_started = 133000000000000000u;
    header->epoch = 3;
    memcpy(header->broker_version, "0.1.0", 5);
    memcpy(header->instance, "test", 4);
    header->index_offset = append(builder, 8 + 8 * (uint64_t)bucket_count);
    uint32_t *index = (uint32_t *)(void *)(builder->bytes + header->index_offset);
    index[0] = bucket_count;
}

static void insert(catalog_builder *builder, uint64_t hash, uint64_t entry)
{
    uint8_t *index = builder->bytes + builder_header(builder)->index_offset;
    uint32_t count = *(uint32_t *)(void *)index;
    uint64_t *buckets = (uint64_t *)(void *)(index + 8);
    uint64_t at = hash % count;
    while (buckets[at] != 0)
        at = (at + 1) % count;
    buckets[at] = entry;
}

uint64_t builder_add(catalog_builder *builder, const char *name, uint64_t size)
{
    char object[SHMB_TEXT_MAX_BYTES];
    snprintf(object, sizeof object, "Global\\%s", name);
    shmb_text name_text = builder_text(builder, name);
    shmb_text object_text = builder_text(builder, object);
    shmb_text description = builder_text(builder, "a region made by hand");
    shmb_text note = builder_text(builder, "without large pages");
    uint64_t offset = append(builder, sizeof(shmb_catalog_entry));
    shmb_catalog_entry *entry = builder_entry(builder, offset);
    entry->hash = shmb_name_hash(name, strlen(name));
    entry->name = name_text;
    entry->version = 1;
    entry->slots[1] = (shmb_catalog_slot){.state = SHMB_REGION_READY,
                                          .kind = SHMB_KIND_RAW,
                                          .size = size,
                                          .generation = 1,
                                          .changed = 99,
                                          .object_name = object_text,
                                          .description = description,
                                          .flags = SHMB_FLAG_NUMA,
                                          .note = note};
    shmb_catalog_header *header = builder_header(builder);
    if (builder->last_entry == 0)
        header->first_entry = offset;
    else
        builder_entry(builder, builder->last_entry)->next_entry = offset;
    builder->last_entry = offset;
    header->entry_count++;
    insert(builder, entry->hash, offset);
    return offset;
}

catalog_view builder_finish(catalog_builder *builder)
{
    uint64_t committed = (builder->used + 4095) / 4096 * 4096;
    must(committed <= builder->capacity);
    builder_header(builder)->committed_bytes = committed;
    return (catalog_view){builder->bytes, committed};
}

catalog_view exact_copy(const catalog_view *view, uint64_t size)
{
    uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
    if (bytes == NULL || size > view->size)
        abort();
    memcpy(bytes, view->base, (size_t)size);
    return (catalog_view){bytes, size};
}

void builder_free(catalog_builder *builder)
{
    free(builder->bytes);
    memset(builder, 0, sizeof *builder);
}
