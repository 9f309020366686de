// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/ctconf: guests' configurations: load, make, change; see ctconf.h. */
#include "conf/ctconf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"

#define NAME_ROOM 160 /* ve-, a template's name, .conf-sample */

static void init(struct vz_ctconf *conf, const struct vz_host *host, uint32_t ctid)
{
	*conf = (struct vz_ctconf){ .host = host, .ctid = ctid };
	snprintf(conf->id, sizeof(conf->id), "%u", ctid);
	conf->own.arena = &conf->arena;
	conf->params.arena = &conf->arena;
}

void vz_ctconf_free(struct vz_ctconf *conf)
{
	wabe_arena_free(&conf->arena);
	*conf = (struct vz_ctconf){ 0 };
}

int vz_ctconf_check_new_id(uint32_t ctid, struct wabe_error *err)
{
	if (ctid > VZ_CTID_RESERVED_MAX)
		return 0;
	return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
			    "container id %u: ids up to %d are reserved, use one from %d on", ctid,
			    VZ_CTID_RESERVED_MAX, VZ_CTID_RESERVED_MAX + 1);
}

bool vz_ctconf_exists(const struct vz_host *host, uint32_t ctid)
{
	char name[32];
	struct stat st;

	snprintf(name, sizeof(name), "%u.conf", ctid);
	return fstatat(host->conf_fd, name, &st, 0) == 0 && S_ISREG(st.st_mode);
}

static int no_memory(const struct vz_ctconf *conf, struct wabe_error *err)
{
	return wabe_error_set(err, -ENOMEM, "container %s", conf->id);
}

/* VE_ROOT or VE_PRIVATE with the CTID in it; NULL stays when it is unset. */
static int expand(struct vz_ctconf *conf, enum vz_param_id id, const char **ret_path,
		  struct wabe_error *err)
{
	const char *value = vz_param_string(&conf->params, id);

	*ret_path = NULL;
	if (!value)
		return 0;
	/* The type of paths lets only $VEID through, so memory is all that can be missing. */
	*ret_path = vz_conffile_expand(&conf->arena, value, conf->ctid);
	return *ret_path ? 0 : no_memory(conf, err);
}

/* What counts: the host's parameters, the guest's own over them. */
static int derive(struct vz_ctconf *conf, struct wabe_error *err)
{
	int r;

	conf->params = (struct vz_params){ .arena = &conf->arena };
	r = vz_params_merge(&conf->params, &conf->host->params, err);
	if (r == 0)
		r = vz_params_merge(&conf->params, &conf->own, err);
	if (r == 0)
		r = expand(conf, VZ_PARAM_ROOT, &conf->root, err);
	if (r == 0)
		r = expand(conf, VZ_PARAM_PRIVATE, &conf->private, err);
	return r;
}

static int set_path(struct vz_ctconf *conf, struct wabe_error *err)
{
	conf->path =
		wabe_arena_printf(&conf->arena, "%s/conf/%s.conf", conf->host->confdir, conf->id);
	if (!conf->path)
		return no_memory(conf, err);
	vz_conffile_init(&conf->file, &conf->arena, conf->path);
	return 0;
}

static int no_config(const struct vz_ctconf *conf, struct wabe_error *err)
{
	return vz_error_say(err, VZ_EXIT_NO_CONFIG, -ENOENT,
			    "container %s does not exist: there is no %s/conf/%s.conf", conf->id,
			    conf->host->confdir, conf->id);
}

static int load(struct vz_ctconf *conf, enum vz_params_mode mode, struct wabe_error *err)
{
	int r = set_path(conf, err);

	if (r < 0)
		return r;
	if (conf->host->conf_fd < 0)
		return no_config(conf, err);
	r = vz_conffile_load_at(conf->host->conf_fd, strrchr(conf->path, '/') + 1, &conf->file,
				err);
	if (r == -ENOENT)
		return no_config(conf, err);
	if (r == 0)
		r = vz_params_from_file(&conf->own, &conf->file, mode, err);
	return r < 0 ? r : derive(conf, err);
}

int vz_ctconf_load(const struct vz_host *host, uint32_t ctid, enum vz_params_mode mode,
		   struct vz_ctconf *ret_conf, struct wabe_error *err)
{
	int r;

	init(ret_conf, host, ctid);
	r = load(ret_conf, mode, err);
	if (r < 0)
		vz_ctconf_free(ret_conf);
	return r;
}

int vz_ctconf_load_only(const struct vz_host *host, uint32_t ctid, const bool *only,
			struct vz_ctconf *ret_conf, struct wabe_error *err)
{
	int r;

	init(ret_conf, host, ctid);
	ret_conf->own.only = only;
	r = load(ret_conf, VZ_PARAMS_LENIENT, err);
	if (r < 0)
		vz_ctconf_free(ret_conf);
	return r;
}

/* Read a sample's file into @file and its parameters into @p. */
static int read_sample(const struct vz_host *host, const char *sample, struct vz_conffile *file,
		       struct vz_params *p, struct wabe_error *err)
{
	char name[NAME_ROOM];
	int r;

