#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzeventd as systemd runs it: the installed unit, with its store of descriptors.
# bats file_tags=systemd

load helpers
load eventd

UNIT_DIR=/run/systemd/system/vzeventd.service.d

more_setup()
{
	if [[ $(cat /proc/1/comm) != systemd ]] || ! systemctl cat vzeventd.service >/dev/null 2>&1; then
		skip "needs systemd as process 1, and the installed vzeventd.service"
	fi
	mkdir -p "$UNIT_DIR"
	printf '[Unit]\nConditionPathExists=\n[Service]\nEnvironment=VZ_CONF=%s\n' "$VZ_CONF" >"$UNIT_DIR/test.conf"
	systemctl daemon-reload
	systemctl start vzeventd
	EVENTD=$(main_pid)
	WAIT_TENTHS=600 wait_for has_watcher
}

more_teardown()
{
	[[ -d $UNIT_DIR ]] || return 0
	systemctl stop vzeventd
	rm -rf "$UNIT_DIR" "$VZ/run/.eventd"
	systemctl daemon-reload
}

main_pid()
{
	systemctl show -P MainPID vzeventd
}

is_new_one()
{
	EVENTD=$(main_pid)
	[[ $EVENTD != 0 && $EVENTD != "$1" ]] && has_watcher
}

# Type $1 at the console, and leave after a while.
typed()
{
	call bash -c '{ sleep 5; printf "$2"; sleep 5; printf "\033."; sleep 1; } | vzctl console "$1"' - "$CT" "$1"
}

@test "vzeventd is killed: systemd starts it again, consoles and watches are kept" {
	local old before

	guest
	mkdir -p "$VZ/private/$CT/fs/etc"
	printf '%s\n' '::sysinit:/etc/init.d/rcS' 'console::respawn:/bin/sh -l' '::ctrlaltdel:/sbin/reboot' '::shutdown:/etc/init.d/rcK' \
		>"$VZ/private/$CT/fs/etc/inittab"
	run_ok vzctl start "$CT"
	typed 'MARK=kept-4711; tty\n'
	has /dev/pts/0
	[[ $(systemctl show -P NFileDescriptorStore vzeventd) == 1 ]]
	before=$(init_of)
	old=$EVENTD
	kill -9 "$old"
	WAIT_TENTHS=600 wait_for is_new_one "$old"
	(($(systemctl show -P NRestarts vzeventd) >= 1))
	# The guest noticed nothing, and its shell is the same one.
	[[ $(init_of) == "$before" ]]
	status_is "exist mounted running"
	typed 'echo is-$MARK\n'
	has is-kept-4711
	# It is watched, too.
	inside reboot
	WAIT_TENTHS=900 wait_for is_up_again "$before"
	run_ok vzctl stop "$CT" --fast
	WAIT_TENTHS=600 wait_for store_is_empty
}

store_is_empty()
{
	[[ $(systemctl show -P NFileDescriptorStore vzeventd) == 0 ]]
}
