#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl exec, exec2, enter, runscript.
#
# shellcheck disable=SC2016 # variables of the guest's shell

load helpers

more_setup()
{
	[[ $BATS_TEST_DESCRIPTION == *"is down"* ]] || running_guest
}

@test "exec maps a failure to 8, exec2 returns the command's own code" {
	run_ok vzctl exec "$CT" true
	run_exit 8 vzctl exec "$CT" false
	run_exit 8 vzctl exec "$CT" 'exit 77'
	run_exit 77 vzctl exec2 "$CT" 'exit 77'
	run_exit 127 vzctl exec2 "$CT" no-such-command
	run_exit 137 vzctl exec2 "$CT" 'kill -9 $$'
	run_exit 20 vzctl exec "$CT"
}

@test "words are joined for the guest's shell, as ever" {
	run_ok vzctl exec2 "$CT" echo a '$((1+2))' '|' tr a b
	is "b 3"
	run_ok vzctl exec2 "$CT" printf '%s,' x "''" y
	is "x,,y,"
	run_ok vzctl exec2 "$CT" sh -c "'echo \$0'" zero
	is zero
	# Options behind the guest are the command's.
	run_ok vzctl exec2 "$CT" ls -d --color=never /etc
	is /etc
	# An empty word stays one.
	run_ok vzctl exec2 "$CT" printf '"<%s>"' '' b
	is "<><b>"
}

@test "commands from standard input; its output is whole" {
	printf 'echo one\ncd /etc\npwd\nexit 3\n' >"$T/in"
	status=0
	output=$(vzctl exec2 "$CT" - <"$T/in" 3>&-) || status=$?
	[[ $status == 3 ]]
	is $'one\n/etc'
	[[ $(printf 'some text' | vzctl exec2 $CT cat 3>&-) == "some text" ]]
	[[ $(vzctl exec2 $CT 'dd if=/dev/zero bs=65536 count=64 2>/dev/null' 3>&- </dev/null | wc -c) == 4194304 ]]
}

@test "nothing of the host's environment goes in" {
	SECRET_OF_HOST=1 LANG=de_DE.UTF-8 LD_PRELOAD='' run_ok vzctl exec2 "$CT" env
	hasnt SECRET
	hasnt LANG
	has HOME=/root
	has USER=root
}

@test "a command has the guest's identity: namespaces, cgroup, capabilities, no privileges to inherit" {
	run_ok vzctl exec2 "$CT" 'cat /proc/self/cgroup; grep -E "^Cap|^NoNew|^Seccomp:" /proc/self/status; cat /proc/1/status | grep -E "^CapBnd"'
	has "0::/"
	hasnt "$CGROUP"
	has $'CapInh:\t0000000000000000'
	has $'CapAmb:\t0000000000000000'
	has $'Seccomp:\t2'
	[[ $(grep -c "$(grep -m1 CapBnd <<<"$output")" <<<"$output") == 2 ]]
}

@test "the guest's /bin/sh gone, or a link out of it: exit code 47, nothing of the host runs" {
	cp "$VZ/root/$CT/bin/sh" "$T/sh"
	inside 'cd /bin; busybox mv sh sh.gone; busybox rm -f bash; busybox ln -s ../../../../../../../usr/bin/touch sh'
	run_exit 47 vzctl exec "$CT" true
	run_exit 47 vzctl enter "$CT"
	run_ok vzctl stop "$CT" --fast
}

@test "a guest that is down, and one that is not there" {
	guest
	run_exit 31 vzctl exec "$CT" true
	run_exit 31 vzctl enter "$CT"
	run_exit 14 vzctl exec 999 true
	run_exit 14 vzctl enter 999
}

@test "enter: a login shell on a terminal of the guest's" {
	requires script
	printf 'tty; echo T=$TERM; test -t 0 && echo terminal; pwd; exit 6\n' |
		TERM=vt220 script -qec "vzctl enter $CT" /dev/null >"$T/out" 2>&1 3>&- && false || status=$?
	[[ $status == 6 ]]
	output=$(tr -d '\r' <"$T/out")
	has "entered into CT $CT"
	has $'\n/dev/pts/'
	has T=vt220
	has $'\nterminal'
	has "exited from CT $CT"
}

@test "enter without a terminal reads commands; a TERM that is no name stays out" {
	output=$(printf 'echo $TERM; exit 4\n' | TERM='$(touch /x)' vzctl --quiet enter "$CT" 3>&-) && false || status=$?
	[[ $status == 4 ]]
	is linux
}

@test "enter --exec runs a command first, and the shell stays" {
	requires script
	printf 'echo still $((40+2)); exit\n' | script -qec "vzctl enter $CT --exec echo first of all" /dev/null >"$T/out" 2>&1 3>&-
	output=$(tr -d '\r' <"$T/out")
	has "first of all"
	has "still 42"
	run_exit 20 vzctl enter "$CT" --exec
	run_exit 20 vzctl enter "$CT" --nonsense
}

