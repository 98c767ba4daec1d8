/*
 * message.h: the sentence that explains a failure, written into the caller's buffer
 * (shmb_attach_options.message).
 *
 * Always NUL-terminated, cut at a character's boundary when the buffer is small. Without a buffer all of it
 * does nothing.
 */
#ifndef SHMB_MESSAGE_H
#define SHMB_MESSAGE_H

#include <stddef.h>

#if defined(__MINGW32__)
#define SHMB_PRINTF(form, first) __attribute__((format(gnu_printf, form, first)))
#elif defined(__GNUC__)
#define SHMB_PRINTF(form, first) __attribute__((format(printf, form, first)))
#else
#define SHMB_PRINTF(form, first)
#endif

typedef struct shmb_message {
    char *text; /* NULL: nobody listens */
    size_t size;
    size_t prefix; /* bytes that shmb_message_set leaves standing */
} shmb_message;

/* Empties it, prefix and all. */
void shmb_message_clear(shmb_message *message);

/* What every sentence begins with: "cannot attach to …: ". */
void shmb_message_prefix(shmb_message *message, const char *format, ...) SHMB_PRINTF(2, 3);

/* Replaces what stands after the prefix. */
void shmb_message_set(shmb_message *message, const char *format, ...) SHMB_PRINTF(2, 3);

/* Appends. */
void shmb_message_add(shmb_message *message, const char *format, ...) SHMB_PRINTF(2, 3);

#endif
