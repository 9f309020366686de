/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest/confine, inside: setsockopt(2) without the rules of packet filters. For guest/confine.c. */
#ifndef WABE_GUEST_CONFINE_NETFILTER_H
#define WABE_GUEST_CONFINE_NETFILTER_H

#include <stddef.h>

#include "spec/model.h"

#define VZ_CONFINE_NETFILTER_RULES 512 /* room that is enough */

/**
 * vz_confine_netfilter() - rules for setsockopt(2) that allow all but the calls that iptables,
 * ip6tables, arptables and ebtables of old put their rules with; those get ENOPROTOOPT, as from a
 * kernel without them.
 * @rules: room for VZ_CONFINE_NETFILTER_RULES, zeroed
 * Returns how many, or -ENOMEM.
 */
int vz_confine_netfilter(struct wabe_arena *arena, struct wabe_spec_syscall *rules);

#endif
