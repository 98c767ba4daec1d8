/*
 * What carries messages from one process to another, each behind the same two calls, so that a bar holds like against
 * like: the product's queue, and what programs use today.
 */
#ifndef BENCH_CHANNELS_H
#define BENCH_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct channel_shape {
    unsigned messages;     /* that it holds at most, a power of two */
    unsigned message_size; /* bytes of the largest */
} channel_shape;

/* One way of carrying. Every call but `close` ends the measurement with the reason when it cannot do its work. */
typedef struct channel_kind {
    const char *name; /* as the report has it */

    /* The end of one channel of that name: `first` in the process that makes it and receives from it, false in the one
       that opens it afterwards and sends. Where one process is enough for making both, it is done in `first`. */
    void *(*open)(const char *name, const channel_shape *shape, bool first);

    void (*send)(void *channel, const void *message, size_t size);    /* waits for room */
    size_t (*receive)(void *channel, void *message, size_t capacity); /* waits for a message; its size */
    void (*close)(void *channel);

    /* Where messages can be made and read in place; NULL: they are copied. A place for one of `size` bytes, until it is
       sent; the next one where it lies, until it is let go. */
    void *(*claim)(void *channel, size_t size);
    void (*commit)(void *channel);
    const void *(*take)(void *channel, size_t *size);
    void (*release)(void *channel);
} channel_kind;

extern const channel_kind channel_ours; /* channel_ours_win32.c */
extern const channel_kind
    channel_ring; /* channel_ring_win32.c: the ceiling, one to one, spinning, no waiting */
extern const channel_kind channel_pipe;  /* channel_pipe_win32.c */
extern const channel_kind channel_boost; /* channel_boost_win32.cpp; only where Boost is */

#ifdef __cplusplus
}
#endif

#endif
