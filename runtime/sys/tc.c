// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/tc: queueing disciplines and filters; see tc.h.
 *
 * A token bucket (tbf) of which fq_codel, if any, is the queue; or cake, which is both. tbf splits what the kernel put together
 * to one large packet, so a burst may be smaller than that.
 */
#include "sys/tc.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/rtnl_internal.h"

#define ROOT_HANDLE (1u << 16)	     /* "1:" */
#define ROOT_CLASS (ROOT_HANDLE | 1) /* "1:1", the bucket's only class */
#define BURST_MIN 32768u
#define BURST_MS 10
#define WAIT_MS 100
#define MTU 2048u /* a packet of Ethernet's usual size, and then some: the least burst */
#define FILTER_PRIORITY 1u
/* What is larger than 255 cells is dropped whatever the rate: more than a packet of packets (64 KiB) has. */
#define POLICE_CELL_LOG 9
#define POLICE_BURST_MIN \
	131072u /* two of those: nothing waits, so a burst is all that streams have to live on */

static uint32_t fit_u32(uint64_t value)
{
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static uint32_t burst_of(const struct wabe_tc_shape *shape)
{
	uint32_t burst = shape->burst ?: fit_u32(shape->rate / 8 * BURST_MS / 1000);

	if (!shape->burst && burst < BURST_MIN)
		return BURST_MIN;
	return burst < MTU ? MTU : burst;
}

/* A queue or filter that is being made. */
struct making {
	struct wabe_rtnl_request q;
	struct nlattr *options;
	int index;	     /* of the device */
	const char *missing; /* what it is, for a kernel that hasn't it */
};

static void begin(struct making *m, struct wabe_rtnl *nl, uint16_t type, uint16_t flags,
		  const struct tcmsg *body, const char *kind)
{
	m->index = body->tcm_ifindex;
	wabe_rtnl_begin(&m->q, nl, type, (uint16_t)(NLM_F_ACK | NLM_F_CREATE | flags), body,
			sizeof(*body));
	wabe_rtnl_put_string(&m->q, TCA_KIND, kind);
	m->options = wabe_rtnl_nest(&m->q, TCA_OPTIONS);
}

/* ENOENT: no such module; it is said like that for queues, classifiers and actions alike. */
static int no_such(int r, const char *what, struct wabe_error *reason, struct wabe_error *err)
{
	if (r == -ENOENT || r == -EOPNOTSUPP)
		return wabe_error_say(err, -ENOTSUP, "this kernel has no %s", what);
	return wabe_error_say(err, r, "%s", reason->text);
}

static int finish(struct making *m, struct wabe_error *err)
{
	struct wabe_error reason = WABE_ERROR_INIT;
	int r;

	wabe_rtnl_nest_end(&m->q, m->options);
	r = wabe_rtnl_talk(&m->q, NULL, NULL, &reason, "shape device %d", m->index);
	return r < 0 ? no_such(r, m->missing, &reason, err) : 0;
}

static int remove_qdisc(struct wabe_rtnl *nl, int index, uint32_t parent, struct wabe_error *err)
{
	const struct tcmsg body = { .tcm_ifindex = index, .tcm_parent = parent };
	struct wabe_error reason = WABE_ERROR_INIT;
	struct wabe_rtnl_request q;
	int r;

	wabe_rtnl_begin(&q, nl, RTM_DELQDISC, NLM_F_ACK, &body, sizeof(body));
	r = wabe_rtnl_talk(&q, NULL, NULL, &reason, "remove the queue of device %d", index);
	/* ENOENT: there is only the one that every device has; EINVAL: there is none; ENODEV: no device. */
	if (r == 0 || r == -ENOENT || r == -EINVAL || r == -ENODEV)
		return 0;
	return wabe_error_say(err, r, "%s", reason.text);
}

/* tc-tbf(8). The rate's unit is bytes. */
static int put_bucket(struct wabe_rtnl *nl, int index, const struct wabe_tc_shape *shape,
		      struct wabe_error *err)
{
	const struct tcmsg body = { .tcm_ifindex = index,
				    .tcm_parent = TC_H_ROOT,
				    .tcm_handle = ROOT_HANDLE };
	struct making m = { .missing = "token bucket (sch_tbf)" };
	const uint64_t bytes = shape->rate / 8 ?: 1;
	const uint32_t burst = burst_of(shape);
	const struct tc_tbf_qopt options = {
		.rate = { .rate = fit_u32(bytes), .linklayer = TC_LINKLAYER_ETHERNET },
		.limit = fit_u32(bytes * WAIT_MS / 1000 + burst),
	};

	begin(&m, nl, RTM_NEWQDISC, NLM_F_REPLACE, &body, "tbf");
	wabe_rtnl_put(&m.q, TCA_TBF_PARMS, &options, sizeof(options));
	wabe_rtnl_put_u32(&m.q, TCA_TBF_BURST, burst);
	if (bytes > UINT32_MAX)
		wabe_rtnl_put(&m.q, TCA_TBF_RATE64, &bytes, sizeof(bytes));
	return finish(&m, err);
}

static int put_fq_codel(struct wabe_rtnl *nl, int index, struct wabe_error *err)
{
	const struct tcmsg body = { .tcm_ifindex = index, .tcm_parent = ROOT_CLASS };
	struct making m = { .missing = "fq_codel (sch_fq_codel)" };

	begin(&m, nl, RTM_NEWQDISC, NLM_F_REPLACE, &body, "fq_codel");
	return finish(&m, err);
}

static int put_cake(struct wabe_rtnl *nl, int index, const struct wabe_tc_shape *shape,
		    struct wabe_error *err)
{
	const struct tcmsg body = { .tcm_ifindex = index,
				    .tcm_parent = TC_H_ROOT,
				    .tcm_handle = ROOT_HANDLE };
	struct making m = { .missing = "cake (sch_cake)" };
	const uint64_t bytes = shape->rate / 8 ?: 1;

	begin(&m, nl, RTM_NEWQDISC, NLM_F_REPLACE, &body, "cake");
	wabe_rtnl_put(&m.q, TCA_CAKE_BASE_RATE64, &bytes, sizeof(bytes));
	return finish(&m, err);
}

int wabe_tc_shape(struct wabe_rtnl *nl, int index, const struct wabe_tc_shape *shape,
		  struct wabe_error *err)
{
	/* From anew: a bucket keeps the queue that it has, and another kind can't take over. */
	int r = wabe_tc_unshape(nl, index, err);

	if (r < 0)
		return r;
	if (shape->queue == WABE_TC_CAKE)
		return put_cake(nl, index, shape, err);
	r = put_bucket(nl, index, shape, err);
	if (r < 0 || shape->queue == WABE_TC_FIFO)
		return r;
	r = put_fq_codel(nl, index, err);
	if (r == -ENOTSUP && shape->queue == WABE_TC_AUTO) {
		wabe_error_clear(err);
		return 0;
	}
	if (r < 0)
		(void)wabe_tc_unshape(nl, index, NULL);
	return r;
}

int wabe_tc_unshape(struct wabe_rtnl *nl, int index, struct wabe_error *err)
{
	return remove_qdisc(nl, index, TC_H_ROOT, err);
}

int wabe_tc_stand_in(struct wabe_rtnl *nl, const char *name, int *ret_index, struct wabe_error *err)
{
	const struct wabe_link_change up = { .flags = IFF_UP, .flag_mask = IFF_UP };
	const struct ifinfomsg body = { .ifi_family = AF_UNSPEC };
	struct wabe_error reason = WABE_ERROR_INIT;
	struct wabe_rtnl_request q;
	struct wabe_link link;
	struct nlattr *info;
	int r;

	wabe_rtnl_begin(&q, nl, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &body,
			sizeof(body));
	wabe_rtnl_put_string(&q, IFLA_IFNAME, name);
	info = wabe_rtnl_nest(&q, IFLA_LINKINFO);
	wabe_rtnl_put_string(&q, IFLA_INFO_KIND, "ifb");
	wabe_rtnl_nest_end(&q, info);
	r = wabe_rtnl_talk(&q, NULL, NULL, &reason, "make device %s", name);
	if (r < 0 && r != -EEXIST)
		return no_such(r, "intermediate device (ifb)", &reason, err);
	r = wabe_rtnl_link(nl, name, 0, &link, err);
	if (r == 0 && strcmp(link.kind, "ifb") != 0)
		r = wabe_error_say(err, -EEXIST, "there is a device %s, which is not for shaping",
				   name);
	if (r == 0)
		r = wabe_rtnl_change(nl, link.index, &up, err);
	if (r < 0)
		return r;
	*ret_index = link.index;
	return 0;
}

static int put_ingress(struct wabe_rtnl *nl, int index, struct wabe_error *err)
{
	const struct tcmsg body = { .tcm_ifindex = index,
				    .tcm_parent = TC_H_CLSACT,
				    .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0) };
	struct making m = { .missing = "clsact (sch_ingress)" };

	begin(&m, nl, RTM_NEWQDISC, 0, &body, "clsact");
	return finish(&m, err);
}

