/* What the commands' tests share: a machine in memory, and what a command prints, captured. */
#ifndef COMMAND_TESTING_H
#define COMMAND_TESTING_H

#include "testing.h"

#include "commands.h"
#include "fake_platform.h"

extern char *printed, *complained; /* by the last command, on standard output and on standard error */

/* Set-up: a machine that has nothing. */
int new_machine(void **state);

/* Tear-down: nothing was used wrongly, and nothing is left open. */
int closed_machine(void **state);

/* Runs a command with what it prints captured; its exit code. */
int command_captured(int (*command)(const command_options *options), const command_options *options);

/* The same of a machine on which every configuration has this text. */
int command_captured_with(const char *config, int (*command)(const command_options *options),
                          const command_options *options);

#endif
