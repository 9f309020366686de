// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tests/unit/test_ctx: the messages of the patched kernel's generic netlink family: made here, parsed by sys/ctx_parse.c, and
 * answered by a thread-less kernel at the other end of a pair of sockets, for what sys/ctx_netlink.c does with them.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/ctx_internal.h"
#include "tap.h"

#define FAMILY 31

/* A message: what is behind the netlink header begins at .bytes + NLMSG_HDRLEN. */
struct message {
	size_t len;
	unsigned char bytes[4096] __attribute__((aligned(8)));
};

static void put(struct message *m, const void *data, size_t len)
{
	memcpy(m->bytes + m->len, data, len);
	memset(m->bytes + m->len + len, 0, NLMSG_ALIGN(len) - len);
	m->len += NLMSG_ALIGN(len);
}

static void begin(struct message *m, unsigned char command)
{
	const struct genlmsghdr head = { .cmd = command, .version = CTX_GENL_VERSION };

	m->len = NLMSG_HDRLEN;
	put(m, &head, sizeof(head));
}

static void put_attr(struct message *m, unsigned int type, const void *value, size_t len)
{
	const struct nlattr head = { .nla_len = (uint16_t)(NLA_HDRLEN + len),
				     .nla_type = (uint16_t)type };

	put(m, &head, sizeof(head));
	put(m, value, len);
}

static void put_u32(struct message *m, unsigned int type, uint32_t value)
{
	put_attr(m, type, &value, sizeof(value));
}

static void put_head(struct message *m, unsigned char command, uint32_t id)
{
	const uint64_t cgroup = UINT64_C(0x1234567890) + id;

	begin(m, command);
	put_u32(m, CTX_A_VERSION, 1);
	put_u32(m, CTX_A_ID, id);
	put_attr(m, CTX_A_CGROUP, &cgroup, sizeof(cgroup));
}

static void fill_counts(struct ctx_count *counts, uint32_t id)
{
	for (uint32_t i = 0; i < WABE_CTX_RESOURCE_MAX; i++)
		counts[i] = (struct ctx_count){ .resource = wabe_ctx_number(i),
						.lacks = i % 8,
						.held = 10 * i + id,
						.peak = 20 * i + id,
						.barrier = 30 * i,
						.limit = i ? 40 * i : WABE_CTX_NO_LIMIT,
						.failures = i };
}

static void put_counts(struct message *m, unsigned char command, uint32_t id,
		       const struct ctx_count *counts, size_t bytes)
{
	put_head(m, command, id);
	put_u32(m, CTX_A_COUNT_SIZE, sizeof(*counts));
	put_attr(m, CTX_A_COUNTS, counts, bytes);
}

static void make_counts(struct message *m, unsigned char command, uint32_t id)
{
	struct ctx_count counts[WABE_CTX_RESOURCE_MAX];

	fill_counts(counts, id);
	put_counts(m, command, id, counts, sizeof(counts));
}

static void make_end(struct message *m, uint32_t id, uint32_t reason, uint32_t status)
{
	put_head(m, CTX_CMD_END, id);
	put_u32(m, CTX_A_REASON, reason);
	put_u32(m, CTX_A_STATUS, status);
}

static int parse(const struct message *m, struct wabe_ctx *ret)
{
	return wabe_ctx_parse(m->bytes + NLMSG_HDRLEN, m->len - NLMSG_HDRLEN, ret);
}

/* -EPROTO, and what the caller has is left as it is. */
static void refuses(struct tap *t, const struct message *m, const char *what)
{
	struct wabe_ctx c, before;

	memset(&c, 0x5a, sizeof(c));
	before = c;
	tap_int(t, parse(m, &c), -EPROTO, "refused: %s", what);
	tap_ok(t, memcmp((const char *)&c, (const char *)&before, sizeof(c)) == 0,
	       "nothing is written: %s", what);
}