	if (!vz_value_is_template(sample))
		return wabe_error_say(err, -EINVAL, "sample \"%.64s\": not a name", sample);
	snprintf(name, sizeof(name), "ve-%s.conf-sample", sample);
	vz_conffile_init(file, p->arena,
			 wabe_arena_printf(p->arena, "%s/conf/%s", host->confdir, name));
	if (!file->what)
		return wabe_error_set(err, -ENOMEM, "%s", name);
	r = host->conf_fd < 0 ? -ENOENT : vz_conffile_load_at(host->conf_fd, name, file, err);
	if (r == -ENOENT)
		return wabe_error_say(err, r, "sample \"%s\": there is no %s", sample, file->what);
	return r < 0 ? r : vz_params_from_file(p, file, VZ_PARAMS_STRICT, err);
}

/* The sample becomes the new file; without one the file is empty. */
static int start_from_sample(struct vz_ctconf *conf, const char *sample, struct wabe_error *err)
{
	const char *path = conf->path;
	int r;

	if (!sample)
		return 0;
	r = read_sample(conf->host, sample, &conf->file, &conf->own, err);
	if (r == 0)
		r = vz_params_set(&conf->own, VZ_PARAM_ORIGIN_SAMPLE, sample, err);
	conf->file.what = path;
	if (r < 0) {
		wabe_error_kind(err, VZ_EXIT_COPY_CONFIG);
		return r;
	}
	return 0;
}

static int make(struct vz_ctconf *conf, const char *sample, const struct vz_params *over,
		struct wabe_error *err)
{
	int r = set_path(conf, err);

	if (r == 0)
		r = start_from_sample(conf, sample ? sample : conf->host->sample, err);
	if (r == 0 && over)
		r = vz_params_merge(&conf->own, over, err);
	if (r == 0)
		r = vz_params_to_file(&conf->own, &conf->file, err);
	return r < 0 ? r : derive(conf, err);
}

int vz_ctconf_new(const struct vz_host *host, uint32_t ctid, const char *sample,
		  const struct vz_params *over, struct vz_ctconf *ret_conf, struct wabe_error *err)
{
	int r;

	init(ret_conf, host, ctid);
	r = make(ret_conf, sample, over, err);
	if (r < 0)
		vz_ctconf_free(ret_conf);
	return r;
}

static int copy(struct vz_ctconf *conf, const struct vz_ctconf *from, const char *const *without,
		const struct vz_params *over, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r = set_path(conf, err);

	if (r == 0 && vz_conffile_format(&from->file, &text) < 0)
		r = no_memory(conf, err);
	if (r == 0)
		r = vz_conffile_parse(&conf->file, text.data ? text.data : "", text.len, err);
	for (size_t i = 0; r == 0 && without[i]; i++)
		vz_conffile_unset(&conf->file, without[i]);
	if (r == 0)
		r = vz_params_from_file(&conf->own, &conf->file, VZ_PARAMS_STRICT, err);
	if (r == 0)
		r = vz_params_merge(&conf->own, over, err);
	if (r == 0)
		r = vz_params_to_file(&conf->own, &conf->file, err);
	return r < 0 ? r : derive(conf, err);
}

int vz_ctconf_copy(const struct vz_ctconf *from, uint32_t ctid, const char *const *without,
		   const struct vz_params *over, struct vz_ctconf *ret_conf, struct wabe_error *err)
{
	int r;

	init(ret_conf, from->host, ctid);
	r = copy(ret_conf, from, without, over, err);
	if (r < 0)
		vz_ctconf_free(ret_conf);
	return r;
}

int vz_ctconf_apply(struct vz_ctconf *conf, const struct vz_params *changes, struct wabe_error *err)
{
	int r = vz_params_merge(&conf->own, changes, err);

	if (r == 0)
		r = vz_params_to_file(&conf->own, &conf->file, err);
	return r < 0 ? r : derive(conf, err);
}

/* What makes a guest itself; a sample doesn't change it. */
static bool is_identity(enum vz_param_id id)
{
	static const enum vz_param_id identity[] = {
		VZ_PARAM_ROOT,	      VZ_PARAM_PRIVATE,	   VZ_PARAM_LAYOUT,    VZ_PARAM_NAME,
		VZ_PARAM_DESCRIPTION, VZ_PARAM_OSTEMPLATE, VZ_PARAM_LOCAL_UID, VZ_PARAM_LOCAL_GID,
		VZ_PARAM_IP_ADDRESS,  VZ_PARAM_HOSTNAME,   VZ_PARAM_NETIF,     VZ_PARAM_NETDEV,
	};

	for (size_t i = 0; i < ARRAY_SIZE(identity); i++)
		if (identity[i] == id)
			return true;
	return false;
}

int vz_ctconf_apply_sample(struct vz_ctconf *conf, const char *sample, struct wabe_error *err)
{
	struct vz_params changes = { .arena = &conf->arena };
	struct vz_conffile file;
	int r = read_sample(conf->host, sample, &file, &changes, err);

	for (enum vz_param_id id = 0; r == 0 && id < VZ_PARAM_MAX; id++)
		if (is_identity(id))
			changes.values[id] = (struct vz_value){ 0 };
	if (r == 0)
		r = vz_params_set(&changes, VZ_PARAM_ORIGIN_SAMPLE, sample, err);
	if (r == 0)
		r = vz_ctconf_apply(conf, &changes, err);
	if (r < 0)
		wabe_error_kind(err, VZ_EXIT_APPLY_CONFIG);
	return r;
}
