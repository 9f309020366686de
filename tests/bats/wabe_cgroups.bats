#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# cgroupsPath and resources. Where controllers of v1 are mounted (hybrid hosts), their limits are looked at there; on v2 in
# the cgroup2 tree. What a host lacks is skipped with its name.

# bats file_tags=lab
load oci

more_teardown()
{
	end_other
	remove_cgroups "bats-other-$BATS_ROOT_PID" 2>/dev/null
}

@test "a container has a cgroup of its own in every hierarchy" {
	background
	local dir
	for dir in /sys/fs/cgroup/*/ /sys/fs/cgroup/; do
		[[ -e $dir/cgroup.procs ]] || continue
		cgroup_is_v2 && [[ $dir != /sys/fs/cgroup/ ]] && continue
		[[ -z $V2_PID || $dir == */unified/ ]] || continue
		[[ $(cat "$dir$CGROUP/cgroup.procs") == "$(pid_of)" ]] || { echo "$dir"; return 1; }
	done
	ok W delete -f "$ID"
	[[ -z $(find /sys/fs/cgroup -mindepth 2 -maxdepth 4 -name "$ID") ]]
}

@test "cgroupsPath: absolute, relative, nested" {
	conf '.linux.cgroupsPath = $p' --arg p "/wabe/$ID-x/deep/er"
	background
	[[ $(cat "$(cgroup_dir unified "/wabe/$ID-x/deep/er")/cgroup.procs") == "$(pid_of)" ]]
	ok W delete -f "$ID"
	rmdir $(find /sys/fs/cgroup -mindepth 1 -maxdepth 5 -depth -path "*/wabe/$ID-x*" -type d)
	# Another spelling is the same place.
	conf '.linux.cgroupsPath = $p' --arg p "/wabe//$ID-x/./deep/"
	background
	[[ $(cat "$(cgroup_dir unified "/wabe/$ID-x/deep")/cgroup.procs") == "$(pid_of)" ]]
	ok W delete -f "$ID"
	rmdir $(find /sys/fs/cgroup -mindepth 1 -maxdepth 5 -depth -path "*/wabe/$ID-x*" -type d)
	conf '.linux.cgroupsPath = $p' --arg p "./$ID-rel/"
	background
	[[ $(cat "$(cgroup_dir unified "/wabe/$ID-rel")/cgroup.procs") == "$(pid_of)" ]]
	ok W delete -f "$ID"
}

@test "cgroup paths that lead elsewhere are refused" {
	local path
	for path in / // /. /../x /a/../../x .. ../x /a/b/.. $'/a\nb' "/$(printf 'a%.0s' {1..5000})"; do
		conf '.linux.cgroupsPath = $p' --arg p "$path"
		refused_container "group"
	done
}

@test "a cgroup with somebody else's processes is not taken" {
	local dir
	dir=$(cgroup_dir unified "/bats-other-$BATS_ROOT_PID")
	mkdir "$dir"
	sleep 600 3>&- &
	OTHER=$!
	echo "$OTHER" >"$dir/cgroup.procs"
	conf '.linux.cgroupsPath = $p' --arg p "/bats-other-$BATS_ROOT_PID"
	refused_container "has processes"
	kill -0 "$OTHER"
	[[ -d $dir ]]
	kill "$OTHER"
	wait "$OTHER" || true
	OTHER=
	# An empty one is.
	background
	ok W delete -f "$ID"
}

@test "memory limits" {
	needs memory
	conf '.linux.resources.memory = {limit: 67108864, reservation: 33554432}'
	background
	[[ $(value memory memory.max memory.limit_in_bytes) == 67108864 ]]
	[[ $(value memory memory.low memory.soft_limit_in_bytes) == 33554432 ]]
	ok W delete -f "$ID"
	conf '.linux.resources.memory = {swap: 1000000}'
	refused_container "linux.resources.memory.swap"
	conf '.linux.resources.memory = {limit: 1000000, swap: 999}'
	refused_container "linux.resources.memory.swap"
	conf '.linux.resources.memory = {limit: -2}'
	refused_container "linux.resources.memory.limit"
}

@test "a hog is killed inside, the caller learns it by the status" {
	needs memory
	conf '.linux.resources.memory = {limit: 33554432} | .process.args = ["sh", "-c", "head -c 200000000 /dev/zero | tail | wc -c; exit 5"]'
	[[ ! -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]] || conf '.linux.resources.memory.swap = 33554432'
	container
	[[ $status == 5 || $status == 137 ]] || shown
	[[ $output != *200000000* ]] || shown
}

@test "the number of processes" {
	needs pids
	conf '.linux.resources.pids = {limit: 20}'
	background 'sleep 600'
	[[ $(value pids pids.max pids.max) == 20 ]]
	call W exec "$ID" sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22; do sleep 20 & done; echo all'
	has "fork"
	(($(W ps -f json "$ID" | jq length) <= 20))
	ok W delete -f "$ID"
	conf '.linux.resources.pids = {limit: -1}'
	background
	[[ $(value pids pids.max pids.max) == max ]]
}

