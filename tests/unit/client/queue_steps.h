/* queue_steps.h: one queue with a sender and a receiver, for tests that take one step at a time. */
#ifndef QUEUE_STEPS_H
#define QUEUE_STEPS_H

#include "queue_testing.h"

extern queue_region region;
extern queue_program *sender, *receiver;

/* Makes and attaches them; positions begin at `first`. */
void begin(uint32_t messages, uint32_t message_size, uint64_t first);
void end(void);

/* Messages that are numbers, at once or not. */
shmb_status send_number(queue_program *program, uint64_t number);
shmb_status receive_number(queue_program *program, uint64_t *number);

/* By the sender and the receiver; anything else fails the test. */
void must_send(uint64_t number);
void must_receive(uint64_t expected);
void must_be_empty(void);

#endif
