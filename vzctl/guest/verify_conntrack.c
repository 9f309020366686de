// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/verify: how many connections the host tracks for the guest; see verify.h.
 *
 * They come from the host, so that nobody else hears of them: empty datagrams to the guest's port for what is to be thrown away
 * (RFC 863), each from another port of ours, until the packet filter refuses some. They leave by the guest's own device, whatever
 * its file says of addresses. The guest's answer, that nobody is at home, leaves them tracked. They are forgotten afterwards, so
 * that the guest has its connections again at once; a host that can't forget, or has no room itself, isn't tried.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "guest/net.h"
#include "guest/verify.h"

#define BY "nft ct count"
#define DISCARD 9
#define SLACK 16u /* connections of the guest's own that end meanwhile */
#define CONNECTIONS_MAX 16384u
#define NUMBER_MAX 32 /* characters of a sysctl */
#define PORT_FIRST 2048
#define PORT_LAST 65535

struct knocks {
	struct wabe_net_address from, to; /* @from: of the first one */
	uint16_t *ports;		  /* of ours, in network order */
	size_t count, wanted, refused;
	const char *device;
	int error; /* why there are no more */
};

static void knocks_free(struct knocks *k)
{
	free(k->ports);
}

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t fill(union address *a, const struct wabe_net_address *host, uint16_t port)
{
	*a = (union address){ 0 };
	a->any.sa_family = (sa_family_t)host->family;
	if (host->family == AF_INET) {
		a->in.sin_port = htons(port);
		memcpy(&a->in.sin_addr, host->bytes, sizeof(a->in.sin_addr));
		return sizeof(a->in);
	}
	a->in6.sin6_port = htons(port);
	memcpy(&a->in6.sin6_addr, host->bytes, sizeof(a->in6.sin6_addr));
	return sizeof(a->in6);
}

static void keep_source(struct wabe_net_address *from, const union address *a)
{
	from->family = a->any.sa_family;
	if (from->family == AF_INET)
		memcpy(from->bytes, &a->in.sin_addr, sizeof(a->in.sin_addr));
	else
		memcpy(from->bytes, &a->in6.sin6_addr, sizeof(a->in6.sin6_addr));
}

/* 0: it is a connection, -EADDRINUSE: somebody has that port, or what else is against it. */
static int knock(struct knocks *k, uint16_t port)
{
	_cleanup_close_ int fd = socket(k->to.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct wabe_net_address any = { .family = k->to.family };
	union address a;
	socklen_t len = fill(&a, &any, port);

	if (fd < 0 || bind(fd, &a.any, len) < 0)
		return -errno;
	len = fill(&a, &k->to, DISCARD);
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, k->device, (socklen_t)strlen(k->device)) <
	    0)
		return -errno;
	if (connect(fd, &a.any, len) < 0 || getsockname(fd, &a.any, &len) < 0 ||
	    send(fd, "", 0, MSG_DONTWAIT) < 0)
		return -errno;
	keep_source(&k->from, &a);
	k->ports[k->count++] = htons(port);
	return 0;
}

/* One that is refused may be refused for its port by somebody's rule: the limit refuses all that come after. */
static void knock_all(struct knocks *k)
{
	for (int port = PORT_FIRST; k->count < k->wanted && port <= PORT_LAST; port++) {
		int r = knock(k, (uint16_t)port);

		k->refused = r == -EPERM ? k->refused + 1 : r == 0 ? 0 : k->refused;
		if ((r < 0 && r != -EADDRINUSE && r != -EPERM) || k->refused == SLACK) {
			k->error = -r;
			return;
		}
	}
}

/* One that isn't there is forgotten like any other. */
static bool can_forget(const struct knocks *k, struct wabe_rtnl *nl)
{
	const struct wabe_connection c = {
		.from = k->to, .to = k->to, .protocol = IPPROTO_UDP, .to_port = htons(DISCARD)
	};

	return wabe_rtnl_untrack(nl, &c, NULL) == 0;
}

