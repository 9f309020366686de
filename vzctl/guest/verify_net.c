// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/verify: limits of the network; see verify.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/traffic_internal.h"
#include "guest/traffic_quota.h"
#include "guest/verify.h"

#define FLOOD_US 1000000u
#define FLOOD_SECONDS 5 /* and then it is killed */
#define DATAGRAM 1200
#define HEADERS 28 /* of IPv4 and UDP */
#define QUOTA_TRY_BYTES (4 * (DATAGRAM + HEADERS))
#define COUNT_TRIES 40
#define COUNT_PAUSE_US 50000
#define SLACK_BYTES 131072u /* bursts, and what the guest's own programs send meanwhile */

/*
 * In the guest: datagrams, as many bytes as are wanted (0: no end), to an address of benchmarks (RFC 2544), which the host drops
 * because they have come to the end of their way (TTL): nobody else hears of them.
 */
static int flood(struct vz_probe *probe)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(9),
					.sin_addr.s_addr = htonl(0xc6120001) };
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const uint64_t begin = vz_verify_clock_us();
	static const char data[DATAGRAM];
	const int ttl = 1;

	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)) < 0) {
		probe->error = errno;
		return 1;
	}
	while (probe->elapsed_us < FLOOD_US &&
	       (probe->wanted == 0 || probe->bytes < probe->wanted)) {
		ssize_t n = sendto(fd, data, sizeof(data), 0, (const void *)&to, sizeof(to));

		probe->elapsed_us = vz_verify_clock_us() - begin;
		if (n > 0) {
			probe->bytes += (uint64_t)n + HEADERS;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			probe->count++;
			sched_yield();
		} else {
			probe->error = errno;
			return 1;
		}
	}
	return 0;
}

int vz_verify_venet(struct vz_verify *v, struct wabe_arena *arena, struct vz_net_device *venet,
		    struct wabe_error *err)
{
	struct vz_net_device *devices;
	size_t count;
	int r = vz_net_devices(v->g->host, v->g->ctid, arena, &devices, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (!devices[i].is_venet)
			continue;
		*venet = devices[i];
		return 1;
	}
	return r;
}

static int judge_rate(struct vz_verify *v, uint64_t rate, uint64_t through)
{
	const struct vz_probe *p = v->probe;
	const uint64_t burst = vz_param_u64(v->params, VZ_PARAM_NETBURST);
	const uint64_t least = rate / 8 * p->elapsed_us / 1000000;
	const uint64_t most = least + least / 10 + burst + SLACK_BYTES;
	const uint64_t speed = p->elapsed_us ? through * 8 * 1000000 / p->elapsed_us : 0;

	if (through > most)
		return vz_verify_say(v, VZ_VERDICT_FAILED, "token bucket",
				     "%" PRIu64 " bits a second got out", speed);
	if (p->count == 0 && p->bytes < most)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "token bucket",
				     "nothing here sends faster than %" PRIu64 " bits a second",
				     speed);
	return vz_verify_say(v, VZ_VERDICT_PROVEN, "token bucket",
			     "%" PRIu64 " bits a second got out", speed);
}

/* From the guest; to it, the same holds of the other side of the same device. */
static int check_rate(struct vz_verify *v, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const uint64_t rate =
		vz_traffic_quota_rates(v->g, vz_param_pair(v->params, VZ_PARAM_NETRATE)).limit;
	struct vz_traffic before, after;
	struct vz_net_device venet = { 0 };
	int r = vz_verify_venet(v, &arena, &venet, err);

	if (r < 0)
		return r;
	if (r == 0 || rate == VZ_UNLIMITED)
		return vz_verify_say(v, VZ_VERDICT_IN_FORCE, "token bucket",
				     r == 0 ? "it has no venet0 to try it by"
					    : "to the guest alone: nothing is sent there");
	r = vz_traffic_read_one(venet.index, true, &before, err);
	if (r == 0)
		r = vz_verify_inside(v, flood, FLOOD_SECONDS, err);
	if (r < 0)
		return r;
	if (r > 0 && v->probe->error)
		return vz_verify_say(v, VZ_VERDICT_NOT_HERE, "token bucket",
				     "it can't send IPv4: %s", strerror(v->probe->error));
	if (r > 0)
		return vz_verify_say(v, VZ_VERDICT_FAILED, "token bucket",
				     "the sender ended with status %d", r);
	r = vz_traffic_read_one(venet.index, true, &after, err);
	return r < 0 ? r
		     : judge_rate(v, rate,
				  after.of[VZ_TRAFFIC_OUT4].bytes -
					  before.of[VZ_TRAFFIC_OUT4].bytes);
}

