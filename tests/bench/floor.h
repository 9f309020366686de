/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/bench/floor: what `floor --config` makes beyond the floor itself. All say what failed and return 1 then, else 0. */
#ifndef WABE_BENCH_FLOOR_H
#define WABE_BENCH_FLOOR_H

/** floor_fail() - say errno's text with @what; 1. */
int floor_fail(const char *what);

/** floor_restrict() - the device rules that every container has, as a program of the cgroup. */
int floor_restrict(int cgroup_fd);

/** floor_furnish() - device nodes and links, read-only and masked paths; in the root, which is the working directory, before the pivot. */
int floor_furnish(void);

/** floor_confine() - after the pivot: read-only root, names, loopback, rights, limits. */
int floor_confine(void);

/** floor_filter() - load the seccomp program that is the content of @fd. */
int floor_filter(int fd);

#endif