@test "pids: a limit, none, and what 0 means to which version" {
	needs pids
	local row
	for row in '1.2.0 {"limit":7} 7' '1.2.0 {"limit":0} max' '1.3.0 {"limit":0} 1' '1.3.0 {"limit":-1} max' '1.3.0 {} max' '1.2.0 {} max'; do
		read -r version pids wanted <<<"$row"
		conf '.ociVersion = $v | .linux.resources.pids = $p' --arg v "$version" --argjson p "$pids"
		background
		[[ $(value pids pids.max pids.max) == "$wanted" ]] || { echo "$row: $(value pids pids.max pids.max)"; false; }
		ok W delete -f "$ID"
	done
	conf '.ociVersion = "1.3.0" | .linux.resources.pids = {limit: 0}'
	script 'echo alone; true | cat'
	container
	has alone
	has fork
}

@test "cpu shares, quota and period" {
	needs cpu
	conf '.linux.resources.cpu = {shares: 512, quota: 50000, period: 100000}'
	background
	if cgroup_is_v2; then
		[[ $(value cpu cpu.max) == "50000 100000" ]]
		# 10 ^ ((9 * 9 + 125 * 9) / 612 - 7 / 34), rounded up: 512 is 2 ^ 9
		[[ $(value cpu cpu.weight) == 59 ]]
	else
		[[ $(value cpu - cpu.shares) == 512 ]]
		[[ ! -e $(cgroup_dir cpu)/cpu.cfs_quota_us || $(value cpu - cpu.cfs_quota_us) == 50000 ]]
	fi
	ok W delete -f "$ID"
	conf '.linux.resources.cpu = {quota: 1, period: 100000}'
	refused_container "quota"
	conf '.linux.resources.cpu = {period: 999999999}'
	refused_container "period"
}

@test "cpuset" {
	needs cpuset
	conf '.linux.resources.cpu = {cpus: "0", mems: "0"} | .process.args = ["grep", "Cpus_allowed_list", "/proc/self/status"]'
	ok_container
	is $'Cpus_allowed_list:\t0'
	conf '.linux.resources.cpu = {cpus: "0-4000"}'
	refused_container "cpus"
	has "the host has"
	conf '.linux.resources.cpu = {cpus: "nonsense"}'
	refused_container "linux.resources.cpu.cpus"
	conf '.linux.resources.cpu = {mems: "3-1"}'
	refused_container "linux.resources.cpu.mems"
}

@test "v1: a new cpuset has what those above have, from the beginning" {
	local dir=/sys/fs/cgroup/cpuset

	needs cpuset
	[[ -e $dir/cpuset.cpus ]] || skip "no cpuset of v1"
	conf '.linux.cgroupsPath = $path' --arg path "$CGROUP/above/one"
	background
	[[ $(<"$dir$CGROUP/above/one/cpuset.cpus") == "$(<"$dir/cpuset.cpus")" && $(<"$dir$CGROUP/above/one/cpuset.mems") == "$(<"$dir/cpuset.mems")" ]]
	[[ $(<"$dir$CGROUP/above/cgroup.clone_children") == 1 ]]
	mkdir "$dir$CGROUP/above/two"
	[[ $(<"$dir$CGROUP/above/two/cpuset.cpus") == "$(<"$dir/cpuset.cpus")" ]]
	ok W delete -f "$ID"
	remove_cgroups "${CGROUP#/}"
}

@test "block devices" {
	if cgroup_is_v2; then
		needs io
	else
		needs blkio
	fi
	local disk device
	disk=$(lsblk -dnro MAJ:MIN,TYPE 2>/dev/null | awk '$2 == "disk" {print $1; exit}')
	[[ -n $disk ]] || skip "no disk"
	conf '.linux.resources.blockIO = {throttleReadBpsDevice: [{major: $a, minor: $b, rate: 1048576}], throttleWriteIOPSDevice: [{major: $a, minor: $b, rate: 100}]}' \
		--argjson a "${disk%:*}" --argjson b "${disk#*:}"
	cgroup_is_v2 || [[ -e /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device ]] || skip "no throttling in this kernel's blkio"
	background
	if cgroup_is_v2; then
		[[ $(value io io.max) == "$disk rbps=1048576 wbps=max riops=max wiops=100" ]]
	else
		[[ $(value blkio - blkio.throttle.read_bps_device) == "$disk 1048576" ]]
		[[ $(value blkio - blkio.throttle.write_iops_device) == "$disk 100" ]]
	fi
	ok W delete -f "$ID"
	conf '.linux.resources.blockIO = {weight: 5}'
	refused_container "linux.resources.blockIO.weight"
}

@test "device rules" {
	if ! cgroup_is_v2; then
		[[ -d /sys/fs/cgroup/devices && -z $V2_PID ]] || skip "no device controller"
	fi
	all_caps
	script 'mknod /dev/kmsg2 c 1 11 2>&1; [ -e /dev/kmsg2 ] && head -c 0 /dev/kmsg2 2>&1; echo x >/dev/null && echo null; head -c 1 /dev/urandom | wc -c'
	container
	[[ $output == *"Operation not permitted"* ]] || shown
	has $'null\n1'
	conf '.linux.resources.devices += [{allow: true, type: "c", major: 1, minor: 11, access: "rwm"}]'
	container
	[[ $output != *"Operation not permitted"* ]] || shown
}

