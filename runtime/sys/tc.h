/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/tc: how fast a device sends, and what comes in by it (tc(8)), by rtnetlink.
 */
#ifndef WABE_SYS_TC_H
#define WABE_SYS_TC_H

#include <stdint.h>

#include "base/error.h"
#include "sys/rtnl.h"

/** How packets wait for their turn. */
enum wabe_tc_queue {
	WABE_TC_AUTO, /* fq_codel where the kernel has it, else in a line */
	WABE_TC_FQ_CODEL,
	WABE_TC_CAKE,
	WABE_TC_FIFO,
};

struct wabe_tc_shape {
	uint64_t rate;	/* bits a second, > 0 */
	uint32_t burst; /* bytes that may go at once; 0: 10 ms of the rate, but 32 KiB or more */
	enum wabe_tc_queue queue;
};

/**
 * wabe_tc_shape() - what the device @index sends is no more than that, however many streams it has. In the place of
 * what was there. -ENOTSUP: the kernel has no such queue.
 */
int wabe_tc_shape(struct wabe_rtnl *nl, int index, const struct wabe_tc_shape *shape,
		  struct wabe_error *err);

/** wabe_tc_unshape() - no more. Idempotent; also of a device that is gone. */
int wabe_tc_unshape(struct wabe_rtnl *nl, int index, struct wabe_error *err);

/**
 * wabe_tc_stand_in() - the intermediate device @name (ifb), up, which sends what came in by another: made, or the one that is
 * there. -ENOTSUP: the kernel has none.
 */
int wabe_tc_stand_in(struct wabe_rtnl *nl, const char *name, int *ret_index,
		     struct wabe_error *err);

/** wabe_tc_redirect() - what comes in by @index goes through the stand-in @to first. Idempotent. -ENOTSUP */
int wabe_tc_redirect(struct wabe_rtnl *nl, int index, int to, struct wabe_error *err);

/**
 * wabe_tc_police() - what comes in by @index above that rate is dropped; nothing waits, so streams get less of it than a queue
 * gives them, and the burst is 128 KiB or more. @shape->queue means nothing. Idempotent. -ENOTSUP
 */
int wabe_tc_police(struct wabe_rtnl *nl, int index, const struct wabe_tc_shape *shape,
		   struct wabe_error *err);

/** wabe_tc_direct() - neither of the two any more. Idempotent. */
int wabe_tc_direct(struct wabe_rtnl *nl, int index, struct wabe_error *err);

#endif
