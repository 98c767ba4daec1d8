/*
 * A merge sort by hash first: the bytes are compared only where hashes agree, and no choice of texts makes it
 * slow, as it would a hash table.
 */
#include "order.h"

#include <string.h>

uint64_t config_order_hash(const char *text, size_t length)
{
    uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a */
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 0x100000001B3u;
    }
    return hash;
}

config_order_item config_order_make(const char *text, size_t length, const void *owner)
{
    config_order_item item;
    item.hash = config_order_hash(text, length);
    item.text = text;
    item.length = length;
    item.owner = owner;
    return item;
}

static int compare(const config_order_item *a, const config_order_item *b)
{
    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }
    if (a->length != b->length) {
        return a->length < b->length ? -1 : 1;
    }
    return memcmp(a->text, b->text, a->length);
}

bool config_order_equal(const config_order_item *a, const config_order_item *b)
{
    return compare(a, b) == 0;
}

/* Merges the sorted from[start..middle) and from[middle..end) into `to`; of equal ones the left comes first.
 */
static void merge(const config_order_item *from, config_order_item *to, size_t start, size_t middle,
                  size_t end)
{
    size_t left = start;
    size_t right = middle;
    for (size_t i = start; i < end; i++) {
        bool take_left = right == end || (left < middle && compare(&from[left], &from[right]) <= 0);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

static size_t least_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

void config_order_group(config_order_item *items, config_order_item *spare, size_t count)
{
    config_order_item *from = items;
    config_order_item *to = spare;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            merge(from, to, start, least_of(start + width, count), least_of(start + 2 * width, count));
        }
        config_order_item *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != items) {
        memcpy(items, from, count * sizeof *items);
    }
}
