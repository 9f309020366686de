#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# podman of an ordinary user, with wabe. The user exists in the file's mount namespace only: with /etc/passwd, ranges of ids for
# newuidmap(1), a home and a runtime directory.
# shellcheck disable=SC2016 # expanded in the container
# bats file_tags=lab:long

bats_require_minimum_version 1.5.0
load ../oci
load callers

readonly uid=4242 home=/run/ordinary

more_setup_file()
{
	callers_need podman conmon newuidmap setpriv
	callers_place
	oci_make_rootfs "$IMAGES/root"
	echo 'web:x:1000:1001:web:/tmp:/bin/sh' >>"$IMAGES/root/etc/passwd"
	tar -C "$IMAGES/root" -cf "$IMAGES/root.tar" .
	inside_place bash -ec "$(declare -f make_user); make_user $uid $home $WABE"
	as_user mkdir -p .config/containers
	configuration | as_user tee .config/containers/containers.conf >/dev/null
	podman_user import -q --change CMD=sh - busybox <"$IMAGES/root.tar"
}

# Runs in the place, as root.
# $1: id, $2: home, $3: the runtime, which may be where the user can't go
make_user()
{
	local file

	mkdir -p /run/etc "$2/bin" "/run/user/$1"
	cp /etc/passwd /etc/group /run/etc
	echo "ordinary:x:$1:$1::$2:/bin/sh" >>/run/etc/passwd
	echo "ordinary:x:$1:" >>/run/etc/group
	echo ordinary:200000:65536 | tee /run/etc/subuid >/run/etc/subgid
	touch /etc/subuid /etc/subgid
	for file in passwd group subuid subgid; do mount --bind "/run/etc/$file" "/etc/$file"; done
	cp "$3" "$2/bin/wabe"
	chown -R "$1:$1" "$2" "/run/user/$1"
	chmod 700 "$2" "/run/user/$1"
	mount --make-rshared /
}

configuration()
{
	cat <<-EOF
		[containers]
		netns = "none"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime = "wabe"
		runtime_supports_json = ["wabe"]
		[engine.runtimes]
		wabe = ["$home/bin/wabe"]
	EOF
}

as_user()
{
	inside_place setpriv --reuid $uid --regid $uid --init-groups env -i -C $home HOME=$home PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		"XDG_RUNTIME_DIR=/run/user/$uid" "$@"
}

podman_user()
{
	as_user podman "$@"
}

# podman keeps the user's namespaces by a process of its own.
teardown_file()
{
	local pid

	pid=$(as_user cat "/run/user/$uid/libpod/tmp/pause.pid" 2>/dev/null) || pid=
	[[ -z $pid ]] || kill "$pid"
	callers_end "$BATS_FILE_TMPDIR/place.pid" KILL
}

more_teardown()
{
	call podman_user rm -f -t 0 -a
}

more_leaks()
{
	podman_user ps -aq | sed 's/^/container /'
	as_user sh -c "ls /run/user/$uid/wabe 2>/dev/null" | sed 's/^/state /'
}

@test "run: an ordinary user is root in the container, and nobody else's" {
	[[ $(podman_user info --format '{{.Host.Security.Rootless}} {{.Host.OCIRuntime.Name}}') == "true wabe" ]]
	call podman_user run --rm busybox sh -c 'id -u; cat /proc/self/uid_map; grep CapEff /proc/self/status; touch /new && stat -c %u:%g /new; exit 7'
	[[ $status == 7 ]] || shown
	has $'0\n         0       4242          1\n         1     200000      65536'
	has 0:0
	ok podman_user run --rm -u web busybox sh -c 'id -u; id -g; touch /etc/x 2>/dev/null || echo refused'
	has $'1000\n1001\nrefused'
	ok podman_user run --rm --userns keep-id busybox id -u
	is 4242
	call podman_user run --rm busybox /nope
	[[ $status == 127 ]] || shown
}

@test "run: volumes, mounts and a read-only root" {
	as_user mkdir -p volume
	ok podman_user run --rm --read-only --read-only-tmpfs=false -v $home/volume:/v -w /v busybox sh -c 'touch /x 2>/dev/null || echo refused; touch /v/file && ls /v'
	has $'refused\nfile'
	[[ $(as_user stat -c %u volume/file) == 4242 ]]
	ok podman_user run --rm -v $home/volume:/v:ro busybox sh -c 'touch /v/other 2>/dev/null || echo refused'
	has refused
}

@test "a container in the background: exec, logs, top, kill, stop, rm" {
	ok podman_user run -d --name "$ID" busybox sh -c 'trap "exit 3" TERM; echo said; sleep 600 & wait'
	call podman_user exec -u web -w /tmp "$ID" sh -c 'id -u; pwd; exit 5'
	[[ $status == 5 ]] || shown
	has $'1000\n/tmp'
	[[ $(echo hello | podman_user exec -i "$ID" cat) == hello ]]
	wait_for logged
	ok podman_user top "$ID" comm
	ok podman_user stop "$ID"
	[[ $(podman_user inspect --format '{{.State.ExitCode}}' "$ID") == 3 ]]
	ok podman_user start "$ID"
	ok podman_user kill "$ID"
	ok podman_user wait "$ID"
	is 137
	ok podman_user rm "$ID"
}

logged()
{
	podman_user logs "$ID" | grep -q said
}