/* What can't be forgotten now is after half a minute (nf_conntrack-sysctl.rst, nf_conntrack_udp_timeout). */
static bool forget(const struct knocks *k, struct wabe_rtnl *nl)
{
	struct wabe_connection c = {
		.from = k->from, .to = k->to, .protocol = IPPROTO_UDP, .to_port = htons(DISCARD)
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < k->count; i++) {
		c.from_port = k->ports[i];
		r = wabe_rtnl_untrack(nl, &c, NULL);
	}
	return r == 0;
}

/* nf_conntrack-sysctl.rst; none where nothing is tracked yet. */
static uint64_t setting(const char *name)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	uint64_t value;
	char path[64];

	snprintf(path, sizeof(path), "/proc/sys/net/netfilter/%s", name);
	if (wabe_file_read_at(AT_FDCWD, path, NUMBER_MAX, &text, NULL) < 0)
		return 0;
	text.data[strcspn(text.data, "\n")] = '\0';
	return wabe_parse_u64(text.data, 0, UINT64_MAX, &value) < 0 ? 0 : value;
}

/* All guests share the host's table: it mustn't be the one that is full. */
static bool has_room(const struct knocks *k)
{
	const uint64_t max = setting("nf_conntrack_max"), count = setting("nf_conntrack_count");

	return max == 0 || (max > count && max - count >= 2 * k->wanted);
}

static int judge(struct vz_verify *v, const struct knocks *k, uint64_t limit, struct wabe_rtnl *nl)
{
	const char *then = forget(k, nl) ? "" : "; they stay tracked for half a minute";

	if (k->count > limit)
		return vz_verify_say(v, VZ_VERDICT_FAILED, BY,
				     "%zu connections from the host came about%s", k->count, then);
	if (k->error != EPERM)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, BY,
				     "the host can't make enough connections to it: %s%s",
				     strerror(k->error ? k->error : EADDRINUSE), then);
	if (k->count == 0)
		return vz_verify_say(
			v, VZ_VERDICT_NOT_HERE, BY,
			"none from the host to it: it has all of them, or a packet filter refuses");
	return vz_verify_say(v, VZ_VERDICT_PROVEN, BY,
			     "no more than %zu beside those that there were%s", k->count, then);
}

static int try_it(struct vz_verify *v, struct knocks *k, uint64_t limit, struct wabe_error *err)
{
	_cleanup_(wabe_rtnl_close) struct wabe_rtnl *nl = NULL;

	if (!has_room(k))
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, BY,
				     "the host has no room for so many (nf_conntrack_max)");
	if (wabe_rtnl_open_filter(&nl, NULL) < 0 || !can_forget(k, nl))
		return vz_verify_say(
			v, VZ_VERDICT_NOT_HERE, BY,
			"the host couldn't forget them afterwards (nf_conntrack_netlink)");
	k->ports = calloc(k->wanted, sizeof(*k->ports));
	if (!k->ports)
		return wabe_error_set(err, -ENOMEM, "try NUMCONNTRACK");
	knock_all(k);
	return judge(v, k, limit, nl);
}

int vz_verify_conntrack(struct vz_verify *v, struct wabe_error *err)
{
	const struct wabe_strv *addresses = vz_param_list(v->params, VZ_PARAM_IP_ADDRESS);
	const uint64_t limit = vz_param_u64(v->params, VZ_PARAM_NUMCONNTRACK);
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(knocks_free) struct knocks k = { .wanted = limit + SLACK };
	struct vz_net_device venet = { 0 };
	int r;

	if (limit > CONNECTIONS_MAX)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, BY, "too many to try");
	r = vz_verify_venet(v, &arena, &venet, err);
	if (r < 0)
		return r;
	if (r == 0 || addresses->count == 0 ||
	    wabe_net_address_parse(addresses->items[0], &k.to) < 0)
		return vz_verify_say(v, VZ_VERDICT_IN_FORCE, BY, "it has no venet0 to try it by");
	k.device = venet.name;
	return try_it(v, &k, limit, err);
}
