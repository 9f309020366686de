// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vznetstat: the command vznetstat(8): what guests sent and received, over all their starts. */
#include "cmd/vznetstat.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/log.h"
#include "base/option.h"
#include "conf/ctconf.h"
#include "conf/host.h"
#include "conf/logfile.h"
#include "guest/traffic_quota.h"

struct values {
	const char *config;
	bool has_no_header, is_json, is_saving, is_quota, is_help, is_version;
};

#define FLAG(name, letter, member, help)                                                    \
	{                                                                                   \
		name, letter, WABE_OPTION_FLAG, offsetof(struct values, member), NULL, help \
	}

static const struct wabe_option options[] = {
	FLAG("no-header", 'H', has_no_header, "no line of headers"),
	FLAG("json", 'j', is_json, "JSON"),
	FLAG("save", 0, is_saving,
	     "keep what was read, so that a crash of the host doesn't lose it"),
	FLAG("quota", 0, is_quota, "print nothing: see to the traffic quotas, as --save does too"),
	{ "config", 0, WABE_OPTION_STRING, offsetof(struct values, config), "FILE",
	  "vz.conf to use (or VZ_CONF)" },
	FLAG("help", 'h', is_help, "show this"),
	FLAG("version", 0, is_version, "show the version"),
};

struct netstat {
	struct values values;
	struct wabe_arena arena;
	struct wabe_log log;
	struct vz_logfile logfile;
	struct vz_host host;
	struct vz_traffic_counters counters;
	struct wabe_json_writer *json;
	bool has_failed; /* of one guest, that others are shown all the same */
};

/* One line, or object member, for each version of IP. */
static const struct version {
	const char *name, *member;
	enum vz_traffic_kind in, out;
} versions[] = {
	{ "4", "ipv4", VZ_TRAFFIC_IN4, VZ_TRAFFIC_OUT4 },
	{ "6", "ipv6", VZ_TRAFFIC_IN6, VZ_TRAFFIC_OUT6 },
};

static void usage(FILE *out)
{
	fputs("usage: vznetstat [option...] [CTID|NAME...]\n\nOptions:\n", out);
	wabe_option_help(out, options, ARRAY_SIZE(options));
}

static void print_rows(uint32_t ctid, const struct vz_traffic *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		const struct version *v = &versions[i];

		printf("%10" PRIu32 " %2s %20" PRIu64 " %15" PRIu64 " %20" PRIu64 " %15" PRIu64
		       "\n",
		       ctid, v->name, t->of[v->in].bytes, t->of[v->in].packets, t->of[v->out].bytes,
		       t->of[v->out].packets);
	}
}

static void write_guest(struct wabe_json_writer *w, uint32_t ctid, const struct vz_traffic *t)
{
	wabe_json_object_begin(w);
	wabe_json_put_uint(w, "ctid", ctid);
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		const struct version *v = &versions[i];

		wabe_json_key(w, v->member);
		wabe_json_object_begin(w);
		wabe_json_put_uint(w, "in_bytes", t->of[v->in].bytes);
		wabe_json_put_uint(w, "in_packets", t->of[v->in].packets);
		wabe_json_put_uint(w, "out_bytes", t->of[v->out].bytes);
		wabe_json_put_uint(w, "out_packets", t->of[v->out].packets);
		wabe_json_object_end(w);
	}
	wabe_json_object_end(w);
}

static void show(struct netstat *n, uint32_t ctid)
{
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_traffic traffic;

	if (vz_traffic_of(&n->host, ctid, &n->counters, n->values.is_saving, &traffic, &err) < 0) {
		wabe_log(&n->log, WABE_LOG_ERROR, "CT %" PRIu32 ": %s", ctid, err.text);
		n->has_failed = true;
	} else if (n->json) {
		write_guest(n->json, ctid, &traffic);
	} else {
		print_rows(ctid, &traffic);
	}
}

static int find_guests(struct netstat *n, char **words, size_t count, uint32_t **ret_ctids,
		       size_t *ret_count, struct wabe_error *err)
{
	uint32_t *ctids;

	if (count == 0)
		return vz_ctconf_list(&n->host, &n->arena, ret_ctids, ret_count, err);
	ctids = wabe_arena_array(&n->arena, count, sizeof(*ctids));
	if (!ctids)
		return wabe_error_set(err, -ENOMEM, "list of containers");
	for (size_t i = 0; i < count; i++) {
		int r = vz_ctconf_resolve(&n->host, words[i], &ctids[i], err);

		if (r < 0)
			return r;
		if (!vz_ctconf_exists(&n->host, ctids[i]))
			return vz_error_say(err, VZ_EXIT_NO_CONFIG, -ENOENT,
					    "container %" PRIu32 " does not exist", ctids[i]);
	}
	*ret_ctids = ctids;
	*ret_count = count;
	return 0;
}

