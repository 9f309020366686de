/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/identity: what two guests must not have in common although one is a copy of the other: the
 * machine's id, the host keys of its SSH server, seeds of random numbers.
 *
 * They are taken out of the copy's files while nothing of it runs. Most guests make them anew by
 * themselves: systemd the id, sshd's own unit the keys. Where there is no such unit (Debian) the
 * guest's ssh-keygen is run inside, confined, before its first init: FIRST_START in its
 * configuration says so.
 */
#ifndef VZ_GUEST_IDENTITY_H
#define VZ_GUEST_IDENTITY_H

#include <stdbool.h>

#include "base/error.h"
#include "guest/guest.h"

/** The key of CTID.conf that asks for keys at the next start, and its value. */
#define VZ_IDENTITY_KEY "FIRST_START"
#define VZ_IDENTITY_SSH "ssh-keys"

/**
 * vz_identity_remove() - in a tree with owners as on disk, which nobody else changes. Nothing is
 * followed out of it.
 * @is_template: the tree becomes a template: its host name goes too, and what is in /tmp, /var/tmp
 * and /run
 * @ret_needs_keys: the tree has an SSH server, and nothing of its own that makes host keys
 */
int vz_identity_remove(int root_fd, bool is_template, bool *ret_needs_keys, struct wabe_error *err);

/** vz_identity_want_keys() - note it in g->conf, in memory. */
int vz_identity_want_keys(struct vz_guest *g, struct wabe_error *err);

/**
 * vz_identity_note_template() - note in g->conf, in memory, what the guest is made of: the
 * generation, and whether its template is one without keys.
 * @template_fd: of vz_guest_template_hold(), which gave @created
 */
int vz_identity_note_template(struct vz_guest *g, int template_fd, const char *created,
			      struct wabe_error *err);

/** vz_identity_is_due() - does the start have to make keys? */
bool vz_identity_is_due(const struct vz_guest *g);

/**
 * vz_identity_make() - make them, in g->container, whose init doesn't run yet. What fails is a
 * warning, and tried again at the next start: a guest without keys is reached by vzctl enter.
 */
void vz_identity_make(struct vz_guest *g);

#endif
