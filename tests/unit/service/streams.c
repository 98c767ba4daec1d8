/* Streams for tests. See streams.h. */
#if !defined(_WIN32)
#define _POSIX_C_SOURCE 200809L /* fileno, dup. NOLINT(bugprone-reserved-identifier,cert-*): its own name */
#endif
#include "streams.h"

#include <stdlib.h>
#include <string.h>

#if defined(_WIN32)
#include <io.h>
#include <process.h>
#define dup    _dup
#define dup2   _dup2
#define close  _close
#define fileno _fileno
#else
#include <unistd.h>
#endif

static void *checked(void *made)
{
    if (!made) {
        fputs("streams: out of memory or of files\n", stderr);
        abort();
    }
    return made;
}

FILE *streams_open(void)
{
#if defined(_WIN32)
    /* tmpfile's would be in the root folder, and _tempnam gives the same name to two programs that ask at once. */
    static unsigned count;
    char name[512];
    const char *folder = checked(getenv("TEMP"));
    snprintf(name, sizeof name, "%s\\shmb-test-%d-%u", folder, _getpid(), count++);
    FILE *stream = checked(fopen(name, "w+bTD"));
    return stream;
#else
    return checked(tmpfile());
#endif
}

static void drop_carriage_returns(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++)
        if (*from != '\r')
            *to++ = *from;
    *to = '\0';
}

char *streams_close(FILE *stream)
{
    fflush(stream);
    fseek(stream, 0, SEEK_END);
    long length = ftell(stream);
    rewind(stream);
    char *text = checked(calloc(1, (size_t)length + 1));
    text[fread(text, 1, (size_t)length, stream)] = '\0';
    fclose(stream);
    drop_carriage_returns(text);
    return text;
}

int streams_number(FILE *stream)
{
    return fileno(stream);
}

int streams_lowest_free(void)
{
    FILE *stream = streams_open();
    int number = fileno(stream);
    fclose(stream);
    return number;
}

void streams_capture_begin(streams_capture *capture, FILE *target)
{
    fflush(target);
    capture->target = target;
    capture->into = streams_open();
    capture->saved = dup(fileno(target));
    dup2(fileno(capture->into), fileno(target));
}

char *streams_capture_end(streams_capture *capture)
{
    fflush(capture->target);
    dup2(capture->saved, fileno(capture->target));
    close(capture->saved);
    return streams_close(capture->into);
}
