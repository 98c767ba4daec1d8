/* queue_peer.h: what test_queue.c and its other programs, shmbroker-queue-peer, agree on. */
#ifndef QUEUE_PEER_H
#define QUEUE_PEER_H

#include <stdint.h>

#define PEERS_MOST 65536u /* numbers of peers */

/* A message. */
typedef struct peer_message {
    uint32_t sender;
    uint32_t number; /* from 0, each sender's own */
    uint64_t check;
} peer_message;

static inline uint64_t peer_check(uint32_t sender, uint32_t number)
{
    return ((uint64_t)sender << 32 | number) * UINT64_C(0x9E3779B97F4A7C15) ^ UINT64_C(0x5555555555555555);
}

/* The region of notes: what each peer has done, which stays when it is killed. */
typedef struct peer_note {
    volatile uint32_t ready;    /* it has attached */
    volatile uint32_t sent;     /* messages whose send has returned */
    volatile uint32_t received; /* messages whose receive has returned */
    volatile uint32_t wrong;    /* messages that no sender sent, or that came in another order */
    volatile uint32_t status;   /* of the call that failed: shmb_status */
    uint32_t zero[3];
} peer_note;

#endif
