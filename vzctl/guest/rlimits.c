// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/rlimits: see rlimits.h. */
#include "guest/rlimits.h"

#include <errno.h>
#include <sys/resource.h>

#include "base/arena.h"
#include "base/cleanup.h"

#define MEBI (1u << 20)

/* Those of systemd's services, which a guest's init is like (systemd-system.conf(5)); what the guest may use up is its own. */
static const struct wabe_spec_rlimit wanted[] = {
	{ RLIMIT_CPU, RLIM_INFINITY, RLIM_INFINITY },
	{ RLIMIT_FSIZE, RLIM_INFINITY, RLIM_INFINITY },
	{ RLIMIT_DATA, RLIM_INFINITY, RLIM_INFINITY },
	{ RLIMIT_STACK, 8 * MEBI, RLIM_INFINITY },
	{ RLIMIT_CORE, 0, RLIM_INFINITY },
	{ RLIMIT_RSS, RLIM_INFINITY, RLIM_INFINITY },
	{ RLIMIT_NPROC, RLIM_INFINITY, RLIM_INFINITY },
	{ RLIMIT_NOFILE, 1024, 524288 },
	{ RLIMIT_MEMLOCK, 8 * MEBI, 8 * MEBI },
	{ RLIMIT_AS, RLIM_INFINITY, RLIM_INFINITY },
};

static uint64_t less(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* As far as we may: who runs vzctl in a container of another kind may lack CAP_SYS_RESOURCE. */
static struct wabe_spec_rlimit possible(const struct wabe_spec_rlimit *limit)
{
	struct rlimit own, more;

	if (getrlimit((unsigned)limit->type, &own) < 0 || own.rlim_max >= limit->hard)
		return *limit;
	more = (struct rlimit){ own.rlim_cur, limit->hard };
	if (setrlimit((unsigned)limit->type, &more) == 0)
		return *limit;
	return (struct wabe_spec_rlimit){ limit->type, less(limit->soft, own.rlim_max),
					  own.rlim_max };
}

int vz_rlimits_set(struct wabe_spec *spec)
{
	struct wabe_spec_rlimit *limits =
		wabe_arena_array(&spec->arena, ARRAY_SIZE(wanted), sizeof(*limits));

	if (!limits)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		limits[i] = possible(&wanted[i]);
	spec->process->rlimits = (struct wabe_list){ .items = limits, .count = ARRAY_SIZE(wanted) };
	return 0;
}
