#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The host's power is cut: the tree is on a file system of its own in a file, which is copied as it is on the disk at that moment
# (what nobody synced is in memory only) and takes the place of the one that was. What is in /run is gone as well.
# bats file_tags=lab:long

load helpers

# The mount at $VZ has another device each time.
eval "$(declare -f host_facts | sed '1s/.*/all_facts()/')"
host_facts()
{
	all_facts | grep -v " $VZ rw" || true
}

more_setup()
{
	requires loop strace mkfs.ext4
	BATS_TEST_TIMEOUT=1200
	DISK=$VZ.disk
	rm -rf "$VZ"
	mkdir "$VZ"
	truncate -s 64M "$DISK"
	mkfs.ext4 -q -F -J size=4 "$DISK"
	mount -o loop,noauto_da_alloc "$DISK" "$VZ"
	own_tree ""
	sed -i "s|^STATEDIR=.*|STATEDIR=\"$T/run\"|; s|^LOCKDIR=.*|LOCKDIR=\"$T/lock\"|" "$VZ_CONF"
	sync -f "$VZ"
	host_facts >"$T/before"
}

more_teardown()
{
	! mountpoint -q "$VZ" || { remove_all && umount "$VZ"; }
	rm -f "$DISK" "$DISK.cut"
	mkdir -p "$VZ"/{conf,private,root,lock,names,run,uidranges}
}

remove_all()
{
	local id failed=0

	for id in $(all_guests); do
		remove_guest "$id" || failed=1
	done
	return $failed
}

# The calls of "vzctl $@" that change files, as "NAME OCCURRENCE", each $STEP-th of them and those that make all durable.
points_of()
{
	strace -qq -o "$T/trace" vzctl "$@" >/dev/null 2>&1 3>&-
	awk -v step="$STEP" '{ name = $1; sub(/\(.*/, "", name); n[name]++ }
		name ~ /^(rename|renameat|renameat2|fsync|syncfs)$/ || (name ~ /^(mkdirat|mkdir|unlinkat|symlinkat|symlink|ftruncate)$/ && n[name] % step == 0) {
			print name, n[name] }' "$T/trace"
}

# "vzctl $3..." until its $2-th call of $1, then the power is cut and comes back.
cut_at()
{
	(strace -qq -o /dev/null -e "inject=$1:signal=KILL:when=$2" vzctl "${@:3}" 3>&- </dev/null) >"$T/killed" 2>&1 || true
	cp --sparse=always "$DISK" "$DISK.cut"
	# What it had started for itself may take a moment to see that it is alone.
	WAIT_TENTHS=300 wait_for umount "$VZ" 2>/dev/null
	mv "$DISK.cut" "$DISK"
	rm -rf "$T/run" "$T/lock"
	mount -o loop,noauto_da_alloc "$DISK" "$VZ"
}

@test "the power is cut during create: there is a guest or none" {
	local name occurrence

	STEP=6 points_of create "$CT" --name one >"$T/points"
	run_ok vzctl destroy "$CT"
	(($(wc -l <"$T/points") > 5))
	while read -r name occurrence <&8; do
		cut_at "$name" "$occurrence" create "$CT" --name one
		run_ok vzctl recover
		call vzctl create "$CT" --name one
		[[ $status == 0 || $status == 44 ]] || { echo "cut at $name $occurrence"; shown; }
		run_ok vzctl mount one
		[[ -x $VZ/root/$CT/bin/busybox ]]
		run_ok vzctl umount one
		run_ok vzctl destroy one
		rm -f "$VZ"/conf/*.destroyed
		no_leaks || { echo "cut at $name $occurrence"; return 1; }
	done 8<"$T/points"
}

@test "the power is cut during set: the old configuration or the new one" {
	local name occurrence

	guest --hostname old --name stale
	cp "$VZ/conf/$CT.conf" "$T/old"
	STEP=1 points_of set "$CT" --hostname new --name fresh --save >"$T/points"
	cp "$VZ/conf/$CT.conf" "$T/new"
	(($(wc -l <"$T/points") > 3))
	while read -r name occurrence <&8; do
		run_ok vzctl set "$CT" --hostname old --name stale --save
		cp "$T/old" "$VZ/conf/$CT.conf"
		sync -f "$VZ"
		cut_at "$name" "$occurrence" set "$CT" --hostname new --name fresh --save
		cmp -s "$VZ/conf/$CT.conf" "$T/old" || cmp "$VZ/conf/$CT.conf" "$T/new"
		run_ok vzctl recover "$CT"
		[[ $(ls -A "$VZ/names") == "$(key NAME)" ]] || { echo "cut at $name $occurrence"; ls -A "$VZ/names"; false; }
		[[ -z $(find "$VZ/conf" -name '.*') ]]
	done 8<"$T/points"
	run_ok vzctl destroy "$CT"
}
