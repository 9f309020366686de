// SPDX-License-Identifier: GPL-2.0-or-later
/* cmd/vztmpl_make: vztmpl build, import, export and remove; see vztmpl(8). */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/option.h"
#include "base/path.h"
#include "cmd/vztmpl.h"

void vztmpl_print_made(const struct vztmpl *t, const struct vz_template_meta *m)
{
	char size[32];

	if (t->is_quiet)
		return;
	if (strcmp(m->init, "none") == 0)
		wabe_log(&t->log, WABE_LOG_WARNING,
			 "template %s has no /sbin/init: containers of it can't be started",
			 m->name);
	printf("template %s: %s, %llu files, init %s\n", m->name,
	       vztmpl_size_text(m->size_bytes, size, sizeof(size)), (unsigned long long)m->files,
	       m->init);
}

struct build_options {
	const char *recipe, *as, *from, *mirror, *keyring;
};

#define BUILD_ROWS                                                                                 \
	{ "recipe", 0, WABE_OPTION_STRING, offsetof(struct build_options, recipe), "FILE", NULL }, \
		{ "mirror", 0,	 WABE_OPTION_STRING, offsetof(struct build_options, mirror),       \
		  "URL",    NULL },                                                                \
	{                                                                                          \
		"keyring", 0, WABE_OPTION_STRING, offsetof(struct build_options, keyring), "FILE", \
			NULL                                                                       \
	}

/* Run a recipe; what it prints last is shown when it fails. */
static int run_build(struct vztmpl *t, const struct vz_template_build *build,
		     struct wabe_error *err)
{
	struct vztmpl_progress progress;
	struct vz_template_meta meta;
	int r = vztmpl_progress_begin(&progress, t, build->name, err);

	if (r < 0)
		return r;
	r = vz_template_build(&t->host, build, &progress.watch, &t->arena, &meta, err);
	vztmpl_progress_end(&progress, r == -ECHILD);
	if (r >= 0)
		vztmpl_print_made(t, &meta);
	return r;
}

int vztmpl_build(struct vztmpl *t, int argc, char **argv, struct wabe_error *err)
{
	static const struct wabe_option table[] = {
		{ "as", 0, WABE_OPTION_STRING, offsetof(struct build_options, as), "NAME", NULL },
		BUILD_ROWS,
	};
	struct build_options options = { .mirror = getenv("MIRROR"), .keyring = getenv("KEYRING") };
	const char *name;
	int r = vztmpl_words(t, table, ARRAY_SIZE(table), &options, argc, argv, &name, 1, err);

	if (r < 0)
		return r;
	struct vz_template_build build = {
		.name = options.as ? options.as : name,
		.recipe = options.recipe ? options.recipe : name,
		.mirror = options.mirror,
		.keyring = options.keyring,
	};
	return run_build(t, &build, err);
}

/* "dir/debian-12.tar.zst" names the template debian-12. */
static const char *name_of_file(struct wabe_arena *arena, const char *file)
{
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;
	const char *tar = strstr(base, ".tar");
	const char *end = tar ? tar : strrchr(base, '.');

	return wabe_arena_strndup(arena, base,
				  end && end > base ? (size_t)(end - base) : strlen(base));
}

static int open_archive(const char *file, struct wabe_error *err)
{
	bool is_stdin = strcmp(file, "-") == 0;
	struct stat st;
	int fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
			  : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return vz_error_set(err, VZ_EXIT_IO, -errno, "open %s", file);
	if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
		return fd;
	close(fd);
	return vz_error_say(err, VZ_EXIT_IO, -EISDIR, "%s is no archive", file);
}

/*
 * "oci:PATH[:TAG]" and "docker-archive:PATH[:NAME:TAG]", as skopeo(1) has them; a directory or a
 * tar. Returns false when @word is a plain archive.
 */
static bool is_image(struct wabe_arena *arena, const char *word, struct vz_image_source *ret_source)
{
	static const struct {
		const char *prefix;
		bool is_docker;
	} rows[] = { { "oci:", false }, { "oci-archive:", false }, { "docker-archive:", true } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *path = word + strlen(rows[i].prefix), *colon;

		if (!wabe_str_starts(word, rows[i].prefix))
			continue;
		colon = access(path, F_OK) == 0 ? NULL : strchr(path, ':');
		*ret_source = (struct vz_image_source){
			.path = wabe_arena_strndup(arena, path,
						   colon ? (size_t)(colon - path) : strlen(path)),
			.tag = colon ? colon + 1 : NULL,
			.is_docker = rows[i].is_docker,
		};
		return true;
	}
	return false;
}

static int import_archive(struct vztmpl *t, const char *name, enum vz_template_mode mode,
			  const char *file, const struct vz_template_watch *watch,
			  struct vz_template_meta *ret_meta, uint64_t *ret_skipped,
			  struct wabe_error *err)
{
	_cleanup_close_ int fd = open_archive(file, err);

	if (fd < 0)
		return fd;
	return vz_template_import(&t->host, name, mode, fd,
				  strcmp(file, "-") == 0 ? "standard input" : file, watch,
				  &t->arena, ret_meta, ret_skipped, err);
}

