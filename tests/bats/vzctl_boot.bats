#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl boot, shutdown, recover: ONBOOT, BOOTORDER, VE_PARALLEL, guests that ran when the host crashed.

load helpers

# Guests $1.. that note when they start and stop, without looking at each other.
guests()
{
	local id

	for id; do
		run_ok vzctl create "$id"
		echo "echo start $id >>$T/order" >"$VZ/conf/$id.premount"
		echo "echo stop $id >>$T/order" >"$VZ/conf/$id.postumount"
		chmod +x "$VZ/conf/$id".*mount
		sed -i '1i #!/bin/sh' "$VZ/conf/$id".*mount
	done
}

order()
{
	grep "^$1 " "$T/order" | cut -d' ' -f2 | paste -sd' '
}

# As a crash of the host leaves it: the processes are gone, and with them all of /run.
crash()
{
	local id

	for id; do
		run_ok wabe --root "$VZ/run" kill --all "$id" KILL
		WAIT_TENTHS=100 wait_for is_down "$id"
	done
	rm -rf "${VZ:?}"/run/* "${VZ:?}"/lock/*
	for id; do
		rmdir /sys/fs/cgroup"$CGROUP/$id" /sys/fs/cgroup/*"$CGROUP/$id" 2>/dev/null || true
	done
}

is_down()
{
	[[ $(vzctl status "$1") == *" down" ]]
}

@test "boot starts ONBOOT=yes and nothing else, by BOOTORDER" {
	guests 101 102 103 104 105
	run_ok vzctl set 101 --onboot yes --save
	run_ok vzctl set 103 --onboot yes --bootorder 5 --save
	run_ok vzctl set 104 --onboot yes --bootorder 70 --save
	run_ok vzctl set 105 --onboot yes --disabled yes --save
	echo 'VE_PARALLEL="1"' >>"$VZ_CONF"
	run_ok vzctl boot
	[[ $(order start) == "104 103 101" ]] || { cat "$T/order"; false; }
	status_is "exist mounted running" 101
	status_is "exist unmounted down" 102
	status_is "exist unmounted down" 105
	# Again: all that is to run runs.
	run_ok vzctl boot
	[[ $(order start) == "104 103 101" ]]
	# Stopping goes the other way, and is everybody's.
	run_ok vzctl start 102
	run_ok vzctl shutdown --fast
	[[ $(order stop | wc -w) == 4 ]]
	status_is "exist unmounted down" 104
	not ls "$VZ/conf"/.*.running
}

@test "boot and shutdown have a line for each guest, with its number, and none with --quiet" {
	run_ok vzctl create 101 --onboot yes
	run_ok vzctl create 102 --onboot yes
	run_ok vzctl boot
	[[ $(sort <<<"$output") == $'CT 101: Container was started\nCT 102: Container was started' ]] || shown
	grep -q "CT 102 : Container is mounted" "$VZ/vzctl.log"
	run_ok vzctl shutdown --fast
	[[ $(sort <<<"$output") == $'CT 101: Container was stopped\nCT 102: Container was stopped' ]] || shown
	run_ok vzctl --quiet boot
	is ""
	run_ok vzctl --verbose shutdown --fast
	has "stop: exit code 0"
	has "Killing container ..."
}

@test "VE0CPUUNITS, which nothing enforces, is said at boot" {
	run_ok vzctl boot
	hasnt VE0CPUUNITS
	echo 'VE0CPUUNITS="5000"' >>"$VZ_CONF"
	run_ok vzctl boot
	has 'VE0CPUUNITS="5000" is not enforced'
	run_ok vzcpucheck
	has "Current CPU utilization: 5000"
}

@test "what ran when the host crashed comes back, what was stopped does not" {
	guests 101 102
	run_ok vzctl start 101
	run_ok vzctl start 102
	run_ok vzctl stop 102 --fast
	crash 101
	run_ok vzctl boot
	status_is "exist mounted running" 101
	status_is "exist unmounted down" 102
	run_ok vzctl exec2 101 true
	# A stop of a guest that is down already is meant for the next boot as well.
	crash 101
	run_ok vzctl stop 101
	run_ok vzctl boot
	status_is "exist unmounted down" 101
}

@test "VIRTUOZZO=no starts nothing at boot" {
	guest --onboot yes
	sed -i 's/^VIRTUOZZO=.*/VIRTUOZZO="no"/' "$VZ_CONF"
	run_ok vzctl boot
	has 'VIRTUOZZO="no"'
	status_is "exist unmounted down"
}

@test "a guest that can't start keeps no other, and is named" {
	guests 101 102 103
	local id

	for id in 101 102 103; do
		run_ok vzctl set "$id" --onboot yes --save
	done
	echo 'exit 1' >>"$VZ/conf/102.premount"
	run_exit 3 vzctl boot
	has "vzctl start failed for 1 of 3 containers: 102"
	status_is "exist mounted running" 101
	status_is "exist unmounted down" 102
	status_is "exist mounted running" 103
	rm "$VZ/conf/102.premount"
}

