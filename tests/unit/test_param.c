// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/param: every row of the table: unique, explained, saved and read again; options, edits,
 * layers. */
#include "conf/param.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "tap.h"

/* A good value of each type; ENUM and SWITCH take the row's first name. */
static const char *const samples[VZ_TYPE_MAX] = {
	[VZ_TYPE_YESNO] = "yes",
	[VZ_TYPE_NUMBER] = "10",
	[VZ_TYPE_LIMIT] = "10",
	[VZ_TYPE_FACTOR] = "1.5",
	[VZ_TYPE_RATE] = "100M:20M",
	[VZ_TYPE_PAIR] = "10:20",
	[VZ_TYPE_TEXT] = "a \"b\" $c `d` \\",
	[VZ_TYPE_USERPASSWD] = "root:x y",
	[VZ_TYPE_PATH] = "/vz/$VEID",
	[VZ_TYPE_WORD] = "noatime",
	[VZ_TYPE_NAME] = "web 1",
	[VZ_TYPE_TEMPLATE] = "debian-12",
	[VZ_TYPE_HOSTNAME] = "a.example",
	[VZ_TYPE_MASK] = "0-3",
	[VZ_TYPE_IP] = "10.0.0.1/24 2001:db8::1",
	[VZ_TYPE_NAMESERVER] = "192.0.2.1 192.0.2.2",
	[VZ_TYPE_DOMAIN] = "example.org",
	[VZ_TYPE_DEVICE] = "c:10:200:rw",
	[VZ_TYPE_DEVNODE] = "net/tun:rw",
	[VZ_TYPE_PCI] = "03:00.0",
	[VZ_TYPE_NETIF] = "ifname=eth0,bridge=br0;ifname=eth1",
	[VZ_TYPE_IFNAME] = "eth0",
	[VZ_TYPE_MAC] = "00:18:51:00:00:01",
	[VZ_TYPE_IFLIST] = "eth1 eth2",
	[VZ_TYPE_MODULES] = "ip_tables",
};

static const char *sample_of(struct wabe_arena *arena, const struct vz_param *row)
{
	if (row->rule.type == VZ_TYPE_ENUM)
		return row->rule.names[0];
	if (row->rule.type == VZ_TYPE_SWITCH)
		return wabe_arena_printf(arena, "%s:on", row->rule.names[0]);
	if (row->rule.type == VZ_TYPE_NUMBER && row->rule.max && row->rule.max < 10)
		return "7";
	return samples[row->rule.type];
}

static unsigned int uses_of(const char *option)
{
	unsigned int uses = 0;

	for (enum vz_param_id id = 0; option && id < VZ_PARAM_MAX; id++) {
		const struct vz_param *row = vz_param_row(id);

		uses += row->option && strcmp(row->option, option) == 0;
		uses += row->option_limit && strcmp(row->option_limit, option) == 0;
		uses += row->option_del && strcmp(row->option_del, option) == 0;
	}
	return uses;
}

static void check_row(struct tap *t, enum vz_param_id id)
{
	const struct vz_param *row = vz_param_row(id);
	const char *name = row->key ? row->key : row->option;

	tap_ok(t, name != NULL, "row %d has a key or an option", id);
	if (!name)
		return;
	tap_ok(t, row->help && *row->help && row->value && *row->value, "%s is explained", name);
	tap_ok(t, !row->key || (vz_conffile_is_key(row->key) && vz_param_by_key(row->key) == id),
	       "%s: the key is its own", name);
	tap_ok(t, !row->option || uses_of(row->option) == 1, "%s: the option is its own", name);
	tap_ok(t, !row->option_limit || uses_of(row->option_limit) == 1, "%s: so is the limit's",
	       name);
	tap_ok(t, !row->option_del || uses_of(row->option_del) == 1, "%s: so is the deletion's",
	       name);
	tap_ok(t, (row->option != NULL) == ((row->flags & (VZ_PARAM_CREATE | VZ_PARAM_SET)) != 0),
	       "%s: a verb takes it if it is an option", name);
	tap_ok(t, !(row->flags & VZ_PARAM_LOUD) || row->unenforced, "%s: loud about something",
	       name);
	tap_ok(t, !row->option_del || vz_type_is_list(row->rule.type),
	       "%s: only lists have a deletion", name);
}

