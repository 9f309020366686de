#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An ordinary user runs containers: in a user namespace, with one id or with newuidmap, with and without a cgroup.
#
# The user is a number that this host has no name for, its directories are in the test's own, and where a name is needed
# (newuidmap) a mount namespace has its own /etc/passwd and /etc/subuid.

load oci

readonly USER_ID=54321

more_setup_file()
{
	local dir=$BATS_FILE_TMPDIR

	# The way to what the user needs; a build may be where others can't go.
	while [[ $dir == "$BATS_RUN_TMPDIR"* ]]; do
		chmod go+x "$dir"
		dir=${dir%/*}
	done
	mkdir "$BATS_FILE_TMPDIR/bin"
	cp "$WABE" "$BATS_FILE_TMPDIR/bin/wabe"
	WABE=$BATS_FILE_TMPDIR/bin/wabe
}

# From here on W is the user's. $RUN is its XDG_RUNTIME_DIR.
more_setup()
{
	RUN=$T/run
	chmod 711 "$T"
	mkdir -m 700 "$RUN"
	AS_USER=(setpriv --reuid "$USER_ID" --regid "$USER_ID" --clear-groups --inh-caps=-all env -u USER "XDG_RUNTIME_DIR=$RUN" "HOME=$RUN")
	ENTER+=("${AS_USER[@]}")
	STATE=$RUN/wabe
	rm "$B/config.json"
	chown "$USER_ID:$USER_ID" "$B" "$RUN"
	"${AS_USER[@]}" "$WABE" spec --rootless --bundle "$B"
	conf '.process.terminal = false | .root.path = $root' --arg root "$ROOTFS"
	script 'exec true'
}

# An id map of 10000 more ids, for which /etc/subuid has a row in the mount namespace that $ENTER goes to then.
more_ids()
{
	mkdir "$T/etc"
	printf 'root:x:0:0::/:/bin/sh\ntester:x:%s:%s::/:/bin/sh\n' "$USER_ID" "$USER_ID" >"$T/etc/passwd"
	echo "tester:700000:10000" >"$T/etc/subid"
	conf '.linux.uidMappings += [{containerID: 1, hostID: 700000, size: 10000}] | .linux.gidMappings = .linux.uidMappings'
	# shellcheck disable=SC2016 # the inner shell's
	ENTER=(unshare -m --propagation private sh -c '
		mount -t tmpfs none /etc && cp "$0"/passwd /etc/ && cp "$0"/subid /etc/subuid && cp "$0"/subid /etc/subgid && exec "$@"' "$T/etc"
		"${AS_USER[@]}")
}

@test "one id: root inside is the user, without groups, with the host's devices, behind masks" {
	script 'id -u; id -g; cat /proc/self/setgroups /proc/self/uid_map /proc/self/gid_map; hostname; echo x >/dev/null; head -c 1 /dev/zero | wc -c
		cat /proc/keys | wc -c; ls /sys/firmware | wc -l; mkdir /nope 2>&1; exit 7'
	container
	[[ $status == 7 ]] || shown
	[[ $(tr -s ' \n' ' ' <<<"$output") == "0 0 deny 0 $USER_ID 1 0 $USER_ID 1 wabe 1 0 0 mkdir: can't create directory '/nope': Read-only file system " ]] ||
		shown
	conf '.root.readonly = false'
	script 'mkdir /nope 2>&1'
	container
	has "Permission denied"
}

@test "all verbs" {
	script 'trap "exit 3" TERM; sleep 600 & wait'
	ok W create --bundle "$B" --pid-file "$RUN/pid" "$ID"
	[[ $(state_of) == created && $(cat "$RUN/pid") == "$(pid_of)" ]]
	[[ $(W state "$ID" | jq -r .owner) == "#$USER_ID" ]]
	# What waits is shown to its own user alone.
	[[ $(stat -c %u "/proc/$(pid_of)/ns/user") == "$USER_ID" ]]
	ok W exec "$ID" id -u
	is 0
	ok W start "$ID"
	[[ $(state_of) == running ]]
	ok W list -q
	is "$ID"
	wait_for sh -c "[ \$(cat /proc/$(pid_of)/task/*/children | wc -w) = 1 ]"
	ok W ps -f json "$ID"
	[[ $(jq 'length' <<<"$output") == 2 && $(jq '.[0]' <<<"$output") == "$(pid_of)" ]] || shown
	ok W ps "$ID"
	has "sleep 600"
	refused "has no cgroup" W pause "$ID"
	refused "stop it first" W delete "$ID"
	ok W kill "$ID" TERM
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
	[[ ! -e $STATE/$ID ]]
	refused "does not exist" W state "$ID"
}

