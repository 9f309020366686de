#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The systemd cgroup driver. What needs a systemd runs in the lab with it as process 1 (tests/lab/run --init systemd); here
# is what is said without one.

# bats file_tags=systemd
load oci

more_setup_file()
{
	[[ -z ${WABE_BUILDDIR-} ]] || export WABE_LIBEXECDIR=$WABE_BUILDDIR/runtime/systemd
}

has_systemd()
{
	[[ -d /run/systemd/system && $(cat /proc/1/comm) == systemd ]]
}

needs_systemd()
{
	has_systemd || skip "needs systemd as process 1"
	UNIT=wabe-$ID.scope
}

# The runtime with systemd's scopes.
S()
{
	W --systemd-cgroup "$@"
}

property()
{
	systemctl show --property "$1" --value "${2:-$UNIT}"
}

# Property $1 is $2.
property_is()
{
	local got

	got=$(property "$1" "${3-}")
	[[ $got == "$2" ]] || { echo "$1: $got, want $2"; return 1; }
}

cgroup_file()
{
	cat "/sys/fs/cgroup$(property ControlGroup)/$1"
}

# File $1 of the scope's cgroup has $2.
file_is()
{
	local got

	got=$(cgroup_file "$1")
	[[ $got == "$2" ]] || { echo "$1: $got, want $2"; return 1; }
}

run_scope()
{
	script "${1:-exec sleep 600}"
	ok S run -d --bundle "$B" "$ID"
}

no_unit()
{
	[[ $(property LoadState "$1") == not-found || $(property ActiveState "$1") == inactive ]]
}

more_teardown()
{
	[[ -z ${USER_MANAGER-} ]] || systemctl stop "$USER_MANAGER" || true
}

@test "without systemd's D-Bus: refused, says so, leaves nothing" {
	! has_systemd || skip "systemd is here"
	refused "connect to systemd over the system's D-Bus" S run --bundle "$B" "$ID"
	refused "connect to systemd over the system's D-Bus" W --cgroup-manager systemd create --bundle "$B" "$ID"
	[[ ! -e $STATE/$ID ]]
	! pgrep -f "[w]abe.*$ID" || return 1
}

@test "without the helper: refused with its place" {
	WABE_LIBEXECDIR=$T/none refused "$T/none/wabe-systemd, which is not installed" S run --bundle "$B" "$ID"
	[[ ! -e $STATE/$ID ]]
}

@test "a helper that says nonsense, nothing, or never ends by itself is not believed" {
	local answer
	mkdir "$T/libexec"
	for answer in 'echo nonsense' 'exit 3' 'kill -9 $$' 'echo ok; exit 1' 'exec 2>/dev/null; head -c 100000 /dev/zero' 'echo error from afar; exit 1' 'echo ok /../x'; do
		printf '#!/bin/sh\n%s\n' "$answer" >"$T/libexec/wabe-systemd"
		chmod 755 "$T/libexec/wabe-systemd"
		WABE_LIBEXECDIR=$T/libexec call S run --bundle "$B" "$ID"
		[[ $status == 1 && $output == "wabe: container $ID: "* ]] || shown
		[[ ! -e $STATE/$ID ]]
	done
	has "/../x"
}

@test "cgroupsPath: what is not SLICE:PREFIX:NAME is refused" {
	local path
	for path in /abs x a:b a.slice:b x:y:z system.slice:a/b:c system.slice:a:b.slice system.slice:a: "system.slice:a:b c" \
		"a.slice:$(printf 'a%.0s' {1..300}):b" "../x.slice:a:b"; do
		conf '.linux.cgroupsPath = $p' --arg p "$path"
		refused "linux.cgroupsPath" S run --bundle "$B" "$ID"
		[[ ! -e $STATE/$ID ]]
	done
	refused "--cgroup-manager disabled" W --systemd-cgroup --cgroup-manager disabled list
}

