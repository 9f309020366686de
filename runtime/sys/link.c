// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/link: network links of the calling process's network namespace; see link.h. */
#include "sys/link.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"

int wabe_link_up(const char *name, struct wabe_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct ifreq request = { 0 };
	size_t len = strlen(name);

	if (len == 0 || len >= IFNAMSIZ)
		return wabe_error_set(err, -EINVAL, "network link \"%s\"", name);
	memcpy(request.ifr_name, name, len);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* A new link has none of the other flags that this call could take away. */
	request.ifr_flags = IFF_UP;
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return wabe_error_set(err, -errno, "set network link %s up", name);
	return 0;
}