static void test_counts(struct tap *t)
{
	struct wabe_ctx c = { 0 };
	struct message m;

	make_counts(&m, CTX_CMD_NEW, 101);
	tap_int(t, parse(&m, &c), 0, "the counters of a context");
	tap_int(t, c.kind, WABE_CTX_COUNTS, "their kind");
	tap_int(t, c.id, 101, "the id");
	tap_ok(t, c.cgroup == UINT64_C(0x1234567890) + 101, "the cgroup");
	tap_int(t, c.known, (1 << WABE_CTX_RESOURCE_MAX) - 1, "all resources");
	tap_int(t, (long long)c.counts[WABE_CTX_NUMPTY].held, 10 * WABE_CTX_NUMPTY + 101, "held");
	tap_int(t, (long long)c.counts[WABE_CTX_NUMPTY].peak, 20 * WABE_CTX_NUMPTY + 101, "peak");
	tap_int(t, (long long)c.counts[WABE_CTX_NUMPTY].barrier, 30 * WABE_CTX_NUMPTY, "barrier");
	tap_int(t, (long long)c.counts[WABE_CTX_NUMPTY].limit, 40 * WABE_CTX_NUMPTY, "limit");
	tap_int(t, (long long)c.counts[WABE_CTX_NUMPTY].failures, WABE_CTX_NUMPTY, "failures");
	tap_ok(t, c.counts[WABE_CTX_NUMPROC].limit == WABE_CTX_NO_LIMIT, "no limit");
	tap_int(t, (long long)c.counts[WABE_CTX_NUMPTY].lacks, WABE_CTX_NUMPTY % 8, "not kept");
	make_counts(&m, CTX_CMD_LIMIT, 102);
	tap_int(t, parse(&m, &c), 0, "a hit");
	tap_int(t, c.kind, WABE_CTX_HIT, "its kind");
}

/* Records of @size bytes instead of sizeof(struct ctx_count). */
static void make_sized(struct message *m, uint32_t size, size_t bytes)
{
	struct ctx_count counts[WABE_CTX_RESOURCE_MAX];
	unsigned char room[1024] = { 0 };

	fill_counts(counts, 0);
	for (size_t i = 0; i < 3 && size <= 64; i++)
		memcpy(room + i * size, &counts[i],
		       size < sizeof(*counts) ? size : sizeof(*counts));
	put_head(m, CTX_CMD_NEW, 7);
	put_u32(m, CTX_A_COUNT_SIZE, size);
	put_attr(m, CTX_A_COUNTS, room, bytes);
}

static void test_sizes(struct tap *t)
{
	struct wabe_ctx c = { 0 };
	struct message m;

	make_sized(&m, 64, 192);
	tap_int(t, parse(&m, &c), 0, "larger records");
	tap_int(t, c.known, 7, "all of them");
	tap_int(t, (long long)c.counts[2].failures, 2, "to their end");
	make_sized(&m, 24, 72);
	tap_int(t, parse(&m, &c), 0, "smaller records");
	tap_int(t, (long long)c.counts[2].peak, 40, "what they have");
	tap_int(t, (long long)c.counts[2].limit, 0, "what they lack");
	make_sized(&m, 48, 0);
	tap_int(t, parse(&m, &c), 0, "no record");
	tap_int(t, c.known, 0, "tells of nothing");
	make_sized(&m, 0, 48);
	refuses(t, &m, "records of no size");
	make_sized(&m, 8, 48);
	refuses(t, &m, "records that say nothing");
	make_sized(&m, 48, 100);
	refuses(t, &m, "a part of a record");
	make_sized(&m, UINT32_MAX, 96);
	refuses(t, &m, "records larger than all of them");
}

static void test_resources(struct tap *t)
{
	struct ctx_count counts[2] = { { .resource = 4711, .held = 1 }, { .resource = 1 } };
	struct wabe_ctx c = { 0 };
	struct message m;

	put_counts(&m, CTX_CMD_NEW, 7, counts, sizeof(counts));
	tap_int(t, parse(&m, &c), 0, "a resource that isn't known");
	tap_int(t, c.known, 2, "is passed over");
	counts[0].resource = 1;
	put_counts(&m, CTX_CMD_NEW, 7, counts, sizeof(counts));
	refuses(t, &m, "a resource twice");
}

static void test_numbers(struct tap *t)
{
	static const enum wabe_ctx_resource memory[] = {
		WABE_CTX_PHYSPAGES,    WABE_CTX_SWAPPAGES,    WABE_CTX_KMEMSIZE,
		WABE_CTX_SHMPAGES,     WABE_CTX_RESOURCE_MAX, WABE_CTX_DCACHESIZE,
		WABE_CTX_OOMGUARPAGES, WABE_CTX_RESOURCE_MAX,
	};
	struct wabe_ctx c = { 0 };
	struct message m;

	for (uint32_t i = 17; i < 32 + ARRAY_SIZE(memory); i++) {
		uint32_t want = i < 32 ? WABE_CTX_RESOURCE_MAX : memory[i - 32];

		put_counts(&m, CTX_CMD_NEW, 7, &(struct ctx_count){ .resource = i },
			   sizeof(struct ctx_count));
		tap_int(t, parse(&m, &c), 0, "resource %u", i);
		tap_int(t, c.known, 1 << want & ((1 << WABE_CTX_RESOURCE_MAX) - 1), "is it");
	}
}