@test "a container is a scope of system.slice, delegated, with its cgroup below it" {
	needs_systemd
	run_scope 'cat /proc/self/cgroup; exec sleep 600'
	grep -qx '0::/' <<<"$output"
	property_is ActiveState active
	property_is Slice system.slice
	property_is Delegate yes
	property_is ControlGroup "/system.slice/$UNIT"
	[[ $(cgroup_file cgroup.procs) == "$(pid_of)" ]]
	[[ $(state_of) == running ]]
	ok S exec "$ID" sh -c 'exit 0'
	ok S pause "$ID"
	[[ $(state_of) == paused ]]
	ok S resume "$ID"
	[[ $(S ps -f json "$ID" | jq length) == 1 ]]
	# delete knows the scope by the state, with or without the option.
	ok W delete --force "$ID"
	no_unit "$UNIT"
	[[ ! -e /sys/fs/cgroup/system.slice/$UNIT ]]
}

@test "create, start, kill, delete; the end of the last process takes the scope away" {
	needs_systemd
	script 'exec sleep 600'
	ok S create --bundle "$B" "$ID"
	property_is ActiveState active
	ok S start "$ID"
	ok S kill "$ID" KILL
	wait_for is_status stopped "$ID"
	wait_for no_unit "$UNIT"
	ok S delete "$ID"
	script 'exit 7'
	call S run --bundle "$B" "$ID"
	[[ $status == 7 ]] || shown
	wait_for no_unit "$UNIT"
}

@test "cgroupsPath names slice, prefix and name; nested slices" {
	needs_systemd
	conf '.linux.cgroupsPath = $p' --arg p "bats-inner.slice:pre:$ID"
	UNIT=pre-$ID.scope
	run_scope
	property_is ControlGroup "/bats.slice/bats-inner.slice/$UNIT"
	ok S delete --force "$ID"
	conf '.linux.cgroupsPath = $p' --arg p "::$ID"
	UNIT=$ID.scope
	run_scope
	property_is ControlGroup "/system.slice/$UNIT"
	ok S delete --force "$ID"
	systemctl stop bats.slice
}

@test "limits are properties, and are written; they outlive a reload of systemd" {
	needs_systemd
	conf '.linux.resources += {memory: {limit: 67108864, swap: 100663296, reservation: 33554432}, pids: {limit: 20},
		cpu: {shares: 512, quota: 25000, period: 50000, cpus: "0", mems: "0"}}
		| .linux.resources.unified = {"memory.high": "60000000", "cgroup.max.descendants": "17"}'
	run_scope
	property_is MemoryMax 67108864
	property_is MemorySwapMax 33554432
	property_is MemoryLow 33554432
	property_is MemoryHigh 60000000
	property_is TasksMax 20
	property_is CPUWeight 59
	property_is CPUQuotaPerSecUSec 500ms
	property_is CPUQuotaPeriodUSec 50ms
	property_is AllowedCPUs 0
	systemctl daemon-reload
	file_is memory.max 67108864
	file_is memory.swap.max 33554432
	file_is cpu.max "25000 50000"
	file_is cpu.weight 59
	file_is pids.max 20
	file_is memory.high 59998208
	file_is cpuset.cpus 0
	file_is cgroup.max.descendants 17
}

@test "update changes the properties and the files" {
	needs_systemd
	conf '.linux.resources.memory = {limit: 67108864}'
	run_scope
	ok S update --memory 128M --pids-limit 33 --cpu-quota 50000 --cpu-share 1024 "$ID"
	property_is MemoryMax 134217728
	property_is TasksMax 33
	property_is CPUQuotaPerSecUSec 500ms
	property_is CPUWeight 100
	file_is memory.max 134217728
	file_is pids.max 33
	file_is cpu.max "50000 100000"
	ok W update --memory -1 --cpu-quota -1 "$ID"
	property_is MemoryMax infinity
	property_is CPUQuotaPerSecUSec infinity
	file_is memory.max max
	file_is cpu.max "max 100000"
	refused "linux.resources.memory.swap" S update --memory-swap 1M "$ID"
}