static int say_used(struct vz_verify *v, uint64_t used, const char *counted)
{
	return vz_verify_say(v, VZ_VERDICT_IN_FORCE, "vznetstat",
			     "%" PRIu64 " bytes of it are used%s; it isn't used up to try it", used,
			     counted);
}

/* Counting is what it hangs on: what the guest sends now has to be in its total. What it sends itself is there as well. */
static int check_counting(struct vz_verify *v, uint64_t used, const struct vz_traffic *before,
			  struct wabe_error *err)
{
	struct vz_traffic now = *before;
	uint64_t counted = 0;
	int r;

	v->probe->wanted = QUOTA_TRY_BYTES;
	r = vz_verify_inside(v, flood, FLOOD_SECONDS, err);
	if (r < 0)
		return r;
	if (r > 0)
		return say_used(v, used, "");
	/* A rate may keep them back for a moment. */
	for (int i = 0; i < COUNT_TRIES && counted < v->probe->bytes; i++) {
		usleep(COUNT_PAUSE_US);
		r = vz_traffic_of(v->g->host, v->g->ctid, NULL, false, &now, err);
		if (r < 0)
			return r;
		counted = now.of[VZ_TRAFFIC_OUT4].bytes - before->of[VZ_TRAFFIC_OUT4].bytes;
	}
	if (counted < v->probe->bytes)
		return vz_verify_say(v, VZ_VERDICT_FAILED, "vznetstat",
				     "it sent %" PRIu64 " bytes, of which %" PRIu64 " were counted",
				     v->probe->bytes, counted);
	return say_used(v, used, ", and what it sends is counted");
}

/*
 * A month's quota is not used up to see what comes of it: the guest would be throttled or suspended for the rest of the month.
 * What can be seen is that traffic is counted, and that what has to follow from the total has followed.
 */
static int check_quota(struct vz_verify *v, struct wabe_error *err)
{
	const uint64_t quota = vz_param_u64(v->params, VZ_PARAM_TRAFFIC_QUOTA);
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_net_device venet = { 0 };
	struct vz_traffic traffic;
	uint64_t used = 0;
	int r = vz_traffic_of(v->g->host, v->g->ctid, NULL, false, &traffic, err);

	if (r < 0)
		return r;
	if (!vz_traffic_quota_used(v->g->host, v->g->ctid, &traffic, &used))
		return vz_verify_say(v, VZ_VERDICT_FAILED, "-", "nobody looks at it");
	if (vz_traffic_quota_is_due(v->g, &traffic))
		return vz_verify_say(
			v, VZ_VERDICT_FAILED, "-",
			"%" PRIu64
			" bytes are used, and nobody has done what follows (vzeventd, vznetstat --quota)",
			used);
	if (used >= quota)
		return vz_verify_say(v, VZ_VERDICT_PROVEN, "vznetstat",
				     "it is used up, by %" PRIu64
				     " bytes, and what is to follow has followed",
				     used);
	r = quota - used > 4 * QUOTA_TRY_BYTES ? vz_verify_venet(v, &arena, &venet, err) : 0;
	if (r > 0)
		return check_counting(v, used, &traffic, err);
	return r < 0 ? r : say_used(v, used, "");
}

static bool has_rate(const struct vz_params *params)
{
	const struct vz_pair rates = vz_param_pair(params, VZ_PARAM_NETRATE);

	return rates.barrier != VZ_UNLIMITED || rates.limit != VZ_UNLIMITED;
}

static const struct vz_verify_row rows[] = {
	{ VZ_PARAM_NETRATE, has_rate, check_rate },
	{ VZ_PARAM_NUMCONNTRACK, NULL, vz_verify_conntrack },
	{ VZ_PARAM_TRAFFIC_QUOTA, NULL, check_quota },
};

const struct vz_verify_row *vz_verify_net_rows(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(rows);
	return rows;
}
