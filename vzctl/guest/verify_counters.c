// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/verify: locked memory, queued signals, terminals, and what is kept; see verify.h. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/counters.h"
#include "guest/verify.h"

#define SECONDS 30
#define COUNT_MAX 200000u /* more takes too long */
#define LOCK_STEP (64u << 10)
#define LOCK_FINE (16u << 20) /* up to here page by page: a small limit is hit exactly */

/* In the guest: one piece after another, until no more can be locked. */
static int lock_memory(struct vz_probe *probe)
{
	const size_t step = probe->wanted <= LOCK_FINE ? VZ_PAGE_BYTES : LOCK_STEP;

	while (probe->bytes < probe->wanted) {
		void *at = mmap(NULL, step, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
				0);

		if (at == MAP_FAILED || mlock(at, step) < 0) {
			probe->error = errno;
			return 0;
		}
		probe->bytes += step;
	}
	return 0;
}

/* In the guest: signals to itself that it doesn't take. */
static int queue_signals(struct vz_probe *probe)
{
	const union sigval nothing = { 0 };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	while (probe->count < probe->wanted) {
		if (sigqueue(getpid(), SIGRTMIN, nothing) < 0) {
			probe->error = errno;
			return 0;
		}
		probe->count++;
	}
	return 0;
}

/* In the guest: terminals, all open. */
static int open_terminals(struct vz_probe *probe)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	while (probe->count < probe->wanted) {
		if (open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC) < 0) {
			probe->error = errno;
			return 0;
		}
		probe->count++;
	}
	return 0;
}

static const struct vz_counter *counter_of(enum vz_param_id id)
{
	size_t count;
	const struct vz_counter *counters = vz_counters(&count);

	for (size_t i = 0; i < count; i++)
		if (counters[i].id == id)
			return &counters[i];
	return NULL;
}

static int check_kept(struct vz_verify *v, struct wabe_error *err)
{
	const char *by = vz_counter_by(v->g, counter_of(v->result->param));

	(void)err;
	if (by)
		return vz_verify_say(v, VZ_VERDICT_IN_FORCE, by, "counted by the kernel");
	return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-",
			     "kept: this kernel has no cgroup controller \"ctx\"");
}

/* @got of @limit, and the errno that a limit gives. */
static int judge(struct vz_verify *v, int status, uint64_t got, uint64_t limit, int wanted_errno)
{
	const char *by = vz_counter_by(v->g, counter_of(v->result->param));

	if (status == 0 && v->probe->error == wanted_errno && got <= limit)
		return vz_verify_say(v, VZ_VERDICT_PROVEN, by, "no more than %" PRIu64, got);
	return vz_verify_say(v, VZ_VERDICT_FAILED, by, "a process got %" PRIu64 "; then: %s", got,
			     v->probe->error ? strerror(v->probe->error) : "no error");
}

static bool has_own_users(const struct vz_verify *v)
{
	uint32_t uid = 0;

	return vz_guest_uid(v->g, &uid) && uid != 0;
}

static int no_users(struct vz_verify *v)
{
	return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "-",
			     "the users of a guest without a user namespace are the host's");
}

static int check_locked(struct vz_verify *v, struct wabe_error *err)
{
	uint64_t limit = vz_param_bytes(v->params, VZ_PARAM_LOCKEDPAGES).limit;
	uint64_t ram = vz_param_bytes(v->params, VZ_PARAM_PHYSPAGES).limit;
	int r;

	if (!has_own_users(v))
		return no_users(v);
	if (limit >= ram || limit > UINT32_MAX)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "RLIMIT_MEMLOCK",
				     "too much to try: memory ends first");
	v->probe->wanted = limit + (1u << 20);
	r = vz_verify_inside(v, lock_memory, SECONDS, err);
	/* mlock(2): ENOMEM, and EPERM when the limit is 0 */
	return r < 0 ? r : judge(v, r, v->probe->bytes, limit, limit == 0 ? EPERM : ENOMEM);
}

static int check_signals(struct vz_verify *v, struct wabe_error *err)
{
	uint64_t limit = vz_param_pair(v->params, VZ_PARAM_NUMSIGINFO).limit;
	int r;

	if (!has_own_users(v))
		return no_users(v);
	if (limit > COUNT_MAX)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "RLIMIT_SIGPENDING",
				     "too many to try");
	v->probe->wanted = limit + 1;
	r = vz_verify_inside(v, queue_signals, SECONDS, err);
	return r < 0 ? r : judge(v, r, v->probe->count, limit, EAGAIN);
}

static int check_ptys(struct vz_verify *v, struct wabe_error *err)
{
	uint64_t limit = vz_param_pair(v->params, VZ_PARAM_NUMPTY).limit;
	int r;

	v->probe->wanted = limit + 1;
	r = vz_verify_inside(v, open_terminals, SECONDS, err);
	if (r < 0)
		return r;
	/* The host's kernel.pty.max, or too few descriptors for one process. */
	if (r == 0 && (v->probe->error == EMFILE || v->probe->count < limit / 2))
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "max= of devpts",
				     "something else ends after %" PRIu64 ": %s", v->probe->count,
				     strerror(v->probe->error));
	return judge(v, r, v->probe->count, limit, ENOSPC);
}

static const struct vz_verify_row rows[] = {
	{ VZ_PARAM_LOCKEDPAGES, NULL, check_locked }, { VZ_PARAM_NUMSIGINFO, NULL, check_signals },
	{ VZ_PARAM_NUMPTY, NULL, check_ptys },	      { VZ_PARAM_NUMFILE, NULL, check_kept },
	{ VZ_PARAM_NUMFLOCK, NULL, check_kept },      { VZ_PARAM_NUMTCPSOCK, NULL, check_kept },
	{ VZ_PARAM_NUMOTHERSOCK, NULL, check_kept },  { VZ_PARAM_NUMIPTENT, NULL, check_kept },
};

const struct vz_verify_row *vz_verify_counter_rows(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(rows);
	return rows;
}
