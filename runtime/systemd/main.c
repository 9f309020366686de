// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * systemd/main: wabe-systemd, what wabe asks of systemd over D-Bus, for `wabe --systemd-cgroup` alone.
 *
 *     wabe-systemd [--user] start UNIT SLICE PID [PROPERTY...]   a transient scope around a process
 *     wabe-systemd [--user] set UNIT [PROPERTY...]               new limits, until the next boot
 *     wabe-systemd [--user] attach UNIT CGROUP PID               a further process, into a cgroup below the scope's, "/" is that
 *     wabe-systemd [--user] stop UNIT                            end it and what runs in it
 *
 * One line on standard output is the result: "ok", for start with the scope's cgroup behind it, or "error" and the reason. The
 * exit status is 0 or 1 accordingly. The interface of the service manager: org.freedesktop.systemd1(5).
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/parse.h"
#include "systemd/property.h"

#define SERVICE "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER SERVICE ".Manager"
#define CALL_TIMEOUT_US (25 * UINT64_C(1000000))
#define JOB_TIMEOUT_S 40

struct context {
	sd_bus *bus;
	const char *job; /* the one that is waited for */
	char result[32]; /* of it, "" until it has ended */
};

/* The manager's own socket, which is there without a message bus; it serves its own user alone. */
static int open_private(sd_bus **ret_bus, bool is_user)
{
	const char *dir = is_user ? getenv("XDG_RUNTIME_DIR") : "/run";
	char address[512];
	sd_bus *bus = NULL;
	int r;

	/* An address has escapes for what is no plain path; such a directory gets the bus. */
	if (!dir || *dir != '/' || strpbrk(dir, ",;%*=\\") || strlen(dir) > 256)
		return -ENOENT;
	snprintf(address, sizeof(address), "unix:path=%s/systemd/private", dir);
	r = sd_bus_new(&bus);
	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r < 0) {
		sd_bus_unref(bus);
		return r;
	}
	*ret_bus = bus;
	return 0;
}

static int open_bus(struct context *c, bool is_user, struct wabe_error *err)
{
	int r = -ENOENT;

	if (is_user || geteuid() == 0)
		r = open_private(&c->bus, is_user);
	if (r < 0)
		r = is_user ? sd_bus_open_user(&c->bus) : sd_bus_open_system(&c->bus);
	if (r == -ENOMEDIUM)
		return wabe_error_say(
			err, r,
			"connect to the user's D-Bus: neither DBUS_SESSION_BUS_ADDRESS nor "
			"XDG_RUNTIME_DIR is set");
	if (r < 0)
		return wabe_error_set(err, r, "connect to systemd over the %s D-Bus",
				      is_user ? "user's" : "system's");
	sd_bus_set_method_call_timeout(c->bus, CALL_TIMEOUT_US);
	return 0;
}

static int job_removed(sd_bus_message *m, void *data, sd_bus_error *ret_error)
{
	struct context *c = data;
	const char *path, *unit, *result;
	uint32_t id;

	(void)ret_error;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0 || !c->job ||
	    strcmp(path, c->job) != 0)
		return 0;
	snprintf(c->result, sizeof(c->result), "%s", result);
	return 0;
}

static int watch_jobs(struct context *c, struct wabe_error *err)
{
	int r = sd_bus_match_signal(c->bus, NULL, NULL, MANAGER_PATH, MANAGER, "JobRemoved",
				    job_removed, c);

	return r < 0 ? wabe_error_set(err, r, "watch systemd's jobs") : 0;
}

static int64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* @reply has the object path of a job: wait for its end. */
static int wait_job(struct context *c, sd_bus_message *reply, const char *unit,
		    struct wabe_error *err)
{
	int64_t deadline_s = now_s() + JOB_TIMEOUT_S;
	int r = sd_bus_message_read(reply, "o", &c->job);

