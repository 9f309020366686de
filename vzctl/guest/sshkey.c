// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/sshkey: root's authorized_keys in the guest; see sshkey.h. */
#include "guest/sshkey.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/path.h"
#include "guest/guestfile.h"
#include "guest/passwd.h"
#include "guest/run.h"
#include "guest/start.h"

#define FILE_MAX_BYTES (1u << 16)
#define HOME_DEFAULT "/root"
#define HOME_FIELD 5 /* passwd(5): name:password:uid:gid:gecos:home:shell */

/* ssh-keygen(1), "-t"; DSA is no more. */
static const char *const types[] = {
	"ssh-ed25519",
	"ssh-rsa",
	"ecdsa-sha2-nistp256",
	"ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521",
	"sk-ssh-ed25519@openssh.com",
	"sk-ecdsa-sha2-nistp256@openssh.com",
};

static const char *find_type(const char *word, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (strlen(types[i]) == len && strncmp(types[i], word, len) == 0)
			return types[i];
	return NULL;
}

/* The end of the options that may stand in front: blanks inside quotes belong to them. */
static const char *skip_options(const char *s)
{
	bool is_quoted = false;

	for (; *s && (is_quoted || *s != ' '); s++) {
		if (*s == '\\' && s[1] == '"')
			s++;
		else if (*s == '"')
			is_quoted = !is_quoted;
	}
	return is_quoted ? NULL : s + strspn(s, " ");
}

static int base64_digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Byte @index of what @text, made of digits, stands for; -1 behind its end. */
static int base64_byte(const char *text, size_t digits, size_t index)
{
	size_t bit = index * 8, first = bit / 6;
	int word;

	if (first + 1 >= digits)
		return -1;
	word = base64_digit(text[first]) << 6 | base64_digit(text[first + 1]);
	return word >> (12 - bit % 6 - 8) & 0xff;
}

/* RFC 4253, 6.6: the blob begins with its type, as a string behind its length of four bytes. */
static bool is_blob_of(const char *type, const char *text, size_t len)
{
	size_t digits = 0, type_len = strlen(type);

	while (digits < len && base64_digit(text[digits]) >= 0)
		digits++;
	for (size_t i = digits; i < len; i++)
		if (text[i] != '=')
			return false;
	if (len % 4 != 0 || len - digits > 2)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (base64_byte(text, digits, i) != 0)
			return false;
	if (base64_byte(text, digits, 3) != (int)type_len)
		return false;
	for (size_t i = 0; i < type_len; i++)
		if (base64_byte(text, digits, 4 + i) != (unsigned char)type[i])
			return false;
	/* And the key itself behind it. */
	return base64_byte(text, digits, 4 + type_len + 8) >= 0;
}

int vz_sshkey_check(const char *line, const char **ret_key, size_t *ret_len)
{
	const char *key = line, *type, *blob;
	size_t len;

	if (!wabe_str_printable(line))
		return -EINVAL;
	type = find_type(key, strcspn(key, " "));
	if (!type) {
		key = skip_options(line);
		type = key ? find_type(key, strcspn(key, " ")) : NULL;
	}
	if (!type)
		return -EINVAL;
	blob = key + strlen(type);
	/* One blank, so that the same key is the same text. */
	if (*blob != ' ')
		return -EINVAL;
	len = strcspn(++blob, " ");
	if (!is_blob_of(type, blob, len))
		return -EINVAL;
	*ret_key = key;
	*ret_len = (size_t)(blob - key) + len;
	return 0;
}

/* Is the key, which is no part of a longer word, somewhere in @text? */
static bool has_key(const char *text, const char *key, size_t len)
{
	for (const char *at = text; (at = memmem(at, strlen(at), key, len)) != NULL; at++)
		if ((at == text || strchr(" \n", at[-1])) && strchr(" \r\n", at[len]))
			return true;
	return false;
}

static int merge_line(const char *line, size_t line_len, struct wabe_buf *out)
{
	_cleanup_free_ char *text = strndup(line, line_len);
	const char *key;
	size_t len;

	if (!text)
		return -ENOMEM;
	if (vz_sshkey_check(text, &key, &len) < 0 || has_key(out->data ? out->data : "", key, len))
		return 0;
	return wabe_buf_printf(out, "%s\n", text);
}

int vz_sshkey_merge(const char *old, const char *keys, struct wabe_buf *out)
{
	int r = wabe_buf_puts(out, old);

	if (r == 0 && *old && old[strlen(old) - 1] != '\n')
		r = wabe_buf_puts(out, "\n");
	for (const char *line = keys; r == 0 && *line; line += strspn(line, "\n")) {
		size_t len = strcspn(line, "\n");

		r = merge_line(line, len, out);
		line += len;
	}
	return r;
}

/* One line of the file, without its end. */
static int add_line(char *line, const char *path, unsigned int number, struct wabe_buf *keys,
		    struct wabe_error *err)
{
	const char *key;
	size_t len;

	line[strcspn(line, "\r")] = '\0';
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	if (strstr(line, "PRIVATE KEY"))
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
				    "--sshkey %s: this is a private key; the public one is wanted",
				    path);
	if (vz_sshkey_check(line, &key, &len) < 0)
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
				    "--sshkey %s: line %u is no public key of OpenSSH", path,
				    number);
	return wabe_buf_printf(keys, "%s\n", line) < 0
		       ? wabe_error_set(err, -ENOMEM, "--sshkey %s", path)
		       : 0;
}

