#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzeventd: reboot and halt from inside, ends of other kinds, hooks, being killed.

load helpers
load eventd

# Hook $1 with mode $2 and script $3.
another_hook()
{
	printf '#!/bin/sh\n%s\n' "$3" >"$VZ/events.d/$1"
	chmod "$2" "$VZ/events.d/$1"
}

# Both programs, at once.
kill_eventd()
{
	kill -9 "$EVENTD" "$(watcher)"
	wait "$EVENTD" || true
}

@test "reboot from inside starts the guest again" {
	local old

	start_eventd
	hook
	running_guest
	old=$(init_of)
	[[ $(ps -o ppid= -p "$old" | tr -d ' ') == "$EVENTD" ]]
	inside 'echo kept >/root/file; reboot'
	WAIT_TENTHS=300 wait_for is_up_again "$old"
	inside cat /root/file
	is kept
	WAIT_TENTHS=100 wait_for has_event "$CT reboot"
	# And once more: it is watched as before.
	old=$(init_of)
	inside reboot
	WAIT_TENTHS=300 wait_for is_up_again "$old"
}

@test "halt from inside cleans up: scripts run, VE_ROOT is a directory, nothing is started at boot" {
	start_eventd
	hook
	guest
	printf '#!/bin/sh\necho umount >>%s/scripts\n' "$T" >"$VZ/conf/$CT.umount"
	chmod +x "$VZ/conf/$CT.umount"
	run_ok vzctl start "$CT"
	inside poweroff
	WAIT_TENTHS=300 wait_for is_cleaned
	WAIT_TENTHS=300 wait_for grep -qsx umount "$T/scripts"
	WAIT_TENTHS=100 wait_for has_event "$CT halt"
	[[ ! -e $VZ/conf/.$CT.running ]]
	run_ok vzctl boot
	status_is "exist unmounted down"
}

@test "an init that dies is cleaned up after, and told as a crash" {
	start_eventd
	hook
	running_guest
	kill -9 "$(init_of)"
	WAIT_TENTHS=300 wait_for is_cleaned
	WAIT_TENTHS=100 wait_for has_event "$CT crash"
}

@test "stop, restart and a start right behind are the command's own business" {
	start_eventd
	hook
	running_guest
	for _ in {1..4}; do
		run_ok vzctl stop "$CT" --fast
		run_ok vzctl start "$CT"
	done
	run_ok vzctl restart "$CT" --fast
	run_ok vzctl stop "$CT"
	sleep 1
	status_is "exist unmounted down"
	[[ ! -e $T/events ]] || { cat "$T/events"; false; }
	# A guest that is only set up for a script is none that halts.
	echo 'echo hello' >"$T/script"
	run_ok vzctl runscript "$CT" "$T/script"
	has hello
	sleep 0.5
	[[ ! -e $T/events ]]
}

@test "a stop that was killed, and that nobody reaps, is finished" {
	start_eventd
	guest
	printf '#!/bin/sh\necho $$ >%s/script; exec sleep 1000\n' "$T" >"$VZ/conf/$CT.umount"
	chmod +x "$VZ/conf/$CT.umount"
	run_ok vzctl start "$CT"
	# Its parent doesn't wait for it.
	bash -c "vzctl stop $CT --fast & echo \$! >$T/stop; exec sleep 1000" >/dev/null 2>&1 3>&- &
	WAIT_TENTHS=100 wait_for test -s "$T/script"
	rm "$VZ/conf/$CT.umount"
	kill -9 "$(cat "$T/stop")"
	kill "$(cat "$T/script")"
	[[ $(ps -o stat= -p "$(cat "$T/stop")") == Z* ]]
	WAIT_TENTHS=100 wait_for is_cleaned
	run_ok vzctl start "$CT"
	kill -9 "$(init_of)"
	WAIT_TENTHS=100 wait_for is_cleaned
	kill $!
	wait $! || true
}

@test "a killed watcher: reboot meanwhile or later is seen all the same" {
	local old

	start_eventd
	running_guest
	kill -9 "$(watcher)"
	WAIT_TENTHS=100 wait_for has_watcher
	old=$(init_of)
	inside reboot
	WAIT_TENTHS=300 wait_for is_up_again "$old"
	# Ended while there is none.
	old=$(init_of)
	kill -STOP "$EVENTD"
	kill -9 "$(watcher)"
	inside reboot
	sleep 0.5
	kill -CONT "$EVENTD"
	WAIT_TENTHS=300 wait_for is_up_again "$old"
}

@test "all of it killed: guests run, status is right, the next one finds them" {
	start_eventd
	running_guest
	kill_eventd
	status_is "exist mounted running"
	inside true
	run_ok vzctl stop "$CT"
	run_ok vzctl start "$CT"
	start_eventd
	inside poweroff
	WAIT_TENTHS=300 wait_for is_cleaned
}

@test "a guest of no known end comes back if it has ONBOOT=yes" {
	local old

	guest --onboot yes
	run_ok vzctl start "$CT"
	old=$(init_of)
	# Whose parent is not vzeventd, and that ends while there is none.
	kill -9 "$old"
	sleep 0.3
	start_eventd
	WAIT_TENTHS=300 wait_for is_up_again "$old"
	stop_eventd
	# What vzeventd began goes on without it: the restart has the lock until it is done.
	WAIT_TENTHS=100 wait_for vzctl set "$CT" --onboot no --save
	kill -9 "$(init_of)"
	sleep 0.3
	start_eventd
	WAIT_TENTHS=300 wait_for is_cleaned
}