@test "kill --all: without a cgroup all processes of the pid namespace, and no other" {
	local mine
	conf '.mounts += [{destination: "/dev/shm", type: "tmpfs", source: "shm"}]'
	# shellcheck disable=SC2016 # the container's shell's
	background 'trap "echo init >>/dev/shm/got" USR1
		(trap "echo child >>/dev/shm/got" USR1; touch /dev/shm/ready1; while :; do sleep 0.1; done) &
		setsid sh -c "trap \"echo other >>/dev/shm/got\" USR1; touch /dev/shm/ready2; while :; do sleep 0.1; done" &
		while :; do sleep 0.1; done'
	wait_for W exec "$ID" test -e /dev/shm/ready1 -a -e /dev/shm/ready2
	# The same user's, outside.
	"${AS_USER[@]}" sh -c 'trap "exit 9" USR1; touch "$0"/mine; while :; do sleep 0.1; done' "$RUN" 3>&- &
	mine=$!
	wait_for test -e "$RUN/mine"
	ok W kill --all "$ID" USR1
	wait_for W exec "$ID" sh -c '[ "$(sort /dev/shm/got | tr "\n" " ")" = "child init other " ]'
	kill -0 "$mine"
	kill -KILL "$mine"
	ok W kill --all "$ID" 0
	ok W kill --all "$ID" KILL
	wait_for is_status stopped "$ID"
	refused "not running" W kill --all "$ID" TERM
	ok W delete "$ID"
}

@test "kill --all: processes that can't be told from others are refused, not guessed" {
	conf '.linux.namespaces |= map(select(.type != "pid")) | .mounts |= map(select(.destination != "/proc"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	background
	refused "neither a cgroup nor a pid namespace of its own" W kill --all "$ID" TERM
	[[ $(state_of) == running ]]
	ok W kill "$ID" KILL
}

@test "exec: in all namespaces and behind the same rights, with a pid file, a status, a user that is mapped" {
	background
	ok_inside 'readlink /proc/self/ns/user /proc/self/ns/pid /proc/self/ns/mnt; cat /proc/self/oom_score_adj; grep -E "^(CapBnd|NoNewPrivs)" /proc/self/status'
	local first=$output
	ok W exec "$ID" sh -c 'readlink /proc/1/ns/user /proc/1/ns/pid /proc/1/ns/mnt; cat /proc/1/oom_score_adj; grep -E "^(CapBnd|NoNewPrivs)" /proc/1/status'
	is "$first"
	call W exec "$ID" sh -c 'exit 9'
	[[ $status == 9 ]] || shown
	ok W exec -d --pid-file "$RUN/exec.pid" "$ID" sleep 500
	[[ $(tr '\0' ' ' <"/proc/$(cat "$RUN/exec.pid")/cmdline") == "sleep 500 " ]]
	[[ $(awk '/^NSpid/ {print NF}' "/proc/$(cat "$RUN/exec.pid")/status") == 3 ]]
	refused "not found" W exec "$ID" nope
	refused "process.user.uid" W exec --user 5 "$ID" true
	exec 7<<<"seven"
	ok timeout 20 "${ENTER[@]}" "$WABE" --root "$STATE" exec --preserve-fds 5 "$ID" sh -c 'cat <&7' 3<&7 4<&7 5<&7 6<&7
	exec 7<&-
	is seven
}

@test "a created container in the user namespace of another is listed and entered" {
	background
	local other
	other=$(pid_of)
	conf '.linux.namespaces |= map(if .type == "user" then .path = $p else . end) | del(.linux.uidMappings, .linux.gidMappings)' --arg p "/proc/$other/ns/user"
	ok W create --bundle "$B" "$ID-2"
	ok W ps -f json "$ID-2"
	[[ $(jq -c . <<<"$output") == "[$(pid_of "$ID-2")]" ]] || shown
	ok W exec "$ID-2" id -u
	is 0
	# Not by who shares the user namespace alone.
	inside "ls /proc/$(pid_of "$ID-2")"
	[[ $status != 0 ]] || shown
	ok W start "$ID-2"
	ok W exec "$ID-2" true
	ok W delete -f "$ID-2"
}

