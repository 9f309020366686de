/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/queue: one process a guest, in order, so many at a time.
 */
#ifndef VZ_GUEST_QUEUE_H
#define VZ_GUEST_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct vz_job {
	uint32_t ctid;
	uint64_t order; /* BOOTORDER: higher ones go first */
	pid_t pid;	/* while it runs; 0 before and after */
	int status;	/* wait status once it is done, or -errno: it could not be started */
};

struct vz_queue {
	struct vz_job *jobs;
	size_t count;
	size_t parallel; /* at most so many at a time, 1 and up */
	/** Start the process of a job: its pid, a child of the caller's, or -errno. */
	pid_t (*spawn)(void *data, const struct vz_job *job, struct wabe_error *err);
	/** NULL, or told of each job's end; @err says why one could not be started, else NULL. */
	void (*done)(void *data, const struct vz_job *job, const struct wabe_error *err);
	void *data;
};

/** vz_queue_sort() - highest order first, then by CTID; @is_reverse: the other way round, for stopping. */
void vz_queue_sort(struct vz_job *jobs, size_t count, bool is_reverse);

/**
 * vz_queue_run() - all jobs; a failed one doesn't keep the others. Waits for children that are no jobs too, and drops them.
 * Returns how many failed.
 */
size_t vz_queue_run(struct vz_queue *queue);

#endif
