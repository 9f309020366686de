// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup, device rules: what they are compiled to, and what they do to real opens and mknods in
 * real cgroups, by the program of the cgroup2 tree and by v1's lists.
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cgroup_live.h"
#include "sys/cgroup_device.h"

#define R WABE_CGROUP_DEVICE_READ
#define W WABE_CGROUP_DEVICE_WRITE
#define M WABE_CGROUP_DEVICE_MKNOD
#define ALL WABE_CGROUP_DEVICE_ALL
#define RULES_MAX 6

/* What is tried inside: an open for R, W or both, or a mknod. /dev/null, zero, full, a loop device.
 */
static const struct probe {
	char type;
	unsigned int major, minor, access;
} probes[] = {
	{ 'c', 1, 3, R }, { 'c', 1, 3, R | W }, { 'c', 1, 5, R },
	{ 'c', 1, 5, W }, { 'c', 1, 5, R | W }, { 'c', 1, 7, R },
	{ 'b', 7, 0, R }, { 'c', 1, 9, M },	{ 'b', 7, 1, M },
};

#define PROBES ARRAY_SIZE(probes)

static const struct row {
	const char *name;
	struct wabe_cgroup_device_rule rules[RULES_MAX];
	const char *want;  /* y or n a probe */
	const char *v1;	   /* the list that v1 gets, after its default; NULL: it can't */
	size_t insn_count; /* of the program */
} rows[] = {
	{ "no rules deny all", { { 0 } }, "nnnnnnnnn", "deny", 2 },
	{ "all", { { true, 'a', -1, -1, ALL } }, "yyyyyyyyy", "allow", 2 },
	{ "one device",
	  { { false, 'a', -1, -1, ALL }, { true, 'c', 1, 3, R | W } },
	  "yynnnnnnn",
	  "deny, c 1:3 rw",
	  20 },
	{ "all but one access",
	  { { true, 'a', -1, -1, ALL }, { false, 'c', 1, 5, W } },
	  "yyynnyyyy",
	  "allow, c 1:5 w",
	  19 },
	{ "two rules together allow an open for both",
	  { { true, 'c', 1, -1, R }, { true, 'c', 1, 5, W } },
	  "ynyyyynnn",
	  "deny, c 1:* r, c 1:5 rw",
	  25 },
	{ "a part of a wider rule is taken back",
	  { { true, 'c', -1, -1, ALL }, { false, 'c', 1, 5, ALL } },
	  "yynnnynyn",
	  NULL,
	  17 },
	{ "the last one counts",
	  { { false, 'c', 1, 3, ALL }, { true, 'a', -1, -1, ALL } },
	  "yyyyyyyyy",
	  "allow",
	  2 },
	{ "mknod of all, nothing else",
	  { { true, 'c', 1, 3, ALL }, { false, 'a', -1, -1, ALL }, { true, 'a', -1, -1, M } },
	  "nnnnnnnyy",
	  "deny, c *:* m, b *:* m",
	  16 },
	{ "one access of what was allowed is taken back",
	  { { true, 'c', 1, 3, R | W }, { false, 'c', -1, -1, W } },
	  "ynnnnnnnn",
	  "deny, c 1:3 r",
	  21 },
	{ "both types", { { true, 'a', 1, -1, R } }, "ynynnynnn", "deny, c 1:* r, b 1:* r", 19 },
	{ "any major, one minor",
	  { { true, 'a', -1, 0, R }, { true, 'c', -1, 3, R | W } },
	  "yynnnnynn",
	  "deny, c *:0 r, b *:0 r, c *:3 rw",
	  25 },
	{ "allowed again after all was denied",
	  { { true, 'a', -1, -1, ALL }, { false, 'c', 1, 5, ALL }, { true, 'c', 1, 5, R } },
	  "yyynnyyyy",
	  "allow, c 1:5 wm",
	  21 },
	{ "the highest numbers",
	  { { true, 'c', 0xfff, 0xfffff, ALL }, { true, 'c', 1, 7, R } },
	  "nnnnnynnn",
	  "deny, c 4095:1048575 rwm, c 1:7 r",
	  21 },
};

static size_t rule_count(const struct row *row)
{
	size_t n = 0;

	while (n < RULES_MAX && row->rules[n].type)
		n++;
	return n;
}

static void list_text(const struct wabe_cgroup_device_list *list, char *text, size_t room)
{
	char rule[WABE_CGROUP_DEVICE_TEXT_MAX];
	size_t at = (size_t)snprintf(text, room, "%s", list->is_allowed ? "allow" : "deny");

	for (size_t i = 0; i < list->count && at < room; i++)
		at += (size_t)snprintf(text + at, room - at, ", %s",
				       wabe_cgroup_device_text(&list->items[i], rule));
}

