#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The unit test of project quota on filesystems that have it, and what is said where they don't. The machine has no
# compiler: tests/lab/run --add BUILD/tests/unit/test_quota tests/lab/quota.bats

setup()
{
	program=/lab/add/test_quota
	[[ -x $program ]] || skip "no $program (run with --add BUILD/tests/unit/test_quota)"
	mount_dir=$BATS_TEST_TMPDIR/mnt
	mkdir "$mount_dir"
	modprobe quota_v2
}

teardown()
{
	mountpoint -q "$BATS_TEST_TMPDIR/mnt" && umount "$BATS_TEST_TMPDIR/mnt"
	rm -f "$BATS_TEST_TMPDIR/image"
}

# $1: size, the rest: mkfs command without the image
make_image()
{
	truncate -s "$1" "$BATS_TEST_TMPDIR/image"
	shift
	"$@" "$BATS_TEST_TMPDIR/image"
}

run_unit_test()
{
	mount -o "loop${1:+,$1}" "$BATS_TEST_TMPDIR/image" "$mount_dir"
	WABE_TEST_QUOTA=$mount_dir run "$program"
	printf '%s\n' "$output"
}

@test "ext4 with prjquota holds and shows limits" {
	make_image 200M mke2fs -q -t ext4 -O project,quota -E quotatype=prjquota
	run_unit_test prjquota
	((status == 0))
	[[ $output != *"not ok"* && $output != *SKIP* ]]
}

@test "xfs with prjquota holds and shows limits" {
	make_image 400M mkfs.xfs -q
	run_unit_test prjquota
	((status == 0))
	[[ $output != *"not ok"* && $output != *SKIP* ]]
}

@test "ext4 without the feature says how to get it" {
	make_image 100M mke2fs -q -t ext4
	run_unit_test
	((status != 0))
	[[ $output == *"ext4 without project quota"*"tune2fs -O project,quota"* ]]
}

@test "ext4 that only counts says how to enforce" {
	make_image 100M mke2fs -q -t ext4 -O project,quota -E quotatype=prjquota
	run_unit_test
	((status != 0))
	[[ $output == *"counts project quota but does not enforce it"*prjquota* ]]
}

@test "xfs without quota says the mount option" {
	make_image 400M mkfs.xfs -q
	run_unit_test
	((status != 0))
	[[ $output == *"xfs without project quota (mount option prjquota)"* ]]
}
