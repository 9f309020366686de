#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Terminals: --console-socket, the foreground relay, sizes, owners, exec -t.

load oci

PYTHON=/usr/bin/python3

more_setup_file()
{
	[[ -x $PYTHON ]] || skip "no python3"
	# Receives one terminal on the socket $1, talks as the lines of stdin say, and writes what comes to $2.
	cat >"$BATS_FILE_TMPDIR/receive.py" <<-'EOF2'
		import array, os, select, socket, sys, termios, fcntl, struct, time
		listener = socket.socket(socket.AF_UNIX)
		listener.bind(sys.argv[1])
		listener.listen(1)
		listener.settimeout(60)
		open(sys.argv[1] + ".ready", "w").close()
		peer, _ = listener.accept()
		data, control, _, _ = peer.recvmsg(4096, socket.CMSG_SPACE(16))
		fds = array.array("i")
		for level, kind, blob in control:
		    fds.frombytes(blob)
		assert len(fds) == 1, fds
		assert os.isatty(fds[0])
		master = fds[0]
		out = open(sys.argv[2], "wb", buffering=0)
		for word in sys.argv[3:]:
		    os.write(master, word.encode() + b"\n")
		end = time.time() + 60
		while time.time() < end:
		    if not select.select([master], [], [], 1)[0]:
		        continue
		    try:
		        data = os.read(master, 4096)
		    except OSError:
		        break
		    if not data:
		        break
		    out.write(data)
	EOF2
}

more_setup()
{
	conf '.process.terminal = true'
	RECEIVER=
	RUN="timeout --foreground 25 ${ENTER[*]} $WABE --root $STATE"
}

more_teardown()
{
	[[ -z $RECEIVER ]] || kill "$RECEIVER" 2>/dev/null || true
}

receive()
{
	"$PYTHON" "$BATS_FILE_TMPDIR/receive.py" "$T/socket" "$T/terminal" "$@" >"$T/receiver" 2>&1 3>&- &
	RECEIVER=$!
	wait_for test -e "$T/socket.ready"
}

# The end of what the receiver wrote; whatever it complained about is shown.
received()
{
	local result=0

	wait "$RECEIVER" || result=$?
	RECEIVER=
	output=$(tr -d '\r' <"$T/terminal")
	[[ $result == 0 ]] || { cat "$T/receiver"; return 1; }
}

# A command on a terminal of its own, as a person would have it.
on_terminal()
{
	status=0
	output=$(timeout 30 script -qec "$*" /dev/null </dev/null 3>&- | tr -d '\r\b' | sed 's/\^[@D]//g') || status=$?
}

@test "the console socket gets the terminal of create" {
	script 'tty; [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo all; read line; echo "got $line"'
	receive hello
	ok W create --bundle "$B" --console-socket "$T/socket" "$ID"
	ok W start "$ID"
	received
	has "/dev/pts/0"
	has "all"
	has "got hello"
}

@test "the terminal is the controlling one, of the process's user, and /dev/console" {
	conf '.process.user = {uid: 1000, gid: 1000} | .process.consoleSize = {height: 33, width: 77}'
	script 'stat -c "%u %t:%T" /dev/pts/0 /dev/console; stty size; ls /dev/pts; cut -d" " -f5,6,7,8 /proc/self/stat; echo tty >/dev/tty; cut -d" " -f 10- /proc/self/mountinfo | grep -c devpts'
	receive
	ok W run -d --bundle "$B" --console-socket "$T/socket" "$ID"
	received
	has $'1000 88:0\n1000 88:0\n33 77\n'
	has $'0     ptmx\n'
	has $'\ntty\n'
}

@test "in a user namespace" {
	userns
	script 'tty; stat -c "%u %g" /dev/pts/0 /dev/console; echo x >/dev/tty'
	receive
	ok W run -d --bundle "$B" --console-socket "$T/socket" "$ID"
	received
	has $'/dev/pts/0\n0 5\n0 5\nx'
}

@test "a console socket and process.terminal belong together" {
	refused "console" W create --bundle "$B" "$ID"
	refused "console" W run -d --bundle "$B" "$ID"
	refused "console socket $T/nothing" W create --bundle "$B" --console-socket "$T/nothing" "$ID"
	conf '.process.terminal = false'
	refused "process.terminal is not set" W create --bundle "$B" --console-socket "$T/nothing" "$ID"
	background
	refused "process.terminal is not set" W exec --console-socket "$T/nothing" "$ID" true
	ok W delete -f "$ID"
	conf '.process.terminal = true | .mounts |= map(select(.type != "devpts"))'
	receive
	refused "/dev/pts" W create --bundle "$B" --console-socket "$T/socket" "$ID"
}

@test "a long socket path is an error, never another path" {
	local long
	long=$T/$(printf 's%.0s' {1..150})
	refused "socket" W create --bundle "$B" --console-socket "$long" "$ID"
}

@test "a foreground run on a terminal relays it, with its size and status" {
	script 'stty size; exit 8'
	on_terminal "stty rows 31 cols 91; $RUN run --bundle $B $ID; echo status \$?"
	has $'31 91\nstatus 8'
	# From a pipe: end of file becomes ^D.
	script 'echo "typed: $(head -1)"; exit 9'
	call bash -c "echo word | timeout 20 ${ENTER[*]} '$WABE' --root '$STATE' run --bundle '$B' '$ID'"
	[[ $status == 9 ]] || shown
	has "typed: word"
}

@test "the caller's terminal is restored" {
	script 'stty raw; echo done'
	on_terminal "stty -g >$T/first; $RUN run --bundle $B $ID; stty -g >$T/second"
	has "done"
	[[ -s $T/first && $(cat "$T/first") == "$(cat "$T/second")" ]]
}

@test "exec -t has a terminal of its own" {
	conf '.process.terminal = false'
	background
	on_terminal "stty rows 20 cols 70; $RUN exec -t $ID sh -c 'tty; stty size; exit 4'; echo status \$?"
	output=${output//^@/} # script(1) sends its end of input, which the terminal may echo
	has $'/dev/pts/0\n20 70\nstatus 4'
	receive word
	ok W exec -t -d --console-socket "$T/socket" -u 1000 "$ID" sh -c 'read x; echo "got $x"; stat -c %u /dev/pts/0; echo y >/dev/tty'
	received
	has "got word"
	has $'1000\ny'
	refused "console-socket" W exec -t -d "$ID" true
}

@test "large output passes whole" {
	script 'head -c 3000000 /dev/zero | tr "\0" x; echo end'
	conf '.process.terminal = true'
	call W run --bundle "$B" "$ID"
	[[ $(tr -d '\r\n' <"$T/out" | wc -c) == 3000003 ]]
}

@test "the relay ends with its process, though a child keeps the terminal" {
	script 'sleep 60 & echo started'
	conf '.linux.namespaces |= map(select(.type != "pid"))'
	local began=$SECONDS
	call W run --bundle "$B" "$ID"
	has started
	((SECONDS - began < 25))
}
