// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vzctl/guest/rights, devices and counters: the tables know every name that parameters take, and
 * what follows from values.
 */
#include <linux/capability.h>
#include <string.h>

#include "base/cleanup.h"
#include "guest/counters.h"
#include "guest/devices.h"
#include "guest/rights.h"
#include "tap.h"

static void set(struct vz_params *p, enum vz_param_id id, const char *text)
{
	struct wabe_error err = WABE_ERROR_INIT;

	if (vz_params_set(p, id, text, &err) < 0)
		printf("# %s\n", err.text);
}

/* Every capability of the parameter's table becomes one bit of its own; VE_ADMIN is OpenVZ's. */
static void test_capability_names(struct tap *t)
{
	const char *const *names = vz_param_row(VZ_PARAM_CAPABILITY)->rule.names;
	uint64_t all = 0;
	unsigned int unknown = 0;

	for (size_t i = 0; names[i]; i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct vz_params p = { .arena = &arena };
		struct vz_confine_options options;
		char text[64];

		snprintf(text, sizeof(text), "%s:off", names[i]);
		set(&p, VZ_PARAM_CAPABILITY, text);
		vz_rights_options(&p, &options);
		unknown += options.caps_off == 0;
		tap_ok(t, !(all & options.caps_off) && options.caps_on == 0, "%s is one capability",
		       names[i]);
		all |= options.caps_off;
	}
	tap_int(t, unknown, 1, "all are known but VE_ADMIN");
	tap_ok(t, all == (UINT64_C(1) << (CAP_LAST_CAP + 1)) - 1,
	       "all of the kernel's have a name");
}

static void test_capability_classes(struct tap *t)
{
	static const struct {
		const char *value, *uid;
		int wanted;
	} rows[] = {
		{ "NET_ADMIN:on", "100000", 0 },    { "SYS_TIME:on", "100000", -EPERM },
		{ "SYS_TIME:on", "0", 0 },	    { "SYS_TIME:off", "100000", 0 },
		{ "SYS_MODULE:on", "0", -EPERM },   { "SYS_MODULE:on", "100000", -EPERM },
		{ "BPF:on", "0", -EPERM },	    { "MAC_ADMIN:on", "0", -EPERM },
		{ "SYS_RAWIO:on", "0", 0 },	    { "SYS_RAWIO:on", NULL, -EPERM },
		{ "CHOWN:on BPF:on", "0", -EPERM }, { "VE_ADMIN:on", NULL, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct vz_params p = { .arena = &arena };
		struct wabe_error err = WABE_ERROR_INIT;
		int r;

		set(&p, VZ_PARAM_CAPABILITY, rows[i].value);
		if (rows[i].uid)
			set(&p, VZ_PARAM_LOCAL_UID, rows[i].uid);
		r = vz_rights_check(&p, &err);
		tap_ok(t, r == rows[i].wanted && (r == 0 || err.kind == VZ_EXIT_CAPABILITY),
		       "%s with LOCAL_UID %s: %d %s", rows[i].value,
		       rows[i].uid ? rows[i].uid : "unset", r, err.text);
	}
}

static void test_feature_names(struct tap *t)
{
	const char *const *names = vz_param_row(VZ_PARAM_FEATURES)->rule.names;
	size_t count, named = 0;
	const struct vz_feature *features = vz_features(&count);

	for (size_t i = 0; names[i]; i++, named++) {
		bool is_known = false;

		for (size_t j = 0; j < count; j++)
			is_known |= strcmp(features[j].name, names[i]) == 0;
		tap_ok(t, is_known, "feature %s is known", names[i]);
	}
	tap_int(t, count, named, "there are no others");
}

/* "allow type major:minor access", a word a rule, of what @devices and @features give. */
static void rules_text(const char *devices, const char *features, char *text, size_t room)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_guest g = { .conf = { .params = { .arena = &arena } } };
	struct wabe_spec_resources res = { 0 };
	const struct wabe_spec_device_rule *rules;

	text[0] = '\0';
	if (devices)
		set(&g.conf.params, VZ_PARAM_DEVICES, devices);
	if (features)
		set(&g.conf.params, VZ_PARAM_FEATURES, features);
	if (vz_devices_rules(&g, &arena, &res) < 0)
		return;
	rules = res.devices.items;
	for (size_t i = 0; i < res.devices.count; i++) {
		char minor[24] = "*", major[24] = "*";

		if (rules[i].minor.is_set)
			snprintf(minor, sizeof(minor), "%lld", (long long)rules[i].minor.value);
		if (rules[i].major.is_set)
			snprintf(major, sizeof(major), "%lld", (long long)rules[i].major.value);
		snprintf(text + strlen(text), room - strlen(text), "%c%s%s:%s:%s ",
			 rules[i].allow ? '+' : '-', rules[i].type, major, minor, rules[i].access);
	}
}

