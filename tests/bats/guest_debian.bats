#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The main job: a Debian guest with systemd from template to destroy, held to its limits where the machine can.
# bats file_tags=lab
#
# Needs the template in $WABE_LAB_TEMPLATES or $WABE_TEMPLATES (./check builds it once and caches it).

load helpers
load eventd

more_setup()
{
	requires debian
	sed -i "s|^TEMPLATE=.*|TEMPLATE=\"$(debian_store)\"|" "$VZ_CONF"
}

# Create and start $CT with more options of set; waits until systemd says that it is up.
boot()
{
	run_ok vzctl create "$CT" --ostemplate debian-12 --hostname deb.example.org
	(($# == 0)) || run_ok vzctl set "$CT" "$@" --save
	VZ_TIMEOUT=280 run_ok vzctl start "$CT" --wait
}

@test "systemd reaches running, and again after a restart" {
	boot
	run_ok vzctl exec2 "$CT" systemctl is-system-running
	[[ $output == running ]]
	run_ok vzctl exec2 "$CT" cat /etc/hostname /proc/1/comm
	[[ $output == *deb* && $output == *systemd* ]]
	run_ok vzctl exec2 "$CT" 'echo kept > /root/file; systemctl --failed --no-legend | wc -l'
	[[ $output == 0 ]]
	VZ_TIMEOUT=280 run_ok vzctl restart "$CT" --wait
	run_ok vzctl exec2 "$CT" 'systemctl is-system-running; cat /root/file'
	[[ $output == running*kept ]]
	run_ok vzctl stop "$CT"
	run_ok vzctl status "$CT"
	[[ $output == "CTID $CT exist unmounted down" ]]
}

@test "a login waits at the console, systemd's own; the guest's root is nobody on the host, its uptime its own" {
	start_eventd
	boot
	run_ok vzctl exec2 "$CT" systemctl is-active console-getty
	wait_for shows_login
	# Who looks starts no second one.
	run_ok vzctl exec2 "$CT" 'grep -lx agetty /proc/[0-9]*/comm | wc -l'
	is 1
	stop_eventd
	run_ok vzctl exec2 "$CT" 'head -1 /proc/self/uid_map; cut -d. -f1 /proc/uptime'
	read -r _ base count <<<"${output%%$'\n'*}"
	((base >= 65536 && count == 65536))
	((${output##*$'\n'} < $(cut -d. -f1 /proc/uptime)))
}

shows_login()
{
	run_ok bash -c "{ printf '\\n'; sleep 3; } | vzctl console $CT"
	[[ $output == *login:* ]]
}

# One guest with all limits: to boot it is what takes the time, in the lab most of a minute.
@test "held to its limits: a hog is killed inside, a fork bomb stays inside, dd stops; the guest lives, stop works" {
	local limits=(--ram 256M --swap 0 --numproc 80)

	requires memory pids
	# The lab has it, and would not say if it hadn't.
	[[ -z ${WABE_LAB-} ]] || has_quota
	! has_quota || limits+=(--diskspace 100M:100M)
	boot "${limits[@]}"
	run_exit 8 vzctl exec "$CT" 'head -c 600M /dev/zero | tail'
	run_ok vzctl exec2 "$CT" 'systemctl is-system-running --wait || true; echo alive'
	[[ $output == *alive ]]
	! has_quota || fills_its_disk
	bombs_itself
	run_ok vzctl status "$CT"
	[[ $output == *running ]]
	VZ_TIMEOUT=60 run_ok vzctl stop "$CT" --fast
	wait "$bomb" || true
}

fills_its_disk()
{
	run_exit 8 vzctl exec "$CT" 'dd if=/dev/zero of=/root/big bs=1M count=300'
	run_ok vzctl exec2 "$CT" 'df -k --output=size,avail / | tail -1'
	read -r size avail <<<"$output"
	((size <= 102400 && size > 90000 && avail < 2048))
	run_ok vzctl exec2 "$CT" 'rm /root/big; df -k --output=avail / | tail -1'
	((output > 50000))
}

bombs_itself()
{
	# The guest's sh gives up when a fork is refused.
	vzctl exec "$CT" 'for i in $(seq 300); do sleep 1000 & done' >"$T/bomb" 2>&1 3>&- &
	bomb=$!
	wait_for grep -q fork "$T/bomb"
	(($(vzlist -Ho numproc "$CT") <= 80))
}
