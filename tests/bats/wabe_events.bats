#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# wabe events: the document of --stats has runc's members with the cgroup's numbers, a document an interval, oom events, the end.

# bats file_tags=lab:long
load oci

# The jq program $1 holds for the document in $output.
stat_is()
{
	jq -e "$1" <<<"$output" >/dev/null || { echo "not so: $1"; shown; }
}

# `wabe events` in the background with the given options, into $T/events; ended by more_teardown.
follow()
{
	timeout 100 "${ENTER[@]}" "$WABE" --root "$STATE" events "$@" "$ID" >"$T/events" 2>"$T/errors" 3>&- &
	FOLLOWER=$!
}

more_teardown()
{
	[[ -z ${FOLLOWER-} ]] || kill "$FOLLOWER" 2>/dev/null || true
}

@test "--stats: one document with every member that runc's has" {
	background
	ok W events --stats "$ID"
	[[ $(wc -l <<<"$output") == 1 ]] || shown
	stat_is ".type == \"stats\" and .id == \"$ID\""
	stat_is '.data | keys == ["blkio", "cpu", "cpuset", "hugetlb", "intel_rdt", "memory", "network_interfaces", "pids"]'
	stat_is '.data.cpu.usage | has("kernel") and has("user")'
	stat_is '.data.cpu | has("throttling")'
	stat_is '.data.cpuset | has("cpu_exclusive") and has("sched_relax_domain_level")'
	stat_is '.data.memory | (.usage, .swap, .kernel, .kernelTCP) | has("limit") and has("failcnt")'
	stat_is '.data.network_interfaces == []'
	stat_is '[.. | numbers | select(. < -1)] == []'
}

@test "the numbers are the cgroup's" {
	needs memory
	needs pids
	needs cpuset
	conf '.linux.resources += {memory: {limit: 67108864}, pids: {limit: 20}, cpu: {cpus: "0"}}'
	background 'head -c 5000000 /dev/zero >/dev/shm/five; sleep 600 & i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; touch /dev/shm/done; wait'
	wait_for W exec "$ID" test -e /dev/shm/done
	ok W events --stats "$ID"
	stat_is '.data.pids == {current: 2, limit: 20}'
	stat_is '.data.memory.usage | .limit == 67108864 and .usage > 5000000 and .usage < 67108864'
	stat_is '.data.memory | .raw.shmem >= 5000000 and .cache >= 5000000'
	stat_is '.data.cpuset.cpus == [0] and .data.cpuset.mems == [0]'
	# Nanoseconds, both: v1 counts user time in ticks that it finds somebody at work, so that it may be above the total.
	stat_is '.data.cpu.usage | .total > 1000000 and .total < 100000000000 and .user <= .total * 10 + 1000000000'
	cgroup_is_v2 || stat_is '.data.cpu.usage | (.percpu | length > 0 and add <= .[0] + 100000000000)'
	ok W update --memory -1 --pids-limit -1 "$ID"
	ok W events --stats "$ID"
	stat_is '.data.memory.usage.limit > 9000000000000000000'
	stat_is '.data.pids | has("limit") | not'
}

@test "throttling is counted" {
	needs cpu
	[[ $(cgroup_is_v2 && echo v2) == v2 || -e /sys/fs/cgroup/cpu/cpu.cfs_quota_us ]] || skip "no cpu bandwidth control"
	conf '.linux.resources.cpu = {quota: 5000, period: 100000}'
	background 'while :; do :; done'
	throttled()
	{
		W events --stats "$ID" | jq -e '.data.cpu.throttling | .periods >= 2 and .throttledPeriods >= 2 and .throttledTime > 1000000' >/dev/null
	}
	wait_for throttled
}

@test "disks and pressure, where the host counts them" {
	background
	ok W events --stats "$ID"
	if cgroup_is_v2 || [[ -n $V2_PID ]]; then
		if [[ -e $(cgroup_dir unified)/cpu.pressure ]] && cat "$(cgroup_dir unified)/cpu.pressure" >/dev/null 2>&1; then
			stat_is '.data | (.cpu, .memory, .blkio) | .psi.some | has("avg10") and has("avg60") and has("avg300") and has("total")'
		fi
	else
		[[ ! -e /sys/fs/cgroup/blkio/blkio.throttle.io_serviced_recursive ]] ||
			stat_is '.data.blkio | has("ioServiceBytesRecursive") and has("ioServicedRecursive")'
	fi
}

