#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# podman run --systemd=always: a Debian with systemd, imported from the template that ./check builds, boots, is entered,
# and stops as podman asks it to. On a host of v1 or hybrid in a mount namespace that shows a v2 host.
# bats file_tags=lab:long

bats_require_minimum_version 1.5.0
load ../oci
load callers

template_root()
{
	local store

	for store in "${WABE_LAB_TEMPLATES-}" "${WABE_TEMPLATES-}"; do
		[[ -z $store || ! -d $store/debian-12/root ]] || echo "$store/debian-12/root"
	done | head -n 1
}

more_setup_file()
{
	callers_need podman conmon
	[[ $(template_root) ]] || skip "needs the template debian-12"
	cgroup_is_v2 || export WABE_TEST_CGROUP=v2
	callers_place
	podman_configure
	tar -C "$(template_root)" --exclude='./usr/share/locale/*' --exclude='./usr/share/doc/*' \
		--exclude='./usr/share/zoneinfo/*' --exclude='./var/lib/apt/*' --exclude='./var/cache/*' -cf - . | WABE_TIMEOUT=900 podman_ import -q --change 'CMD ["/sbin/init"]' - debian
}

teardown_file()
{
	callers_end "$BATS_FILE_TMPDIR/place.pid" KILL
	remove_cgroups "wabe-bats-$BATS_ROOT_PID"
	# podman's own, where a test can't name another; it stays while anything is in it
	remove_cgroups libpod_parent 2>/dev/null
}

more_teardown()
{
	WABE_TIMEOUT=120 call podman_ rm -f -t 0 -a
}

more_leaks()
{
	inside_place ls /run/wabe 2>/dev/null | grep -v '^\.' | sed 's/^/state /'
}

# 255: it isn't running any more.
is_up()
{
	call podman_ exec "$ID" systemctl is-system-running
	[[ $output == running || $output == degraded || $status == 255 ]]
}

@test "systemd boots, is entered, runs services, and stops" {
	ok podman_ run -d --name "$ID" --cgroup-parent "/wabe-bats-$BATS_ROOT_PID" --systemd always --stop-timeout 60 debian
	wait_for is_up
	[[ $status != 255 ]] || { podman_ logs "$ID"; shown; }
	ok podman_ exec "$ID" cat /proc/1/comm /proc/1/cgroup
	has systemd
	has "0::/init.scope"
	ok podman_ exec "$ID" systemd-run --quiet --wait --pipe sh -c 'echo from a service; cat /proc/self/cgroup'
	has "from a service"
	has "0::/system.slice/run-"
	ok podman_ top "$ID" comm
	has systemd-journal
	WABE_TIMEOUT=300 ok podman_ stop "$ID"
	[[ $(podman_ inspect --format '{{.State.ExitCode}}' "$ID") =~ ^(0|130)$ ]]
	ok podman_ rm "$ID"
}
