// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/rtnl: counters of the elements of nftables' sets; see rtnl.h. */
#include <endian.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "sys/rtnl_internal.h"

struct reading {
	const struct wabe_rtnl *nl;
	wabe_rtnl_counter_fn *take;
	void *data;
};

static uint64_t get_u64(const struct wabe_rtnl *nl, const struct nlattr *attr)
{
	uint64_t number = 0;

	if (attr && nl->mnl_attr_get_payload_len(attr) >= sizeof(number))
		memcpy(&number, nl->mnl_attr_get_payload(attr), sizeof(number));
	return be64toh(number);
}

/* The element's counter; one without counts nothing. */
static void read_counter(const struct wabe_rtnl *nl, const struct nlattr *expr,
			 struct wabe_filter_counter *counter)
{
	const struct nlattr *table[NFTA_EXPR_MAX + 1], *values[NFTA_COUNTER_MAX + 1];
	char name[16];

	if (!expr || wabe_rtnl_attrs_nested(nl, expr, table, NFTA_EXPR_MAX) < 0 ||
	    !wabe_rtnl_copy(nl, table[NFTA_EXPR_NAME], name, sizeof(name)) ||
	    strcmp(name, "counter") != 0 || !table[NFTA_EXPR_DATA] ||
	    wabe_rtnl_attrs_nested(nl, table[NFTA_EXPR_DATA], values, NFTA_COUNTER_MAX) < 0)
		return;
	counter->bytes = get_u64(nl, values[NFTA_COUNTER_BYTES]);
	counter->packets = get_u64(nl, values[NFTA_COUNTER_PACKETS]);
}

static int take_element(const struct nlattr *element, void *data)
{
	const struct nlattr *table[NFTA_SET_ELEM_MAX + 1], *key[NFTA_DATA_MAX + 1];
	struct wabe_filter_counter counter = { 0 };
	struct reading *reading = data;
	const struct wabe_rtnl *nl = reading->nl;

	if (wabe_rtnl_attrs_nested(nl, element, table, NFTA_SET_ELEM_MAX) < 0 ||
	    !table[NFTA_SET_ELEM_KEY] ||
	    wabe_rtnl_attrs_nested(nl, table[NFTA_SET_ELEM_KEY], key, NFTA_DATA_MAX) < 0 ||
	    !key[NFTA_DATA_VALUE])
		return MNL_CB_OK;
	counter.key = nl->mnl_attr_get_payload(key[NFTA_DATA_VALUE]);
	counter.key_len = nl->mnl_attr_get_payload_len(key[NFTA_DATA_VALUE]);
	read_counter(nl, table[NFTA_SET_ELEM_EXPR], &counter);
	return reading->take(&counter, reading->data) < 0 ? MNL_CB_ERROR : MNL_CB_OK;
}

static int take_elements(const struct nlmsghdr *h, void *data)
{
	const struct nlattr *table[NFTA_SET_ELEM_LIST_ELEMENTS + 1];
	struct reading *reading = data;
	const struct wabe_rtnl *nl = reading->nl;

	if (wabe_rtnl_attrs(nl, h, sizeof(struct nfgenmsg), table, NFTA_SET_ELEM_LIST_ELEMENTS) < 0)
		return MNL_CB_ERROR;
	if (!table[NFTA_SET_ELEM_LIST_ELEMENTS])
		return MNL_CB_OK;
	return nl->mnl_attr_parse_nested(table[NFTA_SET_ELEM_LIST_ELEMENTS], take_element, data);
}

static void put_key(struct wabe_rtnl_request *q, const struct wabe_filter_element *set)
{
	struct nlattr *list = wabe_rtnl_nest(q, NFTA_SET_ELEM_LIST_ELEMENTS);
	struct nlattr *item = wabe_rtnl_nest(q, NFTA_LIST_ELEM);
	struct nlattr *key = wabe_rtnl_nest(q, NFTA_SET_ELEM_KEY);

	wabe_rtnl_put(q, NFTA_DATA_VALUE, set->key, set->key_len);
	wabe_rtnl_nest_end(q, key);
	wabe_rtnl_nest_end(q, item);
	wabe_rtnl_nest_end(q, list);
}

int wabe_rtnl_counters(struct wabe_rtnl *nl, const struct wabe_filter_element *set,
		       wabe_rtnl_counter_fn *take, void *data, struct wabe_error *err)
{
	const struct nfgenmsg body = { .nfgen_family = set->family, .version = NFNETLINK_V0 };
	const bool is_one = set->key_len > 0;
	struct reading reading = { nl, take, data };
	struct wabe_rtnl_request q;

	wabe_rtnl_begin(&q, nl, (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETSETELEM,
			is_one ? NLM_F_ACK : NLM_F_DUMP, &body, sizeof(body));
	wabe_rtnl_put_string(&q, NFTA_SET_ELEM_LIST_TABLE, set->table);
	wabe_rtnl_put_string(&q, NFTA_SET_ELEM_LIST_SET, set->set);
	if (is_one)
		put_key(&q, set);
	return wabe_rtnl_talk(&q, take_elements, &reading, err, "read counters of set %s",
			      set->set);
}