static const char *const bad_values[] = { "a\nONBOOT=\"yes\"", "a\rb", "\x1b[2J",
					  "$(id)`id`\"\\\n" };

static void check_bad(struct tap *t, enum vz_param_id id)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	const struct vz_param *row = vz_param_row(id);
	struct vz_params p = { .arena = &arena };

	for (size_t i = 0; i < ARRAY_SIZE(bad_values); i++) {
		struct wabe_error err = WABE_ERROR_INIT;
		int r = vz_params_set(&p, id, bad_values[i], &err);

		tap_ok(t,
		       r < 0 && vz_exit_code(&err) == (int)vz_param_bad_value(id) &&
			       !p.values[id].is_set && !strpbrk(err.text, "\r\n\x1b"),
		       "%s refuses bad value %zu", row->key ? row->key : row->option, i);
	}
}

/* Value to file to text to file to value. */
static void check_round(struct tap *t, enum vz_param_id id)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	const struct vz_param *row = vz_param_row(id);
	struct vz_params p = { .arena = &arena }, q = { .arena = &arena };
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_conffile file, again;

	if (!tap_int(t, vz_params_set(&p, id, sample_of(&arena, row), &err), 0,
		     "%s: a good value %s", row->key ? row->key : row->option, err.text))
		return;
	vz_conffile_init(&file, &arena, "x");
	vz_conffile_init(&again, &arena, "x");
	tap_int(t, vz_params_to_file(&p, &file, &err), 0, "  to a file");
	if (!row->key) {
		tap_int(t, (long long)file.count, 0, "  never saved");
		return;
	}
	vz_conffile_format(&file, &text);
	tap_int(t, vz_conffile_parse(&again, text.data, text.len, &err), 0, "  parses %s",
		err.text);
	tap_int(t, vz_params_from_file(&q, &again, VZ_PARAMS_STRICT, &err), 0, "  is read %s",
		err.text);
	tap_str(t, vz_param_string(&q, id), p.values[id].text, "  the same value");
	tap_int(t, vz_params_to_file(&q, &again, &err), 0, "  and saved again");
	text.len = 0;
	vz_conffile_format(&again, &text);
	tap_int(t, (long long)again.count, 1, "  changes nothing: %s", text.data);
}

struct option_row {
	unsigned int verb;
	const char *args[8];
	enum vz_param_id id;
	const char *want; /* text, NULL: refused */
	int exit_code;
};

