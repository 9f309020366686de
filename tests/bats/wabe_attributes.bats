#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a process runs with beside its identity: scheduler, I/O priority, CPUs of exec, personality, memory policy; in the
# container's process and in those of exec.

load oci

# The host's pid of a process of exec that sleeps.
exec_pid()
{
	ok W exec -d --pid-file "$T/pid" "$ID" sleep 555
	cat "$T/pid"
}

# exec --process with the process of config.json, changed by a jq program.
process_file()
{
	jq ".process | .args = [\"sleep\", \"555\"] | $1" "$B/config.json" >"$T/process.json"
}

policy_of()
{
	chrt -p "$1" | sed 's/^.*: //' | tr '\n' ' '
}

nice_of()
{
	awk '{print $19}' "/proc/$1/stat"
}

# Processes of this machine may run on these CPUs.
cpus()
{
	awk '/^Cpus_allowed_list/ {print $2}' "/proc/$1/status"
}

# The CPUs of this process in $all, and the last of them in $last, both the caller's.
two_cpus()
{
	all=$(cpus self)
	last=${all##*[,-]}
	[[ $last != 0 ]] || skip "needs two processors"
}

@test "the scheduler: nice and policy, in the process and in exec" {
	conf '.process.scheduler = {policy: "SCHED_BATCH", nice: 7}'
	background
	[[ $(policy_of "$(pid_of)") == "SCHED_BATCH 0 " && $(nice_of "$(pid_of)") == 7 ]]
	local pid
	pid=$(exec_pid)
	[[ $(policy_of "$pid") == "SCHED_BATCH 0 " && $(nice_of "$pid") == 7 ]]
	process_file '.scheduler = {policy: "SCHED_IDLE"}'
	ok W exec -d --pid-file "$T/pid" --process "$T/process.json" "$ID"
	[[ $(policy_of "$(cat "$T/pid")") == "SCHED_IDLE 0 " ]]
	process_file '.scheduler = {policy: "SCHED_OTHER", nice: -5}'
	ok W exec -d --pid-file "$T/pid" --process "$T/process.json" "$ID"
	[[ $(policy_of "$(cat "$T/pid")") == "SCHED_OTHER 0 " && $(nice_of "$(cat "$T/pid")") == -5 ]]
}

@test "without a scheduler a process has its caller's" {
	script 'exec sleep 600'
	ok chrt --batch 0 "${ENTER[@]}" env -C "$PWD" "$WABE" --root "$STATE" run -d --bundle "$B" "$ID" 3>&-
	[[ $(policy_of "$(pid_of)") == "SCHED_BATCH 0 " ]]
}

# On a cgroup v1 host a new cgroup has no realtime budget; here it stays in the machine's own.
@test "v2: realtime policies and their flags, in a user namespace too" {
	[[ -n $V2_PID || ! -e /sys/fs/cgroup/cgroup.controllers ]] ||
		! grep -q cpu /sys/fs/cgroup/cgroup.controllers || ! zgrep -qs RT_GROUP_SCHED=y /proc/config.gz ||
		skip "realtime groups keep realtime policies out of cgroups"
	userns
	conf '.process.scheduler = {policy: "SCHED_FIFO", priority: 3, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	background
	[[ $(policy_of "$(pid_of)") == "SCHED_FIFO|SCHED_RESET_ON_FORK 3 " ]]
	local pid
	pid=$(exec_pid)
	[[ $(policy_of "$pid") == "SCHED_FIFO|SCHED_RESET_ON_FORK 3 " ]]
	ok W delete -f "$ID"
	conf '.process.scheduler = {policy: "SCHED_RR", priority: 99}'
	background
	[[ $(policy_of "$(pid_of)") == "SCHED_RR 99 " ]]
}

@test "v2: SCHED_DEADLINE with its three times" {
	conf '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 10000000, deadline: 50000000, period: 100000000}'
	script 'exec sleep 600'
	call W run -d --bundle "$B" "$ID"
	[[ $status == 0 || $output != *"process.scheduler: "* ]] ||
		{ has SCHED_DEADLINE; skip "this machine gives nobody SCHED_DEADLINE: $output"; }
	[[ $status == 0 ]] || shown
	[[ $(policy_of "$(pid_of)") == "SCHED_DEADLINE 0 10000000/50000000/100000000 " ]]
}

# sched(7): who has it may not fork, unless it is reset for the child; and the container's setup has hooks and helpers.
@test "v2: SCHED_DEADLINE: hooks and a user namespace's locked mounts come before it" {
	conf '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 10000000, deadline: 50000000, period: 100000000}'
	script 'exec sleep 600'
	call W run -d --bundle "$B" "$ID"
	[[ $status == 0 ]] || { has SCHED_DEADLINE; skip "this machine gives nobody SCHED_DEADLINE: $output"; }
	ok W delete -f "$ID"
	own_rootfs
	all_caps
	userns
	chmod 777 "$ROOTFS"
	conf '.hooks = {createContainer: [{path: "/bin/sh", args: ["sh", "-c", "/bin/true; /bin/true"]}],
		startContainer: [{path: "/bin/sh", args: ["sh", "-c", "/bin/touch /hooked; /bin/true"]}]}'
	ok W run -d --bundle "$B" "$ID"
	[[ $(policy_of "$(pid_of)") == "SCHED_DEADLINE 0 10000000/50000000/100000000 " && -e $ROOTFS/hooked ]]
	ok W exec -d --pid-file "$T/pid" "$ID" sleep 555
	[[ $(policy_of "$(cat "$T/pid")") == "SCHED_DEADLINE 0 10000000/50000000/100000000 " ]]
	ok W delete -f "$ID"
	rm "$ROOTFS/hooked"
	ok W create --bundle "$B" "$ID"
	[[ $(policy_of "$(pid_of)") == "SCHED_DEADLINE|SCHED_RESET_ON_FORK "* ]]
	ok W start "$ID"
	[[ $(policy_of "$(pid_of)") == "SCHED_DEADLINE 0 10000000/50000000/100000000 " && -e $ROOTFS/hooked ]]
}

