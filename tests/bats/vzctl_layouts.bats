#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Layouts: what each makes of a template, converting between them, mount options.

load helpers

# A template with everything that a copy could lose.
rich_template()
{
	local root=$STORE/rich-$BATS_SUITE_TEST_NUMBER/root

	RICH=rich-$BATS_SUITE_TEST_NUMBER
	cp -a "$STORE/busybox" "$STORE/$RICH"
	mkdir -p "$root/data/deep/er"
	echo one >"$root/data/first"
	ln "$root/data/first" "$root/data/deep/second"
	chown 1000:1001 "$root/data/first"
	truncate -s 50M "$root/data/holes"
	printf middle | dd of="$root/data/holes" bs=1 seek=20M conv=notrunc status=none
	mkfifo "$root/data/pipe"
	ln -s /nowhere "$root/data/link"
	setfattr -n user.note -v hello "$root/data/deep"
	setcap cap_net_raw+ep "$root/data/holes"
	chmod 4755 "$root/data/deep/er"
	chmod 1777 "$root/data/deep"
	touch -d '2001-02-03 04:05:06.789' "$root/data/deep/er" "$root/data"
}

more_teardown()
{
	! mountpoint -q "$T/small" || umount "$T/small"
	[[ -z ${RICH-} ]] || rm -rf "${STORE:?}/$RICH"
}

# What is in /data of a root, with owners counted from $2: times, owners, modes, names, links, attributes, contents.
facts()
{
	local root=$1/data

	(cd "$root" && find . -printf '%U %G %y %m %T@ %n %s %P %l\n' |
		awk -v base="$2" '{ $1 -= $1 >= base ? base : 0; $2 -= $2 >= base ? base : 0; if ($3 == "d") $6 = $7 = "-"; print }' | sort
	find . -type d -exec getfattr -d -m '^user' {} + | sort
	getcap -r . | sed 's/ .*=/ =/' | sort
	[[ ! -e deep/second ]] || stat -c %i first deep/second | uniq | wc -l
	sha256sum first holes)
}

mounted_facts()
{
	run_ok vzctl mount "$CT"
	facts "$VZ/root/$CT" "$(key LOCAL_UID)"
	run_ok vzctl umount "$CT"
}

same_as_template()
{
	facts "$STORE/$RICH/root" 65536 >"$T/wanted"
	mounted_facts >"$T/got"
	diff -u "$T/wanted" "$T/got"
}

@test "dir: the guest has a copy of its own, with all that the template's files have" {
	requires setfattr setcap
	rich_template
	guest --layout dir --ostemplate "$RICH"
	[[ $(key VE_LAYOUT) == dir && -d $VZ/private/$CT/fs/data && $(stat -c %a "$VZ/private/$CT") == 700 ]]
	(($(du -k "$VZ/private/$CT/fs/data/holes" | cut -f1) < 1024))
	same_as_template
	run_ok vzctl start "$CT"
	inside 'echo mine >/data/first; cat /data/deep/second; id -u'
	is $'mine\n0'
	[[ $(cat "$STORE/$RICH/root/data/first") == one ]]
	[[ $(stat -c %u "$VZ/private/$CT/fs/data/first") == 1000 ]]
}

@test "dir: the template may go; simfs is another name" {
	rich_template
	guest --layout simfs --ostemplate "$RICH"
	rm -rf "${STORE:?}/$RICH"
	run_ok vzctl start "$CT"
	inside 'rm -rf /data; test ! -e /data'
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl destroy "$CT"
	[[ ! -e $VZ/private/$CT ]]
}

@test "convert: overlay to dir and back, everything kept, and only the difference in the overlay" {
	requires setfattr setcap
	rich_template
	guest --ostemplate "$RICH"
	run_ok vzctl start "$CT"
	inside 'echo new >/data/new; rm /data/pipe; rm -r /bin/../data/deep/er; mkdir /data/deep/er; chmod 711 /data/deep/er
		chown 77:78 /data/new; mv /data/link /data/moved; mkdir /data/x; touch /data/x/y; chmod 640 /etc/passwd'
	run_ok vzctl stop "$CT" --fast
	mounted_facts >"$T/before-convert"
	run_ok vzctl convert "$CT" --layout dir
	[[ $(key VE_LAYOUT) == dir && ! -e $VZ/private/$CT/work && -e $VZ/private/$CT/fs/bin/busybox ]]
	mounted_facts >"$T/as-dir"
	diff -u "$T/before-convert" "$T/as-dir"
	run_ok vzctl start "$CT"
	inside 'cat /data/new; ls /data'
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl convert "$CT" --layout overlay
	[[ $(key VE_LAYOUT) == overlay && -d $VZ/private/$CT/work && ! -e $VZ/private/$CT/fs/bin/busybox ]]
	[[ $(stat -c '%t %T' "$VZ/private/$CT/fs/data/pipe") == "0 0" ]]
	mounted_facts >"$T/as-overlay"
	diff -u "$T/before-convert" "$T/as-overlay"
	run_ok vzctl start "$CT"
	inside 'test ! -e /data/pipe && test ! -e /data/link && cat /data/new && stat -c %a /etc/passwd'
	has 640
}

