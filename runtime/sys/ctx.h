/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/ctx: the cgroup controller ctx of our kernel (kernel-patches/), as far as it isn't files of a cgroup: what contexts hold,
 * and what happens to them, by its generic netlink family. The interface is include/uapi/linux/ctx.h and
 * Documentation/admin-guide/cgroup-v2.rst of that kernel.
 */
#ifndef WABE_SYS_CTX_H
#define WABE_SYS_CTX_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/**
 * What is counted: by the controller ctx, in the order of the kernel's enum ctx_resource; then what the memory controller counts
 * of the same cgroup, which it alone limits (enum ctx_memory).
 */
enum wabe_ctx_resource {
	WABE_CTX_NUMPROC,
	WABE_CTX_NUMFILE,
	WABE_CTX_NUMTCPSOCK,
	WABE_CTX_NUMOTHERSOCK,
	WABE_CTX_NUMFLOCK,
	WABE_CTX_NUMPTY,
	WABE_CTX_NUMSIGINFO,
	WABE_CTX_LOCKEDPAGES,
	WABE_CTX_NUMNETNS,
	WABE_CTX_NUMCONNTRACK,
	WABE_CTX_NUMIPTENT,
	WABE_CTX_NUMROUTE,
	WABE_CTX_NUMNEIGH,
	WABE_CTX_NUMWATCH,
	WABE_CTX_NUMKEY,
	WABE_CTX_NUMMOUNT,
	WABE_CTX_NUMCGROUP,
	WABE_CTX_MEMORY_FIRST,
	WABE_CTX_PHYSPAGES = WABE_CTX_MEMORY_FIRST,
	WABE_CTX_SWAPPAGES,
	WABE_CTX_KMEMSIZE,
	WABE_CTX_SHMPAGES,
	WABE_CTX_DCACHESIZE,
	WABE_CTX_OOMGUARPAGES,
	WABE_CTX_RESOURCE_MAX,
};

/* What barrier and limit are when there is none (CTX_NO_LIMIT). */
#define WABE_CTX_NO_LIMIT ((uint64_t)INT64_MAX)

/* What the kernel doesn't keep of a resource. */
enum {
	WABE_CTX_LACKS_PEAK = 1 << 0,
	WABE_CTX_LACKS_BOUNDS = 1 << 1, /* barrier and limit */
	WABE_CTX_LACKS_FAILURES = 1 << 2,
};

/** One resource: "...pages" in pages of the machine, "...size" in bytes, all else in pieces. */
struct wabe_ctx_count {
	uint64_t held, peak, barrier, limit;
	/* charges that were refused; of oomguarpages: processes killed for lack of memory */
	uint64_t failures;
	unsigned int lacks; /* bits: which of these aren't known */
};

/** Why the last task of a context is gone. */
enum wabe_ctx_end {
	WABE_CTX_END_UNKNOWN, /* it had no init of its own, or that is still there; or a reason that is news to us */
	WABE_CTX_END_EXITED,
	WABE_CTX_END_HALTED,
	WABE_CTX_END_REBOOTED,
	WABE_CTX_END_KILLED,
	WABE_CTX_END_OOM,
	WABE_CTX_END_MAX,
};

enum wabe_ctx_kind {
	WABE_CTX_COUNTS, /* what it holds: all that is counted */
	WABE_CTX_HIT,	 /* only those of which a charge was refused */
	WABE_CTX_ENDED,
};

/** What the kernel says of a context. */
struct wabe_ctx {
	enum wabe_ctx_kind kind;
	uint32_t id;
	uint64_t
		cgroup; /* the cgroup's id, its directory's inode: tells contexts apart that have the same id one after another */
	unsigned int known; /* bits by enum wabe_ctx_resource: which of .counts are told */
	struct wabe_ctx_count counts[WABE_CTX_RESOURCE_MAX];
	enum wabe_ctx_end end; /* of WABE_CTX_ENDED, with: */
	int status; /* wait(2)'s, of its init; for HALTED and REBOOTED that which its parent gets */
};

/** wabe_ctx_resource_name() - "numproc", "physpages" ... as in the files of the controller. */
const char *wabe_ctx_resource_name(enum wabe_ctx_resource resource);

/**
 * wabe_ctx_is_ours() - would the kernel take ids and limits of contexts from this process? It does from the host's own user and
 * cgroup namespaces only, and from no member of a context: inside a guest the controller is the host's. One system call where the
 * kernel hasn't got it.
 */
bool wabe_ctx_is_ours(void);

/** wabe_ctx_cgroup() - the id of the cgroup @path (from the hierarchy's root), as struct wabe_ctx has it. 0: NULL, or not there. */
uint64_t wabe_ctx_cgroup(const char *path);

/** A way to ask. */
struct wabe_ctx_link {
	int fd;
	uint16_t family;
};

#define WABE_CTX_LINK_INIT   \
	{                    \
		.fd = -EBADF \
	}

/**
 * wabe_ctx_open() - a link, to be closed. 0; -ENOENT: this kernel has no contexts, or none for us to ask for (@err is set then,
 * but it is no failure for who can do without); -errno. CAP_NET_ADMIN on the host is wanted for what is asked then.
 */
int wabe_ctx_open(struct wabe_ctx_link *ret_link, struct wabe_error *err);
void wabe_ctx_close(struct wabe_ctx_link *link); /* for _cleanup_ */

/** Contexts, ascending by id; starts zeroed. */
struct wabe_ctx_table {
	struct wabe_ctx *items;
	size_t count, room;
};

/** wabe_ctx_get() - add the context @id to @table, behind smaller ones. -ENOENT: there is none. */
int wabe_ctx_get(const struct wabe_ctx_link *link, uint32_t id, struct wabe_ctx_table *table,
		 struct wabe_error *err);

/** wabe_ctx_dump() - all contexts of the host into the empty @table, by one request. What was gathered before an error stays. */
int wabe_ctx_dump(const struct wabe_ctx_link *link, struct wabe_ctx_table *table,
		  struct wabe_error *err);

/** wabe_ctx_find() - or NULL. */
const struct wabe_ctx *wabe_ctx_find(const struct wabe_ctx_table *table, uint32_t id);
void wabe_ctx_table_free(struct wabe_ctx_table *table); /* for _cleanup_ */

/** What can be listened to. A socket each: hits, which guests can make, don't crowd out ends. */
enum wabe_ctx_group {
	WABE_CTX_GROUP_LIMIT, /* WABE_CTX_HIT, of each context at most one a second */
	WABE_CTX_GROUP_END,   /* WABE_CTX_ENDED */
	WABE_CTX_GROUP_MAX,
};

/** wabe_ctx_listen() - a non-blocking socket to poll and wabe_ctx_receive() from. The errors of wabe_ctx_open(), and -EPERM. */
int wabe_ctx_listen(enum wabe_ctx_group group, struct wabe_error *err);

/**
 * wabe_ctx_receive() - what came next on @fd.
 * 1: @ret_ctx is filled; -EAGAIN: nothing more for now; -ENOBUFS: it came faster than it was read, some is lost; -EPROTO:
 * something that isn't the kernel's or not of its form came, and was passed over; -errno.
 */
int wabe_ctx_receive(int fd, struct wabe_ctx *ret_ctx);

#endif
