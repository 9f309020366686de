#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What config-linux.md, runtime-linux.md and features.md demand and no other file tests; tests/oci-must.tsv says which
# sentence is held where.

load oci

more_teardown()
{
	end_other
	remove_cgroups "bats-must-$BATS_ROOT_PID" 2>/dev/null
}

@test "the configured devices are there, outside /dev too" {
	own_rootfs
	conf '.linux.devices = [{path: "/dev/mine", type: "c", major: 1, minor: 3}, {path: "/srv/deep/zero", type: "c", major: 1, minor: 5},
		{path: "/run/fifo", type: "p"}]'
	script 'stat -c "%n %F %t:%T" /dev/mine /srv/deep/zero /run/fifo; echo x >/dev/mine; head -c 2 /srv/deep/zero | wc -c'
	ok_container
	is $'/dev/mine character special file 1:3\n/srv/deep/zero character special file 1:5\n/run/fifo fifo 0:0\n2'
}

@test "a file that is at a device's path and is another one is an error" {
	own_rootfs
	mkdir "$ROOTFS/srv"
	echo keep >"$ROOTFS/srv/file"
	mkdir "$ROOTFS/srv/dir"
	ln -s /etc/passwd "$ROOTFS/srv/link"
	mknod "$ROOTFS/srv/zero" c 1 5
	mknod "$ROOTFS/srv/block" b 1 3
	local name
	for name in file dir link zero block; do
		conf '.linux.devices = [{path: "/srv/\($n)", type: "c", major: 1, minor: 3}]' --arg n "$name"
		refused_container "device /srv/$name"
	done
	[[ $(cat "$ROOTFS/srv/file") == keep && $(stat -c %t:%T "$ROOTFS/srv/zero") == 1:5 ]]
	# The one that was asked for is fine.
	conf '.linux.devices = [{path: "/srv/zero", type: "c", major: 1, minor: 5}]'
	ok_container
}

@test "/dev/console is the terminal when there is one, and only then" {
	script 'ls /dev/console 2>&1'
	container
	has "No such file"
	conf '.process.terminal = true'
	script 'tty; stat -c "%t:%T %F" /dev/console "$(tty)"; echo through >/dev/console'
	status=0
	output=$(timeout 40 script -qec "timeout --foreground 30 ${ENTER[*]} $WABE --root $STATE run --bundle $B $ID" /dev/null </dev/null 3>&-) || status=$?
	output=${output//$'\r'/}
	has "/dev/pts/0"
	has through
	local nodes
	nodes=$(grep -o '[0-9a-f]*:[0-9a-f]* character special file' <<<"$output")
	[[ $(wc -l <<<"$nodes") == 2 && $(sort -u <<<"$nodes" | wc -l) == 1 ]] || shown
}

@test "the same cgroup path is the same place, below the hierarchy's mount point" {
	local place
	conf '.linux.cgroupsPath = $p' --arg p "/bats-must-$BATS_ROOT_PID/one"
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	place=$(cgroup_dir unified "/bats-must-$BATS_ROOT_PID/one")
	[[ $(cat "$place/cgroup.procs") == "$(pid_of)" ]]
	ok W delete --force "$ID"
	ok W create --bundle "$B" "$ID-b"
	[[ $(cat "$place/cgroup.procs") == "$(pid_of "$ID-b")" ]]
	ok W delete --force "$ID-b"
	conf '.linux.cgroupsPath = $p' --arg p "$ID-relative"
	ok W create --bundle "$B" "$ID"
	place=$(sed -n 's/^0:://p' "/proc/$(pid_of)/cgroup")
	ok W delete --force "$ID"
	ok W create --bundle "$B" "$ID"
	[[ $(sed -n 's/^0:://p' "/proc/$(pid_of)/cgroup") == "$place" ]]
}

@test "a frozen cgroup and one with processes are not fit" {
	local dir
	dir=$(cgroup_dir unified "/bats-must-$BATS_ROOT_PID")
	mkdir "$dir"
	conf '.linux.cgroupsPath = $p' --arg p "/bats-must-$BATS_ROOT_PID"
	echo 1 >"$dir/cgroup.freeze"
	refused_container "frozen"
	echo 0 >"$dir/cgroup.freeze"
	sleep 600 3>&- &
	OTHER=$!
	echo "$OTHER" >"$dir/cgroup.procs"
	refused_container "has processes"
	kill "$OTHER"
	wait "$OTHER" || true
	OTHER=
	# Nothing of it was taken away.
	[[ -d $dir ]]
	wait_for eval '[[ -z $(cat '"$dir"'/cgroup.procs) ]]'
	ok_container
}

@test "unified: what the runtime has never heard of is written, what isn't there is an error" {
	cgroup_is_v2 || enter_v2
	# A file of the kernel's that no table here has.
	conf '.linux.resources.unified = {"cgroup.max.depth": "3"}'
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	[[ $(cat "$(cgroup_dir unified)/cgroup.max.depth") == 3 ]]
	ok W delete --force "$ID"
	conf '.linux.resources.unified = {"nosuch.max": "3"}'
	refused_container "nosuch"
	conf '.linux.resources.unified = {"cgroup.max.depth": "strange"}'
	refused_container "cgroup.max.depth"
}

@test "without intelRdt no resctrl is touched" {
	[[ -x /usr/bin/strace ]] || skip "no strace"
	script 'true'
	ok timeout 60 "${ENTER[@]}" strace -f -o "$T/trace" -e trace=%file "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	grep -q execve "$T/trace"
	run -1 grep resctrl "$T/trace"
}

@test "the container is in the namespaces of the paths, and errors name another kind" {
	unshare --net --uts --ipc sh -c 'echo ready; exec sleep 600' >"$T/hold" 2>&1 3>&- &
	OTHER=$!
	wait_for grep -q ready "$T/hold"
	local type name
	for type in network:net uts:uts ipc:ipc; do
		name=${type#*:} type=${type%:*}
		cp "$BASE" "$B/config.json"
		conf 'del(.hostname) | .linux.namespaces |= map(if .type == $t then .path = $p else . end)' --arg t "$type" --arg p "/proc/$OTHER/ns/$name"
		conf '.process.args = ["readlink", "/proc/self/ns/" + $n]' --arg n "$name"
		ok_container
		is "$(readlink "/proc/$OTHER/ns/$name")"
		conf '.linux.namespaces |= map(if .type == $t then .path = $p else . end)' --arg t "$type" --arg p "/proc/$OTHER/ns/pid"
		refused_container "namespace"
	done
	conf '.linux.namespaces |= map(if .type == "ipc" then .path = "relative/path" else . end)'
	refused_container "linux.namespaces["
}

@test "seccomp: an errno where the action has none is an error" {
	local action
	for action in SCMP_ACT_ALLOW SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_LOG SCMP_ACT_TRAP; do
		conf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["bpf"], action: $a, errnoRet: 5}]}' --arg a "$action"
		refused_container "linux.seccomp.syscalls[0].action"
		conf '.linux.seccomp = {defaultAction: $a, defaultErrnoRet: 5}' --arg a "$action"
		refused_container "linux.seccomp.defaultAction"
	done
}

