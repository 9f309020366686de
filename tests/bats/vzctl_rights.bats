#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Devices, capabilities, features and packet filters of a guest: given, taken, refused.
#
# shellcheck disable=SC2016 # variables of the guest's shell

# bats file_tags=lab
load helpers

# Can the guest open /dev/$1 for $2 (r, w)?
opens()
{
	call vzctl exec2 "$CT" "$([[ $2 == r ]] && echo ": </dev/$1" || echo ": >/dev/$1")"
	[[ $status == 0 ]]
}

@test "devnodes: the guest has the node, of its own root, and uses it" {
	[[ -c /dev/fuse ]] || skip "needs /dev/fuse"
	running_guest --devnodes fuse:rw
	inside 'stat -c "%t:%T %u:%g" /dev/fuse'
	is "a:e5 0:0"
	opens fuse r
	opens fuse w
	not opens kmsg r
	# Nothing of it on the host.
	not grep -F "$VZ" /proc/self/mountinfo
	[[ $(stat -c '%u:%g' /dev/fuse) == 0:0 ]]
}

@test "devnodes in a running guest: given at once, taken at once" {
	[[ -c /dev/fuse ]] || skip "needs /dev/fuse"
	running_guest
	not opens fuse r
	run_ok vzctl set "$CT" --devnodes fuse:r --save
	opens fuse r
	not opens fuse w
	run_ok vzctl set "$CT" --devnodes fuse:rw
	opens fuse w
	run_ok vzctl set "$CT" --devnodes fuse:none --save
	not opens fuse r
	opens null w
	opens urandom r
	[[ $(key DEVNODES) == fuse:none ]]
	run_ok vzctl restart "$CT" --fast
	not opens fuse r
}

@test "a link or a file at the node's place leads nowhere" {
	[[ -c /dev/fuse ]] || skip "needs /dev/fuse"
	echo sentinel >"$T/sentinel"
	running_guest
	inside "mkdir -p /root/t; ln -s $T/sentinel /dev/fuse"
	call vzctl set "$CT" --devnodes fuse:rw
	[[ $(cat "$T/sentinel") == sentinel && ! -c $T/sentinel ]]
	[[ $(stat -c '%a %u' "$T/sentinel") == "$(stat -c '%a' "$T/sentinel") 0" ]]
	run_ok vzctl stop "$CT" --fast
}

@test "devices: by numbers, with the name that the host has for it" {
	[[ -c /dev/fuse ]] || skip "needs /dev/fuse"
	running_guest --devices c:10:229:r
	opens fuse r
	not opens fuse w
	run_ok vzctl set "$CT" --devices c:10:229:none
	not opens fuse r
	run_exit 21 vzctl set "$CT" --devices c:10:rw
	has "--devices"
	run_exit 86 vzctl set "$CT" --devnodes no-such-device:rw --save
	has "DEVNODES no-such-device:rw: the host has no such device"
	[[ -z $(key DEVNODES) ]]
	run_exit 86 vzctl create 102 --devnodes no-such-device:rw
}

@test "a device that has gone is a warning at start" {
	guest
	echo 'DEVNODES="no-such-device:rw"' >>"$VZ/conf/$CT.conf"
	run_ok vzctl start "$CT"
	has "no-such-device:rw: the host has no such device: the container starts without it"
}

@test "capability: taken and given, and what no guest gets" {
	guest --capability net_raw:off
	run_exit 13 vzctl set "$CT" --capability sys_time:on --save
	has "CAPABILITY SYS_TIME:on: the kernel honours it in no user namespace"
	run_exit 13 vzctl set "$CT" --capability sys_module:on --save
	has "refused to every guest"
	run_exit 21 vzctl set "$CT" --capability nonsense:on --save
	[[ $(key CAPABILITY) == NET_RAW:off ]]
	run_ok vzctl start "$CT"
	inside 'sed -n "s/^CapBnd:.//p" /proc/1/status /proc/self/status'
	for caps in $output; do
		(((0x$caps & 1 << 13) == 0))
		(((0x$caps & 1 << 12) != 0))
	done
	run_ok vzctl set "$CT" --capability net_admin:off --save
	has "--setmode"
	run_ok vzctl set "$CT" --capability net_raw:on --save --setmode restart
	inside 'sed -n "s/^CapBnd:.//p" /proc/1/status'
	(((0x$output & 1 << 13) != 0 && (0x$output & 1 << 12) == 0))
}

