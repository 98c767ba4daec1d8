/*
 * wait_model.h: client/src/sync/wait.h under the scheduler: gates, places, bells and lives of a model's threads. A thread
 * is over when it was killed or has come to its end.
 *
 * As on Windows: a gate belongs to the longest waiter the instant it is left, or its owner dies; a wake-up that finds
 * a sleeper is used up, even if he is killed before he does anything.
 */
#ifndef SHMBROKER_WAIT_MODEL_H
#define SHMBROKER_WAIT_MODEL_H

#include "sync/wait.h"

#include <stdbool.h>
#include <stdint.h>

/* In begin(), first. `processor_count` as the model's sync_processors tells. */
void wait_model_reset(uint32_t processor_count);

/* In begin(). */
sync_place *wait_model_place(const char *name);
sync_bell *wait_model_bell(const char *name);
sync_lives *wait_model_lives(void);

/* The life of the model's thread, by its number. */
sync_life wait_model_life(int thread);

/* In begin() and end(): whose calls those that follow are; -1: nobody's among the threads, as at first. */
void wait_model_act_as(int thread);

/* Whether anybody was told in a place that the thread is over: until he has buried it, others are not. */
bool wait_model_was_told(int thread);

/* How often the thread went to sleep in a gate. */
unsigned wait_model_sleeps(int thread);

/* How often since wait_model_reset anything was asked of the system. */
unsigned wait_model_calls(void);

#endif