@test "bytes read from a disk are under its number" {
	[[ ${WABE_LAB-} ]] || skip "runs in the lab only"
	local data=/var/lib/vz/$ID # on a disk of its own; /tmp is memory there
	mkdir "$data"
	head -c 3000000 /dev/urandom >"$data/data"
	sync
	echo 3 >/proc/sys/vm/drop_caches
	conf '.mounts += [{destination: "/mnt", source: $d, options: ["bind", "ro"]}]' --arg d "$data"
	background 'cat /mnt/data | wc -c >/dev/shm/done; exec sleep 600'
	wait_for W exec "$ID" test -s /dev/shm/done
	ok W events --stats "$ID"
	stat_is '[.data.blkio.ioServiceBytesRecursive[] | select(.op == "Read") | .value // 0] | add >= 3000000'
	stat_is '[.data.blkio.ioServicedRecursive[] | select(.op == "Read") | .value // 0] | add >= 1'
}

@test "huge pages, where there are some" {
	needs hugetlb
	background
	ok W events --stats "$ID"
	stat_is '.data.hugetlb | length > 0 and all(.[]; has("failcnt") and has("usage"))'
}

@test "interfaces of the container's own network are listed, the host's are not" {
	background
	nsenter --target "$(pid_of)" --net ip link add bats0 type dummy 2>/dev/null || skip "runs in the lab only: no dummy interfaces here"
	ok W events --stats "$ID"
	stat_is '.data.network_interfaces | length == 1 and .[0].Name == "bats0" and .[0].RxBytes == 0 and (.[0] | has("TxDropped"))'
	ok W delete --force "$ID"
	conf 'del(.linux.namespaces[] | select(.type == "network")) | .mounts |= map(select(.type != "sysfs"))'
	background
	ok W events --stats "$ID"
	stat_is '.data.network_interfaces == null'
}

@test "a document every interval, until the container ends" {
	background
	follow --interval 300ms
	lines()
	{
		(($(wc -l <"$T/events") >= $1))
	}
	wait_for lines 3
	ok W kill "$ID" KILL
	wait "$FOLLOWER"
	FOLLOWER=
	! grep -v 'warning: no oom events' "$T/errors" || return 1
	[[ $(jq -r .type "$T/events" | sort -u) == stats && $(jq -r .id "$T/events" | sort -u) == "$ID" ]]
}

@test "it ends with a container that is deleted by force, and at once when there is none" {
	background
	follow --interval 1h
	sleep 0.5
	ok W delete --force "$ID"
	wait "$FOLLOWER"
	FOLLOWER=
	[[ ! -s $T/events ]]
	refused "does not exist" W events "$ID"
	script true
	ok W create --bundle "$B" "$ID"
	ok W start "$ID"
	wait_for is_status stopped "$ID"
	refused "not running" W events "$ID"
	refused "not running" W events --stats "$ID"
}

@test "an oom event when the kernel kills in it" {
	needs memory
	conf '.linux.resources.memory = {limit: 33554432, swap: 33554432}'
	if ! cgroup_is_v2; then
		[[ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]] || conf 'del(.linux.resources.memory.swap)'
		[[ -e /sys/fs/cgroup/memory/cgroup.event_control ]] || skip "no eventfds in this kernel's memory controller"
	fi
	background 'exec >/dev/null 2>&1; while [ ! -e /dev/shm/go ]; do sleep 0.2; done; head -c 200000000 /dev/zero | tail | wc -c; exec sleep 600'
	follow --interval 1h
	sleep 1
	ok_inside 'touch /dev/shm/go'
	wait_for grep -q oom "$T/events"
	[[ $(head -n 1 "$T/events") == "{\"type\":\"oom\",\"id\":\"$ID\"}" ]]
	ok W events --stats "$ID"
	stat_is '.data.memory.usage.max > 30000000'
}

@test "what is no interval is refused" {
	background
	local value
	for value in "" 0 0s 5 -1s 5x 1.5s s "5s " 99999999999s 1000000h ms; do
		refused "--interval" W events --interval "$value" "$ID"
	done
	refused "usage: wabe events" W events
}
