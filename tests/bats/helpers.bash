# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Helpers of the tests of vzctl. A test file says `load helpers` and has then, in each test:
#
#   $T         a directory of the test
#   $VZ        a self-contained tree: $VZ/vz.conf (in $VZ_CONF), $VZ/conf, $VZ/private, $VZ/root, $VZ/run, $VZ/lock
#   $CT        an id of a guest; tests that need more count up from it
#   $CGROUP    the cgroup below which the guests are, as "/bats-..."
#
# vzctl, vzlist and vztmpl come from $WABE_BUILDDIR, else from PATH. The busybox template is built once a run. In the lab the tree is
# on /vz, which has project quotas. Teardown destroys all guests, which has to succeed, and looks for leaks.

bats_require_minimum_version 1.5.0

BATS_TEST_TIMEOUT=${BATS_TEST_TIMEOUT:-300}

[[ -z ${WABE_BUILDDIR-} ]] || PATH=$WABE_BUILDDIR/vzctl/cmd:$WABE_BUILDDIR/runtime/cli:$PATH

# Skip the test unless the machine has all of these.
requires()
{
	local what

	for what; do
		case $what in
		root) [[ $EUID == 0 ]] || skip "needs root" ;;
		lab) [[ -n ${WABE_LAB-} ]] || skip "runs only in the lab" ;;
		cgroup_v2) [[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]] || skip "needs cgroup v2 on /sys/fs/cgroup" ;;
		quota) has_quota || skip "needs a filesystem with project quota" ;;
		loop) losetup -f >/dev/null 2>&1 || skip "needs loop devices" ;;
		resource) capsh --has-p=cap_sys_resource 2>/dev/null || skip "needs CAP_SYS_RESOURCE" ;;
		lxcfs) mountpoint -q /var/lib/lxcfs || skip "needs lxcfs" ;;
		memory | pids | cpu | cpuset | ctx) has_controller "$what" || skip "needs the cgroup controller $what" ;;
		debian) [[ -d $(debian_store)/debian-12/root ]] || skip "needs a debian-12 template" ;;
		*) type -P "$what" >/dev/null || skip "needs $what" ;;
		esac
	done
}

# A template store that has a Debian: made by ./check, on the machine or on a disk of the lab.
debian_store()
{
	echo "${WABE_LAB_TEMPLATES:-${WABE_TEMPLATES-}}"
}

has_controller()
{
	grep -qw "$1" /sys/fs/cgroup/cgroup.controllers 2>/dev/null || [[ -d /sys/fs/cgroup/$1 ]]
}

has_quota()
{
	local source

	source=$(findmnt -no SOURCE -T "$VZ") && findmnt -no OPTIONS -T "$VZ" | grep -q prjquota && [[ -n $source ]]
}

# The template that all tests share; built by whoever comes first.
shared_templates()
{
	local store=$1

	mkdir -p "$store"
	(
		flock 9
		[[ -d $store/busybox ]] || vztmpl --quiet build busybox
	) 9>"$store.lock"
}

recipe_dir()
{
	local dir=$BATS_TEST_DIRNAME/../../templates

	[[ -f $dir/busybox ]] || dir=/usr/share/wabe/templates
	realpath "$dir"
}

setup()
{
	requires root
	type -P vzctl >/dev/null || { echo "no vzctl in PATH (WABE_BUILDDIR?)"; return 1; }
	T=$BATS_TEST_TMPDIR
	CT=101
	HELD=()
	CGROUP=/bats-$BATS_ROOT_PID-$BATS_SUITE_TEST_NUMBER
	STORE=$BATS_RUN_TMPDIR/templates
	[[ -z ${WABE_LAB-} ]] || STORE=/vz/bats-templates
	own_tree ""
	shared_templates "$STORE"
	host_facts >"$T/before"
	if type -t more_setup >/dev/null; then
		more_setup
	fi
}

# Make $VZ, with a vz.conf for it.
# $1: what is added to its name where all tests' are beside each other, or nothing
own_tree()
{
	VZ=$T/vz
	[[ -z ${WABE_LAB-} ]] || VZ=/vz/bats-$BATS_ROOT_PID-$BATS_SUITE_TEST_NUMBER$1
	mkdir -p "$VZ"/{conf,private,root,lock,names,run,uidranges}
	export VZ_CONF=$VZ/vz.conf
	make_vz_conf
}

# A store of this test alone: the one of all tests must not get generations.
own_store()
{
	cp -a "$STORE" "$VZ/store"
	STORE=$VZ/store
	make_vz_conf
}

make_vz_conf()
{
	cat >"$VZ_CONF" <<-CONF
		VIRTUOZZO="yes"
		LOCKDIR="$VZ/lock"
		STATEDIR="$VZ/run"
		DUMPDIR="$VZ/dump"
		TEMPLATE="$STORE"
		RECIPEDIR="$(recipe_dir)"
		DISTDIR="$(recipe_dir)/dist"
		VE_ROOT="$VZ/root/\$VEID"
		VE_PRIVATE="$VZ/private/\$VEID"
		LOGFILE="$VZ/vzctl.log"
		DEF_OSTEMPLATE="busybox"
		CGROUP_BASE="$CGROUP"
	CONF
}

