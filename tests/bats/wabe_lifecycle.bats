#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# create, start, run, state, list, ps, kill, delete, pause, resume: the life cycle of runtime.md and runc's command line.

load oci

@test "a container goes from created to running to stopped, and is deleted" {
	script 'echo hello; sleep 600'
	ok W create --bundle "$B" "$ID"
	is ""
	[[ $(state_of) == created ]]
	ok W start "$ID"
	[[ $(state_of) == running ]]
	wait_for grep -q hello "$T/out" || cat "$T/out"
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	[[ $(pid_of) == 0 ]]
	ok W delete "$ID"
	refused "container $ID does not exist" W state "$ID"
	refused "container $ID does not exist" W delete "$ID"
	refused "container $ID does not exist" W start "$ID"
	refused "container $ID does not exist" W kill "$ID"
	ok W delete --force "$ID"
}

@test "v2: a container goes from created to running to stopped, and is deleted" {
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	[[ -d $(cgroup_dir unified) ]]
	[[ $(cat "$(cgroup_dir unified)/cgroup.procs") == "$(pid_of)" ]]
	ok W start "$ID"
	[[ $(state_of) == running ]]
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
	[[ ! -d $(cgroup_dir unified) ]]
}

@test "the state is runtime.md's document" {
	conf '.annotations = {"org.example.key": "a \"value\"", "x": ""} | .ociVersion = "1.0.2"'
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	ok W state "$ID"
	[[ $(jq -r '[.ociVersion, .id, .status, .bundle, .rootfs] | join("|")' <<<"$output") == \
		"1.0.2|$ID|created|$B|$ROOTFS" ]]
	[[ $(jq -c '.annotations' <<<"$output") == '{"org.example.key":"a \"value\"","x":""}' ]]
	# runc's.
	[[ $(jq -r .owner <<<"$output") == root ]]
	local pid created
	pid=$(jq .pid <<<"$output")
	[[ -d /proc/$pid ]]
	created=$(date -d "$(jq -r .created <<<"$output")" +%s)
	(($(date +%s) - created < 60 && created <= $(date +%s)))
}

@test "the bundle is the working directory unless it is named" {
	script 'echo here'
	cd "$B"
	ok W run "$ID"
	is here
	ok W run -b . "$ID"
	cd "$T"
	ok W run -b bundle "$ID"
	refused "open $T/config.json: No such file" W run "$ID"
	refused "nowhere" W run -b "$T/nowhere" "$ID"
}

@test "run returns the status of the process, or 128 and the signal" {
	for code in 0 1 42 255; do
		conf '.process.args = ["sh", "-c", "exit \($c)"]' --argjson c "$code"
		container
		[[ $status == "$code" ]] || shown
	done
	script 'kill -9 $$; sleep 5'
	conf 'del(.linux.namespaces[] | select(.type == "pid"))'
	container
	[[ $status == 137 ]] || shown
}

@test "run forwards input, output and signals" {
	script 'read line; echo "got $line"; echo oops >&2'
	W run --bundle "$B" "$ID" <<<"a line" >"$T/stdout" 2>"$T/stderr"
	[[ $(cat "$T/stdout") == "got a line" && $(cat "$T/stderr") == oops ]]
	script 'trap "echo term; exit 7" TERM; echo ready; while :; do sleep 0.05; done'
	"${ENTER[@]}" "$WABE" --root "$STATE" run --bundle "$B" "$ID" >"$T/stdout" 2>&1 3>&- </dev/null &
	local pid=$!
	wait_for grep -q ready "$T/stdout"
	kill -TERM "$pid"
	local result=0
	wait "$pid" || result=$?
	[[ $result == 7 && $(tail -1 "$T/stdout") == term ]]
}

@test "run passes every signal on that isn't its own, systemd's and those of job control too" {
	local signal pid

	# 36, 37: SIGRTMIN+2, SIGRTMIN+3 as systemd counts them; 30: SIGPWR, 20: SIGTSTP; 6, 31: what faults of ours would raise; 13: SIGPIPE
	script 'for s in 36 37 30 20 1 10 12 14 6 31 13 23; do trap "echo signal $s" $s; done; trap "echo end; exit 3" TERM
		echo ready; while :; do sleep 0.05; done'
	"${ENTER[@]}" "$WABE" --root "$STATE" run --bundle "$B" "$ID" >"$T/stdout" 2>&1 3>&- </dev/null &
	pid=$!
	wait_for grep -q ready "$T/stdout"
	for signal in 36 37 30 20 1 10 12 14 6 31 13 23; do
		kill -"$signal" "$pid"
		wait_for grep -qx "signal $signal" "$T/stdout"
	done
	kill -TERM "$pid"
	local result=0
	wait "$pid" || result=$?
	[[ $result == 3 && $(tail -1 "$T/stdout") == end ]]
}