@test "limits without cgroups are refused, no limits are fine" {
	conf '.linux.resources.devices = []'
	script 'echo fine'
	ok W --cgroup-manager disabled run --bundle "$B" "$ID"
	is fine
	conf '.linux.resources.pids = {limit: 20}'
	refused "cgroups are disabled" W --cgroup-manager disabled run --bundle "$B" "$ID"
	refused "cgroup-manager" W --cgroup-manager nonsense run --bundle "$B" "$ID"
}

@test "v2: limits that this tree can't hold are refused with the controller's name" {
	! cgroup_is_v2 || skip "all controllers are here"
	conf '.linux.resources.pids = {limit: 20}'
	refused_container "pids"
	conf '.linux.resources = {memory: {limit: 1000000000}}'
	refused_container "memory"
}

@test "unified" {
	conf '.linux.resources.unified = {"cgroup.max.descendants": "7"}'
	if cgroup_is_v2; then
		background
		[[ $(cat "$(cgroup_dir unified)/cgroup.max.descendants") == 7 ]]
	else
		call W run -d --bundle "$B" "$ID"
		[[ $status == 0 ]] || has "unified"
	fi
	conf '.linux.resources.unified = {"../x": "7"}'
	refused "unified" W run --bundle "$B" "$ID-2"
}

@test "org.wabe.ctx: what is no context id" {
	local id

	for id in '' abc -1 0 1.5 0x10 ' 7' '7 ' 2147483645 4294967297 99999999999999999999; do
		conf '.annotations["org.wabe.ctx"] = $id' --arg id "$id"
		refused_container "annotations[\"org.wabe.ctx\"]: \"$id\" is no context, which is a number from 1 to 2147483644"
	done
	conf '.annotations = {"org.wabe.ctx.more": "abc"}'
	ok_container
}

@test "org.wabe.ctx.virt: what is no list of views, and views without a context" {
	local views

	for views in '' ' ' 'cpu,' ',cpu' 'cpu,,memory' 'cpu memory' 'cpu 1' CPU '../x'; do
		conf '.annotations = {"org.wabe.ctx": "4711", "org.wabe.ctx.virt": $views}' --arg views "$views"
		refused_container "annotations[\"org.wabe.ctx.virt\"]: \"$views\" is no list of views"
	done
	conf '.annotations = {"org.wabe.ctx.virt": "cpu,memory"}'
	refused_container 'annotations["org.wabe.ctx.virt"]: views are a context'"'"'s, and there is no org.wabe.ctx'
}

# With a context of its own: kernel_ctx.bats.
@test "org.wabe.ctx: refused without cgroups" {
	conf '.annotations["org.wabe.ctx"] = "4711" | del(.linux.resources)'
	refused "annotations[\"org.wabe.ctx\"]: a context is a cgroup, and the container has none" \
		W --cgroup-manager disabled run --bundle "$B" "$ID"
	[[ ! -e $STATE/$ID ]]
}

# As the machine is, and on v2.
without_contexts()
{
	conf '.annotations["org.wabe.ctx"] = "4711" | del(.linux.resources)'
	if [[ -n $V2_PID ]] || cgroup_is_v2; then
		refused_container 'annotations["org.wabe.ctx"]: ctx.id: the ctx controller is not available on this host'
	else
		refused_container 'annotations["org.wabe.ctx"]: unified ctx.id: the host'"'"'s limits are cgroup v1'
	fi
}

@test "org.wabe.ctx: refused by a kernel without contexts" {
	without_contexts
}

@test "v2: org.wabe.ctx: refused by a kernel without contexts" {
	without_contexts
}

@test "v2: children of the guest's own making go with it" {
	conf '.mounts |= map(if .destination == "/sys/fs/cgroup" then .options -= ["ro"] else . end)'
	background 'mkdir -p /sys/fs/cgroup/a/b/c /sys/fs/cgroup/d && echo $$ >/sys/fs/cgroup/a/b/c/cgroup.procs && touch /dev/shm/done; exec sleep 600'
	wait_for W exec "$ID" test -e /dev/shm/done
	[[ $(cat "$(cgroup_dir unified)/a/b/c/cgroup.procs") == "$(pid_of)" ]]
	ok W exec "$ID" true
	ok W delete -f "$ID"
	[[ ! -e $(cgroup_dir unified) ]]
}

@test "the guest sees its cgroup as the root, and nothing above" {
	conf '.process.args = ["sh", "-c", "cat /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/x 2>&1"]'
	container
	has $'0::/\n1\n'
	has "Read-only file system"
	run -1 grep -E ':/.' <<<"$output"
}

@test "a cgroup that is frozen from outside is thawed by delete --force" {
	background
	echo 1 >"$(cgroup_dir unified)/cgroup.freeze"
	wait_for is_status paused "$ID"
	ok W delete --force "$ID"
}
