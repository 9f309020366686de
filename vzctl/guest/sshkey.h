/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/sshkey: `vzctl set --sshkey`: who may log in as root by SSH.
 */
#ifndef VZ_GUEST_SSHKEY_H
#define VZ_GUEST_SSHKEY_H

#include "base/error.h"
#include "base/str.h"
#include "guest/guest.h"

/**
 * vz_sshkey_check() - is @line a public key as authorized_keys has it (sshd(8)), options in front
 * included? Pure.
 * @ret_key, @ret_len: the part that makes the key, "TYPE BASE64"
 * 0 or -EINVAL.
 */
int vz_sshkey_check(const char *line, const char **ret_key, size_t *ret_len);

/**
 * vz_sshkey_merge() - @old, the text of an authorized_keys file, and those lines of @keys whose key
 * is not in it yet, appended to @out. Pure. 0 or -ENOMEM.
 * @keys: checked lines, each with its newline
 */
int vz_sshkey_merge(const char *old, const char *keys, struct wabe_buf *out);

/**
 * vz_sshkey_collect() - the checked lines that @value is or names, each with its newline, appended to
 * @keys. Kind VZ_EXIT_BAD_VALUE.
 */
int vz_sshkey_collect(const char *value, struct wabe_buf *keys, struct wabe_error *err);

/**
 * vz_sshkey_add() - let keys in, in the guest's own files, running or not.
 * @value: a line of a public key, or the path of a file of such lines on the host
 * The guest is locked. Kinds: VZ_EXIT_BAD_VALUE (no key, no such file), VZ_EXIT_PASSWORD (its files
 * can't be written), those of vz_borrow_begin().
 */
int vz_sshkey_add(struct vz_guest *g, const char *value, struct wabe_error *err);

#endif
