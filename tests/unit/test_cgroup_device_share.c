// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sys/cgroup, device rules: which cgroups have the same program, in real cgroups, and what becomes of a record that is old,
 * damaged or tells a lie.
 */
#include <linux/bpf.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "cgroup_live.h"
#include "sys/cgroup_device.h"

#define ALL WABE_CGROUP_DEVICE_ALL
#define ATTRIBUTE_ROOM 256

static const struct wabe_cgroup_device_rule one[] = { { true, 'c', 1, 3, ALL } };
static const struct wabe_cgroup_device_rule other[] = { { true, 'c', 1, 5, ALL } };

struct share {
	struct live *live;
	char dir[32];
	int dir_fd;
};

/* The id of the only program of that cgroup itself; 0: it has none, or more. */
static uint32_t program_of(struct wabe_cgroup *cgroup)
{
	uint32_t ids[8] = { 0 };
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)wabe_cgroup_dir_fd(cgroup, NULL);
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uintptr_t)ids;
	attr.query.prog_cnt = ARRAY_SIZE(ids);
	return wabe_cgroup_device_bpf(BPF_PROG_QUERY, &attr) == 0 && attr.query.prog_cnt == 1
		       ? ids[0]
		       : 0;
}

/* A new cgroup with these rules. */
static struct wabe_cgroup *restricted(struct share *s, const char *name, int dir_fd,
				      const struct wabe_cgroup_device_rule *rule)
{
	struct wabe_cgroup *cgroup = open_at(s->live, name);
	struct wabe_error err = WABE_ERROR_INIT;

	create(s->live, cgroup);
	wabe_cgroup_share_programs(cgroup, dir_fd);
	tap_int(s->live->t, wabe_cgroup_devices(cgroup, rule, 1, &err), 0, "%s: rules of %s %s",
		s->live->mode, name, err.text);
	return cgroup;
}

static void set_again(struct share *s, struct wabe_cgroup *cgroup,
		      const struct wabe_cgroup_device_rule *rule, const char *what)
{
	struct wabe_error err = WABE_ERROR_INIT;

	tap_int(s->live->t, wabe_cgroup_devices(cgroup, rule, 1, &err), 0, "%s: %s %s",
		s->live->mode, what, err.text);
}

static void test_same(struct share *s)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *a = restricted(s, "/a", s->dir_fd, one);
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *b = restricted(s, "/b", s->dir_fd, one);
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *c = restricted(s, "/c", s->dir_fd, other);
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *d = restricted(s, "/d", -1, one);
	uint32_t id = program_of(a), id_other = program_of(c);
	const char *mode = s->live->mode;
	struct tap *t = s->live->t;

	tap_ok(t, id != 0 && program_of(b) == id, "%s: the same rules, one program", mode);
	tap_ok(t, id_other != 0 && id_other != id, "%s: other rules have another", mode);
	tap_ok(t, program_of(d) != 0 && program_of(d) != id, "%s: nor is it asked for", mode);
	set_again(s, b, one, "the same rules once more");
	tap_int(t, program_of(b), id, "%s: change nothing", mode);
	set_again(s, b, other, "the others' rules for one of two");
	tap_int(t, program_of(b), id_other, "%s: it has the others' program", mode);
	tap_int(t, program_of(a), id, "%s: the other one keeps its own", mode);
	set_again(s, b, one, "and back");
	tap_int(t, program_of(b), id, "%s: has the first program again", mode);
}

/* What is in the record at that place says something else. */
static const struct lie {
	const char *what;
	size_t offset, len;
} lies[] = {
	{ "another version", 0, 1 }, { "an id that nothing has", 7, 1 }, { "another time", 8, 1 },
	{ "another tag", 16, 1 },    { "other instructions", 24, 1 },	 { "all of it", 0, 64 },
	{ "cut short", 0, 0 },
};

static ssize_t find_record(struct share *s, char *name, size_t room, char *value)
{
	char names[1024];
	ssize_t len = flistxattr(s->dir_fd, names, sizeof(names));

	for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1)
		if (strncmp(names + at, "trusted.wabe.devices.", 21) == 0) {
			snprintf(name, room, "%s", names + at);
			return fgetxattr(s->dir_fd, name, value, ATTRIBUTE_ROOM);
		}
	return -1;
}

