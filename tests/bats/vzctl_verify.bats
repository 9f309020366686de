#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl verify: each limit that is set is tried from inside, and what doesn't hold is found.

# bats file_tags=lab
load helpers

# The row of key $1 says $2 ("proven").
row()
{
	grep -qE "^$1 .* $2( |\$)" <<<"$output" || { echo "no row $1 ... $2"; shown; }
}

# A file of the guest's cgroup, written past vzctl: $1 controller, $2 file on v2, $3 on v1, $4 value.
overwrite()
{
	if [[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]]; then
		echo "$4" >"/sys/fs/cgroup$CGROUP/$CT/$2"
	else
		echo "$4" >"/sys/fs/cgroup/$1$CGROUP/$CT/$3"
	fi
}

@test "every limit that is set is proven, and the guest lives on" {
	requires memory pids cpu cpuset
	local before

	running_guest --physpages 0:64M --swap 0 --numproc 50 --cpulimit 20 --cpumask 0 --nodemask 0 --vmguarpages 8M \
		--numpty 5 --numsiginfo 100 --lockedpages 256 --numfile 100 --kmemsize 10M
	before=$(vzctl exec "$CT" 'sleep 1000 >/dev/null 2>&1 & echo $!')
	run_ok vzctl verify "$CT"
	for key in PHYSPAGES NUMPROC CPULIMIT CPUMASK NODEMASK LOCKEDPAGES NUMSIGINFO NUMPTY; do
		row "$key" proven
	done
	[[ $output == *"no more than $((256 * 4096))"* ]] || shown
	row VMGUARPAGES "in force"
	row NUMFILE "not here"
	row KMEMSIZE "not here"
	hasnt FAILED
	hasnt BOOTORDER
	inside "kill -0 $before; ls -A / | grep verify || true"
	is ''
	(($(cgroup_value pids pids.current pids.current) < 10))
}

@test "a limit that is gone is found" {
	requires memory pids cpu
	running_guest --numproc 50 --cpulimit 20 --ram 64M --swap 0 --cpuunits 500
	overwrite pids pids.max pids.max max
	overwrite cpu cpu.max cpu.cfs_quota_us "$([[ -e /sys/fs/cgroup/cgroup.controllers ]] && echo max || echo -1)"
	run_exit 35 vzctl verify "$CT"
	row NUMPROC FAILED
	row CPULIMIT FAILED
	row PHYSPAGES proven
	row CPUUNITS "in force"
	has "2 limits could not be proven"
}

@test "a barrier of memory slows down" {
	requires memory cgroup_v2
	running_guest --physpages 32M:256M
	run_ok vzctl verify "$CT"
	row PHYSPAGES proven
	has "slowed from 32 MB on"
}

@test "disk bandwidth and operations are measured" {
	local dev

	dev=/sys/dev/block/$(mountpoint -d "$(findmnt -no TARGET -T "$VZ")")
	[[ -d $dev ]] || skip "needs a block device behind the private areas"
	has_controller io || has_controller blkio || skip "needs the cgroup controller io"
	running_guest --iolimit 2M --iopslimit 80
	run_ok vzctl verify "$CT"
	row IOLIMIT "(proven|not here)"
	row IOPSLIMIT "(proven|not here)"
	[[ -n ${WABE_LAB-} ]] || row IOLIMIT proven
	# What was measured is not above.
	[[ $output =~ ([0-9]+)" KB a second" ]] && ((BASH_REMATCH[1] <= 2048 * 5 / 4 + 2))
	[[ $output =~ ([0-9]+)" operations a second" ]] && ((BASH_REMATCH[1] <= 102))
}

@test "devices, capabilities, features and packet filters are tried" {
	[[ -c /dev/fuse && -c /dev/net/tun ]] || skip "needs /dev/fuse and /dev/net/tun"
	running_guest --devnodes fuse:r --capability net_raw:off --features tun:on --netfilter disabled
	run_ok vzctl verify "$CT"
	for key in DEVNODES CAPABILITY FEATURES NETFILTER; do
		row "$key" proven
	done
	# As configured it isn't, until it is started again.
	run_ok vzctl set "$CT" --capability chown:off --save
	run_exit 35 vzctl verify "$CT"
	row CAPABILITY FAILED
}

@test "disk space and files are filled, and free again" {
	requires quota
	running_guest --diskspace 40M:40M --diskinodes 600:600
	run_ok vzctl verify "$CT"
	row DISKSPACE proven
	row DISKINODES proven
	inside 'df -k / | tail -1; ls -A / | grep verify || true'
	read -r _ _ _ avail _ <<<"$output"
	((avail > 30000))
	hasnt verify
}

@test "a guest that is down can't be verified; words are refused" {
	guest
	run_exit 31 vzctl verify "$CT"
	run_exit 14 vzctl verify 999
	run_exit 20 vzctl verify "$CT" word
}
