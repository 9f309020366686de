// SPDX-License-Identifier: GPL-2.0-or-later
/* eventd/main: vzeventd [--config FILE] [--daemon]; see main.h. */
#include "eventd/main.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/option.h"
#include "base/path.h"
#include "conf/exit.h"
#include "eventd/eventd.h"

#define LISTEN_QUEUE 128

struct values {
	const char *config;
	bool is_daemon, is_help, is_version;
	int verbosity;
};

static const struct wabe_option options[] = {
	{ "config", 0, WABE_OPTION_STRING, offsetof(struct values, config), "FILE",
	  "vz.conf to use (or VZ_CONF)" },
	{ "daemon", 0, WABE_OPTION_FLAG, offsetof(struct values, is_daemon), NULL,
	  "go to the background once it listens; messages go to LOGFILE only" },
	{ "verbose", 'v', WABE_OPTION_COUNT, offsetof(struct values, verbosity), NULL,
	  "print more; may be repeated" },
	{ "help", 'h', WABE_OPTION_FLAG, offsetof(struct values, is_help), NULL, "show this" },
	{ "version", 0, WABE_OPTION_FLAG, offsetof(struct values, is_version), NULL,
	  "show the version" },
};

int64_t eventd_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void eventd_raise_files(struct eventd *d)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &d->files) < 0)
		return;
	most = d->files;
	most.rlim_cur = most.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &most);
}

/* Guests have it from who starts them, and programs that close all that there could be take long with many. */
void eventd_lower_files(const struct eventd *d)
{
	if (d->files.rlim_max > 0)
		(void)setrlimit(RLIMIT_NOFILE, &d->files);
}

int eventd_listen(const struct eventd *d, const char *name, struct wabe_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char proc[WABE_PATH_PROC_FD];

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s",
		 wabe_path_proc_fd(d->dir_fd, proc), name);
	(void)unlinkat(d->dir_fd, name, 0);
	if (fd < 0 || bind(fd, (void *)&address, sizeof(address)) < 0 ||
	    listen(fd, LISTEN_QUEUE) < 0)
		return wabe_error_set(err, -errno, "listen on %s/" VZ_EVENTD_DIR "/%s",
				      d->host.statedir, name);
	return TAKE_FD(fd);
}

int eventd_accept(int listen_fd)
{
	_cleanup_close_ int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (fd < 0)
		return -errno;
	/* The directory keeps others out already; a bind mount of it into a guest would not. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 || peer.uid != 0)
		return -EPERM;
	return TAKE_FD(fd);
}

/* Held for as long as a process of ours lives: the second vzeventd of a tree is refused. */
static int make_directory(struct eventd *d, struct wabe_error *err)
{
	char path[PATH_MAX];
	int r = wabe_file_mkdir_all(d->host.statedir, 0700, err);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/" VZ_EVENTD_DIR, d->host.statedir);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return wabe_error_set(err, -errno, "make directory %s", path);
	d->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->dir_fd < 0)
		return wabe_error_set(err, -errno, "open %s", path);
	r = wabe_file_flock(d->dir_fd, 2000);
	if (r == -EWOULDBLOCK)
		return vz_error_say(err, VZ_EXIT_LOCKED, r, "vzeventd runs already for %s",
				    d->host.statedir);
	return r < 0 ? wabe_error_set(err, r, "lock %s", path) : 0;
}

static int make_channels(struct eventd *d, struct wabe_error *err)
{
	const int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

	if (socketpair(AF_UNIX, type, 0, d->ends) < 0 || socketpair(AF_UNIX, type, 0, d->keeps) < 0)
		return wabe_error_set(err, -errno, "make sockets");
	d->control_fd = eventd_listen(d, VZ_EVENTD_CONTROL, err);
	return d->control_fd < 0 ? d->control_fd : 0;
}

/* The parent leaves when all is ready, so that who started us can go on. */
static int go_to_background(const struct eventd *d, struct wabe_error *err)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	if (null_fd < 0)
		return wabe_error_set(err, -errno, "open /dev/null");
	pid = fork();
	if (pid < 0)
		return wabe_error_set(err, -errno, "go to the background");
	if (pid > 0)
		_exit(0);
	(void)setsid();
	if (chdir("/") < 0)
		return wabe_error_set(err, -errno, "go to /");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null_fd, fd) < 0)
			return wabe_error_set(err, -errno, "put /dev/null on descriptor %d", fd);
	(void)d;
	return 0;
}

static void log_to_file(struct eventd *d)
{
	int r;

	if (!d->host.logfile)
		return;
	d->logfile = (struct vz_logfile){ .program = "vzeventd", .path = d->host.logfile };
	r = vz_logfile_attach(&d->logfile, &d->log);
	if (r < 0)
		wabe_log(&d->log, WABE_LOG_WARNING, "LOGFILE %s: %s", d->host.logfile,
			 strerror(-r));
}

static int serve(struct eventd *d, const struct values *values, struct wabe_error *err)
{
	int r = vz_host_load(values->config, &d->log, &d->host, err);

	if (r == 0)
		r = make_directory(d, err);
	if (r == 0)
		r = make_channels(d, err);
	if (r == 0)
		r = eventd_kept_take(d);
	if (r == 0)
		log_to_file(d);
	if (r == 0 && values->is_daemon)
		r = go_to_background(d, err);
	return r < 0 ? r : eventd_keeper(d, err);
}

static void usage(FILE *out)
{
	fputs("usage: vzeventd [option...]\n\nWatches the containers of this host.\n\nOptions:\n",
	      out);
	wabe_option_help(out, options, ARRAY_SIZE(options));
}

static int run(struct eventd *d, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct values values = { 0 };
	int r = wabe_option_parse(options, ARRAY_SIZE(options), &values, &arena, argc, argv, err);

	if (r < 0)
		return wabe_error_kind(err, VZ_EXIT_BAD_OPTION);
	if (r < argc)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL, "unexpected word \"%s\"",
				    argv[r]);
	if (values.verbosity > 0)
		d->log.level = WABE_LOG_DEBUG;
	if (values.is_help)
		usage(stdout);
	else if (values.is_version)
		puts("vzeventd version " WABE_VERSION);
	else if (geteuid() != 0)
		return vz_error_say(err, VZ_EXIT_PERMISSION, -EPERM,
				    "only root may watch containers");
	else
		return serve(d, &values, err);
	return VZ_EXIT_OK;
}

int vz_eventd_main(int argc, char **argv)
{
	struct eventd d = {
		.log = { .program = "vzeventd", .level = WABE_LOG_INFO, .fd = -EBADF },
		.dir_fd = -EBADF,
		.control_fd = -EBADF,
		.ends = { -EBADF, -EBADF },
		.keeps = { -EBADF, -EBADF },
	};
	struct wabe_error err = WABE_ERROR_INIT;
	int r;

	signal(SIGPIPE, SIG_IGN);
	umask(022);
	r = run(&d, argc, argv, &err);
	if (r < 0)
		wabe_log(&d.log, WABE_LOG_ERROR, "%s", err.text);
	return r < 0 ? vz_exit_code(&err) : r;
}
