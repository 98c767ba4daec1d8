/*
 * board.h: the shared region by which the programs of test_histories.c begin rounds together and leave their histories,
 * which stay when one is killed. recorder.c writes them.
 */
#ifndef TEST_BOARD_H
#define TEST_BOARD_H

#include "../model/linear.h"

#define BOARD_SEATS      4u
#define BOARD_OPERATIONS 8u

typedef enum board_subject { BOARD_QUEUE, BOARD_STATE, BOARD_END } board_subject;

typedef struct board {
    uint64_t clock;   /* atomic: drawn from for each beginning and end */
    uint32_t subject; /* of the round: board_subject */
    uint32_t round;   /* atomic: counts on when one begins, from 1 */
    struct {
        uint32_t done;  /* atomic: the last round that this seat came through */
        uint32_t count; /* atomic: operations of the round so far, the one under way included */
        linear_operation history[BOARD_OPERATIONS];
    } seats[BOARD_SEATS];
} board;

#endif
