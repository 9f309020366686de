/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eventd/recovery: what is done about a guest whose init has ended: nothing while a command is at it, else `vzctl recover`, which
 * cleans up and starts it again if it is to run.
 */
#ifndef VZ_EVENTD_RECOVERY_H
#define VZ_EVENTD_RECOVERY_H

#include "eventd/watcher.h"

/* How long the keeper's word of an end may take after the pidfd's. */
#define RECOVERY_GRACE_MS 500

/** guests_drop() - not watched any more. */
void guests_drop(struct watcher *w, struct guest *g);

/** guests_take_told() - did the keeper tell how the init of @g ended? Then it is in g->status. */
bool guests_take_told(struct watcher *w, struct guest *g);

/** recovery_missed() - the state store has a container whose init @pid has ended before it was watched. */
void recovery_missed(struct watcher *w, uint32_t ctid, pid_t pid);

#endif
