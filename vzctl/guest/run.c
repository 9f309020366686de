// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/run: processes inside a guest; see run.h. */
#include "guest/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/path.h"
#include "guest/init.h"
#include "guest/spec.h"

int vz_run_open_root(const struct vz_guest *g, struct wabe_error *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)wabe_container_pid(g->container));
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? wabe_error_set(err, -errno, "open the guest's root directory") : fd;
}

static int find_shell(const struct vz_guest *g, const char **ret_shell, struct wabe_error *err)
{
	_cleanup_close_ int root_fd = vz_run_open_root(g, err);

	return root_fd < 0 ? root_fd : vz_init_shell(root_fd, ret_shell, err);
}

/* A process in the making: its description and the memory that it needs. */
struct run {
	struct wabe_arena arena;
	struct wabe_spec_process process;
	struct wabe_exec_args args;
};

static void run_free(struct run *run)
{
	wabe_arena_free(&run->arena);
}

static int run_init(struct run *run, const struct vz_guest *g, const char *term,
		    struct wabe_error *err)
{
	int r = vz_guest_need_thawed(g, err);

	if (r < 0)
		return r;
	*run = (struct run){
		.args = { .stdin_fd = -EBADF, .stdout_fd = -EBADF, .stderr_fd = -EBADF }
	};
	run->process.cwd = "/";
	run->args.process = &run->process;
	if (vz_spec_environment(&run->process.env, &run->arena, term) < 0)
		return wabe_error_set(err, -ENOMEM, "environment of the command");
	return 0;
}

static int add_args(struct run *run, const char *const *args, struct wabe_error *err)
{
	for (size_t i = 0; args[i]; i++)
		if (wabe_strv_add(&run->process.args, &run->arena, args[i]) < 0)
			return wabe_error_set(err, -ENOMEM, "arguments of the command");
	return 0;
}

/* As vzctl always did: the words are joined for the shell, which splits them again. */
static char *join_words(struct wabe_arena *arena, char *const *words, size_t count)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;

	for (size_t i = 0; i < count; i++)
		if (wabe_buf_printf(&text, "%s%s", i ? " " : "", words[i][0] ? words[i] : "''") < 0)
			return NULL;
	return wabe_arena_strdup(arena, text.data ? text.data : "");
}

int vz_run_words(struct vz_guest *g, char *const *words, size_t count, struct wabe_error *err)
{
	bool is_stdin = count == 1 && strcmp(words[0], "-") == 0;
	_cleanup_(run_free) struct run run = { 0 };
	const char *shell, *command;
	int r = find_shell(g, &shell, err);

	if (r == 0)
		r = run_init(&run, g, NULL, err);
	if (r < 0)
		return r;
	command = join_words(&run.arena, words, count);
	if (!command)
		return wabe_error_set(err, -ENOMEM, "arguments of the command");
	if (is_stdin)
		r = add_args(&run, (const char *const[]){ shell, "-s", NULL }, err);
	else
		r = add_args(&run, (const char *const[]){ shell, "-c", command, NULL }, err);
	return r < 0 ? r : wabe_container_exec_relay(g->container, &run.args, err);
}

struct script {
	const char *shell, *text;
	size_t len;
	char *const *env;
};