@test "device rules: systemd's list, and the exact ones" {
	needs_systemd
	all_caps
	conf '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 11, access: "rw"}, {allow: true, type: "c", major: 10, access: "r"}]'
	run_scope 'mknod /dev/kmsg2 c 1 11; mknod /dev/mem2 c 1 1; exec sleep 600'
	property_is DevicePolicy strict
	[[ $(property DeviceAllow) == *"/dev/char/1:11 rw"* ]]
	[[ $(property DeviceAllow) == *"char-misc r"* ]]
	systemctl daemon-reload
	wait_for W exec "$ID" test -e /dev/mem2
	ok_inside 'head -c 0 /dev/kmsg2 && echo x >/dev/null && head -c 1 /dev/urandom >/dev/null'
	inside 'head -c 0 /dev/mem2'
	[[ $status != 0 ]] || shown
	has "Operation not permitted"
}

@test "update: device rules reach systemd's list, which it applies again whenever it is told to" {
	needs_systemd
	all_caps
	conf '.linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, access: "r"}]'
	run_scope 'mknod /dev/kmsg2 c 1 11; touch /dev/shm/done; exec sleep 600'
	wait_for W exec "$ID" test -e /dev/shm/done
	refused "Operation not permitted" W exec "$ID" head -c 0 /dev/kmsg2
	echo '{"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 1, "minor": 11, "access": "rw"}]}' >"$T/more"
	ok S update -r "$T/more" "$ID"
	property_is DevicePolicy strict
	[[ $(property DeviceAllow) == *"/dev/char/1:11 rw"* && $(property DeviceAllow) != *"char-misc"* ]]
	ok_inside 'head -c 0 /dev/kmsg2'
	systemctl daemon-reload
	ok_inside 'head -c 0 /dev/kmsg2; head -c 1 /dev/urandom >/dev/null'
	# Another limit leaves them alone.
	ok S update --pids-limit 50 "$ID"
	ok_inside 'head -c 0 /dev/kmsg2'
	echo '{"devices": [{"allow": true, "access": "rwm"}]}' >"$T/all"
	ok W update -r "$T/all" "$ID"
	property_is DevicePolicy auto
	property_is DeviceAllow ""
	echo '{"devices": [{"allow": false, "access": "rwm"}]}' >"$T/none"
	ok W update -r "$T/none" "$ID"
	property_is DevicePolicy strict
	[[ $(property DeviceAllow) != *"/dev/char/1:11"* && $(property DeviceAllow) == *"/dev/char/1:3"* ]]
	systemctl daemon-reload
	refused "Operation not permitted" W exec "$ID" head -c 0 /dev/kmsg2
}

@test "annotations org.systemd.property are properties" {
	needs_systemd
	conf '.annotations = {"org.systemd.property.CollectMode": "\u0027inactive-or-failed\u0027", "org.systemd.property.TimeoutStopSec": "2",
		"org.systemd.property.DefaultDependencies": "true", "org.systemd.property.After": "[\u0027dbus.socket\u0027]", "other": "x"}'
	run_scope
	property_is CollectMode inactive-or-failed
	property_is TimeoutStopUSec 2s
	[[ $(property After) == *dbus.socket* ]]
	ok S delete --force "$ID"
	conf '.annotations = {"org.systemd.property.TimeoutStopUSec": "nonsense"}'
	refused "TimeoutStopUSec" S run --bundle "$B" "$ID"
	conf '.annotations = {"org.systemd.property.NoSuchThing": "true"}'
	refused "NoSuchThing" S run --bundle "$B" "$ID"
	no_unit "$UNIT"
}

@test "a scope of that name that is there is not taken; a failed one is" {
	needs_systemd
	systemd-run --scope --unit "$UNIT" sleep 600 3>&- >/dev/null 2>&1 &
	wait_for systemctl is-active --quiet "$UNIT"
	refused "already" S run --bundle "$B" "$ID"
	systemctl is-active --quiet "$UNIT"
	systemctl stop "$UNIT"
	wait || true
	run_scope
}

