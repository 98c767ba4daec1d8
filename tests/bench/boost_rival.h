/* Boost.Interprocess's mutex, to be held against the product's lock. channel_boost_win32.cpp; only where Boost is. */
#ifndef BENCH_BOOST_RIVAL_H
#define BENCH_BOOST_RIVAL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes of a mutex; made in zeroed shared memory by one process and used by all. */
size_t boost_mutex_bytes(void);
void boost_mutex_make(void *memory);
void boost_mutex_lock(void *memory);
void boost_mutex_unlock(void *memory);

#ifdef __cplusplus
}
#endif

#endif
