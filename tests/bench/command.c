// SPDX-License-Identifier: GPL-2.0-or-later
/* Shared by tests/bench/rounds and tests/bench/parallel; see command.h. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX 64
#define ARG_BYTES 4096
#define NUMBER_MAX 1000000

int command_die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, why);
	return 1;
}

int64_t command_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t command_cpu_us(const struct rusage *usage)
{
	return (int64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000 +
	       usage->ru_utime.tv_usec + usage->ru_stime.tv_usec;
}

int command_number(const char *text, long *ret_number)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (end == text || *end || value < 0 || value > NUMBER_MAX)
		return command_die(text, "not a number from 0 to a million");
	*ret_number = value;
	return 0;
}

int command_parse(struct command *commands, int max, int argc, char **argv, int *ret_count)
{
	struct command *c = NULL;
	int count = 0;

	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], ":") == 0) {
			if (i + 1 >= argc || count == max)
				return command_die(":", "no name behind it, or too many commands");
			c = &commands[count++];
			*c = (struct command){ .name = argv[i + 1], .args = argv + i + 2 };
			i++;
		} else if (!c || c->count++ == ARGS_MAX) {
			return command_die(argv[i], c ? "too many arguments" : "behind no \":\"");
		}
	}
	*ret_count = count;
	return c ? 0 : command_die("no command", ": NAME COMMAND ARG...");
}

static void on_alarm(int signal)
{
	(void)signal;
}

void command_runner_init(struct command_runner *r, long timeout_s)
{
	/* Without SA_RESTART: it shall interrupt. */
	struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	r->timeout_s = (unsigned int)timeout_s;
	posix_spawn_file_actions_init(&r->actions);
	posix_spawn_file_actions_addopen(&r->actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&r->actions, 1, "/dev/null", O_WRONLY, 0);
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
			return command_die(c->name, "arguments too long");
		args[i] = text + used;
		used += (size_t)n + 1;
	}
	args[c->count] = NULL;
	return 0;
}

static int spawn(const struct command_runner *r, const struct command *c, long number,
		 pid_t *ret_pid)
{
	char text[ARG_BYTES], *args[ARGS_MAX + 1];
	int error;

	if (c->count == 0)
		return command_die(c->name, "has no command");
	if (expand(c, number, text, args) != 0)
		return 1;
	error = posix_spawnp(ret_pid, args[0], &r->actions, NULL, args, environ);
	return error ? command_die(args[0], strerror(error)) : 0;
}

int command_run(const struct command_runner *r, const struct command *c, long number,
		struct rusage *ret_usage)
{
	int status;
	pid_t pid;

	if (spawn(r, c, number, &pid) != 0)
		return 1;
	alarm(r->timeout_s);
	if (wait4(pid, &status, 0, ret_usage) < 0) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return command_die(c->name, "takes too long, killed");
	}
	alarm(0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	fprintf(stderr, "%s: %s: %s %d\n", program_invocation_short_name, c->name,
		WIFEXITED(status) ? "failed with status" : "ended by signal",
		WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return 1;
}

int command_wait_all(const struct command_runner *r, const struct command *c)
{
	alarm(r->timeout_s);
	while (wait(NULL) > 0)
		;
	alarm(0);
	return errno == ECHILD ? 0 : command_die(c->name, "takes too long");
}