	while (r >= 0 && !c->result[0]) {
		r = sd_bus_process(c->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(c->bus, UINT64_C(1000000));
		if (r >= 0 && now_s() > deadline_s)
			return wabe_error_say(err, -ETIMEDOUT,
					      "unit %s: systemd's job did not end within %d s",
					      unit, JOB_TIMEOUT_S);
	}
	if (r < 0)
		return wabe_error_set(err, r, "wait for systemd's job for unit %s", unit);
	if (strcmp(c->result, "done") != 0)
		return wabe_error_say(err, -EIO, "unit %s: systemd's job ended as \"%s\"", unit,
				      c->result);
	return 0;
}

/* A call of the manager with words; @ret_reply may be NULL. Returns sd-bus's code, the reason is in @error. */
static int call_manager(struct context *c, const char *method, sd_bus_error *error,
			sd_bus_message **ret_reply, const char *types, ...)
{
	sd_bus_message *m = NULL;
	va_list args;
	int r = sd_bus_message_new_method_call(c->bus, &m, SERVICE, MANAGER_PATH, MANAGER, method);

	va_start(args, types);
	if (r >= 0)
		r = sd_bus_message_appendv(m, types, args);
	va_end(args);
	if (r >= 0)
		r = sd_bus_call(c->bus, m, 0, error, ret_reply);
	sd_bus_message_unref(m);
	return r;
}

static int say_failure(struct wabe_error *err, int code, const sd_bus_error *error,
		       const char *what, const char *unit)
{
	return wabe_error_say(err, code, "%s unit %s: %s", what, unit,
			      error->message ? error->message : strerror(-code));
}

static int new_start(struct context *c, const char *unit, const char *slice, uint32_t pid,
		     char **words, size_t count, sd_bus_message **ret_m, struct wabe_error *err)
{
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(c->bus, &m, SERVICE, MANAGER_PATH, MANAGER,
					       "StartTransientUnit");

	*ret_m = m;
	if (r >= 0)
		r = sd_bus_message_append(m, "ss", unit, "fail");
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)(sv)", "Slice", "s", slice, "PIDs", "au", 1, pid);
	if (r >= 0) {
		r = property_append_all(m, words, count, err);
		if (r < 0)
			return r;
		r = sd_bus_message_close_container(m);
	}
	if (r >= 0)
		r = sd_bus_message_append(m, "a(sa(sv))", 0);
	return r < 0 ? wabe_error_set(err, r, "start unit %s", unit) : 0;
}

static int start_once(struct context *c, char **args, size_t count, struct wabe_error *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL, *reply = NULL;
	uint32_t pid = 0;
	int r = wabe_parse_u32(args[2], &pid);

	if (r < 0)
		return wabe_error_say(err, r, "\"%.20s\": not a process id", args[2]);
	r = new_start(c, args[0], args[1], pid, args + 3, count - 3, &m, err);
	if (r == 0) {
		r = sd_bus_call(c->bus, m, 0, &error, &reply);
		if (r < 0) {
			bool is_there = sd_bus_error_has_name(&error, SERVICE ".UnitExists");

			say_failure(err, is_there ? -EEXIST : r, &error, "start", args[0]);
			r = is_there ? -EEXIST : r;
		} else {
			r = wait_job(c, reply, args[0], err);
		}
	}
	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(m);
	return r;
}

/* The cgroup that it got: a manager may itself be in one. */
static int print_cgroup(struct context *c, const char *unit, struct wabe_error *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *path = NULL, *cgroup = NULL;
	int r = sd_bus_path_encode(MANAGER_PATH "/unit", unit, &path);

	if (r >= 0)
		r = sd_bus_get_property_string(c->bus, SERVICE, path, SERVICE ".Scope",
					       "ControlGroup", &error, &cgroup);
	if (r >= 0 && !*cgroup)
		r = wabe_error_say(err, -EIO, "unit %s has no cgroup, its process has ended", unit);
	else if (r < 0)
		say_failure(err, r, &error, "find the cgroup of", unit);
	else
		printf("ok %s\n", cgroup);
	sd_bus_error_free(&error);
	free(path);
	free(cgroup);
	return r < 0 ? r : 0;
}

static int do_start(struct context *c, char **args, size_t count, struct wabe_error *err)
{
	int r = watch_jobs(c, err);

	if (r == 0)
		r = start_once(c, args, count, err);
	/* A scope of that name that failed is remembered until somebody says that he knows. */
	if (r == -EEXIST && call_manager(c, "ResetFailedUnit", NULL, NULL, "s", args[0]) >= 0) {
		wabe_error_clear(err);
		r = start_once(c, args, count, err);
	}
	return r < 0 ? r : print_cgroup(c, args[0], err);
}