@test "convert refuses a running guest, a mounted one, an unknown layout, no layout; the same one is no work" {
	guest
	run_exit 20 vzctl convert "$CT"
	run_exit 53 vzctl convert "$CT" --layout raid
	has 'there is no such layout'
	run_exit 14 vzctl convert 999 --layout dir
	run_ok vzctl convert "$CT" --layout overlay
	has already
	run_ok vzctl mount "$CT"
	run_exit 41 vzctl convert "$CT" --layout dir
	run_ok vzctl umount "$CT"
	run_ok vzctl start "$CT"
	run_exit 32 vzctl convert "$CT" --layout dir
	[[ $(key VE_LAYOUT) == overlay && ! -e $VZ/private/$CT.new ]]
}

@test "a full disk while a private area is made or converted: exit code 46, and nothing stays" {
	local small=$T/small

	mkdir "$small"
	mount -t tmpfs -o size=400k none "$small"
	sed -i "s,^VE_PRIVATE=.*,VE_PRIVATE=\"$small/\$VEID\"," "$VZ_CONF"
	run_exit 46 vzctl create "$CT" --layout dir
	[[ -z $(ls -A "$small") && ! -e $VZ/conf/$CT.conf ]]
	guest
	run_exit 46 vzctl convert "$CT" --layout dir
	[[ $(ls -A "$small") == "$CT" && $(key VE_LAYOUT) == overlay ]]
	run_ok vzctl start "$CT"
	inside true
	run_ok vzctl stop "$CT" --fast
	mount -o remount,size=10m,nr_inodes=12 "$small"
	run_exit 46 vzctl convert "$CT" --layout dir
	[[ $(ls -A "$small") == "$CT" ]]
	run_ok vzctl destroy "$CT"
	umount "$small"
}

@test "mount options: in force in every layout, and what none of them can do is refused" {
	local layout

	for layout in overlay dir; do
		guest --layout "$layout" --mount_opts noatime,nosuid
		run_ok vzctl start "$CT"
		inside "grep ' / ' /proc/self/mountinfo"
		has noatime
		has nosuid
		run_exit 21 vzctl set "$CT" --mount_opts bind --save
		run_exit 21 vzctl set "$CT" --mount_opts data=journal --save
		has 'data=journal'
		[[ $(key MOUNT_OPTS) == noatime,nosuid ]]
		run_ok vzctl stop "$CT" --fast
		run_ok vzctl set "$CT" --mount_opts ro --save
		run_ok vzctl start "$CT"
		inside '! touch /x 2>/dev/null'
		run_ok vzctl stop "$CT" --fast
		run_ok vzctl destroy "$CT"
	done
	run_exit 21 vzctl create "$CT" --mount_opts rslave
}

# Killed at each call that changes something: the next command finishes it or takes it back, and the guest is whole.
@test "convert is killed: the guest has one layout or the other, whole" {
	local name occurrence n=0

	requires strace
	guest
	run_ok vzctl start "$CT"
	inside 'mkdir /m; echo kept >/m/kept; rm /etc/hosts'
	run_ok vzctl stop "$CT" --fast
	host_facts >"$T/before"
	strace -qq -o "$T/trace" vzctl convert "$CT" --layout dir >/dev/null 2>&1 3>&-
	awk '{ name = $1; sub(/\(.*/, "", name); n[name]++ }
		name ~ /^(rename|renameat|renameat2|unlink|fsync|ftruncate|syncfs|open_tree|fsmount|move_mount|umount2|setns)$/ { print name, n[name]; next }
		name ~ /^(mkdirat|rmdir|unlinkat|fchownat|linkat|symlinkat)$/ && (n[name] < 3 || n[name] % 300 == 0) { print name, n[name] }' \
		"$T/trace" >"$T/points"
	while read -r name occurrence; do
		run_ok vzctl convert "$CT" --layout overlay
		(strace -qq -o /dev/null -e "inject=$name:signal=KILL:when=$occurrence" vzctl convert "$CT" --layout dir 3>&- </dev/null) >/dev/null 2>&1 || true
		run_ok vzctl set "$CT" --onboot yes --save
		[[ ! -e $VZ/private/$CT.new && -z $(find "$VZ/conf" -name '.*') ]] || { echo "left at $name $occurrence"; ls -A "$VZ/private" "$VZ/conf"; false; }
		run_ok vzctl mount "$CT"
		[[ $(cat "$VZ/root/$CT/m/kept") == kept && ! -e $VZ/root/$CT/etc/hosts && -x $VZ/root/$CT/bin/busybox ]] || { echo "broken at $name $occurrence"; false; }
		run_ok vzctl umount "$CT"
		((++n))
	done <"$T/points"
	((n > 10))
}