@test "the scheduler's refusals name it, and leave nothing" {
	conf '.process.scheduler = {policy: "SCHED_NOPE"}'
	refused_container 'process.scheduler.policy: unknown name "SCHED_NOPE"'
	conf '.process.scheduler = {policy: "SCHED_ISO"}'
	refused_container 'process.scheduler.policy: SCHED_ISO'
	conf '.process.scheduler = {nice: 1}'
	refused_container '"policy" is missing'
	conf '.process.scheduler = {policy: "SCHED_OTHER", nice: 20}'
	refused_container 'process.scheduler.nice'
	conf '.process.scheduler = {policy: "SCHED_RR"}'
	refused_container 'process.scheduler.priority: SCHED_RR wants one from 1 to 99'
	conf '.process.scheduler = {policy: "SCHED_BATCH", runtime: 1}'
	refused_container 'process.scheduler.runtime: only SCHED_DEADLINE has one'
	# What the kernel refuses: a deadline behind the period.
	conf '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 10000000, deadline: 50000000, period: 20000000}'
	refused_container 'process.scheduler: '
	conf 'del(.process.scheduler)'
	background
	process_file '.scheduler = {policy: "SCHED_FIFO", priority: 1, nice: 3}'
	refused 'process.scheduler.nice: has no effect' W exec --process "$T/process.json" "$ID"
}

@test "I/O priority, in the process and in exec" {
	conf '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	background
	[[ $(ionice -p "$(pid_of)") == "best-effort: prio 6" ]]
	[[ $(ionice -p "$(exec_pid)") == "best-effort: prio 6" ]]
	process_file '.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	ok W exec -d --pid-file "$T/pid" --process "$T/process.json" "$ID"
	[[ $(ionice -p "$(cat "$T/pid")") == idle ]]
	ok W delete -f "$ID"
	userns
	conf '.process.ioPriority = {class: "IOPRIO_CLASS_RT", priority: 2}'
	background
	[[ $(ionice -p "$(pid_of)") == "realtime: prio 2" ]]
	ok W delete -f "$ID"
	conf '.process.ioPriority = {class: "IOPRIO_CLASS_NONE", priority: 2}'
	refused_container 'process.ioPriority.class: unknown name "IOPRIO_CLASS_NONE"'
	conf '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
	refused_container 'process.ioPriority.priority'
	conf '.process.ioPriority = {class: "IOPRIO_CLASS_BE"}'
	refused_container '"priority" is missing'
}

@test "CPUs of exec: initial and final, of the container and of the process" {
	local all last
	two_cpus
	conf '.process.execCPUAffinity = {initial: "0", final: $last}' --arg last "$last"
	background
	# "not applicable to the container's init process"
	[[ $(cpus "$(pid_of)") == "$all" ]]
	[[ $(cpus "$(exec_pid)") == "$last" ]]
	process_file '.execCPUAffinity = {final: "0"}'
	ok W exec -d --pid-file "$T/pid" --process "$T/process.json" "$ID"
	[[ $(cpus "$(cat "$T/pid")") == 0 ]]
	process_file ".execCPUAffinity = {final: \"0,$last-8191\"}"
	ok W exec -d --pid-file "$T/pid" --process "$T/process.json" "$ID"
	[[ $(cpus "$(cat "$T/pid")") =~ ^0[,-]$last$ ]]
}

@test "initial CPUs are those that a process starts on, and not its caller's" {
	local all last
	two_cpus
	conf '.process.execCPUAffinity = {initial: $last}' --arg last "$last"
	background
	W exec "$ID" sleep 2 &
	local caller=$!
	wait_for eval '[[ $(W ps -f json "$ID" | jq length) == 2 ]]'
	# W is timeout, env, and then the runtime.
	[[ $(cpus "$(pgrep -f -n -- "--root $STATE exec")") == "$all" ]]
	wait "$caller"
}

@test "v2: initial CPUs stay when the cgroup doesn't change them" {
	local all last
	two_cpus
	conf '.process.execCPUAffinity = {initial: $last}' --arg last "$last"
	background
	[[ $(cpus "$(exec_pid)") == "$last" ]]
}