@test "runscript in a running guest" {
	printf 'echo in $(hostname)\necho id $(id -u)\nexit 9\n' >"$T/script"
	run_exit 9 vzctl runscript "$CT" "$T/script"
	is $'in ct101\nid 0'
	run_exit 3 vzctl runscript "$CT" "$T/nope"
	run_exit 20 vzctl runscript "$CT"
	# The text is in nobody's arguments.
	printf 'grep -l needle-in-text /proc/[0-9]*/cmdline /proc/[0-9]*/environ\nls /tmp' >"$T/script"
	call vzctl runscript "$CT" "$T/script"
	hasnt /proc
	hasnt script
}

@test "runscript in a guest that is down: its init does not run, and nothing stays" {
	guest
	printf 'ls /proc | grep -c "^[0-9]"; echo text >/root/left; cat' >"$T/script"
	output=$(echo input | vzctl runscript "$CT" "$T/script" 3>&-)
	[[ $(tail -1 <<<"$output") == input ]]
	status_is "exist unmounted down"
	[[ $(cat "$VZ/private/$CT/fs/root/left") == text && -z $(ls "$VZ/run") ]]
	printf 'exit 12' >"$T/script"
	run_exit 12 vzctl runscript "$CT" "$T/script"
}

@test "interrupted: the command inside gets the signal, and ends" {
	vzctl exec2 "$CT" 'trap "echo got; exit 5" TERM; echo ready; while :; do sleep 0.1; done' >"$T/out" 3>&- &
	wait_for grep -q ready "$T/out"
	kill $!
	wait $! && false || status=$?
	[[ $status == 5 ]]
	grep -q got "$T/out"
}

# A process of ours that visits the guest, stopped once the guest has one more process that says $1.
# $2...: the command
stopped_visitor()
{
	local said=$T/visit.$1

	shift
	"$@" >"$said" 2>&1 3>&- &
	wait_for grep -q here "$said"
	kill -STOP $!
	VISITORS+=($!)
}

@test "a visitor that is stopped keeps no guest from stopping" {
	requires script wabe
	local begin id terminal VISITORS=() ends=()

	stopped_visitor exec vzctl exec2 "$CT" 'echo here; exec sleep 1000'
	stopped_visitor wabe wabe --root "$VZ/run" exec "$CT" sh -c 'echo here; exec sleep 1000'
	# On a terminal, too: the stopped one is vzctl, script's child.
	mkfifo "$T/keys"
	exec 7<>"$T/keys"
	script -qec "exec vzctl enter $CT --exec 'echo here; exec sleep 1000'" /dev/null <"$T/keys" >"$T/terminal" 2>&1 3>&- 7>&- &
	terminal=$!
	wait_for grep -q here "$T/terminal"
	id=$(pgrep -P "$terminal" -x vzctl)
	kill -STOP "$id"
	begin=$SECONDS
	run_ok vzctl stop "$CT" --fast
	((SECONDS - begin < 20))
	status_is "exist unmounted down"
	kill -CONT "${VISITORS[@]}" "$id"
	for id in "${VISITORS[@]}"; do
		wait "$id" || ends+=($?)
	done
	# script(1) stopped with its child.
	kill -9 "$terminal"
	exec 7>&-
	# What was killed with the guest is told as ever.
	[[ ${ends[*]} == "137 137" ]] || { echo "${ends[*]}"; false; }
}

# Sleeps the child of process $1 in a write to its terminal, twice in a row?
is_blocked()
{
	local id

	id=$(pgrep -P "$1" -x vzctl) && grep -qE 'n_tty_write|tty_write' "/proc/$id/stack" && sleep 0.2 && grep -qE 'n_tty_write|tty_write' "/proc/$id/stack"
}

@test "a visitor that can't write keeps no guest from stopping" {
	requires script
	local begin terminal

	# Nobody reads what script writes, nor it then what vzctl does.
	mkfifo "$T/full" "$T/keys"
	exec 7<>"$T/full" 8<>"$T/keys"
	script -qec "exec vzctl enter $CT --exec yes" /dev/null <"$T/keys" >"$T/full" 2>&1 3>&- 7>&- 8>&- &
	terminal=$!
	wait_for is_blocked "$terminal"
	begin=$SECONDS
	run_ok vzctl stop "$CT" --fast
	((SECONDS - begin < 20))
	kill -9 "$terminal"
	exec 7>&- 8>&-
}

