/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest/eventd: talking to vzeventd, if it runs: the sockets, the messages, and the client's side.
 *
 * Both sockets are SOCK_SEQPACKET below <statedir>/.eventd, a directory of root's alone, and peers that aren't root are hung up on.
 *
 *   run      "start this program for me": six messages of one byte, a descriptor with each: a memfd with the words
 *            (vz_eventd_pack()), the program, the working directory, and standard input, output and error. The answer is the
 *            wait status, an int, or VZ_EVENTD_REFUSED. So whatever is started, the inits of guests above all, descends from vzeventd, which is
 *            told by the kernel how they end: only a parent learns whether a guest halted or wants to be started again.
 *   control  one struct vz_eventd_request, some with a descriptor, answered by a struct vz_eventd_answer.
 */
#ifndef VZ_GUEST_EVENTD_H
#define VZ_GUEST_EVENTD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/str.h"
#include "conf/host.h"

#define VZ_EVENTD_DIR ".eventd"
#define VZ_EVENTD_RUN "run"
#define VZ_EVENTD_CONTROL "control"
/* In the environment of what vzeventd has started: it is not to ask again. */
#define VZ_EVENTD_ENV "VZ_EVENTD"
#define VZ_EVENTD_REFUSED (-1) /* no wait status: nothing was run */
#define VZ_EVENTD_WORDS_MAX (1u << 20)
#define VZ_EVENTD_TTY_MAX 16
#define VZ_EVENTD_RING_BYTES 16384

/* In this order. */
enum vz_eventd_run_fd {
	VZ_EVENTD_WORDS,
	VZ_EVENTD_PROGRAM,
	VZ_EVENTD_CWD,
	VZ_EVENTD_STDIN,
	VZ_EVENTD_STDOUT,
	VZ_EVENTD_STDERR,
	VZ_EVENTD_RUN_MAX,
};

enum vz_eventd_op {
	VZ_EVENTD_KEEP = 1, /* with a terminal's master: it is console @tty of the guest */
	VZ_EVENTD_ATTACH, /* the answer comes with the master, which is the client's until it hangs up */
};

struct vz_eventd_request {
	uint32_t op;
	uint32_t ctid;
	char tty[VZ_EVENTD_TTY_MAX]; /* "console", "tty2" */
};

struct vz_eventd_answer {
	int32_t code; /* 0 or -errno: -ENOENT no such console, -EBUSY somebody has it */
	uint32_t len; /* bytes of .output */
	char output[VZ_EVENTD_RING_BYTES]; /* what it showed last while nobody looked */
};

/**
 * vz_eventd_connect() - to the socket VZ_EVENTD_RUN or VZ_EVENTD_CONTROL. A close-on-exec descriptor, or -errno: -ENOENT,
 * -ECONNREFUSED: vzeventd does not run.
 */
int vz_eventd_connect(const struct vz_host *host, const char *name);

/** vz_eventd_is_there() - does vzeventd run? Cheap when it never did: one failing system call. */
bool vz_eventd_is_there(const struct vz_host *host);

/** vz_eventd_pack(), vz_eventd_unpack() - the words of a run: "COUNT\0arg\0...env\0". The strings of unpack point into @text. */
int vz_eventd_pack(struct wabe_buf *text, char *const *argv, char *const *env);
int vz_eventd_unpack(struct wabe_arena *arena, char *text, size_t len, struct wabe_strv *ret_argv,
		     struct wabe_strv *ret_env);

/**
 * vz_eventd_run() - let vzeventd run this program with @argv, with our environment, directory and standard descriptors, and wait
 * for it. Returns its exit status as a shell counts it (0..255); -ENOENT: vzeventd does not run, or we are run by it, and
 * nothing happened; another -errno: what was started goes on or has ended, nobody knows.
 */
int vz_eventd_run(const struct vz_host *host, char *const *argv, struct wabe_error *err);

/** vz_eventd_keep() - give vzeventd the master of the guest's console @tty. */
int vz_eventd_keep(const struct vz_host *host, uint32_t ctid, const char *tty, int master_fd,
		   struct wabe_error *err);

/**
 * vz_eventd_attach() - have the master of console @tty. It is ours until the descriptor that is returned is closed; it becomes
 * readable (end of file) when vzeventd ends.
 * @ret_answer: what it showed last; @ret_master_fd: the caller's to close
 * -ENOENT, -EBUSY, or -errno.
 */
int vz_eventd_attach(const struct vz_host *host, uint32_t ctid, const char *tty,
		     struct vz_eventd_answer *ret_answer, int *ret_master_fd,
		     struct wabe_error *err);

#endif