static void test_end(struct tap *t)
{
	static const struct {
		uint32_t reason, status;
		enum wabe_ctx_end end;
		int wanted;
	} rows[] = {
		{ 0, 0, WABE_CTX_END_UNKNOWN, 0 },
		{ 1, 3 << 8, WABE_CTX_END_EXITED, 3 << 8 },
		{ 2, 9, WABE_CTX_END_HALTED, SIGINT },
		{ 3, 9, WABE_CTX_END_REBOOTED, SIGHUP },
		{ 4, 11 | 0x80, WABE_CTX_END_KILLED, 11 | 0x80 },
		{ 5, 9, WABE_CTX_END_OOM, 9 },
		{ 6, 9, WABE_CTX_END_UNKNOWN, 9 },
		{ UINT32_MAX, 9, WABE_CTX_END_UNKNOWN, 9 },
	};
	struct wabe_ctx c = { 0 };
	struct message m;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		make_end(&m, 9, rows[i].reason, rows[i].status);
		tap_int(t, parse(&m, &c), 0, "an end by %u", rows[i].reason);
		tap_int(t, c.kind, WABE_CTX_ENDED, "its kind");
		tap_int(t, c.end, rows[i].end, "its reason");
		tap_int(t, c.status, rows[i].wanted, "its status");
	}
	put_head(&m, CTX_CMD_END, 9);
	put_u32(&m, CTX_A_REASON, 1);
	refuses(t, &m, "an end without a status");
	make_counts(&m, CTX_CMD_END, 9);
	refuses(t, &m, "an end with counters alone");
}

static void test_heads(struct tap *t)
{
	static const uint32_t ids[] = { 0, 2147483645, UINT32_MAX };
	struct wabe_ctx c = { 0 };
	struct message m;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		make_end(&m, ids[i], 1, 0);
		refuses(t, &m, "an id that is none");
	}
	make_end(&m, 2147483644, 1, 0);
	tap_int(t, parse(&m, &c), 0, "the largest id");
	begin(&m, CTX_CMD_NEW);
	refuses(t, &m, "no attributes");
	m.len = NLMSG_HDRLEN;
	refuses(t, &m, "nothing at all");
	m.len = NLMSG_HDRLEN + 3;
	refuses(t, &m, "a part of a header");
	make_counts(&m, CTX_CMD_GET, 9);
	tap_int(t, parse(&m, &c), -ENOMSG, "a request is no answer");
	make_counts(&m, 99, 9);
	tap_int(t, parse(&m, &c), -ENOMSG, "a kind that isn't known");
}

/* An end with an attribute more. */
static void with_attr(struct message *m, unsigned int type, const void *value, size_t len)
{
	make_end(m, 9, 1, 0);
	put_attr(m, type, value, len);
}

static void test_attrs(struct tap *t)
{
	static const unsigned char zeros[64];
	struct wabe_ctx c = { 0 };
	struct message m;

	with_attr(&m, 77, zeros, 13);
	tap_int(t, parse(&m, &c), 0, "an attribute that isn't known");
	with_attr(&m, 77 | NLA_F_NESTED, zeros, 16);
	tap_int(t, parse(&m, &c), 0, "nor what it is");
	with_attr(&m, 1, zeros, 0);
	tap_int(t, parse(&m, &c), 0, "what fills up");
	put_attr(&m, 1, zeros, 0);
	tap_int(t, parse(&m, &c), 0, "what fills up again");
	put_attr(&m, 1, zeros, 4);
	refuses(t, &m, "what fills up with a value");
	with_attr(&m, CTX_A_ID, zeros, 4);
	refuses(t, &m, "an id twice");
	with_attr(&m, CTX_A_COUNT_SIZE | NLA_F_NESTED, zeros, 4);
	refuses(t, &m, "a number that claims to be nested");
	with_attr(&m, CTX_A_COUNTS | NLA_F_NET_BYTEORDER, zeros, 48);
	refuses(t, &m, "numbers in the network's order");
	put_head(&m, CTX_CMD_END, 9);
	put_attr(&m, CTX_A_REASON, zeros, 2);
	put_u32(&m, CTX_A_STATUS, 0);
	refuses(t, &m, "a reason of two bytes");
	put_head(&m, CTX_CMD_END, 9);
	put_attr(&m, CTX_A_REASON, zeros, 8);
	put_u32(&m, CTX_A_STATUS, 0);
	refuses(t, &m, "a reason of eight bytes");
}

