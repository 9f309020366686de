/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/keyring: a container's session keyring (session-keyring(7)), which its process and those of exec have instead of the
 * caller's with its secrets. It has a name, by which exec finds it.
 */
#ifndef WABE_CORE_KEYRING_H
#define WABE_CORE_KEYRING_H

#include "core/container.h"
#include "base/error.h"

/**
 * wabe_keyring_make() - make the container's and enter it; in the child, as root of its user namespace.
 * wabe_keyring_join() - enter that of a container that exists, which may have none (state.keeps_keyring).
 * @process: NULL, or whose SELinux label the keyring gets; @proc_fd: for it, see wabe_lsm_write()
 * A kernel without keys has none to leak: that is no error.
 */
int wabe_keyring_make(const struct wabe_container *c, const struct wabe_spec_process *process,
		      int proc_fd, struct wabe_error *err);
int wabe_keyring_join(const struct wabe_container *c, const struct wabe_spec_process *process,
		      int proc_fd, struct wabe_error *err);

#endif
