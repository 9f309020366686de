/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/program: a program of the host's, for work on files of ours (mke2fs on an image): no shell, a fixed environment, and what
 * it says becomes the error.
 */
#ifndef VZ_GUEST_PROGRAM_H
#define VZ_GUEST_PROGRAM_H

#include "base/error.h"

/**
 * vz_program_run() - run and wait.
 * @argv: the program's name first, looked for in the system's directories; NULL at the end
 * @package: who has it, for the error
 * @held_fd: < 0, or a descriptor that the program inherits, so that a lock on it outlives us if we are killed
 * Returns its exit status, or -errno: -ENOENT (kind VZ_EXIT_NO_HELPER), -ECHILD (killed). What it wrote last is in *@err in
 * any case.
 */
int vz_program_run(const char *const *argv, const char *package, int held_fd,
		   struct wabe_error *err);

/** vz_program_need() - the same, and a status but 0 is an error: -ENOSPC or -EDQUOT when it said so, else -EIO. */
int vz_program_need(const char *const *argv, const char *package, int held_fd,
		    struct wabe_error *err);

#endif
