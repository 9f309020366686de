// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/host, conf/ctconf: a tree of its own: vz.conf, guests made from samples, saved, named,
 * listed, removed. */
#include "conf/ctconf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tap.h"

static char dir[] = "/tmp/wabe-ctconf-XXXXXX";

static const char vz_conf[] = "# "
			      "host\nLOCKDIR=%s/lock\nTEMPLATE=%s/template\nVE_ROOT=%s/root/"
			      "$VEID\nVE_PRIVATE=\"%s/private/$VEID\"\n"
			      "CONFIGFILE=\"basic\"\nDEF_OSTEMPLATE=\"debian-12\"\nVE_LAYOUT="
			      "\"dir\"\nSTATEDIR=%s/run\nOWN_KEY=\"x\"\n";
static const char sample[] =
	"# the sample\nPHYSPAGES=\"0:256M\"\nONBOOT=\"no\"\nCPUUNITS=\"1000\"\nMINE=\"kept\"\n";

static void put(const char *name, const char *text)
{
	struct wabe_error err = WABE_ERROR_INIT;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	wabe_file_replace_at(AT_FDCWD, path, text, strlen(text), 0644, WABE_FILE_VOLATILE, &err);
}

static void get(const char *name, struct wabe_buf *out)
{
	char path[PATH_MAX];

	out->len = 0;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	wabe_file_read_at(AT_FDCWD, path, 1 << 20, out, NULL);
}

static bool load_host(struct tap *t, struct vz_host *host)
{
	struct wabe_error err = WABE_ERROR_INIT;
	char path[PATH_MAX], text[2048];

	snprintf(path, sizeof(path), "%s/conf", dir);
	mkdir(path, 0755);
	snprintf(text, sizeof(text), vz_conf, dir, dir, dir, dir, dir);
	put("vz.conf", text);
	put("conf/ve-basic.conf-sample", sample);
	put("conf/0.conf", sample);
	snprintf(path, sizeof(path), "%s/vz.conf", dir);
	return tap_int(t, vz_host_load(path, NULL, host, &err), 0, "vz.conf loads %s", err.text);
}

static void check_host(struct tap *t, const struct vz_host *host)
{
	char want[PATH_MAX];

	snprintf(want, sizeof(want), "%s/template", dir);
	tap_str(t, host->template_dir, want, "TEMPLATE");
	tap_str(t, host->confdir, dir, "the directory of vz.conf");
	tap_str(t, host->sample, "basic", "CONFIGFILE");
	tap_str(t, host->ostemplate, "debian-12", "DEF_OSTEMPLATE");
	tap_str(t, host->rt.state_root, host->statedir, "STATEDIR is libwabe's root");
	tap_str(t, vz_param_string(&host->params, VZ_PARAM_LAYOUT), "dir",
		"a parameter for all guests");
	tap_ok(t, host->uid_base >= 65536 && host->uid_end > host->uid_base, "a range of ids");
}

static void check_bad_hosts(struct tap *t)
{
	static const struct {
		const char *text;
		int exit_code;
	} rows[] = {
		{ "LOCKDIR=relative\n", VZ_EXIT_BAD_CONFIG },
		{ "LOCKDIR=\"/x\n", VZ_EXIT_BAD_CONFIG },
		{ "LOCKDIR=\"$HOME/x\"\n", VZ_EXIT_BAD_CONFIG },
		{ "UID_BASE=0\n", VZ_EXIT_BAD_CONFIG },
		{ "UID_BASE=x\n", VZ_EXIT_BAD_CONFIG },
		{ "VE_STOP_MODE=now\n", VZ_EXIT_BAD_CONFIG },
		{ "ONBOOT=perhaps\n", VZ_EXIT_BAD_CONFIG },
		{ "", VZ_EXIT_BAD_CONFIG },
		{ "UID_BASE=4000000000\n", VZ_EXIT_BAD_CONFIG },
	};
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_host host;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/bad.conf", dir);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put("bad.conf", rows[i].text);
		tap_ok(t,
		       vz_host_load(path, NULL, &host, &err) < 0 &&
			       vz_exit_code(&err) == rows[i].exit_code,
		       "refused: %s", err.text);
		vz_host_free(&host);
	}
	unlink(path);
	tap_ok(t,
	       vz_host_load(path, NULL, &host, &err) == -ENOENT &&
		       vz_exit_code(&err) == VZ_EXIT_NO_HOST_CONFIG,
	       "missing: %s", err.text);
}