static int finish_json(struct netstat *n, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r;

	wabe_json_array_end(n->json);
	r = wabe_json_writer_finish(TAKE_PTR(n->json), &text);
	if (r < 0)
		return wabe_error_set(err, r, "write the output");
	fputs(text.data, stdout);
	return 0;
}

static int check_quotas(struct netstat *n, struct wabe_error *err)
{
	uint32_t *ctids;
	size_t count;
	int r = vz_traffic_quota_list(&n->host, &n->arena, &ctids, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		struct wabe_error reason = WABE_ERROR_INIT;

		if (vz_traffic_quota_check(&n->host, ctids[i], &n->counters, &reason) == 0)
			continue;
		wabe_log(&n->log, WABE_LOG_ERROR, "CT %" PRIu32 ": %s", ctids[i], reason.text);
		n->has_failed = true;
	}
	return 0;
}

static int show_all(struct netstat *n, char **words, size_t word_count, struct wabe_error *err)
{
	uint32_t *ctids;
	size_t count;
	int r = find_guests(n, words, word_count, &ctids, &count, err);

	if (r < 0)
		return r;
	if (n->values.is_json) {
		n->json = wabe_json_writer_new(WABE_JSON_INDENTED);
		if (!n->json)
			return wabe_error_set(err, -ENOMEM, "write the output");
		wabe_json_array_begin(n->json);
	} else if (!n->values.has_no_header) {
		printf("%10s %2s %20s %15s %20s %15s\n", "CTID", "IP", "IN_BYTES", "IN_PKTS",
		       "OUT_BYTES", "OUT_PKTS");
	}
	for (size_t i = 0; i < count; i++)
		show(n, ctids[i]);
	return n->json ? finish_json(n, err) : 0;
}

/* What is done about a guest is in the log; a timer's mail has errors alone. */
static void log_to_file(struct netstat *n)
{
	n->logfile = (struct vz_logfile){ .program = "vznetstat", .path = n->host.logfile };
	if (n->host.logfile && vz_logfile_attach(&n->logfile, &n->log) == 0)
		n->log.level = WABE_LOG_ERROR;
}

static int run(struct netstat *n, char **words, size_t count, struct wabe_error *err)
{
	int r;

	if (geteuid() != 0)
		return vz_error_say(err, VZ_EXIT_PERMISSION, -EPERM,
				    "only root may read the counters");
	r = vz_host_load(n->values.config, &n->log, &n->host, err);
	if (r < 0)
		return r;
	if (n->values.is_saving || n->values.is_quota)
		log_to_file(n);
	if (n->values.is_saving || n->values.is_quota)
		r = vz_net_repair_rules(&n->host, err);
	if (r >= 0)
		r = vz_traffic_read(&n->counters, err);
	if (r == 0 && !n->values.is_quota)
		r = show_all(n, words, count, err);
	if (r == 0 && (n->values.is_saving || n->values.is_quota))
		r = check_quotas(n, err);
	n->log.tee = NULL;
	vz_traffic_free(&n->counters);
	vz_host_free(&n->host);
	/* A list that could not be written whole must not look whole. */
	if (r == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = vz_error_set(err, VZ_EXIT_IO, errno ? -errno : -EIO, "write the output");
	return r;
}

int vz_vznetstat_main(int argc, char **argv)
{
	struct netstat n = {
		.log = { .program = "vznetstat", .level = WABE_LOG_WARNING, .fd = -EBADF }
	};
	struct wabe_error err = WABE_ERROR_INIT;
	int r = wabe_option_parse_mixed(options, ARRAY_SIZE(options), &n.values, &n.arena, argc,
					argv, &err);

	if (r < 0)
		wabe_error_kind(&err, VZ_EXIT_BAD_OPTION);
	else if (n.values.is_help)
		usage(stdout);
	else if (n.values.is_version)
		printf("vznetstat version %s\n", WABE_VERSION);
	else
		r = run(&n, argv + r, (size_t)(argc - r), &err);
	wabe_arena_free(&n.arena);
	if (r < 0) {
		wabe_log(&n.log, WABE_LOG_ERROR, "%s", err.text);
		return vz_exit_code(&err);
	}
	return n.has_failed ? VZ_EXIT_SYSTEM : 0;
}
