#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Programs that call vzctl as they called OpenVZ's: a hoster's provisioning script, libvirt, Pacemaker's agent
# ManageVE.

load helpers
load netns

more_setup()
{
	BATS_TEST_TIMEOUT=600
}

# Written from the manual pages of OpenVZ's tools alone, for a shell with no other help. $1: how many guests.
provisioning_script()
{
	cat <<-'SCRIPT'
		set -u
		count=$1 failed=0
		fail() { echo "FAILED: $*"; failed=1; }

		# 101 -> "CTID 101 exist unmounted down"
		state() { set -- $(vzctl status "$1"); echo "$3 $4 $5"; }

		for n in $(seq "$count"); do
			id=$((100 + n))
			[ "$(state $id)" = "deleted unmounted down" ] || fail "$id is there already"
			vzctl --quiet create $id --ostemplate busybox --hostname "node$n.example" || fail "create $id: $?"
			vzctl --quiet set $id --name "node$n" --onboot yes --ram 64M --swap 0 --numproc 50:50 --cpuunits 500 \
				--diskspace 1G:1G --nameserver 192.0.2.53 --save || fail "set $id: $?"
			VEID=$id
			. "$CONFDIR/conf/$id.conf"
			[ "$HOSTNAME" = "node$n.example" ] && [ "$NAME" = "node$n" ] && [ "$ONBOOT" = yes ] || fail "configuration of $id"
		done
		vzctl --quiet create 101 --ostemplate busybox 2>/dev/null
		[ $? = 44 ] || fail "a second create of 101"

		for n in $(seq "$count"); do
			id=$((100 + n))
			vzctl --quiet start "node$n" || fail "start $id: $?"
			[ "$(state $id)" = "exist mounted running" ] || fail "status of $id: $(state $id)"
			vzctl --quiet start $id 2>/dev/null
			[ $? = 32 ] || fail "a second start of $id"
			echo 'hostname >/root/provisioned; exit 3' >"$CONFDIR/script"
			vzctl --quiet runscript $id "$CONFDIR/script"
			[ $? = 3 ] || fail "runscript $id"
			[ "$(vzctl exec $id cat /root/provisioned)" = "node$n.example" ] || fail "exec $id"
			vzctl exec $id false; [ $? = 8 ] || fail "exec maps a failure to 8"
			vzctl exec2 $id 'exit 5'; [ $? = 5 ] || fail "exec2 gives the code"
			[ "$(echo 'echo $HOME' | vzctl exec2 $id -)" = /root ] || fail "exec reads commands"
		done

		[ "$(vzlist -Ho ctid | wc -l)" = "$count" ] || fail "vzlist: $(vzlist -Ho ctid | wc -l) run"
		[ "$(vzlist -Ho ctid,hostname,status 101 | tr -s ' ' | sed 's/^ //')" = "101 node1.example running" ] || fail "vzlist 101"
		[ "$(vzlist -1 | head -n 1 | tr -d ' ')" = 101 ] || fail "vzlist -1"
		[ "$(vzlist -Ho numproc.l -N node2 | tr -d ' ')" = 50 ] || fail "vzlist numproc.l"
		[ "$(vzlist -Ho physpages.l 102 | tr -d ' ')" = 16384 ] || fail "vzlist physpages.l"
		[ -z "$(vzlist -SHo ctid 2>/dev/null)" ] || fail "vzlist -S"

		for n in $(seq "$count"); do
			id=$((100 + n))
			vzctl --quiet destroy $id 2>/dev/null
			[ $? = 32 ] || fail "destroy of $id, which runs"
			if [ $((n % 25)) = 0 ]; then
				vzctl --quiet stop $id || fail "stop $id: $?"
			else
				vzctl --quiet stop $id --fast || fail "stop $id: $?"
			fi
			[ "$(state "node$n")" = "exist unmounted down" ] || fail "status of $id: $(state $id)"
			vzctl --quiet destroy "node$n" || fail "destroy $id: $?"
			[ "$(state $id)" = "deleted unmounted down" ] || fail "$id is not gone"
			vzctl --quiet start $id 2>/dev/null
			[ $? = 14 ] || fail "start of $id, which is gone"
		done
		[ -z "$(vzlist -aHo ctid 2>/dev/null)" ] || fail "vzlist -a"
		exit $failed
	SCRIPT
}

@test "a provisioning script: 50 guests from create to destroy" {
	local count=${WABE_CLIENT_GUESTS:-50}

	provisioning_script >"$T/provision"
	CONFDIR=$VZ VZ_TIMEOUT=500 run_ok sh "$T/provision" "$count"
	hasnt FAILED
	(($(find "$VZ/conf" -name '*.conf.destroyed' | wc -l) == count))
}

