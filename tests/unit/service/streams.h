/* Streams for tests: to write and read back, and to see what is printed to standard output or error. */
#ifndef SHMBROKER_STREAMS_H
#define SHMBROKER_STREAMS_H

#include <stdio.h>

/* An empty stream that leaves no file behind. The caller closes it. */
FILE *streams_open(void);

/* All that was written to `stream`, which is closed. The caller frees it. Line ends are "\n". */
char *streams_close(FILE *stream);

/* The descriptor's number of a stream, and the lowest that no stream has: by it one sees what was left open. */
int streams_number(FILE *stream);
int streams_lowest_free(void);

/* What is printed to `target`, stdout or stderr, between begin and end. Nothing may fail in between. */
typedef struct streams_capture {
    FILE *target;
    FILE *into;
    int saved; /* where `target` went before */
} streams_capture;

void streams_capture_begin(streams_capture *capture, FILE *target);

/* The caller frees the text. */
char *streams_capture_end(streams_capture *capture);

#endif
