#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Faults: killed at each system call, system calls that fail, damaged states, commands that race. After each, `delete --force`
# succeeds and nothing is left; a command that fails says what and why.
#
# WABE_SLOW=1 goes through every system call; else each run takes other ones, some way apart.

load oci

more_setup()
{
	[[ -x /usr/bin/strace ]] || skip "no strace"
	script 'exec sleep 600'
	STRIDE=${WABE_STRIDE:-8}
	[[ -z ${WABE_SLOW-} ]] || STRIDE=1
	OFFSET=${WABE_OFFSET:-1} # another one tries other calls
	echo "stride $STRIDE, offset $OFFSET"
}

# The runtime under strace; $1 are options for it, separated by blanks.
traced()
{
	# shellcheck disable=SC2086
	timeout --foreground -k 5 60 "${ENTER[@]}" strace -o "$T/trace" $1 "$WABE" --root "$STATE" "${@:2}" 3>&-
}

# Nothing of the container is there. Cheap: it runs hundreds of times.
is_gone()
{
	[[ ! -e $STATE/$ID ]] || return 1
	! compgen -G "/sys/fs/cgroup/*/wabe/$ID" >/dev/null || return 1
	[[ ! -e /sys/fs/cgroup/wabe/$ID ]] || return 1
	! grep -qslE "/$ID(/|\$)" /proc/[0-9]*/cgroup
}

# Delete must work now, and leave nothing.
recovers()
{
	ok W delete --force "$ID" || return 1
	wait_for is_gone || { find_leaks; tail -3 "$T/trace"; return 1; }
}

# "NAME K" for the K-th call of NAME by a process, in the order of "$T/trace": strace counts the calls of each name apart.
points()
{
	sed -nE 's/^([0-9]+ +)?([a-z0-9_]+)\(.*/\1 \2/p' "$T/trace" | grep -vE ' (exit|exit_group|restart_syscall)$' |
		awk '{name = $NF; process = NF > 1 ? $1 : 0; at = name " " ++count[process, name]; if (!seen[at]++) print at}'
}

# Kill the command $3... at its system calls, every STRIDE-th from OFFSET on; $1 is "-f" (its children too) or "", $2 prepares
# each round.
sweep()
{
	local options=$1 prepare=$2 name k at=0 rounds=0 kills=0

	shift 2
	"$prepare"
	ok traced "$options" "$@" || return 1
	points >"$T/points"
	recovers || return 1
	while read -r name k <&7; do
		at=$((at + 1))
		(((at - OFFSET) % STRIDE == 0)) || continue
		"$prepare"
		call traced "$options -e inject=$name:signal=KILL:when=$k" "$@"
		grep -q 'killed by SIGKILL' "$T/trace" && kills=$((kills + 1))
		[[ $status != 124 ]] || { echo "hangs when killed at $name $k"; shown; }
		# Whatever is left can be looked at.
		ok W list -q || return 1
		recovers || { echo "killed at $name $k: $*"; return 1; }
		rounds=$((rounds + 1))
	done 7<"$T/points"
	echo "$kills of $rounds rounds were killed, of $at points of $*"
	((kills * 2 > rounds && rounds > 2))
}

nothing()
{
	:
}

created()
{
	ok W create --bundle "$B" "$ID"
}

running()
{
	ok W run -d --bundle "$B" "$ID"
}

@test "create is killed at each system call" {
	sweep "" nothing create --bundle "$B" "$ID"
}

# In the foreground, and with a program that ends: strace waits for all that it follows.
@test "run and its child are killed at each system call" {
	script true
	sweep -f nothing run --bundle "$B" "$ID"
}

@test "v2: run is killed at each system call" {
	sweep "" nothing run -d --bundle "$B" "$ID"
}

@test "v2: run in a user namespace and its child are killed at each system call" {
	userns
	script true
	sweep -f nothing run --bundle "$B" "$ID"
}

@test "start is killed at each system call" {
	sweep "" created start "$ID"
}

@test "delete is killed at each system call" {
	sweep "" running delete --force "$ID"
}

@test "exec is killed at each system call, and the container lives" {
	running
	ok traced -f exec "$ID" true
	points >"$T/points"
	local name k at=0
	while read -r name k <&7; do
		at=$((at + 1))
		(((at - OFFSET) % STRIDE == 0)) || continue
		call traced "-f -e inject=$name:signal=KILL:when=$k" exec "$ID" true
		[[ $status != 124 ]] || { echo "hangs when killed at $name $k"; shown; }
	done 7<"$T/points"
	[[ $(state_of) == running ]]
	ok W exec "$ID" true
	wait_for eval '[[ $(W ps -f json "$ID" | jq length) == 1 ]]'
}

@test "pause is killed at each system call" {
	sweep "" running pause "$ID"
}

