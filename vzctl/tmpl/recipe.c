// SPDX-License-Identifier: GPL-2.0-or-later
/* tmpl/recipe: run a recipe into a new template; see tmpl.h. */
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/path.h"
#include "base/signals.h"
#include "tmpl/box.h"
#include "tmpl/store.h"

#define SOURCE_RECIPE "recipe "
#define LINE_ROOM 512
#define LOG_MAX_BYTES (16u << 20)

/* A stream of lines; what is longer than the room is cut. */
struct lines {
	int fd;
	char text[LINE_ROOM];
	size_t len;
};

struct run {
	const struct vz_template_watch *watch;
	struct lines output, progress;
	int log_fd;
	size_t log_bytes;
	char last[LINE_ROOM]; /* the last line that is not blank, for the error */
};

/* Absolute path of the recipe, in @path. */
static int find_recipe(const struct vz_host *host, const char *recipe, char path[PATH_MAX],
		       struct wabe_error *err)
{
	const char *dir = vz_conffile_get(&host->file, "RECIPEDIR");
	char named[PATH_MAX];

	if (!strchr(recipe, '/')) {
		if (vz_template_check_name(recipe, err) < 0)
			return -EINVAL;
		snprintf(named, sizeof(named), "%s/%s", dir ? dir : WABE_RECIPE_DIR, recipe);
		recipe = named;
	}
	if (realpath(recipe, path) && access(path, R_OK) == 0)
		return 0;
	if (errno == ENOENT)
		return vz_error_say(err, VZ_EXIT_NO_TEMPLATE, -ENOENT, "there is no recipe %s",
				    recipe);
	return wabe_error_set(err, -errno, "open recipe %s", recipe);
}

static int path_of(int fd, char path[PATH_MAX], struct wabe_error *err)
{
	char proc[WABE_PATH_PROC_FD];
	ssize_t len = readlink(wabe_path_proc_fd(fd, proc), path, PATH_MAX - 1);

	if (len < 0)
		return wabe_error_set(err, -errno, "find the path of the new template");
	path[len] = '\0';
	return 0;
}

/* Debian's name of this machine's architecture: what mmdebstrap and apt take. */
static const char *debian_arch(void)
{
	static const struct {
		const char *machine, *debian;
	} rows[] = {
		{ "x86_64", "amd64" }, { "aarch64", "arm64" },	 { "armv7l", "armhf" },
		{ "i686", "i386" },    { "riscv64", "riscv64" }, { "ppc64le", "ppc64el" },
		{ "s390x", "s390x" },
	};
	struct utsname name;

	if (uname(&name) == 0)
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			if (strcmp(rows[i].machine, name.machine) == 0)
				return rows[i].debian;
	return "unknown";
}

static int add_env(struct wabe_strv *env, struct wabe_arena *arena, const char *key,
		   const char *value)
{
	char *word;

	if (!value)
		return 0;
	word = wabe_arena_printf(arena, "%s=%s", key, value);
	return word ? wabe_strv_add(env, arena, word) : -ENOMEM;
}

static int make_env(const struct vz_template_build *build, const char *target,
		    struct wabe_arena *arena, struct wabe_strv *env)
{
	const struct {
		const char *key, *value;
	} rows[] = {
		{ "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
		{ "HOME", "/root" },
		{ "LC_ALL", "C.UTF-8" },
		{ "TARGET", target },
		{ "ARCH", debian_arch() },
		{ "MIRROR", build->mirror },
		{ "KEYRING", build->keyring },
		/* how this host reaches the network is not the recipe's choice */
		{ "http_proxy", getenv("http_proxy") },
		{ "https_proxy", getenv("https_proxy") },
		{ "no_proxy", getenv("no_proxy") },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (add_env(env, arena, rows[i].key, rows[i].value) < 0)
			return -ENOMEM;
	return 0;
}

/*
 * The child: namespaces are new. /proc is mounted again to show the new pid namespace; where that
 * is not allowed (a host that is itself a container) the outer one stays.
 */
static __attribute__((noreturn)) void recipe_child(const char *recipe, int output_fd,
						   int progress_fd, char **env)
{
	char *const argv[] = { (char *)"sh", (char *)"-eu", (char *)recipe, NULL };
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	wabe_signals_reset(WABE_SIGNALS_ALL);
	umask(022);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		_exit(126);
	mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	output_fd = fcntl(output_fd, F_DUPFD_CLOEXEC, 20);
	progress_fd = fcntl(progress_fd, F_DUPFD_CLOEXEC, 20);
	if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(output_fd, 1) < 0 ||
	    dup2(output_fd, 2) < 0 || dup2(progress_fd, 3) < 0 || chdir("/") < 0)
		_exit(126);
	wabe_fd_cloexec_from(4);
	execve("/bin/sh", argv, env);
	_exit(127);
}

static void take_output(struct run *run, const char *line)
{
	size_t len = strlen(line);

	if (line[strspn(line, " \t")])
		snprintf(run->last, sizeof(run->last), "%s", line);
	if (run->log_bytes + len + 1 <= LOG_MAX_BYTES) {
		/* A log that can't be written is no reason to give up a build. */
		if (wabe_fd_write_all(run->log_fd, line, len) == 0)
			wabe_fd_write_all(run->log_fd, "\n", 1);
		run->log_bytes += len + 1;
	}
	if (run->watch && run->watch->line)
		run->watch->line(run->watch->data, line);
}

/* "progress PERCENT TEXT"; anything else there is no progress. */
static void take_progress(struct run *run, const char *line)
{
	const char prefix[] = "progress ";
	char number[4] = "";
	size_t digits;
	int percent;

	if (!run->watch || !run->watch->progress || !wabe_str_starts(line, prefix))
		return;
	line += strlen(prefix);
	digits = strspn(line, "0123456789");
	if (digits == 0 || digits >= sizeof(number) ||
	    (line[digits] != ' ' && line[digits] != '\0'))
		return;
	memcpy(number, line, digits);
	if (wabe_parse_int(number, 0, 100, &percent) == 0)
		run->watch->progress(run->watch->data, percent,
				     line + digits + (line[digits] == ' '));
}

static void end_line(struct run *run, struct lines *in)
{
	in->text[in->len] = '\0';
	if (in == &run->output)
		take_output(run, in->text);
	else
		take_progress(run, in->text);
	in->len = 0;
}

/* Returns 0 at end of file, > 0 when there may be more. */
static ssize_t read_lines(struct run *run, struct lines *in)
{
	char chunk[4096];
	ssize_t got = read(in->fd, chunk, sizeof(chunk));

	if (got < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : 0;
	for (ssize_t i = 0; i < got; i++) {
		/* Programs that redraw a line end it by a carriage return. */
		if (chunk[i] == '\n' || chunk[i] == '\r')
			end_line(run, in);
		else if (in->len < sizeof(in->text) - 1)
			in->text[in->len++] = chunk[i];
	}
	if (got == 0 && in->len)
		end_line(run, in);
	return got;
}

/* Until both streams end, which they do when the recipe and all that it started are gone. */
static int follow(struct run *run, struct wabe_error *err)
{
	struct pollfd fds[] = {
		{ .fd = run->output.fd, .events = POLLIN },
		{ .fd = run->progress.fd, .events = POLLIN },
		{ .fd = run->watch ? run->watch->cancel_fd : -EBADF, .events = POLLIN },
	};

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return wabe_error_set(err, -errno, "wait for the recipe");
		}
		if (fds[2].revents)
			return wabe_error_say(err, -ECANCELED, "interrupted");
		if (fds[0].revents && read_lines(run, &run->output) == 0)
			fds[0].fd = -EBADF;
		if (fds[1].revents && read_lines(run, &run->progress) == 0)
			fds[1].fd = -EBADF;
	}
	return 0;
}

