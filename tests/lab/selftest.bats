#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The lab itself: what the other tests rely on is really there. Runs inside it.

# Where a user other than the host's root may write: root is not held to quotas.
readonly data=/var/lib/vz/selftest
# A user who is nobody else.
readonly id=123456

setup()
{
	[[ ${WABE_LAB-} ]] || skip "runs in the lab only"
	mkdir -p "$data"
}

teardown()
{
	[[ ${WABE_LAB-} ]] || return 0
	! mountpoint -q "$data/root" || umount "$data/root"
	rm -rf "$data"
	rmdir /sys/fs/cgroup/selftest 2>/dev/null || :
}

as_id()
{
	setpriv --reuid=$id --regid=$id --clear-groups "$@"
}

@test "it is process 1's own machine, with the kernel that was asked for" {
	[[ $(</proc/1/comm) == init ]]
	[[ $(uname -r) == *-cloud-amd64 ]]
	[[ $(cut -f2 /proc/self/uid_map | tr -d ' ') != 1 ]]
	readlink /proc/self/ns/user | grep -qx 'user:\[4026531837\]'
}

@test "all cgroup v2 controllers are given to children" {
	local controller

	[[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]]
	for controller in cpuset cpu io memory pids; do
		grep -qw "$controller" /sys/fs/cgroup/cgroup.subtree_control
	done
	[[ $(</sys/fs/cgroup/cgroup.subtree_control) == "$(</sys/fs/cgroup/cgroup.controllers)" ]]
	mkdir /sys/fs/cgroup/selftest
	[[ -f /sys/fs/cgroup/selftest/memory.max && -f /sys/fs/cgroup/selftest/pids.max ]]
	[[ -f /sys/fs/cgroup/selftest/cpu.max && -f /sys/fs/cgroup/selftest/io.max ]]
}

@test "memory.max kills who passes it" {
	local cgroup=/sys/fs/cgroup/selftest

	mkdir $cgroup
	echo 8M >$cgroup/memory.max
	run bash -c "echo 0 >$cgroup/cgroup.procs; exec dd if=/dev/zero of=/dev/null bs=64M count=1"
	[[ $status == 137 ]]
	grep -qx 'oom_kill 1' $cgroup/memory.events
}

@test "pids.max holds" {
	local cgroup=/sys/fs/cgroup/selftest

	mkdir $cgroup
	echo 1 >$cgroup/pids.max
	# bash would try for 15 s
	run busybox sh -c "echo 0 >$cgroup/cgroup.procs; (:); exit 0"
	[[ $status != 0 ]]
	[[ $output == *"fork"* ]]
	grep -q '^max [1-9]' $cgroup/pids.events
}

@test "a project quota holds space and inodes, and df shows it" {
	local kib

	mkdir "$data/p"
	chattr -p 77 +P "$data/p"
	setquota -P 77 0 1000 0 5 /var/lib/vz
	chown $id "$data/p"
	run as_id dd if=/dev/zero of="$data/p/f" bs=1k count=2000
	[[ $status != 0 ]]
	kib=$(du -k "$data/p/f" | cut -f1)
	((kib > 900 && kib <= 1000))
	[[ $(df -k --output=size "$data/p" | tail -n 1) -eq 1000 ]]
	run as_id touch "$data"/p/{a,b,c,d,e,g}
	[[ $status != 0 ]]
	[[ $(find "$data/p" -mindepth 1 | wc -l) -le 5 ]]
}

@test "user namespaces nest, for other users too" {
	run as_id unshare --user --map-root-user unshare --user --map-root-user id -u
	[[ $status == 0 && $output == 0 ]]
}

@test "an overlay takes idmapped layers and files keep their ids on disk" {
	mkdir -p "$data"/{lower,private/{upper,work},root}
	echo template >"$data/lower/file"
	/lab/tests/lab/idmap_overlay.py 100000 "$data/lower" "$data/private/upper" "$data/private/work" \
		"$data/root"
	[[ $(stat -c %u "$data/root/file") == 100000 ]]
	# as a guest's root: id 0 there, 100000 here
	setpriv --reuid=100000 --regid=100000 --clear-groups sh -c \
		"echo own >'$data/root/new'; echo more >>'$data/root/file'"
	[[ $(stat -c %u "$data/private/upper/new") == 0 ]]
	[[ $(stat -c %u "$data/private/upper/file") == 0 ]]
	[[ $(<"$data/lower/file") == template ]]
}

@test "no capability is missing and limits can be raised" {
	local last

	last=$(</proc/sys/kernel/cap_last_cap)
	[[ $(awk '/^CapEff/ { print $2 }' /proc/self/status) == "$(printf '%016x' $(((1 << (last + 1)) - 1)))" ]]
	run bash -c 'ulimit -Hn $(($(ulimit -Hn) + 1000)) && ulimit -Sn $(ulimit -Hn) && ulimit -n'
	[[ $status == 0 && $output -gt 524288 ]]
	run bash -c 'echo -1000 >/proc/self/oom_score_adj && cat /proc/self/oom_score_adj'
	[[ $status == 0 && $output == -1000 ]]
}

@test "a time namespace has its own uptime" {
	run unshare --time --boottime 1000000 --fork cut -d. -f1 /proc/uptime
	[[ $status == 0 && $output -ge 1000000 ]]
}

@test "lxcfs shows a cgroup's own memory" {
	local cgroup=/sys/fs/cgroup/selftest

	mkdir $cgroup
	echo 64M >$cgroup/memory.max
	run bash -c "echo 0 >$cgroup/cgroup.procs; exec grep MemTotal /var/lib/lxcfs/proc/meminfo"
	[[ $status == 0 ]]
	[[ $output =~ ^MemTotal:\ +65536\ kB$ ]]
}

@test "veth, bridge, loop, tun and fuse work" {
	ip netns add selftest
	ip link add lab0 type veth peer name lab1 netns selftest
	ip link del lab0
	ip netns del selftest
	ip link add labbr type bridge
	ip link del labbr
	[[ -c /dev/net/tun && -c /dev/fuse && -b $(losetup -f) ]]
}

@test "xfs with project quotas can be mounted from a loop device" {
	truncate -s 400M "$data/xfs"
	mkfs.xfs -q "$data/xfs"
	mkdir "$data/root"
	mount -o loop,prjquota "$data/xfs" "$data/root"
	xfs_quota -x -c 'limit -p bhard=1m 77' "$data/root"
	xfs_quota -x -c 'report -p -N' "$data/root" | grep -q '1024'
}

@test "the peers run a container" {
	local runtime

	mkdir -p "$data/bundle/rootfs/bin"
	cp /bin/busybox "$data/bundle/rootfs/bin/sh"
	cd "$data/bundle"
	runc spec
	jq '.process.terminal = false | .process.args = ["sh", "-c", "echo from $$"]' config.json >c2
	mv c2 config.json
	for runtime in crun runc; do
		run $runtime run "selftest-$runtime"
		[[ $status == 0 && $output == "from 1" ]]
	done
}
