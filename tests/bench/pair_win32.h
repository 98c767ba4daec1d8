/*
 * A measurement that takes two processes: this one, and a peer that does what it is told, each held on a processor of
 * its own.
 *
 * The peer is this program again, started as `--pair PAGE`. The two share a page: the peer sleeps until it is given an
 * act, says when it is ready to begin, performs it, and leaves a number as its result. What goes wrong in the peer ends
 * the measurement of the bar with the peer's own words.
 */
#ifndef PAIR_WIN32_H
#define PAIR_WIN32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAIR_ARGUMENTS 1024u /* bytes */
#define PAIR_WAIT_MS   120000u

/* What the peer can do; each table of such acts ends with one that has no name, and pair_win32.c knows them all. The function calls pair_ready when it is about to begin, and pair_is_over now and then if it is
   to go on until it is told to end. */
typedef struct pair_act {
    const char *name;
    uint64_t (*perform)(const void *arguments);
} pair_act;

extern const pair_act message_acts[]; /* message_trial_win32.c */
extern const pair_act lock_acts[];    /* bar_locks_win32.c */
extern const pair_act state_acts[];   /* bar_state_win32.c */

/* Starts the peer, holds this process on the processor `mine` and the peer on `theirs`, counted from 0 among those that
   this process may use. The same number twice: both share one processor, and know that they have no other. Nothing
   happens when it is so already. */
void pair_open(unsigned mine, unsigned theirs);

/* Whether this machine lets the two have a processor each. */
bool pair_can_be_apart(void);

/* Holds the calling thread on the n-th processor, where there are several. Its process may use the others. */
void pair_stay(unsigned n);

/* Has the peer begin `act`, and returns when it is ready. */
void pair_begin(const char *act, const void *arguments, size_t size);

/* Tells the peer that it may end, for acts that ask. */
void pair_tell_end(void);

/* Waits until the act has been performed; its result. */
uint64_t pair_end(void);

/* Ends the peer at once, as a crash would; the next pair_open starts another. */
void pair_kill(void);
void pair_close(void);

/* Nanoseconds of a round trip of one cache line between the two: this writes, the peer answers. Their median over `trips`
   when each is taken by itself. The floor of all that two processors tell each other. */
double pair_bounce(unsigned trips);

/* Seconds, as the floor of a bar. */
double pair_floor(void);

/* The same of two events: this sets one and waits for the other, the peer the other way round. */
double pair_event_trip(unsigned trips);

/* ---- In the peer ----------------------------------------------------------------------------------------------------- */

void pair_ready(void);
bool pair_is_over(void);

/* What main does for `--pair PAGE`: performs what it is told until it is told to quit. */
int pair_peer(const char *page_name);

/* ---- Time of single trips -------------------------------------------------------------------------------------------- */

/* The processor's own clock, which costs less to read than what is measured; and its ticks in nanoseconds. */
uint64_t pair_ticks(void);
double pair_nanoseconds(uint64_t ticks);

/* Of `count` ticks, which are sorted by it: the one below which `share` of them lie, in nanoseconds. */
double pair_percentile(uint32_t *ticks, size_t count, double share);

#endif