static const struct option_row option_rows[] = {
	{ VZ_PARAM_SET, { "--ram", "256M" }, VZ_PARAM_PHYSPAGES, "0:65536", 0 },
	{ VZ_PARAM_SET, { "--ram=1G" }, VZ_PARAM_PHYSPAGES, "0:262144", 0 },
	{ VZ_PARAM_SET, { "--swap", "unlimited" }, VZ_PARAM_SWAPPAGES, "0:unlimited", 0 },
	{ VZ_PARAM_SET, { "--physpages", "10:20" }, VZ_PARAM_PHYSPAGES, "10:20", 0 },
	{ VZ_PARAM_SET, { "--ram", "1G", "--ram", "2G" }, VZ_PARAM_PHYSPAGES, "0:524288", 0 },
	{ VZ_PARAM_SET, { "--ram", "536870912" }, VZ_PARAM_PHYSPAGES, "0:131072", 0 },
	{ VZ_PARAM_SET, { "--swap", "4097" }, VZ_PARAM_SWAPPAGES, "0:2", 0 },
	{ VZ_PARAM_SET, { "--ram", "100P" }, VZ_PARAM_PHYSPAGES, "0:100", 0 },
	{ VZ_PARAM_SET, { "--physpages", "100" }, VZ_PARAM_PHYSPAGES, "100:100", 0 },
	{ VZ_PARAM_SET, { "--iolimit", "2" }, VZ_PARAM_IOLIMIT, "2097152", 0 },
	{ VZ_PARAM_SET, { "--iolimit", "512K" }, VZ_PARAM_IOLIMIT, "524288", 0 },
	{ VZ_PARAM_SET, { "--diskspace", "10G:11G" }, VZ_PARAM_DISKSPACE, "10485760:11534336", 0 },
	{ VZ_PARAM_SET, { "--cpulimit", "50%" }, VZ_PARAM_CPULIMIT, "50", 0 },
	{ VZ_PARAM_SET,
	  { "--ipadd", "10.0.0.1", "--ipadd", "10.0.0.2" },
	  VZ_PARAM_IP_ADDRESS,
	  "10.0.0.1 10.0.0.2",
	  0 },
	{ VZ_PARAM_SET,
	  { "--nameserver", "192.0.2.1", "--nameserver=192.0.2.2" },
	  VZ_PARAM_NAMESERVER,
	  "192.0.2.1 192.0.2.2",
	  0 },
	{ VZ_PARAM_SET, { "--description", "" }, VZ_PARAM_DESCRIPTION, "", 0 },
	{ VZ_PARAM_SET, { "--description", "--save" }, VZ_PARAM_DESCRIPTION, "--save", 0 },
	{ VZ_PARAM_SET,
	  { "--ifname", "eth0", "--bridge", "br0" },
	  VZ_PARAM_NETIF,
	  "ifname=eth0,bridge=br0",
	  0 },
	{ VZ_PARAM_CREATE, { "--layout", "overlay" }, VZ_PARAM_LAYOUT, "overlay", 0 },
	{ VZ_PARAM_SET, { "--layout", "overlay" }, VZ_PARAM_LAYOUT, NULL, VZ_EXIT_BAD_OPTION },
	{ VZ_PARAM_CREATE,
	  { "--userpasswd", "root:x" },
	  VZ_PARAM_USERPASSWD,
	  NULL,
	  VZ_EXIT_BAD_OPTION },
	{ VZ_PARAM_SET, { "--nope", "1" }, VZ_PARAM_PHYSPAGES, NULL, VZ_EXIT_BAD_OPTION },
	{ VZ_PARAM_SET, { "--ram" }, VZ_PARAM_PHYSPAGES, NULL, VZ_EXIT_BAD_OPTION },
	{ VZ_PARAM_SET, { "-x" }, VZ_PARAM_PHYSPAGES, NULL, VZ_EXIT_BAD_OPTION },
	{ VZ_PARAM_SET, { "--ram", "1:2" }, VZ_PARAM_PHYSPAGES, NULL, VZ_EXIT_BAD_VALUE },
	{ VZ_PARAM_SET, { "--ram", "" }, VZ_PARAM_PHYSPAGES, NULL, VZ_EXIT_BAD_VALUE },
	{ VZ_PARAM_SET, { "--ipadd", "" }, VZ_PARAM_IP_ADDRESS, NULL, VZ_EXIT_BAD_IP },
	{ VZ_PARAM_SET, { "--ipadd", "all" }, VZ_PARAM_IP_ADDRESS, NULL, VZ_EXIT_BAD_IP },
	{ VZ_PARAM_SET, { "--cpuunits", "7" }, VZ_PARAM_CPUUNITS, NULL, VZ_EXIT_BAD_VALUE },
	{ VZ_PARAM_SET, { "--bridge", "br0" }, VZ_PARAM_NETIF, NULL, VZ_EXIT_BAD_OPTION },
	{ VZ_PARAM_SET, { "--ifname", "eth0" }, VZ_PARAM_NETIF, NULL, VZ_EXIT_BAD_OPTION },
	{ VZ_PARAM_SET, { "--save=maybe" }, VZ_PARAM_NETIF, NULL, VZ_EXIT_BAD_OPTION },
};

