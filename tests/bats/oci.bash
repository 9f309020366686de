# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Helpers of the tests of `wabe`, the OCI runtime. A test file says `load oci` and has then, in each test:
#
#   $T          a directory of the test            $ROOTFS   a busybox root, shared by the file's tests, read only
#   $B          the bundle, with a config.json     $STATE    the state root (wabe --root)
#   $ID         an id that nobody else uses        $CGROUP   the cgroup that belongs to it, as "/wabe/ID"
#
# On a host of cgroup v1 or hybrid the runtime is called as it is. A test whose name starts with "v2: " runs in a mount
# namespace where cgroup2 is on /sys/fs/cgroup (it has no controllers there, all else is real); WABE_TEST_CGROUP=v2 does
# that to every test. Teardown deletes what a test left, which has to succeed, and looks for leaks.

bats_require_minimum_version 1.5.0


[[ -z ${WABE_BUILDDIR-} ]] || PATH=$WABE_BUILDDIR/runtime/cli:$PATH

# A root with busybox. What a test of a file writes into it, the others see: such a test calls own_rootfs.
oci_make_rootfs()
{
	local root=$1 name

	mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp,root,mnt,usr,lib,var/tmp}
	cp /bin/busybox "$root/bin/busybox"
	for name in $(/bin/busybox --list); do
		[[ $name == busybox ]] || ln -sf busybox "$root/bin/$name"
	done
	ln -s bin "$root/sbin"
	ln -s ../bin "$root/usr/bin"
	chmod 1777 "$root/tmp"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
	chroot "$root" /bin/sh -c true
}

setup_file()
{
	[[ -x /bin/busybox ]] || skip "no /bin/busybox"
	export ROOTFS=$BATS_FILE_TMPDIR/rootfs BASE=$BATS_FILE_TMPDIR/base.json
	export WABE
	WABE=$(type -P wabe) || { echo "no wabe in PATH (WABE_BUILDDIR?)"; return 1; }
	chmod 711 "$BATS_FILE_TMPDIR"
	oci_make_rootfs "$ROOTFS"
	mkdir "$BATS_FILE_TMPDIR/spec"
	timeout 20 "$WABE" spec --bundle "$BATS_FILE_TMPDIR/spec"
	jq --arg root "$ROOTFS" '.process.terminal = false | .process.args = ["true"] | .root.path = $root' \
		"$BATS_FILE_TMPDIR/spec/config.json" >"$BASE"
	if type -t more_setup_file >/dev/null; then
		more_setup_file
	fi
}

cgroup_is_v2()
{
	[[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]]
}

setup()
{
	T=$BATS_TEST_TMPDIR
	B=$T/bundle
	STATE=$T/state
	ID=bats-$BATS_ROOT_PID-$BATS_SUITE_TEST_NUMBER
	CGROUP=/wabe/$ID
	V2_PID=
	ENTER=()
	BEFORE=$T/before
	mkdir -p "$B"
	cp "$BASE" "$B/config.json"
	host_facts >"$BEFORE"
	if [[ $BATS_TEST_DESCRIPTION == "v2: "* || ${WABE_TEST_CGROUP-} == v2 ]]; then
		enter_v2
	fi
	if type -t more_setup >/dev/null; then
		more_setup
	fi
}

# From here on the runtime sees a v2 host.
enter_v2()
{
	cgroup_is_v2 && return
	unshare -m --propagation private sh -c 'mount -t cgroup2 none /sys/fs/cgroup && echo ready && exec sleep 600' \
		>"$T/v2" 2>&1 3>&- &
	V2_PID=$!
	wait_for grep -q ready "$T/v2"
	ENTER=(nsenter "--mount=/proc/$V2_PID/ns/mnt")
}

# Controller $1 works here.
needs()
{
	if cgroup_is_v2; then
		grep -qw "$1" /sys/fs/cgroup/cgroup.controllers || skip "needs the cgroup controller $1"
	else
		[[ -z $V2_PID && -d /sys/fs/cgroup/$1 ]] || skip "needs the cgroup controller $1"
	fi
}

# The value of the file $2 (v2) or $3 (v1) of controller $1.
value()
{
	local dir

	dir=$(cgroup_dir "$1")
	if cgroup_is_v2; then
		cat "$dir/$2"
	else
		cat "$dir/$3"
	fi
}

