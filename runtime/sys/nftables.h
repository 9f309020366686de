/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sys/nftables: rulesets as text (nft(8)), by libnftables, which is loaded when it is used.
 */
#ifndef WABE_SYS_NFTABLES_H
#define WABE_SYS_NFTABLES_H

#include "base/error.h"

/**
 * wabe_nftables_run() - commands as in a file for `nft -f`, in one transaction: all or none. In the caller's network namespace.
 * @commands: nothing of it comes from a guest, and only validated values from anybody
 * -ENOTSUP: libnftables is not installed. -EINVAL: nft's words about it, of which the first line is kept.
 */
int wabe_nftables_run(const char *commands, struct wabe_error *err);

#endif