/* In the guest. The text goes into a file without a name, which the shell reads. */
static int script_main(void *data)
{
	const struct script *script = data;
	char path[WABE_PATH_PROC_FD];
	const char *argv[] = { script->shell, path, NULL };
	int fd = memfd_create("script", 0);

	if (fd < 0 || wabe_fd_write_all(fd, script->text, script->len) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return 126;
	wabe_path_proc_fd(fd, path);
	execve(script->shell, (char *const *)argv, script->env);
	return 126;
}

/* @script and @run belong together from here on. */
static int script_init(struct script *script, struct run *run, const struct vz_guest *g,
		       const struct wabe_strv *env, struct wabe_error *err)
{
	int r = find_shell(g, &script->shell, err);

	if (r == 0)
		r = run_init(run, g, NULL, err);
	for (size_t i = 0; r == 0 && env && i < env->count; i++)
		if (wabe_strv_add(&run->process.env, &run->arena, env->items[i]) < 0)
			r = wabe_error_set(err, -ENOMEM, "environment of the command");
	if (r < 0)
		return r;
	script->env = run->process.env.items;
	run->args.main = script_main;
	run->args.main_data = script;
	return 0;
}

int vz_run_script(struct vz_guest *g, const char *text, size_t len, struct wabe_error *err)
{
	struct script script = { .text = text, .len = len };
	_cleanup_(run_free) struct run run = { 0 };
	int r = script_init(&script, &run, g, NULL, err);

	return r < 0 ? r : wabe_container_exec_relay(g->container, &run.args, err);
}

pid_t vz_run_script_start(struct vz_guest *g, const char *text, size_t len,
			  const struct wabe_strv *env, int out_fd, struct wabe_error *err)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct script script = { .text = text, .len = len };
	_cleanup_(run_free) struct run run = { 0 };
	int r;

	if (null_fd < 0)
		return wabe_error_set(err, -errno, "open /dev/null");
	r = script_init(&script, &run, g, env, err);
	if (r < 0)
		return r;
	run.args.stdin_fd = null_fd;
	run.args.stdout_fd = run.args.stderr_fd = out_fd;
	return wabe_container_exec(g->container, &run.args, err);
}

int vz_run_function(struct vz_guest *g, int (*main)(void *data), void *data, struct wabe_error *err)
{
	_cleanup_(run_free) struct run run = { 0 };
	int r = run_init(&run, g, NULL, err);

	if (r < 0)
		return r;
	run.args.main = main;
	run.args.main_data = data;
	return wabe_container_exec_relay(g->container, &run.args, err);
}

struct commands {
	const char *const *const *list;
	char *const *env;
};

static int commands_main(void *data)
{
	const struct commands *commands = data;

	for (size_t i = 0; commands->list[i]; i++)
		execve(commands->list[i][0], (char *const *)commands->list[i], commands->env);
	return VZ_RUN_NOT_FOUND;
}

pid_t vz_run_start(struct vz_guest *g, const char *const *const *commands, int stdout_fd,
		   struct wabe_error *err)
{
	_cleanup_close_ int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct commands data = { .list = commands };
	_cleanup_(run_free) struct run run = { 0 };
	int r;

	if (null_fd < 0)
		return wabe_error_set(err, -errno, "open /dev/null");
	r = run_init(&run, g, NULL, err);
	if (r < 0)
		return r;
	data.env = run.process.env.items;
	run.args.main = commands_main;
	run.args.main_data = &data;
	run.args.stdin_fd = run.args.stderr_fd = null_fd;
	run.args.stdout_fd = stdout_fd < 0 ? null_fd : stdout_fd;
	return wabe_container_exec(g->container, &run.args, err);
}

/*
 * The caller's terminal type is all that goes in of its environment; terminfo names are short and
 * plain.
 */
static const char *safe_term(void)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._";
	const char *term = getenv("TERM");
	size_t len = term ? strlen(term) : 0;

	return len > 0 && len <= 64 && strspn(term, plain) == len ? term : NULL;
}

static int login_args(struct run *run, const char *shell, char *const *words, size_t count,
		      struct wabe_error *err)
{
	const char *text, *command;

	if (count == 0)
		return add_args(run, (const char *const[]){ shell, "-l", NULL }, err);
	/* vzctl(8): the shell stays after the command; it is left by hand. */
	command = join_words(&run->arena, words, count);
	text = command ? wabe_arena_printf(&run->arena, "%s\nexec %s -l", command, shell) : NULL;
	if (!text)
		return wabe_error_set(err, -ENOMEM, "arguments of the command");
	return add_args(run, (const char *const[]){ shell, "-l", "-c", text, NULL }, err);
}

int vz_run_login(struct vz_guest *g, char *const *words, size_t count, struct wabe_error *err)
{
	_cleanup_(run_free) struct run run = { 0 };
	const char *shell;
	int r = find_shell(g, &shell, err);

	if (r == 0)
		r = run_init(&run, g, safe_term(), err);
	if (r == 0)
		r = login_args(&run, shell, words, count, err);
	if (r < 0)
		return r;
	run.process.terminal = isatty(STDIN_FILENO);
	return wabe_container_exec_relay(g->container, &run.args, err);
}