@test "a terminal" {
	script 'tty; stat -c %u:%t /dev/console'
	conf '.process.terminal = true'
	ok timeout 20 script -qec "${ENTER[*]} $WABE --root $STATE run --bundle $B $ID" /dev/null
	has /dev/pts/0
	has 0:88
}

@test "more ids come by newuidmap and newgidmap" {
	type -P newuidmap >/dev/null || skip "no newuidmap (package uidmap)"
	more_ids
	script 'id; cat /proc/self/setgroups; tr -s " " </proc/self/uid_map; tr -s " " </proc/self/gid_map; touch /tmp/x; stat -c %u:%g /tmp/x'
	conf '.process.user = {uid: 5, gid: 6, additionalGids: [7, 8]} | .mounts += [{destination: "/tmp", type: "tmpfs", source: "x"}]'
	ok_container
	[[ $(tr -s ' \n' ' ' <<<"$output") == "uid=5 gid=6 groups=7,8 allow 0 $USER_ID 1 1 700000 10000 0 $USER_ID 1 1 700000 10000 5:6 " ]] || shown
	# Joined by the user that made it.
	background
	ok W exec --user 9:10 "$ID" sh -c 'id -u; id -g'
	is $'9\n10'
	ok W delete --force "$ID"
	# What /etc/subuid has no row for.
	conf '.linux.uidMappings[1].hostID = 800000'
	refused_container "newuidmap failed: "
	has "not allowed"
}

@test "more ids are refused where newuidmap isn't" {
	conf '.linux.uidMappings += [{containerID: 1, hostID: 700000, size: 10}]'
	refused "needs newuidmap" timeout 20 "${ENTER[@]}" PATH=/nope "$WABE" --root "$STATE" run --bundle "$B" "$ID"
}

@test "the state root: by XDG_RUNTIME_DIR, by user id, in /tmp" {
	local as_user=("${AS_USER[@]}") other=/tmp/wabe-$USER_ID

	[[ ! -e $other && ! -e /run/user/$USER_ID ]] || { echo "user $USER_ID is known here"; return 1; }
	IN_TMP=$other
	ok timeout 20 "${as_user[@]}" "$WABE" run --bundle "$B" "$ID"
	[[ -d $RUN/wabe && $(stat -c %a "$RUN/wabe") == 700 ]]
	as_user+=(env -u XDG_RUNTIME_DIR)
	# A place of everybody's is taken only as a directory of one's own that nobody else may look into.
	mkdir -m 700 "$other"
	refused "not a directory of user $USER_ID alone" timeout 20 "${as_user[@]}" "$WABE" list
	chown "$USER_ID" "$other"
	chmod 755 "$other"
	refused "not a directory of user $USER_ID alone" timeout 20 "${as_user[@]}" "$WABE" list
	rmdir "$other"
	ln -s "$RUN" "$other"
	chown -h "$USER_ID" "$other"
	refused "not a directory of user $USER_ID alone" timeout 20 "${as_user[@]}" "$WABE" list
	rm "$other"
	ok timeout 20 "${as_user[@]}" "$WABE" run --bundle "$B" "$ID"
	[[ $(stat -c '%a %u' "$other") == "700 $USER_ID" ]]
	rm -r "$other"
	# Somebody else's XDG_RUNTIME_DIR, as su leaves it.
	mkdir -m 777 "$T/others"
	ok timeout 20 "${as_user[@]}" "XDG_RUNTIME_DIR=$T/others" "$WABE" run --bundle "$B" "$ID"
	rm -r "$other"
	[[ ! -e $T/others/wabe ]]
}

@test "without a cgroup what needs none goes, limits say why they can't be kept" {
	local why="only cgroup v2 can be delegated"

	[[ -z $V2_PID ]] && ! cgroup_is_v2 || why="is delegated to user $USER_ID"
	ok_container
	conf '.linux.resources = {devices: [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rw"}]}'
	ok_container
	conf '.linux.resources = {pids: {limit: 20}}'
	refused_container "linux.resources: limits need a cgroup, and "
	has "$why"
	ok W --rootless=true list
	refused_container "linux.resources"
	conf 'del(.linux.resources)'
	refused "cgroup /wabe/$ID: " W --rootless=false run --bundle "$B" "$ID"
	refused "--rootless maybe" W --rootless=maybe list
	ok W --rootless=1 run --bundle "$B" "$ID"
	# A place that was named is meant.
	conf '.linux.cgroupsPath = $p' --arg p "/wabe/$ID-x"
	refused_container "cgroup /wabe/$ID-x: "
}