static int create(const struct vz_host *host, uint32_t ctid, const char *name,
		  struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_params over = { .arena = &arena };
	struct vz_ctconf conf;
	int r = name ? vz_params_set(&over, VZ_PARAM_NAME, name, err) : 0;

	if (r == 0)
		r = vz_params_set(&over, VZ_PARAM_HOSTNAME, "h.example", err);
	if (r == 0)
		r = vz_ctconf_new(host, ctid, NULL, &over, &conf, err);
	if (r < 0)
		return r;
	r = vz_ctconf_save(&conf, err);
	vz_ctconf_free(&conf);
	return r;
}

static void check_new(struct tap *t, const struct vz_host *host)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_ctconf conf;
	char want[PATH_MAX];

	tap_int(t, create(host, 101, "web", &err), 0, "a guest from the sample %s", err.text);
	tap_ok(t, vz_ctconf_exists(host, 101) && !vz_ctconf_exists(host, 102), "it exists");
	get("conf/101.conf", &text);
	tap_str(t, text.data,
		VZ_CONFFILE_HEAD
		"\n# the "
		"sample\nPHYSPAGES=\"0:256M\"\nONBOOT=\"no\"\nCPUUNITS=\"1000\"\nMINE=\"kept\"\n"
		"NAME=\"web\"\nORIGIN_SAMPLE=\"basic\"\nHOSTNAME=\"h.example\"\n" VZ_CONFFILE_END
		"\n",
		"the file");
	if (!tap_int(t, vz_ctconf_load(host, 101, VZ_PARAMS_STRICT, &conf, &err), 0, "it loads %s",
		     err.text))
		return;
	tap_int(t, (long long)vz_param_pair(&conf.params, VZ_PARAM_PHYSPAGES).limit, 65536,
		"of the sample");
	tap_str(t, vz_param_string(&conf.params, VZ_PARAM_LAYOUT), "dir", "of vz.conf");
	tap_ok(t, !vz_param_has(&conf.own, VZ_PARAM_LAYOUT), "  which is not its own");
	snprintf(want, sizeof(want), "%s/private/101", dir);
	tap_str(t, conf.private, want, "VE_PRIVATE with the id");
	snprintf(want, sizeof(want), "%s/conf/101.conf", dir);
	tap_str(t, conf.path, want, "its path");
	vz_ctconf_free(&conf);
}

static int change(const struct vz_host *host, uint32_t ctid, enum vz_param_id id, const char *text,
		  struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct vz_params changes = { .arena = &arena };
	struct vz_ctconf conf;
	int r = vz_ctconf_load(host, ctid, VZ_PARAMS_LENIENT, &conf, err);

	if (r < 0)
		return r;
	r = vz_params_set(&changes, id, text, err);
	if (r == 0)
		r = vz_ctconf_apply(&conf, &changes, err);
	if (r == 0)
		r = vz_ctconf_save(&conf, err);
	vz_ctconf_free(&conf);
	return r;
}