static void test_tables(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct wabe_cgroup_device_list list = { 0 };
		_cleanup_free_ struct bpf_insn *insns = NULL;
		size_t insn_count = 0, at = 99;
		char text[256];
		int r = wabe_cgroup_device_fold(row->rules, rule_count(row), &list, &at);

		if (row->v1) {
			list_text(&list, text, sizeof(text));
			tap_int(t, r, 0, "%s: v1 can say it", row->name);
			tap_str(t, text, row->v1, "%s: as v1 says it", row->name);
		} else {
			tap_int(t, r, -ENOTSUP, "%s: v1 can't say it", row->name);
			tap_int(t, (long long)at, 1, "%s: the rule that it can't", row->name);
		}
		free(list.items);
		tap_int(t,
			wabe_cgroup_device_compile(row->rules, rule_count(row), &insns,
						   &insn_count),
			0, "%s: compiles", row->name);
		tap_int(t, (long long)insn_count, (long long)row->insn_count, "%s: instructions",
			row->name);
	}
}

static void test_refused(struct live *live)
{
	static const struct wabe_cgroup_device_rule bad[] = {
		{ true, 'x', 1, 3, R },	     { true, 0, 1, 3, R },
		{ true, 'c', 1, 3, 0 },	     { true, 'c', 1, 3, 8 },
		{ true, 'c', 0x1000, 3, R }, { true, 'c', 1, 0xffffffff, R },
	};
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = open_at(live, "/refused");
	struct wabe_error err = WABE_ERROR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		tap_int(live->t, wabe_cgroup_devices(cgroup, &bad[i], 1, &err), -EINVAL,
			"%s: rule %zu is refused", live->mode, i);
	tap_int(live->t, wabe_cgroup_devices(cgroup, bad, 1000000, &err), -E2BIG,
		"%s: too many rules", live->mode);
	tap_int(live->t, wabe_cgroup_devices(cgroup, rows[2].rules, 2, &err), -ENOENT,
		"%s: no such cgroup", live->mode);
}

/* In the child, a mount namespace and a tmpfs of its own: nodes by number, whatever is in /dev. */
static void make_nodes(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/mnt", "tmpfs", 0, NULL) < 0 || chdir("/mnt") < 0)
		_exit(2);
	for (size_t i = 0; i < PROBES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%zu", i);
		if (probes[i].access != M &&
		    mknod(name, (probes[i].type == 'b' ? S_IFBLK : S_IFCHR) | 0600,
			  makedev(probes[i].major, probes[i].minor)) < 0)
			_exit(3);
	}
}

/* EPERM is the rules; a device without a driver is ENXIO. */
static char try_probe(size_t i)
{
	const struct probe *p = &probes[i];
	char name[16];
	int r;

	snprintf(name, sizeof(name), "%zu", i);
	if (p->access == M)
		r = mknod(name, (p->type == 'b' ? S_IFBLK : S_IFCHR) | 0600,
			  makedev(p->major, p->minor));
	else
		r = open(name, O_CLOEXEC | O_NONBLOCK |
				       (p->access == R	 ? O_RDONLY
					: p->access == W ? O_WRONLY
							 : O_RDWR));
	return r < 0 && errno == EPERM ? 'n' : 'y';
}

static void try_in(struct wabe_cgroup *cgroup, char *ret_got)
{
	char *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;
	int status = 0;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		make_nodes();
		if (wabe_cgroup_attach(cgroup, getpid(), NULL) < 0)
			_exit(4);
		for (size_t i = 0; i < PROBES; i++)
			shared[i] = try_probe(i);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	snprintf(ret_got, PROBES + 1, "%s", status == 0 ? shared : "failed");
	munmap(shared, 4096);
}

static bool is_pure_v1(struct live *live)
{
	return strcmp(live->mode, "v1") == 0;
}

static void test_row(struct live *live, struct wabe_cgroup *cgroup, const struct row *row)
{
	struct wabe_error err = WABE_ERROR_INIT;
	char got[PROBES + 1] = "";
	struct tap *t = live->t;
	int r = wabe_cgroup_devices(cgroup, row->rules, rule_count(row), &err);

	if (is_pure_v1(live) && !row->v1) {
		tap_int(t, r, -ENOTSUP, "%s: %s", live->mode, row->name);
		tap_has(t, err.text, "deny c 1:5 rwm: takes back a part",
			"%s: the error names the rule", live->mode);
		return;
	}
	tap_int(t, r, 0, "%s: %s %s", live->mode, row->name, err.text);
	try_in(cgroup, got);
	tap_str(t, got, row->want, "%s: %s: what can be opened and made", live->mode, row->name);
}

