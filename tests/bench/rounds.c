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
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 8
#define ARGS_MAX 64
#define ARG_BYTES 4096
#define NUMBER_MAX 1000000

struct command {
	const char *name;
	char **args; /* up to, not including, args[count] */
	int count;
};

struct rounds {
	long count, warmups, pause_ms, first, timeout_s;
	struct command commands[COMMANDS_MAX];
	int command_count;
	uint64_t random; /* state of the shuffle */
	posix_spawn_file_actions_t actions;
};

static int die(const char *what, const char *why)
{
	fprintf(stderr, "rounds: %s: %s\n", what, why);
	return 1;
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t cpu_us(const struct rusage *usage)
{
	return (int64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
	       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

/* The command's arguments with each "{}" replaced by @number; they live in @text. */
static int expand(const struct command *c, long number, char text[ARG_BYTES],
		  char *args[ARGS_MAX + 1])
{
	size_t used = 0;

	for (int i = 0; i < c->count; i++) {
		const char *arg = c->args[i], *mark = strstr(arg, "{}");
		int n = mark ? snprintf(text + used, ARG_BYTES - used, "%.*s%ld%s",
					(int)(mark - arg), arg, number, mark + 2)
			     : snprintf(text + used, ARG_BYTES - used, "%s", arg);

		if (n < 0 || (size_t)n >= ARG_BYTES - used)
			return die(c->name, "arguments too long");
		args[i] = text + used;
		used += (size_t)n + 1;
	}
	args[c->count] = NULL;
	return 0;
}

/* 0 when the command ended well within the time; SIGALRM interrupts the wait. */
static int wait_for(const struct rounds *r, const struct command *c, pid_t pid,
		    struct rusage *usage)
{
	int status;

	alarm((unsigned int)r->timeout_s);
	if (wait4(pid, &status, 0, usage) < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return die(c->name, "takes too long, killed");
	}
	alarm(0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	fprintf(stderr, "rounds: %s: %s %d\n", c->name,
		WIFEXITED(status) ? "failed with status" : "ended by signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return 1;
}

static int run_once(const struct rounds *r, const struct command *c, long round)
{
	char text[ARG_BYTES], *args[ARGS_MAX + 1];
	struct rusage usage;
	int64_t began;
	pid_t pid;
	int error;

	if (expand(c, r->first + round, text, args) != 0)
		return 1;
	began = now_us();
	error = posix_spawnp(&pid, args[0], &r->actions, NULL, args, environ);
	if (error)
		return die(args[0], strerror(error));
	if (wait_for(r, c, pid, &usage) != 0)
		return 1;
	if (round >= 0)
		printf("%s\t%ld\t%lld\t%lld\t%ld\n", c->name, round, (long long)(now_us() - began),
		       (long long)cpu_us(&usage), usage.ru_maxrss);
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
	return fflush(stdout) == 0 ? 0 : die("standard output", strerror(errno));
}

static int number(const char *text, long *ret_number)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 0 || value > NUMBER_MAX)
		return die(text, "not a number from 0 to a million");
	*ret_number = value;
	return 0;
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

		if (!place || number(optarg, place) != 0)
			return 1;
	}
	return 0;
}

static int parse_commands(struct rounds *r, int argc, char **argv)
{
	struct command *c = NULL;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], ":") == 0) {
			if (i + 2 >= argc || r->command_count == COMMANDS_MAX)
				return die(":", "wants a name and a command, at most 8 times");
			c = &r->commands[r->command_count++];
			*c = (struct command){ .name = argv[i + 1], .args = argv + i + 2 };
			i++;
		} else if (!c || c->count++ == ARGS_MAX) {
			return die(argv[i], c ? "too many arguments" : "behind no \":\"");
		}
	}
	return c ? 0 : die("no command", ": NAME COMMAND ARG...");
}

static void on_alarm(int signal)
{
	(void)signal;
}

int main(int argc, char **argv)
{
	struct rounds r = { .count = 1, .timeout_s = 60, .random = 1 };
	struct sigaction action = { .sa_handler = on_alarm };

	if (parse_options(&r, argc, argv) != 0 ||
	    parse_commands(&r, argc - optind, argv + optind) != 0)
		return 2;
	/* Without SA_RESTART: it shall interrupt. */
	sigaction(SIGALRM, &action, NULL);
	posix_spawn_file_actions_init(&r.actions);
	posix_spawn_file_actions_addopen(&r.actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&r.actions, 1, "/dev/null", O_WRONLY, 0);
	return run_all(&r);
}