@test "capability: without a user namespace the host's clock can be given" {
	guest --local_uid 0 --capability sys_time:on
	run_ok vzctl start "$CT"
	inside 'sed -n "s/^CapBnd:.//p" /proc/1/status'
	(((0x$output & 1 << 25) != 0))
	# The date stays: it is set to itself.
	inside 'date -s "@$(date +%s)" >/dev/null'
	run_ok vzctl create 102 --local_uid 0
	run_ok vzctl start 102
	call vzctl exec2 102 'date -s "@$(date +%s)" >/dev/null'
	has "not permitted"
}

@test "features: tun and fuse come with their devices, and go" {
	[[ -c /dev/fuse && -c /dev/net/tun ]] || skip "needs /dev/fuse and /dev/net/tun"
	running_guest --features fuse:on --features tun:on
	opens fuse w
	opens net/tun w
	run_ok vzctl set "$CT" --features tun:off --save
	has "--setmode"
	run_ok vzctl restart "$CT" --fast
	opens fuse w
	inside 'ls /dev/net 2>/dev/null || true'
	is ''
}

@test "features: sysfs is writable, or not there" {
	running_guest --features sysfs:on
	inside 'grep " /sys " /proc/self/mountinfo'
	has " /sys rw,"
	run_ok vzctl set "$CT" --features sysfs:off --save --setmode restart
	inside 'ls /sys; ls /sys/fs/cgroup | head -1'
	hasnt class
}

@test "features that this kernel or guest can't have are said" {
	guest
	run_ok vzctl set "$CT" --features nfs:on --features bridge:off --save
	[[ $output == *"nfs:on has no effect"* || $output == *"nfs:on: this kernel has no nfs"* ]]
	has "bridge:off is kept, but not enforced"
	[[ $(key FEATURES) == "nfs:on bridge:off" ]]
	run_exit 21 vzctl set "$CT" --features nonsense:on --save
	run_ok vzctl set "$CT" --pci_add 01:00.0 --save
	has "--pci_add is kept, but not enforced"
}

@test "feature docker: a container's mounts in a namespace of its own" {
	running_guest --features docker:on
	inside 'mkdir -p /run/t/l /run/t/u /run/t/w /run/t/m; unshare -m sh -c "mount -t overlay o -o lowerdir=/run/t/l,upperdir=/run/t/u,workdir=/run/t/w /run/t/m && echo mounted"'
	has mounted
	inside 'unshare -p -f -m sh -c "mount -t proc proc /proc && ls /proc/1 >/dev/null && echo proc"'
	has proc
	run_ok vzctl create 102
	run_ok vzctl start 102
	call vzctl exec2 102 'unshare -p -f -m sh -c "mount -t proc proc /proc && echo proc"'
	has denied
}

@test "netfilter: disabled is enforced, parts of it are said to be all" {
	requires python3 gcc
	guest --netfilter disabled
	gcc -static -o "$VZ/probe" -x c - <<-'C'
		#include <errno.h>
		#include <stdio.h>
		#include <sys/socket.h>
		int main(void)
		{
			int fd = socket(AF_INET, SOCK_RAW, 255), value = 1;
			printf("%d ", socket(AF_NETLINK, SOCK_RAW, 12) < 0 ? errno : 0);
			printf("%d ", socket(AF_NETLINK, SOCK_RAW, 0) < 0 ? errno : 0);
			errno = 0;
			setsockopt(fd, 0, 64, &value, sizeof(value));
			printf("%d ", errno);
			errno = 0;
			setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &value, sizeof(value));
			printf("%d\n", errno);
			return 0;
		}
	C
	mkdir -p "$VZ/private/$CT/fs/root"
	run_ok vzctl start "$CT"
	vzctl exec "$CT" 'cat >/root/probe; chmod 755 /root/probe' <"$VZ/probe"
	rm "$VZ/probe"
	inside /root/probe
	# EAFNOSUPPORT, ENOPROTOOPT
	is "97 0 92 0"
	run_ok vzctl set "$CT" --netfilter full --save --setmode restart
	inside /root/probe
	[[ ${output%% *} == 0 && $output != *" 92 "* ]]
	run_ok vzctl set "$CT" --netfilter stateless --save
	has "stateless is kept, but is as full"
}
