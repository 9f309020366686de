// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/net: rules that somebody flushed under running guests; see net.h. */
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "guest/conntrack.h"
#include "guest/net_internal.h"
#include "guest/traffic_internal.h"

struct repair {
	const struct vz_host *host;
	struct wabe_error *err;
};

/* What was counted before is in the record of its traffic, as far as it was kept. */
static int count_again(const struct repair *repair, const struct vz_net_record *record)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < record->devices.count; i++) {
		struct vz_net_device device;

		if (vz_net_device_parse(record->devices.items[i], &device) == 0)
			r = vz_traffic_begin(repair->host, device.index, device.is_venet,
					     repair->err);
	}
	return r;
}

/* By its file: what was set without being saved is lost. */
static int limit_again(const struct repair *repair, uint32_t ctid)
{
	_cleanup_(vz_guest_close) struct vz_guest g = { .lock_fd = -EBADF };
	char id[VZ_CTID_TEXT_MAX];
	int r;

	snprintf(id, sizeof(id), "%" PRIu32, ctid);
	r = vz_guest_open(repair->host, NULL, id, &g, repair->err);
	if (r == 0)
		r = vz_guest_load(&g, VZ_PARAMS_LENIENT, repair->err);
	if (r < 0 || vz_param_u64(&g.conf.params, VZ_PARAM_NUMCONNTRACK) == 0)
		return r;
	return vz_conntrack_apply(&g, repair->err);
}

/* One guest's trouble is none of the others'. */
static int repair_guest(uint32_t ctid, const struct vz_net_record *record, void *data)
{
	struct wabe_error err = WABE_ERROR_INIT;
	struct repair repair = { .host = data, .err = &err };
	int r = count_again(&repair, record);

	if (r == 0)
		r = limit_again(&repair, ctid);
	if (r < 0)
		wabe_log(repair.host->rt.log, WABE_LOG_WARNING, "CT %" PRIu32 ": %s", ctid,
			 err.text);
	return 0;
}

int vz_net_repair_rules(const struct vz_host *host, struct wabe_error *err)
{
	int r = vz_net_filter_repair(host, err);

	if (r <= 0)
		return r;
	wabe_log(host->rt.log, WABE_LOG_WARNING,
		 "nftables' ruleset was flushed: containers' rules are made again");
	r = vz_net_record_each(host, repair_guest, (void *)(uintptr_t)host, err);
	return r < 0 ? r : 1;
}