struct own {
	bool save;
	const char *setmode;
};

static const struct wabe_option own_options[] = {
	{ "save", 0, WABE_OPTION_FLAG, offsetof(struct own, save), NULL, "save" },
	{ "setmode", 0, WABE_OPTION_STRING, offsetof(struct own, setmode), "MODE", "mode" },
};

static int parse_args(struct vz_params *p, struct own *own, unsigned int verb,
		      const char *const *args, struct wabe_error *err)
{
	char *argv[10] = { (char *)"set" };
	int argc = 1;

	for (; args[argc - 1]; argc++)
		argv[argc] = (char *)args[argc - 1];
	return vz_params_parse_args(p, verb, own_options, ARRAY_SIZE(own_options), own, argc, argv,
				    err);
}

static void check_option(struct tap *t, const struct option_row *row)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_params p = { .arena = &arena };
	struct wabe_error err = WABE_ERROR_INIT;
	struct own own = { 0 };
	int r = parse_args(&p, &own, row->verb, row->args, &err);

	if (row->want) {
		tap_ok(t, r > 0, "%s %s %s", row->args[0], row->args[1] ? row->args[1] : "",
		       err.text);
		tap_str(t, p.values[row->id].text, row->want, "  value");
		return;
	}
	tap_ok(t, r < 0, "%s %s is refused: %s", row->args[0], row->args[1] ? row->args[1] : "",
	       err.text);
	tap_int(t, vz_exit_code(&err), row->exit_code, "  exit code");
}

static void check_mixed(struct tap *t)
{
	static const char *const args[] = { "--save", "--ram", "1M",   "--setmode", "restart",
					    "--name", "x",     "rest", NULL };
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_params p = { .arena = &arena };
	struct wabe_error err = WABE_ERROR_INIT;
	struct own own = { 0 };

	tap_int(t, parse_args(&p, &own, VZ_PARAM_SET, args, &err), 8,
		"a verb's own options among the rows' %s", err.text);
	tap_ok(t, own.save && own.setmode && strcmp(own.setmode, "restart") == 0,
	       "  own ones are read");
	tap_str(t, vz_param_string(&p, VZ_PARAM_NAME), "x", "  and the rows'");
}

/* Options over a file's list. */
static void check_edit(struct tap *t, const char *have, const char *const *args, const char *want)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_params base = { .arena = &arena }, over = { .arena = &arena };
	struct wabe_error err = WABE_ERROR_INIT;
	struct own own = { 0 };

	if (have)
		vz_params_set(&base, VZ_PARAM_IP_ADDRESS, have, &err);
	tap_ok(t, parse_args(&over, &own, VZ_PARAM_SET, args, &err) > 0, "%s %s", args[0], args[1]);
	tap_int(t, vz_params_merge(&base, &over, &err), 0, "  over \"%s\"", have ? have : "");
	tap_str(t, base.values[VZ_PARAM_IP_ADDRESS].text, want, "  gives \"%s\"", want);
}

static void check_edits(struct tap *t)
{
	check_edit(t, "10.0.0.1 10.0.0.2", (const char *[]){ "--ipadd", "10.0.0.3", NULL },
		   "10.0.0.1 10.0.0.2 10.0.0.3");
	check_edit(t, "10.0.0.1 10.0.0.2", (const char *[]){ "--ipdel", "10.0.0.1", NULL },
		   "10.0.0.2");
	check_edit(t, "10.0.0.1 10.0.0.2", (const char *[]){ "--ipdel", "all", NULL }, "");
	check_edit(t, "10.0.0.1", (const char *[]){ "--ipdel", "all", "--ipadd", "10.0.0.9", NULL },
		   "10.0.0.9");
	check_edit(t, "10.0.0.1", (const char *[]){ "--ipadd", "10.0.0.1/24", NULL },
		   "10.0.0.1/24");
	check_edit(t, NULL, (const char *[]){ "--ipdel", "10.0.0.7", NULL }, "");
}