/* What is done with each packet that comes in. */
struct action {
	const char *kind, *missing;
	void (*put)(struct wabe_rtnl_request *q, const struct action *action);
	int to;				   /* mirred: the device */
	const struct wabe_tc_shape *shape; /* police */
};

static void put_mirred(struct wabe_rtnl_request *q, const struct action *action)
{
	const struct tc_mirred options = { .action = TC_ACT_STOLEN,
					   .eaction = TCA_EGRESS_REDIR,
					   .ifindex = (uint32_t)action->to };

	wabe_rtnl_put(q, TCA_MIRRED_PARMS, &options, sizeof(options));
}

/* tc-police(8). Its burst is a time, in units of 64 ns (net/pkt_sched.h, PSCHED_SHIFT). */
static void put_police(struct wabe_rtnl_request *q, const struct action *action)
{
	/* For rates of links that are not Ethernet; the kernel wants it all the same. */
	static const unsigned char unused_table[TC_RTAB_SIZE];
	const uint64_t bytes = action->shape->rate / 8 ?: 1;
	uint32_t burst = burst_of(action->shape);
	const uint32_t conforming = TC_ACT_OK;
	struct tc_police options = {
		.action = TC_ACT_SHOT,
		.rate = { .rate = fit_u32(bytes),
			  .linklayer = TC_LINKLAYER_ETHERNET,
			  .cell_log = POLICE_CELL_LOG },
	};

	if (burst < POLICE_BURST_MIN)
		burst = POLICE_BURST_MIN;
	options.burst = fit_u32((uint64_t)((unsigned __int128)burst * 1000000000u / bytes / 64));
	wabe_rtnl_put(q, TCA_POLICE_TBF, &options, sizeof(options));
	wabe_rtnl_put(q, TCA_POLICE_RATE, unused_table, sizeof(unused_table));
	if (bytes > UINT32_MAX)
		wabe_rtnl_put(q, TCA_POLICE_RATE64, &bytes, sizeof(bytes));
	wabe_rtnl_put_u32(q, TCA_POLICE_RESULT, conforming);
}