/* Each in a new cgroup, and all after each other in one, where each replaces the one before it. */
static void test_opens(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *one = open_at(live, "/replaced");

	create(live, one);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = NULL;
		char name[32];

		snprintf(name, sizeof(name), "/devices-%zu", i);
		cgroup = open_at(live, name);
		create(live, cgroup);
		test_row(live, cgroup, &rows[i]);
		tap_int(live->t, wabe_cgroup_remove(cgroup, WAIT_MS, NULL), 0, "%s: remove",
			live->mode);
		if (i % 3 == 2) { /* as another command does later */
			wabe_cgroup_close(&one);
			one = open_at(live, "/replaced");
		}
		test_row(live, one, &rows[i]);
	}
}

static void test_below(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *above = open_at(live, "/above");
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *below = open_at(live, "/above/below");
	struct wabe_error err = WABE_ERROR_INIT;
	char got[PROBES + 1] = "";
	struct tap *t = live->t;

	create(live, above);
	tap_int(t, wabe_cgroup_devices(above, rows[2].rules, 2, &err), 0, "%s: one device above %s",
		live->mode, err.text);
	create(live, below);
	tap_int(t, wabe_cgroup_devices(below, rows[1].rules, 1, &err), 0, "%s: all below %s",
		live->mode, err.text);
	try_in(below, got);
	tap_str(t, got, rows[2].want, "%s: no more than above", live->mode);
	tap_int(t, wabe_cgroup_devices(below, rows[4].rules, 2, &err), 0, "%s: others below %s",
		live->mode, err.text);
	try_in(below, got);
	tap_str(t, got, is_pure_v1(live) ? "nnnnnnnnn" : "ynnnnnnnn", "%s: only what both allow",
		live->mode);
}

enum { MANY = WABE_CGROUP_DEVICE_RULES_MAX };

static void take_many(struct live *live, struct wabe_cgroup *cgroup,
		      struct wabe_cgroup_device_rule *rules)
{
	struct wabe_error err = WABE_ERROR_INIT;
	char got[PROBES + 1] = "";

	rules[MANY - 1] = (struct wabe_cgroup_device_rule){ false, 'c', 1, -1, ALL };
	tap_int(live->t, wabe_cgroup_devices(cgroup, rules, MANY, &err), 0, "%s: %d rules %s",
		live->mode, MANY, err.text);
	try_in(cgroup, got);
	got[6] = '\0';
	tap_str(live->t, got, "nnnnnn", "%s: the last of them holds", live->mode);
}

/* The most rules that are taken, so that the verifier sees the longest program. */
static void test_many(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *cgroup = open_at(live, "/many");
	_cleanup_free_ struct wabe_cgroup_device_rule *rules = calloc(MANY, sizeof(*rules));

	if (is_pure_v1(live) || !rules)
		return;
	create(live, cgroup);
	for (unsigned int i = 0; i < MANY; i++)
		rules[i] = (struct wabe_cgroup_device_rule){ i % 5 > 0, i % 9 ? 'c' : 'b', i % 300,
							     i % 7 ? (int64_t)(i % 11) : -1,
							     1 + i % 7 };
	take_many(live, cgroup, rules);
	/* No two neighbours of one type, none for all accesses: as many branches as there can be. */
	for (unsigned int i = 0; i < MANY; i++)
		rules[i] = (struct wabe_cgroup_device_rule){ i % 3 > 0, i % 2 ? 'c' : 'b', i, i,
							     1 + i % 6 };
	take_many(live, cgroup, rules);
}

static void test_live(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *probe = open_at(live, "/probe");
	struct wabe_error err = WABE_ERROR_INIT;
	int r;

	if (strcmp(live->mode, "v2") == 0)
		test_tables(live->t);
	test_refused(live);
	create(live, probe);
	r = wabe_cgroup_devices(probe, rows[2].rules, 2, &err);
	if (r == -ENOTSUP || r == -EPERM) {
		tap_skip(live->t, err.text);
		return;
	}
	test_opens(live);
	test_below(live);
	test_many(live);
}

int main(void)
{
	struct tap t = TAP_INIT;

	if (geteuid() == 0)
		return live_main(test_live);
	test_tables(&t);
	tap_skip(&t, "making cgroups wants root");
	return tap_end(&t);
}
