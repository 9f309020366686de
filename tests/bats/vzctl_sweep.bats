#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl is killed at system calls of create, start, stop, destroy, enter and set, and single calls fail: the next command
# repairs or takes back, destroy always succeeds, nothing leaks.
#
# WABE_SWEEP_POINTS is how many calls of each verb, 10 by default; "all" are all of them: `meson compile sweep-run`. Those
# that change something are also in vzctl_faults.bats.

load helpers
load dealt

more_setup()
{
	requires strace
	BATS_TEST_TIMEOUT=${WABE_SWEEP_TIMEOUT:-900}
	points=${WABE_SWEEP_POINTS:-10}
}

# Words "NAME K" on standard input, the K-th call of NAME each: as many as are wanted, from all over.
some()
{
	if [[ $points == all ]]; then
		cat
	else
		awk -v n="$points" '{ line[NR] = $0 }
			END { for (i = 0; i < n && i < NR; i++) print line[int((i + 0.5) * NR / (n < NR ? n : NR)) + 1] }'
	fi
}

# All calls of a run of vzctl $@; strace counts those of each name apart.
points_of()
{
	strace -qq -o "$T/trace" vzctl "$@" >/dev/null 2>&1 </dev/null 3>&-
	sed -nE 's/^([a-z0-9_]+)\(.*/\1/p' "$T/trace" | grep -vxE 'execve|exit_group' | awk '{ print $1, ++n[$1] }' | some
}

# vzctl $2... with strace's injection $1. In a shell of its own, whose remarks on a kill nobody wants.
injected()
{
	status=0
	bash -c 'timeout --foreground -k 5 60 "$@" >"$0" 2>&1; exit' "$T/out" \
		strace -qq -o "$T/injected" -e "$1" vzctl "${@:2}" 3>&- </dev/null >/dev/null 2>&1 || status=$?
	output=$(tr -d '\0' <"$T/out")
}

# A command that repairs: exit code 0, or one of $1 (separated by blanks).
then_ok()
{
	call "${@:2}"
	[[ " 0 $1 " == *" $status "* ]] || { echo "then ${*:2}:"; shown; }
}

# Kill "vzctl $@" at each of some calls. prepare() makes what all rounds need, before() and after() are each round's.
sweep()
{
	WORDS=("$@")
	prepare
	before
	points_of "$@" >"$T/points"
	after
	(($(wc -l <"$T/points") >= 5))
	dealt kill_round <"$T/points"
}

kill_round()
{
	before
	injected "inject=$1:signal=KILL:when=$2" "${WORDS[@]}"
	((status != 124)) || { echo "hangs when killed"; return 1; }
	after
}

@test "create is killed: destroy leaves nothing" {
	prepare() { :; }
	before() { :; }
	after()
	{
		then_ok "14" vzctl destroy "$CT"
		no_leaks
	}
	sweep create "$CT" --name one --hostname h
}

prepare_guest()
{
	guest
	host_facts >"$T/before"
}

@test "start is killed: start and stop work, nothing leaks" {
	prepare() { prepare_guest; }
	before() { :; }
	after()
	{
		call vzctl start "$CT"
		# One whose starter died just before it let go still looks alive for a moment, while it ends.
		[[ $status != 32 ]] || { sleep 0.5; call vzctl start "$CT"; }
		[[ $status == 0 || $status == 32 ]] || shown
		then_ok "" vzctl exec2 "$CT" true
		then_ok "" vzctl stop "$CT" --fast
		no_leaks
	}
	sweep start "$CT"
}

@test "stop is killed: stop works, nothing leaks" {
	prepare() { prepare_guest; }
	before()
	{
		then_ok "" vzctl start "$CT"
	}
	after()
	{
		then_ok "" vzctl stop "$CT" --fast
		no_leaks
	}
	sweep stop "$CT" --fast
}

before_destroy()
{
	then_ok "" vzctl create "$CT" --name one
	mkdir -p "$VZ/private/$CT/fs/root/a/b"
	touch "$VZ/private/$CT/fs/root/a/b/file"
}

after_destroy()
{
	then_ok "14" vzctl destroy "$CT"
	no_leaks
}

@test "destroy is killed: destroy finishes it" {
	prepare() { :; }
	before() { before_destroy; }
	after() { after_destroy; }
	sweep destroy "$CT"
}