static int read_keys(const char *path, struct wabe_buf *keys, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r = wabe_file_read_at(AT_FDCWD, path, FILE_MAX_BYTES, &text, err);
	unsigned int number = 0;
	char *rest;

	if (r < 0) {
		wabe_error_prefix(err, "--sshkey \"%s\": no public key, and no file", path);
		return vz_error_default(err, VZ_EXIT_BAD_VALUE);
	}
	if (text.data && strlen(text.data) != text.len)
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
				    "--sshkey %s: a file of text is wanted", path);
	rest = text.data;
	for (char *line; r == 0 && (line = strsep(&rest, "\n")) != NULL;)
		r = add_line(line, path, ++number, keys, err);
	if (r == 0 && keys->len == 0)
		return vz_error_say(err, VZ_EXIT_BAD_VALUE, -EINVAL,
				    "--sshkey %s: there is no key in it", path);
	return r;
}

int vz_sshkey_collect(const char *value, struct wabe_buf *keys, struct wabe_error *err)
{
	const char *key;
	size_t len;

	if (vz_sshkey_check(value, &key, &len) == 0)
		return wabe_buf_printf(keys, "%s\n", value) < 0
			       ? wabe_error_set(err, -ENOMEM, "--sshkey")
			       : 0;
	if (!*value || (strchr(value, ' ') && *value != '/'))
		return vz_error_say(
			err, VZ_EXIT_BAD_VALUE, -EINVAL,
			"--sshkey \"%.80s%s\": expected a public key of OpenSSH, or a file of such",
			value, strlen(value) > 80 ? "..." : "");
	return read_keys(value, keys, err);
}

enum answer { DONE, NO_DIRECTORY, NO_FILE, NOT_WRITTEN };

/* Root's home directory, as the guest has it. */
static void find_home(int root_fd, char home[PATH_MAX])
{
	_cleanup_(wabe_buf_free) struct wabe_buf passwd = WABE_BUF_INIT;
	const char *field;
	size_t len;

	snprintf(home, PATH_MAX, HOME_DEFAULT);
	if (vz_guestfile_read(root_fd, "/etc/passwd", &passwd, NULL) < 0)
		return;
	field = vz_passwd_line(passwd.data ? passwd.data : "", "root");
	for (int i = 0; field && i < HOME_FIELD; i++) {
		field += strcspn(field, ":\n");
		field = *field == ':' ? field + 1 : NULL;
	}
	len = field ? strcspn(field, ":\n") : 0;
	if (len > 0 && *field == '/')
		snprintf(home, PATH_MAX, "%.*s", (int)len, field);
}

/* sshd(8) takes no key from a directory that others can write to. */
static int open_directory(int root_fd, const char *path)
{
	_cleanup_close_ int made_fd = wabe_path_mkdir_in(root_fd, path, 0700, NULL);
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	if (made_fd < 0)
		return made_fd;
	fd = wabe_path_open_in(root_fd, path, O_RDONLY | O_DIRECTORY, 0, NULL);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || (st.st_mode & 077 && fchmod(fd, 0700) < 0))
		return -errno;
	return TAKE_FD(fd);
}

/* In the guest. */
static int sshkey_main(void *data)
{
	_cleanup_(wabe_buf_free) struct wabe_buf old = WABE_BUF_INIT, new = WABE_BUF_INIT;
	_cleanup_close_ int root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int dir_fd = -EBADF;
	char home[PATH_MAX], path[PATH_MAX + 32];
	int r;

	find_home(root_fd, home);
	snprintf(path, sizeof(path), "%s/.ssh", home);
	dir_fd = open_directory(root_fd, path);
	if (dir_fd < 0)
		return NO_DIRECTORY;
	snprintf(path, sizeof(path), "%s/.ssh/authorized_keys", home);
	r = vz_guestfile_read(root_fd, path, &old, NULL);
	if (r < 0 && r != -ENOENT)
		return NO_FILE;
	if (vz_sshkey_merge(old.data ? old.data : "", data, &new) < 0)
		return NOT_WRITTEN;
	return vz_guestfile_replace_at(dir_fd, "authorized_keys", new.data, new.len, 0600) < 0
		       ? NOT_WRITTEN
		       : DONE;
}

static int run_job(struct vz_guest *g, void *data, struct wabe_error *err)
{
	int answer = vz_run_function(g, sshkey_main, data, err);

	switch (answer) {
	case DONE:
		return 0;
	case NO_DIRECTORY:
		return wabe_error_say(err, -EIO,
				      "--sshkey: .ssh in root's home can't be made in the guest");
	case NO_FILE:
		return wabe_error_say(err, -EIO,
				      "--sshkey: authorized_keys in the guest can't be read");
	default:
		return answer < 0
			       ? answer
			       : wabe_error_say(
					 err, -EIO,
					 "--sshkey: authorized_keys in the guest can't be written");
	}
}

int vz_sshkey_add(struct vz_guest *g, const char *value, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf keys = WABE_BUF_INIT;
	int r = vz_sshkey_collect(value, &keys, err);

	if (r == 0)
		r = vz_borrow_call(g, run_job, keys.data, err);
	return r < 0 ? vz_error_default(err, VZ_EXIT_PASSWORD) : 0;
}