static void check_access(struct tap *t)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_params p = { .arena = &arena };
	struct wabe_error err = WABE_ERROR_INIT;

	tap_int(t, (long long)vz_param_u64(&p, VZ_PARAM_STOP_TIMEOUT), 120,
		"a preset where nothing is set");
	tap_str(t, vz_param_string(&p, VZ_PARAM_LAYOUT), "overlay", "a preset as text");
	tap_ok(t, !vz_param_has(&p, VZ_PARAM_LAYOUT), "  is not set");
	tap_int(t, (long long)vz_param_pair(&p, VZ_PARAM_NUMPROC).limit, (long long)VZ_UNLIMITED,
		"a pair is unlimited");
	vz_params_set(&p, VZ_PARAM_PHYSPAGES, "0:256M", &err);
	tap_int(t, (long long)vz_param_bytes(&p, VZ_PARAM_PHYSPAGES).limit, 256 << 20,
		"pages in bytes");
	vz_params_set(&p, VZ_PARAM_FEATURES, "fuse:on nfs:off", &err);
	tap_int(t, vz_param_switch(&p, VZ_PARAM_FEATURES, "fuse"), 1, "a switch is on");
	tap_int(t, vz_param_switch(&p, VZ_PARAM_FEATURES, "nfs"), 0, "off");
	tap_int(t, vz_param_switch(&p, VZ_PARAM_FEATURES, "tun"), -1, "not there");
}

static void check_modes(struct tap *t)
{
	static const char text[] = "ONBOOT=\"maybe\"\nNAME=\"x\"\nHOSTNAME=\"\"\nVE_ROOT=\"/vz/"
				   "$VEID\"\nDESCRIPTION=\"$x\"\n";
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_params p = { .arena = &arena };
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_conffile file;

	vz_conffile_init(&file, &arena, "101.conf");
	vz_conffile_parse(&file, text, strlen(text), &err);
	tap_int(t, vz_params_from_file(&p, &file, VZ_PARAMS_STRICT, &err), -EINVAL,
		"strict refuses a bad value");
	tap_has(t, err.text, "101.conf: line 1: ONBOOT \"maybe\"", "  and says where");
	tap_int(t, vz_exit_code(&err), VZ_EXIT_BAD_CONFIG, "  exit code");
	tap_int(t, vz_params_from_file(&p, &file, VZ_PARAMS_LENIENT, &err), 0, "lenient goes on");
	tap_ok(t, !vz_param_has(&p, VZ_PARAM_ONBOOT) && !vz_param_has(&p, VZ_PARAM_DESCRIPTION),
	       "  without the bad ones");
	tap_str(t, vz_param_string(&p, VZ_PARAM_NAME), "x", "  with the good ones");
	tap_ok(t, !vz_param_has(&p, VZ_PARAM_HOSTNAME), "  an empty value is not set");
}

static void check_text(struct tap *t)
{
	char *text = NULL;
	size_t len = 0, lines = 0;
	FILE *out = open_memstream(&text, &len);

	vz_param_print_table(out);
	vz_param_help(out, VZ_PARAM_SET);
	fclose(out);
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	tap_ok(t, lines > 120, "the table and the help have a line an option (%zu)", lines);
	tap_has(t, text, "ram\tPHYSPAGES\tcreate,set\tbytes\tN\tenforced\t", "the table's line");
	tap_has(t, text, "\thow long vzctl stop waits before it kills\t120\t-\n", "a default");
	tap_has(t, text, "\t-\t$VEID in it is the CTID.\n", "a further sentence");
	tap_has(t, text, "  --ipdel WHICH|all", "the help's line");
	tap_ok(t, !strstr(text, "  --layout"), "the help of set has no option of create");
	free(text);
}

