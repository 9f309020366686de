#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Callers that leave cgroups to systemd: podman --cgroup-manager systemd, containerd with SystemdCgroup, an ordinary user with a
# service manager of its own. For the lab with systemd as process 1 (tests/lab/run --init systemd): the engines talk to the
# system's D-Bus and keep their states where they do on a host, so that this is no place but a machine that is thrown away.

bats_require_minimum_version 1.5.0
# bats file_tags=systemd
load ../oci
load callers

more_setup_file()
{
	export PLACE=/proc/self/ns/mnt IMAGES=$BATS_FILE_TMPDIR/images
	mkdir "$IMAGES"
}

# podman's storage is a mount of its own.
teardown_file()
{
	callers_end "$BATS_FILE_TMPDIR/containerd.pid"
	umount -l "$BATS_FILE_TMPDIR/podman/storage/overlay" 2>/dev/null || :
}

more_setup()
{
	[[ -d /run/systemd/system && $(cat /proc/1/comm) == systemd && ${WABE_LAB-} ]] || skip "needs systemd as process 1"
	callers_need podman conmon containerd ctr umoci
}

property_is()
{
	local got

	got=$(systemctl show --property "$1" --value "$UNIT")
	[[ $got == "$2" ]] || { echo "$UNIT $1: $got, want $2"; return 1; }
}

file_is()
{
	local got

	got=$(cat "/sys/fs/cgroup$(systemctl show --property ControlGroup --value "$UNIT")/$1")
	[[ $got == "$2" ]] || { echo "$1: $got, want $2"; return 1; }
}

no_unit()
{
	[[ $(systemctl show --property ActiveState --value "$UNIT") == inactive ]]
}

@test "podman --cgroup-manager systemd: scopes in machine.slice with their limits, through a whole life" {
	podman_configure
	sed -i 's/^cgroup_manager.*/cgroup_manager = "systemd"/' "$CONTAINERS_CONF"
	oci_make_rootfs "$T/root"
	tar -C "$T/root" -cf "$T/root.tar" .
	ok podman_ import -q --change CMD=sh "$T/root.tar" busybox
	ok podman_ run -d --name "$ID" --memory 64m --pids-limit 40 busybox sh -c 'trap "exit 0" TERM; while :; do sleep 1; done'
	UNIT=libpod-$(podman_ inspect --format '{{.ID}}' "$ID").scope
	property_is ActiveState active
	property_is Slice machine.slice
	property_is MemoryMax 67108864
	property_is TasksMax 40
	systemctl daemon-reload
	file_is memory.max 67108864
	file_is pids.max 40
	ok podman_ exec "$ID" sh -c 'echo inside; exit 0'
	has inside
	ok podman_ pause "$ID"
	[[ $(podman_ inspect --format '{{.State.Status}}' "$ID") == paused ]]
	ok podman_ unpause "$ID"
	ok podman_ update --memory 96m "$ID"
	property_is MemoryMax 100663296
	file_is memory.max 100663296
	ok podman_ stop -t 30 "$ID"
	wait_for no_unit
	ok podman_ start "$ID"
	property_is ActiveState active
	ok podman_ rm -f -t 0 "$ID"
	wait_for no_unit
	[[ -z $(ls /run/wabe 2>/dev/null) ]]
}

@test "containerd with SystemdCgroup: the scope that its cgroup names, through a whole life" {
	callers_image "$IMAGES/busybox.tar" test
	export CONTAINERD_NAMESPACE=bats CONTAINERD_RUN=$BATS_FILE_TMPDIR/containerd/run
	containerd_start
	ok ctr_ image import --base-name local/busybox "$IMAGES/busybox.tar"
	UNIT=wabe-$ID.scope
	ok ctr_ run -d --runc-binary "$WABE" --runc-systemd-cgroup --cgroup "system.slice:wabe:$ID" --memory-limit 67108864 \
		local/busybox:test "$ID" sh -c 'while :; do sleep 1; done'
	property_is ActiveState active
	property_is Slice system.slice
	property_is MemoryMax 67108864
	file_is memory.max 67108864
	ok ctr_ task exec --exec-id x "$ID" sh -c 'echo inside'
	has inside
	ok ctr_ task pause "$ID"
	ok ctr_ task resume "$ID"
	ok ctr_ task kill -s KILL "$ID"
	wait_for no_unit
	ok ctr_ task delete "$ID"
	ok ctr_ container delete "$ID"
}

as_user()
{
	timeout 60 setpriv --reuid 1000 --regid 1000 --clear-groups --inh-caps=-all env -u DBUS_SESSION_BUS_ADDRESS \
		XDG_RUNTIME_DIR="$T/user" HOME="$T/user" "$@" 3>&-
}

more_teardown()
{
	[[ -z ${USER_MANAGER-} ]] || systemctl stop "$USER_MANAGER" || true
}

@test "an ordinary user's container is a scope of the user's own service manager, with limits" {
	local bundle=$T/user/bundle cgroup

	USER_MANAGER=bats-user-$ID.service
	id -u 1000 >/dev/null 2>&1 || useradd --no-create-home --uid 1000 bats-user
	mkdir -m 700 "$T/user"
	mkdir "$bundle"
	oci_make_rootfs "$bundle/rootfs"
	chown -R 1000:1000 "$T/user"
	chmod 711 "$T" "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR"/*/
	# user@.service without what it wants of a login.
	systemd-run --unit "$USER_MANAGER" -p User=1000 -p Delegate=yes -E XDG_RUNTIME_DIR="$T/user" /lib/systemd/systemd --user
	wait_for test -S "$T/user/systemd/private" || { journalctl -n 20 -u "$USER_MANAGER"; return 1; }
	ok as_user "$WABE" spec --rootless --bundle "$bundle"
	jq '.process.terminal = false | .process.args = ["sleep", "600"] | .linux.resources.pids.limit = 30 |
		.linux.resources.memory.limit = 67108864' "$bundle/config.json" >"$T/config"
	cp "$T/config" "$bundle/config.json"
	ok as_user "$WABE" --systemd-cgroup run -d --bundle "$bundle" "$ID"
	cgroup=$(sed -n 's/^0:://p' "/proc/$(as_user "$WABE" state "$ID" | jq .pid)/cgroup")
	[[ $cgroup == "/system.slice/$USER_MANAGER/user.slice/wabe-$ID.scope"* ]] || { echo "$cgroup"; return 1; }
	cgroup=/sys/fs/cgroup${cgroup%%.scope*}.scope
	[[ $(cat "$cgroup/pids.max") == 30 && $(cat "$cgroup/memory.max") == 67108864 ]]
	ok as_user "$WABE" --systemd-cgroup update --pids-limit 31 "$ID"
	[[ $(cat "$cgroup/pids.max") == 31 ]]
	ok as_user "$WABE" --systemd-cgroup exec "$ID" id -u
	is 0
	ok as_user "$WABE" --systemd-cgroup pause "$ID"
	[[ $(as_user "$WABE" state "$ID" | jq -r .status) == paused ]]
	ok as_user "$WABE" --systemd-cgroup resume "$ID"
	ok as_user "$WABE" --systemd-cgroup delete --force "$ID"
	[[ ! -e $cgroup ]]
}
