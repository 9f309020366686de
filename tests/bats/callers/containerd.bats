#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# wabe under containerd (its own daemon for this file) and the shim io.containerd.runc.v2, as containerd, Docker and
# Kubernetes run it. What is not clear by itself is compared with runc in the same test.
# shellcheck disable=SC2016 # expanded in the container

bats_require_minimum_version 1.5.0
load ../oci
load callers

more_setup_file()
{
	callers_need containerd containerd-shim-runc-v2 ctr umoci runc script
	# containerd names the cgroups of its tasks by its namespace.
	export IMAGE=local/busybox:test CONTAINERD_NAMESPACE=wabe-bats-$BATS_ROOT_PID
	callers_place
	callers_image "$IMAGES/busybox.tar" test
	containerd_start
	ctr_ image import --base-name local/busybox "$IMAGES/busybox.tar"
}

teardown_file()
{
	callers_end "$BATS_FILE_TMPDIR/containerd.pid"
	callers_end "$BATS_FILE_TMPDIR/place.pid" KILL
	remove_cgroups "wabe-bats-$BATS_ROOT_PID"
}

# ctr run with wabe, or $RUNTIME.
ctr_run()
{
	ctr_ run --runc-binary "${RUNTIME:-$WABE}" "$@"
}

more_setup()
{
	CGROUP=/$CONTAINERD_NAMESPACE/$ID
}

more_teardown()
{
	local id

	for id in $(ctr_ task ls -q) $(ctr_ container ls -q); do
		echo "left to teardown: $id"
		ctr_ task rm -f "$id" || :
		ctr_ container rm "$id" || :
	done
}

more_leaks()
{
	ctr_ task ls -q | sed 's/^/task /'
	ctr_ container ls -q | sed 's/^/container /'
	ctr_ snapshot ls | awk -v id="$ID" 'index($1, id) { print "snapshot " $1 }'
	inside_place find /run/containerd/runc /run/containerd/io.containerd.runtime.v2.task -mindepth 2 \
		! -name .seccomp ! -path '*/.seccomp/*' -printf 'file %p\n'
	inside_place grep -E 'io\.containerd|/run/containerd/' /proc/self/mountinfo | grep -v '^$'
	pgrep -f -- "containerd-shim.*-id $ID" | sed 's/^/shim /'
}

# The answer of a command in a new container is runc's.
# Arguments: options of ctr run, "--", the command
like_runc()
{
	ARGUMENTS=("$@")
	same_answer by_runc by_wabe
}

by_runc() { RUNTIME=runc answer_of "${ARGUMENTS[@]}"; }
by_wabe() { answer_of "${ARGUMENTS[@]}"; }

answer_of()
{
	local options=()

	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	call_apart ctr_run --rm "${options[@]}" "$IMAGE" "$ID" "${@:2}"
}

# The task's line of `ctr task ls`: its status.
is_task()
{
	[[ $(ctr_ task ls | awk -v id="$ID" '$1 == id { print $3 }') == "$1" ]]
}

# A container in the background that runs $1 (sh -c).
task()
{
	ok ctr_run -d "$IMAGE" "$ID" sh -c "${1:-exec sleep 600}"
	is_task RUNNING
}

task_exec()
{
	ctr_ task exec --exec-id "exec-$((EXECS += 1))" "$@"
}

end_task()
{
	ok ctr_ task kill -s KILL "$ID"
	wait_for is_task STOPPED
	call ctr_ task delete "$ID"
	ok ctr_ container rm "$ID"
}

@test "run: output, exit status, environment and cgroup" {
	ok ctr_run --rm "$IMAGE" "$ID" sh -c 'echo out; echo $FROM; cat /proc/1/cgroup'
	has $'out\nimage\n'
	has ":$CGROUP"
	like_runc --env A=b --env FROM=here --label l=m --annotation a.b=c -- sh -c 'echo $A $FROM; pwd; id; hostname; env | sort; exit 7'
	[[ $status == 7 ]]
	has HOME=/root
	ok ctr_run --rm "$IMAGE" "$ID" sh -c 'echo err >&2'
	has err
}

