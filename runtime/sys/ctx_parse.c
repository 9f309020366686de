// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/ctx: the parser of the generic netlink family's messages; see ctx_internal.h. */
#include <linux/genetlink.h>
#include <signal.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/ctx_internal.h"

/* linux/ctx_cgroup.h of our kernel: CTX_ID_MAX, which is the largest CTID as well */
#define ID_MAX 2147483644u
/* A record says at least which resource it is of, and how much is held. */
#define COUNT_LEAST offsetof(struct ctx_count, peak)

/* One attribute; its value needn't be aligned. */
struct attr {
	unsigned int type; /* with flags */
	const unsigned char *value;
	size_t len;
};

struct attrs {
	const unsigned char *at;
	size_t left;
};

/* 1: one more, 0: that was all, -EPROTO. */
static int next_attr(struct attrs *attrs, struct attr *ret)
{
	struct nlattr head;
	size_t step;

	if (attrs->left == 0)
		return 0;
	if (attrs->left < sizeof(head))
		return -EPROTO;
	memcpy(&head, attrs->at, sizeof(head));
	if (head.nla_len < NLA_HDRLEN || head.nla_len > attrs->left)
		return -EPROTO;
	*ret = (struct attr){ .type = head.nla_type,
			      .value = attrs->at + NLA_HDRLEN,
			      .len = (size_t)head.nla_len - NLA_HDRLEN };
	/* The last one may come without what fills it up. */
	step = NLA_ALIGN(head.nla_len);
	step = step > attrs->left ? attrs->left : step;
	attrs->at += step;
	attrs->left -= step;
	return 1;
}

/*
 * The attributes of @attrs with types below @count into @table, each by its type. A value that claims to be nested, or of the
 * network's byte order, isn't what it should be; who is nested is told by @nested, a bit a type. Only what fills up before
 * numbers of 64 bits, where machines need that, comes again: it has no value.
 */
static int sort_attrs(struct attrs attrs, struct attr *table, size_t count, unsigned int nested)
{
	struct attr a;
	int r;

	memset(table, 0, count * sizeof(*table));
	while ((r = next_attr(&attrs, &a)) > 0) {
		const unsigned int type = a.type & NLA_TYPE_MASK;

		if (type >= count)
			continue;
		if ((table[type].value && (table[type].len || a.len)) ||
		    a.type & NLA_F_NET_BYTEORDER ||
		    (a.type & NLA_F_NESTED && !(nested & 1u << type)))
			return -EPROTO;
		table[type] = a;
	}
	return r;
}

/* @size bytes exactly, into @ret. */
static int take(const struct attr *a, void *ret, size_t size)
{
	if (!a->value || a->len != size)
		return -EPROTO;
	memcpy(ret, a->value, size);
	return 0;
}

/* What stands behind the generic header, or NULL. */
static const struct genlmsghdr *split(const void *data, size_t len, struct genlmsghdr *ret_head,
				      struct attrs *ret_attrs)
{
	if (len < GENL_HDRLEN)
		return NULL;
	memcpy(ret_head, data, sizeof(*ret_head));
	*ret_attrs = (struct attrs){ (const unsigned char *)data + GENL_HDRLEN, len - GENL_HDRLEN };
	return ret_head;
}

uint32_t wabe_ctx_number(enum wabe_ctx_resource resource)
{
	static const uint32_t memory[WABE_CTX_RESOURCE_MAX] = {
		[WABE_CTX_PHYSPAGES] = CTX_PHYSPAGES,	[WABE_CTX_SWAPPAGES] = CTX_SWAPPAGES,
		[WABE_CTX_KMEMSIZE] = CTX_KMEMSIZE,	[WABE_CTX_SHMPAGES] = CTX_SHMPAGES,
		[WABE_CTX_DCACHESIZE] = CTX_DCACHESIZE, [WABE_CTX_OOMGUARPAGES] = CTX_OOMGUARPAGES,
	};

	return resource < WABE_CTX_MEMORY_FIRST ? (uint32_t)resource : memory[resource];
}

/* WABE_CTX_RESOURCE_MAX: not one of ours. */
static enum wabe_ctx_resource resource_of(uint32_t number)
{
	enum wabe_ctx_resource i = 0;

	while (i < WABE_CTX_RESOURCE_MAX && wabe_ctx_number(i) != number)
		i++;
	return i;
}

static int take_count(struct wabe_ctx *c, const unsigned char *record, size_t size)
{
	struct ctx_count count = { 0 };
	enum wabe_ctx_resource resource;

	memcpy(&count, record, size < sizeof(count) ? size : sizeof(count));
	resource = resource_of(count.resource);
	if (resource == WABE_CTX_RESOURCE_MAX)
		return 0;
	if (c->known & 1u << resource)
		return -EPROTO;
	c->known |= 1u << resource;
	c->counts[resource] = (struct wabe_ctx_count){
		.held = count.held,
		.peak = count.peak,
		.barrier = count.barrier,
		.limit = count.limit,
		.failures = count.failures,
		.lacks = count.lacks,
	};
	return 0;
}