@test "a failure after the scope was made takes it away again" {
	needs_systemd
	conf '.linux.resources.unified = {"memory.nonsense": "1"}'
	refused "memory.nonsense" S run --bundle "$B" "$ID"
	no_unit "$UNIT"
	[[ ! -e /sys/fs/cgroup/system.slice/$UNIT && ! -e $STATE/$ID ]]
	conf 'del(.linux.resources.unified) | .process.args = ["/no/such/program"]'
	refused "/no/such/program" S run --bundle "$B" "$ID"
	wait_for no_unit "$UNIT"
	[[ ! -e $STATE/$ID ]]
}

@test "a guest of systemd's may divide its cgroup; delete takes all of it" {
	needs_systemd
	conf '.wabe.delegateCgroup = true | .mounts |= map(if .destination == "/sys/fs/cgroup" then .options -= ["ro"] else . end)'
	run_scope 'mkdir /sys/fs/cgroup/a && echo $$ >/sys/fs/cgroup/a/cgroup.procs && echo +pids >/sys/fs/cgroup/cgroup.subtree_control && touch /dev/shm/done; exec sleep 600'
	wait_for W exec "$ID" test -e /dev/shm/done
	[[ $(cgroup_file a/cgroup.procs) == *"$(pid_of)"* ]]
	systemctl daemon-reload
	ok S delete --force "$ID"
	[[ ! -e /sys/fs/cgroup/system.slice/$UNIT ]]
}

@test "a user's own service manager makes scopes too" {
	needs_systemd
	local helper pid cgroup
	helper=${WABE_LIBEXECDIR:-/usr/libexec/wabe}/wabe-systemd
	USER_MANAGER=bats-user-$ID.service
	as_user()
	{
		timeout 60 setpriv --reuid 1000 --regid 1000 --clear-groups env -u DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR="$T/user" "$@" 3>&-
	}
	id -u 1000 >/dev/null 2>&1 || useradd --no-create-home --uid 1000 bats-user
	mkdir -m 700 "$T/user"
	chown 1000:1000 "$T/user"
	chmod 711 "$T" "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/
	# user@.service without what it wants of a login.
	systemd-run --unit "$USER_MANAGER" -p User=1000 -p Delegate=yes -E XDG_RUNTIME_DIR="$T/user" /lib/systemd/systemd --user
	wait_for test -S "$T/user/systemd/private" || { journalctl -n 20 -u "$USER_MANAGER"; return 1; }
	as_user sleep 600 &
	wait_for pgrep -u 1000 -x sleep
	pid=$(pgrep -u 1000 -x sleep)
	ok as_user "$helper" --user start "$UNIT" user.slice "$pid" Delegate=true TasksMax=30
	cgroup=${output#ok }
	[[ $cgroup == "/system.slice/$USER_MANAGER/user.slice/$UNIT" ]] || shown
	[[ $(cat "/sys/fs/cgroup$cgroup/cgroup.procs") == "$pid" && $(cat "/sys/fs/cgroup$cgroup/pids.max") == 30 ]]
	[[ $(stat -c %u "/sys/fs/cgroup$cgroup") == 1000 ]]
	ok as_user "$helper" --user set "$UNIT" TasksMax=31
	[[ $(cat "/sys/fs/cgroup$cgroup/pids.max") == 31 ]]
	ok as_user "$helper" --user stop "$UNIT"
	wait_for has_ended "$pid"
	[[ ! -e /sys/fs/cgroup$cgroup ]]
	refused "neither DBUS_SESSION_BUS_ADDRESS nor" as_user env -u XDG_RUNTIME_DIR "$helper" --user stop "$UNIT"
}

@test "the helper's command line: usage, unknown properties, bad values" {
	local helper word
	helper=${WABE_LIBEXECDIR:-/usr/libexec/wabe}/wabe-systemd
	refused usage "$helper"
	refused usage "$helper" start x.scope
	refused usage "$helper" nonsense x.scope
	refused usage "$helper" attach x.scope /
	has_systemd || return 0
	for word in Nonsense=1 MemoryMax=x MemoryMax= =1 nothing AllowedCPUs=x AllowedCPUs=0-99999 'A:=[1' 'A:=uint8 7' 'A:=uint16 70000' "A:='x"; do
		refused "error " "$helper" set init.scope "$word"
	done
}
