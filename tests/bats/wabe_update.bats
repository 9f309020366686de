#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# wabe update: what it writes, what it keeps for the next one, what it refuses. As in wabe_cgroups.bats, limits are looked at
# where this host has them.

# bats file_tags=lab:long
load oci

# The file $2 (v2) or $3 (v1) of controller $1 has $4 (v2) or $5 (v1).
holds()
{
	local file=$3 want=${5-$4} got

	if cgroup_is_v2; then
		file=$2 want=$4
	fi
	[[ $file != - ]] || return 0
	got=$(cat "$(cgroup_dir "$1")/$file")
	[[ $got == "$want" ]] || { echo "$file: $got, want $want"; return 1; }
}

kept()
{
	jq -r ".linux.resources$1" "$STATE/$ID/config.json"
}

@test "memory: suffixes, reservation, up and down" {
	needs memory
	conf '.linux.resources.memory = {limit: 33554432}'
	background
	ok W update --memory 64M "$ID"
	holds memory memory.max memory.limit_in_bytes 67108864
	ok W update --memory-reservation 33554432 "$ID"
	holds memory memory.low memory.soft_limit_in_bytes 33554432
	ok W update --memory=50m --memory-reservation=20M "$ID"
	holds memory memory.max memory.limit_in_bytes 52428800
	holds memory memory.low memory.soft_limit_in_bytes 20971520
	[[ $(kept .memory.limit) == 52428800 && $(kept .memory.reservation) == 20971520 ]]
	ok W update --memory 0.125GiB "$ID"
	holds memory memory.max memory.limit_in_bytes 134217728
	ok W update --memory=96MB --memory-reservation 32mib "$ID"
	holds memory memory.max memory.limit_in_bytes 100663296
	holds memory memory.low memory.soft_limit_in_bytes 33554432
	ok W update --memory -1 "$ID"
	holds memory memory.max memory.limit_in_bytes max 9223372036854771712
	[[ $(kept .memory.limit) == -1 && $(kept .memory.swap) == -1 ]]
}

@test "memory and swap in one go, either way, and each alone" {
	needs memory
	if cgroup_is_v2; then
		[[ -e /sys/fs/cgroup/init/memory.swap.max || -n $(find /sys/fs/cgroup -maxdepth 2 -name memory.swap.max | head -n 1) ]] ||
			skip "swap is not accounted"
	else
		[[ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]] || skip "swap is not accounted"
	fi
	conf '.linux.resources.memory = {limit: 67108864, swap: 100663296}'
	background
	holds memory memory.swap.max memory.memsw.limit_in_bytes 33554432 100663296
	ok W update --memory 200M --memory-swap 300M "$ID"
	holds memory memory.max memory.limit_in_bytes 209715200
	holds memory memory.swap.max memory.memsw.limit_in_bytes 104857600 314572800
	ok W update --memory 64M --memory-swap 64M "$ID"
	holds memory memory.max memory.limit_in_bytes 67108864
	holds memory memory.swap.max memory.memsw.limit_in_bytes 0 67108864
	# Swap alone: beside the memory that an earlier update set.
	ok W update --memory-swap 96M "$ID"
	holds memory memory.swap.max memory.memsw.limit_in_bytes 33554432 100663296
	# Memory alone: the swap beside it stays.
	ok W update --memory 128M "$ID"
	holds memory memory.max memory.limit_in_bytes 134217728
	holds memory memory.swap.max memory.memsw.limit_in_bytes 33554432 167772160
	[[ $(kept .memory.swap) == 167772160 ]]
	refused "linux.resources.memory.swap" W update --memory-swap 1M "$ID"
	holds memory memory.max memory.limit_in_bytes 134217728
	ok W update --memory-swap -1 "$ID"
	holds memory memory.swap.max memory.memsw.limit_in_bytes max 9223372036854771712
}

@test "checkBeforeUpdate refuses a limit below what is in use" {
	needs memory
	conf '.linux.resources.memory = {limit: 67108864, checkBeforeUpdate: true}'
	background 'x=$(head -c 8000000 /dev/zero | tr "\0" x); echo ready >/dev/shm/ready; exec sleep 600'
	wait_for W exec "$ID" test -e /dev/shm/ready
	refused "linux.resources.memory.limit" W update --memory 4096 "$ID"
	has "in use"
	holds memory memory.max memory.limit_in_bytes 67108864
	[[ $(kept .memory.limit) == 67108864 && $(state_of) == running ]]
	ok W update --memory 100M "$ID"
	holds memory memory.max memory.limit_in_bytes 104857600
}