@test "run: rights, devices and mounts are runc's" {
	mkdir "$T/shared"
	like_runc --cap-drop CAP_CHOWN --cap-add CAP_SYS_ADMIN --seccomp --device /dev/full --read-only --cwd /tmp \
		--mount "type=bind,src=$T/shared,dst=/mnt,options=rbind:ro" --mount "type=tmpfs,src=tmpfs,dst=/var/tmp,options=size=64k" \
		-- sh -c 'exec 2>&1; pwd; grep -E "Cap|Seccomp:|NoNewPrivs" /proc/self/status; rm -f /dev/core; ls /dev; echo x >/dev/full; touch /x
			touch /run/x && echo run; touch /mnt/x; grep -c " /mnt .*ro" /proc/mounts; df -k /var/tmp | tail -n 1'
	has "Read-only file system"
	like_runc --privileged --allow-new-privs --mount "type=bind,src=$T/shared,dst=/a/b,options=rbind:rw" \
		-- sh -c 'grep -E "Cap|Seccomp:|NoNewPrivs" /proc/self/status; rm -f /dev/core; ls /dev; grep -E " /(proc|sys) " /proc/mounts; touch /a/b/new'
	[[ -f $T/shared/new ]]
}

@test "run: namespaces are runc's" {
	like_runc -- ls /sys/class/net
	like_runc --net-host --with-ns "uts:/proc/$$/ns/uts" -- sh -c 'ls /sys/class/net; readlink /proc/self/ns/uts; hostname'
	like_runc --uidmap 0:100000:65536 --gidmap 0:100000:65536 -- sh -c 'id; cat /proc/self/uid_map; grep Cap /proc/self/status'
	like_runc --no-pivot -- sh -c 'ls /; pwd'
}

# bats test_tags=lab:long
@test "run: limits are those of the flags" {
	requires_limits
	ok ctr_run -d --memory-limit 33554432 --cpus 0.5 --cpu-shares 333 "$IMAGE" "$ID" sleep 600
	if cgroup_is_v2; then
		[[ $(<"/sys/fs/cgroup$CGROUP/memory.max") == 33554432 ]]
		[[ $(<"/sys/fs/cgroup$CGROUP/cpu.max") == "50000 100000" ]]
		[[ $(<"/sys/fs/cgroup$CGROUP/cpu.weight") == 42 ]]
	else
		[[ $(<"/sys/fs/cgroup/memory$CGROUP/memory.limit_in_bytes") == 33554432 ]]
		[[ $(<"/sys/fs/cgroup/cpu$CGROUP/cpu.cfs_quota_us") == 50000 ]]
		[[ $(<"/sys/fs/cgroup/cpu$CGROUP/cpu.shares") == 333 ]]
	fi
	end_task
	ok ctr_run --rm --cgroup "/wabe-$ID/a" "$IMAGE" "$ID" cat /proc/1/cgroup
	has "/wabe-$ID/a"
	find /sys/fs/cgroup -depth -type d -path "*/wabe-$ID*" -exec rmdir {} +
}

requires_limits()
{
	[[ ${WABE_TEST_CGROUP-} != v2 ]] || cgroup_is_v2 || skip "needs the cgroup controller memory"
}

# bats test_tags=lab:long
@test "who is over the memory limit is killed, and containerd tells its clients" {
	local pid

	requires_limits
	ctr_ events >"$T/events" 2>&1 &
	pid=$!
	call ctr_run --rm --memory-limit 16777216 "$IMAGE" "$ID" sh -c 'tail /dev/zero; echo "status $?"; sleep 0.5'
	has "status 137"
	wait_for grep -q "/tasks/delete.*$ID" "$T/events" || cat "$T/events"
	kill "$pid"
	wait "$pid" || :
	grep -q "/tasks/oom.*$ID" "$T/events" || { cat "$T/events"; return 1; }
	grep -q "/tasks/exit.*$ID" "$T/events"
}

