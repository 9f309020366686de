#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl set and create: memory guarantees, processors and nodes, disk bandwidth, counters: at creation, in a running guest, and what
# this host can't do is said.

# bats file_tags=lab
load helpers

is_v2()
{
	[[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]]
}

# The cgroup above the guests.
base_value()
{
	cat "/sys/fs/cgroup$CGROUP/$1"
}

# The whole disk behind the private areas, "254:0", empty where there is none.
disk_of_private()
{
	local dev

	dev=/sys/dev/block/$(mountpoint -d "$(findmnt -no TARGET -T "$VZ")")

	[[ -d $dev ]] || return 0
	[[ ! -e $dev/partition ]] || dev=$dev/..
	cat "$dev/dev"
}

requires_disk()
{
	disk=$(disk_of_private)
	[[ -n $disk ]] || skip "needs a block device behind the private areas"
	has_controller io || has_controller blkio || skip "needs the cgroup controller io"
}

@test "a barrier of physpages slows down before the limit" {
	requires memory
	running_guest --physpages 64M:128M
	if is_v2; then
		[[ $(cgroup_value memory memory.high) == 67108864 ]]
		run_ok vzctl set "$CT" --ram 128M
		[[ $(cgroup_value memory memory.high) == max ]]
		run_ok vzctl set "$CT" --reset_ub
		[[ $(cgroup_value memory memory.high) == 67108864 ]]
	else
		has "the barrier of PHYSPAGES is not enforced: cgroup v1 has no memory.high"
		[[ $(cgroup_value memory memory.max memory.limit_in_bytes) == 134217728 ]]
	fi
}

@test "vmguarpages and oomguarpages guarantee memory, and the cgroup above passes it on" {
	requires memory
	running_guest --ram 256M --vmguarpages 32M --oomguarpages 16M:unlimited
	if ! is_v2; then
		has "OOMGUARPAGES is not enforced: cgroup v1"
		[[ $(cgroup_value memory - memory.soft_limit_in_bytes) == 33554432 ]]
		run_ok vzctl set "$CT" --vmguarpages 0
		(($(cgroup_value memory - memory.soft_limit_in_bytes) > 1 << 40))
		return
	fi
	[[ $(cgroup_value memory memory.low) == 33554432 && $(cgroup_value memory memory.min) == 16777216 ]]
	[[ $(base_value memory.low) == 33554432 && $(base_value memory.min) == 16777216 ]]
	run_ok vzctl create 102 --vmguarpages 8M
	run_ok vzctl start 102
	[[ $(base_value memory.low) == 41943040 && $(base_value memory.min) == 16777216 ]]
	# Never more than the guest may have, and none again.
	run_ok vzctl set "$CT" --vmguarpages unlimited
	[[ $(cgroup_value memory memory.low) == 268435456 && $(base_value memory.low) == 276824064 ]]
	run_ok vzctl set "$CT" --vmguarpages 0 --oomguarpages 0
	[[ $(cgroup_value memory memory.low) == 0 && $(base_value memory.low) == 8388608 && $(base_value memory.min) == 0 ]]
	# One that ends by itself counts no more for the next one, whoever cleans up after it and when.
	run_ok vzctl create 103 --vmguarpages 4M
	kill -9 "$(readlink "$VZ/root/102" | grep -oE '[0-9]+')"
	wait_for is_down 102
	run_ok vzctl start 103
	[[ $(base_value memory.low) == 4194304 ]]
	run_ok vzctl stop 103 --fast
	run_ok vzctl stop 102 --fast
	[[ $(base_value memory.low) == 0 ]]
}

is_down()
{
	[[ $(vzctl status "$1") == *" down" ]]
}

@test "cpumask and nodemask, at creation and at once" {
	requires cpuset
	running_guest --cpumask 0 --nodemask 0
	[[ $(cgroup_value cpuset cpuset.cpus cpuset.cpus) == 0 && $(cgroup_value cpuset cpuset.mems cpuset.mems) == 0 ]]
	inside "sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status"
	is 0
	run_ok vzctl set "$CT" --cpumask all --save
	inside "sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status"
	is "$(cat /sys/devices/system/cpu/online)"
	run_ok vzctl set "$CT" --cpumask auto
	inside "sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status"
	is "$(cat /sys/devices/system/node/node0/cpulist)"
	[[ $(key CPUMASK) == all && $(key NODEMASK) == 0 ]]
}

@test "processors and nodes that the host lacks are refused, and nothing changes" {
	requires cpuset
	running_guest
	cp "$VZ/conf/$CT.conf" "$T/conf"
	run_exit 21 vzctl set "$CT" --cpumask 0,8000 --numproc 77 --save
	has "CPUMASK 0,8000: the host has CPUs "
	run_exit 21 vzctl set "$CT" --nodemask 900 --save
	has "NODEMASK 900: the host has memory nodes "
	cmp "$T/conf" "$VZ/conf/$CT.conf"
	[[ $(cgroup_value pids pids.max pids.max) == 4096 ]]
	run_exit 21 vzctl create 102 --cpumask 8000
	status_is "deleted unmounted down" 102
	# A file from a larger host.
	run_ok vzctl stop "$CT" --fast
	echo 'CPUMASK="8000"' >>"$VZ/conf/$CT.conf"
	run_exit 21 vzctl start "$CT"
	status_is "exist unmounted down"
}

