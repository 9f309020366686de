#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Root of a user namespace that may mount: what was mounted for it stays, with its flags (mount_namespaces(7),
# "Restrictions on mount namespaces").

load ../oci

more_setup()
{
	own_rootfs
	userns
	all_caps
	mkdir -p "$ROOTFS"/{data,old,a,b}
	echo hidden >"$ROOTFS/old/file"
	chown -R 100000:100000 "$ROOTFS"
	mkdir "$B/src"
	touch "$B/src/file"
	chmod 777 "$B/src"
	conf '.mounts += [{destination: "/data", source: "src", options: ["bind", "ro", "nosuid", "nodev", "noexec"]},
		{destination: "/old", type: "tmpfs", source: "x"}]'
}

# Each line of $1 is a command of the guest that must fail; nothing of it may be seen afterwards.
all_fail()
{
	script "$(while IFS= read -r line; do
		[[ -z $line ]] || printf '{ %s; } >/dev/null 2>&1 && echo %q\n' "$line" "worked: $line"
	done <<<"$1")
		true"
	ok_container
	is ""
}

@test "masks and mounts can't be taken away" {
	all_fail '
		umount /proc/timer_list
		umount -l /proc/timer_list
		umount -l /proc/kcore
		umount -l /proc/acpi
		umount /old
		umount -l /old
		umount -l /proc
		umount -l /proc/sys
		umount -l /data
		mount --move /old /a
		mount --move /proc/timer_list /a/file
		cat /old/file'
}

@test "nothing read-only becomes writable, no flag is dropped" {
	all_fail '
		mount -o remount,rw,bind /data
		mount -o remount,bind,ro,exec,nosuid,nodev /data
		mount -o remount,bind,ro,suid,noexec,nodev /data
		mount -o remount,bind,ro,dev,nosuid,noexec /data
		touch /data/new
		mount -o remount,rw,bind /proc/sys
		mount -o remount,rw,bind /proc/irq
		mount -o remount,rw,bind /sys
		echo 1 >/proc/sys/kernel/ns_last_pid'
	[[ ! -e $B/src/new ]]
}

@test "a read-only root stays so" {
	conf '.root.readonly = true'
	all_fail '
		mount -o remount,rw,bind /
		mount -o remount,rw /
		touch /new'
}

@test "what is covered is reached no other way: a bind of the tree, a new procfs, a deeper namespace" {
	all_fail '
		mount --bind /proc /a
		mount -t proc proc /a
		mount --bind / /a
		mount --rbind /proc /a && umount -l /a/timer_list
		mount --rbind / /b && umount /b/old
		unshare -m umount -l /old
		unshare -m mount -o remount,rw,bind /data
		unshare -U -r -m umount -l /old
		unshare -U -r -m mount -o remount,rw,bind /data
		mount -o bind,remount,rw /proc/1/root/data'
}

@test "its own mounts are the guest's to make and take" {
	script 'mount -t tmpfs x /a && touch /a/x && umount /a && [ ! -e /a/x ] && mount --bind /etc /a && mount -o remount,ro,bind /a &&
		! touch /a/x 2>/dev/null && mount -o remount,rw,bind /a && touch /a/x && umount /a && mount --rbind /proc /b && umount -l /b &&
		mount --make-rshared / && unshare -m true && mount -t tmpfs y /old && umount /old && echo fine'
	ok_container
	is fine
	[[ -e $ROOTFS/etc/x ]]
}

@test "mounts keep their propagation through it" {
	mounts_on_host
	mkdir "$B/peer"
	mount -t tmpfs none "$B/peer"
	mount --make-shared "$B/peer"
	mkdir "$B/peer/later"
	conf '.mounts += [{destination: "/slave", source: "peer", options: ["rbind", "rslave"]}, {destination: "/shared", source: "peer", options: ["bind", "shared"]}]
		| .linux.rootfsPropagation = "shared"'
	mkdir "$ROOTFS/slave" "$ROOTFS/shared"
	background 'while [ ! -e /slave/later/go ]; do sleep 0.05; done; cat /proc/self/mountinfo >/tmp/info; exec sleep 600'
	mount -t tmpfs none "$B/peer/later"
	touch "$B/peer/later/go"
	wait_for test -s "$ROOTFS/tmp/info"
	cat "$ROOTFS/tmp/info"
	grep -q ' /slave .* master:[0-9]* - tmpfs' "$ROOTFS/tmp/info"
	grep -q ' / / .* shared:[0-9]* \| /[^ ]* / .* shared:[0-9]* ' "$ROOTFS/tmp/info"
	grep -q ' /shared .* shared:[0-9]* master:[0-9]* - tmpfs' "$ROOTFS/tmp/info"
	ok W delete -f "$ID"
	umount "$B/peer/later" "$B/peer"
}

@test "a terminal has its name" {
	conf '.process.terminal = true | .process.args = ["sh", "-c", "tty; readlink /proc/self/fd/0; stat -c %t:%T /dev/console; : </dev/tty && echo controlling"]'
	call timeout 20 script -qec "$WABE --root $STATE run --bundle $B $ID" /dev/null
	output=${output//$'\r'/}
	has $'/dev/pts/0\n/dev/pts/0\n88:0\ncontrolling'
}

@test "a container without a user namespace, or without the right to mount, costs nothing more" {
	[[ -x /usr/bin/strace ]] || skip "no strace"
	conf 'del(.process.capabilities)'
	ok timeout 60 strace -f -qq -e trace=clone,clone3,unshare,setns -o "$T/trace" "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	run -1 grep -E 'unshare\(CLONE_NEWNS|CLONE_VFORK|setns' "$T/trace"
	all_caps
	ok timeout 60 strace -f -qq -e trace=clone,clone3,unshare,setns -o "$T/trace" "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	[[ $(grep -cE 'unshare\(CLONE_NEWNS|CLONE_VFORK|setns' "$T/trace") == 3 ]] || { cat "$T/trace"; return 1; }
}
