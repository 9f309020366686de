#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What runtime.md demands of the operations and no other file tests; tests/oci-must.tsv says which sentence is held where.

load oci

# All that an operation could have changed: state, cgroups, processes, mounts.
surroundings()
{
	# What was read before is no change.
	find "$STATE" -mindepth 1 ! -path '*/.seccomp*' -printf '%P %y %m %s\n' 2>/dev/null | sort
	find "$STATE" -type f ! -path '*/.seccomp*' -exec sha256sum {} + 2>/dev/null | sort
	find /sys/fs/cgroup -mindepth 1 -maxdepth 4 -type d -path "*$ID*" | sort
	own_processes | cut -d: -f1 | while read -r word pid; do has_ended "$pid" || echo "$word $pid"; done | sort
	sort /proc/self/mountinfo | grep -F "$T" || true
}

# An operation that has to fail with $1 and change nothing.
fails_without_effect()
{
	local before
	before=$(surroundings)
	refused "$@"
	[[ $(surroundings) == "$before" ]] || diff <(echo "$before") <(surroundings)
}

@test "every operation needs an id, and create a bundle that is there" {
	local verb
	for verb in state create start kill delete; do
		fails_without_effect "usage" W "$verb"
	done
	fails_without_effect "" W kill
	mkdir "$T/empty"
	fails_without_effect "config.json" W create --bundle "$T/empty" "$ID"
	fails_without_effect "nowhere" W create --bundle "$T/nowhere" "$ID"
	cd "$T/empty"
	fails_without_effect "config.json" W create "$ID"
}

@test "an operation on a container that isn't there is an error" {
	fails_without_effect "does not exist" W state "$ID"
	fails_without_effect "does not exist" W start "$ID"
	fails_without_effect "does not exist" W kill "$ID" KILL
	fails_without_effect "does not exist" W delete "$ID"
}

@test "an operation that the status forbids is an error without effect" {
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	fails_without_effect "exists" W create --bundle "$B" "$ID"
	ok W start "$ID"
	fails_without_effect "running" W start "$ID"
	fails_without_effect "running" W delete "$ID"
	[[ $(state_of) == running ]]
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	fails_without_effect "stopped" W start "$ID"
	fails_without_effect "not running" W kill "$ID" TERM
	ok W delete "$ID"
	fails_without_effect "does not exist" W delete "$ID"
}

@test "a property that can't be applied is an error, and no container is made" {
	local change
	while read -r change; do
		cp "$BASE" "$B/config.json"
		script 'touch /dev/shm/ran; sleep 600'
		conf "$change"
		fails_without_effect "" W create --bundle "$B" "$ID"
		fails_without_effect "does not exist" W state "$ID"
	done <<-'EOF2'
		.root.path = "/no/such/root"
		.mounts += [{destination: "/mnt", source: "/no/such/source", options: ["bind"]}]
		.mounts += [{destination: "/mnt", type: "nosuchfs", source: "x"}]
		.mounts += [{destination: "/mnt", type: "tmpfs", source: "x", options: ["size=strange"]}]
		.linux.namespaces |= map(if .type == "network" then .path = "/no/such/namespace" else . end)
		.linux.sysctl = {"net.ipv4.no_such_key": "1"}
		.linux.namespaces |= map(select(.type != "uts")) | .hostname = "x"
		.linux.devices = [{path: "/etc/passwd/x", type: "c", major: 1, minor: 3}]
		.linux.resources.cpu = {cpus: "4095"}
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["bpf"], action: "SCMP_ACT_STRANGE"}]}
		.process.cwd = "/etc/passwd"
		.process.user.uid = 4294967295
		.hooks = {createRuntime: [{path: "/bin/false"}]}
	EOF2
}

@test "the program runs at start, not at create" {
	own_rootfs
	script 'echo $$ >>/ran; sleep 600'
	ok W create --bundle "$B" "$ID"
	[[ $(state_of) == created ]]
	sleep 0.3
	[[ ! -e $ROOTFS/ran ]]
	ok W start "$ID"
	wait_for test -s "$ROOTFS/ran"
	[[ $(state_of) == running && $(cat "$ROOTFS/ran") == 1 ]]
	sleep 0.2
	[[ $(wc -l <"$ROOTFS/ran") == 1 ]]
}

@test "what config.json says after create has no effect" {
	own_rootfs
	script 'echo "first $(hostname) $(pwd) $A" >/ran; sleep 600'
	conf '.hostname = "before" | .process.env += ["A=before"] | .process.cwd = "/tmp" | .annotations = {a: "before"}'
	ok W create --bundle "$B" "$ID"
	script 'echo second >/ran'
	conf '.hostname = "after" | .process.env += ["A=after"] | .process.cwd = "/" | .annotations = {a: "after"} | .root.readonly = true
		| .hooks = {poststart: [{path: "/bin/false"}], poststop: [{path: "/bin/false"}]} | .process.user.uid = 1000'
	ok W start "$ID"
	wait_for test -s "$ROOTFS/ran"
	[[ $(cat "$ROOTFS/ran") == "first before /tmp before" ]]
	[[ $(W state "$ID" | jq -r .annotations.a) == before ]]
	ok W exec "$ID" sh -c 'echo "$A $(id -u)"'
	is "before 0"
	ok W delete --force "$ID"
	is ""
}

