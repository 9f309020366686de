# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Helpers of the tests with those who call an OCI runtime: containerd, Docker, podman, buildah. A file says `load ../oci`, then
# `load callers`, and calls callers_place in its more_setup_file. All that a caller keeps is in a mount namespace
# of the file's own with an empty /run (the callers' sockets and states have fixed names there), and below the file's
# directory; the host's own engines, if it has any, see nothing of it.
#
#   $PLACE      the namespace, for nsenter --mount      $IMAGES   where images are made
#
# oci.bash's state root is not used: each caller chooses its own.

# What a test needs, or skip.
callers_need()
{
	local program

	for program; do
		type -P "$program" >/dev/null || skip "needs the program $program"
	done
}

# The namespace, kept by a process that teardown_file ends.
callers_place()
{
	local ready=$BATS_FILE_TMPDIR/place

	# shellcheck disable=SC2016 # expanded in there
	unshare --mount --propagation private bash -c '
		mount -t tmpfs -o mode=755 run /run && mkdir /run/lock &&
			if [[ $1 == v2 ]]; then mount -t cgroup2 none /sys/fs/cgroup; fi &&
			echo ready && exec sleep infinity' place "${WABE_TEST_CGROUP-}" >"$ready" 2>&1 3>&- </dev/null &
	echo $! >"$BATS_FILE_TMPDIR/place.pid"
	wait_for grep -q ready "$ready"
	export PLACE=/proc/$!/ns/mnt IMAGES=$BATS_FILE_TMPDIR/images
	mkdir "$IMAGES"
}

# A command in there, never for longer than a minute, or ten in the lab. conmon leaves files in its working directory.
inside_place()
(
	# bats' own, unless a test passes another
	[[ ${PRESERVE-} ]] || exec 3>&-
	exec timeout --foreground -k 5 "${WABE_TIMEOUT:-60${WABE_LAB:+0}}" nsenter "--mount=$PLACE" env -C "$BATS_FILE_TMPDIR" "$@"
)

# A command in there on a terminal; a carriage return ends its lines.
on_terminal()
{
	printf '%q ' nsenter "--mount=$PLACE" env -C / "$@" >"$T/command"
	call timeout -k 5 60 script -qec "stty rows 33 cols 99; bash $T/command" /dev/null
	output=${output//$'\r'/}
}

# Terminals of an engine's run and exec. The file has engine_on_terminal, start_ and end_.
# $@: options of run
engine_terminals()
{
	engine_on_terminal run --rm -t "$@" busybox sh -c 'tty; test -t 0 && test -t 1 && test -t 2 && echo all; sleep 1; stty size; exit 4'
	has /dev/pts/0
	has all
	has "33 99"
	[[ $status == 4 ]] || shown
	start_
	engine_on_terminal exec -t "$ID" sh -c 'tty; sleep 1; stty size; exit 6'
	has /dev/pts/
	has "33 99"
	[[ $status == 6 ]] || shown
	end_
}

# End a process that the tests started, whose number a file has.
callers_end()
{
	local pid

	[[ -s $1 ]] || return 0
	pid=$(<"$1")
	kill "${2:-TERM}" "$pid" 2>/dev/null || :
	wait_for has_ended "$pid"
}

# An image in an OCI archive: busybox, and a user "web". Nothing is pulled.
# $1: the archive's path, $2: the tag
callers_image()
{
	local layout=$IMAGES/layout root=$IMAGES/root

	oci_make_rootfs "$root"
	echo 'web:x:1000:1001:web:/tmp:/bin/sh' >>"$root/etc/passwd"
	echo 'web:x:1001:' >>"$root/etc/group"
	umoci init --layout "$layout"
	umoci new --image "$layout:$2"
	umoci insert --image "$layout:$2" "$root" /
	umoci config --image "$layout:$2" --config.cmd sh --config.env PATH=/bin --config.env FROM=image
	tar -C "$layout" -cf "$1" .
}

# What of a container's life differs from one run to the next.
plain()
{
	sed -E "s/$ID/ID/g; s/[0-9a-f]{64}/ID/g" <<<"$output"
}

# As `call`, what went to standard output first: a caller reads the two from pipes of their own, and may pass either on before the other.
call_apart()
{
	status=0
	"$@" >"$T/out" 2>"$T/err" </dev/null || status=$?
	output=$(cat "$T/out" "$T/err" | tr -d '\0')
}

# Two callers' answers are the same: status and output.
# $1, $2: functions that `call_apart` something
same_answer()
{
	local expected expected_status

	"$1"
	expected=$(plain) expected_status=$status
	"$2"
	[[ $status == "$expected_status" && $(plain) == "$expected" ]] || {
		echo "expected: status $expected_status, output:"
		echo "$expected"
		shown
	}
}

# May this machine's root raise limits? podman and buildah want to.
requires_rlimits()
{
	(($(awk '/^CapEff/ { print "0x" $2 }' /proc/self/status) >> 24 & 1))
}

# podman and buildah, with all that they keep below the file's directory. The configuration is the README's, and what this
# machine needs: no network, limits that it may set.
podman_configure()
{
	local dir=$BATS_FILE_TMPDIR/podman

	mkdir -p "$dir"
	export CONTAINERS_CONF=$dir/containers.conf CONTAINERS_STORAGE_CONF=$dir/storage.conf
	cat >"$CONTAINERS_STORAGE_CONF" <<-EOF
		[storage]
		driver = "overlay"
		graphroot = "$dir/storage"
		runroot = "/run/containers/storage"
	EOF
	cat >"$CONTAINERS_CONF" <<-EOF
		[containers]
		netns = "none"
		$(requires_rlimits || echo 'default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]')
		$([[ ${WABE_TEST_CGROUP-} != v2 ]] || echo 'pids_limit = 0')
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		tmp_dir = "/run/libpod"
		volume_path = "$dir/volumes"
		runtime = "wabe"
		runtime_supports_json = ["wabe", "runc"]
		runtime_supports_nocgroup = ["wabe"]
		[engine.runtimes]
		wabe = ["$WABE"]
	EOF
}

podman_()
{
	inside_place podman "$@"
}

# A containerd of the file's own, with its socket and states in $CONTAINERD_RUN, else where ctr looks for them. Its number
# is in containerd.pid.
containerd_start()
{
	local dir=$BATS_FILE_TMPDIR/containerd run=${CONTAINERD_RUN:-/run/containerd}

	mkdir -p "$dir"
	cat >"$dir/config.toml" <<-EOF
		version = 2
		root = "$dir/root"
		state = "$run"
		disabled_plugins = ["io.containerd.grpc.v1.cri"]
		[grpc]
		  address = "$run/containerd.sock"
		[plugins."io.containerd.internal.v1.opt"]
		  path = "$dir/opt"
	EOF
	export CONTAINERD_ADDRESS=$run/containerd.sock
	nsenter "--mount=$PLACE" containerd -c "$dir/config.toml" >>"$dir/log" 2>&1 </dev/null 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/containerd.pid"
	wait_for containerd_answers
}

containerd_answers()
{
	ctr_ version >/dev/null 2>&1
}

ctr_()
{
	inside_place ctr "$@"
}
