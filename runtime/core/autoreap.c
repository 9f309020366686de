// SPDX-License-Identifier: GPL-2.0-or-later
/* core/autoreap: see autoreap.h. */
#include "core/autoreap.h"

#include <errno.h>
#include <sys/wait.h>

static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 ||
	       errno != ECHILD;
}

void wabe_autoreap_begin(struct wabe_autoreap *a)
{
	sigset_t mask;

	*a = (struct wabe_autoreap){ .is_on = !has_children() };
	if (!a->is_on)
		return;
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &mask, &a->old_mask);
	(void)signal(SIGCHLD, SIG_DFL);
}

void wabe_autoreap_release(struct wabe_autoreap *a, pid_t pid)
{
	const struct sigaction action = { .sa_handler = SIG_DFL,
					  .sa_flags = SA_NOCLDWAIT | SA_NOCLDSTOP };

	if (!a->is_on || a->pid)
		return;
	a->pid = pid;
	/* Drops what waits by now; of an end before this there is still the process. */
	(void)sigaction(SIGCHLD, &action, NULL);
	a->has_ended = waitpid(pid, &a->status, WNOHANG) == pid;
}

static bool is_end(const siginfo_t *signal)
{
	return signal->si_code == CLD_EXITED || signal->si_code == CLD_KILLED ||
	       signal->si_code == CLD_DUMPED;
}

/* Its signal comes before it is gone; so if it is gone and there is none, it was taken for another's that waited then. */
static bool is_lost(const struct wabe_autoreap *a)
{
	sigset_t waiting;
	int status;

	return waitpid(a->pid, &status, WNOHANG) < 0 && errno == ECHILD &&
	       sigpending(&waiting) == 0 && !sigismember(&waiting, SIGCHLD);
}

bool wabe_autoreap_ended(const struct wabe_autoreap *a, const siginfo_t *signal, int *ret_status)
{
	if (a->has_ended)
		*ret_status = a->status;
	if (a->has_ended || signal->si_signo != SIGCHLD)
		return a->has_ended;
	if (signal->si_pid == a->pid && is_end(signal)) {
		*ret_status = signal->si_code == CLD_EXITED
				      ? W_EXITCODE(signal->si_status & 0xff, 0)
				      : W_EXITCODE(0, signal->si_status);
		return true;
	}
	if (!is_lost(a))
		return false;
	*ret_status = W_EXITCODE(255, 0);
	return true;
}

void wabe_autoreap_end(struct wabe_autoreap *a)
{
	if (!a->is_on)
		return;
	(void)signal(SIGCHLD, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &a->old_mask, NULL);
	a->is_on = false;
}