@test "a signal that comes while a foreground container is made is its own, and nothing is left" {
	local pid result=0

	script 'trap "echo term; exit 7" TERM; while :; do sleep 0.05; done'
	cat >"$T/hook" <<-'EOF2'
		#!/bin/sh
		touch "${0%/*}/in-hook"
		while [ ! -e "${0%/*}/go" ]; do sleep 0.05; done
	EOF2
	chmod 755 "$T/hook"
	conf '.hooks.createRuntime = [{path: $h}]' --arg h "$T/hook"
	# A background job of a shell ignores SIGINT.
	"${ENTER[@]}" "$WABE" --root "$STATE" run --bundle "$B" "$ID" >"$T/stdout" 2>&1 3>&- </dev/null &
	pid=$!
	wait_for test -e "$T/in-hook"
	kill -TERM "$pid"
	touch "$T/go"
	# The program may not have its trap yet: a pid namespace's init isn't ended by what it doesn't handle.
	while kill -TERM "$pid" 2>/dev/null; do sleep 0.1; done
	wait "$pid" || result=$?
	[[ $result == 7 && $(cat "$T/stdout") == term && ! -e $STATE/$ID ]]
}

@test "no signal is ignored in a container because its caller ignores it; nor in exec and hooks" {
	printf '#!/bin/sh\ngrep ^SigIgn /proc/self/status >%s\n' "$T/hooked" >"$T/hook"
	chmod 755 "$T/hook"
	conf '.hooks.createRuntime = [{path: $h}]' --arg h "$T/hook"
	script 'grep ^SigIgn /proc/self/status; sleep 600'
	trap '' PIPE HUP QUIT USR1 RTMIN+5
	W run -d --bundle "$B" "$ID" >"$T/stdout" 3>&- </dev/null
	W exec "$ID" grep ^SigIgn /proc/self/status >"$T/execed" </dev/null
	trap - PIPE HUP QUIT USR1 RTMIN+5
	wait_for grep -q SigIgn "$T/stdout"
	grep -h SigIgn "$T/stdout" "$T/execed" "$T/hooked"
	[[ $(cat "$T/stdout" "$T/execed" "$T/hooked" | sort -u) == $'SigIgn:\t0000000000000000' ]]
}

@test "a detached container outlives its starter; --keep keeps a stopped one" {
	background 'exec sleep 600'
	[[ $(state_of) == running ]]
	[[ $(cat "/proc/$(pid_of)/comm") == sleep ]]
	ok W delete -f "$ID"
	script 'exit 3'
	call W run --keep --bundle "$B" "$ID"
	[[ $status == 3 && $(state_of) == stopped ]]
	ok W delete "$ID"
}

@test "run in the foreground reaps orphans, with --no-subreaper it leaves them to others" {
	conf '.linux.namespaces |= map(select(.type != "pid"))'
	# shellcheck disable=SC2016 # the container's shell's
	script 'sh -c "sleep 77 & echo \$! >/dev/shm/pid"; set -- $(cat "/proc/$(cat /dev/shm/pid)/stat"); kill $1; [ "$4" = "$PPID" ] && echo ours || echo "of others"'
	ok_container
	is ours
	ok W run --no-subreaper --bundle "$B" "$ID"
	is "of others"
}

@test "--pid-file has init's host pid" {
	script 'sleep 600'
	ok W create --bundle "$B" --pid-file "$T/pid" "$ID"
	[[ $(cat "$T/pid") == "$(pid_of)" ]]
	# A planted link is replaced, not followed.
	echo keep >"$T/precious"
	ln -s "$T/precious" "$T/.pid2.tmp"
	ln -s "$T/precious" "$T/pid2"
	ok W run -d --bundle "$B" --pid-file "$T/pid2" "$ID-2"
	[[ $(cat "$T/pid2") == "$(pid_of "$ID-2")" && $(cat "$T/precious") == keep ]]
	refused "/no/such" W create --bundle "$B" --pid-file /no/such/pid "$ID-3"
	refused "does not exist" W state "$ID-3"
}