static void test_lie(struct share *s, const struct lie *lie)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *a = restricted(s, "/true", s->dir_fd, one);
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *b = NULL, *c = NULL;
	char name[64], value[ATTRIBUTE_ROOM];
	ssize_t len = find_record(s, name, sizeof(name), value);
	struct tap *t = s->live->t;

	if (!tap_ok(t, len > 64, "%s: there is a record", s->live->mode))
		return;
	for (size_t i = 0; i < lie->len; i++)
		value[lie->offset + i] ^= 0x55;
	if (lie->len == 0)
		len--;
	tap_int(t, fsetxattr(s->dir_fd, name, value, (size_t)len, 0), 0, "%s: %s", s->live->mode,
		lie->what);
	b = restricted(s, "/after", s->dir_fd, one);
	tap_ok(t, program_of(b) != 0 && program_of(b) != program_of(a), "%s: is not believed",
	       s->live->mode);
	c = restricted(s, "/then", s->dir_fd, one);
	tap_int(t, program_of(c), program_of(b), "%s: and is mended", s->live->mode);
	wabe_cgroup_remove(a, WAIT_MS, NULL);
	wabe_cgroup_remove(b, WAIT_MS, NULL);
	wabe_cgroup_remove(c, WAIT_MS, NULL);
	fremovexattr(s->dir_fd, name);
}

/* The id of a program of other rules, in the record of these. */
static void test_wrong_program(struct share *s)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *b = restricted(s, "/wrong", -1, other);
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *a =
		restricted(s, "/right", s->dir_fd, one);
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *c = NULL;
	char name[64], value[ATTRIBUTE_ROOM];
	ssize_t len = find_record(s, name, sizeof(name), value);
	uint32_t id = program_of(b);

	if (!tap_ok(s->live->t, len > 64 && id && program_of(a) != id,
		    "%s: a record, and a program", s->live->mode))
		return;
	memcpy(value + 4, &id, sizeof(id));
	fsetxattr(s->dir_fd, name, value, (size_t)len, 0);
	c = restricted(s, "/not-wrong", s->dir_fd, one);
	tap_ok(s->live->t, program_of(c) != 0 && program_of(c) != id,
	       "%s: a program of other rules is not taken", s->live->mode);
}

static bool is_loaded(uint32_t id)
{
	struct bpf_prog_info info;
	_cleanup_close_ int fd = wabe_cgroup_device_open(id, &info);

	return fd >= 0;
}

/* The kernel lets go of a removed cgroup's programs later. */
static void test_gone(struct share *s)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *a =
		restricted(s, "/first", s->dir_fd, one);
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *b = NULL;
	uint32_t id = program_of(a);
	int tries = 0;

	tap_ok(s->live->t, is_loaded(id), "%s: it is loaded", s->live->mode);
	wabe_cgroup_remove(a, WAIT_MS, NULL);
	while (is_loaded(id) && tries++ < 500)
		usleep(10000);
	tap_ok(s->live->t, !is_loaded(id), "%s: it goes with the last cgroup", s->live->mode);
	b = restricted(s, "/second", s->dir_fd, one);
	tap_ok(s->live->t, program_of(b) != 0, "%s: the next one is loaded anew", s->live->mode);
}

static void remove_records(struct share *s)
{
	char name[64], value[ATTRIBUTE_ROOM];

	while (find_record(s, name, sizeof(name), value) >= 0)
		if (fremovexattr(s->dir_fd, name) < 0)
			return;
}

static void test_all(struct share *s)
{
	test_same(s);
	for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
		remove_records(s);
		test_lie(s, &lies[i]);
	}
	remove_records(s);
	test_wrong_program(s);
	remove_records(s);
	test_gone(s);
}

static void test_live(struct live *live)
{
	_cleanup_(wabe_cgroup_close) struct wabe_cgroup *probe = NULL;
	struct share s = { .live = live, .dir = "/tmp/wabe-share-XXXXXX", .dir_fd = -EBADF };
	struct wabe_error err = WABE_ERROR_INIT;

	if (strcmp(live->mode, "v1") == 0)
		return;
	probe = open_at(live, "/probe");
	create(live, probe);
	if (wabe_cgroup_devices(probe, one, 1, &err) < 0 || program_of(probe) == 0) {
		tap_skip(live->t, "no programs of device rules here");
		return;
	}
	if (mkdtemp(s.dir))
		s.dir_fd = open(s.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.dir_fd < 0 || fsetxattr(s.dir_fd, "trusted.wabe.test", "", 0, 0) < 0)
		tap_skip(live->t, "/tmp has no trusted attributes");
	else
		test_all(&s);
	wabe_cleanup_close(&s.dir_fd);
	rmdir(s.dir);
}

int main(void)
{
	struct tap t = TAP_INIT;

	if (geteuid() == 0)
		return live_main(test_live);
	tap_skip(&t, "making cgroups wants root");
	return tap_end(&t);
}