teardown()
{
	local failed=0 id

	[[ -n ${VZ-} && -d $VZ/conf ]] || return 0
	if type -t more_teardown >/dev/null; then
		more_teardown || failed=1
	fi
	for id in $(all_guests); do
		remove_guest "$id" || failed=1
	done
	((${#HELD[@]} == 0)) || kill "${HELD[@]}"
	remove_cgroups
	no_leaks || failed=1
	rm -rf --one-file-system "$VZ"
	return $failed
}

all_guests()
{
	find "$VZ/conf" -regextype posix-extended -regex '.*/\.?[0-9]+\.(conf|creating)' -printf '%f\n' | grep -oE '[0-9]+' | sort -u
}

# Whatever state a test left it in.
remove_guest()
{
	local out

	out=$(vzctl stop "$1" --fast 2>&1)
	[[ $(vzctl status "$1") != *" mounted "* ]] || vzctl umount "$1" >/dev/null
	out+=$(vzctl destroy "$1" 2>&1) || [[ $(vzctl status "$1") == *deleted* && ! -e $VZ/conf/$1.conf ]] || {
		echo "guest $1 can't be destroyed: $out"
		return 1
	}
}

# The base directory is the tests' own; vzctl leaves it.
remove_cgroups()
{
	local dir

	for dir in /sys/fs/cgroup"$CGROUP" /sys/fs/cgroup/*"$CGROUP"; do
		[[ ! -d $dir ]] || rmdir "$dir" 2>/dev/null || true
	done
}

# What vzctl must leave as it found it. Files that a test puts into conf/ itself have the names of scripts and samples.
host_facts()
{
	grep -F "$VZ" /proc/self/mountinfo || true
	find /sys/fs/cgroup -maxdepth 4 -path "*$CGROUP/*" -type d 2>/dev/null || true
	find "$VZ"/{root,private,lock,names} -mindepth 1 -maxdepth 1
	find "$VZ/run" -mindepth 1 -maxdepth 1 ! -name .seccomp ! -name .net
	find "$VZ/run/.net" -mindepth 1 2>/dev/null || true
	nft list tables 2>/dev/null | grep wabe || true
	find "$VZ/uidranges" -type l ! -name '*next'
	find "$VZ/conf" -mindepth 1 | grep -vE '\.destroyed$|/(vps\.|ve-)|/[0-9]+\.(premount|mount|start|stop|umount|postumount)$' || true
}

no_leaks()
{
	host_facts >"$T/after"
	! grep -vFx -f "$T/before" "$T/after" >"$T/leaks" || {
		echo "left behind:"
		cat "$T/leaks"
		return 1
	}
}

# Run a command; $status and $output (both streams) are what it left.
call()
{
	status=0
	timeout --foreground -k 5 "${VZ_TIMEOUT:-120}" "$@" >"$T/out" 2>&1 </dev/null 3>&- || status=$?
	output=$(tr -d '\0' <"$T/out")
}

shown()
{
	echo "status $status, output:"
	echo "$output"
	return 1
}

# A command that has to succeed.
run_ok()
{
	call "$@"
	[[ $status == 0 ]] || { echo "failed: $*"; shown; }
}

# A command that has to end with exit code $1.
run_exit()
{
	local wanted=$1

	shift
	call "$@"
	[[ $status == "$wanted" ]] || { echo "expected exit code $wanted: $*"; shown; }
}

# The last output has this text; hasnt: has it not.
has()
{
	[[ $output == *"$1"* ]] || { echo "missing: $1"; shown; }
}

hasnt()
{
	[[ $output != *"$1"* ]] || { echo "not expected: $1"; shown; }
}

is()
{
	[[ $output == "$1" ]] || { echo "expected: $1"; shown; }
}

status_is()
{
	call vzctl status "${2:-$CT}"
	is "CTID ${2:-$CT} $1"
}

# A new guest; further words go to create.
guest()
{
	run_ok vzctl create "$CT" "$@"
}

running_guest()
{
	guest "$@"
	run_ok vzctl start "$CT"
}

# In the running guest.
inside()
{
	run_ok vzctl exec2 "$CT" "$@"
}

# A command that has to fail; "! command" would fail no test.
not()
{
	if "$@"; then
		echo "should have failed: $*"
		return 1
	fi
}

wait_for()
{
	local i

	for ((i = 0; i < ${WAIT_TENTHS:-600}; i++)); do
		! "$@" || return 0
		sleep 0.1
	done
	echo "waited in vain for: $*"
	return 1
}

key()
{
	sed -n "s/^$1=\"\(.*\)\"\$/\1/p" "$VZ/conf/${2:-$CT}.conf"
}

# The guest's own file on the host, as far as it is in its private area.
own()
{
	echo "$VZ/private/$CT/fs/$1"
}

# The file $1 of the guest is exactly what comes from standard input.
file_is()
{
	diff -u - "$(own "$1")" || { echo "unexpected: $1"; return 1; }
}

gone()
{
	[[ ! -e $(own "$1") && ! -L $(own "$1") ]] || { echo "is there: $1"; return 1; }
}

# A file of a guest's cgroup: $1 controller, $2 file on v2, $3 file on v1.
cgroup_value()
{
	if [[ $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]]; then
		cat "/sys/fs/cgroup$CGROUP/$CT/$2"
	else
		cat "/sys/fs/cgroup/$1$CGROUP/$CT/$3"
	fi
}