@test "an id is taken until the container is deleted" {
	background
	refused "container $ID exists" W create --bundle "$B" "$ID"
	refused "container $ID exists" W run --bundle "$B" "$ID"
	[[ $(state_of) == running ]]
	ok W delete -f "$ID"
	background
}

@test "ids are names, never paths" {
	local id
	for id in .. . "" a/b ../x $'a\nb' "a b" "$(printf 'a%.0s' {1..256})" 'a;b' 'ä' -- ; do
		refused "" W create --bundle "$B" "$id"
		refused "" W state "$id"
		refused "" W delete --force "$id"
	done
	for id in A-Z_0.9+x "$(printf 'a%.0s' {1..200})"; do
		script true
		ok W --cgroup-manager disabled run --bundle "$B" "$id"
	done
	[[ $(find "$STATE" -mindepth 1 -maxdepth 1 ! -name .seccomp | wc -l) == 0 ]]
}

@test "start is for created containers, once" {
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	ok W start "$ID"
	refused "running" W start "$ID"
	[[ $(state_of) == running ]]
	ok W kill "$ID" 9
	wait_for is_status stopped "$ID"
	refused "stopped" W start "$ID"
}

@test "delete refuses a running container, --force kills it" {
	background
	local pid
	pid=$(pid_of)
	refused "running" W delete "$ID"
	[[ $(state_of) == running ]]
	ok W delete --force "$ID"
	has_ended "$pid"
}

@test "kill ends a created container, and its program has the default actions again" {
	local signal
	for signal in TERM INT HUP KILL; do
		ok W create --bundle "$B" "$ID"
		ok W kill "$ID" "$signal"
		wait_for is_status stopped "$ID"
		ok W delete "$ID"
	done
	conf '.process.args = ["grep", "SigCgt", "/proc/self/status"]'
	W create --bundle "$B" "$ID" >"$T/caught" 2>&1 </dev/null
	ok W start "$ID"
	wait_for grep -q 'SigCgt:.0000000000000000' "$T/caught"
	ok W delete -f "$ID"
}

@test "a created container is deleted, and its process never ran" {
	own_rootfs
	script 'touch /ran; sleep 600'
	ok W create --bundle "$B" "$ID"
	local pid
	pid=$(pid_of)
	ok W delete "$ID"
	has_ended "$pid"
	[[ ! -e $ROOTFS/ran ]]
}

@test "kill knows signals by name and number; not running is an error" {
	local signal

	script 'trap "echo hup >>/tmp/s" HUP; trap "echo usr1 >>/tmp/s" USR1; trap "echo term >>/tmp/s" TERM; echo ready >/tmp/s
		while :; do sleep 0.02; done'
	own_rootfs
	ok W run -d --bundle "$B" "$ID"
	wait_for grep -q ready "$ROOTFS/tmp/s"
	for signal in HUP:hup SIGUSR1:usr1 sigusr1:usr1 10:usr1 15:term TERM:term; do
		: >"$ROOTFS/tmp/s"
		ok W kill "$ID" "${signal%:*}"
		wait_for grep -qx "${signal#*:}" "$ROOTFS/tmp/s"
	done
	: >"$ROOTFS/tmp/s"
	ok W kill "$ID"
	wait_for grep -qx term "$ROOTFS/tmp/s"
	ok W kill "$ID" 0 # only asks (kill(2))
	for signal in NOPE 65 99999999999 "" SIG; do
		refused "signal" W kill "$ID" "$signal"
	done
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	refused "not running" W kill "$ID" TERM
}

@test "kill --all reaches every process" {
	background 'sleep 601 & sleep 602 & exec sleep 600'
	wait_for eval '[[ $(W ps -f json "$ID" | jq length) == 3 ]]'
	ok W kill --all "$ID" KILL
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
}

