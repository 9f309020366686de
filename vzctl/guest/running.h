/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/running: the record that a guest shall run, <confdir>/conf/.CTID.running.
 *
 * `vzctl start` makes it, `vzctl stop` and a halt from inside take it away; a crash of the host leaves it. So at boot it says which
 * guests ran before, and when a guest's init has ended it says whether somebody wanted that.
 */
#ifndef VZ_GUEST_RUNNING_H
#define VZ_GUEST_RUNNING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "conf/host.h"

/** vz_running_note() - the guest shall run. Idempotent; not synced, a power cut within seconds may lose it. */
int vz_running_note(const struct vz_host *host, uint32_t ctid, struct wabe_error *err);

/** vz_running_forget() - it need not run any more. Idempotent. */
int vz_running_forget(const struct vz_host *host, uint32_t ctid, struct wabe_error *err);

bool vz_running_is_noted(const struct vz_host *host, uint32_t ctid);

#endif
