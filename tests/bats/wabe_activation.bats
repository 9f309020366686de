#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A service manager's sockets: those to listen on (LISTEN_FDS) and that to say "ready" to (NOTIFY_SOCKET).

load oci

more_setup()
{
	MANAGER=$T/manager.sock
	ADDRESS=$MANAGER
	MANAGER_PID=
}

more_teardown()
{
	[[ -z $MANAGER_PID ]] || kill "$MANAGER_PID" 2>/dev/null || true
}

# A service manager's side: each message with its sender's pid is a line of $T/told. A barrier's descriptor is closed at once.
manager()
{
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	python3 -u - "$1" >"$T/told" 2>&1 3>&- <<-'EOF' &
		import os, socket, struct, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind("\0" + sys.argv[1][1:] if sys.argv[1][0] == "@" else sys.argv[1])
		s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
		print("listening")
		while True:
		    data, extra, flags, address = s.recvmsg(4096, 4096)
		    pid = 0
		    for level, kind, content in extra:
		        if kind == socket.SCM_CREDENTIALS:
		            pid = struct.unpack("3i", content)[0]
		        elif kind == socket.SCM_RIGHTS:
		            for fd in struct.unpack("%di" % (len(content) // 4), content):
		                os.close(fd)
		    print(pid, data)
	EOF
	MANAGER_PID=$!
	wait_for grep -q listening "$T/told"
}

# As W, as a service of the manager.
S()
{
	timeout --foreground -k 5 "${WABE_TIMEOUT:-30}" "${ENTER[@]}" env NOTIFY_SOCKET="$ADDRESS" "$WABE" --root "$STATE" "$@" 3>&-
}

# Send by shell: busybox has no client for datagrams of unix sockets.
say()
{
	host_programs
	printf '%s\n' "import os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def say(data): s.sendto(data, os.environ['NOTIFY_SOCKET'])
$1" >"$ROOTFS/say.py"
	conf '.process.args = [$p, "/say.py"]' --arg p "$PYTHON_INSIDE"
}

@test "run -d and start wait for the container to be ready, and tell its pid" {
	manager "$MANAGER"
	say 'say(b"STATUS=starting"); time.sleep(0.5); open("/tmp/said", "w").close(); say(b"READY=1\nSTATUS=up"); time.sleep(600)'
	conf '.mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs"}]'
	ok S run -d --bundle "$B" "$ID"
	[[ -e /proc/$(pid_of)/root/tmp/said ]]
	run -0 tail -n +2 "$T/told"
	[[ ${lines[0]} =~ ^[0-9]+\ b\'READY=1\\nMAINPID=$(pid_of)\\n\'$ && ${lines[1]} =~ ^[0-9]+\ b\'BARRIER=1\'$ && ${#lines[@]} == 2 ]]
	ok W delete -f "$ID"
	: >"$T/told"
	ok S create --bundle "$B" "$ID"
	[[ ! -s $T/told ]]
	ok S start "$ID"
	[[ -e /proc/$(pid_of)/root/tmp/said ]]
	grep -q "READY=1.nMAINPID=$(pid_of).n'" "$T/told"
	[[ $(wc -l <"$T/told") == 2 ]]
}

@test "start of a container that runs leaves its notify socket alone" {
	manager "$MANAGER"
	own_rootfs
	say 'while not os.path.exists("/go"): time.sleep(0.05)
say(b"READY=1"); time.sleep(600)'
	ok S create --bundle "$B" "$ID"
	S start "$ID" >"$T/start" 2>&1 &
	local pid=$!
	wait_for is_status running "$ID"
	refused "is running, only a created one can be started" S start "$ID"
	touch "$ROOTFS/go"
	wait "$pid" || { cat "$T/start"; false; }
	grep -q "READY=1.nMAINPID=$(pid_of).n'" "$T/told"
}

@test "a container in the foreground tells its runtime's pid, which stays" {
	ADDRESS=@$T/abstract
	manager "$ADDRESS"
	say 'time.sleep(0.3); say(b"READY=1"); time.sleep(0.3); sys.exit(7)'
	S run --bundle "$B" "$ID" >"$T/out" 2>&1 </dev/null &
	local pid=$! code=0
	wait "$pid" || code=$?
	[[ $code == 7 ]] || { cat "$T/out"; false; }
	[[ $(wc -l <"$T/told") == 2 ]]
	# The sender is the main process itself.
	run -0 tail -1 "$T/told"
	[[ $output =~ ^([0-9]+)\ b\'READY=1\\nMAINPID=([0-9]+)\\n\'$ && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" ]]
}

@test "in a user namespace, as a user that is not root" {
	manager "$MANAGER"
	say 'say(b"READY=1"); time.sleep(600)'
	userns
	conf '.process.user = {uid: 1000, gid: 1000}'
	chown 100000 "$ROOTFS"
	umask 077
	ok S run -d --bundle "$B" "$ID"
	grep -q "MAINPID=$(pid_of)" "$T/told"
}

@test "what else a container says goes nowhere" {
	manager "$MANAGER"
	say 'say(b"MAINPID=1"); say(b"READY=11\nFDSTORE=1"); say(b"XREADY=1"); say(b""); say(b"\n\n"); say(b"READY=0")
say(b"RELOADING=1\nMAINPID=1\nREADY=1 \n"); say(b"A" * 60000)
r, w = os.pipe()
s.sendmsg([b"FDSTORE=1"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, bytes([w, 0, 0, 0]) * 20)], 0, os.environ["NOTIFY_SOCKET"])
time.sleep(0.5)
s.sendmsg([b"MAINPID=1\nREADY=1\nERRNO=2\n"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, bytes([w, 0, 0, 0]))], 0, os.environ["NOTIFY_SOCKET"])
time.sleep(600)'
	ok S run -d --bundle "$B" "$ID"
	run -0 tail -n +2 "$T/told"
	[[ ${#lines[@]} == 2 && ${lines[0]} == *"b'READY=1\\nMAINPID=$(pid_of)\\n'" && ${lines[1]} == *BARRIER* ]]
	# The directory is the container's to read only.
	inside 'rm /run/notify/notify.sock; touch /run/notify/x'
	has "Read-only file system"
}

@test "a container that ends without a word lets start return" {
	manager "$MANAGER"
	own_rootfs
	script 'sleep 0.3'
	ok S run -d --bundle "$B" "$ID"
	[[ $(wc -l <"$T/told") == 1 ]]
	ok W delete "$ID"
	script 'sleep 0.3'
	ok S create --bundle "$B" "$ID"
	ok S start "$ID"
	[[ $(wc -l <"$T/told") == 1 ]]
}

@test "without NOTIFY_SOCKET there is no socket; a manager that can't be told is a warning" {
	script 'echo "[$NOTIFY_SOCKET]"; ls -d /run/notify'
	container
	has '[]'
	has 'No such file'
	say 'say(b"READY=1"); time.sleep(600)'
	ADDRESS=$T/none
	ok S run -d --bundle "$B" "$ID"
	has "connect to NOTIFY_SOCKET=$T/none: No such file"
	[[ $(state_of) == running ]]
	ok W delete -f "$ID"
	ADDRESS=relative
	ok S run -d --bundle "$B" "$ID"
	has "NOTIFY_SOCKET=relative: want the absolute path"
	ok W delete -f "$ID"
	# Created without, started with.
	conf '.process.args = ["true"]'
	ok W create --bundle "$B" "$ID"
	ok S start "$ID"
}

@test "exec has neither variable" {
	manager "$MANAGER"
	say 'say(b"READY=1"); time.sleep(600)'
	ok S run -d --bundle "$B" "$ID"
	ok_inside 'echo "[$NOTIFY_SOCKET]"'
	is '[]'
}

# A service of a manager that gives it sockets: descriptors 3 and 4, and with a third argument one behind them.
listening()
{
	bash -c 'exec 3<"$1" 4<"$2" 5<"$3"; export LISTEN_FDS=2 LISTEN_FDNAMES=a:b LISTEN_PID=$$; exec "${@:4}"' - "$@"
}

@test "LISTEN_FDS: the caller's sockets come to the container's process" {
	echo one >"$T/one"
	echo two >"$T/two"
	echo three >"$T/three"
	conf '.process.env += ["LISTEN_PID=55", "LISTEN_FDSX=1"]'
	script 'env | grep ^LISTEN | sort; cat <&3; cat <&4; ls /proc/self/fd; cat <&5 2>&1'
	call listening "$T/one" "$T/two" "$T/three" timeout 30 env bash -c 'LISTEN_PID=$$ exec "$@"' - \
		"${ENTER[@]}" "$WABE" --root "$STATE" run --bundle "$B" "$ID" 3>&-
	has $'LISTEN_FDNAMES=a:b\nLISTEN_FDS=2\nLISTEN_FDSX=1\nLISTEN_PID=1\none\ntwo\n'
	[[ $output != *three* ]] || shown
}

@test "LISTEN_FDS before --preserve-fds, also by create and start" {
	echo one >"$T/one"
	echo two >"$T/two"
	echo three >"$T/three"
	own_rootfs
	script 'cat <&3 >/all; cat <&4 >>/all; cat <&5 >>/all; sleep 600'
	ok listening "$T/one" "$T/two" "$T/three" bash -c 'LISTEN_PID=$$ exec "$@"' - \
		"${ENTER[@]}" "$WABE" --root "$STATE" create --preserve-fds 1 --bundle "$B" "$ID"
	ok W start "$ID"
	wait_for grep -q three "$ROOTFS/all"
	[[ $(cat "$ROOTFS/all") == $'one\ntwo\nthree' ]]
}

@test "LISTEN_FDS of somebody else, or bad ones" {
	script 'echo "[$LISTEN_FDS]"; ls /proc/self/fd | wc -l'
	ok env LISTEN_FDS=1 LISTEN_PID=1 "${ENTER[@]}" "$WABE" --root "$STATE" run --bundle "$B" "$ID" 3</dev/null
	has '[]'
	local count
	for count in x -1 1025 ""; do
		refused "LISTEN_FDS=$count: want a number from 0 to 1024" bash -c 'LISTEN_FDS=$1 LISTEN_PID=$$ exec "${@:2}"' - "$count" \
			"${ENTER[@]}" "$WABE" --root "$STATE" run --bundle "$B" "$ID"
		[[ ! -e $STATE/$ID ]]
	done
	refused "descriptor 3" bash -c 'exec 3>&-; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"' - "${ENTER[@]}" "$WABE" --root "$STATE" run --bundle "$B" "$ID"
}

@test "LISTEN_PID in a pid namespace that is shared is the process's own" {
	conf '.linux.namespaces |= map(select(.type != "pid"))'
	script 'echo "$LISTEN_PID $$"'
	ok listening "$T/out" "$T/out" "$T/out" bash -c 'LISTEN_PID=$$ exec "$@"' - "${ENTER[@]}" "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	[[ $output =~ ^([0-9]+)\ ([0-9]+)$ && ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" && ${BASH_REMATCH[1]} != 1 ]] || shown
}