static int take_counts(struct wabe_ctx *c, const struct attr *table)
{
	const struct attr *counts = &table[CTX_A_COUNTS];
	uint32_t size;
	int r = take(&table[CTX_A_COUNT_SIZE], &size, sizeof(size));

	if (r < 0 || !counts->value || size < COUNT_LEAST || counts->len % size)
		return -EPROTO;
	for (size_t at = 0; r == 0 && at < counts->len; at += size)
		r = take_count(c, counts->value + at, size);
	return r;
}

static int take_end(struct wabe_ctx *c, const struct attr *table)
{
	uint32_t reason, status;

	if (take(&table[CTX_A_REASON], &reason, sizeof(reason)) < 0 ||
	    take(&table[CTX_A_STATUS], &status, sizeof(status)) < 0)
		return -EPROTO;
	c->end = reason < WABE_CTX_END_MAX ? (enum wabe_ctx_end)reason : WABE_CTX_END_UNKNOWN;
	c->status = (int)status;
	/* What wait(2) tells the parent is put there after this was said: pid_namespaces(7), "The init process". */
	if (c->end == WABE_CTX_END_HALTED)
		c->status = SIGINT;
	if (c->end == WABE_CTX_END_REBOOTED)
		c->status = SIGHUP;
	return 0;
}

int wabe_ctx_parse(const void *data, size_t len, struct wabe_ctx *ret_ctx)
{
	struct attr table[CTX_A_KNOWN];
	struct wabe_ctx c = { 0 };
	struct genlmsghdr head;
	struct attrs attrs;
	uint32_t version;
	int r;

	if (!split(data, len, &head, &attrs))
		return -EPROTO;
	if (head.cmd < CTX_CMD_NEW || head.cmd > CTX_CMD_END)
		return -ENOMSG;
	if (sort_attrs(attrs, table, ARRAY_SIZE(table), 0) < 0 ||
	    take(&table[CTX_A_VERSION], &version, sizeof(version)) < 0 || version == 0 ||
	    take(&table[CTX_A_ID], &c.id, sizeof(c.id)) < 0 || c.id == 0 || c.id > ID_MAX ||
	    take(&table[CTX_A_CGROUP], &c.cgroup, sizeof(c.cgroup)) < 0)
		return -EPROTO;
	c.kind = head.cmd == CTX_CMD_END     ? WABE_CTX_ENDED
		 : head.cmd == CTX_CMD_LIMIT ? WABE_CTX_HIT
					     : WABE_CTX_COUNTS;
	r = c.kind == WABE_CTX_ENDED ? take_end(&c, table) : take_counts(&c, table);
	if (r == 0)
		*ret_ctx = c;
	return r;
}

static bool is_named(const struct attr *name, const char *wanted)
{
	return name->value && name->len == strlen(wanted) + 1 &&
	       memcmp(name->value, wanted, name->len) == 0;
}

static int take_group(const struct attr *group, struct wabe_ctx_family *family)
{
	static const char *const names[WABE_CTX_GROUP_MAX] = {
		[WABE_CTX_GROUP_LIMIT] = CTX_GENL_MCGRP_LIMIT,
		[WABE_CTX_GROUP_END] = CTX_GENL_MCGRP_END,
	};
	struct attr table[CTRL_ATTR_MCAST_GRP_ID + 1];
	uint32_t id;

	if (sort_attrs((struct attrs){ group->value, group->len }, table, ARRAY_SIZE(table), 0) <
		    0 ||
	    take(&table[CTRL_ATTR_MCAST_GRP_ID], &id, sizeof(id)) < 0)
		return -EPROTO;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (is_named(&table[CTRL_ATTR_MCAST_GRP_NAME], names[i]))
			family->groups[i] = id;
	return 0;
}

int wabe_ctx_parse_family(const void *data, size_t len, struct wabe_ctx_family *ret_family)
{
	struct attr table[CTRL_ATTR_MCAST_GROUPS + 1], group;
	struct wabe_ctx_family f = { 0 };
	struct genlmsghdr head;
	struct attrs attrs;
	int r;

	if (!split(data, len, &head, &attrs) || head.cmd != CTRL_CMD_NEWFAMILY ||
	    sort_attrs(attrs, table, ARRAY_SIZE(table),
		       1u << CTRL_ATTR_OPS | 1u << CTRL_ATTR_MCAST_GROUPS) < 0 ||
	    take(&table[CTRL_ATTR_FAMILY_ID], &f.id, sizeof(f.id)) < 0 || f.id < GENL_MIN_ID ||
	    !is_named(&table[CTRL_ATTR_FAMILY_NAME], CTX_GENL_NAME))
		return -EPROTO;
	attrs = (struct attrs){ table[CTRL_ATTR_MCAST_GROUPS].value,
				table[CTRL_ATTR_MCAST_GROUPS].len };
	while ((r = next_attr(&attrs, &group)) > 0)
		if (take_group(&group, &f) < 0)
			return -EPROTO;
	if (r == 0)
		*ret_family = f;
	return r;
}
