#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The small commands: vzpid, vzubc, vzcpucheck, vzmemcheck, vzcfgvalidate.

load helpers

more_teardown()
{
	rm -f "$VZ"/lock/vzubc.lck "$VZ"/lock/vzubc.store
}

init_of()
{
	readlink "$VZ/root/$CT" | cut -d/ -f3
}

@test "vzpid: container and name of many processes, from words and standard input" {
	local init inside runner

	running_guest
	init=$(init_of)
	vzctl exec2 "$CT" 'exec sleep 300' >/dev/null 2>&1 3>&- &
	runner=$!
	WAIT_TENTHS=100 wait_for is_sleeping
	inside=$(head -n 1 "$T/sleeping")
	run_ok vzpid "$$" "$init" "$inside"
	is "Pid	CTID	Name
$$	0	$(cat /proc/$$/comm)
$init	$CT	$(cat "/proc/$init/comm")
$inside	$CT	$(cat "/proc/$inside/comm")"
	run_ok bash -c "printf '%s\n%s ' $init $$ | vzpid -p -"
	has "$init	1	$CT	"
	has "$$	$$	0	"
	run_exit 1 vzpid 0 "$init" 99999999 nonsense
	has "$init	$CT	"
	has 99999999
	has nonsense
	run_exit 1 vzpid
	kill "$inside"
	wait "$runner" || true
}

# Host's numbers of the guest's processes.
pids_of()
{
	cat /sys/fs/cgroup/*/"${CGROUP#/}/$CT"/cgroup.procs "/sys/fs/cgroup$CGROUP/$CT/cgroup.procs" 2>/dev/null | sort -un
}

is_sleeping()
{
	local pid

	for pid in $(pids_of); do
		[[ $(tr '\0' ' ' <"/proc/$pid/cmdline") != "sleep 300 " ]] || echo "$pid"
	done >"$T/sleeping"
	[[ -s $T/sleeping ]]
}

@test "vzpid: a process can't forge a line by its name" {
	local runner

	running_guest
	vzctl exec2 "$CT" 'printf "x\n1\t0\tfake" >/proc/self/comm; while :; do :; done' >/dev/null 2>&1 3>&- &
	runner=$!
	WAIT_TENTHS=100 wait_for is_renamed
	run_ok vzpid "$(cat "$T/renamed")"
	[[ $(wc -l <"$T/out") == 2 ]] || shown
	has '\x0a'
	kill -9 "$(cat "$T/renamed")"
	wait "$runner" || true
}

is_renamed()
{
	local pid

	for pid in $(pids_of); do
		! grep -q '^x$' "/proc/$pid/comm" || echo "$pid"
	done >"$T/renamed"
	[[ -s $T/renamed ]]
}

@test "vzubc: what is held, the limits, and what is near them" {
	requires memory pids
	running_guest --ram 256M --numproc 100 --kmemsize 10M:11M
	run_ok vzubc
	has "CT $CT "
	[[ $output =~ numproc\|\ +[0-9]+\ .*\|\ +100\|\ +100\| ]] || shown
	[[ $output =~ physpages\|.*\|\ 256M\| ]] || shown
	hasnt numfile
	run_ok vzubc -v "$CT"
	has numproc
	run_ok vzubc -q
	is ""
	run_ok vzubc -q -qh 0.001
	has numproc
	run_ok vzubc --color --qh 0.001
	has $'\e['
	run_exit 1 vzubc -qh many
	run_exit 1 vzubc no-such-name
	run_exit 1 vzubc "$CT" 999
	has "container 999 does not exist"
	run_ok vzctl set "$CT" --numproc unlimited --ram unlimited --kmemsize unlimited --save
	run_ok vzubc
	has "CT $CT "
	hasnt numproc
}

@test "vzubc: failures and growth since the last look" {
	requires pids
	running_guest --numproc 20
	run_ok vzubc -r -i
	inside 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do sleep 20 & done 2>/dev/null; true' || true
	run_ok vzubc -r -i -q
	if [[ -n $(cgroup_value pids pids.events pids.events) ]]; then
		has numproc
		[[ $output =~ numproc.*\|\ +[1-9][0-9]*\| ]] || shown
	fi
	run_ok vzubc -r -q -qh 2 -qm 2
	hasnt numproc
	run_ok vzubc -rc -ic
	[[ ! -e $VZ/lock/vzubc.store ]]
}

@test "vzubc: watching ends with who looks on" {
	running_guest
	run_ok bash -c 'vzubc -v -wn 0.1 | head -n 30 | grep -c "^CT "'
	((output >= 2))
}

@test "vzcpucheck: units, power, limits" {
	running_guest --cpuunits 2000 --cpulimit 50
	run_ok vzctl create 102 --cpuunits 500
	run_ok vzcpucheck
	has "Current CPU utilization: 3000"
	has "Power of the node: "
	has "limits: 50% of $((100 * $(getconf _NPROCESSORS_ONLN)))%"
	run_ok vzcpucheck -v -a
	[[ $output =~ (^|$'\n')$CT\ +2000\ +50% ]] || shown
	[[ $output =~ (^|$'\n')102\ +500\ +- ]] || shown
	has "Current CPU utilization: 3500"
	has "without a limit: 1 of 2"
	run_exit 1 vzcpucheck word
}

@test "vzmemcheck: use and promises in per cent and megabytes" {
	requires memory
	local total

	total=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
	running_guest --ram "$((total * 2))K" --swap 0
	run_ok vzctl create 102
	run_ok vzmemcheck
	has "Output values in %"
	[[ $(tail -1 "$T/out" | awk '{ print ($2 > 199.9 && $2 < 200.1 && $1 < 100) }') == 1 ]] || shown
	run_ok vzmemcheck -v -A -a
	has "Output values in Mbytes"
	[[ $(awk -v ct="$CT" '$1 == ct { print ($2 > 0 && $2 < 256) }' "$T/out") == 1 ]] || shown
	[[ $(awk -v t="$total" '$1 == "Host:" { d = $2 - t / 1024; print (d < 1 && d > -1) }' "$T/out") == 1 ]] || shown
	has "Without a limit: 1 of 2"
}

@test "vzcfgvalidate: all samples are valid; what doesn't fit is said, with exit code 2" {
	local sample dir=$BATS_TEST_DIRNAME/../../etc

	[[ -d $dir ]] || dir=/etc/vz/conf
	for sample in "$dir"/ve-*.conf-sample; do
		run_ok vzcfgvalidate "$sample"
		has "Validation completed: success"
		hasnt Error
	done
	guest --ram 256M --swap 0 --vmguarpages 512M
	cp "$VZ/conf/$CT.conf" "$T/conf"
	run_exit 2 vzcfgvalidate "$CT"
	has "Error: vmguarpages.bar"
	cmp "$T/conf" "$VZ/conf/$CT.conf"
	run_exit 2 bash -c "echo n | vzcfgvalidate -i $CT"
	cmp "$T/conf" "$VZ/conf/$CT.conf"
	run_ok vzcfgvalidate -r "$CT"
	[[ $(key VMGUARPAGES) == 65536:* ]]
	run_ok vzcfgvalidate "$VZ/conf/$CT.conf"
	run_exit 1 vzcfgvalidate /nonexistent
	run_exit 1 vzcfgvalidate
	run_exit 1 vzcfgvalidate -v perhaps "$CT"
	run_exit 1 vzcfgvalidate 999
	echo 'NUMPROC="lots"' >"$T/bad"
	run_exit 1 vzcfgvalidate "$T/bad"
	has NUMPROC
}

# A configuration of OpenVZ's, with beancounters.
classic()
{
	cat <<-CONF
		KMEMSIZE="14372700:14790164"
		LOCKEDPAGES="256:256"
		PRIVVMPAGES="65536:69632"
		SHMPAGES="21504:21504"
		NUMPROC="240:240"
		PHYSPAGES="0:unlimited"
		VMGUARPAGES="33792:unlimited"
		OOMGUARPAGES="26112:unlimited"
		NUMTCPSOCK="360:360"
		NUMFLOCK="188:206"
		NUMPTY="16:16"
		NUMSIGINFO="256:256"
		TCPSNDBUF="1720320:2703360"
		TCPRCVBUF="1720320:2703360"
		OTHERSOCKBUF="1126080:2097152"
		DGRAMRCVBUF="262144:262144"
		NUMOTHERSOCK="360:360"
		DCACHESIZE="3409920:3624960"
		NUMFILE="9312:9312"
		NUMIPTENT="128:128"
		DISKSPACE="1048576:1153024"
		DISKINODES="200000:220000"
	CONF
}

@test "vzcfgvalidate: OpenVZ's rules for beancounters" {
	classic >"$T/basic"
	run_ok vzcfgvalidate "$T/basic"
	sed 's/^NUMPROC=.*/NUMPROC="240:300"/; s/^KMEMSIZE=.*/KMEMSIZE="1000:2000"/' "$T/basic" >"$T/wrong"
	run_exit 2 vzcfgvalidate "$T/wrong"
	has "Error: barrier should be equal to limit for numproc (currently, 240:300)"
	has "Error: kmemsize.bar should be > "
	run_ok vzcfgvalidate -r "$T/wrong"
	grep -qx 'NUMPROC="300:300"' "$T/wrong"
	run_ok vzcfgvalidate "$T/wrong"
	grep -v NUMFILE "$T/basic" >"$T/missing"
	run_exit 2 vzcfgvalidate "$T/missing"
	has "Error: parameter numfile not found"
	run_ok vzcfgvalidate -v yes "$T/missing"
}