static int judge(const struct run *run, int status, struct wabe_error *err)
{
	const char *last = run->last[0] ? run->last : "it printed nothing";

	if (status < 0)
		return wabe_error_set(err, status, "wait for the recipe");
	if (WIFSIGNALED(status))
		return vz_error_say(err, VZ_EXIT_COMMAND, -ECHILD,
				    "the recipe was killed by signal %d: %s", WTERMSIG(status),
				    last);
	if (WEXITSTATUS(status) != 0)
		return vz_error_say(err, VZ_EXIT_COMMAND, -ECHILD,
				    "the recipe failed with status %d: %s", WEXITSTATUS(status),
				    last);
	return 0;
}

static int run_recipe(struct run *run, const char *recipe, char **env, struct wabe_error *err)
{
	int out[2], report[2], pidfd = -EBADF, r, status;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return wabe_error_set(err, -errno, "make a pipe");
	_cleanup_close_ int out_read = out[0], out_write = out[1];
	if (pipe2(report, O_CLOEXEC) < 0)
		return wabe_error_set(err, -errno, "make a pipe");
	_cleanup_close_ int report_read = report[0], report_write = report[1];

	pid = vz_box_clone(CLONE_NEWNS | CLONE_NEWPID, &pidfd, err);
	if (pid < 0)
		return pid;
	if (pid == 0)
		recipe_child(recipe, out_write, report_write, env);
	wabe_cleanup_close(&out_write);
	wabe_cleanup_close(&report_write);
	run->output.fd = out_read;
	run->progress.fd = report_read;
	r = follow(run, err);
	status = vz_box_reap(pid, pidfd, r < 0);
	close(pidfd);
	return r < 0 ? r : judge(run, status, err);
}

const char *vz_template_recipe(const struct vz_template_meta *meta)
{
	return wabe_str_starts(meta->source, SOURCE_RECIPE) ? meta->source + strlen(SOURCE_RECIPE)
							    : NULL;
}

int vz_template_build(const struct vz_host *host, const struct vz_template_build *build,
		      const struct vz_template_watch *watch, struct wabe_arena *arena,
		      struct vz_template_meta *ret_meta, struct wabe_error *err)
{
	_cleanup_(vz_draft_drop) struct vz_draft draft = VZ_DRAFT_INIT;
	_cleanup_close_ int log_fd = -EBADF;
	struct run run = { .watch = watch };
	struct wabe_strv env = { 0 };
	char recipe[PATH_MAX], target[PATH_MAX];
	const char *source;
	int r = find_recipe(host, build->recipe, recipe, err);

	if (r < 0)
		return r;
	r = vz_draft_begin(host, build->name, build->mode, &draft, err);
	if (r < 0)
		return r;
	r = path_of(draft.root_fd, target, err);
	if (r < 0)
		return r;
	source = wabe_arena_printf(arena, SOURCE_RECIPE "%s", build->recipe);
	if (!source || make_env(build, target, arena, &env) < 0)
		return wabe_error_set(err, -ENOMEM, "run recipe %s", build->recipe);
	log_fd = openat(draft.dir_fd, "build.log", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (log_fd < 0)
		return wabe_error_set(err, -errno, "make the build log");
	run.log_fd = log_fd;
	r = run_recipe(&run, recipe, env.items, err);
	if (r < 0)
		return wabe_error_prefix(err, "recipe %s", build->recipe);
	r = vz_draft_commit(&draft, source, arena, ret_meta, err);
	return r < 0 ? wabe_error_prefix(err, "recipe %s", build->recipe) : 0;
}