@test "CPUs of exec that can't be are refused" {
	conf '.process.execCPUAffinity = {initial: "a"}'
	refused_container 'process.execCPUAffinity.initial: "a" is not of the form'
	conf '.process.execCPUAffinity = {final: "0-"}'
	refused_container 'process.execCPUAffinity.final: "0-"'
	conf '.process.execCPUAffinity = {final: 0}'
	refused_container 'process.execCPUAffinity.final'
	# CPUs that this machine hasn't: init starts, exec is refused.
	conf '.process.execCPUAffinity = {initial: "8191"}'
	background
	refused 'process.execCPUAffinity.initial: none of these CPUs' W exec "$ID" true
	process_file '.execCPUAffinity = {final: "8191"}'
	refused 'process.execCPUAffinity.final: none of these CPUs' W exec --process "$T/process.json" "$ID"
}

@test "the personality: a 32-bit machine is shown, in the process and in exec" {
	[[ $(uname -m) == x86_64 ]] || skip "a test for x86_64"
	conf '.linux.personality = {domain: "LINUX32"}'
	background 'uname -m; exec sleep 600'
	[[ $(cat "/proc/$(pid_of)/personality") == 00000008 ]]
	ok W exec "$ID" uname -m
	is i686
	ok W delete -f "$ID"
	conf '.linux.personality = {domain: "LINUX"}'
	background
	[[ $(cat "/proc/$(pid_of)/personality") == 00000000 ]]
	ok W exec "$ID" uname -m
	is x86_64
	ok W delete -f "$ID"
	# Set before the filter that may forbid it.
	conf '.linux.personality = {domain: "LINUX32"} | .process.noNewPrivileges = false
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["personality"], action: "SCMP_ACT_ERRNO"}]}'
	script 'uname -m'
	ok_container
	is i686
	conf '.linux.personality = {domain: "WINDOWS"}'
	refused_container 'linux.personality.domain: unknown name "WINDOWS"'
	conf '.linux.personality = {domain: "LINUX", flags: ["SHORT_INODE"]}'
	refused_container 'linux.personality.flags[0]: "SHORT_INODE"'
}

policy_inside()
{
	awk '{print $2}' "/proc/$1/numa_maps" | sort | uniq -c | sort -rn | awk 'NR == 1 {print $2}'
}

@test "the memory policy, in the process and in exec" {
	[[ -e /proc/self/numa_maps ]] || skip "a kernel without NUMA"
	local mode
	for mode in "MPOL_BIND bind:0" "MPOL_INTERLEAVE interleave:0" "MPOL_PREFERRED prefer:0" \
		"MPOL_PREFERRED_MANY prefer (many):0"; do
		conf '.linux.memoryPolicy = {mode: $mode, nodes: "0"}' --arg mode "${mode%% *}"
		background
		[[ $(policy_inside "$(pid_of)") == $(awk '{print $2}' <<<"$mode")* ]] || { head -3 "/proc/$(pid_of)/numa_maps"; false; }
		[[ $(policy_inside "$(exec_pid)") == $(awk '{print $2}' <<<"$mode")* ]]
		ok W delete -f "$ID"
	done
	conf '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}'
	background
	[[ $(policy_inside "$(pid_of)") == bind=static:0 ]]
	ok W delete -f "$ID"
	conf '.linux.memoryPolicy = {mode: "MPOL_LOCAL"}'
	background
	[[ $(policy_inside "$(pid_of)") == local ]]
	ok W delete -f "$ID"
	conf '.linux.memoryPolicy = {mode: "MPOL_DEFAULT"}'
	background
	[[ $(policy_inside "$(pid_of)") == default ]]
}

@test "memory policies that can't be are refused" {
	conf '.linux.memoryPolicy = {mode: "MPOL_NOPE"}'
	refused_container 'linux.memoryPolicy.mode: unknown name "MPOL_NOPE"'
	conf '.linux.memoryPolicy = {mode: "MPOL_BIND"}'
	refused_container 'linux.memoryPolicy.nodes: MPOL_BIND wants some'
	conf '.linux.memoryPolicy = {mode: "MPOL_LOCAL", nodes: "0"}'
	refused_container 'linux.memoryPolicy.nodes: MPOL_LOCAL takes none'
	conf '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0-1024"}'
	refused_container 'linux.memoryPolicy.nodes: "0-1024" has numbers above 1023'
	[[ ! -e /proc/self/numa_maps || -e /sys/devices/system/node/node1 ]] || {
		conf '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "1"}'
		refused_container 'linux.memoryPolicy: none of these nodes is there'
	}
	conf '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0", flags: ["MPOL_F_NUMA_BALANCING"]}'
	refused_container 'linux.memoryPolicy: '
}

@test "none of it costs a system call that isn't asked for" {
	[[ -x /usr/bin/strace ]] || skip "no strace"
	script true
	timeout 30 strace -f -o "$T/trace" "${ENTER[@]}" "$WABE" --root "$STATE" run --bundle "$B" "$ID" 3>&-
	run -1 grep -E 'sched_set|sched_get|ioprio|mempolicy|personality' "$T/trace"
}
