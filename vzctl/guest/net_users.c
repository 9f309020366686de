// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/net_users: who builds on guests' devices; a row is all that it needs. See net.h. */
#include <stddef.h>

#include "guest/conntrack.h"
#include "guest/net.h"
#include "guest/shape.h"
#include "guest/traffic.h"

const struct vz_net_user *const vz_net_users[] = {
	&vz_shape_user,
	&vz_traffic_user,
	&vz_conntrack_user,
	NULL,
};
