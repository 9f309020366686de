// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spec/validate: what a process runs with beside its identity: scheduling, CPUs, memory nodes, personality. The kernel ignores
 * or answers by EINVAL what doesn't go together; here it is refused by name.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <string.h>

#include "spec/internal.h"
#include "spec/spec.h"

#define SCHED_ISO 4	     /* config.md has it, no kernel does */
#define SCHED_DEADLINE 6     /* linux/sched.h */
#define FLAG_UTIL_CLAMP 0x60 /* SCHED_FLAG_UTIL_CLAMP_MIN and _MAX */

static int validate_policy(const struct wabe_spec_scheduler *s, struct wabe_error *err)
{
	if (s->policy == SCHED_ISO)
		return wabe_error_say(
			err, -ENOTSUP,
			"process.scheduler.policy: SCHED_ISO is not supported by any kernel");
	if (s->flags & FLAG_UTIL_CLAMP)
		return wabe_error_say(
			err, -ENOTSUP,
			"process.scheduler.flags: SCHED_FLAG_UTIL_CLAMP_MIN and _MAX are not supported, config.json has no values for them");
	return 0;
}

/* sched(7): which policy has which parameters. */
static int validate_scheduler(const struct wabe_spec_scheduler *s, struct wabe_error *err)
{
	const char *name = wabe_name_of(wabe_spec_scheduler_policies, s->policy);
	bool is_realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;
	bool is_deadline = s->policy == SCHED_DEADLINE;

	if (s->nice.value && (is_realtime || is_deadline))
		return wabe_error_say(err, -EINVAL, "process.scheduler.nice: has no effect with %s",
				      name);
	if (is_realtime && s->priority.value == 0)
		return wabe_error_say(err, -EINVAL,
				      "process.scheduler.priority: %s wants one from 1 to 99",
				      name);
	if (!is_realtime && s->priority.value)
		return wabe_error_say(
			err, -EINVAL,
			"process.scheduler.priority: has no effect with %s, only SCHED_FIFO and SCHED_RR have one",
			name);
	if (is_deadline && !s->runtime)
		return wabe_error_say(err, -EINVAL,
				      "process.scheduler.runtime: SCHED_DEADLINE wants one");
	if (!is_deadline && (s->runtime || s->deadline || s->period))
		return wabe_error_say(err, -EINVAL,
				      "process.scheduler.%s: only SCHED_DEADLINE has one",
				      s->runtime    ? "runtime"
				      : s->deadline ? "deadline"
						    : "period");
	return validate_policy(s, err);
}

static int validate_list(const char *list, unsigned int max, const char *path,
			 struct wabe_error *err)
{
	unsigned long bits[WABE_LIST_LONGS(WABE_SPEC_CPU_MAX)];
	int r = list ? wabe_parse_list(list, max, bits) : 0;

	if (r == -ERANGE)
		return wabe_error_say(err, r, "%s: \"%.50s\" has numbers above %u", path, list,
				      max);
	return r < 0 ? wabe_error_say(err, r, "%s: \"%.50s\" is not of the form \"0-3,7\"", path,
				      list)
		     : 0;
}

/* A label goes to the kernel in one write of less than a page, AppArmor's with a word before it. */
#define LABEL_MAX 4000

static int validate_label(const char *label, const char *path, struct wabe_error *err)
{
	if (label && strlen(label) > LABEL_MAX)
		return wabe_error_say(err, -EINVAL, "%s: longer than %d characters", path,
				      LABEL_MAX);
	if (label && !wabe_str_printable(label))
		return wabe_error_say(err, -EINVAL, "%s: has control characters", path);
	return 0;
}

int wabe_spec_validate_mount_label(const struct wabe_spec *spec, struct wabe_error *err)
{
	return validate_label(spec->mount_label, "linux.mountLabel", err);
}

int wabe_spec_validate_attributes(const struct wabe_spec_process *process, struct wabe_error *err)
{
	const struct wabe_spec_cpu_affinity *cpus = process->exec_cpu_affinity;
	int r = process->scheduler ? validate_scheduler(process->scheduler, err) : 0;

	if (r == 0)
		r = validate_label(process->apparmor_profile, "process.apparmorProfile", err);
	if (r == 0)
		r = validate_label(process->selinux_label, "process.selinuxLabel", err);
	if (r == 0 && cpus)
		r = validate_list(cpus->initial, WABE_SPEC_CPU_MAX,
				  "process.execCPUAffinity.initial", err);
	if (r == 0 && cpus)
		r = validate_list(cpus->final, WABE_SPEC_CPU_MAX, "process.execCPUAffinity.final",
				  err);
	return r;
}

/* set_mempolicy(2): DEFAULT and LOCAL take no nodes, PREFERRED may, all others have to. */
int wabe_spec_validate_memory_policy(const struct wabe_spec_memory_policy *policy,
				     struct wabe_error *err)
{
	const char *name = wabe_name_of(wabe_spec_memory_policy_modes, policy->mode);
	bool takes_none = policy->mode == MPOL_DEFAULT || policy->mode == MPOL_LOCAL;
	const uint64_t both = MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES;

	if (takes_none && policy->nodes)
		return wabe_error_say(err, -EINVAL, "linux.memoryPolicy.nodes: %s takes none",
				      name);
	if (!takes_none && policy->mode != MPOL_PREFERRED && !policy->nodes)
		return wabe_error_say(err, -EINVAL, "linux.memoryPolicy.nodes: %s wants some",
				      name);
	if ((policy->flags & both) && !policy->nodes)
		return wabe_error_say(
			err, -EINVAL,
			"linux.memoryPolicy.flags: without nodes none of them can be static or relative");
	if ((policy->flags & both) == both)
		return wabe_error_say(
			err, -EINVAL,
			"linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
	return validate_list(policy->nodes, WABE_SPEC_NODE_MAX, "linux.memoryPolicy.nodes", err);
}

/* config-linux.md: "no flag values are supported". */
int wabe_spec_validate_personality(const struct wabe_spec_personality *personality,
				   struct wabe_error *err)
{
	if (personality->flags.count)
		return wabe_error_say(err, -EINVAL,
				      "linux.personality.flags[0]: \"%.50s\": there are no flags",
				      personality->flags.items[0]);
	return 0;
}
