/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf/value, inside: one parser a type. Only value*.c include this.
 *
 * Scalar parsers fill text and the union member of @v; entry parsers give the canonical text of one
 * entry of a list. All return 0, -EINVAL, -ERANGE or -ENOMEM and write no error text:
 * vz_value_parse() does, once.
 */
#ifndef VZ_CONF_VALUE_TYPES_H
#define VZ_CONF_VALUE_TYPES_H

#include "conf/value.h"

int vz_type_number(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		   struct vz_value *v);
int vz_type_limit(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		  struct vz_value *v);
int vz_type_pair(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		 struct vz_value *v);
int vz_type_rate(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		 struct vz_value *v);
int vz_type_factor(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		   struct vz_value *v);

int vz_entry_ip(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		const char **ret_entry);
int vz_entry_nameserver(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
			const char **ret_entry);
int vz_entry_domain(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		    const char **ret_entry);
int vz_entry_netif(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		   const char **ret_entry);
int vz_entry_ifname(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		    const char **ret_entry);
int vz_entry_switch(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		    const char **ret_entry);
int vz_entry_device(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		    const char **ret_entry);
int vz_entry_devnode(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		     const char **ret_entry);
int vz_entry_pci(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		 const char **ret_entry);
int vz_entry_module(struct wabe_arena *arena, const struct vz_rule *rule, const char *text,
		    const char **ret_entry);

/** vz_value_is_ifname(), vz_value_is_mac() - the grammars of VZ_TYPE_IFNAME and VZ_TYPE_MAC. */
bool vz_value_is_ifname(const char *s);
bool vz_value_is_mac(const char *s);

#endif