@test "the child alone is killed at each step of the setup" {
	local call
	conf '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	script true
	for call in setsid keyctl move_mount mount mount_setattr openat2 pivot_root umount2 symlinkat mknodat sethostname ioctl \
		setgroups setresuid capset prctl close_range; do
		call traced "-f -e inject=$call:signal=KILL" run --bundle "$B" "$ID"
		[[ $status != 124 ]]
		[[ $status == 0 ]] || [[ $output == wabe:* || $status == 137 ]] || { echo "$call"; shown; }
		[[ $status == 137 || $status == 0 || ! -e $STATE/$ID ]] || { echo "$call: not undone"; shown; }
		recovers || { echo "$call"; return 1; }
	done
}

# Every error of the list at the first calls of every kind: no hang, no crash, named, undone.
@test "system calls that fail are named, and run is undone" {
	local calls name error n
	conf '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	script true
	ok traced -f run --bundle "$B" "$ID"
	# One that is newer than strace (open_tree_attr) has no name there, and strace takes no number beyond its table.
	# What is called from the program's start to the one of the container; exits and the loader's are not ours to test.
	calls=$(sed -nE 's/^[0-9]+ +([a-z0-9_]+)\(.*/\1/p' "$T/trace" | sort -u | grep -vxE 'exit|exit_group|brk|arch_prctl|set_tid_address|set_robust_list|rseq|rt_sigreturn|execve|mprotect|restart_syscall|wait4|syscall_0x.*')
	recovers
	local step=3 at failed=0
	[[ -z ${WABE_SLOW-} ]] || step=1
	at=${WABE_OFFSET:-0}
	for name in $calls; do
		for error in EIO ENOMEM EMFILE EINTR; do
			for n in 1 2 4 9; do
				at=$((at + 1))
				((at % (step * 4) == 0)) || continue
				call traced "-f -e inject=$name:error=$error:when=$n" run --bundle "$B" "$ID"
				[[ $status == 0 || $status == 1 ]] || { echo "$name $error $n"; shown; }
				if [[ $status == 1 ]]; then
					failed=$((failed + 1))
					[[ $output == *wabe:* || $name == write* ]] || { echo "$name $error $n says nothing"; shown; }
					# What undoes may have been the one that failed.
					[[ ! -e $STATE/$ID || $name =~ ^(unlinkat|openat|close|flock|rmdir|newfstatat|getdents64|fstat)$ ]] ||
						{ echo "$name $error $n is not undone"; shown; }
				fi
				recovers || { echo "$name $error $n"; return 1; }
			done
		done
	done
	echo "$failed failed"
	((failed > 5))
}

@test "a state that is empty, cut or garbage is purged by delete --force" {
	local damage
	running
	cp "$STATE/$ID/state.json" "$T/good"
	local pid
	pid=$(pid_of)
	for damage in ': >' 'head -c 10 /dev/urandom >' 'echo {} >' 'echo null >' 'head -c 100 $T/good >' 'rm -f ' 'head -c 9000000 /dev/zero >' \
		'jq "{pid: 1} + {}" $T/good >' 'jq ".pid = -5" $T/good >' 'jq ".id = \"other\"" $T/good >' 'mkdir -p $T/x; ln -sf $T/x '; do
		eval "$damage\"$STATE/$ID/state.json\""
		ok W list
		has "$ID"
		call W state "$ID"
		[[ $status -lt 124 ]]
		# It runs: without force it is not taken for a stopped one.
		refused "" W delete "$ID"
		! has_ended "$pid"
		rm -rf "$STATE/$ID/state.json"
	done
	refused "not running" W exec "$ID" true
	refused "" W start "$ID"
	ok W delete --force "$ID"
	wait_for is_gone
	has_ended "$pid"
}

@test "a damaged state with a cgroup at a place of its own" {
	conf '.linux.cgroupsPath = $p' --arg p "/wabe/$ID-own/place"
	running
	local pid
	pid=$(pid_of)
	: >"$STATE/$ID/state.json"
	ok W delete --force "$ID"
	has_ended "$pid"
	[[ -z $(find /sys/fs/cgroup -maxdepth 5 -path "*/wabe/$ID-own/place") ]]
	rmdir $(find /sys/fs/cgroup -maxdepth 4 -path "*/wabe/$ID-own" -type d)
}

@test "a damaged configuration in the state" {
	running
	echo garbage >"$STATE/$ID/config.json"
	[[ $(state_of) == running ]]
	refused "config.json" W exec "$ID" true
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
}

@test "an empty state directory, and files that aren't ours in it" {
	mkdir -m 700 "$STATE"
	mkdir -m 700 "$STATE/$ID"
	ok W list
	refused "exists" W create --bundle "$B" "$ID"
	mkdir -p "$STATE/$ID/deep/er"
	echo x >"$STATE/$ID/deep/er/file"
	ln -s "$B" "$STATE/$ID/link"
	ok W delete --force "$ID"
	[[ ! -e $STATE/$ID && -e $B/config.json ]]
	running
}