static void put_action(struct wabe_rtnl_request *q, const struct action *action)
{
	struct nlattr *list = wabe_rtnl_nest(q, TCA_U32_ACT);
	struct nlattr *first = wabe_rtnl_nest(q, 1);
	struct nlattr *nest;

	wabe_rtnl_put_string(q, TCA_ACT_KIND, action->kind);
	nest = wabe_rtnl_nest(q, TCA_ACT_OPTIONS);
	action->put(q, action);
	wabe_rtnl_nest_end(q, nest);
	wabe_rtnl_nest_end(q, first);
	wabe_rtnl_nest_end(q, list);
}

/* tc-u32(8): one key that every packet has. It is in more kernels than "matchall". */
static int put_filter(struct wabe_rtnl *nl, int index, const struct action *action,
		      struct wabe_error *err)
{
	const struct tcmsg body = { .tcm_ifindex = index,
				    .tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
				    .tcm_info =
					    TC_H_MAKE(FILTER_PRIORITY << 16, htons(ETH_P_ALL)) };
	/* A selector, and behind it its one key, all zero. */
	_Alignas(struct tc_u32_sel) char
		match[sizeof(struct tc_u32_sel) + sizeof(struct tc_u32_key)] = { 0 };
	struct tc_u32_sel *sel = (struct tc_u32_sel *)(void *)match;
	struct making m = { .missing = action->missing };

	sel->flags = TC_U32_TERMINAL;
	sel->nkeys = 1;
	begin(&m, nl, RTM_NEWTFILTER, NLM_F_EXCL, &body, "u32");
	put_action(&m.q, action);
	wabe_rtnl_put(&m.q, TCA_U32_SEL, match, sizeof(match));
	return finish(&m, err);
}

/* In the place of what was done with what comes in before. */
static int act(struct wabe_rtnl *nl, int index, const struct action *action, struct wabe_error *err)
{
	int r = wabe_tc_direct(nl, index, err);

	if (r == 0)
		r = put_ingress(nl, index, err);
	if (r < 0)
		return r;
	r = put_filter(nl, index, action, err);
	if (r < 0)
		(void)wabe_tc_direct(nl, index, NULL);
	return r;
}

int wabe_tc_redirect(struct wabe_rtnl *nl, int index, int to, struct wabe_error *err)
{
	const struct action redirect = { .kind = "mirred",
					 .missing = "redirection (cls_u32, act_mirred)",
					 .put = put_mirred,
					 .to = to };

	return act(nl, index, &redirect, err);
}

int wabe_tc_police(struct wabe_rtnl *nl, int index, const struct wabe_tc_shape *shape,
		   struct wabe_error *err)
{
	const struct action police = { .kind = "police",
				       .missing = "policing (cls_u32, act_police)",
				       .put = put_police,
				       .shape = shape };

	return act(nl, index, &police, err);
}

int wabe_tc_direct(struct wabe_rtnl *nl, int index, struct wabe_error *err)
{
	return remove_qdisc(nl, index, TC_H_CLSACT, err);
}
