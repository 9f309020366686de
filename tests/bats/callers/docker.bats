#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# wabe under Docker: its daemon, with the containerd that it starts, for this file alone, in a network of its own. What is not
# clear by itself is compared with runc in the same test.
# shellcheck disable=SC2016 # expanded in the container

bats_require_minimum_version 1.5.0
load ../oci
load callers

more_setup_file()
{
	callers_need dockerd docker containerd runc script
	callers_place
	oci_make_rootfs "$IMAGES/root"
	echo 'web:x:1000:1001:web:/tmp:/bin/sh' >>"$IMAGES/root/etc/passwd"
	echo 'web:x:1001:' >>"$IMAGES/root/etc/group"
	tar -C "$IMAGES/root" -cf "$IMAGES/root.tar" .
	start_dockerd
	docker_ import -c 'CMD ["sh"]' -c 'ENV FROM=image' - busybox <"$IMAGES/root.tar"
}

teardown_file()
{
	callers_end "$BATS_FILE_TMPDIR/dockerd.pid"
	callers_end "$BATS_FILE_TMPDIR/place.pid" KILL
	remove_cgroups "wabe-bats-$BATS_ROOT_PID"
}

start_dockerd()
{
	local dir=$BATS_FILE_TMPDIR/docker

	mkdir -p "$dir/config"
	cat >"$dir/daemon.json" <<-EOF2
		{ "runtimes": { "wabe": { "path": "$WABE" } }, "default-runtime": "wabe", "exec-opts": ["native.cgroupdriver=cgroupfs"],
		  "data-root": "$dir/root", "exec-root": "/run/docker", "pidfile": "/run/docker.pid", "hosts": ["unix:///run/docker.sock"],
		  "cgroup-parent": "/wabe-bats-$BATS_ROOT_PID", "storage-driver": "$(storage_driver)", "oom-score-adjust": 0,
		  "bridge": "none", "iptables": false, "ip-masq": false, "ip-forward": false, "userland-proxy": false }
	EOF2
	nsenter "--mount=$PLACE" unshare --net dockerd --config-file "$dir/daemon.json" >"$dir/log" 2>&1 </dev/null 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/dockerd.pid"
	wait_for answers || { tail "$dir/log"; return 1; }
}

# An overlay takes no overlay as its upper layer.
storage_driver()
{
	[[ $(stat -f -c %T "$BATS_FILE_TMPDIR") == overlayfs ]] && echo vfs || echo overlay2
}

answers()
{
	docker_ version >/dev/null 2>&1
}

docker_()
{
	inside_place env -u DOCKER_CONTEXT "DOCKER_CONFIG=$BATS_FILE_TMPDIR/docker/config" DOCKER_HOST=unix:///run/docker.sock docker "$@"
}

more_teardown()
{
	local id

	for id in $(docker_ ps -aq); do
		echo "left to teardown: $id"
		docker_ rm -f "$id" || :
	done
}

more_leaks()
{
	docker_ ps -aq | sed 's/^/container /'
	inside_place find /run/docker/runtime-runc/moby -mindepth 1 -maxdepth 1 ! -name .seccomp -printf 'state %p\n' 2>/dev/null
	find /sys/fs/cgroup -mindepth 2 -maxdepth 3 -type d -path "*/wabe-bats-$BATS_ROOT_PID/*" -printf 'cgroup %p\n'
}

run_()
{
	docker_ run "$@"
}

# The answer of docker run --rm is the same with runc.
like_runc()
{
	ARGUMENTS=("$@")
	same_answer by_runc by_wabe
}

by_runc() { call_apart run_ --rm --network none --runtime runc "${ARGUMENTS[@]}"; }
by_wabe() { call_apart run_ --rm --network none "${ARGUMENTS[@]}"; }

# A container in the background that runs $1 (sh -c); further: options
start_()
{
	ok run_ -d --network none --name "$ID" "${@:2}" busybox sh -c "${1:-exec sleep 600}"
	is_state running
}

is_state()
{
	[[ $(inspect_ '{{.State.Status}}') == "$1" ]]
}

inspect_()
{
	docker_ inspect --format "$1" "$ID"
}

# The file of the container's cgroup.
# $1: controller, $2: file
cgroup_file()
{
	cat "$(cgroup_dir "$1" "/wabe-bats-$BATS_ROOT_PID/$(inspect_ '{{.Id}}')")/$2"
}

end_()
{
	ok docker_ rm -f "$ID"
}