@test "VE_PARALLEL bounds how many start at a time" {
	local id

	for id in 101 102 103 104 105; do
		run_ok vzctl create "$id" --onboot yes
	done
	cat >"$VZ/conf/vps.premount" <<-EOF
		#!/bin/sh
		mkdir -p $T/now && touch $T/now/\$VEID && ls $T/now | wc -l >>$T/counts
		sleep 0.3
		rm $T/now/\$VEID
	EOF
	chmod +x "$VZ/conf/vps.premount"
	echo 'VE_PARALLEL="2"' >>"$VZ_CONF"
	run_ok vzctl boot
	[[ $(wc -l <"$T/counts") == 5 && $(sort -n "$T/counts" | tail -1) == 2 ]] || { cat "$T/counts"; false; }
}

@test "bad words and values" {
	run_exit 20 vzctl boot --nonsense
	run_exit 20 vzctl boot word
	run_exit 20 vzctl shutdown 101
	run_exit 20 vzctl recover --nonsense
	run_exit 14 vzctl recover 999
	guest
	run_exit 21 vzctl recover "$CT" --ended perhaps
	has perhaps
	echo 'VE_PARALLEL="0"' >>"$VZ_CONF"
	run_exit 85 vzctl boot
	has "VE_PARALLEL"
	sed -i 's/^VE_PARALLEL=.*/VE_PARALLEL="x"/' "$VZ_CONF"
	run_exit 85 vzctl boot
	has "VE_PARALLEL"
	sed -i '/^VE_PARALLEL=/d' "$VZ_CONF"
}

@test "recover says what it repaired, and that once" {
	guest
	run_ok vzctl create 102
	run_ok vzctl start "$CT"
	run_ok vzctl start 102
	run_ok vzctl recover
	is ""
	run_ok wabe --root "$VZ/run" kill --all "$CT" KILL
	rm "$VZ/root/102"
	mkdir "$VZ/root/102"
	WAIT_TENTHS=100 wait_for is_down "$CT"
	run_ok vzctl recover
	has "CT $CT: what its ended container left was removed"
	has "CT 102: VE_ROOT is the link to its root again"
	[[ $(readlink "$VZ/root/102") == /proc/*/root && -d $VZ/root/$CT && ! -L $VZ/root/$CT ]]
	run_ok vzctl recover
	is ""
	run_ok vzctl exec2 102 true
}

@test "recover makes the link of a name that was lost; not of one that another container has" {
	guest --name web
	run_ok vzctl create 102 --name db
	rm "$VZ/names/web"
	run_exit 21 vzctl status web
	run_ok vzctl recover
	has "CT $CT: its name leads to it again"
	hasnt "CT 102"
	run_ok vzctl status web
	run_ok vzctl recover
	is ""
	rm "$VZ/names/web"
	sed -i 's/^NAME=.*/NAME="db"/' "$VZ/conf/$CT.conf"
	run_ok vzctl recover
	has 'CT 101: the name "db" is taken by container 102'
	[[ $(readlink "$VZ/names/db") == *102.conf ]]
}

@test "recover takes back creates that were killed" {
	printf 'VE_PRIVATE="%s"\nVE_ROOT="%s"\nLOCAL_UID="0"\n' "$VZ/private/105" "$VZ/root/105" >"$VZ/conf/.105.creating"
	run_ok vzctl recover
	has "CT 105: an interrupted create was taken back"
	[[ ! -e $VZ/conf/.105.creating ]]
}

# $1: what /etc/init.d/vz is to do, with this test's programs and tree.
sysv()
{
	local script=$BATS_TEST_DIRNAME/../../etc/service/vz.init.in sbin

	[[ -f $script ]] || skip "needs the source tree"
	sbin=$(dirname "$(type -P vzctl)")
	sed -e "s|@SBINDIR@|$sbin|" -e "s|@CONFDIR@|$VZ|" "$script" >"$T/init"
	call sh "$T/init" "$1"
}

@test "the script for hosts without systemd" {
	requires pgrep
	run_ok vzctl create 101 --onboot yes
	sysv status
	[[ $status == 3 ]]
	has "vzeventd is not running, 0 containers are"
	sysv start
	[[ $status == 0 && $output == "" ]] || { sysv stop; shown; }
	status_is "exist mounted running" 101
	sysv start
	[[ $status == 0 ]] || { sysv stop; shown; }
	sysv status
	[[ $status == 0 ]] || { sysv stop; shown; }
	has "vzeventd is running, 1 containers are"
	sysv stop
	[[ $status == 0 && $output == "" ]] || shown
	status_is "exist unmounted down" 101
	WAIT_TENTHS=50 wait_for is_eventd_gone
	rm -rf "$VZ/run/.eventd"
	sysv nonsense
	[[ $status == 2 ]]
}

is_eventd_gone()
{
	sysv status
	[[ $status == 3 ]]
}
