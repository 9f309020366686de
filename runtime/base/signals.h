/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/signals: those that wait for who relays them, and what a new program starts with.
 */
#ifndef WABE_BASE_SIGNALS_H
#define WABE_BASE_SIGNALS_H

#include <signal.h>
#include <stdint.h>

#define WABE_SIGNALS_ALL UINT64_MAX

/**
 * wabe_signals_held() - all but the stops of our own job control. Faults of our own come all the same (kernel/signal.c,
 * force_sig_info_to_task()), and abort(3).
 */
void wabe_signals_held(sigset_t *ret_set);

/** wabe_signals_hold() - block them until wabe_signals_release(): what comes waits. Before what they are for is made. */
void wabe_signals_hold(sigset_t *ret_old);
void wabe_signals_release(const sigset_t *old);

/** wabe_signals_ignored() - bit N-1: the process ignores signal N (proc(5), SigIgn). WABE_SIGNALS_ALL where that can't be read. */
uint64_t wabe_signals_ignored(void);

/**
 * wabe_signals_reset() - what execve(2) keeps back to what a new program expects: nothing blocked, those of @ignored at their default.
 * Not all: that is a system call each.
 */
void wabe_signals_reset(uint64_t ignored);

#endif
