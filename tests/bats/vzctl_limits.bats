#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest is held to its memory, processes, processor time and disk, and lives on.

# bats file_tags=lab
load helpers

@test "ram: a hog is killed inside, the guest lives" {
	requires memory
	running_guest --ram 64M --swap 0
	run_exit 137 vzctl exec2 "$CT" 'dd if=/dev/zero of=/dev/null bs=256M count=1'
	status_is "exist mounted running"
	inside 'echo alive'
	is alive
}

@test "numproc: a fork bomb stays inside, its neighbour and stop work" {
	requires pids
	running_guest --numproc 40
	run_ok vzctl create 102
	run_ok vzctl start 102
	alone=$(fastest_exec)
	# The guest's shell gives up when it can't fork; what it made stays.
	vzctl exec "$CT" 'b() { while :; do sleep 600 & done; }; b & b & b & sleep 600' >/dev/null 2>&1 3>&- &
	bomb=$!
	wait_for is_full
	run_ok vzctl exec2 102 'sh -c "echo a | cat"'
	is a
	beside=$(fastest_exec)
	# An order of magnitude: who else is busy on this machine counts as well.
	((beside <= 10 * alone + 200)) || { echo "a command in the neighbour: $alone ms alone, $beside ms beside the bomb"; false; }
	(($(cgroup_value pids pids.current pids.current) <= 40))
	SECONDS=0
	run_ok vzctl stop "$CT" --fast
	((SECONDS < 30))
	status_is "exist unmounted down"
	wait "$bomb" || true
}

# Milliseconds of a command in guest 102, the best of a few.
fastest_exec()
{
	local i begin took best=100000

	for i in 1 2 3 4 5; do
		begin=${EPOCHREALTIME/./}
		vzctl exec2 102 true
		took=$(((${EPOCHREALTIME/./} - begin) / 1000))
		((took >= best)) || best=$took
	done
	echo "$best"
}

# The shells that gave up are gone again.
is_full()
{
	(($(cgroup_value pids pids.current pids.current) >= 34))
}

@test "numproc: stop without --fast ends too, though nothing can be forked inside" {
	requires pids
	running_guest --numproc 20 --stop-timeout 3
	vzctl exec "$CT" 'i=0; while [ $i -lt 100 ]; do sleep 600 & i=$((i+1)); done; sleep 600' >/dev/null 2>&1 3>&- &
	bomb=$!
	wait_for at_limit
	run_ok vzctl stop "$CT"
	status_is "exist unmounted down"
	wait "$bomb" || true
}

@test "numproc: more than there can be is as many as there can be" {
	requires pids
	running_guest --numproc 5000000
	[[ $(cgroup_value pids pids.max pids.max) == 4194304 ]]
	run_ok vzctl set "$CT" --numproc 6000000 --save
	[[ $(cgroup_value pids pids.max pids.max) == 4194304 ]]
}

at_limit()
{
	(($(cgroup_value pids pids.current pids.current) >= 19))
}

@test "cpulimit: a busy loop gets its share and no more" {
	requires cpu
	local before after

	running_guest --cpulimit 20
	vzctl exec "$CT" 'while :; do :; done' >/dev/null 2>&1 3>&- &
	busy=$!
	sleep 1
	before=$(cpu_us)
	sleep 3
	after=$(cpu_us)
	run_ok vzctl stop "$CT" --fast
	wait "$busy" || true
	# 20 % of 3 s are 0.6 s; half more for what the sleep takes longer.
	((after - before < 1200000))
}

cpu_us()
{
	if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
		sed -n 's/^usage_usec //p' "/sys/fs/cgroup$CGROUP/$CT/cpu.stat"
	else
		echo $(($(cat "/sys/fs/cgroup/cpuacct$CGROUP/$CT/cpuacct.usage") / 1000))
	fi
}

@test "no project quota: the guest starts, and one line says why there is no limit" {
	! has_quota || skip "the filesystem has project quota"
	guest --diskspace 10M:10M
	has "disk quota is not enforced"
	run_ok vzctl start "$CT"
	[[ $(grep -c "disk quota is not enforced" <<<"$output") == 1 ]]
	run_ok vzctl stop "$CT" --fast
	sed -i 's/^DISKSPACE/DISK_QUOTA="no"\n&/' "$VZ/conf/$CT.conf"
	run_ok vzctl start "$CT"
	hasnt quota
}

@test "diskspace: writing stops, df agrees, the rest goes on" {
	requires quota
	running_guest --diskspace 20M:20M
	inside 'df -k / | tail -1'
	read -r _ size _ avail _ <<<"$output"
	((size == 20480 && avail > 18000))
	call vzctl exec2 "$CT" 'dd if=/dev/zero of=/big bs=1M count=40'
	[[ $status != 0 ]]
	inside 'df -k / | tail -1; rm /big; echo text >/root/file; cat /root/file'
	read -r _ size used _ <<<"${output%%$'\n'*}"
	((size == 20480 && used > 19000))
	[[ $output == *text ]]
	# More, at once.
	run_ok vzctl set "$CT" --diskspace 40M:40M --save
	inside 'dd if=/dev/zero of=/big bs=1M count=30 2>/dev/null; df -k / | tail -1'
	[[ $output == *40960* ]]
	run_ok vzctl restart "$CT" --fast
	inside 'df -k / | tail -1'
	[[ $output == *40960* ]]
}

@test "diskinodes: files stop, enter and stop work" {
	requires quota
	running_guest --diskinodes 500:500
	call vzctl exec2 "$CT" 'i=0; while touch /root/f$i 2>/dev/null; do i=$((i+1)); [ $i -lt 2000 ] || break; done; echo $i'
	((output > 300 && output < 500))
	inside true
	run_ok vzctl stop "$CT"
}

@test "a private area from elsewhere gets its quota at start" {
	requires quota
	guest --diskspace 20M:20M
	cp -a "$VZ/private/$CT" "$VZ/private/copy"
	rm -r "${VZ:?}/private/$CT"
	mv "$VZ/private/copy" "$VZ/private/$CT"
	run_ok vzctl start "$CT"
	inside 'df -k / | tail -1'
	[[ $output == *20480* ]]
}

@test "lxcfs: free shows the guest's own memory" {
	requires memory lxcfs
	running_guest --ram 100M
	inside 'grep MemTotal /proc/meminfo'
	[[ $output == *" 102400 kB" ]]
}

@test "lxcfs: the guest sees the processors that it may use" {
	requires cpuset lxcfs
	[[ -e /var/lib/lxcfs/sys/devices/system/cpu/online ]] || skip "needs lxcfs with a view of /sys"
	running_guest --cpumask 0
	inside 'cat /sys/devices/system/cpu/online; grep -c ^processor /proc/cpuinfo'
	is $'0\n1'
}
