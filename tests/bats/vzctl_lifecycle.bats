#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl start, stop, restart, status, mount, umount.
#
# shellcheck disable=SC2016 # variables of the guest's shell

load helpers

@test "start, status, stop" {
	running_guest
	has "Container start in progress"
	status_is "exist mounted running"
	[[ $(readlink "$VZ/root/$CT") == /proc/*/root ]]
	run_ok vzctl stop "$CT"
	has "Container was stopped"
	status_is "exist unmounted down"
	[[ -d $VZ/root/$CT && ! -L $VZ/root/$CT ]]
}

@test "an unknown guest: status says so with exit code 0, other verbs 14, and no lock file stays" {
	local verb

	call vzctl status 999
	[[ $status == 0 ]]
	is "CTID 999 deleted unmounted down"
	for verb in start stop restart mount umount destroy set 'exec true' 'exec2 true' enter; do
		# shellcheck disable=SC2086
		set -- $verb
		run_exit 14 vzctl "$1" 999 "${@:2}"
	done
	[[ -z $(ls -A "$VZ/lock") ]]
}

@test "a second start is refused, a stop of a stopped guest is none" {
	running_guest
	run_exit 32 vzctl start "$CT"
	status_is "exist mounted running"
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl stop "$CT"
	has "not running"
}

@test "of many starts at the same time one wins" {
	local i codes pids=()

	guest
	for i in {1..50}; do
		bash -c "vzctl start $CT >/dev/null 2>&1; echo \$? >$T/code$i" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	codes=$(cat "$T"/code* | sort -n | uniq -c | awk '{ print $2 }' | paste -sd' ')
	[[ $(cat "$T"/code* | grep -cx 0) == 1 ]]
	[[ $codes == "0 9" || $codes == "0 32" || $codes == "0 9 32" ]] || { echo "codes: $codes"; false; }
	inside true
}

@test "the guest is a container of its own: namespaces, ids, name, mounts" {
	running_guest --hostname web1.example
	inside 'id -u; cat /proc/sys/kernel/hostname /etc/hostname; cat /proc/self/uid_map; readlink /proc/1/exe; hostname'
	has web1.example
	has "$(key LOCAL_UID)      65536"
	inside 'cut -d" " -f3 /proc/mounts | sort -u | paste -sd" "'
	is "cgroup2 devpts devtmpfs mqueue overlay proc sysfs tmpfs"
	inside 'echo $container $PATH $HOME $TERM'
	is "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /root linux"
	inside 'tr "\0" "\n" </proc/1/environ'
	has container=wabe
	# Nothing of the host is in the guest's mount table but the devices and masks, and no path of its layers.
	inside 'cat /proc/self/mountinfo'
	hasnt "$VZ"
	# Device nodes work in its /dev alone.
	mknod -m 666 "$VZ/private/$CT/fs/zero-node" c 1 5
	inside 'head -c 1 /dev/zero >/dev/null && [ -c /zero-node ] && ! head -c 1 /zero-node 2>/dev/null && grep -c " / / [^ ]*nodev" /proc/self/mountinfo'
	is 1
	# No process of ours stays.
	not pgrep -fx "vzctl start $CT"
}

@test "its uptime starts with it" {
	running_guest
	inside 'cut -d. -f1 /proc/uptime'
	((output < 100))
}

@test "files belong to the guest's own ids on disk" {
	running_guest
	inside 'echo text >/root/file; chown 1000:1000 /root/file; cat /root/file'
	run_ok vzctl stop "$CT" --fast
	[[ $(stat -c '%u %g' "$VZ/private/$CT/fs/root/file") == "1000 1000" ]]
	run_ok vzctl start "$CT"
	inside 'cat /root/file; stat -c %u /root/file'
	is $'text\n1000'
}

@test "guests of one template do not see each other's files, nor change the template" {
	running_guest
	run_ok vzctl create 102
	run_ok vzctl start 102
	inside 'echo changed >/etc/passwd; rm /etc/group; echo mine >/etc/mine'
	run_ok vzctl exec2 102 'cat /etc/passwd; cat /etc/group; ls /etc'
	has root:x:0
	hasnt mine
	grep -q root:x:0 "$STORE/busybox/root/etc/passwd"
}

@test "VE_ROOT shows the running guest's files" {
	running_guest
	inside 'echo hello >/root/there'
	[[ $(cat "$VZ/root/$CT/root/there") == hello ]]
	not grep -q "$VZ" /proc/self/mountinfo
}

@test "mount and umount of a stopped guest" {
	guest
	run_exit 40 vzctl umount "$CT"
	run_ok vzctl mount "$CT"
	status_is "exist mounted down"
	[[ -e $VZ/root/$CT/etc/passwd ]]
	grep -F "$VZ/root/$CT" /proc/self/mountinfo | grep -q nosuid,nodev
	run_exit 41 vzctl mount "$CT"
	run_ok vzctl umount "$CT"
	status_is "exist unmounted down"
}

@test "umount of a busy root says so" {
	guest
	run_ok vzctl mount "$CT"
	tail -f "$VZ/root/$CT/etc/passwd" >/dev/null 3>&- &
	wait_for test -e "/proc/$!/fd/3"
	run_exit 51 vzctl umount "$CT"
	kill $!
	wait $! || true
	run_ok vzctl umount "$CT"
}

@test "a mounted guest is started: its mount on the host goes first" {
	guest
	run_ok vzctl mount "$CT"
	run_ok vzctl start "$CT"
	not grep -F "$VZ/root/$CT" /proc/self/mountinfo
	run_exit 32 vzctl umount "$CT"
	run_exit 41 vzctl mount "$CT"
	run_ok vzctl stop "$CT" --fast --skip-umount
	status_is "exist mounted down"
	run_ok vzctl umount "$CT"
}

@test "restart, of a running guest and of a stopped one" {
	running_guest
	inside 'echo before >/run/volatile'
	run_ok vzctl restart "$CT"
	inside '! test -e /run/volatile'
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl restart "$CT" --wait
	status_is "exist mounted running"
}

@test "the guest halts itself: the next command cleans up" {
	running_guest
	call vzctl exec "$CT" poweroff
	wait_for is_down
	status_is "exist unmounted down"
	run_ok vzctl start "$CT"
	inside true
}

is_down()
{
	[[ $(vzctl status $CT) == *down ]]
}

@test "a guest that ignores being told to halt is killed after STOP_TIMEOUT" {
	guest --stop-timeout 2
	custom_init 'trap "" TERM PWR USR1 USR2 INT; while :; do sleep 1; done'
	run_ok vzctl start "$CT"
	SECONDS=0
	run_ok vzctl stop "$CT"
	has "killing it"
	((SECONDS >= 2 && SECONDS < 30))
}

# An init that is none of the known ones.
custom_init()
{
	run_ok vzctl mount "$CT"
	rm "$VZ/root/$CT/sbin/init"
	printf '#!/bin/sh\n%s\n' "$1" >"$VZ/root/$CT/sbin/init"
	chmod 755 "$VZ/root/$CT/sbin/init"
	run_ok vzctl umount "$CT"
}

@test "an init that is just a program ends by SIGTERM" {
	guest
	custom_init 'rm -f /sbin/halt; trap "exit 0" TERM; while :; do sleep 1; done'
	run_ok vzctl start "$CT"
	inside 'while test -e /sbin/halt; do sleep 0.1; done'
	SECONDS=0
	run_ok vzctl stop "$CT"
	hasnt "killing it"
	((SECONDS < 60))
}

@test "no init: exit code 47, and everything is taken back" {
	guest
	run_ok vzctl mount "$CT"
	rm -f "$VZ/root/$CT"/{sbin,bin,etc}/init
	run_ok vzctl umount "$CT"
	run_exit 47 vzctl start "$CT"
	has init
	status_is "exist unmounted down"
	# A link out of the root leads to nothing of the host's.
	run_ok vzctl mount "$CT"
	ln -s ../../../../../../../../bin/true "$VZ/root/$CT/etc/init"
	rm -f "$VZ/root/$CT/bin/true"
	run_ok vzctl umount "$CT"
	run_exit 47 vzctl start "$CT"
}

@test "an init that can't be executed: the error names it" {
	guest
	run_ok vzctl mount "$CT"
	rm -f "$VZ/root/$CT/sbin/init"
	echo garbage >"$VZ/root/$CT/sbin/init"
	chmod 755 "$VZ/root/$CT/sbin/init"
	run_ok vzctl umount "$CT"
	run_exit 7 vzctl start "$CT"
	has /sbin/init
	status_is "exist unmounted down"
}

@test "a disabled guest is not started, unless forced" {
	guest --disabled yes
	run_exit 105 vzctl start "$CT"
	run_ok vzctl start "$CT" --force
}

@test "missing parts: private area, template, configuration" {
	guest
	mv "$VZ/private/$CT" "$T/private"
	run_exit 43 vzctl start "$CT"
	run_exit 43 vzctl mount "$CT"
	status_is "deleted unmounted down"
	mv "$T/private" "$VZ/private/$CT"
	sed -i 's/^OSTEMPLATE=.*/OSTEMPLATE="gone"/' "$VZ/conf/$CT.conf"
	run_exit 91 vzctl start "$CT"
	status_is "exist unmounted down"
}

@test "a configuration that is cut off is refused, wherever it ends" {
	local whole size n

	guest --hostname web1 --name n1
	whole=$VZ/conf/$CT.conf
	cp "$whole" "$T/whole"
	size=$(stat -c %s "$whole")
	for ((n = 0; n < size - 1; n += 7)); do
		head -c "$n" "$T/whole" >"$whole"
		run_exit 85 vzctl start "$CT"
		cmp "$whole" <(head -c "$n" "$T/whole")
	done
	cp "$T/whole" "$whole"
	run_ok vzctl start "$CT"
}

@test "two configurations with the same ids: the second is refused" {
	guest
	run_ok vzctl create 102
	sed -i "s/^LOCAL_UID=.*/LOCAL_UID=\"$(key LOCAL_UID 101)\"/" "$VZ/conf/102.conf"
	rm "$VZ/uidranges/$(($(key LOCAL_UID 101) / 65536 + 1))"
	run_exit 7 vzctl start 102
	has "belong to CT 101"
}

@test "a configuration that was moved here claims its ids" {
	guest
	rm "$VZ"/uidranges/[0-9]*
	run_ok vzctl start "$CT"
	[[ $(cat "$VZ"/uidranges/* 2>/dev/null; readlink "$VZ/uidranges/$(($(key LOCAL_UID) / 65536))") == "$CT" ]]
}

@test "a taken lock: exit code 9, and who has it" {
	guest
	# shellcheck disable=SC2093
	(exec 8<>"$VZ/lock/$CT.lck" && flock 8 && touch "$T/taken" && exec sleep 60) 3>&- &
	wait_for test -e "$T/taken"
	run_exit 9 vzctl start "$CT"
	status_is "exist unmounted down"
	kill $!
	wait $! || true
	run_ok vzctl start "$CT"
}

@test "a lock file that somebody put there as a link is not followed" {
	guest
	echo sentinel >"$T/sentinel"
	ln -sf "$T/sentinel" "$VZ/lock/$CT.lck"
	call vzctl start "$CT"
	[[ $status != 0 && $(cat "$T/sentinel") == sentinel ]]
	rm "$VZ/lock/$CT.lck"
}

@test "action scripts run in order, where they should" {
	local when

	for when in premount mount umount postumount; do
		script vps $when "echo vps.$when \$VEID >>$T/order"
		script "$CT" $when "echo $CT.$when \$VE_CONFFILE >>$T/order"
	done
	script "$CT" mount 'test -e $VE_ROOT/etc/passwd && mkdir -p $VE_ROOT/mnt && mount -t tmpfs none $VE_ROOT/mnt && touch $VE_ROOT/mnt/from-script'
	script "$CT" start 'echo start >/root/started; hostname >>/root/started'
	script "$CT" stop 'echo stop >>/root/started'
	running_guest --hostname inside
	inside 'cat /root/started; ls /mnt'
	is $'start\ninside\nfrom-script'
	not grep -F "$VZ" /proc/self/mountinfo
	run_ok vzctl stop "$CT"
	[[ $(cut -d' ' -f1 "$T/order" | paste -sd' ') == "vps.premount $CT.premount vps.mount vps.umount $CT.umount vps.postumount $CT.postumount" ]]
	[[ $(tail -1 "$VZ/private/$CT/fs/root/started") == stop ]]
	grep -q "vps.mount $CT" "$T/order"
	grep -q "$CT.umount $VZ/conf/$CT.conf" "$T/order"
}

script()
{
	printf '#!/bin/bash\n[ -z "$VE_CONFFILE" ] || { . %s/vz.conf; . $VE_CONFFILE; }\n%s\n' "$VZ" "$3" >"$VZ/conf/$1.$2"
	chmod 755 "$VZ/conf/$1.$2"
}

@test "an action script that fails: exit code 79, and the start is undone" {
	local when

	guest
	for when in premount mount start; do
		script "$CT" $when 'exit 3'
		run_exit 79 vzctl start "$CT"
		has "$CT.$when"
		status_is "exist unmounted down"
		rm "$VZ/conf/$CT.$when"
	done
	script "$CT" stop 'exit 3'
	run_ok vzctl start "$CT"
	run_exit 79 vzctl stop "$CT"
	status_is "exist mounted running"
	rm "$VZ/conf/$CT.stop"
	echo true >"$VZ/conf/vps.mount"
	chmod 644 "$VZ/conf/vps.mount"
	run_ok vzctl stop "$CT" --fast
	run_exit 79 vzctl start "$CT"
}

@test "LOCAL_UID=0: a guest without a user namespace" {
	guest --local_uid 0
	[[ -z $(find "$VZ/uidranges" -type l ! -name next) ]]
	run_ok vzctl start "$CT"
	inside 'cat /proc/self/uid_map; touch /root/file'
	has 4294967295
	[[ $(stat -c %u "$VZ/private/$CT/fs/root/file") == 0 ]]
	run_ok vzctl stop "$CT"
	# It runs itself again from a read-only mount, and says all once.
	run_ok vzctl restart "$CT"
	[[ $(grep -c "Restarting container" <<<"$output") == 1 ]]
	run_ok vzctl stop "$CT" --fast
	# Ids that users of the host have are no guest's.
	run_exit 21 vzctl create 102 --local_uid 1000
	has "--local_uid 1000"
	[[ ! -e $VZ/conf/102.conf ]]
}

@test "a guest of vzctl is a container of wabe" {
	requires wabe jq
	running_guest
	run_ok wabe --root "$VZ/run" list
	has "$CT"
	run_ok wabe --root "$VZ/run" state "$CT"
	[[ $(jq -r .status <<<"$output") == running && $(jq -r .bundle <<<"$output") == "$VZ/private/$CT" ]]
	run_ok wabe --root "$VZ/run" exec "$CT" cat /etc/passwd
	has root:x:0
	run_ok wabe --root "$VZ/run" kill "$CT" KILL
	wait_for is_down
	run_ok vzctl start "$CT"
	inside true
}

@test "closed and foreign descriptors of the caller stay out of the guest" {
	guest
	run_ok bash -c "exec 5</etc/passwd 99</; vzctl start $CT <&- >&-"
	inside 'ls -l /proc/1/fd'
	hasnt passwd
	[[ $(vzctl exec2 $CT 'readlink /proc/1/fd/0') == */null ]]
	run_ok bash -c "exec 7</etc/passwd 98</; vzctl exec2 $CT 'ls /proc/self/fd | paste -sd\" \"'"
	hasnt 98
	hasnt 7
}

@test "neither limits nor ignored signals of the caller get into the guest" {
	guest
	run_ok bash -c "trap '' PIPE HUP INT QUIT USR1 CHLD; ulimit -Sn 777; ulimit -Sf 100000; ulimit -Sc 5; ulimit -Ss 4096; vzctl start $CT"
	inside 'ulimit -Sn; ulimit -Sf; ulimit -Sc; ulimit -Ss'
	is $'1024\nunlimited\n0\n8192'
	inside 'grep ^SigIgn /proc/1/status'
	[[ ${output##*SigIgn:} =~ ^[[:space:]]*0+$ ]] || shown
	inside 'yes | head -n 1'
	is y
}

@test "without rights, words or verbs" {
	run_ok vzctl --version
	[[ $output =~ ^'vzctl version '[0-9]+\.[0-9]+\.[0-9]+$ ]]
	run_ok vzctl --help
	has --ostemplate
	run_exit 20 vzctl
	run_exit 20 vzctl fly 101
	run_exit 21 vzctl start
	run_exit 20 vzctl start 101 --nonsense
	run_exit 20 vzctl --nonsense start 101
	requires setpriv
	run_exit 12 setpriv --reuid 65534 --clear-groups vzctl status 101
}

@test "LOG_LEVEL is the log file's, VERBOSE the terminal's; an option counts instead" {
	local log=$VZ/vzctl.log value

	guest
	: >"$log"
	run_ok vzctl set "$CT" --onboot yes --save
	hasnt "exit code"
	not grep "exit code" "$log"
	grep -q "CT $CT : CT configuration saved" "$log"
	run_exit 31 vzctl exec "$CT" true
	grep -q "CT $CT : Error: Container is not running" "$log"
	# Whatever it was called by.
	run_ok vzctl set "$CT" --name web --save
	: >"$log"
	run_exit 31 vzctl exec web true
	grep -q "CT $CT : Error: Container is not running" "$log"
	not grep "CT web" "$log"
	echo 'LOG_LEVEL="1"' >>"$VZ_CONF"
	run_ok vzctl set "$CT" --onboot yes --save
	hasnt "exit code"
	grep -q "CT $CT : set: exit code 0" "$log"
	sed -i 's/^LOG_LEVEL=.*/VERBOSE="1"/' "$VZ_CONF"
	: >"$log"
	run_ok vzctl set "$CT" --onboot yes --save
	has "set: exit code 0"
	not grep "exit code" "$log"
	run_ok vzctl --quiet set "$CT" --onboot yes --save
	hasnt "exit code"
	for value in VERBOSE LOG_LEVEL; do
		for text in x -1 101; do
			printf '%s\n' '/^VERBOSE=/d' '/^LOG_LEVEL=/d' | sed -i -f - "$VZ_CONF"
			echo "$value=\"$text\"" >>"$VZ_CONF"
			run_exit 85 vzctl status "$CT"
			has "$value"
			has "$text"
		done
	done
	printf '%s\n' '/^VERBOSE=/d' '/^LOG_LEVEL=/d' | sed -i -f - "$VZ_CONF"
}