@test "iolimit and iopslimit are on the device behind the private area, all keys" {
	requires_disk
	running_guest --iolimit 7M --iopslimit 900
	if is_v2; then
		[[ $(cgroup_value io io.max) == "$disk rbps=7340032 wbps=7340032 riops=900 wiops=900" ]]
		run_ok vzctl set "$CT" --iolimit 0
		[[ $(cgroup_value io io.max) == "$disk rbps=max wbps=max riops=900 wiops=900" ]]
		run_ok vzctl set "$CT" --iolimit 0 --iopslimit 0
		[[ $(cgroup_value io io.max) != *=[0-9]* ]]
	else
		[[ $(cgroup_value blkio - blkio.throttle.write_bps_device) == "$disk 7340032" ]]
		[[ $(cgroup_value blkio - blkio.throttle.read_bps_device) == "$disk 7340032" ]]
		[[ $(cgroup_value blkio - blkio.throttle.write_iops_device) == "$disk 900" ]]
		[[ $(cgroup_value blkio - blkio.throttle.read_iops_device) == "$disk 900" ]]
		run_ok vzctl set "$CT" --iolimit 0 --iopslimit 0
		[[ -z $(cat "/sys/fs/cgroup/blkio$CGROUP/$CT"/blkio.throttle.{read,write}_{bps,iops}_device) ]]
	fi
}

@test "iolimit bites" {
	requires_disk
	local start

	running_guest --iolimit 2M
	start=$(date +%s%N)
	inside 'dd if=/dev/zero of=/root/big bs=64k count=96 oflag=direct 2>/dev/null'
	# 6 MB at 2 MB a second; the first may go before the limit counts.
	(($(date +%s%N) - start > 1800000000))
}

@test "a guest whose writes wait for its iolimit can be stopped" {
	requires_disk
	local start

	running_guest --iolimit 10K
	inside 'dd if=/dev/zero of=/root/big bs=1M count=20 oflag=direct >/dev/null 2>&1 & sleep 0.5'
	start=$(date +%s)
	run_ok vzctl stop "$CT" --fast
	(($(date +%s) - start < 8))
}

@test "what has no block device can't be limited, and that is said, once" {
	has_controller io || has_controller blkio || skip "needs the cgroup controller io"
	mkdir "$VZ/small"
	mount -t tmpfs -o size=64m none "$VZ/small"
	# Without a user namespace: not every kernel's tmpfs can be idmapped.
	guest --private "$VZ/small/\$VEID" --iolimit 1M --local_uid 0
	call vzctl start "$CT"
	vzctl stop "$CT" --fast >/dev/null
	vzctl destroy "$CT" >/dev/null
	umount "$VZ/small"
	rmdir "$VZ/small"
	[[ $status == 0 && $(grep -c 'IOLIMIT.* not enforced' <<<"$output") == 1 ]]
	has "without a block device"
}

@test "ioprio is a weight, where the kernel has any" {
	requires_disk
	running_guest --ioprio 7
	if [[ $output == *"IOPRIO is not enforced"* ]]; then
		has "neither iocost nor BFQ"
	elif is_v2 && [[ -e /sys/fs/cgroup$CGROUP/$CT/io.weight ]]; then
		(($(cgroup_value io io.weight | sed -n 's/^default //p') > 700))
	elif is_v2; then
		(($(cgroup_value io io.bfq.weight | sed -n 's/^default //p') > 50))
	else
		[[ $(cgroup_value blkio - blkio.bfq.weight) == 800 ]]
	fi
	run_exit 21 vzctl set "$CT" --ioprio 8
	has "--ioprio"
}

@test "counters: what a stock kernel can is enforced, the rest is kept and said" {
	guest --numpty 6 --numsiginfo 100 --lockedpages 256 --numfile 900 --numflock 10:20
	has "--numfile is kept, but not enforced by this kernel"
	has "--numflock is kept"
	hasnt --numpty
	hasnt --lockedpages
	run_ok vzctl start "$CT"
	inside 'ulimit -l; grep -w pending /proc/self/limits; grep devpts /proc/self/mountinfo'
	[[ ${output%%$'\n'*} == 1024 ]]
	has "max=6"
	[[ $output =~ "pending signals"\ +100\ +100 ]]
	run_ok vzctl set "$CT" --lockedpages 512 --save
	has "--setmode"
	run_ok vzctl set "$CT" --lockedpages 512 --save --setmode restart
	inside 'ulimit -l'
	is 2048
}
