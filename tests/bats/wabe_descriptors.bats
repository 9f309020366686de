#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Descriptors: none of the caller's or of ours comes into a container but those asked for; too few of them is a clear error.

load oci

PYTHON=/usr/bin/python3

# What is open inside: numbers and targets, without the one that ls itself has.
LIST='for f in /proc/self/fd/*; do t=$(readlink $f 2>/dev/null) && echo "${f##*/} $t"; done | grep -v "/proc/[0-9]*/fd$"'

open_fds()
{
	sed 's/ .*//' <<<"$output" | sort -n | paste -sd' '
}

@test "a caller with a thousand open descriptors passes on three" {
	[[ -x $PYTHON ]] || skip "no python3"
	script 'ls /proc/self/fd | wc -l'
	cat >"$T/many.py" <<-'EOF2'
		import os, resource, sys
		soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
		resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
		for i in range(3, 1024):
		    fd = os.open("/", os.O_RDONLY)
		    os.set_inheritable(fd, True)
		os.execvp(sys.argv[1], sys.argv[1:])
	EOF2
	ok timeout 30 "$PYTHON" "$T/many.py" "${ENTER[@]}" "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	is 4 # 0, 1, 2 and the directory that ls reads
	background
	ok timeout 30 "$PYTHON" "$T/many.py" "${ENTER[@]}" "$WABE" --root "$STATE" exec "$ID" sh -c 'ls /proc/self/fd | wc -l'
	is 4
	[[ $(ls "/proc/$(pid_of)/fd" | paste -sd' ') == "0 1 2" ]]
}

@test "a created process holds only what it waits with" {
	script 'sleep 600'
	ok bash -c 'exec 7</etc/passwd 9</; exec timeout 30 "$@"' - "${ENTER[@]}" "$WABE" --root "$STATE" create --bundle "$B" "$ID"
	local targets
	targets=$(for f in /proc/"$(pid_of)"/fd/*; do [[ ${f##*/} -le 2 ]] || readlink "$f"; done)
	run -1 grep -v '^socket:' <<<"$targets"
	[[ $(wc -l <<<"$targets") == 1 ]]
	ok W start "$ID"
	[[ $(ls "/proc/$(pid_of)/fd" | paste -sd' ') == "0 1 2" ]]
}

@test "a caller without standard descriptors gives /dev/null" {
	local closed
	script 'sleep 600'
	for closed in '0<&-' '1>&-' '2>&-' '0<&- 1>&-' '0<&- 1>&- 2>&-'; do
		bash -c "exec $closed; exec timeout 30 \"\$@\"" - "${ENTER[@]}" "$WABE" --root "$STATE" run -d --bundle "$B" "$ID" </dev/null >"$T/out" 2>&1 3>&-
		[[ $(ls "/proc/$(pid_of)/fd" | paste -sd' ') == "0 1 2" ]]
		[[ $closed != *0* || $(readlink "/proc/$(pid_of)/fd/0") == /dev/null ]]
		[[ $closed != *1* || $(readlink "/proc/$(pid_of)/fd/1") == /dev/null ]]
		[[ $closed != *2* || $(readlink "/proc/$(pid_of)/fd/2") == /dev/null ]]
		bash -c "exec $closed; exec timeout 30 \"\$@\"" - "${ENTER[@]}" "$WABE" --root "$STATE" exec "$ID" true </dev/null >"$T/out" 2>&1 3>&-
		ok W delete -f "$ID"
	done
}

