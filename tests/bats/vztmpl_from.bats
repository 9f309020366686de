#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vztmpl from: a template of a container's files, of template and private area together, without what makes it that one.

load helpers

more_setup()
{
	[[ $BATS_TEST_DESCRIPTION != *killed* ]] || requires strace
	own_store
	host_facts >"$T/before"
}

# A guest that changed its template's files in each way.
changed_guest()
{
	guest --hostname web.example.org "$@"
	run_ok vzctl start $CT
	inside 'echo hello >/root/file; rm /etc/inittab; mv /etc/init.d /etc/moved; rm -r /opt; mkdir /opt; touch /opt/new
		chown 1000:2000 /opt/new; chmod 4755 /opt/new; ln /opt/new /opt/link; echo x >>/etc/hosts; echo x >/tmp/x; mkfifo /root/pipe
		echo 0123456789abcdef0123456789abcdef >/etc/machine-id; mkdir -p /etc/ssh; touch /etc/ssh/ssh_host_rsa_key'
}

tree_is_right()
{
	local root=$STORE/site/root

	[[ $(cat "$root/root/file") == hello && ! -e $root/etc/inittab && -x $root/etc/moved/rcS && ! -e $root/etc/init.d ]]
	[[ $(find "$root/opt" -type f | wc -l) == 2 && $(stat -c '%a %u %g %h' "$root/opt/link") == "4755 1000 2000 2" ]]
	[[ $(tail -1 "$root/etc/hosts") == x && -p $root/root/pipe && $(readlink "$root/sbin/init") == /bin/busybox ]]
	# What made it this one is gone.
	[[ -z $(ls -A "$root/tmp") && -z $(ls -A "$root/run") && ! -s $root/etc/machine-id && ! -e $root/etc/hostname ]]
	[[ -z $(ls -A "$root/etc/ssh") ]]
	# No trace of the overlay.
	[[ -z $(getfattr -R -h -d -m trusted.overlay "$root") && -z $(find "$root" -type c) ]]
}

@test "from a stopped container" {
	changed_guest
	run_ok vzctl stop $CT --fast
	run_ok vztmpl from $CT site
	has "template site: "
	tree_is_right
	[[ $(vztmpl info site -j | jq -r '.source, .init' | paste -sd,) == "container $CT,busybox" ]]
	# The container is as it was.
	[[ $(cat "$VZ/private/$CT/fs/etc/machine-id") == 0123456789abcdef0123456789abcdef ]]
	status_is "exist unmounted down"
	run_ok vzctl create 102 --ostemplate site --hostname other
	printf '#!/bin/sh\nsleep 1000\n' >"$VZ/private/102/fs/sbin-init"
	run_ok vzctl mount 102
	[[ $(cat "$VZ/root/102/root/file") == hello ]]
	run_ok vzctl umount 102
	run_ok vzctl destroy 102
	run_ok vztmpl remove site
}

# bats test_tags=lab:long
@test "from a running container, which stands still and runs on" {
	changed_guest
	inside '(while :; do echo x >>/root/log; sleep 0.1; done) </dev/null >/dev/null 2>&1 &'
	run_ok vztmpl -q from $CT site
	tree_is_right
	status_is "exist mounted running"
	inside 'a=$(wc -l </root/log); sleep 1; test $(wc -l </root/log) -gt $a'
	# By name, as the next generation.
	run_ok vzctl set $CT --name web --save
	inside 'echo again >/root/file'
	run_exit 3 vztmpl from web site
	has "already"
	run_ok vztmpl -q from web site --update
	[[ $(cat "$STORE/site/root/root/file") == again && $(vztmpl info site -j | jq .generation) == 2 ]]
}

@test "layout dir" {
	changed_guest --layout dir
	run_ok vztmpl -q from $CT site
	tree_is_right
}

@test "host keys of its containers are made at their first start" {
	local fs

	guest
	fs=$VZ/private/$CT/fs
	mkdir -p "$fs"/usr/{bin,sbin} "$fs/etc/ssh"
	printf '#!/bin/sh\necho "$*" >>/etc/ssh/ssh_host_ed25519_key\n' >"$fs/usr/bin/ssh-keygen"
	printf '#!/bin/sh\n' >"$fs/usr/sbin/sshd"
	chmod 755 "$fs"/usr/{bin/ssh-keygen,sbin/sshd}
	echo old >"$fs/etc/ssh/ssh_host_ed25519_key"
	run_ok vztmpl -q from $CT site
	run_ok vzctl create 102 --ostemplate site
	[[ $(key FIRST_START 102) == ssh-keys ]]
	run_ok vzctl start 102
	run_ok vzctl exec2 102 cat /etc/ssh/ssh_host_ed25519_key
	is "-A"
	[[ -z $(key FIRST_START 102) ]]
	run_ok vzctl reinstall 102 --force
	[[ $(key FIRST_START 102) == ssh-keys ]]
	run_ok vzctl reinstall 102 --ostemplate busybox
	[[ -z $(key FIRST_START 102) ]]
}

@test "device nodes and sockets are left out, links lead nowhere outside" {
	local fs

	guest
	fs=$VZ/private/$CT/fs
	mkdir -p "$T/host/ssh" "$fs/etc"
	touch "$T/host/ssh/ssh_host_rsa_key" "$T/host/x"
	mknod "$fs/disk" b 7 0
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$fs/s"
	ln -s "$T/host/ssh" "$fs/etc/ssh"
	rm -rf "$fs/tmp"
	ln -s "$T/host" "$fs/tmp"
	run_ok vztmpl from $CT site
	has "left out: 2 device nodes and sockets"
	[[ -e $T/host/ssh/ssh_host_rsa_key && -e $T/host/x && -L $STORE/site/root/tmp && ! -e $STORE/site/root/disk ]]
}

@test "words that are wrong" {
	guest
	run_exit 20 vztmpl from $CT
	run_exit 20 vztmpl from
	run_exit 14 vztmpl from 999 site
	run_exit 21 vztmpl from nobody site
	run_exit 21 vztmpl from $CT ../site
	run_exit 3 vztmpl from $CT busybox
	run_exit 91 vztmpl from $CT site --update
	rm -r "${VZ:?}/private/$CT"
	run_exit 43 vztmpl from $CT site
	mkdir -p "$VZ/private/$CT"/{fs,work}
	[[ $(find "$STORE" -mindepth 1 -maxdepth 1 ! -name '.lock' ! -name .shared -printf '%f ') == "busybox " ]]
}

@test "it is killed: the container runs on, and nothing stays" {
	local name occurrence

	running_guest
	for name in getdents64 mkdirat fsmount symlinkat syncfs renameat2; do
		for occurrence in 1 2 4; do
			(strace -qq -o /dev/null -e "inject=$name:signal=KILL:when=$occurrence" vztmpl -q from $CT site 3>&- </dev/null) \
				>"$T/killed" 2>&1 || true
			WAIT_TENTHS=30 wait_for vzctl exec2 $CT true >/dev/null 2>&1 || { echo "frozen after $name $occurrence"; return 1; }
			run_ok vztmpl -q from $CT other
			run_ok vztmpl -q remove other
			[[ ! -e $STORE/site ]] || run_ok vztmpl -q remove site
			[[ -z $(find "$STORE" -maxdepth 1 -name '*.tmp.*') ]]
		done
	done
}
