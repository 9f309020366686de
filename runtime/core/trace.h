/* SPDX-License-Identifier: GPL-2.0-or-later */
/* core/trace: what --debug tells of a container beside the names of steps. Nothing is put together when nobody listens. */
#ifndef WABE_CORE_TRACE_H
#define WABE_CORE_TRACE_H

#include "core/container.h"
#include "core/init.h"

/** wabe_trace_cgroup() - which cgroup was opened, on what kind of host. */
void wabe_trace_cgroup(const struct wabe_container *c);

/** wabe_trace_state() - the state that is about to be saved. */
void wabe_trace_state(const struct wabe_container *c);

/** wabe_trace_process() - the new process and its namespaces, new and joined. */
void wabe_trace_process(const struct wabe_init *init);

#endif
