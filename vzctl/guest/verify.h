/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/verify: does each limit of a running guest really hold? For every one that is set a probe
 * inside the guest tries to get past it.
 *
 * A probe is a function of ours in a process of the guest (guest/run.h), confined as all of its
 * processes are, with oom_score_adj 1000, so that it dies before anything of the guest's. What it
 * takes is gone when it ends. While it runs the guest is at its limit: a fork of its own may fail.
 */
#ifndef VZ_GUEST_VERIFY_H
#define VZ_GUEST_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "guest/guest.h"

enum vz_verdict {
	VZ_VERDICT_PROVEN,   /* a probe hit it */
	VZ_VERDICT_IN_FORCE, /* the kernel holds it; a share or guarantee, nothing hits it */
	VZ_VERDICT_NOT_HERE, /* not enforceable on this host, or nothing here gets that far */
	VZ_VERDICT_FAILED,   /* enforceable, and not proven */
	VZ_VERDICT_MAX,
};

const char *vz_verdict_name(enum vz_verdict verdict);

struct vz_verify_result {
	enum vz_param_id param;
	const char *value; /* as configured */
	const char *by;	   /* what enforces it: "memory.max"; "-" nothing */
	enum vz_verdict verdict;
	char note[192]; /* what happened, or why not */
};

/** What a probe and its starter share; the probe writes, the starter reads when it has ended. */
struct vz_probe {
	volatile uint64_t count, bytes, elapsed_us;
	volatile uint64_t total, available; /* of the guest's root, bytes or inodes */
	volatile int error;		    /* errno that stopped it, 0: nothing did */
	uint64_t wanted;		    /* in: how far it is to go */
	uint64_t block;			    /* in: bytes at once */
	char text[256];			    /* in or out */
};

struct vz_verify {
	struct vz_guest *g;		 /* runs */
	const struct vz_params *params;	 /* the guest's */
	struct wabe_cgroup *cgroup;	 /* the guest's */
	struct vz_probe *probe;		 /* shared memory, zeroed for each row */
	struct vz_verify_result *result; /* of the row at work */
	uint64_t hog_bytes; /* how much memory a process got before it was killed; 0: none was */
};

/** One limit. Whoever adds a parameter with a limit adds a row, in a table of verify.c's list. */
struct vz_verify_row {
	enum vz_param_id param;
	/* NULL: when the parameter is set, and its limit is not "unlimited" (or 0 for a LIMIT) */
	bool (*is_set)(const struct vz_params *params);
	/* fills v->result by vz_verify_say(); an error ends the verb */
	int (*check)(struct vz_verify *v, struct wabe_error *err);
};

/** vz_verify_say() - the row's result. @by: a constant; a cgroup's file by its name of v2. Returns 0. */
int vz_verify_say(struct vz_verify *v, enum vz_verdict verdict, const char *by, const char *fmt,
		  ...) __attribute__((format(printf, 4, 5)));

/**
 * vz_verify_inside() - run @main(v->probe) in the guest, at most @seconds. Returns its exit status
 * (128 + signal), -errno.
 */
int vz_verify_inside(struct vz_verify *v, int (*main)(struct vz_probe *probe), unsigned int seconds,
		     struct wabe_error *err);

/** vz_verify_clock_us() - CLOCK_MONOTONIC, for probes. */
uint64_t vz_verify_clock_us(void);

/**
 * vz_verify_scratch() - for probes: a file without a name in the guest's root directory, open for
 * reading and writing; goes with its descriptor. @flags: O_DIRECT, O_DSYNC or 0. -errno.
 */
int vz_verify_scratch(int flags);

struct vz_net_device;

/** vz_verify_venet() - the guest's venet0, as the host has it: 1, 0: it has none, -errno. @venet: its texts are in @arena. */
int vz_verify_venet(struct vz_verify *v, struct wabe_arena *arena, struct vz_net_device *venet,
		    struct wabe_error *err);

/** vz_verify_conntrack() - NUMCONNTRACK's check, for the table of the network. */
int vz_verify_conntrack(struct vz_verify *v, struct wabe_error *err);

/* The tables, one a file of rows. */
const struct vz_verify_row *vz_verify_cgroup_rows(size_t *ret_count);
const struct vz_verify_row *vz_verify_memory_rows(size_t *ret_count);
const struct vz_verify_row *vz_verify_counter_rows(size_t *ret_count);
const struct vz_verify_row *vz_verify_disk_rows(size_t *ret_count);
const struct vz_verify_row *vz_verify_rights_rows(size_t *ret_count);
const struct vz_verify_row *vz_verify_net_rows(size_t *ret_count);

/** For each result, while the verb works: probes take seconds. */
typedef void vz_verify_each_fn(void *data, const struct vz_verify_result *result);

/**
 * vz_guest_verify() - all limits of a running guest, which is locked, one after the other.
 * Returns how many failed. Kind VZ_EXIT_NOT_RUNNING.
 */
int vz_guest_verify(struct vz_guest *g, vz_verify_each_fn *each, void *data,
		    struct wabe_error *err);

#endif
