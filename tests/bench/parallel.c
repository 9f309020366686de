// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/bench/parallel: takes many containers through the same commands, some at a time, and prints what it took.
 *
 *     parallel [-n COUNT] [-j JOBS] [-t TIMEOUT_S] : NAME COMMAND ARG... [: NAME COMMAND ARG...]
 *
 * JOBS processes take the numbers 0 to COUNT-1 in turn; each runs the commands for its number one after the other, with the
 * number for "{}". They are subreapers, as the shims of container engines are: a command with a name and nothing else waits until
 * all processes ended that the commands before it left. Prints lines of: name, number, microseconds; and at the end: "all", COUNT,
 * microseconds from the first to the last, microseconds of processor time of all.
 *
 * The first command that fails or takes too long ends it, with status 1; what it left behind is the caller's to remove.
 */
#include "command.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS_MAX 8
#define JOBS_MAX 256

/* Between the processes. */
struct shared {
	atomic_long next;
	atomic_bool has_failed;
	int64_t took_us[]; /* a row a number, a column a step */
};

struct parallel {
	long count, jobs, timeout_s;
	struct command steps[STEPS_MAX];
	int step_count;
	struct command_runner runner;
	struct shared *shared;
};

static int run_step(const struct parallel *p, const struct command *c, long number)
{
	if (c->count == 0)
		return command_wait_all(&p->runner, c);
	return command_run(&p->runner, c, number, NULL);
}

static int run_steps(struct parallel *p, long number)
{
	for (int i = 0; i < p->step_count; i++) {
		int64_t began = command_now_us();

		if (run_step(p, &p->steps[i], number) != 0)
			return 1;
		p->shared->took_us[number * p->step_count + i] = command_now_us() - began;
	}
	return 0;
}

static int work(struct parallel *p)
{
	long number;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return command_die("subreaper", strerror(errno));
	while (!p->shared->has_failed && (number = p->shared->next++) < p->count) {
		if (run_steps(p, number) != 0) {
			p->shared->has_failed = true;
			return 1;
		}
	}
	return 0;
}

static int start_workers(struct parallel *p)
{
	for (long i = 0; i < p->jobs; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(work(p));
		if (pid < 0) {
			p->shared->has_failed = true;
			return command_die("fork", strerror(errno));
		}
	}
	return 0;
}

static void print(const struct parallel *p, int64_t took_us)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	for (long i = 0; i < p->count * p->step_count; i++)
		printf("%s\t%ld\t%lld\n", p->steps[i % p->step_count].name, i / p->step_count,
		       (long long)p->shared->took_us[i]);
	printf("all\t%ld\t%lld\t%lld\n", p->count, (long long)took_us,
	       (long long)command_cpu_us(&usage));
}

static int run_all(struct parallel *p)
{
	int64_t began = command_now_us();
	int failed = start_workers(p), status;

	while (wait(&status) > 0)
		failed |= status;
	if (failed)
		return 1;
	print(p, command_now_us() - began);
	return fflush(stdout) == 0 ? 0 : command_die("standard output", strerror(errno));
}

static int share(struct parallel *p)
{
	size_t cells = (size_t)p->count * (size_t)p->step_count;
	size_t bytes = sizeof(struct shared) + cells * sizeof(int64_t);

	p->shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return p->shared != MAP_FAILED ? 0 : command_die("memory", strerror(errno));
}

static int parse_options(struct parallel *p, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "+n:j:t:")) != -1) {
		long *place = option == 'n'   ? &p->count
			      : option == 'j' ? &p->jobs
			      : option == 't' ? &p->timeout_s
					      : NULL;

		if (!place || command_number(optarg, place) != 0)
			return 1;
	}
	if (p->jobs < 1 || p->jobs > JOBS_MAX)
		return command_die("-j", "1 to 256");
	return 0;
}

int main(int argc, char **argv)
{
	struct parallel p = { .count = 1, .jobs = 1, .timeout_s = 60 };

	if (parse_options(&p, argc, argv) != 0 ||
	    command_parse(p.steps, STEPS_MAX, argc - optind, argv + optind, &p.step_count) != 0)
		return 2;
	command_runner_init(&p.runner, p.timeout_s);
	return share(&p) != 0 ? 1 : run_all(&p);
}
