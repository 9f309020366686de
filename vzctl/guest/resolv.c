// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/resolv: the host's resolv.conf; see resolv.h. */
#include "guest/resolv.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "conf/value.h"

#define RESOLV_MAX_BYTES (1u << 20)
#define DOMAIN_MAX 253 /* RFC 1035 */

static const char etc_path[] = "/etc/resolv.conf";
/* systemd-resolved.service(8): its own list, without the stub at 127.0.0.53 */
static const char resolved_path[] = "/run/systemd/resolve/resolv.conf";

enum reach { NO_ADDRESS, LOOPBACK, FAR };

static enum reach reach_of(const char *word)
{
	unsigned char v4[4];
	struct in6_addr v6;

	if (inet_pton(AF_INET, word, v4) == 1)
		return v4[0] == 127 || v4[0] == 0 ? LOOPBACK : FAR;
	if (inet_pton(AF_INET6, word, &v6) != 1)
		return NO_ADDRESS;
	if (IN6_IS_ADDR_LINKLOCAL(&v6))
		return NO_ADDRESS;
	return IN6_IS_ADDR_LOOPBACK(&v6) || IN6_IS_ADDR_UNSPECIFIED(&v6) ? LOOPBACK : FAR;
}

static int add_word(struct wabe_buf *list, const char *word)
{
	return wabe_buf_printf(list, "%s%s", list->len ? " " : "", word);
}

static int add_server(struct wabe_buf *servers, const char *word, bool *has_loopback)
{
	enum reach reach = reach_of(word);

	*has_loopback |= reach == LOOPBACK;
	return reach == FAR ? add_word(servers, word) : 0;
}

static int parse_line(const struct wabe_strv *words, struct wabe_buf *servers,
		      struct wabe_buf *domains, bool *has_loopback)
{
	const char *key = words->count > 1 ? words->items[0] : "";
	int r = 0;

	if (strcmp(key, "nameserver") == 0)
		return add_server(servers, words->items[1], has_loopback);
	if (strcmp(key, "search") != 0 && strcmp(key, "domain") != 0)
		return 0;
	domains->len = 0;
	for (size_t i = 1; r == 0 && i < words->count; i++)
		if (vz_value_is_hostname(words->items[i], DOMAIN_MAX))
			r = add_word(domains, words->items[i]);
	return r;
}

static const char *take(struct wabe_arena *arena, const struct wabe_buf *list)
{
	return wabe_arena_strndup(arena, list->len ? list->data : "", list->len);
}

int vz_resolv_parse(const char *text, struct wabe_arena *arena, struct vz_resolv *ret_resolv)
{
	_cleanup_(wabe_buf_free) struct wabe_buf servers = WABE_BUF_INIT, domains = WABE_BUF_INIT;
	struct vz_resolv resolv = { 0 };
	struct wabe_strv lines = { 0 };
	int r = wabe_strv_split(&lines, arena, text, "\n");

	for (size_t i = 0; r == 0 && i < lines.count; i++) {
		struct wabe_strv words = { 0 };

		r = wabe_strv_split(&words, arena, lines.items[i], " \t\r");
		if (r == 0)
			r = parse_line(&words, &servers, &domains, &resolv.has_loopback);
	}
	if (r < 0)
		return r;
	resolv.servers = take(arena, &servers);
	resolv.domains = take(arena, &domains);
	if (!resolv.servers || !resolv.domains)
		return -ENOMEM;
	*ret_resolv = resolv;
	return 0;
}

static int read_file(const char *path, struct wabe_arena *arena, struct vz_resolv *ret_resolv,
		     struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf text = WABE_BUF_INIT;
	int r = wabe_file_read_at(AT_FDCWD, path, RESOLV_MAX_BYTES, &text, err);

	if (r < 0)
		return r;
	r = vz_resolv_parse(text.data ? text.data : "", arena, ret_resolv);
	return r < 0 ? wabe_error_set(err, r, "%s", path) : 0;
}

int vz_resolv_host(struct wabe_arena *arena, struct vz_resolv *ret_resolv, struct wabe_error *err)
{
	struct vz_resolv resolv, behind;
	int r = read_file(etc_path, arena, &resolv, err);

	if (r < 0)
		return r;
	if (!*resolv.servers && resolv.has_loopback &&
	    read_file(resolved_path, arena, &behind, NULL) == 0 && *behind.servers) {
		resolv.servers = behind.servers;
		if (!*resolv.domains)
			resolv.domains = behind.domains;
	}
	*ret_resolv = resolv;
	return 0;
}
