// SPDX-License-Identifier: GPL-2.0-or-later
/* core/keyring: a container's session keyring; see keyring.h. */
#include "core/keyring.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "sys/lsm.h"

/*
 * keyctl_setperm(3): what the kernel gives to a session keyring (all for its possessor; view, read and link for its user), and
 * search for its user, by which exec's join finds it.
 */
#define PERMISSIONS 0x3f1b0000u

/*
 * runc's name, and the moment that the container was made: by id alone a keyring could be there already, of another
 * container of that id or put there by somebody who waits for the container's keys.
 */
static int join(const struct wabe_container *c, int *ret_serial, struct wabe_error *err)
{
	_cleanup_(wabe_buf_free) struct wabe_buf name = WABE_BUF_INIT;
	long serial;

	if (wabe_buf_puts(&name, "_ses.") < 0 || wabe_buf_puts(&name, c->state.id) < 0 ||
	    wabe_buf_puts(&name, ".") < 0 || wabe_buf_hex(&name, (uint64_t)c->state.created_us) < 0)
		return wabe_error_set(err, -ENOMEM, "name of the session keyring");
	serial = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name.data);
	if (serial < 0 && errno != ENOSYS && errno != EPERM)
		return wabe_error_set(err, -errno, "make a session keyring");
	*ret_serial = (int)serial;
	return 0;
}

static int join_labelled(const struct wabe_container *c, const struct wabe_spec_process *process,
			 int proc_fd, int *ret_serial, struct wabe_error *err)
{
	const char *label = process ? process->selinux_label : NULL;
	int r = label ? wabe_lsm_write(proc_fd, WABE_LSM_SELINUX_KEY, label, err) : 0;

	if (r == 0)
		r = join(c, ret_serial, err);
	if (r == 0 && label)
		r = wabe_lsm_write(proc_fd, WABE_LSM_SELINUX_KEY, "", err);
	return r;
}

int wabe_keyring_make(const struct wabe_container *c, const struct wabe_spec_process *process,
		      int proc_fd, struct wabe_error *err)
{
	int serial = -1, r = join_labelled(c, process, proc_fd, &serial, err);

	/* Where that is forbidden, exec's processes have one of their own. */
	if (r == 0 && serial >= 0)
		(void)syscall(SYS_keyctl, KEYCTL_SETPERM, serial, PERMISSIONS);
	return r;
}

int wabe_keyring_join(const struct wabe_container *c, const struct wabe_spec_process *process,
		      int proc_fd, struct wabe_error *err)
{
	int serial;

	return c->state.keeps_keyring ? 0 : join_labelled(c, process, proc_fd, &serial, err);
}
