// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/passwd: passwords in the guest's /etc/shadow; see passwd.h. */
#include "guest/passwd.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "guest/dist.h"
#include "guest/guestfile.h"
#include "guest/run.h"
#include "guest/start.h"

#define SALT_CHARS 16
#define SECONDS_A_DAY 86400
#define USER_MAX 64

const char *vz_passwd_line(const char *text, const char *user)
{
	size_t len = strlen(user);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, user, len) == 0 && line[len] == ':')
			return line;
	}
	return NULL;
}

int vz_passwd_edit(const char *shadow, const char *user, const char *hash, long days,
		   struct wabe_buf *out)
{
	const char *line = vz_passwd_line(shadow, user), *rest;
	int r;

	if (!line)
		return -ENOENT;
	rest = line + strlen(user) + 1;
	rest += strcspn(rest, ":\n");
	r = wabe_buf_add(out, shadow, (size_t)(line - shadow));
	if (r == 0)
		r = wabe_buf_printf(out, "%s:%s", user, hash);
	if (r == 0 && days >= 0 && *rest == ':') {
		rest++;
		rest += strcspn(rest, ":\n");
		r = wabe_buf_printf(out, ":%ld", days);
	}
	return r < 0 ? r : wabe_buf_puts(out, rest);
}

/* What the process in the guest is told; its exit status is one of these. */
enum answer { DONE, NO_USER, NO_FILE, NOT_WRITTEN };

struct job {
	char user[USER_MAX];
	const char *userpw; /* not for the guest's process */
	const char *hash;
	long days;
};

static int edit_file(int root_fd, const char *name, const struct wabe_buf *text,
		     const struct job *job, long days)
{
	_cleanup_(wabe_buf_free) struct wabe_buf out = WABE_BUF_INIT;
	int r = vz_passwd_edit(text->data ? text->data : "", job->user, job->hash, days, &out);

	if (r == -ENOENT)
		return NO_USER;
	if (r == 0)
		r = vz_guestfile_replace(root_fd, name, out.data, out.len, 0600, NULL);
	return r < 0 ? NOT_WRITTEN : DONE;
}

/* A user of /etc/passwd without a line in /etc/shadow gets one (shadow(5)). */
static int append_shadow(int root_fd, struct wabe_buf *shadow, const struct job *job)
{
	if (shadow->data && shadow->len > 0 && shadow->data[shadow->len - 1] != '\n' &&
	    wabe_buf_puts(shadow, "\n") < 0)
		return NOT_WRITTEN;
	if (wabe_buf_printf(shadow, "%s:%s:%ld:0:99999:7:::\n", job->user, job->hash, job->days) <
	    0)
		return NOT_WRITTEN;
	return vz_guestfile_replace(root_fd, "shadow", shadow->data, shadow->len, 0600, NULL) < 0
		       ? NOT_WRITTEN
		       : DONE;
}

/* In the guest. */
static int passwd_main(void *data)
{
	_cleanup_(wabe_buf_free) struct wabe_buf passwd = WABE_BUF_INIT, shadow = WABE_BUF_INIT;
	_cleanup_close_ int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct job *job = data;
	int r;

	if (vz_guestfile_read(root_fd, "/etc/passwd", &passwd, NULL) < 0)
		return NO_FILE;
	if (!vz_passwd_line(passwd.data ? passwd.data : "", job->user))
		return NO_USER;
	r = vz_guestfile_read(root_fd, "/etc/shadow", &shadow, NULL);
	if (r == -ENOENT)
		return edit_file(root_fd, "passwd", &passwd, job, -1);
	if (r < 0)
		return NO_FILE;
	if (!vz_passwd_line(shadow.data ? shadow.data : "", job->user))
		return append_shadow(root_fd, &shadow, job);
	return edit_file(root_fd, "shadow", &shadow, job, job->days);
}

