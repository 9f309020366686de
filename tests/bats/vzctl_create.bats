#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl create and destroy: what is made, what is refused, and that nothing stays of what failed.

load helpers

@test "a guest whose file has lost its LOCAL_UID leaves no range of ids either" {
	run_ok vzctl create "$CT"
	run_ok vzctl create 102
	sed -i /LOCAL_UID/d "$VZ/conf/$CT.conf"
	run_ok vzctl destroy "$CT"
	[[ $(readlink "$VZ"/uidranges/[0-9]*) == 102 ]]
	run_ok vzctl destroy 102
}

@test "a guest is made: private area, configuration, range of ids; destroy takes it all away" {
	run_ok vzctl create "$CT" --hostname web1
	has "Container private area was created"
	status_is "exist unmounted down"
	[[ $(key OSTEMPLATE) == busybox && $(key HOSTNAME) == web1 && $(key VE_LAYOUT) == overlay ]]
	[[ $(stat -c '%a %u' "$VZ/private/$CT") == "700 0" ]]
	[[ $(readlink "$VZ/uidranges/$(($(key LOCAL_UID) / 65536))") == "$CT" ]]
	run_ok vzctl destroy "$CT"
	status_is "deleted unmounted down"
	[[ ! -e $VZ/private/$CT && ! -e $VZ/root/$CT && -e $VZ/conf/$CT.conf.destroyed && ! -e $VZ/lock/$CT.lck ]]
}

@test "a fresh private area is small" {
	guest
	(($(du -sk "$VZ/private/$CT" | cut -f1) <= 64))
}

@test "no two guests share a user id" {
	run_ok vzctl create 101
	run_ok vzctl create 102
	run_ok vzctl destroy 101
	run_ok vzctl create 103
	[[ $(key LOCAL_UID 102) != "$(key LOCAL_UID 103)" ]]
	(($(key LOCAL_UID 103) % 65536 == 0))
	run_exit 21 vzctl create 104 --local_uid "$(key LOCAL_UID 102)"
	has "belong to CT 102"
	[[ ! -e $VZ/private/104 ]]
	# One that only touches the range is refused too.
	run_exit 21 vzctl create 104 --local_uid $(($(key LOCAL_UID 102) + 65535))
}

@test "guests that are made at the same time get ranges of their own" {
	local i pids=()

	for i in {101..112}; do
		vzctl --quiet create "$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[[ $(cat "$VZ"/conf/1??.conf | grep ^LOCAL_UID= | sort -u | wc -l) == 12 ]]
}

@test "a second create of the same guest is refused" {
	guest
	cp "$VZ/conf/$CT.conf" "$T/conf"
	run_exit 44 vzctl create "$CT" --hostname other
	cmp "$VZ/conf/$CT.conf" "$T/conf"
}

@test "a private area that is there already is not touched" {
	mkdir "$VZ/private/$CT"
	echo precious >"$VZ/private/$CT/file"
	run_exit 44 vzctl create "$CT"
	[[ $(cat "$VZ/private/$CT/file") == precious ]]
	[[ ! -e $VZ/conf/$CT.conf && -z $(find "$VZ/conf" -name '.*') ]]
	rm -r "$VZ/private/$CT"
}

@test "ids that are no guest's: 0, 100, text, overflow, a sign, nothing" {
	local id

	for id in 0 1 100 abc 2147483645 4294967297 99999999999999999999 -1 +101 0x65 '101 ' ''; do
		run_exit 21 vzctl create "$id"
	done
	[[ -z $(ls -A "$VZ/private") ]]
}

@test "templates and samples that are not there, layouts that are none" {
	run_exit 91 vzctl create "$CT" --ostemplate nope
	has "no template nope"
	run_exit 21 vzctl create "$CT" --ostemplate ../../etc
	run_exit 82 vzctl create "$CT" --config nope
	run_exit 53 vzctl create "$CT" --layout raid
	has raid
	sed -i /DEF_OSTEMPLATE/d "$VZ_CONF"
	run_exit 29 vzctl create "$CT"
	run_exit 20 vzctl create "$CT" --no-such-option
	run_exit 20 vzctl create "$CT" word
	[[ -z $(ls -A "$VZ/private") ]]
}

