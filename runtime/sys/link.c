// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/link: network links of the calling process's network namespace; see link.h. */
#include "sys/link.h"

#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/cleanup.h"

static int check_name(const char *name, struct wabe_error *err)
{
	size_t len = strlen(name);

	return len == 0 || len >= IFNAMSIZ
		       ? wabe_error_set(err, -EINVAL, "network link \"%s\"", name)
		       : 0;
}

int wabe_link_up_by(int sock, const char *name, struct wabe_error *err)
{
	struct ifreq request = { 0 };
	int r = check_name(name, err);

	if (r < 0)
		return r;
	memcpy(request.ifr_name, name, strlen(name));
	/* A new link has none of the other flags that this call could take away. */
	request.ifr_flags = IFF_UP;
	if (ioctl(sock, SIOCSIFFLAGS, &request) < 0)
		return wabe_error_set(err, -errno, "set network link %s up", name);
	return 0;
}

int wabe_link_socket(struct wabe_error *err)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd < 0 ? wabe_error_set(err, -errno, "open a socket for network links") : fd;
}

int wabe_link_up(const char *name, struct wabe_error *err)
{
	_cleanup_close_ int fd = wabe_link_socket(err);

	return fd < 0 ? fd : wabe_link_up_by(fd, name, err);
}

int wabe_link_namespace(int sock, struct wabe_error *err)
{
	int fd = ioctl(sock, SIOCGSKNS); /* close-on-exec by itself */

	return fd < 0 ? wabe_error_set(err, -errno, "open the network namespace of a socket") : fd;
}
