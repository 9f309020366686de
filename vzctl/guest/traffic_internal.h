/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest/traffic: what its files share. */
#ifndef VZ_GUEST_TRAFFIC_INTERNAL_H
#define VZ_GUEST_TRAFFIC_INTERNAL_H

#include "guest/traffic.h"

/** vz_traffic_lock() - the lock of all records and of making the tables; < 0: -errno. Closing it releases. */
int vz_traffic_lock(const struct vz_host *host, struct wabe_error *err);

/** vz_traffic_begin() - count the device @index, from 0 on unless it is counted already. */
int vz_traffic_begin(const struct vz_host *host, int index, bool is_venet, struct wabe_error *err);

/** vz_traffic_read_one() - what it has counted; 0 of one that isn't counted. */
int vz_traffic_read_one(int index, bool is_venet, struct vz_traffic *ret_traffic,
			struct wabe_error *err);

/** vz_traffic_end() - no more. Idempotent. */
int vz_traffic_end(int index, bool is_venet, struct wabe_error *err);

/** vz_traffic_find() - of one device, or NULL. */
const struct vz_traffic *vz_traffic_find(const struct vz_traffic_counters *counters, int index);

#endif
