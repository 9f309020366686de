#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Disk quota: the verbs that switch it, soft limits and their grace time, what vzlist shows of its use.

load helpers

# The project's limits as the kernel has them: soft hard, in KB.
limits()
{
	repquota -P -n -O csv /vz | awk -F, -v id="#$CT" '$1 == id { print $5, $6 }'
}

@test "quotaon wants limits, and says why it can't; the other verbs too" {
	guest
	run_exit 63 vzctl quotaon "$CT"
	run_ok vzctl set "$CT" --diskspace 100M --save
	run_exit 64 vzctl quotaon "$CT"
	run_ok vzctl set "$CT" --diskinodes 1000 --diskquota no --save
	run_exit 62 vzctl quotaon "$CT"
	has DISK_QUOTA
	run_exit 20 vzctl quotaon "$CT" word
	run_exit 14 vzctl quotaoff 999
}

@test "no project quota: the verbs fail with their own exit codes" {
	! has_quota || skip "the filesystem has project quota"
	guest --diskspace 100M --diskinodes 1000
	run_exit 62 vzctl quotaon "$CT"
	has 'project quota'
	run_exit 66 vzctl quotaoff "$CT"
	run_exit 61 vzctl quotainit "$CT"
}

@test "a kernel without quota of users and groups: create and start are refused, and say why" {
	requires loop
	call vzctl create "$CT" --layout image --diskspace 40M --quotaugidlimit 10
	[[ $status != 0 ]] || skip "the kernel has quota of users and groups"
	[[ $status == 65 ]] || shown
	has "QUOTAUGIDLIMIT: this kernel has no quota of users and groups"
	guest --layout image --diskspace 40M
	run_ok vzctl set "$CT" --quotaugidlimit 10 --save
	run_exit 65 vzctl start "$CT"
	has "QUOTAUGIDLIMIT: this kernel has no quota of users and groups"
	run_ok vzctl set "$CT" --quotaugidlimit 0 --save
	run_ok vzctl start "$CT"
}

# bats test_tags=lab
@test "quota is switched off and on, and counted anew" {
	requires quota repquota
	guest --diskspace 10M:20M --diskinodes 900:1000
	[[ $(limits) == "10240 20480" ]]
	run_exit 60 vzctl quotaon "$CT"
	run_exit 60 vzctl quotainit "$CT"
	run_ok vzctl quotaoff "$CT"
	run_exit 66 vzctl quotaoff "$CT"
	# A file that came in from elsewhere belongs to nobody's project yet.
	mkdir "$VZ/foreign"
	dd if=/dev/zero of="$VZ/foreign/file" bs=1M count=3 status=none
	chattr -R -p 0 "$VZ/foreign"
	mv "$VZ/foreign" "$VZ/private/$CT/fs/root/" 2>/dev/null || { mkdir -p "$VZ/private/$CT/fs/root"; cp -r "$VZ/foreign" "$VZ/private/$CT/fs/root/"; }
	run_ok vzctl quotainit "$CT"
	has 'inodes'
	run_ok vzctl quotaon "$CT"
	[[ $(limits) == "10240 20480" ]]
	(($(vzlist -aHo diskspace "$CT") > 3000))
	run_ok vzctl start "$CT"
	run_ok vzctl quotaoff "$CT"
	inside 'dd if=/dev/zero of=/root/big bs=1M count=30 2>&1; rm /root/big'
	hasnt 'quota exceeded'
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl start "$CT"
	[[ $(limits) == "10240 20480" ]]
	rm -rf "$VZ/foreign"
	run_ok vzctl set "$CT" --diskquota no --save
	hasnt "could not be applied"
	[[ $(limits) != "10240 20480" ]]
	inside 'dd if=/dev/zero of=/root/big bs=1M count=30 2>&1; rm /root/big'
	hasnt 'quota exceeded'
	run_ok vzctl set "$CT" --diskquota yes --save
	[[ $(limits) == "10240 20480" ]]
}

# bats test_tags=lab:long
@test "a soft limit may be exceeded for the grace time, and not longer" {
	requires quota repquota
	guest --diskspace 4M:50M --quotatime 20
	repquota -P /vz | grep -q 'Block grace time: 00:00'
	run_ok vzctl start "$CT"
	inside 'dd if=/dev/zero of=/root/a bs=1M count=8 2>&1; sync'
	hasnt 'quota exceeded'
	sleep 22
	inside 'dd if=/dev/zero of=/root/b bs=1M count=8 2>&1; sync; true'
	has 'quota exceeded'
	run_ok vzctl set "$CT" --quotatime 604800 --save
	has 'one for all guests'
	repquota -P /vz | grep -q '7days'
	run_ok vzctl set "$CT" --diskspace 100M:100M --save
	inside 'dd if=/dev/zero of=/root/b bs=1M count=8 2>&1'
	hasnt 'quota exceeded'
}