@test "run: output, status, environment, user, directory, limits of processes are runc's" {
	[[ $(docker_ info --format '{{.DefaultRuntime}}') == wabe ]]
	like_runc --hostname same busybox sh -c 'exec 2>&1; echo out; echo err >&2; env | sort; id; pwd; umask; exit 7'
	[[ $status == 7 ]] || shown
	has HOME=/root
	like_runc --env A=b -u web -w /tmp --hostname other --group-add 55 --ulimit core=0 --oom-score-adj 100 --label l=m \
		busybox sh -c 'env | sort; id; pwd; hostname; ulimit -c; cat /proc/self/oom_score_adj'
	has HOME=/tmp
	[[ $(echo hello | run_ --rm -i --network none busybox cat) == hello ]]
}

@test "run: what can't be started has docker's status for it" {
	call run_ --rm --network none busybox /nope
	[[ $status == 127 ]] || shown
	has 'exec "/nope": no such file or directory'
	call run_ --rm --network none busybox nope
	[[ $status == 127 ]] || shown
	call run_ --rm --network none busybox /etc/passwd
	[[ $status == 126 ]] || shown
	has "permission denied"
}

@test "run: rights, devices and mounts are runc's" {
	mkdir "$T/v"
	echo text >"$T/v/file"
	like_runc busybox sh -c 'grep -E "^(Cap|Seccomp:|NoNewPrivs)" /proc/self/status; ls -x /dev /dev/shm /sys/firmware; wc -c </proc/keys'
	like_runc --cap-drop all --cap-add NET_RAW --security-opt no-new-privileges --security-opt seccomp=unconfined --device /dev/full:/dev/other:rw \
		--device-cgroup-rule 'c 1:11 r' --sysctl kernel.msgmax=1234 --sysctl net.ipv4.ip_forward=1 \
		busybox sh -c 'exec 2>&1; grep -E "^(Cap|Seccomp:|NoNewPrivs)" /proc/self/status; stat -c "%t %T %a" /dev/other; echo x >/dev/other
			cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward'
	# Where root lacks a capability, runc can't give all of them, which is what privileged asks for; wabe warns.
	if requires_rlimits; then
		like_runc --privileged busybox sh -c 'grep -E "^(Cap|Seccomp:|NoNewPrivs)" /proc/self/status; rm -f /dev/core; ls /dev; mount | grep -cE " /(proc|sys) .*rw"'
	else
		ok run_ --rm --network none --privileged busybox sh -c 'grep NoNewPrivs /proc/self/status; touch /proc/sys/kernel/msgmax; ls /dev/kmsg'
	fi
	like_runc -v "$T/v:/v:ro" -v "$T/v:/deep/new/v:rw" --tmpfs /t:size=64k,mode=1770 --shm-size 2m --mount type=tmpfs,dst=/t2,tmpfs-size=128k \
		--mount "type=bind,src=$T/v/file,dst=/a/file,readonly" -v named:/etc --read-only \
		busybox sh -c 'exec 2>&1; touch /v/x /x; cat /v/file /a/file; touch /deep/new/v/y; df -k /t /t2 /dev/shm | awk "NR > 1 { print \$2, \$6 }"
			stat -c %a /t; grep -c . /etc/passwd; ls -x /etc'
	[[ $status == 0 && -f $T/v/y && ! -e $T/v/x ]] || shown
	ok docker_ volume rm named
	like_runc --init busybox sh -c 'ps -o pid,comm | head -n 2'
}

@test "run: namespaces of the host and of another container" {
	like_runc --pid host --uts host --ipc host busybox sh -c "test -d /proc/$$ && hostname; readlink /proc/self/ns/ipc"
	like_runc --cgroupns private busybox sh -c 'grep -c ":/$" /proc/self/cgroup'
	start_ 'exec sleep 600' --ipc shareable
	ok run_ --rm --pid "container:$ID" --ipc "container:$ID" --network "container:$ID" busybox sh -c 'ps; readlink /proc/self/ns/net'
	has "sleep 600"
	has "$(readlink "/proc/$(inspect_ '{{.State.Pid}}')/ns/net")"
	end_
}

@test "terminals: of run and of exec" {
	engine_terminals --network none
}

engine_on_terminal()
{
	on_terminal env "DOCKER_CONFIG=$BATS_FILE_TMPDIR/docker/config" DOCKER_HOST=unix:///run/docker.sock docker "$@"
}

