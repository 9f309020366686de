// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/ugidquota: vzctl ugidquota CTID [user|group ID SPACE INODES]. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "cmd/cmd.h"
#include "guest/owner_quota.h"

#define GUEST_ID_MAX 65535u

static void print_row(void *data, const struct vz_owner_quota *o)
{
	const struct wabe_quota_usage *u = &o->usage;

	bool *has_header = data;

	if (!*has_header)
		printf("%-5s %10s %12s %12s %12s %10s %10s %10s\n", "TYPE", "ID", "KB", "SOFT",
		       "HARD", "INODES", "SOFT", "HARD");
	*has_header = true;
	printf("%-5s %10" PRIu32 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %10" PRIu64
	       " %10" PRIu64 " %10" PRIu64 "\n",
	       o->type == WABE_QUOTA_USER ? "user" : "group", o->id, u->used_bytes >> 10,
	       u->limits.block_soft_bytes >> 10, u->limits.block_hard_bytes >> 10, u->used_inodes,
	       u->limits.inode_soft, u->limits.inode_hard);
}

static int bad_value(const char *what, const char *text, struct wabe_error *err)
{
	return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL, "%s \"%.64s\": not a value", what,
			    text);
}

/* "SOFT:HARD" or one for both, in the unit of the parameter of that name. */
static int read_pair(struct vz_cli *cli, enum vz_param_id id, const char *text, uint64_t *ret_soft,
		     uint64_t *ret_hard, struct wabe_error *err)
{
	struct vz_params params = { .arena = &cli->arena };
	struct vz_pair pair;
	int r = vz_params_set(&params, id, text, err);

	if (r < 0)
		return r;
	pair = id == VZ_PARAM_DISKSPACE ? vz_param_bytes(&params, id) : vz_param_pair(&params, id);
	*ret_soft = pair.barrier == VZ_UNLIMITED ? 0 : pair.barrier;
	*ret_hard = pair.limit == VZ_UNLIMITED ? 0 : pair.limit;
	return 0;
}

static int read_owner(struct vz_cli *cli, char **words, struct vz_owner_quota *ret_owner,
		      struct wabe_error *err)
{
	struct wabe_quota_limits *limits = &ret_owner->usage.limits;
	uint64_t id;
	int r;

	if (strcmp(words[0], "user") != 0 && strcmp(words[0], "group") != 0)
		return bad_value("user or group", words[0], err);
	if (wabe_parse_u64(words[1], 0, GUEST_ID_MAX, &id) < 0)
		return bad_value("id", words[1], err);
	ret_owner->type = words[0][0] == 'u' ? WABE_QUOTA_USER : WABE_QUOTA_GROUP;
	ret_owner->id = (uint32_t)id;
	r = read_pair(cli, VZ_PARAM_DISKSPACE, words[2], &limits->block_soft_bytes,
		      &limits->block_hard_bytes, err);
	if (r == 0)
		r = read_pair(cli, VZ_PARAM_DISKINODES, words[3], &limits->inode_soft,
			      &limits->inode_hard, err);
	return r;
}

int vz_cmd_ugidquota(struct vz_cli *cli, struct vz_guest *g, int argc, char **argv,
		     struct wabe_error *err)
{
	struct vz_owner_quota owner = { 0 };
	bool has_header = false;
	int r = 0;

	if (argc != 1 && argc != 5)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "usage: vzctl ugidquota CTID [user|group ID SPACE INODES]");
	if (argc == 5)
		r = read_owner(cli, argv + 1, &owner, err);
	if (r == 0)
		r = vz_guest_lock(g, "changing quota", VZ_PARAMS_STRICT, err);
	if (r < 0)
		return r;
	if (argc == 5)
		return vz_owner_quota_set(g, &owner, err);
	return vz_owner_quota_list(g, print_row, &has_header, err);
}
