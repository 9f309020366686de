#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl is killed at system calls of create, start, stop, destroy, enter and set, and single calls fail: the next command
# repairs or takes back, destroy always succeeds, nothing leaks.
#
# WABE_SWEEP_POINTS is how many calls of each verb, 10 by default; "all" are all of them: `meson compile sweep-run`. Those
# that change something are also in vzctl_faults.bats.

load helpers

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

is_clean()
{
	no_leaks || { echo "$at"; return 1; }
}

# A command that repairs: exit code 0, or one of $1 (separated by blanks).
then_ok()
{
	call "${@:2}"
	[[ " 0 $1 " == *" $status "* ]] || { echo "$at, then ${*:2}:"; shown; }
}

# Kill "vzctl $@" at each of some calls; before() and after() are the test's.
sweep()
{
	local name k rounds=0

	before
	points_of "$@" >"$T/points"
	at="not killed"
	after
	while read -r name k <&7; do
		at="killed at $name $k of $*"
		before
		injected "inject=$name:signal=KILL:when=$k" "$@"
		((status != 124)) || { echo "hangs, $at"; return 1; }
		after || { echo "$at"; return 1; }
		rounds=$((rounds + 1))
	done 7<"$T/points"
	echo "$rounds rounds"
	((rounds >= 5))
}

@test "create is killed: destroy leaves nothing" {
	before() { :; }
	after()
	{
		then_ok "14" vzctl destroy "$CT" && is_clean
	}
	sweep create "$CT" --name one --hostname h
}

@test "start is killed: start and stop work, nothing leaks" {
	guest
	host_facts >"$T/before"
	before() { :; }
	after()
	{
		call vzctl start "$CT"
		# One whose starter died just before it let go still looks alive for a moment, while it ends.
		[[ $status != 32 ]] || { sleep 0.5; call vzctl start "$CT"; }
		[[ $status == 0 || $status == 32 ]] || { echo "$at"; shown; }
		then_ok "" vzctl exec2 "$CT" true && then_ok "" vzctl stop "$CT" --fast && is_clean
	}
	sweep start "$CT"
}

@test "stop is killed: stop works, nothing leaks" {
	guest
	host_facts >"$T/before"
	before()
	{
		then_ok "" vzctl start "$CT"
	}
	after()
	{
		then_ok "" vzctl stop "$CT" --fast && is_clean
	}
	sweep stop "$CT" --fast
}

@test "destroy is killed: destroy finishes it" {
	before()
	{
		then_ok "" vzctl create "$CT" --name one
		mkdir -p "$VZ/private/$CT/fs/root/a/b"
		touch "$VZ/private/$CT/fs/root/a/b/file"
	}
	after()
	{
		then_ok "14" vzctl destroy "$CT" && is_clean
	}
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

@test "enter is killed: the guest lives, and nothing of the visit stays" {
	local alone

	running_guest
	sleep 1
	alone=$(processes)
	host_facts >"$T/before"
	before() { :; }
	after()
	{
		then_ok "" vzctl exec2 "$CT" true
		WAIT_TENTHS=100 wait_for is_alone && is_clean
	}
	sweep enter "$CT" --exec true
	run_ok vzctl stop "$CT" --fast
}

@test "set is killed: the old file or the new one, and the next set works" {
	running_guest --hostname old --ram 64M
	cp "$VZ/conf/$CT.conf" "$T/old"
	run_ok vzctl set "$CT" --hostname new --name fresh --ram 128M --save
	cp "$VZ/conf/$CT.conf" "$T/new"
	before()
	{
		cp "$T/old" "$VZ/conf/$CT.conf"
		rm -f "$VZ"/names/*
	}
	after()
	{
		cmp -s "$VZ/conf/$CT.conf" "$T/old" || cmp "$VZ/conf/$CT.conf" "$T/new" || return 1
		then_ok "" vzctl set "$CT" --hostname new --name fresh --ram 128M --save && then_ok "" vzctl status fresh
		then_ok "" vzctl exec2 fresh 'test $(hostname) = new'
		# That the guest runs is recorded there, too.
		[[ -z $(find "$VZ/conf" -name '.*' ! -name '.*.running') ]] || { find "$VZ/conf" -name '.*'; return 1; }
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
	local name k error rounds=0 codes

	codes=" $(sed -n 's/^\.It \([0-9]\{1,\}\)$/\1/p' "$page" | tr '\n' ' ') 127 "
	before
	points=all points_of "$@" >/dev/null
	fallible | some >"$T/points"
	at="no error"
	after
	while read -r name k <&7; do
		for error in EIO ENOMEM EINTR EMFILE; do
			# Half of them where not all are wanted: two errors at each call.
			rounds=$((rounds + 1))
			[[ ${WABE_SWEEP_POINTS-} == all ]] || ((rounds % 2)) || continue
			at="$error of $name $k in $*"
			before
			injected "inject=$name:error=$error:when=$k" "$@"
			[[ $codes == *" $status "* ]] || { echo "undocumented exit code, $at"; shown; }
			((status == 0)) || [[ -n $output ]] || { echo "no message, $at"; return 1; }
			after || { echo "$at"; return 1; }
		done
	done 7<"$T/points"
	((rounds >= 10))
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
	manual_page
	before() { :; }
	after()
	{
		then_ok "14" vzctl destroy "$CT" && is_clean
	}
	fail_at_each create "$CT" --name one
}

@test "calls fail in start: a message, a documented exit code, nothing leaks" {
	manual_page
	guest
	host_facts >"$T/before"
	before() { :; }
	after()
	{
		then_ok "" vzctl stop "$CT" --fast && is_clean
	}
	fail_at_each start "$CT"
	run_ok vzctl start "$CT"
	inside true
}

@test "calls fail in stop: the next one works" {
	manual_page
	guest
	host_facts >"$T/before"
	before()
	{
		then_ok "32" vzctl start "$CT"
	}
	after()
	{
		then_ok "" vzctl stop "$CT" --fast && is_clean
	}
	fail_at_each stop "$CT" --fast
}

@test "calls fail in set: the old file or the new one" {
	manual_page
	guest --hostname old
	cp "$VZ/conf/$CT.conf" "$T/old"
	run_ok vzctl set "$CT" --hostname new --save
	cp "$VZ/conf/$CT.conf" "$T/new"
	before()
	{
		cp "$T/old" "$VZ/conf/$CT.conf"
	}
	after()
	{
		cmp -s "$VZ/conf/$CT.conf" "$T/old" || cmp "$VZ/conf/$CT.conf" "$T/new" || return 1
		then_ok "" vzctl set "$CT" --hostname new --save
		cmp "$VZ/conf/$CT.conf" "$T/new"
	}
	fail_at_each set "$CT" --hostname new --save
}