@test "a container in the background: exec, logs, top, pause, unpause, cp, stop, start, restart, kill" {
	start_ 'trap "exit 3" TERM; echo "out $(cat /count 2>/dev/null)"; echo again >/count; sleep 600 & wait' -v "$T:/shared"
	call docker_ exec "$ID" sh -c 'echo out; echo err >&2; exit 5'
	[[ $status == 5 ]] || shown
	has err
	ok docker_ exec -u web -w /tmp -e A=b "$ID" sh -c 'id -u; pwd; echo $A $HOME; cat /proc/self/cgroup'
	has $'1000\n/tmp\nb /tmp'
	[[ $(echo hello | docker_ exec -i "$ID" cat) == hello ]]
	call docker_ exec "$ID" nope
	[[ $status == "$(status_by_runc nope)" ]] || shown
	call docker_ exec "$ID" /etc/passwd
	[[ $status == "$(status_by_runc /etc/passwd)" ]] || shown
	ok docker_ exec --privileged "$ID" grep CapEff /proc/self/status
	ok docker_ exec -d "$ID" sleep 500
	wait_for in_top "sleep 500"
	ok docker_ pause "$ID"
	is_state paused
	refused "paused" docker_ exec "$ID" true
	ok docker_ unpause "$ID"
	echo text >"$T/file"
	ok docker_ cp "$T/file" "$ID:/tmp/file"
	[[ $(docker_ exec "$ID" cat /tmp/file) == text ]]
	ok docker_ stop "$ID"
	is_state exited
	[[ $(inspect_ '{{.State.ExitCode}}') == 3 ]]
	ok docker_ start "$ID"
	wait_for logged "out again"
	ok docker_ restart "$ID"
	ok docker_ pause "$ID"
	ok docker_ kill "$ID"
	wait_for is_state exited
	[[ $(inspect_ '{{.State.ExitCode}}') == 137 ]]
	end_
	ok docker_ rm -f "$ID-runc"
}

# What docker exec of $1 ends with in a container of runc's.
status_by_runc()
{
	local result=0

	[[ -n $(docker_ ps -qf "name=$ID-runc") ]] ||
		docker_ run -d --runtime runc --network none --name "$ID-runc" busybox sleep 600 >/dev/null
	docker_ exec "$ID-runc" "$1" >/dev/null 2>&1 || result=$?
	echo "$result"
}

in_top()
{
	docker_ top "$ID" -o pid,args | grep -q " $1\$"
}

logged()
{
	docker_ logs "$ID" 2>&1 | grep -q "$1"
}

# By containerd and its shim: runc's verb update, with the limits on standard input.
@test "limits are those of the flags, and of update; stats counts" {
	[[ ${WABE_TEST_CGROUP-} != v2 ]] || cgroup_is_v2 || skip "needs the cgroup controller memory"
	start_ 'exec sleep 600' -m 32m --cpus 0.5 --cpuset-cpus 0 --pids-limit 50 --memory-reservation 16m
	if cgroup_is_v2; then
		[[ $(cgroup_file unified memory.max) == 33554432 && $(cgroup_file unified cpu.max) == "50000 100000" && $(cgroup_file unified pids.max) == 50 ]]
	else
		[[ $(cgroup_file memory memory.limit_in_bytes) == 33554432 && $(cgroup_file cpu cpu.cfs_quota_us) == 50000 && $(cgroup_file pids pids.max) == 50 ]]
	fi
	ok docker_ update -m 64m --memory-swap 64m --cpus 0.3 --pids-limit 60 --cpu-shares 333 "$ID"
	if cgroup_is_v2; then
		[[ $(cgroup_file unified memory.max) == 67108864 && $(cgroup_file unified cpu.max) == "30000 100000" && $(cgroup_file unified pids.max) == 60 ]]
	else
		[[ $(cgroup_file memory memory.limit_in_bytes) == 67108864 && $(cgroup_file cpu cpu.cfs_quota_us) == 30000 && $(cgroup_file pids pids.max) == 60 ]]
		[[ $(cgroup_file cpu cpu.shares) == 333 ]]
	fi
	[[ $(docker_ stats --no-stream --format '{{.PIDs}}' "$ID") == 1 ]]
	end_
	call run_ --name "$ID" --network none -m 16m busybox tail /dev/zero
	[[ $status == 137 ]] || shown
	[[ $(inspect_ '{{.State.OOMKilled}}') == true ]]
	end_
}

@test "build: each step runs under wabe" {
	printf '%s\n' 'FROM busybox' 'RUN echo built >/built && id -u' 'USER web' 'RUN id -u && cat /built && echo $HOME' >"$T/Dockerfile"
	DOCKER_BUILDKIT=0 ok docker_ build --no-cache --network none -t built -f "$T/Dockerfile" "$T"
	has $'0\n'
	has $'1000\nbuilt\n/tmp'
	ok docker_ rmi built
}