static void test_lengths(struct tap *t)
{
	const size_t last = NLA_HDRLEN + sizeof(uint32_t);
	struct wabe_ctx c = { 0 };
	struct nlattr head;
	struct message m;
	size_t len;

	make_end(&m, 9, 1, 0);
	len = m.len;
	for (m.len = NLMSG_HDRLEN; m.len < len; m.len++)
		if (parse(&m, &c) != -EPROTO)
			break;
	tap_int(t, (long long)m.len, (long long)len, "cut anywhere it is refused");
	for (size_t i = 0; i < 4; i++) {
		static const uint16_t lengths[] = { 0, 3, 9, UINT16_MAX };

		make_end(&m, 9, 1, 0);
		memcpy(&head, m.bytes + m.len - last, sizeof(head));
		head.nla_len = lengths[i];
		memcpy(m.bytes + m.len - last, &head, sizeof(head));
		refuses(t, &m, "a length that isn't there");
	}
	make_end(&m, 9, 1, 0);
	put_attr(&m, 77, "x", 1);
	m.len -= 3;
	tap_int(t, parse(&m, &c), 0, "the last one isn't filled up");
}

static void put_group(struct message *groups, const char *name, uint32_t id)
{
	struct message one = { 0 };

	put_u32(&one, CTRL_ATTR_MCAST_GRP_ID, id);
	put_attr(&one, CTRL_ATTR_MCAST_GRP_NAME, name, strlen(name) + 1);
	put_attr(groups, 1 | NLA_F_NESTED, one.bytes, one.len);
}

static void make_family(struct message *m, const char *name, unsigned int flag)
{
	struct message groups = { 0 };
	const uint16_t id = FAMILY;

	begin(m, CTRL_CMD_NEWFAMILY);
	put_attr(m, CTRL_ATTR_FAMILY_NAME, name, strlen(name) + 1);
	put_attr(m, CTRL_ATTR_FAMILY_ID, &id, sizeof(id));
	put_u32(m, CTRL_ATTR_VERSION, 1);
	put_group(&groups, "limit", 12);
	put_group(&groups, "other", 13);
	put_group(&groups, "end", 14);
	put_attr(m, CTRL_ATTR_MCAST_GROUPS | flag, groups.bytes, groups.len);
}

static void test_family(struct tap *t)
{
	struct wabe_ctx_family f = { 0 };
	const size_t at = NLMSG_HDRLEN;
	struct message m;
	size_t len;

	make_family(&m, "ctx", NLA_F_NESTED);
	tap_int(t, wabe_ctx_parse_family(m.bytes + at, m.len - at, &f), 0, "the family");
	tap_int(t, f.id, FAMILY, "its number");
	tap_int(t, f.groups[WABE_CTX_GROUP_LIMIT], 12, "the group of hits");
	tap_int(t, f.groups[WABE_CTX_GROUP_END], 14, "the group of ends");
	make_family(&m, "ctx", 0);
	tap_int(t, wabe_ctx_parse_family(m.bytes + at, m.len - at, &f), 0,
		"an old kernel doesn't mark what is nested");
	make_family(&m, "ctxx", 0);
	tap_int(t, wabe_ctx_parse_family(m.bytes + at, m.len - at, &f), -EPROTO,
		"another family is not it");
	make_family(&m, "ctx", NLA_F_NESTED);
	len = m.len;
	/* Without its groups, which are the last attribute, it is one too. */
	for (m.len = at; m.len < len; m.len++)
		if (wabe_ctx_parse_family(m.bytes + at, m.len - at, &f) == 0 &&
		    f.groups[WABE_CTX_GROUP_END] == 14)
			break;
	tap_int(t, (long long)m.len, (long long)len, "cut anywhere it has no group \"end\"");
}

/* As the kernel: a datagram into the socket that the other end reads. */
static void say(int kernel, struct message *m, uint16_t type, uint16_t flags)
{
	const struct nlmsghdr head = { .nlmsg_len = (uint32_t)m->len,
				       .nlmsg_type = type,
				       .nlmsg_flags = flags,
				       .nlmsg_seq = 1 };

	memcpy(m->bytes, &head, sizeof(head));
	if (send(kernel, m->bytes, m->len, 0) < 0)
		abort();
}