# Processes of the guest, by the kernel's count.
processes()
{
	cat /sys/fs/cgroup/*/"${CGROUP#/}/$CT"/cgroup.procs "/sys/fs/cgroup$CGROUP/$CT/cgroup.procs" 2>/dev/null | sort -u | wc -l
}

is_alone()
{
	(($(processes) <= alone))
}

prepare_visited()
{
	running_guest
	sleep 1
	alone=$(processes)
	host_facts >"$T/before"
}

after_visit()
{
	then_ok "" vzctl exec2 "$CT" true
	WAIT_TENTHS=100 wait_for is_alone
	no_leaks
}

@test "enter is killed: the guest lives, and nothing of the visit stays" {
	prepare() { prepare_visited; }
	before() { :; }
	after() { after_visit; }
	sweep enter "$CT" --exec true
	run_ok vzctl stop "$CT" --fast
}

@test "set is killed: the old file or the new one, and the next set works" {
	prepare()
	{
		running_guest --hostname old --ram 64M --name stale
		cp "$VZ/conf/$CT.conf" "$T/old"
		run_ok vzctl set "$CT" --hostname new --name fresh --ram 128M --save
		cp "$VZ/conf/$CT.conf" "$T/new"
		host_facts >"$T/before"
	}
	before()
	{
		cp "$T/old" "$VZ/conf/$CT.conf"
		rm -f "$VZ"/names/*
		ln -s "../conf/$CT.conf" "$VZ/names/stale"
	}
	after()
	{
		cmp -s "$VZ/conf/$CT.conf" "$T/old" || cmp "$VZ/conf/$CT.conf" "$T/new"
		# The next command, whichever it is, knows which names are the guest's.
		then_ok "" vzctl recover "$CT"
		[[ $(ls -A "$VZ/names") == "$(key NAME)" ]] || { ls -A "$VZ/names"; return 1; }
		then_ok "" vzctl set "$CT" --hostname new --name fresh --ram 128M --save
		then_ok "" vzctl status fresh
		then_ok "" vzctl exec2 fresh 'test $(hostname) = new'
		no_leaks
	}
	sweep set "$CT" --hostname new --name fresh --ram 128M --save
}

# Which calls can fail at all, in the command itself (what the loader does is the loader's business), and where: the first
# and a later one.
fallible()
{
	sed -nE 's/^([a-z0-9_]+)\(.*/\1/p' "$T/trace" |
		grep -vxE 'execve|exit_group|brk|arch_prctl|set_tid_address|set_robust_list|rseq|prlimit64|getrandom|munmap|mprotect|get(pid|tid|uid|euid|gid|egid)|rt_sig.*|access|pread64|umask|close' |
		awk '{ n[$1]++ } END { for (name in n) { print name, n[name]; if (n[name] > 3) print name, int(n[name] / 2) + 1 } }' | sort
}

# Errors at calls of "vzctl $@": a message and a documented exit code, or success; what comes after, as above.
fail_at_each()
{
	WORDS=("$@")
	manual_page
	CODES=" $(sed -n 's/^\.It \([0-9]\{1,\}\)$/\1/p' "$page" | tr '\n' ' ') 127 ${MORE_CODES-} "
	prepare
	before
	points=all points_of "$@" >/dev/null
	# Two errors at each call where not all are wanted.
	fallible | some | awk -v all="$([[ $points != all ]] || echo 1)" 'BEGIN { n = split("EIO ENOMEM EINTR EMFILE", errors) }
		{ for (i = 1; i <= n; i++) if (all || i % 2 == NR % 2) print $0, errors[i] }' >"$T/points"
	after
	(($(wc -l <"$T/points") >= 10))
	dealt fail_round <"$T/points"
}

fail_round()
{
	before
	injected "inject=$1:error=$3:when=$2" "${WORDS[@]}"
	[[ $CODES == *" $status "* ]] || { echo "undocumented exit code"; shown; }
	((status == 0)) || [[ -n $output ]] || { echo "no message"; return 1; }
	after
}

manual_page()
{
	page=$T/page
	if [[ -f $BATS_TEST_DIRNAME/../../man/vzctl.8 ]]; then
		cp "$BATS_TEST_DIRNAME/../../man/vzctl.8" "$page"
	else
		gzip -cdf /usr/share/man/man8/vzctl.8* >"$page"
	fi
}

@test "calls fail in create: a message, a documented exit code, nothing leaks" {
	prepare() { :; }
	before() { :; }
	after() { after_destroy; }
	fail_at_each create "$CT" --name one
}

@test "calls fail in start: a message, a documented exit code, nothing leaks" {
	prepare() { prepare_guest; }
	before() { :; }
	after()
	{
		then_ok "" vzctl stop "$CT" --fast
		no_leaks
	}
	fail_at_each start "$CT"
	run_ok vzctl start "$CT"
	inside true
}

@test "calls fail in stop: the next one works" {
	prepare() { prepare_guest; }
	before()
	{
		then_ok "32" vzctl start "$CT"
	}
	after()
	{
		then_ok "" vzctl stop "$CT" --fast
		no_leaks
	}
	fail_at_each stop "$CT" --fast
}

@test "calls fail in destroy: the next one finishes it" {
	prepare() { :; }
	before() { before_destroy; }
	after() { after_destroy; }
	fail_at_each destroy "$CT"
}

@test "calls fail in enter: the guest lives, and nothing of the visit stays" {
	prepare() { prepare_visited; }
	before() { :; }
	after() { after_visit; }
	# Of a shell whose end could not be learnt.
	MORE_CODES=255
	fail_at_each enter "$CT" --exec true
}

@test "calls fail in set: the old file or the new one" {
	prepare()
	{
		guest --hostname old
		cp "$VZ/conf/$CT.conf" "$T/old"
		run_ok vzctl set "$CT" --hostname new --save
		cp "$VZ/conf/$CT.conf" "$T/new"
		host_facts >"$T/before"
	}
	before()
	{
		cp "$T/old" "$VZ/conf/$CT.conf"
	}
	after()
	{
		cmp -s "$VZ/conf/$CT.conf" "$T/old" || cmp "$VZ/conf/$CT.conf" "$T/new"
		then_ok "" vzctl set "$CT" --hostname new --save
		cmp "$VZ/conf/$CT.conf" "$T/new"
		no_leaks
	}
	fail_at_each set "$CT" --hostname new --save
}
