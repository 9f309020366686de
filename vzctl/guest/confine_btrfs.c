// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guest/confine_btrfs: a guest whose root is a subvolume can't make further ones; see guest/confine.h.
 *
 * Anybody who may write to a directory may make a subvolume in it (btrfs-ioctl(2), BTRFS_IOC_SUBVOL_CREATE), and that would have
 * a quota group, and so space, of its own.
 */
#include <errno.h>
#include <linux/btrfs.h>
#include <linux/fs.h>

#include "base/cleanup.h"
#include "guest/confine.h"

/* asm-generic/ioctl.h: the type is the second byte of a request. */
#define TYPE_SHIFT 8
#define TYPE_BITS 8
#define REQUEST 1	  /* argument number of ioctl(2) */
#define LOW32 0xffffffffu /* the kernel looks at no more of it */

/* What began as btrfs' and is every file system's now. */
static const uint32_t shared[] = { FICLONE, FICLONERANGE, FIDEDUPERANGE, FS_IOC_GETFSLABEL,
				   FS_IOC_SETFSLABEL };

static int allow(struct wabe_spec *spec, struct wabe_spec_syscall *rule, uint32_t mask,
		 uint32_t value)
{
	struct wabe_spec_syscall_arg *arg = wabe_arena_alloc(&spec->arena, sizeof(*arg));

	if (!arg || wabe_strv_add(&rule->names, &spec->arena, "ioctl") < 0)
		return -ENOMEM;
	*arg = (struct wabe_spec_syscall_arg){
		.index = REQUEST,
		.op = "SCMP_CMP_MASKED_EQ",
		.value = mask,
		.value_two = value,
	};
	rule->action = "SCMP_ACT_ALLOW";
	rule->args = (struct wabe_list){ arg, 1 };
	return 0;
}

/* Each type that is not btrfs' differs from it in a highest bit: a rule for each such bit allows them all. */
static int allow_others(struct wabe_spec *spec, struct wabe_spec_syscall *rules)
{
	int r = 0;

	for (unsigned int bit = 0; r == 0 && bit < TYPE_BITS; bit++) {
		uint32_t mask = (0xffu << bit & 0xffu) << TYPE_SHIFT;
		uint32_t type = (BTRFS_IOCTL_MAGIC ^ 1u << bit) << TYPE_SHIFT;

		r = allow(spec, &rules[bit], mask, type & mask);
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(shared); i++)
		r = allow(spec, &rules[TYPE_BITS + i], LOW32, shared[i]);
	return r;
}

static void remove_name(struct wabe_strv *names, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->count; i++)
		if (!wabe_str_equal(names->items[i], name))
			names->items[kept++] = names->items[i];
	names->count = kept;
}

int vz_confine_subvolumes(struct wabe_spec *spec, struct wabe_error *err)
{
	struct wabe_list *list = &spec->seccomp->syscalls;
	const size_t count = list->count, more = TYPE_BITS + ARRAY_SIZE(shared);
	struct wabe_spec_syscall *old = list->items,
				 *rules = wabe_arena_array(&spec->arena, count + more,
							   sizeof(*rules));

	if (!rules || allow_others(spec, rules + count) < 0)
		return wabe_error_set(err, -ENOMEM, "confinement of the guest");
	for (size_t i = 0; i < count; i++) {
		rules[i] = old[i];
		/* What no rule is for is missing (ENOSYS), as programs know it of other file systems. */
		remove_name(&rules[i].names, "ioctl");
	}
	*list = (struct wabe_list){ rules, count + more };
	return 0;
}
