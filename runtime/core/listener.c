// SPDX-License-Identifier: GPL-2.0-or-later
/* core/listener: the listener of a filter that notifies; see listener.h. */
#include "core/listener.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/json.h"
#include "core/sync.h"
#include "sys/namespace.h"
#include "sys/pidfd.h"

/* What the loader tells its helper, in shared memory: no system call is needed to tell it. */
struct shared {
	_Atomic int result; /* 0: not yet; the listener's number + 1; -errno */
};

/* Nothing that the loader could wake it by is sure to be allowed: it looks again and again, for the microseconds of a load. */
static int wait_for_listener(const struct shared *shared, pid_t loader)
{
	const struct timespec pause = { .tv_nsec = 50000 };
	int result;

	while ((result = atomic_load(&shared->result)) == 0) {
		if (getppid() != loader)
			return -ESRCH;
		nanosleep(&pause, NULL);
	}
	return result < 0 ? result : result - 1;
}

static void __attribute__((noreturn)) help(const struct shared *shared, pid_t loader, int sock)
{
	int fd = wait_for_listener(shared, loader);

	_exit(fd < 0 || wabe_sync_send(sock, WABE_SYNC_LISTENER, fd, NULL) < 0 ||
	      wabe_sync_expect(sock, WABE_SYNC_GO, NULL) < 0);
}

static int load_with_helper(const struct wabe_seccomp_program *program, struct shared *shared,
			    int sock, struct wabe_error *err)
{
	_cleanup_close_ int pidfd = -EBADF, listener_fd = -EBADF;
	const pid_t loader = getpid();
	pid_t helper = wabe_namespace_clone(CLONE_FILES, -1, &pidfd, err);
	int status, r;

	if (helper < 0)
		return helper;
	if (helper == 0)
		help(shared, loader, sock);
	listener_fd = wabe_seccomp_load(program, err);
	atomic_store(&shared->result, listener_fd < 0 ? listener_fd : listener_fd + 1);
	r = wabe_pidfd_reap(helper, &status, listener_fd < 0 ? NULL : err);
	if (listener_fd < 0)
		return listener_fd;
	if (r == 0 && status != 0)
		return wabe_error_say(err, -EPIPE, "the seccomp listener was not passed on");
	return r;
}

int wabe_listener_load(const struct wabe_seccomp_program *program, int sock, struct wabe_error *err)
{
	struct shared *shared;
	int r;

	if (!wabe_seccomp_notifies(program))
		return wabe_seccomp_load(program, err);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return wabe_error_set(err, -errno, "pass the seccomp listener on");
	r = load_with_helper(program, shared, sock, err);
	(void)munmap(shared, sizeof(*shared));
	return r;
}

/* config-linux.md, "The Container Process State". */
static int write_process_state(struct wabe_container *c, const char *metadata, pid_t pid,
			       enum wabe_status status, struct wabe_buf *out)
{
	struct wabe_json_writer *w = wabe_json_writer_new(WABE_JSON_COMPACT);

	if (!w)
		return -ENOMEM;
	wabe_json_object_begin(w);
	wabe_json_put_string(w, "ociVersion", WABE_SPEC_VERSION);
	wabe_json_key(w, "fds");
	wabe_json_array_begin(w);
	wabe_json_add_string(w, "seccompFd");
	wabe_json_array_end(w);
	wabe_json_put_int(w, "pid", pid);
	if (metadata)
		wabe_json_put_string(w, "metadata", metadata);
	wabe_json_key(w, "state");
	wabe_state_write(c, status, w);
	wabe_json_object_end(w);
	return wabe_json_writer_finish(w, out);
}

int wabe_listener_deliver(struct wabe_container *c, const struct wabe_spec_seccomp *seccomp,
			  pid_t pid, enum wabe_status status, int *listener_fd, int sock,
			  struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	_cleanup_close_ int listener = TAKE_FD(*listener_fd), agent_fd = -EBADF;
	int r = write_process_state(c, seccomp->listener_metadata, pid, status, &text);

	if (r == 0) {
		agent_fd = wabe_fd_connect(seccomp->listener_path);
		r = agent_fd < 0 ? agent_fd : wabe_fd_send(agent_fd, text.data, text.len, listener);
	}
	if (r < 0)
		return wabe_error_set(err, r, "linux.seccomp.listenerPath: send the listener to %s",
				      seccomp->listener_path);
	return wabe_sync_send(sock, WABE_SYNC_GO, -1, err);
}