# A cgroup that is the user's, with the user's shell in a leaf: as systemd has it for a session.
delegate()
{
	DELEGATED=/sys/fs/cgroup/$ID-user
	v2_sh "mkdir -p $DELEGATED/session && cd $DELEGATED &&
		chown $USER_ID . cgroup.procs cgroup.subtree_control session session/cgroup.procs &&
		{ [ ! -s cgroup.controllers ] || cat cgroup.controllers; }"
	# shellcheck disable=SC2016 # the inner shell's
	ENTER=(${V2_PID:+nsenter "--mount=/proc/$V2_PID/ns/mnt"} sh -c 'echo $$ >"$0/session/cgroup.procs" && exec "$@"' "$DELEGATED" "${AS_USER[@]}")
}

v2_sh()
{
	${V2_PID:+nsenter "--mount=/proc/$V2_PID/ns/mnt"} sh -c "$1"
}

more_teardown()
{
	if [[ ${IN_TMP-} ]]; then
		rm -rf "$IN_TMP"
	fi
	[[ -n ${DELEGATED-} ]] || return 0
	call W delete --force "$ID"
	v2_sh "for d in \$(find $DELEGATED -depth -type d); do rmdir \$d; done"
}

# cat of the script has ended.
only_init_is_delegated() { [[ $(v2_sh "cat $DELEGATED/wabe-$ID/cgroup.procs") == "$(pid_of)" ]]; }

# bats test_tags=lab:long
@test "v2: a delegated cgroup is used, and left clean" {
	delegate
	script 'cat /proc/self/cgroup; exec sleep 600'
	ok W run -d --bundle "$B" "$ID"
	wait_for only_init_is_delegated
	ok_inside 'grep ^0:: /proc/self/cgroup'
	is "0::/"
	ok W ps -f json "$ID"
	[[ $(jq -c . <<<"$output") == "[$(pid_of)]" ]] || shown
	ok W pause "$ID"
	[[ $(state_of) == paused ]]
	ok W resume "$ID"
	ok W delete --force "$ID"
	[[ $(v2_sh "ls -d $DELEGATED/*/") == "$DELEGATED/session/" ]]
}

# bats test_tags=lab:long
@test "v2: limits hold in a delegated cgroup that has the controllers" {
	delegate
	[[ " $(v2_sh "cat $DELEGATED/cgroup.controllers") " == *" pids "* ]] || {
		conf '.linux.resources = {pids: {limit: 20}}'
		refused_container "pids"
		skip "needs the cgroup controllers pids and memory in the cgroup2 tree"
	}
	conf '.linux.resources = {pids: {limit: 20}, memory: {limit: 33554432}}'
	script 'exec sleep 600'
	ok W run -d --bundle "$B" "$ID"
	[[ $(v2_sh "cat $DELEGATED/wabe-$ID/pids.max $DELEGATED/wabe-$ID/memory.max" | paste -sd' ') == "20 33554432" ]]
}