@test "the command's own exit code, output, directory and interruption go through vzeventd" {
	start_eventd
	run_exit 14 vzctl start 999
	guest
	run_ok vzctl start "$CT"
	has "Container is mounted"
	run_exit 32 vzctl start "$CT"
	has "already running"
	run_ok vzctl stop "$CT" --fast
	cd "$VZ"
	run_ok vzctl --config vz.conf start "$CT"
	run_ok vzctl stop "$CT" --fast
	printf '#!/bin/sh\nsleep 100\n' >"$VZ/conf/$CT.premount"
	chmod +x "$VZ/conf/$CT.premount"
	VZ_TIMEOUT=1 call vzctl start "$CT"
	rm "$VZ/conf/$CT.premount"
	[[ $status == 124 ]]
	pkill -f "$VZ/conf/$CT.premoun[t]" || true
	WAIT_TENTHS=100 wait_for vzctl --quiet start "$CT"
}

@test "its lines in the log have time and container, also when the file was rotated" {
	local log=$VZ/vzctl.log old

	start_eventd
	running_guest
	old=$(init_of)
	inside reboot
	WAIT_TENTHS=300 wait_for grep -q "vzeventd : CT $CT : reboot: from inside" "$log"
	mv "$log" "$log.1"
	WAIT_TENTHS=300 wait_for is_up_again "$old"
	inside poweroff
	WAIT_TENTHS=300 wait_for is_cleaned
	grep -q "vzeventd : CT $CT : halt: from inside" "$log"
	not grep -q halt "$log.1"
	cat "$log" "$log.1" >"$T/lines"
	not grep -vE '^[0-9]{4}-[0-9-]{5}T[0-9:]{8}[+-][0-9]{4} vz(ctl|eventd) : CT [0-9]+ : ' "$T/lines"
	not grep -F " : CT $CT: " "$T/lines"
}

@test "a second vzeventd is refused, others than root are not heard" {
	start_eventd
	run_exit 9 vzeventd
	has "runs already"
	[[ $(stat -c %a "$VZ/run/.eventd") == 700 ]]
	run_exit 20 vzeventd --nonsense
	run_exit 20 vzeventd word
	run_exit 10 vzeventd --config /nonexistent
	chmod 711 "$VZ/run/.eventd"
	chmod 777 "$VZ/run/.eventd"/*
	# The directory keeps others out; one who got hold of it is not heard either.
	run_ok python3 -c "
import os, socket
os.chdir('$VZ/run/.eventd')
os.setresuid(65534, 65534, 65534)
for name in 'run', 'control':
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(5)
    s.connect(name)
    try:
        s.send(b'x')
        assert s.recv(100) == b''
    except (BrokenPipeError, ConnectionResetError):
        pass
"
	run_ok vzctl create "$CT"
	run_ok vzctl start "$CT"
}

@test "hooks: only root's own programs, and one that hangs keeps no guest" {
	start_eventd
	hook
	another_hook 20-writable 777 "echo writable >>$T/events"
	another_hook 30-other 755 "echo other >>$T/events"
	chown 1000 "$VZ/events.d/30-other"
	another_hook 40-hangs 755 "echo \$\$ >$T/hanging; exec sleep 1000"
	running_guest
	inside poweroff
	WAIT_TENTHS=300 wait_for is_cleaned
	WAIT_TENTHS=100 wait_for test -s "$T/hanging"
	[[ $(cat "$T/events") == "$CT halt" ]]
	run_ok vzctl start "$CT"
	inside poweroff
	WAIT_TENTHS=300 wait_for is_cleaned
	kill "$(cat "$T/hanging")"
}

@test "hooks end after EVENT_TIMEOUT" {
	echo 'EVENT_TIMEOUT="2"' >>"$VZ_CONF"
	start_eventd
	hook
	another_hook 40-hangs 755 "echo \$\$ >$T/hanging; exec sleep 1000"
	another_hook 50-next 755 "echo never >>$T/events"
	running_guest
	inside poweroff
	WAIT_TENTHS=600 wait_for test -s "$T/hanging"
	WAIT_TENTHS=300 wait_for test ! -e "/proc/$(cat "$T/hanging")"
	grep -q "took more than 2 s" "$VZ/vzctl.log"
	[[ $(cat "$T/events") == "$CT halt" ]]
	stop_eventd
	for value in 0 3601 -1 2s; do
		sed -i "s/^EVENT_TIMEOUT=.*/EVENT_TIMEOUT=\"$value\"/" "$VZ_CONF"
		run_exit 85 vzeventd
		has EVENT_TIMEOUT
		has "${value#-}"
	done
	sed -i '/^EVENT_TIMEOUT=/d' "$VZ_CONF"
}

# On cgroup v1 pids.events tells nobody of its changes.
# bats test_tags=lab
@test "no process left within the limit is told" {
	requires cgroup_v2 pids
	start_eventd
	hook
	running_guest --numproc 20
	call vzctl exec2 "$CT" 'i=0; while [ $i -lt 40 ]; do sleep 30 & i=$((i+1)); done; sleep 1'
	WAIT_TENTHS=100 wait_for has_event "$CT numproc"
}

# bats test_tags=lab
@test "no memory left within the limit is told" {
	requires memory
	start_eventd
	hook
	running_guest --ram 32M --swap 0
	call vzctl exec2 "$CT" 'tail /dev/zero'
	WAIT_TENTHS=300 wait_for has_event "$CT oom"
	status_is "exist mounted running"
}
