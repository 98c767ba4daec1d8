/*
 * trace.h: a run as text, one line a step, for the run that is traced; nothing for the others.
 */
#ifndef SHMBROKER_TRACE_H
#define SHMBROKER_TRACE_H

#include "hooked_atomics.h"

void trace_begin(void);
const char *trace_end(void); /* until the next trace_begin */

void trace_forget_names(void);
void trace_name(const volatile void *at, size_t bytes, const char *name);

void trace_access(const char *thread, const hook_access *access, uint64_t result);
void trace_call(const char *thread, const char *what, const void *object);
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void trace_line(const char *format, ...);

#endif
