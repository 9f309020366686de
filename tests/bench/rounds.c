// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/bench/rounds: runs commands in turn, many times, and prints what each run took.
 *
 *     rounds [-n ROUNDS] [-w WARMUPS] [-p PAUSE_MS] [-f FIRST] [-t TIMEOUT_S] : NAME COMMAND ARG... [: NAME COMMAND ARG...]
 *
 * Each round runs each command once, in an order that is shuffled anew (by the same numbers in each invocation), so that what
 * else the machine does, and what the kernel still cleans up of the run before, meets all alike. "{}" in an argument is the
 * round's number, counted from FIRST. Prints lines of: name, round, microseconds from spawn to exit, microseconds of processor
 * time (user and system, of the command and of the children that it waited for), peak resident kilobytes of any one of them.
 *
 * In C because a child's peak memory counts that of the program that spawned it (getrusage(2) keeps it over an execve), and this
 * one is smaller than anything that is measured. The first command that fails or takes too long ends it, with status 1.
 */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 16

struct rounds {
	long count, warmups, pause_ms, first, timeout_s;
	struct command commands[COMMANDS_MAX];
	int command_count;
	uint64_t random; /* state of the shuffle */
	struct command_runner runner;
};

static int run_once(const struct rounds *r, const struct command *c, long round)
{
	int64_t began = command_now_us();
	struct rusage usage;

	if (command_run(&r->runner, c, r->first + round, &usage) != 0)
		return 1;
	if (round >= 0)
		printf("%s\t%ld\t%lld\t%lld\t%ld\n", c->name, round,
		       (long long)(command_now_us() - began), (long long)command_cpu_us(&usage),
		       usage.ru_maxrss);
	return 0;
}

/* Below @limit. The generator of drand48(3). */
static int draw(struct rounds *r, int limit)
{
	r->random = (r->random * 0x5deece66d + 0xb) & 0xffffffffffff;
	return (int)((r->random >> 16) % (uint64_t)limit);
}

static void shuffle(struct rounds *r, int order[COMMANDS_MAX])
{
	for (int i = 0; i < r->command_count; i++) {
		int at = draw(r, i + 1);

		order[i] = order[at];
		order[at] = i;
	}
}

static void rest(const struct rounds *r)
{
	struct timespec t = { r->pause_ms / 1000, r->pause_ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static int run_all(struct rounds *r)
{
	int order[COMMANDS_MAX] = { 0 };

	for (long round = -r->warmups; round < r->count; round++) {
		shuffle(r, order);
		for (int i = 0; i < r->command_count; i++) {
			if (run_once(r, &r->commands[order[i]], round) != 0)
				return 1;
			rest(r);
		}
	}
	return fflush(stdout) == 0 ? 0 : command_die("standard output", strerror(errno));
}

static int parse_options(struct rounds *r, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+n:w:p:f:t:")) != -1) {
		long *place = option == 'n'   ? &r->count
			      : option == 'w' ? &r->warmups
			      : option == 'p' ? &r->pause_ms
			      : option == 'f' ? &r->first
			      : option == 't' ? &r->timeout_s
					      : NULL;

		if (!place || command_number(optarg, place) != 0)
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct rounds r = { .count = 1, .timeout_s = 60, .random = 1 };

	if (parse_options(&r, argc, argv) != 0 ||
	    command_parse(r.commands, COMMANDS_MAX, argc - optind, argv + optind,
			  &r.command_count) != 0)
		return 2;
	command_runner_init(&r.runner, r.timeout_s);
	return run_all(&r);
}