@test "cpu: quota and period each keep the other, shares, burst, idle" {
	needs cpu
	[[ $(cgroup_is_v2 && echo v2) == v2 || -e /sys/fs/cgroup/cpu/cpu.cfs_quota_us ]] || skip "no cpu bandwidth control"
	conf '.linux.resources.cpu = {shares: 1024, quota: 500000, period: 1000000}'
	background
	ok W update --cpu-quota 200000 "$ID"
	holds cpu cpu.max cpu.cfs_quota_us "200000 1000000" 200000
	holds cpu cpu.max cpu.cfs_period_us "200000 1000000" 1000000
	ok W update --cpu-period 500000 "$ID"
	holds cpu cpu.max cpu.cfs_quota_us "200000 500000" 200000
	holds cpu cpu.max cpu.cfs_period_us "200000 500000" 500000
	ok W update --cpu-share 512 "$ID"
	holds cpu cpu.weight cpu.shares 59 512
	ok W update --cpu-quota -1 "$ID"
	holds cpu cpu.max cpu.cfs_quota_us "max 500000" -1
	[[ $(kept .cpu.quota) == -1 && $(kept .cpu.shares) == 512 && $(kept .cpu.period) == 500000 ]]
	ok W update --cpu-quota 100000 --cpu-period 100000 "$ID"
	if [[ -e $(cgroup_dir cpu)/cpu.max.burst || -e $(cgroup_dir cpu)/cpu.cfs_burst_us ]]; then
		ok W update --cpu-burst 50000 "$ID"
		holds cpu cpu.max.burst cpu.cfs_burst_us 50000
		refused "burst" W update --cpu-quota 20000 "$ID"
		holds cpu cpu.max cpu.cfs_quota_us "100000 100000" 100000
	fi
	if [[ -e $(cgroup_dir cpu)/cpu.idle ]]; then
		ok W update --cpu-idle 1 "$ID"
		holds cpu cpu.idle cpu.idle 1
		ok W update --cpu-idle 0 "$ID"
		holds cpu cpu.idle cpu.idle 0
		holds cpu cpu.weight cpu.shares 59 512
	fi
}

@test "the number of processes, CPUs and memory nodes" {
	needs pids
	needs cpuset
	background
	ok W update --pids-limit 10 "$ID"
	holds pids pids.max pids.max 10
	ok W update --cpuset-cpus 0 --cpuset-mems 0 "$ID"
	holds pids pids.max pids.max 10
	holds cpuset cpuset.cpus cpuset.cpus 0
	holds cpuset cpuset.mems cpuset.mems 0
	ok W update --pids-limit -1 "$ID"
	holds pids pids.max pids.max max
	[[ $(kept .cpu.cpus) == 0 && $(kept .pids.limit) == -1 ]]
	refused "the host has CPUs" W update --cpuset-cpus 0-4000 "$ID"
	refused "linux.resources.cpu.mems" W update --cpuset-mems 1- "$ID"
	[[ $(kept .cpu.cpus) == 0 ]]
}

@test "--resources: a file, standard input, and nothing else counts then" {
	needs pids
	needs memory
	background
	echo '{"pids": {"limit": 12}, "memory": {"limit": 67108864}}' >"$T/r.json"
	ok W update --resources "$T/r.json" --pids-limit 99 "$ID"
	holds pids pids.max pids.max 12
	holds memory memory.max memory.limit_in_bytes 67108864
	call sh -c 'echo "{\"pids\": {\"limit\": 13}, \"unknown\": 1, \"cpu\": {}}" | "$@"' - \
		timeout 20 "$WABE" --root "$STATE" update -r - "$ID"
	[[ $status == 0 ]] || shown
	holds pids pids.max pids.max 13
	holds memory memory.max memory.limit_in_bytes 67108864
	# What engines send: zero is nothing to change, the container's own device rules again.
	jq '.linux.resources + {memory: {limit: 0, swap: 0}, pids: {limit: 0}, cpu: {shares: 0, quota: 0, period: 0, cpus: "", mems: ""}}' \
		"$STATE/$ID/config.json" >"$T/r.json"
	ok W update -r "$T/r.json" "$ID"
	holds pids pids.max pids.max 13
	holds memory memory.max memory.limit_in_bytes 67108864
	ok_inside 'echo x >/dev/null'
}

@test "what is no number, or out of range, is refused and changes nothing" {
	needs pids
	conf '.linux.resources.pids = {limit: 20}'
	background
	cp "$STATE/$ID/config.json" "$T/config"
	local flag
	for flag in memory memory-swap memory-reservation kernel-memory kernel-memory-tcp; do
		for value in "" x -2 12x 1e6 1.5 .5G 1.G 64mi "64 m" 99999999999999999999 0x10 " 1"; do
			refused "--$flag" W update "--$flag=$value" "$ID"
		done
	done
	for flag in cpu-period cpu-burst cpu-share cpu-rt-period blkio-weight; do
		for value in "" x -1 12x 99999999999999999999 1.5; do
			refused "--$flag" W update "--$flag=$value" "$ID"
		done
	done
	for flag in cpu-quota cpu-rt-runtime pids-limit cpu-idle; do
		for value in "" x 12x 99999999999999999999 +1; do
			refused "--$flag" W update "--$flag=$value" "$ID"
		done
	done
	refused "--cpu-idle 2" W update --cpu-idle 2 "$ID"
	for flag in blkio-weight=5 blkio-weight=1001 cpu-share=1 cpu-share=262145 cpu-quota=999 cpu-quota=17592186044416 \
		cpu-period=5 cpu-period=1000001 cpu-burst=17592186044416 cpu-rt-period=18446744073709552 \
		cpu-rt-runtime=17592186044416 pids-limit=4194305; do
		refused "--${flag/=/ }: is out of range" W update "--$flag" "$ID"
	done
	refused "linux.resources.cpu.cpus" W update --cpuset-cpus nonsense "$ID"
	refused "unknown option --nonsense" W update --nonsense 1 "$ID"
	refused "usage: wabe update" W update --pids-limit 3
	refused "does not exist" W update --pids-limit 3 "$ID-none"
	cmp "$T/config" "$STATE/$ID/config.json"
	holds pids pids.max pids.max 20
}

