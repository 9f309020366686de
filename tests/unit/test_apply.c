// SPDX-License-Identifier: GPL-2.0-or-later
/* vzctl/guest/apply: which rows a change concerns, of a guest that runs and of one that is down. */
#include <string.h>

#include "base/cleanup.h"
#include "guest/apply.h"
#include "tap.h"

struct wanted {
	const char *option, *text; /* NULL: none is changed */
	const char *sample;
	bool is_saved, is_running;
	const char *rows; /* their names, each followed by a comma */
};

static const struct wanted wanted[] = {
	{ "hostname", "web", NULL, true, false, "" },
	{ "hostname", "web", NULL, false, true, "host name,guest's files," },
	{ "hostname", "", NULL, false, true, "guest's files," },
	{ "userpasswd", "root:x", NULL, false, false, "password," },
	{ "userpasswd", "root:x", NULL, false, true, "password," },
	{ "ram", "1G", NULL, true, false, "" },
	{ "ram", "1G", NULL, true, true, "limits," },
	{ "cpuunits", "10", NULL, false, true, "limits," },
	{ "diskspace", "1G", NULL, false, false, "" },
	{ "diskspace", "1G", NULL, true, false, "disk quota," },
	{ "diskinodes", "100", NULL, false, true, "disk quota," },
	{ "ostemplate", "other", NULL, true, false, "template," },
	{ "mount_opts", "noatime", NULL, true, false, "mount options," },
	{ "onboot", "yes", NULL, true, true, "" },
};

static void concerned(const struct wanted *w, char *text, size_t room, struct wabe_arena *arena)
{
	struct vz_params params = { .arena = arena };
	const struct vz_change change = {
		.params = &params,
		.before = &params,
		.sample = w->sample,
		.is_all = w->sample,
		.is_saved = w->is_saved,
	};
	const struct vz_apply_row *rows;
	size_t count;

	text[0] = '\0';
	if (w->option && vz_params_option(&params, VZ_PARAM_SET, w->option, w->text, NULL) < 0)
		return;
	rows = vz_apply_rows(&count);
	for (size_t i = 0; i < count; i++)
		if (vz_apply_is_concerned(&rows[i], &change, w->is_running))
			snprintf(text + strlen(text), room - strlen(text), "%s,", rows[i].name);
}

static void test_concerned(struct tap *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
		const struct wanted *w = &wanted[i];
		char text[512];

		concerned(w, text, sizeof(text), &arena);
		tap_ok(t, strcmp(text, w->rows) == 0, "%s=%s, %s, %s: \"%s\"", w->option, w->text,
		       w->is_saved ? "saved" : "not saved", w->is_running ? "running" : "down",
		       text);
	}
}

static bool has_row(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at && at[strlen(name)] == ',';
}

/* A sample has limits, but no identity: --applyconfig changes no host name, and no password. */
static void test_sample(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	char text[512];

	concerned(&(struct wanted){ .sample = "s", .is_running = true }, text, sizeof(text),
		  &arena);
	tap_ok(t, has_row(text, "limits") && has_row(text, "disk quota"), "a sample: \"%s\"", text);
	tap_ok(t, !has_row(text, "host name") && !has_row(text, "password"),
	       "a sample changes no identity: \"%s\"", text);
}

/* Each row has a name of its own, a function that does or refuses, an exit code, and says what it is for. */
static void test_rows(struct tap *t)
{
	size_t count;
	const struct vz_apply_row *rows = vz_apply_rows(&count);

	for (size_t i = 0; i < count; i++) {
		bool is_twice = false;

		for (size_t j = 0; j < i; j++)
			is_twice |= strcmp(rows[i].name, rows[j].name) == 0;
		tap_ok(t,
		       !is_twice && (rows[i].apply || rows[i].check) && rows[i].kind != VZ_EXIT_OK,
		       "row \"%s\" is whole", rows[i].name);
		tap_ok(t,
		       (rows[i].concerns != NULL) == (rows[i].count == 0) &&
			       rows[i].count <= VZ_APPLY_PARAMS_MAX,
		       "row \"%s\" knows its parameters", rows[i].name);
	}
}

int main(void)
{
	struct tap t = TAP_INIT;

	test_rows(&t);
	test_concerned(&t);
	test_sample(&t);
	return tap_end(&t);
}