@test "VALIDATE_MODE: a start and a change are refused with exit code 35, warned of, or mended" {
	guest --ram 256M --swap 0 --vmguarpages 512M
	cp "$VZ/conf/$CT.conf" "$T/conf"
	run_ok vzctl start "$CT"
	run_ok vzctl stop "$CT" --fast
	echo 'VALIDATE_MODE="error"' >>"$VZ_CONF"
	run_exit 35 vzctl start "$CT"
	has vmguarpages
	status_is "exist unmounted down"
	run_exit 35 vzctl set "$CT" --onboot yes --save
	cmp "$T/conf" "$VZ/conf/$CT.conf"
	run_ok vzctl set "$CT" --vmguarpages 128M --save
	run_ok vzctl start "$CT"
	run_exit 35 vzctl set "$CT" --vmguarpages 1G
	run_ok vzctl stop "$CT" --fast
	cp "$T/conf" "$VZ/conf/$CT.conf"
	sed -i 's/^VALIDATE_MODE=.*/VALIDATE_MODE="warning"/' "$VZ_CONF"
	run_ok vzctl set "$CT" --onboot yes --save
	has vmguarpages
	sed -i 's/^VALIDATE_MODE=.*/VALIDATE_MODE="fix"/' "$VZ_CONF"
	run_ok vzctl set "$CT" --onboot no --save
	[[ $(key VMGUARPAGES) == 65536:* ]]
	sed -i 's/^VALIDATE_MODE=.*/VALIDATE_MODE="perhaps"/' "$VZ_CONF"
	run_exit 85 vzctl status "$CT"
	sed -i '/^VALIDATE_MODE=/d' "$VZ_CONF"
}