# bats test_tags=lab:long
@test "a task in the background: ls, ps, metrics, pause, resume, kill, delete" {
	task 'trap "exit 3" TERM; trap "echo usr1 >/usr1" USR1; echo ready >/ready; while :; do sleep 0.1; done'
	wait_for task_exec "$ID" test -e /ready
	ok ctr_ task ps "$ID"
	has "$(ctr_ task ls | awk -v id="$ID" '$1 == id { print $2 }')"
	refused "must be stopped" ctr_ task delete "$ID"
	ok ctr_ task metrics --format json "$ID"
	if [[ ${WABE_TEST_CGROUP-} != v2 ]]; then
		[[ $(jq '.pids.current >= 1 and (.memory.usage | if type == "object" then .usage else . end) > 0' <<<"$output") == true ]] || shown
	fi
	ok ctr_ task kill -s USR1 "$ID"
	wait_for task_exec "$ID" test -e /usr1
	ok ctr_ task pause "$ID"
	is_task PAUSED
	refused "paused" ctr_ task exec --exec-id while-paused "$ID" true
	ok ctr_ task resume "$ID"
	is_task RUNNING
	ok task_exec "$ID" true
	ok ctr_ task kill "$ID"
	wait_for is_task STOPPED
	refused "stopped" task_exec "$ID" true
	refused "stopped" ctr_ task pause "$ID"
	refused "already finished" ctr_ task kill -s KILL "$ID"
	call ctr_ task delete "$ID"
	has "non-zero exit code 3"
	# The container is still there: its task can be made again.
	ok ctr_ task start -d "$ID"
	wait_for is_task RUNNING
	ok ctr_ task rm -f "$ID"
	ok ctr_ container rm "$ID"
}

@test "kill --all ends each process of a task" {
	task 'sleep 600 & sleep 600 & wait'
	[[ $(ctr_ task ps "$ID" | wc -l) == 4 ]]
	ok ctr_ task kill --all -s KILL "$ID"
	wait_for is_task STOPPED
	[[ ! -e $(cgroup_dir unified)/cgroup.procs || ! -s $(cgroup_dir unified)/cgroup.procs ]]
	call ctr_ task delete "$ID"
	ok ctr_ container rm "$ID"
}

@test "exec: output, status, input, user, directory, detached" {
	task
	call task_exec "$ID" sh -c 'echo out; echo err >&2; exit 5'
	[[ $status == 5 ]]
	has out
	has err
	ok task_exec --user web --cwd /tmp "$ID" sh -c 'id -u; id -g; pwd; echo $HOME; cat /proc/self/cgroup'
	has $'1000\n1001\n/tmp\n/tmp'
	has ":$CGROUP"
	[[ $(echo hello | task_exec "$ID" cat) == hello ]]
	ok ctr_ task exec --exec-id late -d "$ID" sleep 500
	[[ $(ctr_ task ps "$ID" | wc -l) == 3 ]]
	ok ctr_ task kill --exec-id late -s KILL "$ID"
	wait_for is_alone
	end_task
}

is_alone()
{
	[[ $(ctr_ task ps "$ID" | wc -l) == 2 ]]
}

@test "what can't be started is named, and nothing is left" {
	refused 'exec "/nope": no such file or directory' ctr_run --rm "$IMAGE" "$ID" /nope
	[[ $status == 1 && ! -d $(cgroup_dir unified) ]]
	refused 'executable file not found' ctr_run "$IMAGE" "$ID" nope
	ok ctr_ container rm "$ID"
	refused 'exec "/etc": permission denied' ctr_run "$IMAGE" "$ID" /etc
	ok ctr_ container rm "$ID"
	task
	refused 'exec "/nope": no such file or directory' task_exec "$ID" /nope
	refused 'exec "/etc/passwd": permission denied' task_exec "$ID" /etc/passwd
	refused 'process.cwd' task_exec --cwd /nope "$ID" true
	ok task_exec "$ID" true
	end_task
}