static void test_device_rules(struct tap *t)
{
	static const struct {
		const char *devices, *features, *wanted;
	} rows[] = {
		{ NULL, NULL, "" },
		{ "c:10:229:rw", NULL, "-a*:*:rwm +c10:229:rw " },
		{ "b:8:0:r", NULL, "-a*:*:rwm +b8:0:r " },
		{ "b:8:all:w", NULL, "-a*:*:rwm +b8:*:w " },
		{ "c:10:229:none", NULL, "-a*:*:rwm -c10:229:rw " },
		{ "c:10:229:q", NULL, "-a*:*:rwm -c10:229:rw " },
		{ "b:8:0:rq", NULL, "-a*:*:rwm +b8:0:r " },
		{ NULL, "fuse:on", "-a*:*:rwm +c10:229:rw " },
		{ NULL, "fuse:off", "-a*:*:rwm " },
		{ "c:4:1:r", "tun:on", "-a*:*:rwm +c4:1:r +c10:200:rw " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[512];

		rules_text(rows[i].devices, rows[i].features, text, sizeof(text));
		tap_ok(t, strcmp(text, rows[i].wanted) == 0, "devices %s features %s: \"%s\"",
		       rows[i].devices ? rows[i].devices : "-",
		       rows[i].features ? rows[i].features : "-", text);
	}
}

static void test_options(struct tap *t)
{
	static const struct {
		enum vz_param_id id;
		const char *value;
		bool is_closed, has_keyctl;
	} rows[] = {
		{ VZ_PARAM_NETFILTER, "disabled", true, false },
		{ VZ_PARAM_NETFILTER, "stateless", false, false },
		{ VZ_PARAM_NETFILTER, "full", false, false },
		{ VZ_PARAM_FEATURES, "docker:on", false, true },
		{ VZ_PARAM_FEATURES, "docker:off", false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		struct vz_params p = { .arena = &arena };
		struct vz_confine_options options;

		set(&p, rows[i].id, rows[i].value);
		vz_rights_options(&p, &options);
		tap_ok(t,
		       options.no_netfilter == rows[i].is_closed &&
			       (options.syscalls && strcmp(options.syscalls[0], "keyctl") == 0) ==
				       rows[i].has_keyctl,
		       "%s", rows[i].value);
	}
}

/* Each is a parameter whose row leaves the answer to the kernel, or one that a stock one enforces. */
static void test_counters(struct tap *t)
{
	size_t count;
	const struct vz_counter *counters = vz_counters(&count);

	for (size_t i = 0; i < count; i++) {
		const struct vz_param *row = vz_param_row(counters[i].id);

		tap_ok(t, ((row->flags & VZ_PARAM_KERNEL) != 0) == !counters[i].stock,
		       "%s: enforced by a stock kernel or left to it", row->option);
		tap_ok(t, !counters[i].name || strcmp(row->option, counters[i].name) == 0,
		       "%s has its name in the kernel, or none", row->option);
	}
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		bool is_counter = false;

		for (size_t i = 0; i < count; i++)
			is_counter |= counters[i].id == id;
		if (vz_param_row(id)->flags & VZ_PARAM_KERNEL)
			tap_ok(t, is_counter, "%s is a counter", vz_param_row(id)->option);
	}
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_capability_names(&t);
	test_capability_classes(&t);
	test_feature_names(&t);
	test_device_rules(&t);
	test_options(&t);
	test_counters(&t);
	return tap_end(&t);
}
