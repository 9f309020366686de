// SPDX-License-Identifier: GPL-2.0-or-later
/* core/attributes: what a process runs with beside its identity; see attributes.h. */
#include "core/attributes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/personality.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "core/sync.h"
#include "sys/lsm.h"
#include "sys/sched.h"

/* Can a process with this scheduler not fork? */
static bool is_sterile(const struct wabe_spec_scheduler *s)
{
	return s && s->policy == WABE_SCHED_DEADLINE && !(s->flags & WABE_SCHED_RESET_ON_FORK);
}

static int set_scheduler(pid_t pid, const struct wabe_spec_scheduler *s, uint64_t more_flags,
			 struct wabe_error *err)
{
	const struct wabe_sched sched = {
		.policy = (uint32_t)s->policy,
		.flags = s->flags | more_flags,
		.nice = (int32_t)s->nice.value,
		.priority = (uint32_t)s->priority.value,
		.runtime_ns = s->runtime,
		.deadline_ns = s->deadline,
		.period_ns = s->period,
	};
	int r = wabe_sched_set(pid, &sched, err);

	return r < 0 ? wabe_error_prefix(err, "process.scheduler") : 0;
}

int wabe_attributes_outside(pid_t pid, const struct wabe_spec_process *process,
			    struct wabe_error *err)
{
	const struct wabe_spec_io_priority *io = process->io_priority;
	const struct wabe_spec_scheduler *s = process->scheduler;
	int r = s ? set_scheduler(pid, s, is_sterile(s) ? WABE_SCHED_RESET_ON_FORK : 0, err) : 0;

	if (r < 0 || !io)
		return r;
	r = wabe_sched_set_io(pid, io->class, (int)io->priority, err);
	return r < 0 ? wabe_error_prefix(err, "process.ioPriority") : 0;
}

int wabe_attributes_finish(const struct wabe_spec_process *process, int sock,
			   struct wabe_error *err)
{
	int r;

	if (!is_sterile(process->scheduler))
		return 0;
	r = wabe_sync_send(sock, WABE_SYNC_SCHEDULE, -1, err);
	return r < 0 ? r : wabe_sync_expect(sock, WABE_SYNC_GO, err);
}

int wabe_attributes_release(const struct wabe_spec_process *process, pid_t pid, int sock,
			    struct wabe_error *err)
{
	int r;

	if (!process || !is_sterile(process->scheduler))
		return wabe_error_say(err, -EPROTO, "unexpected message %d", WABE_SYNC_SCHEDULE);
	r = set_scheduler(pid, process->scheduler, 0, err);
	if (r == 0)
		r = wabe_sync_send(sock, WABE_SYNC_GO, -1, err);
	if (r == 0)
		r = wabe_sync_receive(sock, NULL, err);
	return r > 0 ? wabe_error_say(err, -EPROTO, "unexpected message %d", r) : r;
}

static int set_personality(const struct wabe_spec_personality *p, struct wabe_error *err)
{
	if (personality((unsigned long)p->domain) < 0)
		return wabe_error_set(err, -errno, "linux.personality.domain");
	return 0;
}

static int set_memory_policy(const struct wabe_spec_memory_policy *policy, struct wabe_error *err)
{
	unsigned long nodes[WABE_LIST_LONGS(WABE_SPEC_NODE_MAX)];
	int r = policy->nodes ? wabe_parse_list(policy->nodes, WABE_SPEC_NODE_MAX, nodes) : 0;

	if (r < 0)
		return wabe_error_set(err, r, "linux.memoryPolicy.nodes");
	r = wabe_sched_set_memory(policy->mode | (int)policy->flags, policy->nodes ? nodes : NULL,
				  policy->nodes ? ARRAY_SIZE(nodes) : 0, err);
	return r < 0 ? wabe_error_prefix(err, "linux.memoryPolicy") : 0;
}

int wabe_attributes_prepare(const struct wabe_spec_process *process, int *ret_proc_fd,
			    struct wabe_error *err)
{
	int r = 0;

	if (!process || (!process->apparmor_profile && !process->selinux_label))
		return 0;
	if (process->apparmor_profile && wabe_lsm_need_apparmor(err) < 0)
		return wabe_error_prefix(err, "process.apparmorProfile");
	if (process->selinux_label && wabe_lsm_need_selinux(err) < 0)
		return wabe_error_prefix(err, "process.selinuxLabel");
	r = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r < 0)
		return wabe_error_set(err, -errno, "open /proc");
	*ret_proc_fd = r;
	return 0;
}

static int set_label(int proc_fd, enum wabe_lsm_file file, const char *label, const char *path,
		     struct wabe_error *err)
{
	int r = label ? wabe_lsm_write(proc_fd, file, label, err) : 0;

	return r < 0 ? wabe_error_prefix(err, "%s", path) : 0;
}

int wabe_attributes_inside(const struct wabe_spec *spec, const struct wabe_spec_process *process,
			   int proc_fd, struct wabe_error *err)
{
	int r = spec->personality ? set_personality(spec->personality, err) : 0;

	if (r == 0 && spec->memory_policy)
		r = set_memory_policy(spec->memory_policy, err);
	if (r == 0)
		r = set_label(proc_fd, WABE_LSM_APPARMOR_EXEC, process->apparmor_profile,
			      "process.apparmorProfile", err);
	return r < 0 ? r
		     : set_label(proc_fd, WABE_LSM_SELINUX_EXEC, process->selinux_label,
				 "process.selinuxLabel", err);
}

static int set_cpus(pid_t pid, const char *list, const char *path, struct wabe_error *err)
{
	unsigned long bits[WABE_LIST_LONGS(WABE_SPEC_CPU_MAX)];
	int r = wabe_parse_list(list, WABE_SPEC_CPU_MAX, bits);

	r = r < 0 ? wabe_error_set(err, r, "\"%s\"", list)
		  : wabe_sched_set_cpus(pid, bits, ARRAY_SIZE(bits), err);
	return r < 0 ? wabe_error_prefix(err, "process.execCPUAffinity.%s", path) : 0;
}

int wabe_attributes_initial_cpus(const struct wabe_spec_process *process,
				 struct wabe_attributes_cpus *ret_own, struct wabe_error *err)
{
	const struct wabe_spec_cpu_affinity *cpus = process->exec_cpu_affinity;
	int r;

	ret_own->is_changed = false;
	if (!cpus || !cpus->initial)
		return 0;
	r = wabe_sched_get_cpus(0, ret_own->bits, ARRAY_SIZE(ret_own->bits), err);
	if (r == 0)
		r = set_cpus(0, cpus->initial, "initial", err);
	ret_own->is_changed = r == 0;
	return r;
}

void wabe_attributes_own_cpus(const struct wabe_attributes_cpus *own)
{
	if (own->is_changed)
		(void)wabe_sched_set_cpus(0, own->bits, ARRAY_SIZE(own->bits), NULL);
}

int wabe_attributes_final_cpus(pid_t pid, const struct wabe_spec_process *process,
			       struct wabe_error *err)
{
	const struct wabe_spec_cpu_affinity *cpus = process->exec_cpu_affinity;

	return cpus && cpus->final ? set_cpus(pid, cpus->final, "final", err) : 0;
}
