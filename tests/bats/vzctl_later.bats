#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Verbs and commands of a later version: exit code 5 and one line, after their words were checked.

load helpers

@test "verbs of a later version: exit code 5, one line, nothing changed" {
	local verb

	guest
	cp "$VZ/conf/$CT.conf" "$T/conf"
	for verb in suspend chkpnt resume restore snapshot snapshot-list; do
		run_exit 5 vzctl "$verb" "$CT"
		has "later version"
		[[ $(wc -l <"$T/out") == 1 ]]
		run_exit 20 vzctl "$verb" "$CT" --no-such-option
		run_exit 20 vzctl "$verb" "$CT" word
	done
	for verb in switch delete umount; do
		run_exit 5 vzctl "snapshot-$verb" "$CT" --id 1
		run_exit 20 vzctl "snapshot-$verb" "$CT"
		has "--id"
	done
	cmp "$VZ/conf/$CT.conf" "$T/conf"
	status_is "exist unmounted down"
}

@test "their options" {
	guest
	run_exit 5 vzctl chkpnt "$CT" --dumpfile "$T/dump" --suspend --dump --kill --resume
	run_exit 5 vzctl restore "$CT" --dumpfile "$T/dump"
	run_exit 20 vzctl restore "$CT" --kill
	run_exit 20 vzctl chkpnt "$CT" --dumpfile
	run_exit 5 vzctl snapshot "$CT" --id 1 --name a --description b --skip-suspend --skip-config
	run_exit 5 vzctl snapshot-switch "$CT" --id 1 --skip-resume --skip-config
	run_exit 20 vzctl snapshot-switch "$CT" --id 1 --skip-resume --must-resume
	run_exit 5 vzctl snapshot-mount "$CT" --id 1 --target "$T"
	run_exit 5 vzctl snapshot-list "$CT" -H -o uuid --id 1
	run_exit 5 vzctl snapshot-list "$CT" -L
	[[ ! -e $T/dump ]]
}

@test "vzmigrate: exit code 5 for what it will do, 1 for wrong words" {
	run_exit 5 vzmigrate -r no --online --keep-dst -v host 101
	has "later version"
	run_exit 5 vzmigrate host 101 --ssh='-p 22' --rsync=-z --ssh-mux -c -s -t --dry-run
	run_exit 5 vzmigrate -f host web
	run_exit 5 vzmigrate --nodeps=cpu,ipv6 --live host 101
	run_exit 1 vzmigrate --nodeps=everything host 101
	run_exit 1 vzmigrate -r perhaps host 101
	run_exit 1 vzmigrate host
	run_exit 1 vzmigrate host 101 102
	run_exit 1 vzmigrate host 0
	run_exit 1 vzmigrate --no-such-option host 101
	run_exit 1 vzmigrate
}