static void check_names(struct tap *t, const struct vz_host *host)
{
	struct wabe_error err = WABE_ERROR_INIT;
	char link[PATH_MAX], target[64] = "";
	uint32_t ctid = 0;

	snprintf(link, sizeof(link), "%s/names/web", dir);
	tap_ok(t, readlink(link, target, sizeof(target) - 1) > 0, "a link of the name");
	tap_str(t, target, "../conf/101.conf", "  as OpenVZ's");
	tap_ok(t, vz_ctconf_resolve(host, "web", &ctid, &err) == 0 && ctid == 101, "found by name");
	tap_ok(t, vz_ctconf_resolve(host, "4711", &ctid, &err) == 0 && ctid == 4711,
	       "found by number");
	tap_int(t, create(host, 102, "web", &err), -EEXIST, "the name is taken");
	tap_int(t, vz_exit_code(&err), VZ_EXIT_NAME, "  exit code");
	tap_ok(t, !vz_ctconf_exists(host, 102), "  and nothing was written");
	wabe_error_clear(&err);
	tap_int(t, change(host, 101, VZ_PARAM_NAME, "mail", &err), 0, "renamed %s", err.text);
	tap_ok(t, vz_ctconf_resolve(host, "mail", &ctid, &err) == 0 && ctid == 101,
	       "found by the new name");
	tap_int(t, vz_ctconf_resolve(host, "web", &ctid, &err), -ENOENT, "not by the old one");
	tap_ok(t, lstat(link, &(struct stat){ 0 }) < 0, "whose link is gone");
	wabe_error_clear(&err);
	tap_int(t, create(host, 102, "web", &err), 0, "the name is free again %s", err.text);
	/* A link that a killed command left behind. */
	snprintf(link, sizeof(link), "%s/names/stale", dir);
	tap_ok(t, symlink("../conf/101.conf", link) == 0, "a stale link");
	tap_int(t, vz_ctconf_resolve(host, "stale", &ctid, &err), -ENOENT, "  is no name");
	wabe_error_clear(&err);
	tap_int(t, change(host, 102, VZ_PARAM_NAME, "stale", &err), 0, "  and can be taken %s",
		err.text);
	tap_ok(t, vz_ctconf_resolve(host, "stale", &ctid, &err) == 0 && ctid == 102,
	       "  by another guest");
}

/* What a save leaves that is killed: the other file beside the one that counts, and the link of the other name. */
static void check_tidy(struct tap *t, const struct vz_host *host)
{
	static const struct {
		const char *staged;
		bool has_gone; /* is the link "gone" there afterwards? */
	} rows[] = {
		{ "NAME=\"gone\"\n", false },
		{ "NAME=\"mail\"\n", true }, /* the guest's own name */
		{ "HOSTNAME=\"x\"\n", true },
		{ "NAME=\"gone", true }, /* not whole: there was no link yet */
		{ "NAME=\"../conf\"\n", true },
	};
	char gone[PATH_MAX], mail[PATH_MAX], staged[PATH_MAX];

	snprintf(gone, sizeof(gone), "%s/names/gone", dir);
	snprintf(mail, sizeof(mail), "%s/names/mail", dir);
	snprintf(staged, sizeof(staged), "%s/conf/.101.conf.tmp", dir);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put("conf/.101.conf.tmp", rows[i].staged);
		(void)unlink(gone);
		tap_int(t, symlink("../conf/101.conf", gone), 0, "a link");
		vz_ctconf_tidy(host, 101);
		tap_ok(t, (access(gone, F_OK) == 0) == rows[i].has_gone, "row %zu: the link", i);
		tap_ok(t, access(mail, F_OK) == 0 && access(staged, F_OK) < 0, "row %zu: the rest",
		       i);
	}
	(void)unlink(gone);
	put("conf/555.conf.destroyed", "NAME=\"gone\"\n");
	tap_int(t, symlink("../conf/555.conf", gone), 0, "a link of a guest that is gone");
	vz_ctconf_tidy_removed(host, 555);
	tap_ok(t, unlink(gone) < 0, "  goes with it");
}

static const char *const bad_ids[] = { "0",	"-1",	"2147483645", "99999999999999999999",
				       "101x/", "../x", "",	      "1\n2",
				       "a/b" };

static void check_ids(struct tap *t, const struct vz_host *host)
{
	struct wabe_error err = WABE_ERROR_INIT;
	uint32_t ctid = 7;

	for (size_t i = 0; i < ARRAY_SIZE(bad_ids); i++) {
		tap_ok(t,
		       vz_ctconf_resolve(host, bad_ids[i], &ctid, &err) < 0 &&
			       vz_exit_code(&err) == VZ_EXIT_BAD_VALUE && ctid == 7,
		       "\"%s\" is no guest: %s", bad_ids[i], err.text);
		wabe_error_clear(&err);
	}
	tap_int(t, vz_ctconf_check_new_id(100, &err), -EINVAL, "100 is reserved");
	tap_int(t, vz_ctconf_check_new_id(101, &err), 0, "101 is not");
}

