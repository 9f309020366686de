// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/resources: IOPRIO, IOLIMIT, IOPSLIMIT on the device behind the private area; see
 * resources.h. cgroup-v2.rst, "IO Interface Files"; cgroup-v1/blkio-controller.rst; bfq-iosched.rst.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/range.h"
#include "guest/blockdev.h"
#include "guest/resources_internal.h"

/*
 * Twice or half the share a step. 4, OpenVZ's default, is the weight of who has none set: OCI's
 * 10..1000 is spread over v2's 1..10000, where that is 100; in v1 it is 100 as it stands.
 */
static const uint64_t weights_v2[8] = { 10, 11, 12, 15, 20, 30, 50, 90 };
static const uint64_t weights_v1[8] = { 10, 15, 25, 50, 100, 200, 400, 800 };

/*
 * Is there a file for the weight at all? It isn't in the root; what is asked for there is of the
 * same kernel option.
 */
static bool has_weight(struct vz_fill *f, bool is_v1, const struct vz_blockdevs *disks)
{
	char text[64];

	if (is_v1)
		return wabe_cgroup_read_root(f->cgroup, "blkio", "blkio.bfq.io_serviced", text,
					     sizeof(text)) >= 0;
	if (wabe_cgroup_read_root(f->cgroup, NULL, "io.cost.qos", text, sizeof(text)) >= 0 ||
	    access("/sys/module/bfq", F_OK) == 0)
		return true;
	for (size_t i = 0; i < disks->count; i++)
		if (vz_blockdev_has_scheduler(&disks->items[i], "bfq", false))
			return true;
	return false;
}

/* "254:0 enable=1 ctrl=auto ...", a line a device. */
static bool has_iocost(struct vz_fill *f, const struct vz_blockdev *disk)
{
	char text[4096], start[32], *rest = text, *line;

	if (wabe_cgroup_read_root(f->cgroup, NULL, "io.cost.qos", text, sizeof(text)) < 0)
		return false;
	snprintf(start, sizeof(start), "%u:%u ", disk->major, disk->minor);
	while ((line = strsep(&rest, "\n")))
		if (strncmp(line, start, strlen(start)) == 0 && strstr(line, "enable=1"))
			return true;
	return false;
}

/* Does a disk share by weight: by BFQ, or by iocost, which is switched on for each device? */
static bool heeds_weight(struct vz_fill *f, const struct vz_blockdev *disk)
{
	return vz_blockdev_has_scheduler(disk, "bfq", true) || has_iocost(f, disk);
}

static void fill_weight(struct vz_fill *f, bool is_v1, const struct vz_blockdevs *devices)
{
	uint64_t prio = vz_param_u64(f->params, VZ_PARAM_IOPRIO);
	struct vz_blockdevs disks;

	if (!vz_param_has(f->params, VZ_PARAM_IOPRIO) || prio > 7)
		return;
	vz_blockdev_disks(devices, &disks);
	if (!has_weight(f, is_v1, &disks)) {
		vz_warn(f->g, "IOPRIO is not enforced: this kernel has neither iocost nor BFQ");
		return;
	}
	f->res->block_io.weight.is_set = true;
	f->res->block_io.weight.value = (is_v1 ? weights_v1 : weights_v2)[prio];
	for (size_t i = 0; i < disks.count; i++)
		if (!heeds_weight(f, &disks.items[i]))
			vz_warn(f->g,
				"IOPRIO has no effect on device %u:%u: neither is BFQ its scheduler nor iocost enabled (io.cost.qos)",
				disks.items[i].major, disks.items[i].minor);
}

static int fill_list(struct vz_fill *f, struct wabe_list *list, const struct vz_blockdevs *devices,
		     uint64_t rate)
{
	struct wabe_spec_throttle_device *items =
		wabe_arena_array(f->arena, devices->count, sizeof(*items));

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < devices->count; i++)
		items[i] = (struct wabe_spec_throttle_device){
			.major = devices->items[i].major,
			.minor = devices->items[i].minor,
			.rate = rate,
		};
	*list = (struct wabe_list){ .items = items, .count = devices->count };
	return 0;
}

/* All four keys, so that none is left of an earlier limit; 0 takes a rate away. */
static int fill_rates(struct vz_fill *f, const struct vz_blockdevs *devices)
{
	uint64_t bytes = vz_param_u64(f->params, VZ_PARAM_IOLIMIT);
	uint64_t operations = vz_param_u64(f->params, VZ_PARAM_IOPSLIMIT);
	struct wabe_spec_block_io *io = &f->res->block_io;

	if (f->is_new && bytes == 0 && operations == 0)
		return 0;
	if (operations > WABE_BLKIO_IOPS_MAX)
		operations = WABE_BLKIO_IOPS_MAX;
	if (fill_list(f, &io->throttle_read_bps, devices, bytes) < 0 ||
	    fill_list(f, &io->throttle_write_bps, devices, bytes) < 0 ||
	    fill_list(f, &io->throttle_read_iops, devices, operations) < 0)
		return -ENOMEM;
	return fill_list(f, &io->throttle_write_iops, devices, operations);
}

static bool is_any_set(const struct vz_params *params)
{
	return vz_param_has(params, VZ_PARAM_IOPRIO) ||
	       vz_param_u64(params, VZ_PARAM_IOLIMIT) != 0 ||
	       vz_param_u64(params, VZ_PARAM_IOPSLIMIT) != 0;
}

int vz_fill_io(struct vz_fill *f, struct wabe_error *err)
{
	bool is_v1 = wabe_cgroup_is_v1(f->cgroup, "blkio");
	struct wabe_error reason = WABE_ERROR_INIT;
	struct vz_blockdevs devices = { 0 };

	(void)err;
	if (!f->g->conf.private)
		return 0;
	if (vz_blockdev_find(f->g->conf.private, &devices, &reason) < 0) {
		/* To take a limit back that there can't be needs no word. */
		if (is_any_set(f->params))
			vz_warn(f->g, "IOPRIO, IOLIMIT and IOPSLIMIT are not enforced on %s: %s",
				f->g->conf.private, reason.text);
		return 0;
	}
	fill_weight(f, is_v1, &devices);
	return fill_rates(f, &devices);
}
