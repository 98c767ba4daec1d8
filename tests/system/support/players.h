/* Programs that use a region of a kind while a test looks on: shmbroker-player (player.c). */
#ifndef TEST_PLAYERS_H
#define TEST_PLAYERS_H

#include "broker.h"

#include <stdint.h>

/* Starts one, and returns when it is ready. */
process *player_start(const test_broker *b, const char *region, const char *role);

/* The same under the account of `token`. */
process *player_start_as(HANDLE token, const test_broker *b, const char *region, const char *role);

typedef struct player_score {
    unsigned long long turns;
    unsigned long long bad;
    unsigned long long missed;
    unsigned long long last;
} player_score;

/* Lets it end, and reads what it counted; fails unless it ended well, took turns, and saw nothing bad. */
player_score player_finish(process *player);

/* What the environment gives, or the usual one: how many rounds a test takes (SHMBROKER_KILL_ROUNDS), and what its instants are
   drawn from (SHMBROKER_KILL_SEED). */
unsigned player_rounds(unsigned usual);
uint32_t player_seed(uint32_t usual);

#endif