static void check_save(struct tap *t, const struct vz_host *host)
{
	_cleanup_(wabe_buf_free) struct wabe_buf before = WABE_BUF_INIT, after = WABE_BUF_INIT;
	struct wabe_error err = WABE_ERROR_INIT;

	put("conf/103.conf",
	    "# OpenVZ's\n\nONBOOT=\"yes\"\nKMEMSIZE=\"14372700:14790164\"\nUNKNOWN='a "
	    "b'\nDISKSPACE=\"2G:2.2G\"\n");
	tap_int(t, change(host, 103, VZ_PARAM_CPUUNITS, "77", &err), 0, "set on OpenVZ's file %s",
		err.text);
	get("conf/103.conf", &after);
	tap_str(t, after.data,
		VZ_CONFFILE_HEAD
		"\n# OpenVZ's\n\nONBOOT=\"yes\"\nKMEMSIZE=\"14372700:14790164\"\nUNKNOWN='a b'\n"
		"DISKSPACE=\"2G:2.2G\"\nCPUUNITS=\"77\"\n" VZ_CONFFILE_END "\n",
		"everything else is as it was");
	get("conf/103.conf", &before);
	tap_int(t, change(host, 103, VZ_PARAM_CPUUNITS, "77", &err), 0, "set to the same");
	get("conf/103.conf", &after);
	tap_str(t, after.data, before.data, "changes nothing");
	put("conf/104.conf", "ONBOOT=\"yes\"\nBROKEN\n");
	tap_int(t, change(host, 104, VZ_PARAM_CPUUNITS, "77", &err), -EINVAL,
		"a broken file is refused");
	tap_int(t, vz_exit_code(&err), VZ_EXIT_BAD_CONFIG, "  exit code");
	get("conf/104.conf", &after);
	tap_str(t, after.data, "ONBOOT=\"yes\"\nBROKEN\n", "  and untouched");
}

/* A disk that is full, as a process sees it: no file may grow past a few bytes. */
static void check_full(struct tap *t, const struct vz_host *host)
{
	_cleanup_(wabe_buf_free) struct wabe_buf before = WABE_BUF_INIT, after = WABE_BUF_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct rlimit old, tiny;
	char path[PATH_MAX];
	uint32_t ctid;

	get("conf/101.conf", &before);
	getrlimit(RLIMIT_FSIZE, &old);
	tiny = old;
	tiny.rlim_cur = 16;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &tiny);
	tap_ok(t, change(host, 101, VZ_PARAM_NAME, "fresh", &err) < 0, "no space: %s", err.text);
	setrlimit(RLIMIT_FSIZE, &old);
	tap_int(t, vz_exit_code(&err), VZ_EXIT_SAVE, "  exit code");
	get("conf/101.conf", &after);
	tap_str(t, after.data, before.data, "  the old file is whole");
	snprintf(path, sizeof(path), "%s/conf/.101.conf.tmp", dir);
	tap_ok(t, access(path, F_OK) < 0, "  nothing is left beside it");
	tap_int(t, vz_ctconf_resolve(host, "fresh", &ctid, &err), -ENOENT, "  nor a link");
	tap_ok(t, vz_ctconf_resolve(host, "mail", &ctid, &err) == 0 && ctid == 101,
	       "  the old name is its name");
}

static void check_list(struct tap *t, const struct vz_host *host)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	uint32_t *ctids = NULL;
	size_t count = 0;

	put("conf/0105.conf", sample);
	put("conf/99999999999.conf", sample);
	put("conf/101.conf.destroyed", sample);
	put("conf/1000.conf", sample);
	tap_int(t, vz_ctconf_list(host, &arena, &ctids, &count, &err), 0, "list");
	tap_int(t, (long long)count, 5, "only guests");
	for (size_t i = 0; i < count; i++)
		tap_int(t, ctids[i], i == 4 ? 1000 : (long long)i + 101, "  ascending");
}

