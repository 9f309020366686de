// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/queue: a bounded number of processes; see queue.h. */
#include "guest/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

static int compare_jobs(const void *a, const void *b)
{
	const struct vz_job *x = a, *y = b;

	if (x->order != y->order)
		return x->order > y->order ? -1 : 1;
	return x->ctid < y->ctid ? -1 : x->ctid > y->ctid;
}

static int compare_reverse(const void *a, const void *b)
{
	return compare_jobs(b, a);
}

void vz_queue_sort(struct vz_job *jobs, size_t count, bool is_reverse)
{
	if (count)
		qsort(jobs, count, sizeof(*jobs), is_reverse ? compare_reverse : compare_jobs);
}

static void finish(const struct vz_queue *queue, struct vz_job *job, int status,
		   const struct wabe_error *err)
{
	job->pid = 0;
	job->status = status;
	if (queue->done)
		queue->done(queue->data, job, err);
}

static bool start_job(const struct vz_queue *queue, struct vz_job *job)
{
	struct wabe_error err = WABE_ERROR_INIT;

	job->pid = queue->spawn(queue->data, job, &err);
	if (job->pid > 0)
		return true;
	finish(queue, job, job->pid < 0 ? (int)job->pid : -ECHILD, &err);
	return false;
}

/* Wait for any; the job that it was, or NULL. *ret_is_over: there is nothing to wait for. */
static struct vz_job *wait_one(const struct vz_queue *queue, int *ret_status, bool *ret_is_over)
{
	pid_t pid;

	do {
		pid = waitpid(-1, ret_status, 0);
	} while (pid < 0 && errno == EINTR);
	*ret_is_over = pid < 0;
	for (size_t i = 0; pid > 0 && i < queue->count; i++)
		if (queue->jobs[i].pid == pid)
			return &queue->jobs[i];
	return NULL;
}

size_t vz_queue_run(struct vz_queue *queue)
{
	size_t next = 0, running = 0, failed = 0;
	bool is_over = false;

	while (!is_over && (next < queue->count || running > 0)) {
		struct vz_job *job;
		int status;

		if (next < queue->count && running < queue->parallel) {
			if (start_job(queue, &queue->jobs[next++]))
				running++;
			else
				failed++;
			continue;
		}
		job = wait_one(queue, &status, &is_over);
		if (!job)
			continue;
		running--;
		failed += status != 0;
		finish(queue, job, status, NULL);
	}
	return failed;
}
