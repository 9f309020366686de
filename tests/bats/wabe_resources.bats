#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# linux.resources beyond what wabe_cgroups.bats has: weights, bursts, huge pages, network classes, the unified map; each is
# written where the host has it, and refused by name where it hasn't.

# bats file_tags=lab:long
load oci

# Number of a whole disk.
find_disk()
{
	local disk

	disk=$(lsblk -dnro MAJ:MIN,TYPE 2>/dev/null | awk '$2 == "disk" {print $1; exit}')
	[[ -n $disk ]] || skip "no disk"
	MAJOR=${disk%:*} MINOR=${disk#*:}
}

@test "cpu: burst and idle from the start" {
	needs cpu
	[[ $(cgroup_is_v2 && echo v2) == v2 || -e /sys/fs/cgroup/cpu/cpu.cfs_burst_us ]] || skip "no cpu bursts"
	conf '.linux.resources.cpu = {quota: 50000, period: 100000, burst: 20000}'
	background
	[[ $(value cpu cpu.max.burst cpu.cfs_burst_us) == 20000 ]]
	ok W delete -f "$ID"
	conf '.linux.resources.cpu = {idle: 1, shares: 512}'
	background
	[[ $(value cpu cpu.idle cpu.idle) == 1 ]]
	ok W delete -f "$ID"
	conf '.linux.resources.cpu = {quota: 50000, period: 100000, burst: 60000}'
	refused_container "burst"
	conf '.linux.resources.cpu = {idle: 2}'
	refused_container "linux.resources.cpu.idle"
}

@test "memory: limit and swap together from the start" {
	needs memory
	cgroup_is_v2 || [[ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]] || skip "swap is not accounted"
	conf '.linux.resources.memory = {limit: 67108864, swap: 67108864}'
	background
	[[ $(value memory memory.swap.max memory.memsw.limit_in_bytes) == $(cgroup_is_v2 && echo 0 || echo 67108864) ]]
	ok W delete -f "$ID"
	conf '.linux.resources.memory = {limit: 67108864, swap: -1}'
	background
	[[ $(value memory memory.swap.max memory.memsw.limit_in_bytes) == $(cgroup_is_v2 && echo max || echo 9223372036854771712) ]]
}

@test "disks: weights of all and of one, every throttle" {
	if cgroup_is_v2; then
		needs io
	else
		needs blkio
	fi
	find_disk
	local program='.linux.resources.blockIO = {
		throttleReadBpsDevice: [{major: $a, minor: $b, rate: 1000000}], throttleWriteBpsDevice: [{major: $a, minor: $b, rate: 2000000}],
		throttleReadIOPSDevice: [{major: $a, minor: $b, rate: 30}], throttleWriteIOPSDevice: [{major: $a, minor: $b, rate: 40}]}'
	conf "$program" --argjson a "$MAJOR" --argjson b "$MINOR"
	if cgroup_is_v2 || [[ -e /sys/fs/cgroup/blkio/blkio.throttle.read_bps_device ]]; then
		background
		if cgroup_is_v2; then
			[[ $(value io io.max) == "$MAJOR:$MINOR rbps=1000000 wbps=2000000 riops=30 wiops=40" ]]
		else
			[[ $(value blkio - blkio.throttle.read_bps_device) == "$MAJOR:$MINOR 1000000" ]]
			[[ $(value blkio - blkio.throttle.write_bps_device) == "$MAJOR:$MINOR 2000000" ]]
			[[ $(value blkio - blkio.throttle.read_iops_device) == "$MAJOR:$MINOR 30" ]]
			[[ $(value blkio - blkio.throttle.write_iops_device) == "$MAJOR:$MINOR 40" ]]
		fi
		# 0 takes one away; the others stay.
		jq -n '{blockIO: {throttleReadBpsDevice: [{major: $a, minor: $b, rate: 0}]}}' --argjson a "$MAJOR" --argjson b "$MINOR" >"$T/r.json"
		ok W update -r "$T/r.json" "$ID"
		if cgroup_is_v2; then
			[[ $(value io io.max) == "$MAJOR:$MINOR rbps=max wbps=2000000 riops=30 wiops=40" ]]
		else
			[[ -z $(value blkio - blkio.throttle.read_bps_device) && -n $(value blkio - blkio.throttle.read_iops_device) ]]
		fi
		ok W delete -f "$ID"
	fi
	conf '.linux.resources.blockIO = {weight: 500, weightDevice: [{major: $a, minor: $b, weight: 300}]}' --argjson a "$MAJOR" --argjson b "$MINOR"
	call W run -d --bundle "$B" "$ID"
	if [[ $status != 0 ]]; then
		has "weight"
		has "linux.resources"
	elif cgroup_is_v2 && [[ -e $(cgroup_dir io)/io.weight ]]; then
		# 1 + (500 - 10) * 9999 / 990
		[[ $(value io io.weight) == $'default 4950\n'"$MAJOR:$MINOR 2930" ]]
	fi
	ok W delete -f "$ID"
	conf '.linux.resources.blockIO = {throttleReadBpsDevice: [{major: 4000, minor: 77, rate: 5}]}'
	refused_container "the host has no block device 4000:77"
	conf '.linux.resources.blockIO = {leafWeight: 500}'
	if cgroup_is_v2; then
		refused_container "blockIO.leafWeight: only cgroup v1"
	else
		refused_container "blkio.leaf_weight"
	fi
}