@test "unset directories have exit codes of their own" {
	sed -i /VE_ROOT/d "$VZ_CONF"
	run_exit 22 vzctl create "$CT"
	make_vz_conf
	sed -i /VE_PRIVATE/d "$VZ_CONF"
	run_exit 23 vzctl create "$CT"
	make_vz_conf
	sed -i /TEMPLATE=/d "$VZ_CONF"
	sed -i /DEF_OSTEMPLATE/d "$VZ_CONF"
	run_exit 24 vzctl create "$CT" --ostemplate busybox
	make_vz_conf
	sed -i /LOCKDIR/d "$VZ_CONF"
	run_exit 77 vzctl create "$CT"
	make_vz_conf
	VZ_CONF=$T/nope run_exit 10 vzctl create "$CT"
}

@test "the guest keeps what vz.conf said when it was made" {
	guest
	sed -i 's,private/,elsewhere/,; s/DEF_OSTEMPLATE=.*/DEF_OSTEMPLATE="other"/' "$VZ_CONF"
	run_ok vzctl start "$CT"
	run_ok vzctl stop "$CT" --fast
	[[ $(key VE_PRIVATE) == "$VZ/private/\$VEID" ]]
}

@test "a sample's parameters, and the command line over them" {
	printf 'PHYSPAGES="0:65536"\nNUMPROC="77"\nHOSTNAME="sample"\n' >"$VZ/conf/ve-small.conf-sample"
	run_ok vzctl create "$CT" --config small --hostname mine
	[[ $(key PHYSPAGES) == 0:65536 && $(key HOSTNAME) == mine && $(key ORIGIN_SAMPLE) == small ]]
}

@test "a name stands for the id, and goes with the guest" {
	run_ok vzctl create "$CT" --name web.example
	call vzctl status web.example
	is "CTID $CT exist unmounted down"
	run_exit 131 vzctl create 102 --name web.example
	[[ ! -e $VZ/private/102 && ! -e $VZ/conf/102.conf ]]
	run_ok vzctl destroy web.example
	run_exit 21 vzctl status web.example
}

@test "a full disk: exit code 46, and nothing stays" {
	mkdir "$T/small"
	mount -t tmpfs -o size=64k,nr_inodes=12 none "$T/small"
	mkdir -p "$T/small/vz/conf"
	sed "s,^LOCKDIR=.*,LOCKDIR=\"$T/small/vz/lock\"," "$VZ_CONF" >"$T/small/vz/vz.conf"
	VZ_CONF=$T/small/vz/vz.conf run_exit 46 sh -c "for i in 1 2 3 4 5 6 7 8 9; do vzctl create 20\$i || exit; done"
	find "$T/small" >"$T/found"
	umount "$T/small"
	# Of the one that failed: no configuration, no record of a create, no private area.
	failed=$(grep -oE '/conf/20[0-9]\.conf$' "$T/found" | wc -l)
	[[ $(find "$VZ/private" -mindepth 1 -maxdepth 1 | wc -l) == "$failed" ]]
	not grep -q creating "$T/found"
	rm -rf "$VZ"/private/* "$VZ"/root/*
}

@test "no inodes left: exit code 46, and no part of a private area" {
	local left

	mount -t tmpfs -o size=64m,nr_inodes=100 none "$VZ/private"
	call vzctl create "$CT" --layout dir
	left=$(ls -A "$VZ/private")
	umount "$VZ/private"
	[[ $status == 46 && -z $left ]] || { echo "left: $left"; shown; }
	status_is "deleted unmounted down"
}

@test "destroy refuses a running and a mounted guest" {
	running_guest
	run_exit 32 vzctl destroy "$CT"
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl mount "$CT"
	run_exit 41 vzctl destroy "$CT"
	run_ok vzctl umount "$CT"
	run_ok vzctl destroy "$CT"
	run_exit 14 vzctl destroy "$CT"
}

@test "destroy removes what the guest wrote, odd names and modes too" {
	running_guest
	inside 'mkdir -p /a/b; touch "/a/b/new
line" /a/-rf; chmod 000 /a/b; ln -s / /a/root; mkfifo /a/pipe; rm -rf /etc/motd; mkdir /root/.x'
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl destroy "$CT"
	[[ ! -e $VZ/private/$CT ]]
}

@test "destroy works without the private area, and on a bad value in the configuration" {
	guest
	rm -r "${VZ:?}/private/$CT"
	sed -i 's/^HOSTNAME.*//; s/^# wabe: end/NUMPROC="nonsense"\n&/' "$VZ/conf/$CT.conf"
	run_ok vzctl destroy "$CT"
}
