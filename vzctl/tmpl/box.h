/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpl/box: a confined child process for work on bytes that nobody vouches for.
 *
 * An archive's author is not the host's administrator, and a parser of archives that runs as the
 * host's root is worth attacking. So archives are read and written by a child that sees nothing but
 * the template's tree: own mount, pid, net, ipc and uts namespaces, chroot, a handful of
 * capabilities, no new privileges, no descriptors but the archive and the socket to its parent.
 */
#ifndef VZ_TMPL_BOX_H
#define VZ_TMPL_BOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "tmpl/tmpl.h"

/** What the child tells its parent; fixed size, sent whole. */
struct vz_box_report {
	enum { VZ_BOX_PROGRESS, VZ_BOX_DONE, VZ_BOX_FAILED } kind;
	uint64_t position;     /* bytes of the archive read or written so far */
	uint64_t bytes;	       /* of file content */
	uint64_t files;	       /* directory entries */
	uint64_t skipped;      /* device nodes that were left out */
	struct wabe_error err; /* of VZ_BOX_FAILED */
};

/** The child's side. */
struct vz_box {
	int root_fd; /* the tree, also the child's root and working directory */
	int archive_fd;
	int report_fd;
	uint64_t last_tick; /* of vz_box_progress(), tenths of a second */
	struct vz_box_report counts;
};

struct vz_box_job {
	int root_fd;	  /* directory that the child is confined to */
	int archive_fd;	  /* the one descriptor that it keeps */
	uint64_t total;	  /* of .position, for the percentage; 0 = not known */
	const char *verb; /* of the progress text: "unpack", "pack" */
	int (*prepare)(
		void *data,
		struct wabe_error *err); /* in the child, before it is confined: load libraries */
	int (*run)(struct vz_box *box, void *data, struct wabe_error *err); /* confined */
	void *data;
};

/**
 * vz_box_run() - run @job in a confined child and wait for it; needs root.
 * @ret_counts: the child's last counts
 * Returns 0, the child's error, -ECANCELED (watch->cancel_fd became readable), or -EBADMSG (the
 * child died).
 */
int vz_box_run(const struct vz_box_job *job, const struct vz_template_watch *watch,
	       struct vz_box_report *ret_counts, struct wabe_error *err);

/** vz_box_progress() - in the child: send the counts, at most some ten times a second. */
void vz_box_progress(struct vz_box *box, uint64_t position);

/**
 * vz_box_clone() - fork(2) into new namespaces; the child dies with its parent, and everything in
 * it with the child.
 * @flags: CLONE_NEW*; CLONE_NEWPID makes the child its namespace's init
 * @ret_pidfd: of the child, in the parent
 * Returns the child's pid, 0 in the child, or -errno.
 */
pid_t vz_box_clone(uint64_t flags, int *ret_pidfd, struct wabe_error *err);

/**
 * vz_box_reap() - wait for the child; @is_killed: kill it first, and with it everything in its pid
 * namespace.
 * Returns its wait status or -errno.
 */
int vz_box_reap(pid_t pid, int pidfd, bool is_killed);

#endif
