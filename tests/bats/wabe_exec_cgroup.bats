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

writable_cgroup()
{
	conf '.mounts |= map(if .destination == "/sys/fs/cgroup" then .options -= ["ro"] else . end)'
}

# config-linux.md, "Cgroup ownership": by a new cgroup namespace and a writable mount alone.
@test "v2: a container's user that can write its cgroup has it" {
	userns
	writable_cgroup
	background
	[[ $(stat -c %u:%g "$(cgroup_dir unified)" "$(cgroup_dir unified)/cgroup.procs") == $'100000:100000\n100000:100000' ]]
	[[ $(stat -c %u "$(cgroup_dir unified)/cgroup.max.depth") == 0 ]]
	ok_inside 'ls -ldn /sys/fs/cgroup | tr -s " " | cut -d " " -f 3,4; mkdir /sys/fs/cgroup/sub && echo made'
	has "0 0"
	has made
	ok W delete -f "$ID"
	conf '.process.user = {uid: 33, gid: 44} | .mounts |= map(if .destination == "/sys/fs/cgroup" then .options += ["ro", "rw"] else . end)'
	background
	[[ $(stat -c %u:%g "$(cgroup_dir unified)") == 100033:100044 ]]
}

@test "v2: a cgroup stays the host's root's where it can't be written, is the host's, or root is the host's" {
	background
	[[ $(stat -c %u "$(cgroup_dir unified)") == 0 && $(cat "$(cgroup_dir unified)/cgroup.max.depth") == max ]]
	ok W delete -f "$ID"
	userns
	background
	[[ $(stat -c %u "$(cgroup_dir unified)") == 0 ]]
	ok W delete -f "$ID"
	writable_cgroup
	conf '.linux.namespaces |= map(select(.type != "cgroup"))'
	background
	[[ $(stat -c %u "$(cgroup_dir unified)") == 0 ]]
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

# A cgroup below the container's, in all hierarchies.
make_below()
{
	local dir

	for dir in /sys/fs/cgroup/*"$CGROUP" "/sys/fs/cgroup$CGROUP"; do
		[[ -d $dir ]] || continue
		mkdir "$dir/$1"
		[[ $dir != */cpuset/* ]] || {
			cat "$dir/cpuset.cpus" >"$dir/$1/cpuset.cpus"
			cat "$dir/cpuset.mems" >"$dir/$1/cpuset.mems"
		}
	done
}

exec_in()
{
	ok W exec -d --pid-file "$T/pid" "$@" "$ID" sleep 555 >&2
	cat "/proc/$(cat "$T/pid")/cgroup"
}

@test "--cgroup: a cgroup below the container's, in all hierarchies" {
	background
	make_below sub
	local all
	all=$(grep -c ":$CGROUP\$" "/proc/$(pid_of)/cgroup")
	((all > 0))
	[[ $(exec_in --cgroup sub | grep -c ":$CGROUP/sub\$") == "$all" ]]
	[[ $(exec_in --cgroup /sub | grep -c ":$CGROUP/sub\$") == "$all" ]]
	[[ $(exec_in --cgroup / | grep -c ":$CGROUP\$") == "$all" ]]
	[[ $(exec_in | grep -c ":$CGROUP\$") == "$all" ]]
}

@test "v2: --cgroup: a process is born below the container's cgroup" {
	background
	mkdir "$(cgroup_dir unified)/sub"
	ok W exec -d --pid-file "$T/pid" --cgroup sub "$ID" sleep 555
	[[ $(cat "$(cgroup_dir unified)/sub/cgroup.procs") == $(cat "$T/pid") ]]
	refused 'no cgroup v1 hierarchy of "memory"' W exec --cgroup memory:sub "$ID" true
	[[ $(W ps -f json "$ID" | jq length) == 2 ]]
}

@test "v2: --cgroup doesn't follow init when it is refused" {
	conf '.wabe.delegateCgroup = true'
	busy_cgroup
	refused "takes no processes itself" W exec --cgroup / "$ID" true
	exec_is_beside_init
}

@test "--cgroup: single hierarchies of v1" {
	[[ -d /sys/fs/cgroup/memory && -d /sys/fs/cgroup/pids && -d /sys/fs/cgroup/cpu ]] || skip "no cgroup v1 hierarchies here"
	background
	mkdir "$(cgroup_dir memory)/one" "$(cgroup_dir pids)/two" "$(cgroup_dir cpu)/two"
	local found
	found=$(exec_in --cgroup memory:one --cgroup pids,cpu:/two)
	grep -q ":memory:$CGROUP/one\$" <<<"$found"
	grep -q ":pids:$CGROUP/two\$" <<<"$found"
	grep -q ":cpu:$CGROUP/two\$" <<<"$found"
	grep -q ":freezer:$CGROUP\$" <<<"$found"
	refused 'no cgroup v1 hierarchy of "nope"' W exec --cgroup nope:one "$ID" true
	refused "No such file" W exec --cgroup memory:none "$ID" true
}

@test "--cgroup: what can't be is refused, and leaves no process" {
	background
	make_below sub
	refused "No such file" W exec --pid-file "$T/pid" --cgroup none "$ID" true
	refused '".."' W exec --cgroup ../x "$ID" true
	refused '".."' W exec --cgroup sub/../../x "$ID" true
	refused "want [CONTROLLER:]PATH" W exec --cgroup "" "$ID" true
	refused "want [CONTROLLER:]PATH" W exec --cgroup memory: "$ID" true
	refused "the name of a controller is empty" W exec --cgroup :sub "$ID" true
	refused "the name of a controller is empty" W exec --cgroup memory,:sub "$ID" true
	refused "memory is there twice" W exec --cgroup memory:sub --cgroup pids,memory:sub "$ID" true
	refused "each wants a controller" W exec --cgroup sub --cgroup sub "$ID" true
	refused "each wants a controller" W exec --cgroup memory:sub --cgroup sub "$ID" true
	[[ $(W ps -f json "$ID" | jq length) == 1 && ! -e $T/pid ]]
}

@test "--ignore-paused: the process runs when the container is resumed" {
	background
	ok W pause "$ID"
	refused "is paused" W exec "$ID" true
	W exec --ignore-paused "$ID" sh -c 'echo ran; exit 3' >"$T/late" 2>&1 </dev/null &
	local pid=$! code=0
	wait_for eval '[[ $(W ps -f json "$ID" | jq length) == 2 ]]'
	sleep 0.3
	[[ ! -s $T/late ]]
	ok W resume "$ID"
	wait "$pid" || code=$?
	[[ $code == 3 && $(cat "$T/late") == ran ]]
}