@test "delete undoes what create did" {
	host_facts >"$T/host"
	surroundings >"$T/around"
	conf '.linux.cgroupsPath = $p | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"}
		| .mounts += [{destination: "/mnt", type: "tmpfs", source: "x"}]' --arg p "/wabe/$ID"
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	[[ $(surroundings) != "$(cat "$T/around")" ]]
	ok W start "$ID"
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
	wait_for eval 'diff "$T/around" <(surroundings) >/dev/null'
	diff "$T/host" <(host_facts)
	# The id is free again.
	ok W create --bundle "$B" "$ID"
	ok W delete --force "$ID"
}

@test "delete leaves what the container used and create did not make" {
	own_rootfs
	mkdir "$T/src"
	echo data >"$T/src/file"
	unshare --net --uts sh -c 'echo ready; exec sleep 600' >"$T/hold" 2>&1 3>&- &
	local holder=$!
	wait_for grep -q ready "$T/hold"
	conf '.mounts += [{destination: "/data", source: $s, options: ["bind"]}] | del(.hostname)
		| .linux.namespaces |= map(if .type == "network" then .path = "/proc/\($h)/ns/net" elif .type == "uts" then .path = "/proc/\($h)/ns/uts" else . end)' \
		--arg s "$T/src" --arg h "$holder"
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	ok W start "$ID"
	ok W delete --force "$ID"
	kill -0 "$holder"
	[[ -e /proc/$holder/ns/net && $(cat "$T/src/file") == data && -x $ROOTFS/bin/busybox && -e $B/config.json ]]
	kill "$holder"
	wait "$holder" || true
}

@test "the state has what it must have, in every status" {
	local pid
	conf '.ociVersion = "1.0.1" | del(.annotations)'
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	[[ $(W state "$ID" | jq -r '[.ociVersion, .id, .status, .bundle] | join(" ")') == "1.0.1 $ID created $B" ]]
	pid=$(pid_of)
	# As the host sees it.
	[[ $(readlink "/proc/$pid/ns/pid") != "$(readlink /proc/self/ns/pid)" ]]
	W state "$ID" | jq -e '(.pid | type == "number") and ((.annotations // {}) == {}) and (.bundle | startswith("/"))'
	ok W start "$ID"
	[[ $(W state "$ID" | jq -r '[.ociVersion, .id, .status, .pid, .bundle] | join(" ")') == "1.0.1 $ID running $pid $B" ]]
	[[ $(cat "/proc/$pid/comm") == sleep || $(cat "/proc/$pid/comm") == sh ]]
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	[[ $(W state "$ID" | jq -r '[.ociVersion, .id, .status, .bundle] | join(" ")') == "1.0.1 $ID stopped $B" ]]
	# A relative bundle is told as an absolute one.
	ok W delete "$ID"
	cd "$T"
	ok W create --bundle bundle "$ID"
	[[ $(W state "$ID" | jq -r .bundle) == "$B" ]]
}

@test "a process that ends by itself is a stopped container" {
	script 'exit 3'
	ok W create --bundle "$B" "$ID"
	ok W start "$ID"
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
	script 'kill -SEGV $$'
	ok W run -d --bundle "$B" "$ID"
	wait_for is_status stopped "$ID"
}

@test "kill sends the signal that was named, and to init alone" {
	own_rootfs
	script 'sh -c "trap \"echo child >>/got\" TERM USR2; while :; do sleep 0.02; done" &
		trap "echo term >>/got" TERM; trap "echo usr2 >>/got" USR2; echo ready >/got; while :; do sleep 0.02; done'
	ok W run -d --bundle "$B" "$ID"
	wait_for grep -q ready "$ROOTFS/got"
	ok W kill "$ID" USR2
	wait_for grep -q usr2 "$ROOTFS/got"
	ok W kill "$ID" TERM
	wait_for grep -q term "$ROOTFS/got"
	sleep 0.1
	[[ $(paste -sd' ' "$ROOTFS/got") == "ready usr2 term" ]] || { cat "$ROOTFS/got"; return 1; }
	# One that was created has a process, too.
	ok W delete --force "$ID"
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
}

@test "a warning doesn't change how an operation ends" {
	conf '.hooks = {poststop: [{path: "/bin/false"}, {path: "/usr/bin/touch", args: ["touch", $f]}]}' --arg f "$T/second"
	script 'exit 7'
	container
	[[ $status == 7 && -e $T/second && ! -e $STATE/$ID ]] || shown
	has "warning"
}
