#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Action scripts: which of them run when, with what environment, and what their failure does. See vzctl_lifecycle.bats, too.
#
# shellcheck disable=SC2016 # variables of the scripts' shell

load helpers

host_kinds='premount mount umount postumount'

# $1: vps or a CTID, $2: when, $3: what it does.
script()
{
	printf '#!/bin/sh\n%s\n' "$3" >"$VZ/conf/$1.$2"
	chmod 755 "$VZ/conf/$1.$2"
}

# All of the host's scripts note that they run; those of the guest in the guest.
note_all()
{
	local when who

	for who in vps "$CT"; do
		for when in $host_kinds; do
			script "$who" "$when" "echo $who.$when >>$T/order"
		done
	done
	script "$CT" start 'echo start >>/root/order'
	script "$CT" stop 'echo stop >>/root/order'
}

order_is()
{
	[[ $(paste -sd' ' "$T/order") == "$1" ]] || { echo "order: $(paste -sd' ' "$T/order")"; return 1; }
	rm "$T/order"
}

@test "each script of the host has VEID, VE_CONFFILE, PATH, HOME and nothing else; no descriptor, no input" {
	local when

	for when in $host_kinds; do
		script "$CT" "$when" "env | sort | grep -vE '^(_|PWD|SHLVL|OLDPWD)=' >$T/env.$when; ls /proc/self/fd | wc -w >$T/fds.$when; cat >$T/input.$when"
	done
	guest
	export SECRET_OF_THE_CALLER=1
	run_ok bash -c "exec 9</etc/passwd 77</; echo text | vzctl start $CT"
	run_ok vzctl stop "$CT" --fast
	for when in $host_kinds; do
		diff - "$T/env.$when" <<-END
			HOME=/root
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
			VEID=$CT
			VE_CONFFILE=$VZ/conf/$CT.conf
		END
		(($(cat "$T/fds.$when") <= 4)) || { cat "$T/fds.$when"; false; }
		[[ -e $T/input.$when && ! -s $T/input.$when ]]
	done
}

@test "their order: start, stop, mount, umount, restart; --fast leaves out what runs inside, --skip-umount mounts without" {
	note_all
	guest
	run_ok vzctl start "$CT"
	order_is "vps.premount $CT.premount vps.mount $CT.mount"
	run_ok vzctl stop "$CT"
	order_is "vps.umount $CT.umount vps.postumount $CT.postumount"
	[[ $(paste -sd' ' "$VZ/private/$CT/fs/root/order") == "start stop" ]]
	run_ok vzctl mount "$CT"
	order_is "vps.premount $CT.premount vps.mount $CT.mount"
	run_ok vzctl umount "$CT"
	order_is "vps.umount $CT.umount vps.postumount $CT.postumount"
	run_ok vzctl start "$CT"
	rm "$T/order"
	run_ok vzctl restart "$CT" --fast
	order_is "vps.umount $CT.umount vps.postumount $CT.postumount vps.premount $CT.premount vps.mount $CT.mount"
	run_ok vzctl stop "$CT" --fast --skip-umount
	rm "$T/order"
	status_is "exist mounted down"
	run_ok vzctl umount "$CT"
	[[ $(paste -sd' ' "$VZ/private/$CT/fs/root/order") == "start stop start start" ]]
}

@test "a script that fails, or is killed, at each place of a start: exit code 79, and those before it are undone" {
	note_all
	guest
	for how in 'exit 3' 'kill -9 $$'; do
		script "$CT" premount "$how"
		run_exit 79 vzctl start "$CT"
		has "$CT.premount"
		order_is "vps.premount"
		script "$CT" premount "echo $CT.premount >>$T/order"
		script vps mount "$how"
		run_exit 79 vzctl start "$CT"
		has vps.mount
		order_is "vps.premount $CT.premount vps.postumount $CT.postumount"
		script vps mount "echo vps.mount >>$T/order"
		script "$CT" start "$how"
		run_exit 79 vzctl start "$CT"
		has "$CT.start"
		order_is "vps.premount $CT.premount vps.mount $CT.mount vps.umount $CT.umount vps.postumount $CT.postumount"
		script "$CT" start 'true'
		status_is "exist unmounted down"
	done
}

@test "a script that fails at mount and umount" {
	note_all
	guest
	script "$CT" mount 'exit 1'
	run_exit 79 vzctl mount "$CT"
	order_is "vps.premount $CT.premount vps.mount vps.postumount $CT.postumount"
	status_is "exist unmounted down"
	script "$CT" mount true
	run_ok vzctl mount "$CT"
	rm "$T/order"
	script vps umount 'exit 1'
	run_exit 79 vzctl umount "$CT"
	status_is "exist mounted down"
	script vps umount true
	run_ok vzctl umount "$CT"
}

@test "a script that fails after a stop: exit code 79, and the guest is down" {
	note_all
	guest
	for when in umount postumount; do
		run_ok vzctl start "$CT"
		script vps $when 'exit 1'
		run_exit 79 vzctl stop "$CT" --fast
		has "vps.$when"
		status_is "exist unmounted down"
		script vps $when true
	done
}

@test "--force starts a disabled guest, and no more than that" {
	guest --disabled yes
	run_exit 105 vzctl start "$CT"
	run_exit 105 vzctl restart "$CT"
	script "$CT" premount 'exit 1'
	run_exit 79 vzctl start "$CT" --force
	rm "$VZ/conf/$CT.premount"
	run_ok vzctl start "$CT" --force --skip-fsck --skip-remount
	run_exit 105 vzctl restart "$CT"
	status_is "exist mounted running"
	run_ok vzctl set "$CT" --force --onboot yes --save
	[[ $(key ONBOOT) == yes ]]
}
