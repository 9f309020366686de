/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/ctx, inside: what the kernel's messages look like, and their parser. Only ctx*.c, its tests and its fuzzer.
 *
 * The numbers are those of include/uapi/linux/ctx.h (kernel-patches/linux-6.12, patches 10 and 11), which no distribution's headers have.
 */
#ifndef WABE_SYS_CTX_INTERNAL_H
#define WABE_SYS_CTX_INTERNAL_H

#include "sys/ctx.h"

#define CTX_GENL_NAME "ctx"
#define CTX_GENL_VERSION 1
#define CTX_GENL_MCGRP_LIMIT "limit"
#define CTX_GENL_MCGRP_END "end"

/* enum ctx_cmd */
enum {
	CTX_CMD_GET = 1,
	CTX_CMD_NEW,
	CTX_CMD_LIMIT,
	CTX_CMD_END,
};

/* enum ctx_attr */
enum {
	CTX_A_ID = 2,	  /* u32 */
	CTX_A_VERSION,	  /* u32, CTX_VERSION */
	CTX_A_CGROUP,	  /* u64 */
	CTX_A_COUNTS,	  /* array of struct ctx_count */
	CTX_A_COUNT_SIZE, /* u32, of one of them, which may grow */
	CTX_A_REASON,	  /* u32, enum ctx_end */
	CTX_A_STATUS,	  /* u32 */
	CTX_A_KNOWN,
};

/* enum ctx_memory; the kernel's numbers of what ctx itself counts are those of enum wabe_ctx_resource */
enum {
	CTX_PHYSPAGES = 32,
	CTX_SWAPPAGES,
	CTX_KMEMSIZE,
	CTX_SHMPAGES,
	CTX_SOCKBUF, /* no beancounter: the sum of several, which nobody can take apart */
	CTX_DCACHESIZE,
	CTX_OOMGUARPAGES,
};

/* As the kernel's; .lacks was 0 in version 1. */
struct ctx_count {
	uint32_t resource, lacks;
	uint64_t held, peak, barrier, limit, failures;
};

/* What the family is known by on this host. */
struct wabe_ctx_family {
	uint16_t id;
	uint32_t groups[WABE_CTX_GROUP_MAX]; /* 0: it has none of the name */
};

/** wabe_ctx_number() - the kernel's number of @resource. */
uint32_t wabe_ctx_number(enum wabe_ctx_resource resource);

/**
 * wabe_ctx_parse() - a message of the family: @len bytes behind its netlink header.
 *
 * Attributes that aren't known are passed over; all others must have their exact size, be there once, and all that the kind of
 * message needs must be there. A record of counts may be longer than ours, and shorter: what it lacks is 0. Resources that aren't
 * known are passed over too.
 * 0; -ENOMSG: of a kind that isn't known; -EPROTO: not of the form. @ret_ctx is written on success only.
 */
int wabe_ctx_parse(const void *data, size_t len, struct wabe_ctx *ret_ctx);

/** wabe_ctx_parse_family() - the controller's answer (linux/genetlink.h, CTRL_CMD_NEWFAMILY) the same way. 0 or -EPROTO. */
int wabe_ctx_parse_family(const void *data, size_t len, struct wabe_ctx_family *ret_family);

#endif