@test "who is killed while visiting leaves nobody on the host who waits" {
	local visitor reaper

	vzctl exec2 "$CT" 'echo here; exec sleep 1000' >"$T/visit" 3>&- &
	visitor=$!
	wait_for grep -q here "$T/visit"
	reaper=$(pgrep -P "$visitor")
	wait_for has_one_socket "$reaper"
	kill -9 "$visitor"
	wait_for eval "[[ ! -e /proc/$reaper ]]"
	run_ok vzctl stop "$CT" --fast
}

# Process $1 has a socket open, and nothing else.
has_one_socket()
{
	[[ $(readlink "/proc/$1/fd/"*) =~ ^socket:\[[0-9]+\]$ ]]
}

@test "a stopped visitor with children of its own keeps no guest from stopping" {
	local begin visitor

	bash -c 'sleep 1000 & exec vzctl exec2 "$0" "echo here; exec sleep 1000"' "$CT" >"$T/visit" 3>&- &
	visitor=$!
	wait_for grep -q here "$T/visit"
	kill -STOP "$visitor"
	begin=$SECONDS
	run_ok vzctl stop "$CT" --fast
	((SECONDS - begin < 20))
	kill "$(pgrep -P "$visitor" -x sleep)"
	kill -CONT "$visitor"
	wait "$visitor" || [[ $? == 137 ]]
}

@test "the exit status is told whatever other children the visitor has, and whatever signals come" {
	local how status

	# Children of before its execve: of those that end, and are stopped, while the guest's process runs.
	for how in '' '(sleep 0.2; exit 9) & sleep 100 & child=$!; (sleep 0.3; kill -STOP $child; sleep 0.3; kill -9 $child) & '; do
		status=0
		bash -c "$how"'exec vzctl exec2 "$0" "sleep 1; exit 7"' "$CT" 3>&- || status=$?
		[[ $status == 7 ]]
		status=0
		bash -c "$how"'exec vzctl exec2 "$0" "sleep 1; kill -9 \$\$"' "$CT" 3>&- || status=$?
		[[ $status == 137 ]]
	done
	# One that ignores the signal that tells of it, and one that is sent it by others, before the end.
	status=0
	bash -c 'trap "" CHLD; exec vzctl exec2 "$0" "exit 7"' "$CT" 3>&- || status=$?
	[[ $status == 7 ]]
	vzctl exec2 "$CT" 'echo here; sleep 1; exit 7' >"$T/visit" 3>&- &
	wait_for grep -q here "$T/visit"
	kill -CHLD $!
	kill -CHLD $!
	status=0
	wait $! || status=$?
	[[ $status == 7 ]]
}

@test "what comes to all processes of a visitor is the guest's matter, and its status is told" {
	local visitor status=0

	vzctl exec2 "$CT" 'trap "sleep 1; exit 5" TERM; echo here; while :; do sleep 0.1; done' >"$T/visit" 3>&- &
	visitor=$!
	wait_for grep -q here "$T/visit"
	kill -TERM "$visitor" $(pgrep -P "$visitor")
	wait "$visitor" || status=$?
	[[ $status == 5 ]]
}

# Is the program that process $1 runs on a read-only mount?
is_sealed()
{
	python3 -c 'import os, sys; sys.exit(not os.statvfs("/proc/%s/exe" % sys.argv[1]).f_flag & os.ST_RDONLY)' "$1"
}

# The process in the guest, whose parent waits for it in the stead of process $1.
visits()
{
	pgrep -P "$(pgrep -P "$1")" -f "sleep 321"
}

@test "a guest without a user namespace is entered from a read-only mount of vzctl, others are not" {
	requires python3
	local verb

	! is_sealed self || skip "programs are on a read-only filesystem here"
	CT=103
	guest --local_uid 0
	run_ok vzctl start "$CT"
	inside 'cat /proc/self/uid_map'
	has 4294967295
	run_ok vzctl create 102
	run_ok vzctl start 102
	for verb in exec2 "enter --exec"; do
		# shellcheck disable=SC2086
		set -- $verb
		vzctl "$1" "$CT" "${@:2}" sleep 321 </dev/null >/dev/null 2>&1 3>&- &
		WAIT_TENTHS=100 wait_for visits $!
		is_sealed $!
		kill "$(visits $!)"
		wait $! || true
	done
	vzctl exec2 102 sleep 321 </dev/null >/dev/null 2>&1 3>&- &
	WAIT_TENTHS=100 wait_for visits $!
	not is_sealed $!
	kill "$(visits $!)"
	wait $! || true
	# Words with blanks and passwords survive running again.
	inside "echo 'a  b'"
	is "a  b"
	run_ok vzctl set "$CT" --userpasswd 'root:geheim 1'
	inside 'grep ^root: /etc/shadow'
	hasnt 'root:*'
	run_ok vzctl restart "$CT" --fast
	run_ok vzctl stop "$CT"
}
