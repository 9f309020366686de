/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * core/stats: a container's counters as the document of runc's `events`; its member names are those of runc's types/events.go.
 */
#ifndef WABE_CORE_STATS_H
#define WABE_CORE_STATS_H

#include "base/json.h"
#include "core/container.h"
#include "sys/cgroup.h"

/* A file of a cgroup is a page at most, but for memory.stat and io.stat of many devices. */
#define WABE_STATS_TEXT 16384

/** wabe_stats_uint() - one member; UINT64_MAX (not counted here) is left out. */
void wabe_stats_uint(struct wabe_json_writer *w, const char *key, uint64_t value);

/** wabe_stats_psi() - "psi": of @file (cpu.pressure ...) of the cgroup2 tree; nothing when there is none. */
void wabe_stats_psi(struct wabe_json_writer *w, struct wabe_cgroup *cgroup, const char *file);

/* stats_io.c: one member each of "data" */
void wabe_stats_blkio(struct wabe_json_writer *w, struct wabe_cgroup *cgroup);
void wabe_stats_hugetlb(struct wabe_json_writer *w, struct wabe_cgroup *cgroup);

/**
 * wabe_stats_rdt() - the members of "intel_rdt" from the resctrl file system at @root_fd.
 * @monitor: the monitoring group, NULL: none
 */
void wabe_stats_rdt(struct wabe_json_writer *w, int root_fd, const char *rdt_class,
		    const char *monitor);

/** wabe_stats_network() - the interfaces that process @pid has, but for lo; null when it has the host's. */
void wabe_stats_network(struct wabe_json_writer *w, pid_t pid, bool is_own);

#endif
