// SPDX-License-Identifier: GPL-2.0-or-later
/* core/identity: from the runtime's rights to the process's own; see identity.h. */
#include "core/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "core/home.h"
#include "core/listener.h"
#include "spec/spec.h"
#include "sys/capability.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int set_rlimit(pid_t pid, const struct wabe_list *limits, size_t i, struct wabe_error *err)
{
	const struct wabe_spec_rlimit *limit = (const struct wabe_spec_rlimit *)limits->items + i;
	struct rlimit value = { .rlim_cur = limit->soft, .rlim_max = limit->hard };

	if (prlimit(pid, (unsigned)limit->type, &value, NULL) < 0)
		return wabe_error_set(err, -errno, "process.rlimits[%zu]: set soft %llu, hard %llu",
				      i, (unsigned long long)limit->soft,
				      (unsigned long long)limit->hard);
	return 0;
}

int wabe_identity_raise_rlimits(pid_t pid, const struct wabe_spec_process *process,
				struct wabe_error *err)
{
	const struct wabe_spec_rlimit *limits = process->rlimits.items;

	for (size_t i = 0; i < process->rlimits.count; i++) {
		struct rlimit own;
		int r;

		if (getrlimit((unsigned)limits[i].type, &own) < 0)
			return wabe_error_set(err, -errno,
					      "process.rlimits[%zu]: read the runtime's own", i);
		r = limits[i].hard > own.rlim_max ? set_rlimit(pid, &process->rlimits, i, err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int wabe_identity_rlimits(const struct wabe_spec_process *process, struct wabe_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < process->rlimits.count; i++)
		r = set_rlimit(0, &process->rlimits, i, err);
	return r;
}

int wabe_identity_oom_score(pid_t pid, const struct wabe_spec_process *process,
			    struct wabe_error *err)
{
	char path[64], value[16];

	if (!process->oom_score_adj.is_set)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	snprintf(value, sizeof(value), "%d", (int)process->oom_score_adj.value);
	if (wabe_file_write_at(AT_FDCWD, path, value, err) < 0)
		return wabe_error_prefix(err, "process.oomScoreAdj");
	return 0;
}

/*
 * A pipe or terminal that the caller made for us belongs to its user; without this a process that is not root can't
 * reopen /dev/stdout. Files and devices stay whose they are.
 */
static void own_stdio(uid_t uid, bool has_userns)
{
	struct stat st;

	if (uid == 0 && !has_userns)
		return;
	for (int fd = 0; fd <= 2; fd++)
		if (fstat(fd, &st) == 0 && st.st_uid != uid && S_ISFIFO(st.st_mode))
			(void)!fchown(fd, uid, (gid_t)-1);
}

/* What the program began with; nothing changes them before this but the way into a user namespace. */
static bool is_host_root(void)
{
	static const unsigned long ids[] = { AT_UID, AT_EUID, AT_GID, AT_EGID };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		if (getauxval(ids[i]) != 0)
			return false;
	return true;
}

static int set_ids(const struct wabe_spec_user *user, bool has_userns, struct wabe_error *err)
{
	_Static_assert(sizeof(gid_t) == sizeof(uint32_t), "gid lists are passed as they are");

	if (setgroups(user->additional_gids.count, user->additional_gids.items) < 0) {
		/* Where the map was written without privilege, dropping groups is forbidden (user_namespaces(7)). */
		if (errno != EPERM || user->additional_gids.count)
			return wabe_error_set(err, -errno,
					      "process.user.additionalGids: set %zu groups",
					      user->additional_gids.count);
	}
	if (user->uid == 0 && user->gid == 0 && !has_userns && is_host_root())
		return 0;
	if (setresgid(user->gid, user->gid, user->gid) < 0)
		return wabe_error_set(err, -errno, "process.user.gid: become %u", user->gid);
	if (setresuid(user->uid, user->uid, user->uid) < 0)
		return wabe_error_set(err, -errno, "process.user.uid: become %u", user->uid);
	return 0;
}

/*
 * Entered by the container's own root and descriptors only: no /proc/self/fd (the CVE-2024-21626 way out), and getcwd()
 * confirms that it lies below the root.
 */
static int enter_cwd(const char *cwd, bool make_cwd, struct wabe_error *err)
{
	const int flags = O_PATH | O_DIRECTORY;
	_cleanup_close_ int root_fd = -EBADF, fd = -EBADF;
	char now[PATH_MAX];

	if (strcmp(cwd, "/") == 0)
		return chdir("/") < 0 ? wabe_error_set(err, -errno, "process.cwd") : 0;
	root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return wabe_error_set(err, -errno, "open the root");
	fd = make_cwd ? wabe_path_mkdir_in(root_fd, cwd, 0755, err)
		      : wabe_path_open_in(root_fd, cwd, flags, 0, err);
	if (fd < 0)
		return wabe_error_prefix(err, "process.cwd");
	if (fchdir(fd) < 0)
		return wabe_error_set(err, -errno, "process.cwd: enter %s", cwd);
	if (!getcwd(now, sizeof(now)) || now[0] != '/')
		return wabe_error_say(err, -EPERM,
				      "process.cwd: %s is outside of the container's root", cwd);
	return 0;
}

/* capabilities(7): only what is permitted and inheritable can be ambient. */
static uint64_t ambient_of(const struct wabe_spec_capabilities *c)
{
	return c->ambient & c->permitted & c->inheritable;
}

/* What this kernel doesn't know, or the caller has none of to pass on; in a new user namespace there are all. */
static uint64_t missing_of(const struct wabe_spec_capabilities *c, bool has_userns)
{
	uint64_t held = UINT64_MAX;

	if (!has_userns && wabe_capability_held(&held, NULL) < 0)
		held = UINT64_MAX;
	return ((c->permitted | c->inheritable) & ~held) |
	       ((c->bounding | c->permitted | c->inheritable) & ~wabe_capability_known());
}

/* "process.capabilities WHAT: without CAP_X and 2 more, WHY" */
static void warn_without(const struct wabe_log *log, enum wabe_log_level level, const char *set,
			 uint64_t without, const char *why)
{
	char more[32] = "";

	if (!without)
		return;
	if (without & (without - 1))
		snprintf(more, sizeof(more), " and %d more", __builtin_popcountll(without) - 1);
	wabe_log(log, level, "process.capabilities%s: without %s%s, %s", set,
		 wabe_name_of(wabe_spec_capability_names, __builtin_ctzll(without)), more, why);
}

/* Each once, in however many sets it is. */
static void warn_unknown(const struct wabe_strv *names, const struct wabe_log *log)
{
	for (size_t i = 0; i < names->count; i++) {
		size_t first = 0;

		while (strcmp(names->items[first], names->items[i]) != 0)
			first++;
		if (first == i)
			wabe_log(log, WABE_LOG_WARNING,
				 "process.capabilities: without %.100s, which is unknown",
				 names->items[i]);
	}
}

/*
 * config.md, "capabilities": what can't be granted is warned of, not refused. buildah asks for all of its capabilities as
 * ambient ones and for none as inheritable.
 */
void wabe_identity_warn(const struct wabe_spec_process *process, bool has_userns,
			const struct wabe_log *log)
{
	const struct wabe_spec_capabilities *c = process->capabilities;
	uint64_t extra = c ? c->ambient & ~ambient_of(c) : 0;

	if (c)
		warn_unknown(&c->unknown, log);
	if (c)
		warn_without(log, WABE_LOG_WARNING, "", missing_of(c, has_userns),
			     "which the kernel or the caller doesn't have");
	warn_without(log, process->user.uid == 0 ? WABE_LOG_DEBUG : WABE_LOG_WARNING, ".ambient",
		     extra, "which isn't both permitted and inheritable");
}

static void own_capabilities(const struct wabe_spec_process *process,
			     struct wabe_capability_sets *ret_sets)
{
	const struct wabe_spec_capabilities *c = process->capabilities;

	*ret_sets = (struct wabe_capability_sets){ 0 };
	if (c)
		*ret_sets = (struct wabe_capability_sets){
			.effective = c->effective,
			.permitted = c->permitted,
			.inheritable = c->inheritable,
			.ambient = ambient_of(c),
		};
}

int wabe_identity_bound(const struct wabe_spec_process *process, struct wabe_error *err)
{
	return wabe_capability_bound(process->capabilities ? process->capabilities->bounding : 0,
				     err);
}

int wabe_identity_assume(const struct wabe_spec_process *process, bool has_userns, bool make_cwd,
			 const struct wabe_seccomp_program *seccomp, int sock,
			 struct wabe_error *err)
{
	struct wabe_capability_sets sets;
	int r;

	own_capabilities(process, &sets);
	own_stdio(process->user.uid, has_userns);
	umask(process->user.umask.is_set ? (mode_t)process->user.umask.value : 022);
	r = enter_cwd(process->cwd, make_cwd, err);
	if (r == 0 && process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = wabe_error_set(err, -errno, "set no_new_privs");
	if (r == 0 && seccomp && !process->no_new_privileges)
		r = wabe_listener_load(seccomp, sock, err);
	if (r == 0 && process->user.uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		r = wabe_error_set(err, -errno, "keep capabilities over the change of user");
	if (r == 0)
		r = set_ids(&process->user, has_userns, err);
	if (r == 0)
		r = wabe_capability_set(&sets, err);
	if (r == 0 && seccomp && process->no_new_privileges && wabe_seccomp_notifies(seccomp))
		r = wabe_listener_load(seccomp, sock, err);
	return r;
}

/* The process's PATH, not ours. */
static const char *search_path(const struct wabe_spec_process *process)
{
	const char *path = NULL;

	for (size_t i = 0; i < process->env.count; i++)
		if (wabe_str_starts(process->env.items[i], "PATH="))
			path = process->env.items[i] + strlen("PATH=");
	return path ? path : DEFAULT_PATH;
}

static int check_program(const char *path)
{
	struct stat st;

	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 || stat(path, &st) < 0)
		return -errno;
	/* A directory may be "executed": create would succeed, and start fail. */
	return S_ISREG(st.st_mode) ? 0 : -EACCES;
}

/* docker(1) tells 126 and 127 by these words as Go and runc write them: in lower case. */
static int exec_error(int code, const char *name, struct wabe_error *err)
{
	const char *why = code == -ENOENT   ? "no such file or directory"
			  : code == -EACCES ? "permission denied"
					    : NULL;

	return why ? wabe_error_say(err, code, "exec \"%s\": %s", name, why)
		   : wabe_error_set(err, code, "exec \"%s\"", name);
}

int wabe_identity_find_program(const struct wabe_spec_process *process, bool is_checked, char *buf,
			       size_t room, struct wabe_error *err)
{
	const char *name = process->args.items[0], *path = search_path(process);
	int found = -ENOENT;

	if (strchr(name, '/')) {
		if (strlen(name) >= room)
			return exec_error(-ENAMETOOLONG, name, err);
		memcpy(buf, name, strlen(name) + 1);
		found = is_checked ? check_program(name) : 0;
		return found < 0 ? exec_error(found, name, err) : 0;
	}
	for (size_t len; *path; path += len + (path[len] == ':')) {
		int r;

		len = strcspn(path, ":");
		if (len == 0 || snprintf(buf, room, "%.*s/%s", (int)len, path, name) >= (int)room)
			continue;
		r = check_program(buf);
		if (r == 0)
			return 0;
		if (r == -EACCES)
			found = r; /* execvp(3): the search goes on, but the answer is EACCES then */
	}
	return found == -ENOENT
		       ? wabe_error_say(
				 err, found,
				 "exec \"%s\": executable file not found in the container's PATH",
				 name)
		       : exec_error(found, name, err);
}

int wabe_identity_load_last(const struct wabe_spec_process *process,
			    const struct wabe_seccomp_program *seccomp, struct wabe_error *err)
{
	return seccomp && process->no_new_privileges && !wabe_seccomp_notifies(seccomp)
		       ? wabe_seccomp_load(seccomp, err)
		       : 0;
}

int wabe_identity_exec(const struct wabe_spec_process *process, const char *program,
		       const struct wabe_seccomp_program *seccomp, struct wabe_error *err)
{
	char **env;
	int r = wabe_home_env(&process->env, process->user.uid, &env, err);

	if (r == 0)
		r = wabe_identity_rlimits(process, err);
	if (r == 0)
		r = wabe_identity_load_last(process, seccomp, err);
	if (r < 0)
		return r;
	execve(program, process->args.items, env);
	return exec_error(-errno, process->args.items[0], err);
}
