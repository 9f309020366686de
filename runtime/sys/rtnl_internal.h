/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sys/rtnl: what its files share: libmnl's functions, requests, the exchange with the kernel. */
#ifndef WABE_SYS_RTNL_INTERNAL_H
#define WABE_SYS_RTNL_INTERNAL_H

#include <libmnl/libmnl.h>

#include "sys/rtnl.h"

/* All that is used of libmnl. */
/* clang-format off */
#define WABE_MNL_FUNCTIONS(X) \
	X(mnl_nlmsg_put_header) \
	X(mnl_nlmsg_put_extra_header) \
	X(mnl_nlmsg_get_payload) \
	X(mnl_attr_put_check) \
	X(mnl_attr_nest_start_check) \
	X(mnl_attr_nest_end) \
	X(mnl_attr_parse) \
	X(mnl_attr_parse_nested) \
	X(mnl_attr_get_type) \
	X(mnl_attr_get_payload) \
	X(mnl_attr_get_payload_len) \
	X(mnl_attr_get_u32) \
	X(mnl_cb_run2)
/* clang-format on */

struct wabe_rtnl {
#define WABE_MNL_MEMBER(name) \
	__typeof__(name) *name; /* NOLINT(bugprone-macro-parentheses): a declaration */
	WABE_MNL_FUNCTIONS(WABE_MNL_MEMBER)
#undef WABE_MNL_MEMBER
	int fd;
	uint32_t seq;
	char *reply; /* WABE_RTNL_REPLY bytes */
};

#define WABE_RTNL_REPLY 32768  /* netlink(7): a dump's messages are at most 32 KiB together */
#define WABE_RTNL_REQUEST 2048 /* the largest has a table of 1 KiB: sys/tc.c */

/* One message that is being put together; what does not fit is noticed when it is sent. */
struct wabe_rtnl_request {
	struct wabe_rtnl *nl;
	struct nlmsghdr *header;
	bool is_full;
	char room[WABE_RTNL_REQUEST] __attribute__((aligned(8)));
};

void wabe_rtnl_begin(struct wabe_rtnl_request *q, struct wabe_rtnl *nl, uint16_t type,
		     uint16_t flags, const void *body, size_t len);
void wabe_rtnl_put(struct wabe_rtnl_request *q, uint16_t type, const void *data, size_t len);
void wabe_rtnl_put_u32(struct wabe_rtnl_request *q, uint16_t type, uint32_t value);
/** wabe_rtnl_put_raw() - whole attributes, as another request had them. */
void wabe_rtnl_put_raw(struct wabe_rtnl_request *q, const void *attributes, size_t len);
void wabe_rtnl_put_string(struct wabe_rtnl_request *q, uint16_t type, const char *text);
struct nlattr *wabe_rtnl_nest(struct wabe_rtnl_request *q, uint16_t type);
void wabe_rtnl_nest_end(struct wabe_rtnl_request *q, struct nlattr *nest);

/**
 * wabe_rtnl_talk() - send, and read until the kernel says that it was all.
 * @take: NULL, or called for each message that is neither error nor end; MNL_CB_OK or MNL_CB_ERROR with errno
 * Returns 0 or -errno, also the kernel's, with the text of its answer.
 */
int wabe_rtnl_talk(struct wabe_rtnl_request *q, mnl_cb_t take, void *data, struct wabe_error *err,
		   const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/** wabe_rtnl_attrs() - fill @table[0..max] with the attributes behind a header of @offset bytes. */
int wabe_rtnl_attrs(const struct wabe_rtnl *nl, const struct nlmsghdr *h, size_t offset,
		    const struct nlattr **table, uint16_t max);
int wabe_rtnl_attrs_nested(const struct wabe_rtnl *nl, const struct nlattr *nest,
			   const struct nlattr **table, uint16_t max);

/** wabe_rtnl_copy() - an attribute's text into @text, which always ends; false: missing or too long. */
bool wabe_rtnl_copy(const struct wabe_rtnl *nl, const struct nlattr *attr, char *text, size_t room);

/** wabe_rtnl_u32() - an attribute's number, or @fallback when it is missing. */
uint32_t wabe_rtnl_u32(const struct wabe_rtnl *nl, const struct nlattr *attr, uint32_t fallback);

#endif
