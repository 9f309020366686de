#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# wabe under buildah, and as what podman builds with. runc says what to expect in the same test.
# shellcheck disable=SC2016 # expanded in the container

bats_require_minimum_version 1.5.0
load ../oci
load callers

more_setup_file()
{
	callers_need buildah podman runc
	callers_place
	podman_configure
	oci_make_rootfs "$IMAGES/root"
	echo 'web:x:1000:1001:web:/tmp:/bin/sh' >>"$IMAGES/root/etc/passwd"
	inside_place buildah from --name base scratch
	inside_place buildah add -q base "$IMAGES/root"
	inside_place buildah config --env PATH=/bin --cmd sh base
	inside_place buildah commit -q base base
}

teardown_file()
{
	callers_end "$BATS_FILE_TMPDIR/place.pid" KILL
}

more_leaks()
{
	inside_place ls /run/wabe 2>/dev/null | grep -v '^\.' | sed 's/^/state /'
	find /sys/fs/cgroup -mindepth 1 -maxdepth 3 -type d -path '*buildah-*' -printf 'cgroup %p\n'
}

# buildah run in the working container of the file.
run_()
{
	inside_place buildah run --isolation oci --runtime "${RUNTIME:-$WABE}" "$@"
}

like_runc()
{
	ARGUMENTS=("$@")
	same_answer by_runc by_wabe
}

by_runc() { RUNTIME=runc call_apart run_ "${ARGUMENTS[@]}"; }
by_wabe() { call_apart run_ "${ARGUMENTS[@]}"; }

@test "run: output, status, user, directory, rights and volumes are runc's" {
	like_runc base -- sh -c 'id; pwd; grep -E "^(Cap|Seccomp:|NoNewPrivs)" /proc/self/status; ls /dev/shm /dev/pts; exit 7'
	[[ $status == 7 ]]
	mkdir "$T/v"
	echo text >"$T/v/file"
	like_runc --user web --workingdir /tmp --hostname other --cap-add CAP_SYS_ADMIN --cap-drop CAP_CHOWN -v "$T/v:/v:ro" -e A=b base \
		-- sh -c 'exec 2>&1; id; pwd; hostname; echo $A; cat /v/file; touch /v/x; grep ^Cap /proc/self/status'
	has "Read-only file system"
	[[ $(echo hello | inside_place buildah run --isolation oci --runtime "$WABE" base -- cat) == hello ]]
	ok run_ base -- sh -c 'echo kept >/kept'
	ok run_ base -- cat /kept
	is kept
	refused 'exec "/nope": no such file or directory' run_ base -- /nope
}

@test "build: each step runs under wabe, with buildah and with podman" {
	local program

	printf '%s\n' 'FROM localhost/base' 'RUN echo built >/built && id -u' 'USER web' 'RUN id -u && cat /built' >"$T/Containerfile"
	for program in buildah podman; do
		ok inside_place "$program" build --no-cache --isolation oci --runtime "$WABE" -t "by-$program" -f "$T/Containerfile" "$T"
		has $'0\n'
		has $'1000\nbuilt'
		ok podman_ run --rm --cgroup-parent "/wabe-bats-$BATS_ROOT_PID" "by-$program" cat /built
		is built
	done
	remove_cgroups "wabe-bats-$BATS_ROOT_PID"
	printf '%s\n' 'FROM localhost/base' 'RUN exit 9' >"$T/Containerfile"
	refused "exit status 9" inside_place buildah build --isolation oci --runtime "$WABE" -f "$T/Containerfile" "$T"
}