@test "features: no property that the specification doesn't have" {
	W features >"$T/features.json"
	jq -e '(keys - ["ociVersionMin", "ociVersionMax", "hooks", "mountOptions", "linux", "annotations", "potentiallyUnsafeConfigAnnotations"]) == []
		and (.linux | keys - ["namespaces", "capabilities", "cgroup", "seccomp", "apparmor", "selinux", "intelRdt", "mountExtensions", "memoryPolicy", "netDevices"]) == []
		and (.linux.cgroup | keys - ["v1", "v2", "systemd", "systemdUser", "rdma"]) == []
		and (.linux.seccomp | keys - ["enabled", "actions", "operators", "archs", "knownFlags", "supportedFlags"]) == []
		and ([.linux.apparmor, .linux.selinux, .linux.netDevices // {}][] | keys - ["enabled"]) == []
		and (.linux.intelRdt | keys - ["enabled", "schemata", "monitoring"]) == []
		and (.linux.memoryPolicy // {} | keys - ["modes", "flags"]) == []
		and (.linux.mountExtensions | keys - ["idmap"]) == []' "$T/features.json"
	# No null stands for something empty, and annotations are strings by name.
	jq -e '[.. | select(. == null)] == [] and ([.annotations // {} | to_entries[] | (.key | length > 0) and (.value | type == "string")] | all)' "$T/features.json"
	jq -e '[.. | arrays | length > 0] | all' "$T/features.json"
}

@test "features: both versions are accepted, and in order" {
	local version
	W features >"$T/features.json"
	for version in ociVersionMin ociVersionMax; do
		conf '.ociVersion = $v' --arg v "$(jq -r ".$version" "$T/features.json")"
		ok_container
	done
	[[ $(jq -r '.ociVersionMin, .ociVersionMax' "$T/features.json" | sort -V | paste -sd' ') == "$(jq -r '"\(.ociVersionMin) \(.ociVersionMax)"' "$T/features.json")" ]]
}