@test "v2: nothing is delegated: no cgroup" {
	v2_sh "mkdir /sys/fs/cgroup/$ID-user"
	DELEGATED=/sys/fs/cgroup/$ID-user
	# shellcheck disable=SC2016 # the inner shell's
	ENTER=(${V2_PID:+nsenter "--mount=/proc/$V2_PID/ns/mnt"} sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$DELEGATED" "${AS_USER[@]}")
	ok_container
	conf '.linux.resources = {memory: {limit: 33554432}}'
	refused_container "cgroup /$ID-user nor the one around it is delegated to user $USER_ID"
}

@test "what the host's namespaces don't let be mounted is shown as the host has it" {
	conf '.mounts |= map(if .destination == "/sys" then {destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]} else . end)'
	script 'ls /sys/class/net; touch /sys/class/x 2>&1; grep -c " /sys .*ro,nosuid" /proc/self/mountinfo'
	ok_container
	has lo
	has "Read-only file system"
	# A network namespace of its own has a sysfs of its own.
	conf '.linux.namespaces += [{type: "network"}]'
	script 'ls /sys/class/net; ls /sys/class/net | wc -l'
	ok_container
	is $'lo\n1'
	# And without a pid namespace there is no other procfs than the host's.
	conf '.linux.namespaces |= map(select(.type != "pid"))'
	script 'cat /proc/$$/comm; ls -d /proc/1'
	ok_container
	is $'sh\n/proc/1'
}

@test "what an ordinary user may not" {
	conf '.process.oomScoreAdj = 300'
	script 'cat /proc/self/oom_score_adj'
	ok_container
	is 300
	background 'exec sleep 600'
	ok_inside 'cat /proc/self/oom_score_adj'
	is 300
	ok W delete --force "$ID"
	conf '.process.oomScoreAdj = -300'
	refused_container "process.oomScoreAdj: "
	conf 'del(.process.oomScoreAdj) | .process.rlimits = [{type: "RLIMIT_NICE", soft: 40, hard: 40}]'
	refused_container "process.rlimits[0]"
	conf '.process.rlimits = [] | .linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	refused_container "an ordinary user's container needs a user namespace"
}

@test "hooks are the user's" {
	cat >"$RUN/hook" <<-EOF2
		#!/bin/sh
		id -u >>$RUN/who
	EOF2
	chmod 755 "$RUN/hook"
	conf '.hooks = ([["prestart", "createRuntime", "poststart", "poststop"][] | {key: ., value: [{path: $p}]}] | from_entries)' --arg p "$RUN/hook"
	ok_container
	[[ $(sort -u "$RUN/who") == "$USER_ID" && $(wc -l <"$RUN/who") == 4 ]]
}

@test "seccomp, with and without no_new_privs" {
	local nnp

	script 'mkdir /dev/shm/x 2>&1'
	conf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}'
	for nnp in true false; do
		conf '.process.noNewPrivileges = $n' --argjson n "$nnp"
		container
		has "not supported"
	done
	[[ $(stat -c %u "$STATE/.seccomp"/*) == "$USER_ID" ]]
}

@test "root of a user namespace that isn't the host's first" {
	local how

	# Devices can't be made there either.
	conf 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces |= map(select(.type != "user"))'
	script 'id -u; echo x >/dev/null && echo fine'
	for how in -Ur -Urm; do
		ENTER=("${AS_USER[@]}" unshare "$how")
		ok_container
		is $'0\nfine'
		refused "cgroup /wabe/$ID" W --rootless=false run --bundle "$B" "$ID"
		conf '.linux.resources = {pids: {limit: 20}}'
		refused_container "linux.resources: limits need a cgroup, and "
		conf 'del(.linux.resources)'
	done
	# Its state is the user's, not that of the host's root.
	ok timeout 20 "${ENTER[@]}" "$WABE" run --bundle "$B" "$ID"
	[[ -d $RUN/wabe ]]
	# A user namespace in it.
	conf '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	script 'tr -s " " </proc/self/uid_map; echo x >/dev/null && echo fine'
	ok_container
	is $' 0 0 1\nfine'
	ENTER=("${AS_USER[@]}")
}

@test "a runtime that is the user's own runs from a sealed copy, one of root's as it is" {
	script 'exec sleep 600'
	ok W create --bundle "$B" "$ID"
	[[ $(readlink "/proc/$(pid_of)/exe") == "$WABE" ]]
	ok W delete --force "$ID"
	cp "$WABE" "$RUN/wabe-own"
	chown "$USER_ID" "$RUN/wabe-own"
	ok timeout 20 "${ENTER[@]}" "$RUN/wabe-own" --root "$STATE" create --bundle "$B" "$ID"
	[[ $(readlink "/proc/$(pid_of)/exe") == "/memfd:wabe (deleted)" ]]
	refused "busy" W exec "$ID" sh -c 'echo x >/proc/1/exe'
}

@test "spec --rootless is runc's, but for a cgroup namespace and ambient capabilities" {
	type -P runc >/dev/null || skip "no runc"
	mkdir "$RUN/ours" "$RUN/theirs"
	chown "$USER_ID" "$RUN"/*s
	ok "${AS_USER[@]}" "$WABE" spec --rootless --bundle "$RUN/ours"
	ok "${AS_USER[@]}" "$(type -P runc)" spec --rootless --bundle "$RUN/theirs"
	local same='del(.ociVersion, .hostname, .process.capabilities.ambient)
		| .process.capabilities[]? |= sort | .linux.namespaces |= (map(select(.type != "cgroup")) | sort_by(.type))'
	diff <(jq -S "$same" "$RUN/theirs/config.json") <(jq -S "$same" "$RUN/ours/config.json")
}
