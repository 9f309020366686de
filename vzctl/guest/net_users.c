// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/net_users: who builds on guests' devices; a row is all that it needs. See net.h. */
#include <stddef.h>

#include "guest/net.h"

const struct vz_net_user *const vz_net_users[] = {
	NULL,
};