# The agent, installed, or unpacked into WABE_OCF_ROOT (as dpkg -x does with the package resource-agents).
ocf_root()
{
	echo "${WABE_OCF_ROOT:-/usr/lib/ocf}"
}

# Run the agent with action $1 where it expects to be: /usr/sbin/vzctl is ours, /etc/vz the test's tree, for it alone.
agent()
{
	call unshare -m --propagation private bash -ec '
		mount -t tmpfs none "$1"
		cd "$1"
		mkdir sbin real-sbin etc real-etc
		mount --bind /usr/sbin real-sbin
		mount --bind /etc real-etc
		ln -s "$PWD"/real-sbin/* sbin/
		ln -s "$PWD"/real-etc/* etc/
		ln -sfn "$2" sbin/vzctl
		ln -sfn "$3" etc/vz
		mount --bind sbin /usr/sbin
		mount --bind etc /etc
		unset VZ_CONF
		export OCF_ROOT=$4 OCF_RESKEY_veid=$5 OCF_RESOURCE_INSTANCE=guest OCF_RESKEY_CRM_meta_interval=10000
		export AWK=awk __OCF_ACTION=$6 HA_LOGFILE=/dev/null HA_logfacility=none
		cd /
		exec bash "$OCF_ROOT/resource.d/heartbeat/ManageVE" "$6"
	' - "$T/mnt" "$(type -P vzctl)" "$VZ" "$(ocf_root)" "${OCF_VEID:-$CT}" "$1"
}

# $1: action, $2: OCF's exit code (0 OCF_SUCCESS, 7 OCF_NOT_RUNNING, 1 OCF_ERR_GENERIC).
agent_is()
{
	agent "$1"
	[[ $status == "$2" ]] || { echo "ManageVE $1: exit code $2 is wanted"; shown; }
}

@test "libvirt's openvz driver: what it runs to find, define, change, start and stop guests" {
	local uuid=5f0cdb55-3f43-4ac5-8f40-9d5e8ee4b5e1

	own_network
	# Its version, from the help's first line.
	run_ok env LC_ALL=C vzctl --help
	[[ $output =~ ^'vzctl version '[0-9]+\.[0-9]+\.[0-9]+$'\n' ]]
	# A guest's name is its number.
	run_ok vzctl --quiet create "$CT" --name "$CT" --ostemplate busybox
	is ""
	printf '\n#UUID: %s\n' "$uuid" >>"$VZ/conf/$CT.conf"
	run_ok vzctl --quiet set "$CT" --netif_add eth0,52:54:00:11:22:33,veth101.0,52:54:00:11:22:34 --save
	run_ok vzctl --quiet set "$CT" --cpus 1 --save
	run_ok vzctl --quiet set "$CT" --kmemsize 67108864 --save
	run_ok vzctl --quiet set "$CT" --onboot yes --name="$CT" --save
	is ""
	run_exit 131 vzctl --quiet set "$CT" --name 102 --save
	run_ok vzctl --quiet start "$CT"
	is ""
	run_ok vzlist -a -ovpsid,status -H
	[[ $output =~ ^' '*101' running'$ ]]
	run_ok vzlist "$CT" -ostatus -H
	is running
	run_ok vzctl --quiet restart "$CT"
	run_ok vzctl --quiet stop "$CT" --fast
	run_ok vzlist -ovpsid -H -S
	[[ $output =~ ^' '*101$ ]]
	grep -q "^#UUID: $uuid\$" "$VZ/conf/$CT.conf"
	run_ok vzctl --quiet destroy "$CT"
	is ""
}

@test "Pacemaker's ManageVE: start, monitor, stop, as ocf calls it" {
	[[ -e $(ocf_root)/resource.d/heartbeat/ManageVE ]] || skip "needs Pacemaker's agents"
	mkdir -p "$T/mnt"
	guest
	agent_is validate-all 0
	agent_is monitor 7
	agent_is start 0
	status_is "exist mounted running"
	agent_is monitor 0
	agent_is status 0
	agent_is start 0
	kill -9 "$(readlink "$VZ/root/$CT" | cut -d/ -f3)"
	wait_for is_down
	agent_is monitor 7
	agent_is start 0
	agent_is migrate_to 1
	agent_is monitor 0
	agent_is stop 0
	agent_is monitor 7
	agent_is stop 0
	status_is "exist unmounted down"
	run_ok vzctl set "$CT" --disabled yes --save
	agent_is start 1
	OCF_VEID=999 agent_is monitor 7
	OCF_VEID=nonsense agent_is monitor 2
}

is_down()
{
	[[ $(vzctl status $CT) == *down ]]
}
