// SPDX-License-Identifier: GPL-2.0-or-later
/* cli/notify: a service manager that waits for the container to be ready (sd_notify(3)); see cli.h. */
#include <stdlib.h>

#include "cli/cli.h"

const char *cli_notify_address(void)
{
	const char *address = getenv("NOTIFY_SOCKET");

	return address && *address ? address : NULL;
}

/* The container runs: that its manager can't be told is no reason to fail. */
static void wait_ready(struct cli *cli, struct wabe_container *c, struct wabe_notify *notify)
{
	struct wabe_error err = WABE_ERROR_INIT;

	if (notify->fd > 0 && wabe_notify_wait(notify, c, &err) < 0)
		wabe_log(&cli->log, WABE_LOG_WARNING, "%s", err.text);
	wabe_notify_close(notify);
}

void cli_wait_ready(struct cli *cli, struct wabe_container *c)
{
	struct wabe_error err = WABE_ERROR_INIT;
	struct wabe_notify notify = { 0 };

	if (!cli_notify_address())
		return;
	if (wabe_notify_open(c, cli_notify_address(), &notify, &err) < 0)
		wabe_log(&cli->log, WABE_LOG_WARNING, "%s", err.text);
	wait_ready(cli, c, &notify);
}

int cli_start_ready(struct cli *cli, struct wabe_container *c, struct wabe_error *err)
{
	struct wabe_notify notify = { 0 };
	int r = wabe_container_start_notified(c, cli_notify_address(), &notify, err);

	if (r == 0)
		wait_ready(cli, c, &notify);
	wabe_notify_close(&notify);
	return r;
}
