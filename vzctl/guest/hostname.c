// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/hostname: the guest's name; see hostname.h. */
#include "guest/hostname.h"

#include <fcntl.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "guest/guestfile.h"
#include "guest/run.h"

/*
 * Write as the guest's root: the file gets its id, and nothing is possible that it couldn't do
 * itself.
 */
static int write_as_guest(const struct vz_guest *g, int root_fd, const char *line,
			  struct wabe_error *err)
{
	uint32_t uid = 0;
	int r;

	(void)vz_guest_uid(g, &uid);
	setfsgid(uid);
	setfsuid(uid);
	r = vz_guestfile_replace(root_fd, "hostname", line, strlen(line), 0644, err);
	setfsuid(0);
	setfsgid(0);
	return r;
}

int vz_hostname_write(const struct vz_guest *g, int root_fd, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(wabe_buf_free) struct wabe_buf old = WABE_BUF_INIT;
	const char *name = vz_param_string(&g->conf.params, VZ_PARAM_HOSTNAME), *line;
	struct wabe_error reason = WABE_ERROR_INIT;

	if (!name || !*name)
		return 0;
	line = wabe_arena_printf(&arena, "%s\n", name);
	if (!line)
		return wabe_error_set(err, -ENOMEM, "/etc/hostname");
	if (vz_guestfile_read(root_fd, "/etc/hostname", &old, NULL) == 0 && old.data &&
	    strcmp(old.data, line) == 0)
		return 0;
	if (write_as_guest(g, root_fd, line, &reason) < 0)
		vz_warn(g, "%s", reason.text);
	return 0;
}

struct job {
	const char *name, *line;
};

/* In the guest. */
static int set_main(void *data)
{
	_cleanup_close_ int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct job *job = data;

	if (sethostname(job->name, strlen(job->name)) < 0)
		return 1;
	return vz_guestfile_replace(root_fd, "hostname", job->line, strlen(job->line), 0644, NULL) <
			       0
		       ? 2
		       : 0;
}

int vz_hostname_set(struct vz_guest *g, const char *name, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct job job = { .name = name, .line = wabe_arena_printf(&arena, "%s\n", name) };
	int r;

	if (!job.line)
		return wabe_error_set(err, -ENOMEM, "/etc/hostname");
	r = vz_run_function(g, set_main, &job, err);
	if (r < 0)
		return r;
	if (r == 2)
		vz_warn(g,
			"the host name is set, but /etc/hostname in the guest could not be written");
	else if (r != 0)
		return wabe_error_say(err, -EPERM, "the host name could not be set in the guest");
	return 0;
}