static void check_sample(struct tap *t, const struct vz_host *host)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	struct wabe_error err = WABE_ERROR_INIT;
	struct vz_ctconf conf;

	put("conf/ve-big.conf-sample", "PHYSPAGES=\"0:1G\"\nNAME=\"nobody\"\nHOSTNAME="
				       "\"other\"\nVE_PRIVATE=\"/x\"\nNUMPROC=\"500\"\n");
	tap_int(t, vz_ctconf_load(host, 101, VZ_PARAMS_STRICT, &conf, &err), 0, "load");
	tap_int(t, vz_ctconf_apply_sample(&conf, "big", &err), 0, "apply a sample %s", err.text);
	vz_conffile_format(&conf.file, &text);
	tap_has(t, text.data, "PHYSPAGES=\"0:262144\"", "its limits");
	tap_has(t, text.data, "NUMPROC=\"500:500\"", "all of them");
	tap_has(t, text.data, "ORIGIN_SAMPLE=\"big\"", "its name");
	tap_has(t, text.data, "NAME=\"mail\"", "the guest's own name stays");
	tap_has(t, text.data, "HOSTNAME=\"h.example\"", "its host name too");
	tap_ok(t, !strstr(text.data, "VE_PRIVATE"), "and its place");
	tap_int(t, vz_ctconf_apply_sample(&conf, "none", &err), -ENOENT, "no such sample");
	tap_int(t, vz_exit_code(&err), VZ_EXIT_APPLY_CONFIG, "  exit code");
	tap_int(t, vz_ctconf_apply_sample(&conf, "../../x", &err), -EINVAL,
		"no way out of the directory");
	vz_ctconf_free(&conf);
	wabe_error_clear(&err);
	tap_int(t, vz_ctconf_new(host, 200, "none", NULL, &conf, &err), -ENOENT,
		"a new guest from no such sample");
	tap_int(t, vz_exit_code(&err), VZ_EXIT_COPY_CONFIG, "  exit code");
}

static void check_remove(struct tap *t, const struct vz_host *host)
{
	struct wabe_error err = WABE_ERROR_INIT;
	char path[PATH_MAX];
	uint32_t ctid;

	put("conf/101.mount", "#!/bin/sh\n");
	tap_int(t, vz_ctconf_remove(host, 101, &err), 0, "remove %s", err.text);
	tap_ok(t, !vz_ctconf_exists(host, 101), "it is gone");
	snprintf(path, sizeof(path), "%s/conf/101.conf.destroyed", dir);
	tap_ok(t, access(path, F_OK) == 0, "its file is kept aside");
	snprintf(path, sizeof(path), "%s/conf/101.mount.destroyed", dir);
	tap_ok(t, access(path, F_OK) == 0, "so is its script");
	tap_int(t, vz_ctconf_resolve(host, "mail", &ctid, &err), -ENOENT, "its name is free");
	wabe_error_clear(&err);
	tap_int(t, vz_ctconf_remove(host, 101, &err), 0, "again %s", err.text);
}

static void check_lock(struct tap *t, const struct vz_host *host)
{
	_cleanup_close_ int first = -EBADF, second = -EBADF;
	struct wabe_error err = WABE_ERROR_INIT;

	first = vz_host_lock(host, "101", 0, &err);
	tap_ok(t, first >= 0, "lock %s", err.text);
	tap_int(t, vz_host_lock(host, "101", 50, &err), -EWOULDBLOCK, "not twice: %s", err.text);
	tap_int(t, vz_exit_code(&err), VZ_EXIT_LOCKED, "  exit code");
	second = vz_host_lock(host, "102", 0, &err);
	tap_ok(t, second >= 0, "another one");
	tap_int(t, vz_host_lock(host, "../x", 0, &err), -EINVAL, "no way out of the directory");
}

int main(void)
{
	struct tap t = TAP_INIT;
	struct vz_host host;

	if (!tap_ok(&t, mkdtemp(dir) != NULL, "a directory") || !load_host(&t, &host))
		return tap_end(&t);
	check_host(&t, &host);
	check_bad_hosts(&t);
	check_new(&t, &host);
	check_names(&t, &host);
	check_tidy(&t, &host);
	check_ids(&t, &host);
	check_save(&t, &host);
	check_full(&t, &host);
	check_list(&t, &host);
	check_sample(&t, &host);
	check_remove(&t, &host);
	check_lock(&t, &host);
	vz_host_free(&host);
	tap_int(&t, wabe_file_remove_tree_at(AT_FDCWD, dir, NULL), 0, "clean up");
	return tap_end(&t);
}