static void check_exits(struct tap *t)
{
	static const struct {
		int errnum, kind, want;
	} rows[] = {
		{ EPERM, 0, VZ_EXIT_PERMISSION },	{ EACCES, 0, VZ_EXIT_PERMISSION },
		{ ENOSPC, 0, VZ_EXIT_NO_SPACE },	{ EDQUOT, 0, VZ_EXIT_NO_SPACE },
		{ EWOULDBLOCK, 0, VZ_EXIT_LOCKED },	{ ENOTSUP, 0, VZ_EXIT_NO_KERNEL },
		{ ENOMEM, 0, VZ_EXIT_RESOURCES },	{ EIO, 0, VZ_EXIT_SYSTEM },
		{ ENOSPC, VZ_EXIT_SAVE, VZ_EXIT_SAVE },
	};
	int codes = 0;

	for (int code = vz_exit_next(-1), last = -1; code >= 0;
	     last = code, code = vz_exit_next(code), codes++)
		tap_ok(t, code > last && vz_exit_text(code), "exit code %d: %s", code,
		       vz_exit_text(code));
	tap_ok(t, codes > 70 && !vz_exit_text(4), "all codes");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct wabe_error err = WABE_ERROR_INIT;

		wabe_error_set(&err, -rows[i].errnum, "x");
		wabe_error_kind(&err, rows[i].kind);
		tap_int(t, vz_exit_code(&err), rows[i].want, "%s becomes", err.text);
	}
	tap_int(t, vz_exit_code(NULL), VZ_EXIT_SYSTEM, "no error at all");
}

/* A file that we install: parses, all its values are good, every key of a sample is a row. */
static void check_file(struct tap *t, const char *dir, const char *name, bool is_sample)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_params p = { .arena = &arena };
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_conffile file;
	char path[512];

	snprintf(path, sizeof(path), "%s/../../etc/%s", dir, name);
	vz_conffile_init(&file, &arena, name);
	tap_int(t, vz_conffile_load_at(AT_FDCWD, path, &file, &err), 0, "%s loads %s", name,
		err.text);
	tap_int(t, vz_params_from_file(&p, &file, VZ_PARAMS_STRICT, &err), 0, "%s is good %s", name,
		err.text);
	for (size_t i = 0; is_sample && i < file.count; i++) {
		enum vz_param_id id = file.lines[i].key ? vz_param_by_key(file.lines[i].key)
							: VZ_PARAM_ONBOOT;

		tap_ok(t, id < VZ_PARAM_MAX && !vz_param_row(id)->unenforced,
		       "%s: line %zu is in force", name, i + 1);
	}
	if (is_sample)
		tap_ok(t,
		       vz_param_has(&p, VZ_PARAM_PHYSPAGES) && vz_param_has(&p, VZ_PARAM_NUMPROC) &&
			       vz_param_has(&p, VZ_PARAM_DISKSPACE),
		       "%s limits memory, processes, disk", name);
}

static void check_installed(struct tap *t)
{
	static const char *const samples_of_ours[] = { "basic",	     "light",	 "vswap-256m",
						       "vswap-512m", "vswap-1g", "vswap-2g",
						       "vswap-4g" };
	const char *corpus = getenv("CORPUS");
	char name[64];

	if (!corpus) {
		tap_skip(t, "CORPUS names no directory");
		return;
	}
	check_file(t, corpus, "vz.conf", false);
	for (size_t i = 0; i < ARRAY_SIZE(samples_of_ours); i++) {
		snprintf(name, sizeof(name), "ve-%s.conf-sample", samples_of_ours[i]);
		check_file(t, corpus, name, true);
	}
}

int main(void)
{
	struct tap t = TAP_INIT;

	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		check_row(&t, id);
		check_bad(&t, id);
		check_round(&t, id);
	}
	for (size_t i = 0; i < ARRAY_SIZE(option_rows); i++)
		check_option(&t, &option_rows[i]);
	check_mixed(&t);
	check_edits(&t);
	check_access(&t);
	check_modes(&t);
	check_text(&t);
	check_exits(&t);
	check_installed(&t);
	return tap_end(&t);
}