@test "of many concurrent creates and runs exactly one wins" {
	local i round pids won
	for ((round = 0; round < 3; round++)); do
		pids=()
		for ((i = 0; i < ${WABE_PARALLEL:-25}; i++)); do
			W create --bundle "$B" "$ID" >"$T/create.$i" 2>&1 </dev/null &
			pids+=($!)
		done
		won=0
		for ((i = 0; i < ${#pids[@]}; i++)); do
			if wait "${pids[i]}"; then
				won=$((won + 1))
			else
				grep -qE "container $ID exists|locked" "$T/create.$i" || { cat "$T/create.$i"; return 1; }
			fi
		done
		[[ $won == 1 && $(state_of) == created ]]
		recovers
	done
}

@test "of many concurrent starts exactly one wins" {
	local i pids won=0
	own_rootfs
	script 'echo x >>/count; exec sleep 600'
	created
	pids=()
	for ((i = 0; i < ${WABE_PARALLEL:-25}; i++)); do
		W start "$ID" >"$T/start.$i" 2>&1 </dev/null &
		pids+=($!)
	done
	for ((i = 0; i < ${#pids[@]}; i++)); do
		if wait "${pids[i]}"; then
			won=$((won + 1))
		else
			grep -q "container $ID is running, only a created one can be started" "$T/start.$i" || { cat "$T/start.$i"; return 1; }
		fi
	done
	[[ $won == 1 && $(state_of) == running ]]
	wait_for test -s "$ROOTFS/count"
	[[ $(wc -l <"$ROOTFS/count") == 1 ]]
}

@test "start against delete: one consistent end" {
	local i start delete
	for ((i = 0; i < ${WABE_ROUNDS:-15}; i++)); do
		created
		W start "$ID" >"$T/start" 2>&1 </dev/null &
		start=$!
		W delete --force "$ID" >"$T/delete" 2>&1 </dev/null &
		delete=$!
		wait "$delete" || { cat "$T/delete"; return 1; }
		wait "$start" || grep -qE "does not exist|stopped|connect|process" "$T/start" || { cat "$T/start"; return 1; }
		wait_for is_gone
	done
}

@test "create against delete: one consistent end" {
	local i create delete
	for ((i = 0; i < ${WABE_ROUNDS:-15}; i++)); do
		W create --bundle "$B" "$ID" >"$T/create" 2>&1 </dev/null &
		create=$!
		W delete --force "$ID" >"$T/delete" 2>&1 </dev/null &
		delete=$!
		wait "$delete" || { cat "$T/delete"; return 1; }
		if wait "$create"; then
			# Created before, during or after: it is whole, or it was taken away.
			[[ ! -e $STATE/$ID || $(state_of) == created ]]
		fi
		recovers
	done
}

@test "a starter that dies is no start, one that says nonsense neither" {
	created
	local pid
	pid=$(pid_of)
	/usr/bin/python3 - "$STATE/$ID/start" <<-'EOF2'
		import os, socket, sys
		os.chdir(os.path.dirname(sys.argv[1]))
		for text in (b"", b"x", b"\x05", b"\xff" * 4096, bytes(4)):
		    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		    s.connect("start")
		    if text:
		        s.send(text)
		    s.close()
	EOF2
	[[ $(state_of) == created ]]
	if has_ended "$pid"; then false; fi
	ok W start "$ID"
	[[ $(state_of) == running ]]
}

@test "the kernel kills a creation for want of memory" {
	cgroup_is_v2 || [[ -d /sys/fs/cgroup/memory && -z $V2_PID ]] || skip "no memory controller"
	conf '.linux.resources.memory = {limit: 200000}'
	call W run --bundle "$B" "$ID"
	[[ $status != 0 && $status -lt 124 ]] || [[ $status == 137 ]] || shown
	recovers
}

is_over()
{
	! pgrep -fx "sleep 3021.$BATS_ROOT_PID" >/dev/null
}

# Without a cgroup nothing else tells that it has processes.
@test "a run that can't wait for its container ends it" {
	local manager=$T/manager helper
	script "exec sleep 3021.$BATS_ROOT_PID"
	call traced "-e inject=wait4:error=ECHILD:when=1+" --cgroup-manager disabled run --bundle "$B" "$ID"
	[[ $status == 255 && ! -e $STATE/$ID ]] || shown
	wait_for is_over
	# poll(2) is how a service manager is listened to.
	python3 -c 'import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.read(0, 1)' "$manager" < <(sleep 30) 3>&- &
	helper=$!
	wait_for test -S "$manager"
	NOTIFY_SOCKET=$manager call traced "-e inject=poll:error=ENOMEM:when=2" --cgroup-manager disabled run --bundle "$B" "$ID"
	kill "$helper"
	[[ $status != 0 && $status -lt 124 && ! -e $STATE/$ID ]] || shown
	has "Cannot allocate memory"
	wait_for is_over
}

# What is there of this test: others run beside it.
remains()
{
	find /sys/fs/cgroup -maxdepth 4 -type d -path "*$ID*"
	find "$STATE" -mindepth 1
	grep -F "$T" /proc/self/mountinfo || :
}

@test "nothing grows over many runs" {
	local i before
	script true
	ok_container
	before=$(remains)
	for ((i = 0; i < ${WABE_SOAK:-30}; i++)); do
		ok_container
	done
	[[ $(remains) == "$before" ]] || { echo "$before"; echo now:; remains; return 1; }
}
