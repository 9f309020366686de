// SPDX-License-Identifier: GPL-2.0-or-later
/* eventd/kept: descriptors that outlive processes, and the service manager's store of them; see eventd.h. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/parse.h"
#include "eventd/eventd.h"

#define LISTEN_FDS_START 3 /* sd_listen_fds(3) */
#define LISTEN_FDS_MAX 65536

/* sd_notify(3): a path, or with "@" a name in the abstract namespace. */
static int connect_manager(void)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = name ? strlen(name) : 0;
	_cleanup_close_ int sock = -EBADF;

	if (len < 2 || len >= sizeof(address.sun_path))
		return -ENOENT;
	memcpy(address.sun_path, name, len);
	if (*name == '@')
		address.sun_path[0] = '\0';
	sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || connect(sock, (void *)&address,
				(socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return -errno;
	return TAKE_FD(sock);
}

void eventd_notify(const struct eventd *d, const char *text, int fd)
{
	_cleanup_close_ int sock = connect_manager();
	int r = sock == -ENOENT ? 0 : sock < 0 ? sock : wabe_fd_send(sock, text, strlen(text), fd);

	if (r < 0)
		wabe_log(&d->log, WABE_LOG_WARNING, "tell the service manager: %s", strerror(-r));
}

static void store(const struct eventd *d, const char *name, int fd)
{
	char text[128];

	/* A terminal that nobody in the guest has open is hung up, but not gone: FDPOLL=0. */
	if (fd >= 0)
		snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
	else
		snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
	eventd_notify(d, text, fd);
}

static int add(struct eventd *d, const char *name, int fd)
{
	if (d->kept_count == d->kept_room) {
		size_t room = d->kept_room + 64;
		struct eventd_kept *kept = reallocarray(d->kept, room, sizeof(*kept));

		if (!kept)
			return -ENOMEM;
		d->kept = kept;
		d->kept_room = room;
	}
	snprintf(d->kept[d->kept_count].name, EVENTD_NAME_MAX, "%s", name);
	d->kept[d->kept_count++].fd = fd;
	return 0;
}

int eventd_kept_put(struct eventd *d, const char *name, int fd)
{
	int r;

	eventd_kept_drop(d, name);
	r = add(d, name, fd);
	if (r < 0) {
		close(fd);
		return r;
	}
	store(d, name, fd);
	return 0;
}

void eventd_kept_drop(struct eventd *d, const char *name)
{
	for (size_t i = 0; i < d->kept_count; i++) {
		if (strcmp(d->kept[i].name, name) != 0)
			continue;
		close(d->kept[i].fd);
		d->kept[i] = d->kept[--d->kept_count];
		store(d, name, -EBADF);
		return;
	}
}

static int take_one(struct eventd *d, const char *name, size_t len, int fd)
{
	char text[EVENTD_NAME_MAX];

	if (len == 0 || len >= sizeof(text))
		return -EINVAL;
	memcpy(text, name, len);
	text[len] = '\0';
	return add(d, text, fd);
}

int eventd_kept_take(struct eventd *d)
{
	const char *pid_text = getenv("LISTEN_PID"), *count_text = getenv("LISTEN_FDS");
	const char *names = getenv("LISTEN_FDNAMES");
	int pid, count;

	if (!pid_text || !count_text || !names ||
	    wabe_parse_int(pid_text, 1, INT32_MAX, &pid) < 0 || pid != getpid() ||
	    wabe_parse_int(count_text, 0, LISTEN_FDS_MAX, &count) < 0)
		return 0;
	for (int i = 0; i < count; i++) {
		size_t len = strcspn(names, ":");

		if (take_one(d, names, len, LISTEN_FDS_START + i) < 0)
			close(LISTEN_FDS_START + i);
		names += len + (names[len] == ':');
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return 0;
}