/* @word as the user said it: an image, an archive, "-" for standard input. */
static int run_import(struct vztmpl *t, const char *name, enum vz_template_mode mode,
		      const char *word, struct wabe_error *err)
{
	struct vztmpl_progress progress;
	struct vz_image_source source;
	struct vz_template_meta meta;
	uint64_t skipped;
	int r = vztmpl_progress_begin(&progress, t, name, err);

	if (r < 0)
		return r;
	if (!is_image(&t->arena, word, &source))
		r = import_archive(t, name, mode, word, &progress.watch, &meta, &skipped, err);
	else if (!source.path)
		r = wabe_error_set(err, -ENOMEM, "import");
	else
		r = vz_template_import_image(&t->host, name, mode, &source, &progress.watch,
					     &t->arena, &meta, &skipped, err);
	vztmpl_progress_end(&progress, false);
	if (r < 0)
		return wabe_error_prefix(err, "import %s", word);
	if (skipped && !t->is_quiet)
		printf("left out: %llu device nodes (a container gets its own /dev)\n",
		       (unsigned long long)skipped);
	vztmpl_print_made(t, &meta);
	return 0;
}

int vztmpl_import(struct vztmpl *t, int argc, char **argv, struct wabe_error *err)
{
	static const struct wabe_option table[] = {
		{ "name", 0, WABE_OPTION_STRING, 0, "NAME", NULL },
	};
	const char *name = NULL, *file;
	struct vz_image_source source;
	int r = vztmpl_words(t, table, ARRAY_SIZE(table), &name, argc, argv, &file, 1, err);

	if (r < 0)
		return r;
	if (!name && strcmp(file, "-") == 0)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "an archive from standard input needs --name");
	if (!name)
		name = name_of_file(&t->arena, is_image(&t->arena, file, &source) && source.path
						       ? source.path
						       : file);
	if (!name)
		return wabe_error_set(err, -ENOMEM, "import %s", file);
	return run_import(t, name, VZ_TEMPLATE_NEW, file, err);
}

/* The recipe that made it, unless another one is named. */
static int update_by_recipe(struct vztmpl *t, const char *name, const struct build_options *options,
			    struct wabe_error *err)
{
	struct vz_template_build build = { .name = name,
					   .mode = VZ_TEMPLATE_UPDATE,
					   .recipe = options->recipe,
					   .mirror = options->mirror,
					   .keyring = options->keyring };
	struct vz_template_meta meta;
	int r = vz_template_find(&t->host, name, &t->arena, &meta, err);

	if (r < 0)
		return r;
	if (!build.recipe)
		build.recipe = vz_template_recipe(&meta);
	if (!build.recipe)
		return vz_error_say(
			err, VZ_EXIT_BAD_OPTION, -EINVAL,
			"template %s was made of %s, not by a recipe: --from or --recipe "
			"says what its next generation is made of",
			name, meta.source);
	return run_build(t, &build, err);
}

int vztmpl_update(struct vztmpl *t, int argc, char **argv, struct wabe_error *err)
{
	static const struct wabe_option table[] = {
		{ "from", 0, WABE_OPTION_STRING, offsetof(struct build_options, from), "FILE",
		  NULL },
		BUILD_ROWS,
	};
	struct build_options options = { .mirror = getenv("MIRROR"), .keyring = getenv("KEYRING") };
	const char *name;
	int r = vztmpl_words(t, table, ARRAY_SIZE(table), &options, argc, argv, &name, 1, err);

	if (r < 0)
		return r;
	if (options.from && options.recipe)
		return vz_error_say(err, VZ_EXIT_BAD_OPTION, -EINVAL,
				    "--from and --recipe: only one of them");
	return options.from ? run_import(t, name, VZ_TEMPLATE_UPDATE, options.from, err)
			    : update_by_recipe(t, name, &options, err);
}

/* A new file without a name, so that an interrupted export leaves none behind. */
static int open_unnamed(const char *file, struct wabe_error *err)
{
	char copy[PATH_MAX];
	int fd;

	if (snprintf(copy, sizeof(copy), "%s", file) >= (int)sizeof(copy))
		return vz_error_set(err, VZ_EXIT_IO, -ENAMETOOLONG, "write %.80s...", file);
	fd = open(dirname(copy), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return vz_error_set(err, VZ_EXIT_IO, -errno, "write %s", file);
	return fd;
}

static int name_it(int fd, const char *file, struct wabe_error *err)
{
	char proc[WABE_PATH_PROC_FD];

	if (fsync(fd) < 0 ||
	    linkat(AT_FDCWD, wabe_path_proc_fd(fd, proc), AT_FDCWD, file, AT_SYMLINK_FOLLOW) < 0)
		return vz_error_set(err, VZ_EXIT_IO, -errno, "write %s", file);
	return 0;
}

int vztmpl_export(struct vztmpl *t, int argc, char **argv, struct wabe_error *err)
{
	_cleanup_close_ int fd = -EBADF;
	struct vztmpl_progress progress;
	enum vz_template_filter filter;
	const char *words[2];
	int r = vztmpl_words(t, NULL, 0, NULL, argc, argv, words, ARRAY_SIZE(words), err);

	if (r >= 0)
		r = vz_template_filter_of(words[1], &filter, err);
	if (r < 0)
		return r;
	if (access(words[1], F_OK) == 0)
		return vz_error_say(err, VZ_EXIT_IO, -EEXIST, "%s is there already", words[1]);
	fd = open_unnamed(words[1], err);
	if (fd < 0)
		return fd;
	r = vztmpl_progress_begin(&progress, t, words[0], err);
	if (r < 0)
		return r;
	r = vz_template_export(&t->host, words[0], fd, filter, &progress.watch, err);
	vztmpl_progress_end(&progress, false);
	if (r < 0)
		return wabe_error_prefix(err, "export %s", words[0]);
	return name_it(fd, words[1], err);
}

int vztmpl_remove(struct vztmpl *t, int argc, char **argv, struct wabe_error *err)
{
	const char *name;
	int r = vztmpl_words(t, NULL, 0, NULL, argc, argv, &name, 1, err);

	return r < 0 ? r : vz_template_remove(&t->host, name, err);
}
