#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# wabe ps, list, kill and delete with runc's options; verbs that come later.

load oci

@test "ps: a table of the container's processes alone, whatever options ps gets" {
	local options
	background 'sleep 601 & sleep 602 & exec sleep 603'
	for options in "" "-ef" "aux" "-o user,pid,args" "-eo pid,args" "x -o pid,ppid,cmd" "-e -o comm,pid"; do
		# shellcheck disable=SC2086 # words
		ok W ps "$ID" $options
		[[ $(wc -l <<<"$output") == 4 ]] || { echo "options: $options"; shown; }
		[[ ${output%%$'\n'*} == *PID* ]] || shown
		if [[ $options != *comm* ]]; then
			has "sleep 601"
			has "sleep 602"
			has "sleep 603"
		fi
	done
	refused "no column PID" W ps "$ID" -o comm
	refused "ps failed" W ps "$ID" --nonsense-option
	refused "does not exist" W ps "$ID-none"
	refused "no ps" /usr/bin/env PATH="$T/empty" "$WABE" --root "$STATE" ps "$ID"
}

@test "ps -f json: host pids" {
	background 'sleep 601 & exec sleep 603'
	ok W ps -f json "$ID"
	jq -e --argjson pid "$(pid_of)" 'length == 2 and index($pid) != null' <<<"$output" >/dev/null || shown
	ok W ps --format=json "$ID"
	ok W ps --format table "$ID"
	has PID
	refused "--format yaml" W ps --format yaml "$ID"
}

@test "list: table, json, quiet" {
	conf '.annotations = {"org.x": "1", "b": "two"}'
	conf '.ociVersion = "1.0.2"'
	background
	ok W list
	has "OWNER"
	[[ $(awk -v id="$ID" '$1 == id { print $2, $3, $4, $6 }' <<<"$output") == "$(pid_of) running $B root" ]] || shown
	ok W list -q
	is "$ID"
	ok W list -q --format json
	is "$ID"
	ok W list --format json
	jq -e --arg id "$ID" --arg b "$B" --argjson pid "$(pid_of)" '.[0] | .id == $id and .pid == $pid and .status == "running"
		and .bundle == $b and .annotations == {"org.x": "1", "b": "two"} and .owner == "root" and .ociVersion == "1.0.2"
		and (.created | test("^[0-9]{4}-.*Z$"))' <<<"$output" >/dev/null || shown
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	ok W list --format json
	jq -e '.[0] | .status == "stopped" and .pid == 0' <<<"$output" >/dev/null || shown
	ok W delete "$ID"
	ok W list --format json
	is "[]"
	refused "--format yaml" W list --format yaml
	refused "usage: wabe list" W list extra
}

@test "kill: every name and number of a signal" {
	local name number
	# The shell says which signal it got; of those that can't be caught it dies.
	background 'for n in $(seq 1 64); do case $n in 9|17|19|32|33) ;; *) trap "echo got$n >>/dev/shm/got" $n ;; esac; done
		touch /dev/shm/ready; while :; do sleep 0.1; done'
	wait_for W exec "$ID" test -e /dev/shm/ready
	ok W kill "$ID" 0
	while read -r name number; do
		: "$name"
		ok W exec "$ID" rm -f /dev/shm/got
		ok W kill "$ID" "$name"
		wait_for W exec "$ID" grep -qx "got$number" /dev/shm/got || { echo "$name"; return 1; }
	done <<-'LIST'
		HUP 1
		SIGINT 2
		sigquit 3
		10 10
		SIGUSR2 12
		TERM 15
		SIGWINCH 28
		34 34
		RTMIN+3 37
		SIGRTMAX-1 63
		64 64
	LIST
	# Every other name that the kernel has is known; their default would end or stop a process without a trap.
	for name in $(kill -l | tr -s '\t ' '\n' | sed -n 's/^SIG//p' | grep -vxE 'KILL|STOP|CHLD'); do
		ok W kill "$ID" "$name"
		ok W kill "$ID" "SIG$name"
	done
	[[ $(state_of) == running ]]
	for name in NOSUCH SIG 65 9x "" RTMIN+31 RTMAX+1 SIGSIGTERM; do
		refused "unknown signal" W kill "$ID" "$name"
	done
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	refused "not running" W kill "$ID" KILL
	refused "not running" W kill "$ID" 0
}

@test "kill --all reaches every process of the container, and no other" {
	background 'trap : TERM; (trap "echo child >>/dev/shm/got" TERM; touch /dev/shm/ready; while :; do sleep 0.1; done) & while :; do sleep 0.1; done'
	wait_for W exec "$ID" test -e /dev/shm/ready
	ok W kill -a "$ID" TERM
	wait_for W exec "$ID" grep -q child /dev/shm/got
	ok W kill --all "$ID" KILL
	wait_for is_status stopped "$ID"
	# As runc: with --all there may be nobody left.
	ok W kill --all "$ID" KILL
}

@test "delete: a running one is refused, by force it goes; one that isn't there is fine by force" {
	background
	refused "stop it first or use --force" W delete "$ID"
	[[ $(state_of) == running ]]
	ok W delete -f "$ID"
	refused "does not exist" W delete "$ID"
	ok W delete --force "$ID"
	background
	ok W pause "$ID"
	ok W delete --force "$ID"
}

@test "checkpoint and restore say that they come later" {
	background
	local verb
	for verb in checkpoint restore; do
		refused "$verb: not in this version" W "$verb" --image-path "$T" "$ID"
		[[ $status == 1 ]]
		ok W "$verb" --help
		has "not in this version"
	done
	[[ $(state_of) == running ]]
}