# For a test that mounts on the host: its mounts are not seen from the v2 namespace.
mounts_on_host()
{
	[[ -z $V2_PID ]] || skip "runs in the host's mount namespace"
}

# The runtime, never for longer than 30 s.
W()
{
	timeout --foreground -k 5 "${WABE_TIMEOUT:-30}" "${ENTER[@]}" env -C "$PWD" "$WABE" --root "$STATE" "$@" 3>&-
}

# Run a command; $status and $output are what it left. What it leaves running may keep its output open.
call()
{
	status=0
	"$@" >"$T/out" 2>&1 </dev/null || status=$?
	output=$(tr -d '\0' <"$T/out")
}

shown()
{
	echo "status $status, output:"
	echo "$output"
	return 1
}

# A command that has to succeed.
ok()
{
	call "$@"
	[[ $status == 0 ]] || { echo "failed: $*"; shown; }
}

# A command that has to fail by itself (no signal, no timeout) and say $1.
refused()
{
	local what=$1

	shift
	call "$@"
	# exec has a status of its own: 1 may be its command's
	[[ $status != 0 && ($status -lt 124 || ($status == 255 && " $* " == *" exec "*)) ]] || { echo "not refused: $*"; shown; }
	has "$what"
}

# The last output has this text.
has()
{
	[[ $output == *"$1"* ]] || { echo "missing: $1"; shown; }
}

is()
{
	[[ $output == "$1" ]] || { echo "expected: $1"; shown; }
}

# Change config.json by a jq program; further arguments go to jq.
conf()
{
	local program=$1

	shift
	jq "$@" "$program" "$B/config.json" >"$B/config.new"
	mv "$B/config.new" "$B/config.json"
}

# The process is sh -c $1.
script()
{
	conf '.process.args = ["sh", "-c", $s]' --arg s "$1"
}

# A foreground container; its output and status are what the test looks at.
container()
{
	call W run --bundle "$B" "$ID"
}

ok_container()
{
	ok W run --bundle "$B" "$ID"
}

refused_container()
{
	refused "$1" W run --bundle "$B" "$ID"
	[[ ! -e $STATE/$ID ]] || { echo "its state is still there"; shown; }
}

# A container that runs $1 (sh -c) in the background.
background()
{
	script "${1:-exec sleep 600}"
	ok W run -d --bundle "$B" "$ID"
}

# In the running container.
inside()
{
	call W exec "$ID" sh -c "$1"
}

ok_inside()
{
	ok W exec "$ID" sh -c "$1"
}

state_of()
{
	W state "${1:-$ID}" | jq -r .status
}

pid_of()
{
	W state "${1:-$ID}" | jq -r .pid
}

# A root of its own, writable, for tests that change it.
own_rootfs()
{
	ROOTFS=$B/rootfs
	cp -a "$BATS_FILE_TMPDIR/rootfs" "$ROOTFS"
	conf '.root = {path: "rootfs"}'
}

# A user namespace with ids from 100000.
userns()
{
	conf '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chmod 711 "$T" "$B"
}

# Root in the container may do all that root can.
all_caps()
{
	local all

	all=$(W features | jq -c .linux.capabilities)
	conf '.process.capabilities |= (.bounding = $c | .permitted = $c | .effective = $c)' --argjson c "$all"
}

# Python and all of the host's programs below /host, for what busybox can't do.
host_programs()
{
	own_rootfs
	mkdir -p "$ROOTFS"/{lib64,host/usr,usr/lib}
	rmdir "$ROOTFS/lib" "$ROOTFS/lib64"
	ln -s host/usr/lib "$ROOTFS/lib"
	ln -s host/usr/lib64 "$ROOTFS/lib64"
	conf '.mounts += [{destination: "/host/usr", source: "/usr", options: ["rbind", "ro"]}]
		| .process.env += ["PYTHONHOME=/host/usr", "PYTHONDONTWRITEBYTECODE=1"]'
	PYTHON_INSIDE=/host/usr/bin/python3
}