static void say_code(int kernel, uint16_t type, uint16_t flags, int code)
{
	const struct nlmsgerr e = { .error = code };
	struct message m = { .len = NLMSG_HDRLEN };

	put(&m, &e, sizeof(e));
	say(kernel, &m, type, flags);
}

static void say_context(int kernel, uint32_t id, uint16_t flags)
{
	struct message m;

	make_counts(&m, CTX_CMD_NEW, id);
	say(kernel, &m, FAMILY, NLM_F_MULTI | flags);
}

/* What we were asked. */
static struct nlmsghdr hear(int kernel)
{
	unsigned char text[256] __attribute__((aligned(8)));
	struct nlmsghdr head = { 0 };

	if (recv(kernel, text, sizeof(text), MSG_DONTWAIT) >= (ssize_t)sizeof(head))
		memcpy(&head, text, sizeof(head));
	return head;
}

static void test_dump(struct tap *t, int kernel, const struct wabe_ctx_link *link)
{
	_cleanup_(wabe_ctx_table_free) struct wabe_ctx_table table = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	struct nlmsghdr asked;

	for (uint32_t id = 1; id <= 100; id++)
		say_context(kernel, 3 * id, 0);
	say_code(kernel, NLMSG_DONE, NLM_F_MULTI, 0);
	tap_int(t, wabe_ctx_dump(link, &table, &err), 0, "a dump");
	tap_int(t, (long long)table.count, 100, "of all contexts");
	asked = hear(kernel);
	tap_int(t, asked.nlmsg_type, FAMILY, "asked of the family");
	tap_int(t, asked.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP, "as a dump");
	tap_ok(t, wabe_ctx_find(&table, 150) && wabe_ctx_find(&table, 150)->counts[0].held == 150,
	       "one of them is found");
	tap_ok(t, !wabe_ctx_find(&table, 151), "one that isn't there isn't");
	tap_ok(t, !wabe_ctx_find(&(struct wabe_ctx_table){ 0 }, 1), "nor any among none");
}

static void test_torn(struct tap *t, int kernel, const struct wabe_ctx_link *link)
{
	_cleanup_(wabe_ctx_table_free) struct wabe_ctx_table table = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;

	say_context(kernel, 1, 0);
	say_context(kernel, 2, NLM_F_DUMP_INTR);
	say_code(kernel, NLMSG_DONE, NLM_F_MULTI, 0);
	say_context(kernel, 1, 0);
	say_code(kernel, NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, 0);
	say_context(kernel, 2, 0);
	say_context(kernel, 3, 0);
	say_code(kernel, NLMSG_DONE, NLM_F_MULTI, 0);
	tap_int(t, wabe_ctx_dump(link, &table, &err), 0, "a dump that is torn twice");
	tap_int(t, (long long)table.count, 2, "is begun anew");
	tap_ok(t, table.count == 2 && table.items[0].id == 2 && table.items[1].id == 3,
	       "and has what came last");
	for (int i = 0; i < 3; i++)
		(void)hear(kernel);
	tap_int(t, hear(kernel).nlmsg_len, 0, "after no more requests than that");
	for (int i = 0; i < 4; i++) {
		say_context(kernel, 5, 0);
		say_code(kernel, NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, 0);
	}
	tap_int(t, wabe_ctx_dump(link, &table, &err), 0, "one that is always torn");
	tap_int(t, (long long)table.count, 1, "is taken as it is");
	for (int i = 0; i < 4; i++)
		(void)hear(kernel);
}

/* What was said and not read yet belongs to no later question. */
static void drain(const struct wabe_ctx_link *link, int kernel)
{
	char byte;

	while (recv(link->fd, &byte, 1, MSG_DONTWAIT) > 0 || hear(kernel).nlmsg_len)
		;
}

static void test_bad_answers(struct tap *t, int kernel, const struct wabe_ctx_link *link)
{
	_cleanup_(wabe_ctx_table_free) struct wabe_ctx_table table = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	struct message m;

	say_context(kernel, 2, 0);
	say_context(kernel, 1, 0);
	tap_int(t, wabe_ctx_dump(link, &table, &err), -EPROTO, "ids that go down");
	drain(link, kernel);
	make_counts(&m, CTX_CMD_NEW, 1);
	say(kernel, &m, FAMILY + 1, NLM_F_MULTI);
	tap_int(t, wabe_ctx_dump(link, &table, &err), -EPROTO, "another family's message");
	drain(link, kernel);
	make_end(&m, 1, 1, 0);
	say(kernel, &m, FAMILY, NLM_F_MULTI);
	tap_int(t, wabe_ctx_dump(link, &table, &err), -EPROTO, "an end in the middle of it");
	drain(link, kernel);
	say_code(kernel, NLMSG_ERROR, 0, -EPERM);
	tap_int(t, wabe_ctx_dump(link, &table, &err), -EPERM, "the kernel's refusal");
	tap_has(t, err.text, "ask for contexts", "says what was asked");
	drain(link, kernel);
}

