/* The sentence that explains a failure; see message.h. */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Removes a character that was cut in half at the end of `text`: a lead byte whose continuation is missing.
 */
static void drop_half_character(char *text, size_t length)
{
    size_t start = length;
    while (start > 0 && length - start < 4 && ((unsigned char)text[start - 1] & 0xC0u) == 0x80u)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t wanted = lead >= 0xF0u ? 4 : lead >= 0xE0u ? 3 : lead >= 0xC0u ? 2 : 1;
    if (length - (start - 1) < wanted)
        text[start - 1] = '\0';
}

static void SHMB_PRINTF(3, 0)
    print_at(shmb_message *message, size_t offset, const char *format, va_list arguments)
{
    if (message->text == NULL || offset >= message->size)
        return;
    size_t room = message->size - offset;
    int length = vsnprintf(message->text + offset, room, format, arguments);
    if (length < 0)
        message->text[offset] = '\0';
    else if ((size_t)length >= room)
        drop_half_character(message->text, message->size - 1);
}

void shmb_message_clear(shmb_message *message)
{
    message->prefix = 0;
    if (message->text != NULL && message->size > 0)
        message->text[0] = '\0';
}

void shmb_message_prefix(shmb_message *message, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_at(message, 0, format, arguments);
    va_end(arguments);
    message->prefix = message->text != NULL && message->size > 0 ? strlen(message->text) : 0;
}

void shmb_message_set(shmb_message *message, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_at(message, message->prefix, format, arguments);
    va_end(arguments);
}

void shmb_message_add(shmb_message *message, const char *format, ...)
{
    if (message->text == NULL || message->size == 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    print_at(message, strlen(message->text), format, arguments);
    va_end(arguments);
}