@test "list shows all containers, as table, as JSON, and the ids alone" {
	script 'sleep 600'
	ok W list
	is "ID                   PID      STATUS    BUNDLE                           CREATED                        OWNER"
	ok W create --bundle "$B" "$ID-b"
	ok W run -d --bundle "$B" "$ID-a"
	ok W list -q
	is "$ID-a"$'\n'"$ID-b"
	ok W list --format json
	[[ $(jq -c '[.[] | [.id, .status, .bundle]]' <<<"$output") == "[[\"$ID-a\",\"running\",\"$B\"],[\"$ID-b\",\"created\",\"$B\"]]" ]]
	[[ $(jq '.[0].pid' <<<"$output") == "$(pid_of "$ID-a")" ]]
	ok W list
	[[ $(wc -l <<<"$output") == 3 ]]
	has "$ID-a"
	refused "format" W list --format xml
}

@test "ps lists the processes, by ps(1) or as JSON" {
	background 'sleep 601 & exec sleep 600'
	wait_for eval '[[ $(W ps -f json "$ID" | jq length) == 2 ]]'
	ok W ps --format json "$ID"
	[[ $(jq 'sort == $p' --argjson p "$(pgrep -P "$(pid_of)" | jq -s ". + [$(pid_of)] | sort")" <<<"$output") == true ]]
	ok W ps "$ID"
	has "sleep 600"
	has "sleep 601"
	ok W ps "$ID" -o pid
	[[ $(wc -l <<<"$output") == 3 ]] || shown
}

@test "pause and resume" {
	own_rootfs
	background 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/count; sleep 0.02; done'
	wait_for test -s "$ROOTFS/tmp/count"
	ok W pause "$ID"
	[[ $(state_of) == paused ]]
	local before
	before=$(cat "$ROOTFS/tmp/count")
	sleep 0.3
	[[ $(cat "$ROOTFS/tmp/count") == "$before" ]]
	refused "paused" W exec "$ID" true
	refused "paused" W pause "$ID"
	ok W resume "$ID"
	[[ $(state_of) == running ]]
	refused "running" W resume "$ID"
	wait_for eval '[[ $(cat "$ROOTFS/tmp/count") != "$before" ]]'
	ok W pause "$ID"
	ok W delete --force "$ID"
}

@test "v2: pause and resume" {
	background
	ok W pause "$ID"
	[[ $(state_of) == paused && $(cat "$(cgroup_dir unified)/cgroup.freeze") == 1 ]]
	ok W resume "$ID"
	[[ $(state_of) == running ]]
	ok W pause "$ID"
	ok W delete --force "$ID"
}

@test "a paused container is killed by KILL" {
	background
	ok W pause "$ID"
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
}

@test "a created container can be paused, resumed, and then started" {
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	ok W pause "$ID"
	[[ $(state_of) == paused ]]
	refused "paused" W start "$ID"
	ok W resume "$ID"
	[[ $(state_of) == created ]]
	ok W start "$ID"
}

@test "a stopped container is neither paused nor entered" {
	background true
	wait_for is_status stopped "$ID"
	refused "stopped" W pause "$ID"
	refused "not running" W exec "$ID" true
	ok W delete "$ID"
}

@test "config.json may change after create, the container doesn't" {
	script 'echo first'
	ok W create --bundle "$B" "$ID"
	script 'echo second'
	rm "$B/config.json"
	call W start "$ID"
	[[ $status == 0 ]]
	wait_for is_status stopped "$ID"
}

@test "a reused pid is not taken for the container's" {
	background
	local pid
	pid=$(pid_of)
	# As if init had ended and its number gone to somebody else.
	jq --argjson me "$$" '.pid = $me' "$STATE/$ID/state.json" >"$T/new"
	cp "$T/new" "$STATE/$ID/state.json"
	[[ $(state_of) == stopped ]]
	refused "not running" W kill "$ID" KILL
	ok W delete --force "$ID"
	has_ended "$pid"
	kill -0 "$$"
}

@test "state directories are root's alone, whatever the umask" {
	script 'sleep 600'
	umask 000
	ok W create --bundle "$B" "$ID"
	[[ $(stat -c %a "$STATE" "$STATE/$ID" | sort -u) == 700 ]]
	[[ $(find "$STATE" -type f -perm /077) == "" ]]
	chmod 777 "$STATE"
	refused "may be written by others" W state "$ID"
	chmod 700 "$STATE"
}

@test "a long state root works" {
	STATE=$T/$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..200})/state
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	ok W start "$ID"
	[[ $(state_of) == running ]]
}
