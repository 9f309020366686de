// SPDX-License-Identifier: GPL-2.0-or-later
/* The queue of guests: order, bound, failures. */
#include "guest/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tap.h"

struct watch {
	size_t running, most, started, ended;
	uint32_t order[16];
};

/* 2 ms each; 7 fails, 8 is killed, 9 can't be started. */
static pid_t spawn(void *data, const struct vz_job *job, struct wabe_error *err)
{
	static const struct timespec pause = { .tv_nsec = 2000000 };
	struct watch *w = data;
	pid_t pid;

	w->order[w->started++] = job->ctid;
	if (job->ctid == 9)
		return wabe_error_say(err, -EAGAIN, "nine");
	pid = fork();
	if (pid == 0) {
		nanosleep(&pause, NULL);
		if (job->ctid == 8)
			abort();
		_exit(job->ctid == 7 ? 3 : 0);
	}
	w->running++;
	if (w->running > w->most)
		w->most = w->running;
	return pid;
}

static void done(void *data, const struct vz_job *job, const struct wabe_error *err)
{
	struct watch *w = data;

	(void)job;
	w->ended++;
	if (!err)
		w->running--;
}

static void test_order(struct tap *t)
{
	static const uint32_t forward[] = { 104, 101, 102, 103 };
	struct vz_job jobs[] = { { .ctid = 103 },
				 { .ctid = 104, .order = 4294967295 },
				 { .ctid = 102, .order = 5 },
				 { .ctid = 101, .order = 10 } };

	vz_queue_sort(jobs, ARRAY_SIZE(jobs), false);
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++)
		tap_int(t, jobs[i].ctid, forward[i], "start: place %zu", i);
	vz_queue_sort(jobs, ARRAY_SIZE(jobs), true);
	for (size_t i = 0; i < ARRAY_SIZE(jobs); i++)
		tap_int(t, jobs[i].ctid, forward[ARRAY_SIZE(jobs) - 1 - i], "stop: place %zu", i);
	vz_queue_sort(NULL, 0, false);
	tap_ok(t, true, "no jobs to sort");
}

static void test_bound(struct tap *t, size_t parallel, size_t count)
{
	struct watch w = { 0 };
	struct vz_job jobs[12] = { 0 };
	struct vz_queue queue = { .jobs = jobs,
				  .count = count,
				  .parallel = parallel,
				  .spawn = spawn,
				  .done = done,
				  .data = &w };

	for (size_t i = 0; i < count; i++)
		jobs[i].ctid = 101 + (uint32_t)i;
	tap_int(t, (long long)vz_queue_run(&queue), 0, "%zu at a time: all succeed", parallel);
	tap_int(t, (long long)w.ended, (long long)count, "each ended");
	tap_ok(t, w.most <= parallel && w.running == 0, "never more than %zu at a time", parallel);
	for (size_t i = 0; i < count; i++)
		if (w.order[i] != 101 + i)
			tap_ok(t, false, "place %zu in the order", i);
	tap_ok(t, waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "no child is left");
}

static void test_failures(struct tap *t)
{
	struct watch w = { 0 };
	struct vz_job jobs[] = { { .ctid = 9 }, { .ctid = 7 }, { .ctid = 8 }, { .ctid = 6 } };
	struct vz_queue queue = { .jobs = jobs,
				  .count = ARRAY_SIZE(jobs),
				  .parallel = 2,
				  .spawn = spawn,
				  .done = done,
				  .data = &w };

	tap_int(t, (long long)vz_queue_run(&queue), 3, "three fail");
	tap_int(t, (long long)w.ended, 4, "all are told");
	tap_int(t, jobs[0].status, -EAGAIN, "one that can't be started");
	tap_ok(t, WIFEXITED(jobs[1].status) && WEXITSTATUS(jobs[1].status) == 3, "exit code");
	tap_ok(t, WIFSIGNALED(jobs[2].status), "killed");
	tap_int(t, jobs[3].status, 0, "the one behind them succeeds");
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_order(&t);
	test_bound(&t, 1, 5);
	test_bound(&t, 3, 12);
	test_bound(&t, 64, 4);
	test_bound(&t, 2, 0);
	test_failures(&t);
	return tap_end(&t);
}
