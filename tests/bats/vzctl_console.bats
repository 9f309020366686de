#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl console: terminals that vzeventd holds: output that nobody saw, typing, Esc . and Esc !, a killed vzeventd.

load helpers
load eventd

# Type the words, each after a moment, at terminal $1 of the guest, and leave. What is shown goes to $output.
type_at()
{
	local tty=$1

	shift
	call bash -c '
		exec 3>&-
		{
			sleep 0.7
			for word in "${@:3}"; do
				printf "%b" "$word"
				sleep 0.7
			done
			printf "\033."
			sleep 0.3
		} | vzctl console "$1" $2' - "$CT" "$tty" "$@"
}

# What a test says to be the guest's own program at its console.
with_getty()
{
	guest
	mkdir -p "$VZ/private/$CT/fs/etc"
	cat >"$VZ/private/$CT/fs/etc/inittab" <<-'EOF'
		::sysinit:/etc/init.d/rcS
		console::respawn:/bin/sh -l
		::ctrlaltdel:/sbin/reboot
		::shutdown:/etc/init.d/rcK
	EOF
	run_ok vzctl start "$CT"
}

@test "the console is there before init is, and what is typed arrives" {
	start_eventd
	with_getty
	inside 'ls -l /dev/console'
	has "-> pts/0"
	type_at "" 'echo $((40 + 2))-answer; tty\n'
	[[ $status == 0 ]] || shown
	has "Attached to CT $CT, console"
	has "42-answer"
	has "Detached from CT $CT"
	# By every name that it has.
	type_at 1 'echo one\n'
	has one
	type_at tty1 ''
	hasnt login
}

@test "who looks in the guest's first moment gets its own shell, and no second reader beside it" {
	start_eventd
	# Late: nobody is at the terminal when it is looked at first.
	guest
	mkdir -p "$VZ/private/$CT/fs/etc"
	printf '%s\n' '::sysinit:/bin/sleep 2' 'console::respawn:/bin/sh -l' >"$VZ/private/$CT/fs/etc/inittab"
	run_ok vzctl start "$CT"
	call bash -c '{ sleep 5; printf "echo \$((40 + 2))-answer\n"; sleep 1; printf "\033."; sleep 0.3; } | vzctl console "$1"' - "$CT"
	has "42-answer"
	hasnt "login:"
	inside 'ps'
	[[ $(grep -cE '[s]h -l|[g]etty' <<<"$output") == 1 ]] || shown
}

@test "a terminal whose reader is gone for good gets a login" {
	start_eventd
	guest
	mkdir -p "$VZ/private/$CT/fs/etc"
	printf '%s\n' '::sysinit:/bin/true' >"$VZ/private/$CT/fs/etc/inittab"
	run_ok vzctl start "$CT"
	call bash -c '{ sleep 13; printf "\033."; sleep 0.3; } | vzctl console "$1"' - "$CT"
	has "login:"
}

