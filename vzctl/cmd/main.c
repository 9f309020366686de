// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/main: one program under several names: vzctl, vzlist, vztmpl, vzeventd and the small ones. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "cmd/vzcfgvalidate.h"
#include "cmd/vzcpucheck.h"
#include "cmd/vzctl.h"
#include "cmd/vzlist.h"
#include "cmd/vzmemcheck.h"
#include "cmd/vzmigrate.h"
#include "cmd/vznetstat.h"
#include "cmd/vzpid.h"
#include "cmd/vztmpl.h"
#include "cmd/vzubc.h"
#include "conf/exit.h"
#include "eventd/main.h"

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} programs[] = {
	{ "vzctl", vz_vzctl_main },	      { "vzlist", vz_vzlist_main },
	{ "vztmpl", vz_vztmpl_main },	      { "vzcfgvalidate", vz_vzcfgvalidate_main },
	{ "vzcpucheck", vz_vzcpucheck_main }, { "vzmemcheck", vz_vzmemcheck_main },
	{ "vzmigrate", vz_vzmigrate_main },   { "vzpid", vz_vzpid_main },
	{ "vzubc", vz_vzubc_main },	      { "vzeventd", vz_eventd_main },
	{ "vznetstat", vz_vznetstat_main },
};

int main(int argc, char **argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "vzctl";
	int r;

	/*
	 * A closed standard descriptor would be the next file that is opened, and get our messages;
	 * others are not for guests.
	 */
	r = wabe_fd_pin_stdio();
	if (r == 0)
		r = wabe_fd_cloexec_from(3);
	if (r < 0) {
		fprintf(stderr, "%s: look after inherited descriptors: %s\n", name, strerror(-r));
		return VZ_EXIT_SYSTEM;
	}
	for (size_t i = 1; i < ARRAY_SIZE(programs); i++)
		if (strcmp(name, programs[i].name) == 0)
			return programs[i].main(argc, argv);
	/* However it was executed: vzeventd knows who holds a guest's lock by it. */
	(void)prctl(PR_SET_NAME, programs[0].name, 0, 0, 0);
	return programs[0].main(argc, argv);
}