@test "--preserve-fds passes exactly those" {
	script "$LIST; cat <&3; cat <&4"
	echo three >"$T/three"
	echo four >"$T/four"
	ok bash -c 'exec 3<"$1" 4<"$2" 5<"$1" 8</; shift 2; exec timeout 30 "$@"' - "$T/three" "$T/four" \
		"${ENTER[@]}" "$WABE" --root "$STATE" run --preserve-fds 2 --bundle "$B" "$ID"
	has "3 $T/three"
	has "4 $T/four"
	has $'three\nfour'
	[[ $output != *"5 $T"* && $output != *"8 "* ]] || shown
	script 'sleep 600'
	ok bash -c 'exec 3<"$1" 4<"$2" 5</; shift 2; exec timeout 30 "$@"' - "$T/three" "$T/four" \
		"${ENTER[@]}" "$WABE" --root "$STATE" create --preserve-fds 2 --bundle "$B" "$ID"
	ok W start "$ID"
	[[ $(ls "/proc/$(pid_of)/fd" | paste -sd' ') == "0 1 2 3 4" ]]
	ok bash -c 'exec 3<"$1" 4</; shift; exec timeout 30 "$@"' - "$T/three" "${ENTER[@]}" "$WABE" --root "$STATE" exec --preserve-fds 1 "$ID" sh -c "$LIST; cat <&3"
	has "three"
	[[ $output != *"4 /"* ]] || shown
}

@test "--preserve-fds of descriptors that the caller doesn't have passes none of ours" {
	script "$LIST"
	local verb
	# Closed: else bats' own are there.
	for option in "" "--log $T/log"; do
		refused "descriptor 3" bash -c 'exec 3>&- 4>&- 5>&-; exec timeout 30 "$@"' - "${ENTER[@]}" "$WABE" --root "$STATE" $option run --preserve-fds 3 --bundle "$B" "$ID"
	done
	background
	for option in "" "--log $T/log"; do
		refused "descriptor 3" bash -c 'exec 3>&- 4>&- 5>&-; exec timeout 30 "$@"' - "${ENTER[@]}" "$WABE" --root "$STATE" $option exec --preserve-fds 3 "$ID" sh -c "$LIST"
	done
	# One is there, the next isn't.
	refused "descriptor 4" bash -c 'exec 3</ 4>&- 5>&-; exec timeout 30 "$@"' - "${ENTER[@]}" "$WABE" --root "$STATE" exec --preserve-fds 2 "$ID" sh -c "$LIST"
}

@test "too few descriptors is an error with a name, and leaves nothing" {
	local limit
	script 'echo fine'
	for limit in 3 4 5 6 7 8 9 10 11 12 14 16; do
		call timeout 30 "${ENTER[@]}" bash -c 'ulimit -Sn "$1"; shift; exec "$@"' - "$limit" "$WABE" --root "$STATE" run --bundle "$B" "$ID"
		[[ $status == 0 && $output == fine ]] && continue
		[[ $status -lt 124 ]]
		# libcgroup doesn't say why it can't read the host's mounts.
		[[ $output == *"hierarchies of "* && -z $V2_PID ]] || has "Too many open files"
		nothing_leaks
	done
}

@test "no further process allowed is an error with a name" {
	script 'echo fine'
	# Root is not held to RLIMIT_NPROC, so the container's cgroup is: no room for its own process.
	cgroup_is_v2 || [[ -d /sys/fs/cgroup/pids && -z $V2_PID ]] || skip "no pids controller"
	conf '.linux.resources.pids = {limit: 1} | .hooks.startContainer = [{path: "/bin/true"}]'
	container
	[[ $status != 0 && $status -lt 124 ]]
	has "Resource temporarily unavailable"
}

@test "a full disk at create is an error with a name" {
	mounts_on_host
	mkdir -m 700 "$STATE"
	mount -t tmpfs -o size=4k,mode=700 none "$STATE"
	call W run --bundle "$B" "$ID"
	local result=$status left
	left=$(ls -A "$STATE" | grep -vx .seccomp || true)
	umount "$STATE"
	[[ $result == 1 && -z $left ]] || shown
	has "No space left"
	mount -t tmpfs -o nr_inodes=2,mode=700 none "$STATE"
	call W run --bundle "$B" "$ID"
	result=$status
	left=$(ls -A "$STATE" | grep -vx .seccomp || true)
	umount "$STATE"
	[[ $result == 1 && -z $left ]] || shown
	has "No space left"
}