wait_for()
{
	local i

	for ((i = 0; i < 600; i++)); do
		! "$@" || return 0
		sleep 0.05
	done
	echo "waited in vain for: $*"
	return 1
}

is_status()
{
	[[ $(state_of "$2") == "$1" ]]
}

# Its parent may not have looked yet.
has_ended()
{
	! grep -qs '^State:[[:space:]][^ZX]' "/proc/$1/status"
}

# Where the cgroup $2 (default: the container's) of controller $1 is; "unified" is cgroup2.
cgroup_dir()
{
	local path=${2:-$CGROUP}

	if cgroup_is_v2; then
		echo "/sys/fs/cgroup$path"
	elif [[ $1 == unified || -n $V2_PID ]]; then
		echo "/sys/fs/cgroup/unified$path"
	else
		echo "/sys/fs/cgroup/$1$path"
	fi
}

# Cgroups of a test's own making, in each hierarchy, with those below them. One that isn't empty stays.
# $1: the beginning of its name, below the root
remove_cgroups()
{
	find /sys/fs/cgroup -depth -type d \( -path "/sys/fs/cgroup/$1*" -o -path "/sys/fs/cgroup/*/$1*" \) -exec rmdir {} + || :
}

# For more_teardown: the process of the host's that a test started as $OTHER, if it is still there.
end_other()
{
	[[ -z ${OTHER-} ]] || kill "$OTHER" 2>/dev/null || :
	OTHER=
}

# What no test may change on the host.
host_facts()
{
	# Other users' temporary mounts come and go; these places are everybody's.
	awk '$5 == "/" || $5 ~ "^/(proc|sys|dev|etc|usr)(/|$)" {$1 = $2 = ""; print}' /proc/self/mountinfo | sort
	head /proc/sys/kernel/{hostname,domainname,core_pattern,shmmax,msgmax,panic} 2>&1 || true
	stat -c '%n %a %u %g %t:%T %h' /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty /proc/sysrq-trigger \
		"$WABE" /etc/passwd 2>&1 || true
	ls /dev
}

# Processes of this test: those in its cgroup, and the runtime's own with its state. Few forks: it runs around every test.
own_processes()
{
	local file dir

	{
		grep -slE "/$ID(-[^/]*)?(/|\$)" /proc/[0-9]*/cgroup
		grep -slaF -f <(echo "$STATE") /proc/[0-9]*/cmdline
	} | sort -u | while read -r file; do
		dir=${file%/*}
		echo "process ${dir#/proc/}: $(tr '\0' ' ' 2>/dev/null <"$dir/cmdline") $(cut -c -60 "$dir/stat" 2>/dev/null)"
	done
}

find_leaks()
{
	own_processes
	find /sys/fs/cgroup -mindepth 2 -maxdepth 4 -type d -name "$ID*" -printf 'cgroup %p\n' 2>/dev/null
	grep -HF "$BATS_TEST_TMPDIR" /proc/self/mountinfo ${V2_PID:+"/proc/$V2_PID/mountinfo"}
	[[ ! -d $STATE ]] || find "$STATE" -mindepth 1 -maxdepth 1 ! -name .seccomp -printf 'state %p\n'
	host_facts | diff "$BEFORE" - | sed -n 's/^\([<>]\)/host \1/p'
	if type -t more_leaks >/dev/null; then
		more_leaks
	fi
}

nothing_leaks()
{
	local i leaks=

	# The last process of a cgroup needs a moment to go.
	for ((i = 0; i < 40; i++)); do
		leaks=$(find_leaks || true)
		[[ -n $leaks ]] || return 0
		sleep 0.05
	done
	echo "left behind:"
	echo "$leaks"
	return 1
}

teardown()
{
	local id result=0 dir

	[[ -n ${T-} ]] || return 0
	if type -t more_teardown >/dev/null; then
		more_teardown
	fi
	for dir in "$STATE"/*/; do
		[[ -d $dir ]] || continue
		id=$(basename "$dir")
		call W delete --force "$id"
		[[ $status == 0 ]] || { echo "delete --force $id:"; shown || result=1; }
	done
	nothing_leaks || result=1
	if [[ -n $V2_PID ]]; then
		kill "$V2_PID"
		wait "$V2_PID" 2>/dev/null || true
	fi
	return "$result"
}