static void test_get(struct tap *t, int kernel, const struct wabe_ctx_link *link)
{
	_cleanup_(wabe_ctx_table_free) struct wabe_ctx_table table = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;

	say_context(kernel, 5, 0);
	say_code(kernel, NLMSG_ERROR, 0, 0);
	tap_int(t, wabe_ctx_get(link, 5, &table, &err), 0, "one context");
	tap_int(t, hear(kernel).nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK, "asked for alone");
	say_code(kernel, NLMSG_ERROR, 0, -ENOENT);
	tap_int(t, wabe_ctx_get(link, 6, &table, &err), -ENOENT, "one that isn't there");
	tap_int(t, (long long)table.count, 1, "adds nothing");
	drain(link, kernel);
}

static void test_receive(struct tap *t, int kernel, const struct wabe_ctx_link *link)
{
	struct wabe_ctx c = { 0 };
	struct message m;

	tap_int(t, wabe_ctx_receive(link->fd, &c), -EAGAIN, "nothing has happened");
	make_end(&m, 101, 3, 0);
	say(kernel, &m, FAMILY, 0);
	make_counts(&m, CTX_CMD_LIMIT, 102);
	say(kernel, &m, FAMILY, 0);
	tap_int(t, wabe_ctx_receive(link->fd, &c), 1, "an end");
	tap_ok(t, c.id == 101 && c.end == WABE_CTX_END_REBOOTED, "by a reboot");
	tap_int(t, wabe_ctx_receive(link->fd, &c), 1, "a hit");
	tap_ok(t, c.id == 102 && c.kind == WABE_CTX_HIT, "of another");
	m.len -= 16;
	say(kernel, &m, FAMILY, 0);
	tap_int(t, wabe_ctx_receive(link->fd, &c), -EPROTO, "one that is cut");
	say_code(kernel, NLMSG_ERROR, 0, -ENOENT);
	tap_int(t, wabe_ctx_receive(link->fd, &c), -EPROTO, "one that is none");
	tap_int(t, wabe_ctx_receive(link->fd, &c), -EAGAIN, "and that was all");
}

/* The kernel of the machine that tests run on: ours, or one that has never heard of it. */
static void test_here(struct tap *t)
{
	_cleanup_(wabe_ctx_close) struct wabe_ctx_link link = WABE_CTX_LINK_INIT;
	_cleanup_(wabe_ctx_table_free) struct wabe_ctx_table table = { 0 };
	struct wabe_error err = WABE_ERROR_INIT;
	int r = wabe_ctx_open(&link, &err);

	tap_ok(t, r == 0 || r == -ENOENT, "this machine has contexts, or no such thing: %d", r);
	if (r == 0)
		tap_int(t, wabe_ctx_dump(&link, &table, &err), 0, "and tells of them");
	else
		tap_ok(t, err.text[0] && link.fd < 0, "and says so: %s", err.text);
}

int main(void)
{
	static const int queue_bytes = 200 << 10; /* doubled by the kernel: socket(7) */
	struct wabe_ctx_link link = { .family = FAMILY };
	struct tap t = TAP_INIT;
	int fds[2];

	test_counts(&t);
	test_sizes(&t);
	test_resources(&t);
	test_numbers(&t);
	test_end(&t);
	test_heads(&t);
	test_attrs(&t);
	test_lengths(&t);
	test_family(&t);
	if (!tap_int(&t, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0,
		     "a pair of sockets"))
		return tap_end(&t);
	/* A whole dump, as nobody reads while it is said. */
	(void)setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &queue_bytes, sizeof(queue_bytes));
	link.fd = fds[0];
	test_dump(&t, fds[1], &link);
	test_torn(&t, fds[1], &link);
	test_bad_answers(&t, fds[1], &link);
	test_get(&t, fds[1], &link);
	test_receive(&t, fds[1], &link);
	close(fds[0]);
	close(fds[1]);
	test_here(&t);
	return tap_end(&t);
}
