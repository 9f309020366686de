/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/resolv: the host's name servers and search domains, for guests that inherit them.
 */
#ifndef VZ_GUEST_RESOLV_H
#define VZ_GUEST_RESOLV_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"

struct vz_resolv {
	const char *servers; /* with a blank between them; "" when there are none */
	const char *domains;
	bool has_loopback; /* a server on the host itself was left out: no guest reaches it */
};

/**
 * vz_resolv_parse() - resolv.conf(5). What is no address or domain, and link-local servers (their
 * interface is the host's), are left out; of several search or domain lines the last counts. Pure.
 * Strings in @arena. 0 or -ENOMEM.
 */
int vz_resolv_parse(const char *text, struct wabe_arena *arena, struct vz_resolv *ret_resolv);

/**
 * vz_resolv_host() - of /etc/resolv.conf; where that names only the host itself, of systemd-resolved's
 * list of the servers behind it.
 */
int vz_resolv_host(struct wabe_arena *arena, struct vz_resolv *ret_resolv, struct wabe_error *err);

#endif
