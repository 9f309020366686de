#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A further process in a container that arranges its own cgroups, as systemd does: it has to be born where init is. And what
# config.json has beyond the specification: "wabe".

load oci

# Init in a leaf, the container's cgroup closed to processes by a controller that is enabled below it.
busy_cgroup()
{
	CONTROLLER=$("${ENTER[@]}" cut -d ' ' -f 1 /sys/fs/cgroup/cgroup.controllers)
	[[ -n $CONTROLLER ]] || skip "the cgroup2 tree has no controllers here"
	conf '.mounts |= map(if .destination == "/sys/fs/cgroup" then .options -= ["ro"] else . end)'
	background "set -e
		mkdir /sys/fs/cgroup/init.scope
		echo 1 >/sys/fs/cgroup/init.scope/cgroup.procs
		echo +$CONTROLLER >/sys/fs/cgroup/cgroup.subtree_control
		exec sleep 600"
	wait_for grep -q "$CONTROLLER" "$(cgroup_dir unified)/cgroup.subtree_control"
}

exec_is_beside_init()
{
	ok_inside 'cat /proc/self/cgroup'
	[[ $output == *0::/init.scope* ]] || shown
}

@test "v2: exec into a container that was given its cgroup" {
	conf '.wabe.delegateCgroup = true'
	busy_cgroup
	exec_is_beside_init
	[[ $(cat "$(cgroup_dir unified)/cgroup.max.descendants") == 4096 ]]
	[[ $(cat "$(cgroup_dir unified)/cgroup.max.depth") == 32 ]]
}

@test "v2: exec into a container that took its cgroup" {
	busy_cgroup
	exec_is_beside_init
	[[ $(cat "$(cgroup_dir unified)/cgroup.max.depth") == max ]]
}

@test "v2: a container without cgroups of its own keeps exec in the one that it has" {
	background
	ok_inside 'cat /proc/self/cgroup'
	[[ $output == *0::/ ]] || shown
}

@test "the owner of a cgroup that is given away is the container's root" {
	userns
	conf '.wabe.delegateCgroup = true'
	background
	[[ $(stat -c %u "$(cgroup_dir unified)") == 100000 ]]
	[[ $(stat -c %u "$(cgroup_dir unified)/cgroup.procs") == 100000 ]]
	[[ $(stat -c %u "$(cgroup_dir unified)/cgroup.max.depth") == 0 ]]
}

check_uptime()
{
	conf '.wabe.uptime = true'
	background
	ok_inside 'cut -d . -f 1 /proc/uptime'
	((output < $(cut -d . -f 1 /proc/uptime) - 60)) || shown
	[[ $(readlink "/proc/$(pid_of)/ns/time") != "$(readlink /proc/self/ns/time)" ]]
	ok_inside 'readlink /proc/self/ns/time'
	is "$(readlink "/proc/$(pid_of)/ns/time")"
}

@test "uptime starts at 0, for init and exec" {
	check_uptime
}

@test "uptime starts at 0 in a user namespace" {
	userns
	check_uptime
}

@test "a time namespace is made when it is asked for" {
	conf '.linux.namespaces += [{type: "time"}]'
	background
	[[ $(readlink "/proc/$(pid_of)/ns/time") != "$(readlink /proc/self/ns/time)" ]]
	ok_inside 'readlink /proc/self/ns/time'
	is "$(readlink "/proc/$(pid_of)/ns/time")"
}

@test "the uptime of a time namespace that is joined can't be set" {
	conf '.wabe.uptime = true | .linux.namespaces += [{type: "time", path: "/proc/self/ns/time"}]'
	refused_container "wabe.uptime: the time namespace that is joined has an uptime already"
	conf '.wabe = {uptime: "yes"}'
	refused_container "wabe.uptime"
}