@test "what is written while nobody looks is kept, and no more than fits" {
	start_eventd
	with_getty
	inside 'echo nobody saw this >/dev/console'
	type_at "" ''
	has "nobody saw this"
	# It was shown once.
	type_at "" ''
	hasnt "nobody saw this"
	inside 'i=0; while [ $i -lt 4000 ]; do echo "line $i"; i=$((i+1)); done >/dev/console'
	type_at "" ''
	has "line 3999"
	hasnt "line 100"$'\r'
	((${#output} < 20000))
}

@test "it survives killed watchers, and a second guest's is another" {
	start_eventd
	with_getty
	inside 'echo before >/dev/console'
	kill -9 "$(watcher)"
	WAIT_TENTHS=100 wait_for has_watcher
	type_at "" 'echo $((1 + 1))-still\n'
	has "2-still"
	run_ok vzctl create 102
	run_ok vzctl start 102
	run_ok vzctl exec2 102 'echo of the other >/dev/console'
	type_at "" ''
	hasnt "of the other"
}

# A service manager in small: keeps what it is told to keep, starts vzeventd again when it ends (sd_notify(3), sd_listen_fds(3)).
manager()
{
	python3 - "$T/notify" "$T/manager" <<-'EOF' &
		import os, socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		log = open(sys.argv[2], "a", buffering=1)
		kept = {}
		s.settimeout(0.2)

		def start():
		    pid = os.fork()
		    if pid:
		        return pid
		    env = dict(os.environ, NOTIFY_SOCKET=sys.argv[1], LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(kept)),
		               LISTEN_FDNAMES=":".join(kept))
		    fds = [os.dup2(fd, 100 + i) for i, fd in enumerate(kept.values())]
		    for i, fd in enumerate(fds):
		        os.dup2(fd, 3 + i)
		    os.closerange(3 + len(fds), 200)
		    os.execvpe("vzeventd", ["vzeventd"], env)

		pid = start()
		while True:
		    try:
		        text, fds, _, _ = socket.recv_fds(s, 4096, 4)
		        words = dict(line.split("=", 1) for line in text.decode().split("\n"))
		        log.write(" ".join(words) + "\n")
		        if "FDSTORE" in words:
		            kept[words["FDNAME"]] = fds[0]
		        elif "FDSTOREREMOVE" in words:
		            os.close(kept.pop(words["FDNAME"]))
		    except TimeoutError:
		        pass
		    if os.waitpid(pid, os.WNOHANG)[0]:
		        log.write("again\n")
		        pid = start()
	EOF
	MANAGER=$!
	WAIT_TENTHS=100 wait_for grep -qs READY "$T/manager"
	EVENTD=$(pgrep -P "$MANAGER" -x vzeventd)
	WAIT_TENTHS=100 wait_for has_watcher
}

again()
{
	EVENTD=$(pgrep -P "$MANAGER" -x vzeventd) && has_watcher
}

@test "it survives all of vzeventd where a service manager keeps descriptors" {
	requires python3
	manager 3>&- >/dev/null 2>&1
	with_getty
	grep -q "FDSTORE FDNAME FDPOLL" "$T/manager"
	inside 'echo before >/dev/console'
	kill -9 "$EVENTD"
	WAIT_TENTHS=100 wait_for grep -q again "$T/manager"
	WAIT_TENTHS=100 wait_for again
	type_at "" 'echo $((5 + 4))-still; tty\n'
	has "9-still"
	has "/dev/pts/0"
	run_ok vzctl stop "$CT" --fast
	WAIT_TENTHS=100 wait_for grep -q FDSTOREREMOVE "$T/manager"
	kill -9 "$MANAGER" "$EVENTD"
	wait "$MANAGER" || true
	EVENTD=
}

@test "Esc ! kills what runs there, and nothing else; a lone Esc and others go through" {
	start_eventd
	with_getty
	type_at "" 'sleep 987\n' '\033!' 'echo $((2 + 3))-back\n'
	has "5-back"
	inside 'ps'
	hasnt "sleep 987"
	type_at "" 'cat -v\n' '\033' 'x\n' '\003'
	has '^[x'
	status_is "exist mounted running"
}

@test "one at a time; others are told" {
	start_eventd
	with_getty
	{ sleep 3; } | vzctl console "$CT" >/dev/null 2>&1 3>&- &
	sleep 1
	run_exit 9 vzctl console "$CT"
	has "somebody is at this terminal"
	wait $!
	type_at "" 'echo $((3 + 4))-free\n'
	has "7-free"
}

@test "another terminal is made when it is first wanted, with the guest's getty" {
	start_eventd
	running_guest
	type_at tty3 ''
	has "login:"
	inside 'ls -l /dev/tty3; ps'
	has "-> pts/"
	has getty
	type_at 3 'nobody\n'
	has "Password:"
}

@test "a guest that was started without vzeventd gets a console when asked; without vzeventd there is none" {
	running_guest
	run_exit 3 vzctl console "$CT"
	has "vzeventd does not run"
	start_eventd
	type_at "" ''
	has "login:"
	inside 'ls -l /dev/console'
	has "-> pts/"
}

@test "bad words; a guest that is down; a guest's own file is not replaced" {
	start_eventd
	running_guest
	run_exit 21 vzctl console "$CT" 13
	has '"13"'
	run_exit 21 vzctl console "$CT" 0
	run_exit 21 vzctl console "$CT" ../../etc/passwd
	run_exit 20 vzctl console "$CT" 2 3
	inside 'echo mine >/dev/tty5'
	run_exit 3 vzctl console "$CT" 5
	has "/dev/tty5"
	inside 'cat /dev/tty5'
	is mine
	run_ok vzctl stop "$CT" --fast
	run_exit 31 vzctl console "$CT"
	run_exit 14 vzctl console 999
}

@test "a guest's tricks with /dev are its own" {
	start_eventd
	running_guest
	# A directory of its own choice over its terminals: no device of anybody's is opened there.
	inside 'mkdir /tmp/pts && mknod /tmp/pts/ptmx p && mount --bind /tmp/pts /dev/pts'
	run_exit 3 vzctl console "$CT" 4
	inside 'ls /tmp/pts'
	is ptmx
	inside 'umount /dev/pts && rm /tmp/pts/ptmx && ln -s /dev/pts/ptmx /tmp/pts/ptmx && mount --bind /tmp/pts /dev/pts'
	run_exit 3 vzctl console "$CT" 4
	has ptmx
}

@test "a guest that writes without end costs little, and its console goes with it" {
	start_eventd
	running_guest
	local before after

	run_ok vzctl exec2 "$CT" 'yes >/dev/console 2>/dev/null & :'
	before=$(awk '{ print $14 + $15 }' "/proc/$(watcher)/stat")
	sleep 2
	after=$(awk '{ print $14 + $15 }' "/proc/$(watcher)/stat")
	# Of the 200 ticks in these two seconds: that it isn't busy all the time.
	((after - before < 150)) || { echo "$before $after"; false; }
	ls -l "/proc/$(watcher)/fd" | grep -q ptmx
	run_ok vzctl stop "$CT" --fast
	gone() { ! ls -l "/proc/$(watcher)/fd" "/proc/$EVENTD/fd" | grep -q ptmx; }
	WAIT_TENTHS=100 wait_for gone
}