static int make_salt(char salt[SALT_CHARS + 8], struct wabe_error *err)
{
	static const char plain[] =
		"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	unsigned char random[SALT_CHARS];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return wabe_error_set(err, -errno, "random bytes for the salt");
	memcpy(salt, "$6$", 3);
	for (size_t i = 0; i < SALT_CHARS; i++)
		salt[3 + i] = plain[random[i] % 64];
	salt[3 + SALT_CHARS] = '\0';
	return 0;
}

/* As text for a shell: a word that is exactly @word. */
static int quote(struct wabe_buf *out, const char *word)
{
	int r = wabe_buf_puts(out, "'");

	for (; r == 0 && *word; word++)
		r = *word == '\'' ? wabe_buf_puts(out, "'\\''") : wabe_buf_add(out, word, 1);
	return r < 0 ? r : wabe_buf_puts(out, "'");
}

/*
 * By the distribution's script, which knows how its users are made. It has the password as the
 * shell's variable, not in its environment: others' scripts set it themselves.
 */
static int make_user(struct vz_guest *g, const struct job *job, struct wabe_error *err)
{
	_cleanup_(wabe_arena_free) struct wabe_arena arena = WABE_ARENA_INIT;
	_cleanup_(wabe_buf_free) struct wabe_buf secret = WABE_BUF_INIT;
	struct wabe_strv env = { 0 };
	struct vz_dist dist;
	int r = vz_dist_load(g, &arena, &dist, err);

	if (r < 0)
		return r;
	if (wabe_strv_add(&env, &arena, "VE_STATE=running") < 0 ||
	    wabe_buf_puts(&secret, "USERPW=") < 0 || quote(&secret, job->userpw) < 0 ||
	    wabe_buf_puts(&secret, "\n") < 0)
		r = wabe_error_set(err, -ENOMEM, "user %s", job->user);
	else
		r = vz_dist_run(g, &dist, VZ_DIST_SET_USERPASS, &env, secret.data, err);
	if (secret.data)
		explicit_bzero(secret.data, secret.len);
	return r;
}

static int run_job(struct vz_guest *g, void *data, struct wabe_error *err)
{
	int answer = vz_run_function(g, passwd_main, data, err), r;

	if (answer != NO_USER)
		return answer;
	r = make_user(g, data, err);
	return r < 0 ? r : vz_run_function(g, passwd_main, data, err);
}

static int say_answer(int answer, const char *user, struct wabe_error *err)
{
	switch (answer) {
	case DONE:
		return 0;
	case NO_USER:
		return wabe_error_say(err, -ENOENT, "the guest has no user \"%s\"", user);
	case NO_FILE:
		return wabe_error_say(err, -EIO,
				      "/etc/passwd or /etc/shadow in the guest can't be read");
	default:
		return wabe_error_say(err, -EIO, "/etc/shadow in the guest can't be written");
	}
}

int vz_passwd_set(struct vz_guest *g, const char *userpasswd, struct wabe_error *err)
{
	const char *colon = strchr(userpasswd, ':');
	struct job job = { .userpw = userpasswd, .days = (long)(time(NULL) / SECONDS_A_DAY) };
	struct crypt_data crypt = { 0 };
	char salt[SALT_CHARS + 8];
	int r;

	if (!colon || colon == userpasswd || colon - userpasswd >= USER_MAX)
		return vz_error_say(err, VZ_EXIT_PASSWORD, -EINVAL,
				    "bad user name: USER:PASSWORD is wanted");
	memcpy(job.user, userpasswd, (size_t)(colon - userpasswd));
	r = make_salt(salt, err);
	if (r < 0)
		return vz_error_default(err, VZ_EXIT_PASSWORD);
	job.hash = crypt_r(colon + 1, salt, &crypt);
	if (!job.hash || job.hash[0] == '*')
		r = wabe_error_say(err, -EINVAL, "the password can't be hashed");
	else
		r = vz_borrow_call(g, run_job, &job, err);
	if (r >= 0)
		r = say_answer(r, job.user, err);
	explicit_bzero(&crypt, sizeof(crypt));
	return r < 0 ? vz_error_default(err, VZ_EXIT_PASSWORD) : 0;
}