static int do_set(struct context *c, char **args, size_t count, struct wabe_error *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(c->bus, &m, SERVICE, MANAGER_PATH, MANAGER,
					       "SetUnitProperties");

	if (r >= 0)
		r = sd_bus_message_append(m, "sb", args[0], 1);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r < 0)
		say_failure(err, r, &error, "set properties of", args[0]);
	else
		r = property_append_all(m, args + 1, count - 1, err);
	if (r == 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0 && sd_bus_call(c->bus, m, 0, &error, NULL) < 0) {
		r = -EIO;
		say_failure(err, r, &error, "set properties of", args[0]);
	}
	if (r >= 0)
		puts("ok");
	sd_bus_error_free(&error);
	sd_bus_message_unref(m);
	return r < 0 ? r : 0;
}

static int do_attach(struct context *c, char **args, size_t count, struct wabe_error *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	uint32_t pid = 0;
	int r = wabe_parse_u32(args[2], &pid);

	(void)count;
	if (r < 0)
		return wabe_error_say(err, r, "\"%.20s\": not a process id", args[2]);
	r = call_manager(c, "AttachProcessesToUnit", &error, NULL, "ssau", args[0], args[1], 1,
			 pid);
	if (r < 0)
		say_failure(err, r, &error, "attach a process to", args[0]);
	else
		puts("ok");
	sd_bus_error_free(&error);
	return r < 0 ? r : 0;
}

static int do_stop(struct context *c, char **args, size_t count, struct wabe_error *err)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int r = watch_jobs(c, err);

	(void)count;
	if (r < 0)
		return r;
	/* wabe has ended the container; whoever is left must not hold the job up until systemd's own timeout. */
	(void)call_manager(c, "KillUnit", NULL, NULL, "ssi", args[0], "all", SIGKILL);
	r = call_manager(c, "StopUnit", &error, &reply, "ss", args[0], "replace");
	if (r >= 0)
		r = wait_job(c, reply, args[0], err);
	else if (sd_bus_error_has_name(&error, SERVICE ".NoSuchUnit"))
		r = 0;
	else
		say_failure(err, r, &error, "stop", args[0]);
	(void)call_manager(c, "ResetFailedUnit", NULL, NULL, "s", args[0]);
	if (r >= 0)
		puts("ok");
	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	return r < 0 ? r : 0;
}

static const struct verb {
	const char *name;
	size_t min_args;
	int (*run)(struct context *c, char **args, size_t count, struct wabe_error *err);
} verbs[] = {
	{ "start", 3, do_start },
	{ "set", 1, do_set },
	{ "attach", 3, do_attach },
	{ "stop", 1, do_stop },
};

static const struct verb *find_verb(const char *name, size_t count)
{
	for (size_t i = 0; name && i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0 && count >= verbs[i].min_args)
			return &verbs[i];
	return NULL;
}

/* One line, whatever is in a message of somebody else. */
static void print_error(const char *text)
{
	char line[WABE_ERROR_TEXT_MAX];

	snprintf(line, sizeof(line), "%s", text);
	for (char *at = line; *at; at++)
		if ((unsigned char)*at < 0x20)
			*at = ' ';
	printf("error %s\n", line);
}

int main(int argc, char **argv)
{
	struct wabe_error err = WABE_ERROR_INIT;
	struct context c = { 0 };
	int first = argc > 1 && strcmp(argv[1], "--user") == 0 ? 2 : 1;
	size_t count = argc > first ? (size_t)(argc - first - 1) : 0;
	const struct verb *verb = find_verb(argv[first], count);
	int r;

	if (!verb) {
		fputs("usage: wabe-systemd [--user] start UNIT SLICE PID [PROPERTY...] | set UNIT [PROPERTY...] | attach UNIT CGROUP PID | stop UNIT\n",
		      stderr);
		return 1;
	}
	r = open_bus(&c, first == 2, &err);
	if (r == 0)
		r = verb->run(&c, argv + first + 1, count, &err);
	if (r < 0)
		print_error(err.text);
	sd_bus_flush_close_unref(c.bus);
	return fflush(stdout) != 0 || r < 0;
}
