/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the drivers of the benches share: commands from an argument vector, run with a number put in, and clocks.
 *
 * Functions that fail say why on standard error and return 1; 0 is success.
 */
#ifndef BENCH_COMMAND_H
#define BENCH_COMMAND_H

#include <spawn.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct command {
	const char *name;
	char **args; /* up to, not including, args[count]; they live in the vector that was parsed */
	int count;
};

/* How commands are run: with /dev/null for standard input and output, and a limit of time. */
struct command_runner {
	posix_spawn_file_actions_t actions;
	unsigned int timeout_s;
};

/* Print "PROGRAM: what: why". Returns 1. */
int command_die(const char *what, const char *why);

/* The clock that doesn't jump, in microseconds. */
int64_t command_now_us(void);

/* User and system time together, in microseconds. */
int64_t command_cpu_us(const struct rusage *usage);

/* A number of 0 to a million, for options. */
int command_number(const char *text, long *ret_number);

/*
 * Read ": NAME ARG... : NAME ARG..." into @commands, @max at most; a command may have no arguments. *ret_count gets how many.
 */
int command_parse(struct command *commands, int max, int argc, char **argv, int *ret_count);

/* Set up @r, and SIGALRM to interrupt a wait. */
void command_runner_init(struct command_runner *r, long timeout_s);

/*
 * Run @c to its end, with the first "{}" in each argument replaced by @number. *ret_usage may be NULL. A command that takes
 * longer than the limit is killed; that, a signal or a status other than 0 is a failure.
 */
int command_run(const struct command_runner *r, const struct command *c, long number,
		struct rusage *ret_usage);

/* Wait until no child is left, those included that were inherited as a subreaper; within the limit of time. */
int command_wait_all(const struct command_runner *r, const struct command *c);

#endif