@test "vzlist shows the use of an image, and of what isn't counted nothing" {
	requires loop
	guest --layout image --diskspace 40M
	call vzlist -aHo diskspace,diskspace.h,diskinodes "$CT"
	[[ $output =~ ^\ *[0-9]+\ +40960\ +-\ *$ ]] || shown
	(($(vzlist -aHo diskspace "$CT") > 1000))
}

@test "ugidquota wants an image, a limit of users, and values that are some" {
	guest
	run_exit 67 vzctl ugidquota "$CT"
	has 'layout overlay'
	run_exit 20 vzctl ugidquota "$CT" user 1
	run_exit 21 vzctl ugidquota "$CT" robot 1 10M 10
	run_exit 21 vzctl ugidquota "$CT" user -1 10M 10
	run_exit 21 vzctl ugidquota "$CT" user 65536 10M 10
	run_exit 21 vzctl ugidquota "$CT" user 1 lots 10
	run_ok vzctl set "$CT" --quotaugidlimit 10 --save
	run_ok vzctl start "$CT"
	has 'QUOTAUGIDLIMIT is not enforced'
}

# bats test_tags=lab:long
@test "users of a guest have quotas of their own, which the host sets and nobody inside" {
	requires loop quota
	guest --layout image --diskspace 64M
	run_exit 67 vzctl ugidquota "$CT"
	run_ok vzctl set "$CT" --quotaugidlimit 2 --save
	run_ok vzctl ugidquota "$CT" user 1000 4M:8M 50
	run_ok vzctl start "$CT"
	inside 'mkdir /home/u; chown 1000:1000 /home/u; echo "u:x:1000:1000::/home/u:/bin/sh" >>/etc/passwd; su u -c "dd if=/dev/zero of=/home/u/big bs=1M count=20" 2>&1; ls -l /home/u'
	has 'quota exceeded'
	run_ok vzctl ugidquota "$CT" group 1000 unlimited 20
	run_ok vzctl ugidquota "$CT"
	[[ $output =~ user\ +1000\ +[0-9]{4}\ +4096\ +8192\ +[0-9]+\ +50\ +50 ]] || shown
	[[ $output =~ group\ +1000\ +[0-9]+\ +0\ +0\ +[0-9]+\ +20\ +20 ]] || shown
	run_exit 65 vzctl ugidquota "$CT" user 1001 1M 10
	run_ok vzctl ugidquota "$CT" user 1000 unlimited unlimited
	run_ok vzctl ugidquota "$CT" user 1001 1M 10
	run_ok vzctl restart "$CT" --fast
	run_ok vzctl ugidquota "$CT"
	[[ $output =~ user\ +1001\ +0\ +1024\ +1024 ]] || shown
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl set "$CT" --diskspace 320M --save
	run_ok vzctl convert "$CT" --layout image:xfs
	run_ok vzctl start "$CT"
	run_ok vzctl ugidquota "$CT"
	[[ $output =~ user\ +1001\ +0\ +1024\ +1024 ]] || shown
	[[ $output =~ group\ +1000\ +[0-9]+\ +0\ +0\ +[0-9]+\ +20\ +20 ]] || shown
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl convert "$CT" --layout dir
	has "the limits of the guest's users and groups are gone"
}

# A configuration with a script for users' quotas that writes down how it was called.
make_quota_dist()
{
	mkdir -p "$VZ/dists/scripts"
	echo SET_UGID_QUOTA=quota.sh >"$VZ/dists/busybox.conf"
	echo 'echo "[${VE_STATE-}] [${DEVFS-}] [${MAJOR-}] [${MINOR-}] [${UGIDLIMIT-}]" >>/log' >"$VZ/dists/scripts/quota.sh"
}

@test "SET_UGID_QUOTA is not for a guest without such a quota" {
	make_quota_dist
	guest
	run_ok vzctl start "$CT"
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl set "$CT" --quotaugidlimit 5 --save
	run_ok vzctl start "$CT"
	has 'QUOTAUGIDLIMIT is not enforced'
	gone log
}

# bats test_tags=lab:long
@test "SET_UGID_QUOTA: at each start of a guest whose users have quotas, and once when they have none any more" {
	requires loop quota
	make_quota_dist
	guest --layout image --diskspace 64M --quotaugidlimit 5
	run_ok vzctl start "$CT"
	inside 'cat /log; grep " / " /proc/mounts'
	[[ $output =~ ^"[starting] [loop"([0-9]+)"] [7] ["([0-9]+)"] [5]"$'\n'"/dev/loop"([0-9]+)" / ext4" ]] || shown
	[[ ${BASH_REMATCH[1]} == "${BASH_REMATCH[2]}" && ${BASH_REMATCH[1]} == "${BASH_REMATCH[3]}" ]]
	run_ok vzctl set "$CT" --hostname other --save
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl start "$CT"
	inside 'grep -c loop /log; wc -l </log'
	is $'2\n2'
	run_ok vzctl set "$CT" --quotaugidlimit 0 --save
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl start "$CT"
	inside 'tail -n +3 /log'
	is "[starting] [] [] [] []"
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl start "$CT"
	inside 'wc -l </log'
	is 3
}