@test "terminals: of run and of exec" {
	on_terminal ctr run --runc-binary "$WABE" --rm -t "$IMAGE" "$ID" sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo all; sleep 1; exit 4'
	has /dev/pts/0
	has all
	[[ $status == 4 ]] || shown
	task
	on_terminal ctr task exec --exec-id tty -t "$ID" sh -c 'tty; sleep 1; stty size; exit 6'
	has /dev/pts/0
	has "33 99"
	[[ $status == 6 ]] || shown
	on_terminal ctr task exec --exec-id none -t "$ID" /nope
	has 'exec "/nope"'
	end_task
}

@test "an image as docker save writes it runs, and a pid file and a log are written" {
	callers_need skopeo
	skopeo copy -q "oci:$IMAGES/layout:test" "docker-archive:$T/docker.tar:local/docker:test"
	ok ctr_ image import "$T/docker.tar"
	ok ctr_run -d --pid-file "$T/pid" --log-uri "file://$T/log" docker.io/local/docker:test "$ID" sh -c 'echo logged; exec sleep 600'
	wait_for grep -q logged "$T/log"
	[[ $(tr '\0' ' ' <"/proc/$(<"$T/pid")/cmdline") == "sleep 600 " ]]
	end_task
	ok ctr_ image rm docker.io/local/docker:test
}

# A runtime that kills its caller, the shim, before or after it does what it was called for.
# $1: before or after, $2: the verb
fatal_runtime()
{
	cat >"$T/fatal" <<-EOF
		#!/bin/bash
		for word; do [[ \$word != $2 || -e $T/killed ]] || is_it=yes; done
		if [[ \${is_it-} && $1 == before ]]; then touch $T/killed; kill -KILL \$PPID; fi
		$WABE "\$@"
		status=\$?
		if [[ \${is_it-} && $1 == after ]]; then touch $T/killed; kill -KILL \$PPID; fi
		exit \$status
	EOF
	chmod 755 "$T/fatal"
	rm -f "$T/killed"
}

# What containerd did not clean up is cleaned by its user.
clean_up()
{
	call ctr_ task delete -f "$ID"
	call inside_place "$WABE" --root "/run/containerd/runc/$CONTAINERD_NAMESPACE" delete -f "$ID"
	[[ $status == 0 ]] || shown
	ok ctr_ container rm "$ID"
	nothing_leaks
}

@test "the shim is killed before and after create, start and delete, and nothing stays" {
	local when verb

	for verb in create start delete; do
		for when in before after; do
			fatal_runtime "$when" "$verb"
			call ctr_run --runc-binary "$T/fatal" -d "$IMAGE" "$ID" sleep 600
			[[ $verb == delete ]] || [[ $status != 0 ]] || { echo "$when $verb"; shown; }
			call ctr_ task rm -f "$ID"
			[[ -e $T/killed ]] || { echo "no shim was killed $when $verb"; shown; }
			clean_up || { echo "shim killed $when $verb"; return 1; }
		done
	done
}

@test "the shim of a running task is killed: containerd cleans up, the id is free again" {
	local pid

	task
	pid=$(pgrep -f -- "containerd-shim.*-id $ID ")
	kill -KILL "$pid"
	wait_for is_task ""
	clean_up
	task
	end_task
}

@test "containerd is killed and started again: its tasks go on" {
	task
	callers_end "$BATS_FILE_TMPDIR/containerd.pid" KILL
	containerd_start
	is_task RUNNING
	ok task_exec "$ID" echo still
	is still
	end_task
}

@test "eight tasks at a time" {
	local i pids=() failed=0

	for i in {1..8}; do
		ctr_run --rm "$IMAGE" "$ID-$i" sh -c "echo said $i; exit $i" >"$T/said$i" 2>&1 </dev/null &
		pids+=($!)
	done
	for i in {1..8}; do
		status=0
		wait "${pids[i - 1]}" || status=$?
		[[ $status == "$i" && $(<"$T/said$i") == "said $i" ]] || { failed=1; echo "$i: status $status, $(<"$T/said$i")"; }
	done
	((failed == 0))
}
