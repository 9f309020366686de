#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl is killed at each point where it changes something: the next command repairs or takes back, nothing leaks. State
# files that are damaged, guests that die.

load helpers
load dealt

more_setup()
{
	[[ $BATS_TEST_DESCRIPTION != *killed* ]] || requires strace
	BATS_TEST_TIMEOUT=${WABE_SWEEP_TIMEOUT:-900}
}

# The calls of "vzctl $@" that change something, as "NAME OCCURRENCE": being killed before one of them is being killed
# after the one before it. WABE_KILL_STEP=1 takes all of them, the default every third of the most frequent ones.
points_of()
{
	strace -qq -o "$T/trace" vzctl "$@" >/dev/null 2>&1 3>&-
	awk -v step="${WABE_KILL_STEP:-3}" '
		{ name = $1; sub(/\(.*/, "", name); n[name]++ }
		name ~ /^(write|pwrite64|ftruncate|mkdir|mkdirat|symlink|symlinkat|unlink|unlinkat|rmdir|rename|renameat|renameat2)$/ ||
		name ~ /^(fchmodat|flock|fsync|clone3|unshare|setns|move_mount|fsmount|open_tree|umount2|mount|sendmsg|recvmsg)$/ ||
		name ~ /^(kill|pidfd_send_signal|close_range|setfsuid|quotactl_fd|ioctl)$/ {
			if (n[name] <= 4 || n[name] % step == 0)
				print name, n[name]
		}' "$T/trace"
}

# Run vzctl and kill it at point $1 $2.
killed_at()
{
	local name=$1 occurrence=$2

	shift 2
	# In a shell of its own, whose remarks on the kill nobody wants.
	(strace -qq -o /dev/null -e "inject=$name:signal=KILL:when=$occurrence" vzctl "$@" 3>&- </dev/null) \
		>"$T/killed" 2>&1 || true
}

# After each round nothing may be left but what was there before the first one.
is_clean()
{
	no_leaks || { echo "killed at $*"; return 1; }
}

create_again()
{
	local before

	killed_at "$1" "$2" create $CT --name one --hostname h
	before=$(vzctl status $CT)
	call vzctl create $CT --name one
	# Who exists already did so before, for everybody to see.
	[[ $status == 0 && $before == *deleted* || $status == 44 && $before == *exist* ]] || { echo "$before"; shown; }
	run_ok vzctl set one --onboot yes --save
	run_ok vzctl mount one
	run_ok vzctl umount one
	run_ok vzctl destroy one
	no_leaks
}

@test "create is killed: the next create works, and nothing leaks" {
	points_of create $CT --name one --hostname h >"$T/points"
	run_ok vzctl destroy $CT
	dealt create_again <"$T/points"
}

create_and_destroy()
{
	killed_at "$1" "$2" create $CT
	call vzctl destroy $CT
	[[ $status == 0 || $status == 14 ]] || shown
	no_leaks
}

@test "create is killed: destroy leaves nothing" {
	points_of create $CT >"$T/points"
	run_ok vzctl destroy $CT
	dealt create_and_destroy <"$T/points"
}

@test "an interrupted create never takes files along" {
	local points name occurrence

	points=$(points_of create $CT)
	run_ok vzctl destroy $CT
	name=$(grep -n '^renameat ' <<<"$points" | tail -1 | cut -d: -f2)
	killed_at "${name% *}" "${name#* }" create $CT
	[[ -e $VZ/private/$CT.wabe-new/fs && ! -e $VZ/private/$CT && ! -e $VZ/conf/$CT.conf ]]
	mkdir "$VZ/private/$CT"
	echo precious >"$VZ/private/$CT/file"
	run_exit 44 vzctl create $CT
	[[ $(cat "$VZ/private/$CT/file") == precious && ! -e $VZ/private/$CT.wabe-new ]]
	rm -r "$VZ/private/$CT"
}

# One whose starter died just before it let go still looks alive for a moment, while it ends.
start_again()
{
	call vzctl start $CT
	[[ $status != 32 ]] || { sleep 0.5; call vzctl start $CT; }
	[[ $status == 0 || $status == 32 ]] || shown
}

start_and_stop()
{
	killed_at "$1" "$2" start $CT
	start_again
	run_ok vzctl exec2 $CT true
	[[ -L $VZ/root/$CT ]]
	run_ok vzctl stop $CT --fast
	no_leaks
}

@test "start is killed: the next start works, and nothing leaks" {
	prepare()
	{
		guest
		host_facts >"$T/before"
	}
	prepare
	points_of start $CT >"$T/points"
	run_ok vzctl stop $CT --fast
	dealt start_and_stop <"$T/points"
}

# The scripts run in the guest while vzctl waits for them, before init does.
start_with_scripts()
{
	rm -f "$VZ/private/$CT/dist.applied" "$(own etc/resolv.conf)"
	killed_at "$1" "$2" start $CT
	start_again
	inside cat /etc/resolv.conf
	has 192.0.2.53
	inside hostname
	is h.example.org
	run_ok vzctl stop $CT --fast
	no_leaks
}

@test "start is killed while the distribution's scripts run: the next start runs them again" {
	prepare()
	{
		guest --hostname h.example.org --nameserver 192.0.2.53
		host_facts >"$T/before"
	}
	prepare
	# From the first script to the last one's end.
	strace -qq -o "$T/trace" vzctl start $CT >/dev/null 2>&1 3>&-
	run_ok vzctl stop $CT --fast
	awk -v step="${WABE_KILL_STEP:-9}" '
		{ name = $1; sub(/\(.*/, "", name); n[name]++ }
		name == "pipe2" && n[name] == 1 { begun = 1 }
		begun && n[name] > 0 && ++count % step == 0 { print name, n[name] }' "$T/trace" | grep -v exit_group >"$T/points"
	(($(wc -l <"$T/points") >= 5)) || { cat "$T/trace"; false; }
	dealt start_with_scripts <"$T/points"
}

stop_again()
{
	run_ok vzctl start $CT
	killed_at "$1" "$2" stop $CT --fast
	run_ok vzctl stop $CT --fast
	status_is "exist unmounted down"
	no_leaks
}

@test "stop is killed: the next stop or start works, and nothing leaks" {
	prepare()
	{
		guest
		host_facts >"$T/before"
	}
	prepare
	run_ok vzctl start $CT
	points_of stop $CT --fast >"$T/points"
	dealt stop_again <"$T/points"
}

destroy_again()
{
	guest --name one
	fill
	killed_at "$1" "$2" destroy $CT
	call vzctl start $CT
	if [[ $status == 0 ]]; then
		# Nothing was removed yet.
		inside 'test -e /root/a/b/file'
		run_ok vzctl stop $CT --fast
	fi
	call vzctl destroy $CT
	[[ $status == 0 || $status == 14 ]] || shown
	no_leaks
}

@test "destroy is killed: destroy finishes it, and another command too" {
	guest --name one
	fill
	points_of destroy $CT >"$T/points"
	dealt destroy_again <"$T/points"
}

fill()
{
	mkdir -p "$VZ/private/$CT/fs/root/a/b"
	touch "$VZ/private/$CT/fs/root/a/b/file"
}

# Each link in names/ is of a guest that has this name, and there is one for each name.
names_are_right()
{
	local link

	for link in "$VZ"/names/*; do
		link=${link##*/}
		[[ -L $VZ/names/$link ]] || continue
		grep -q "^NAME=\"$link\"$" "$VZ/names/$link" || { echo "names/$link is a dead link"; return 1; }
	done
	[[ $(ls -A "$VZ/names" | wc -l) == $(cat "$VZ"/conf/[0-9]*.conf | grep -c '^NAME="..*"') ]]
}

rename_again()
{
	rm -f "$VZ"/names/*
	cp "$T/old" "$VZ/conf/$CT.conf"
	ln -s ../conf/$CT.conf "$VZ/names/stale"
	killed_at "$1" "$2" set $CT --hostname new --name fresh --save
	cmp -s "$VZ/conf/$CT.conf" "$T/old" || cmp "$VZ/conf/$CT.conf" "$T/new"
	# Any command that locks the guest.
	run_ok vzctl recover $CT
	names_are_right
	no_leaks
	run_ok vzctl status "$(key NAME)"
	run_ok vzctl set $CT --hostname new --name fresh --save
	run_ok vzctl status fresh
	names_are_right
}

@test "set --save is killed: the old file or the new one, and no dead name" {
	prepare()
	{
		guest --hostname old --name stale
		cp "$VZ/conf/$CT.conf" "$T/old"
		ln -sf ../conf/$CT.conf "$VZ/names/fresh"
		host_facts >"$T/before"
		rm "$VZ/names/fresh"
		run_ok vzctl set $CT --hostname new --name fresh --save
		cp "$VZ/conf/$CT.conf" "$T/new"
	}
	prepare
	cp "$T/old" "$VZ/conf/$CT.conf"
	run_ok vzctl set $CT --name stale --save
	points_of set $CT --hostname new --name fresh --save >"$T/points"
	dealt rename_again <"$T/points"
}

@test "runscript in a guest that is down is killed: the next command cleans up" {
	local name occurrence

	guest
	echo true >"$T/script"
	host_facts >"$T/before"
	for name in clone3 sendmsg recvmsg setns; do
		for occurrence in 1 2 3; do
			killed_at $name $occurrence runscript $CT "$T/script"
			run_ok vzctl runscript $CT "$T/script"
			is_clean $name $occurrence
		done
	done
}

@test "the guest's init is killed from outside: status and the next commands are right" {
	running_guest
	kill -9 "$(readlink "$VZ/root/$CT" | cut -d/ -f3)"
	wait_for is_down
	status_is "exist unmounted down"
	run_ok vzctl start $CT
	inside true
}

is_down()
{
	[[ $(vzctl status $CT) == *down ]]
}

@test "damaged state of a running guest: stop and start get over it" {
	local text

	for text in '' '{' 'null' '{"pid": "x"}'; do
		[[ -e $VZ/conf/$CT.conf ]] || guest
		run_ok vzctl start $CT
		printf '%s' "$text" >"$VZ/run/$CT/state.json"
		status_is "exist unmounted down"
		run_ok vzctl start $CT
		inside true
		run_ok vzctl stop $CT --fast
		no_processes
	done
}

# No process of a guest is left in any cgroup of ours.
no_processes()
{
	local file

	while read -r file; do
		[[ ! -s $file ]] || { echo "processes in $file"; return 1; }
	done < <(find /sys/fs/cgroup -maxdepth 5 -path "*$CGROUP*" -name cgroup.procs)
}

@test "a guest is frozen: stop thaws it" {
	requires wabe
	running_guest
	run_ok wabe --root "$VZ/run" pause $CT
	status_is "exist mounted running"
	run_exit 31 vzctl exec "$CT" true
	run_ok vzctl stop "$CT" --fast
	status_is "exist unmounted down"
}

# $1 times: two commands at the same time, and the guest is there or isn't, runs or doesn't, but nothing in between. before() makes
# it, FIRST and SECOND are the commands; either may be refused.
race()
{
	local i first

	for ((i = 0; i < ${WABE_ROUNDS:-$1}; i++)); do
		before
		first=0
		# Not always the same one ahead.
		(sleep "0.0$((i * 7 % 10))" && exec vzctl "${FIRST[@]}") >"$T/first" 2>&1 3>&- &
		call vzctl "${SECOND[@]}"
		wait $! || first=$?
		# Too long, not there, aborted, killed; what else is above 124 are codes of vzctl too.
		[[ " 124 126 127 134 137 " != *" $status "* && " 126 127 134 137 " != *" $first "* ]] || { cat "$T/first"; shown; }
		if [[ $(vzctl status $CT) == *running ]]; then
			inside true
			run_ok vzctl stop $CT --fast
		fi
		call vzctl destroy $CT
		[[ $status == 0 || $status == 14 ]] || shown
		no_leaks
	done
}

@test "start against destroy, many times: one consistent end" {
	before() { guest; }
	FIRST=(start "$CT") SECOND=(destroy "$CT")
	race 15
}

@test "start against stop, many times: one consistent end" {
	before() { guest; }
	FIRST=(stop "$CT" --fast) SECOND=(start "$CT")
	race 10
}

@test "set against destroy, many times: nothing of the guest comes back" {
	before() { guest --name first; }
	FIRST=(set "$CT" --name second --hostname other --diskspace 1G --onboot yes --save) SECOND=(destroy "$CT")
	race 10
}

@test "tiny limits of the caller: a clear error, and nothing stays" {
	local n

	guest
	host_facts >"$T/before"
	for n in 4 6 8 10 12 16 20 24; do
		call bash -c "ulimit -n $n; vzctl start $CT"
		((status == 0 || status < 124)) || shown
		((status != 0)) || run_ok vzctl stop $CT --fast
		is_clean "ulimit -n $n"
	done
	run_ok vzctl start $CT
}

@test "errors of the kernel at each kind of call: named, and undone" {
	requires strace
	local name

	guest
	host_facts >"$T/before"
	for name in clone3 unshare setns move_mount fsopen fsmount open_tree mount_setattr renameat2 symlink flock; do
		call strace -qq -o /dev/null -e "inject=$name:error=EIO:when=1" vzctl start $CT
		if [[ $status == 0 ]]; then
			run_ok vzctl stop $CT --fast
		else
			((status < 124)) || shown
			[[ -n $output ]]
		fi
		is_clean "EIO of $name"
	done
	run_ok vzctl start $CT
}

@test "other limits of the caller: no memory, no file may grow, no processes" {
	local limit

	guest
	host_facts >"$T/before"
	for limit in '-v 20000' '-v 60000' '-f 0' '-s 256' '-u 1' '-l 0'; do
		call bash -c "set -o pipefail; (ulimit $limit; exec vzctl start $CT) 2>&1 | cat"
		# 127: not even the loader got its memory.
		((status == 0 || status == 127 || status < 124)) || { echo "ulimit $limit"; shown; }
		((status == 0)) || [[ -n $output ]]
		((status != 0)) || run_ok vzctl stop $CT --fast
		is_clean "ulimit $limit"
	done
	run_ok vzctl start $CT
	inside true
}

@test "descriptors 3 to 1023 of the caller are open, or 0 to 2 closed: the guest has none of them" {
	guest
	run_ok bash -c "ulimit -n 2048; for ((fd = 3; fd < 1024; fd++)); do eval \"exec \$fd</etc/passwd\"; done; vzctl start $CT"
	inside 'ls -l /proc/1/fd | grep -c passwd || true'
	is 0
	run_ok bash -c "ulimit -n 2048; for ((fd = 3; fd < 1024; fd++)); do eval \"exec \$fd</etc/passwd\"; done; vzctl exec2 $CT 'ls /proc/self/fd | wc -l'"
	((output <= 5)) || shown
	run_ok vzctl stop $CT --fast
	run_ok bash -c "vzctl start $CT <&- >&- 2>&-"
	inside 'ls /proc/1/fd | wc -l'
	((output >= 3))
}

@test "the host allows no more cgroups: a named error, and all is taken back" {
	local base=

	for base in "/sys/fs/cgroup/unified$CGROUP" "/sys/fs/cgroup$CGROUP"; do
		[[ ! -e ${base%"$CGROUP"}/cgroup.controllers ]] || break
	done
	[[ -e ${base%"$CGROUP"}/cgroup.controllers ]] || skip "needs a cgroup2 tree"
	guest
	mkdir -p "$base"
	echo 0 >"$base/cgroup.max.descendants"
	host_facts >"$T/before"
	call vzctl start $CT
	((status != 0 && status < 124)) || shown
	has cgroup
	is_clean "cgroup.max.descendants"
	status_is "exist unmounted down"
	echo max >"$base/cgroup.max.descendants"
	run_ok vzctl start $CT
}

@test "the state names a process that is another's by now: the guest is down, and start works" {
	requires jq
	running_guest
	cp "$VZ/run/$CT/state.json" "$T/state"
	run_ok vzctl stop $CT --fast
	mkdir -m 700 "$VZ/run/$CT"
	sed "s/\"pid\": *[0-9]*/\"pid\":$$/" "$T/state" >"$VZ/run/$CT/state.json"
	grep -q "\"pid\":$$" "$VZ/run/$CT/state.json"
	# A lock file is nobody's lock: who wrote into it has ended, or is somebody else by now.
	echo "$$, starting" >"$VZ/lock/$CT.lck"
	status_is "exist unmounted down"
	run_ok vzctl start $CT
	inside true
	kill -0 $$
}

@test "the guest's init is stopped, or ignores all: stop is bounded" {
	running_guest --stop-timeout 3
	kill -STOP "$(readlink "$VZ/root/$CT" | cut -d/ -f3)"
	SECONDS=0
	run_ok vzctl stop $CT
	((SECONDS < 30))
	status_is "exist unmounted down"
}

@test "init goes away while somebody is inside: enter and stop work" {
	running_guest
	echo 'rm -f /sbin/init /bin/init /etc/init; echo removed; exit' >"$T/commands"
	run_ok sh -c "vzctl enter $CT <$T/commands"
	has removed
	inside 'echo still here'
	has "still here"
	run_ok vzctl stop $CT --fast
	run_exit 47 vzctl start $CT
}

@test "the guest's init is killed for want of memory: status says down, start works again" {
	requires memory
	guest --ram 16M --swap 0
	run_ok vzctl mount $CT
	rm -f "$VZ/root/$CT/sbin/init"
	printf '#!/bin/sh\n[ -e /eat ] || exec sleep 1000\nexec tail /dev/zero\n' >"$VZ/root/$CT/sbin/init"
	chmod 755 "$VZ/root/$CT/sbin/init"
	touch "$VZ/root/$CT/eat"
	run_ok vzctl umount $CT
	call vzctl start $CT
	wait_for is_down
	status_is "exist unmounted down"
	run_ok vzctl mount $CT
	rm "$VZ/root/$CT/eat"
	run_ok vzctl umount $CT
	run_ok vzctl start $CT
	inside true
}

@test "vzctl is killed for want of memory: destroy leaves nothing" {
	local dir=/sys/fs/cgroup/memory$CGROUP-oom limit=memory.limit_in_bytes size killed=0

	requires memory
	[[ -d /sys/fs/cgroup/memory ]] || { dir=/sys/fs/cgroup$CGROUP-oom limit=memory.max; }
	mkdir -p "$dir"
	for size in 200K 400K 600K 800K 1200K 1600K 2M; do
		echo "$size" >"$dir/$limit"
		# Its own pages are those that it gets after the exec.
		(bash -c 'echo $$ >"$1/cgroup.procs"; exec vzctl create "$2" --name one' - "$dir" "$CT" </dev/null >"$T/out" 2>&1 3>&-) 2>/dev/null ||
			(($? != 137)) || killed=$((killed + 1))
		call vzctl destroy "$CT"
		[[ $status == 0 || $status == 14 ]] || { echo "with $size"; shown; }
		is_clean "with $size"
	done
	rmdir "$dir"
	((killed > 0))
}

# A file of FUSE that can be opened and whose reading never ends, at $1; in the background, as $FUSE.
hanging_file()
{
	python3 - "$1" <<-'EOF' >"$T/fuse.log" 2>&1 3>&- &
		import ctypes, os, stat, struct, sys
		LOOKUP, FORGET, GETATTR, OPEN, READ, INIT, INTERRUPT = 1, 2, 3, 14, 15, 26, 36
		fd = os.open("/dev/fuse", os.O_RDWR)
		data = f"fd={fd},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
		libc = ctypes.CDLL(None, use_errno=True)
		if libc.mount(b"hangs", sys.argv[1].encode(), b"fuse", 0, data):
		    sys.exit(os.strerror(ctypes.get_errno()))

		def attr(node):
		    mode = stat.S_IFDIR | 0o755 if node == 1 else stat.S_IFREG | 0o644
		    return struct.pack("=6Q10I", node, 4096, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

		while True:
		    try:
		        request = os.read(fd, 1 << 20)
		    except OSError:
		        break
		    size, op, unique, node = struct.unpack("=IIQQ", request[:24])
		    if op == INIT:
		        reply = struct.pack("=4I2H2I2HI7I", 7, 31, 4096, 0, 4, 4, 4096, 1, 1, 0, 0, *[0] * 7)
		    elif op == LOOKUP:
		        reply = struct.pack("=4Q2I", 2, 1, 60, 60, 0, 0) + attr(2)
		    elif op == GETATTR:
		        reply = struct.pack("=Q2I", 60, 0, 0) + attr(node)
		    elif op == OPEN:
		        reply = struct.pack("=Q2I", 1, 1, 0)
		    elif op in (READ, FORGET, INTERRUPT):
		        print("reads" if op == READ else "", flush=True)
		        continue
		    else:
		        reply = b""
		    # What is not known is not implemented: ENOSYS.
		    os.write(fd, struct.pack("=IiQ", 16 + len(reply), 0 if reply else -38, unique) + reply)
	EOF
	FUSE=$!
	wait_for eval "! kill -0 $FUSE 2>/dev/null || mountpoint -q '$1'"
	kill -0 "$FUSE" 2>/dev/null || skip "needs FUSE: $(cat "$T/fuse.log")"
}

@test "a process that not even SIGKILL ends: stop gives up and says so, and works later" {
	requires python3
	local reader

	mkdir "$T/fuse"
	hanging_file "$T/fuse"
	running_guest
	vzctl exec2 "$CT" cat <"$T/fuse/file" >/dev/null 2>&1 3>&- &
	reader=$!
	wait_for grep -q reads "$T/fuse.log"
	SECONDS=0
	run_exit 33 vzctl stop "$CT" --fast
	has stuck
	((SECONDS < 30))
	# Without its server the file system fails, and so does who waits for it.
	kill -9 "$FUSE"
	wait "$reader" "$FUSE" || true
	run_ok vzctl stop "$CT" --fast
	status_is "exist unmounted down"
	umount "$T/fuse"
	no_processes
}