@test "a bad document is refused with its path" {
	background
	local pair
	for pair in '{"memory":{"limit":"1"}}=memory.limit' '{"memory":{"limit":-2}}=memory.limit' '{"pids":{"limit":"x"}}=pids.limit' \
		'{"cpu":{"idle":7}}=cpu.idle' '{"blockIO":{"weight":2000}}=blockIO.weight' '{"cpu":{"shares":1}}=linux.resources.cpu.shares' \
		'{"pids":{"limit":4194305}}=linux.resources.pids.limit' '[]=wants' '{=bad.json' \
		'{"unified":{"../x":"1"}}=linux.resources.unified' '{"hugepageLimits":[{"pageSize":"2XB","limit":1}]}=hugepageLimits[0].pageSize' \
		'{"rdma":{"mlx5_1":{}}}=linux.resources.rdma["mlx5_1"]' '{"rdma":{"a b":{"hcaHandles":1}}}=linux.resources.rdma' \
		'{"rdma":{"mlx5_1":{"hcaHandles":-1}}}=rdma.mlx5_1.hcaHandles' '{"network":{"classID":4294967296}}=network.classID' \
		'{"network":{"priorities":[{"name":"../x","priority":1}]}}=linux.resources.network.priorities[0].name'; do
		echo "${pair%=*}" >"$T/bad.json"
		refused "${pair##*=}" W update -r "$T/bad.json" "$ID"
	done
	refused "nowhere" W update -r "$T/nowhere" "$ID"
}

@test "a created and a paused container can be updated, a stopped one can't" {
	needs pids
	script 'exec sleep 600'
	ok W create --bundle "$B" "$ID"
	ok W update --pids-limit 30 "$ID"
	holds pids pids.max pids.max 30
	ok W start "$ID"
	ok W pause "$ID"
	ok W update --pids-limit 31 "$ID"
	holds pids pids.max pids.max 31
	ok W resume "$ID"
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	refused "not running" W update --pids-limit 32 "$ID"
}

@test "v1: what it alone has is written; v2 refuses it by name" {
	conf '.linux.resources.memory = {swappiness: 7, disableOOMKiller: true}'
	if cgroup_is_v2; then
		refused_container "memory.swappiness: only cgroup v1"
		conf '.linux.resources.memory = {disableOOMKiller: true}'
		refused_container "memory.disableOOMKiller: only cgroup v1"
		conf '.linux.resources.memory = {disableOOMKiller: false, kernel: -1}'
		background
		refused "memory.kernel" W update --kernel-memory 10M "$ID"
		refused "memory.kernelTCP" W update --kernel-memory-tcp 10M "$ID"
		refused "cpu.realtimeRuntime" W update --cpu-rt-runtime 1000 "$ID"
		return
	fi
	needs memory
	background
	holds memory - memory.swappiness - 7
	grep -qx 'oom_kill_disable 1' "$(cgroup_dir memory)/memory.oom_control"
	echo '{"memory": {"disableOOMKiller": false, "swappiness": 0}}' >"$T/r.json"
	ok W update -r "$T/r.json" "$ID"
	holds memory - memory.swappiness - 0
	grep -qx 'oom_kill_disable 0' "$(cgroup_dir memory)/memory.oom_control"
	call W update --kernel-memory 100M "$ID"
	[[ $status == 0 ]] || has "no such limit"
	if [[ -e /sys/fs/cgroup/cpu/cpu.rt_runtime_us && $(cat /sys/fs/cgroup/cpu/wabe/cpu.rt_runtime_us) == 0 ]]; then
		refused "the cgroup above has 0 us of realtime" W update --cpu-rt-runtime 1000 "$ID"
	fi
}

@test "network classes, RDMA: written where the host has them, else refused with the reason" {
	conf '.linux.resources.network = {classID: 1048577}'
	if cgroup_is_v2; then
		refused_container "network.classID: only cgroup v1"
		conf '.linux.resources.network = {priorities: [{name: "lo", priority: 3}]}'
		refused_container "network.priorities: only cgroup v1"
	elif [[ -z $V2_PID && ! -d /sys/fs/cgroup/net_cls ]]; then
		refused_container "the net_cls controller is not available"
		conf '.linux.resources.network = {priorities: [{name: "lo", priority: 3}]}'
		refused_container "the net_prio controller is not available"
	fi
	conf 'del(.linux.resources.network) | .linux.resources.rdma = {mlx5_1: {hcaHandles: 3}}'
	refused_container "rdma.max"
}
