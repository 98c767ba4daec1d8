/*
 * Finds equal texts among many in n log n steps, whatever the texts are.
 */
#ifndef SHMBROKER_CONFIG_ORDER_H
#define SHMBROKER_CONFIG_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One text with what it belongs to. */
typedef struct config_order_item {
    uint64_t hash; /* of the text: config_order_hash */
    const char *text;
    size_t length;
    const void *owner;
} config_order_item;

uint64_t config_order_hash(const char *text, size_t length);

/* An item for `text`, which must live as long as the item does. */
config_order_item config_order_make(const char *text, size_t length, const void *owner);

/* Whether both have the same bytes. */
bool config_order_equal(const config_order_item *a, const config_order_item *b);

/* Brings equal texts together, each group in the order it had. `spare` has room for `count` items as well. */
void config_order_group(config_order_item *items, config_order_item *spare, size_t count);

#endif