@test "huge pages: each size the host has; another one is refused with those" {
	needs hugetlb
	local pages
	pages=$(find /sys/kernel/mm/hugepages -name 'hugepages-2048kB')
	[[ -n $pages ]] || skip "no huge pages of 2 MB"
	conf '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	background
	[[ $(value hugetlb hugetlb.2MB.max hugetlb.2MB.limit_in_bytes) == 4194304 ]]
	ok W delete -f "$ID"
	conf '.linux.resources.hugepageLimits = [{pageSize: "3MB", limit: 3145728}]'
	refused_container "hugetlb.3MB"
	has "2048kB"
}

@test "the unified map: any file of a controller; what isn't there is refused" {
	if ! cgroup_is_v2; then
		conf '.linux.resources.unified = {"memory.max": "60000000"}'
		refused_container "unified memory.max"
		return
	fi
	needs memory
	conf '.linux.resources.unified = {"memory.max": "60000000", "memory.oom.group": "1", "pids.max": "33", "cpu.weight.nice": "5"}'
	background
	[[ $(value memory memory.max) == 59998208 && $(value memory memory.oom.group) == 1 ]]
	[[ $(value pids pids.max) == 33 && $(value cpu cpu.weight.nice) == 5 ]]
	ok W delete -f "$ID"
	conf '.linux.resources.unified = {"memory.nonsense": "1"}'
	refused_container "memory.nonsense"
	conf '.linux.resources.unified = {"nonsense.max": "1"}'
	refused_container "nonsense controller is not available"
	conf '.linux.resources.unified = {"memory.max": "-5"}'
	refused_container "memory.max"
	conf '.linux.resources.unified = {"cgroup.procs": "1"}'
	refused_container 'linux.resources.unified["cgroup.procs"]'
}

@test "network class and priorities on a host with net_cls and net_prio" {
	local mnt=$T/v1
	[[ ${WABE_LAB-} ]] || skip "runs in the lab only: the kernel here has neither"
	# A hybrid host as the runtime sees it: the tree of v2 in "unified", and v1's two controllers beside it.
	mkdir "$mnt"
	unshare -m --propagation private sh -c "mount -t tmpfs none $mnt && mkdir $mnt/unified $mnt/net_cls $mnt/net_prio &&
		mount --move /sys/fs/cgroup $mnt/unified && mount -t cgroup -o net_cls none $mnt/net_cls &&
		mount -t cgroup -o net_prio none $mnt/net_prio && mount --move $mnt /sys/fs/cgroup && echo ready && exec sleep 600" >"$T/v2" 2>&1 3>&- &
	V2_PID=$!
	wait_for grep -q ready "$T/v2"
	ENTER=(nsenter "--mount=/proc/$V2_PID/ns/mnt")
	conf '.linux.resources.network = {classID: 1048577, priorities: [{name: "lo", priority: 3}]}'
	background
	[[ $("${ENTER[@]}" cat "/sys/fs/cgroup/net_cls$CGROUP/net_cls.classid") == 1048577 ]]
	[[ $("${ENTER[@]}" cat "/sys/fs/cgroup/net_prio$CGROUP/net_prio.ifpriomap") == *"lo 3"* ]]
	[[ $("${ENTER[@]}" cat "/sys/fs/cgroup/net_cls$CGROUP/cgroup.procs") == "$(pid_of)" ]]
	echo '{"network": {"classID": 7}}' >"$T/r.json"
	ok W update -r "$T/r.json" "$ID"
	[[ $("${ENTER[@]}" cat "/sys/fs/cgroup/net_cls$CGROUP/net_cls.classid") == 7 ]]
	ok W delete -f "$ID"
	"${ENTER[@]}" rmdir /sys/fs/cgroup/net_{cls,prio}/wabe || true
}
