#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl clone: the private area is copied as it is, the copy has an identity of its own; whenever it is killed there is a
# copy or none.

load helpers
load netns

more_setup()
{
	[[ $BATS_TEST_DESCRIPTION != *killed* ]] || requires strace
	BATS_TEST_TIMEOUT=600
	NEW=102
}

# All that a tree on disk has, but for times of directories that mounting changed.
tree_list()
{
	(cd "$1" && find . -printf '%p %y %m %U %G %n %s %l\n' | grep -v ' d ' | sort
		find . -type f -exec sha256sum {} + | sort
		find . -type c -exec stat -c '%n %t:%T' {} + | sort
		find . ! -type d -printf '%p %T@\n' | sort
		getfattr -R -h -d -m - . | awk '/^# file:/ { file = $3 } /=/ && !/overlay.(uuid|origin|impure)/ { print file, $0 }')
}

@test "a copy has the same files and parameters, and nothing that is one guest's alone" {
	own_network
	guest --name web --hostname web.example.org --ipadd 192.0.2.1 --numproc 100 --description 'the site' \
		--diskspace 1G --onboot yes
	run_ok vzctl start $CT
	inside 'echo hello >/root/file; mkdir /srv; echo x >/srv/x'
	run_ok vzctl stop $CT --fast
	# A bridge that this host doesn't have: nothing here starts with it.
	run_ok vzctl set $CT --save --netif_add eth0,00:11:22:33:44:55,veth101.7,00:11:22:33:44:56,br0
	run_ok vzctl clone web $NEW
	has "Container $CT was cloned"
	for one in NUMPROC DESCRIPTION DISKSPACE ONBOOT OSTEMPLATE TEMPLATE_CREATED; do
		[[ $(key $one) == $(key $one $NEW) && -n $(key $one $NEW) ]] || { echo "$one"; return 1; }
	done
	[[ -z $(key NAME $NEW) && -z $(key IP_ADDRESS $NEW) && $(key HOSTNAME $NEW) == ct$NEW ]]
	[[ $(key VE_PRIVATE $NEW) != $(key VE_PRIVATE) || $(key VE_PRIVATE) == *VEID* ]]
	[[ $(key LOCAL_UID $NEW) != $(key LOCAL_UID) && -n $(key LOCAL_UID $NEW) ]]
	[[ $(key NETIF $NEW) == *ifname=eth0*bridge=br0* && $(key NETIF $NEW) != *00:11:22* && $(key NETIF $NEW) != *veth101* ]]
	run_ok vzctl set $CT --netif_del eth0 --save
	run_ok vzctl set $NEW --netif_del eth0 --save
	[[ $(stat -c '%a %u' "$VZ/private/$NEW") == "700 0" ]]
	run_ok vzctl status web
	has "CTID $CT "
	run_ok vzctl start $NEW
	run_ok vzctl exec2 $NEW 'cat /root/file /srv/x; hostname'
	is "hello"$'\n'"x"$'\n'"ct$NEW"
	# Both live their own lives.
	run_ok vzctl exec2 $NEW 'echo other >/root/file'
	run_ok vzctl start $CT
	inside cat /root/file
	is hello
}

@test "options: host name, addresses, name, ids" {
	guest --hostname one.example.org
	run_ok vzctl clone $CT $NEW --hostname two.example.org --ipadd 192.0.2.2 --name two --local_uid 6553600 --local_gid 6553600
	[[ $(key HOSTNAME $NEW) == two.example.org && $(key IP_ADDRESS $NEW) == 192.0.2.2 && $(key NAME $NEW) == two ]]
	[[ $(key LOCAL_UID $NEW) == 6553600 ]]
	run_ok vzctl clone two 103 --private "$VZ/private/elsewhere" --root "$VZ/root/elsewhere"
	[[ -d $VZ/private/elsewhere/fs && $(key VE_PRIVATE 103) == "$VZ/private/elsewhere" ]]
	run_ok vzctl destroy 103
	[[ ! -e $VZ/private/elsewhere ]]
}

# bats test_tags=lab:long
@test "every kind of file comes along: links, holes, attributes, whiteouts, marks, devices" {
	local fs

	guest
	fs=$VZ/private/$CT/fs
	mkdir -p "$fs"/{a/b,opaque}
	echo x >"$fs/a/file"
	ln "$fs/a/file" "$fs/a/b/link"
	ln -s /nowhere "$fs/a/symlink"
	truncate -s 100M "$fs/hole"
	printf end >>"$fs/hole"
	mkfifo "$fs/pipe"
	mknod "$fs/etc-passwd-gone" c 0 0
	mknod "$fs/null" c 1 3
	setfattr -n trusted.overlay.opaque -v y "$fs/opaque"
	setfattr -n user.note -v hi "$fs/a/file" || true
	setcap cap_net_raw=ep "$fs/a/file"
	chown 1000:2000 "$fs/a/b"
	chmod 4755 "$fs/a/file"
	touch -d 2001-02-03 "$fs/a/file"
	tree_list "$fs" >"$T/one"
	run_ok vzctl clone $CT $NEW
	tree_list "$VZ/private/$NEW/fs" >"$T/two"
	diff "$T/one" "$T/two"
	[[ $(du -k "$VZ/private/$NEW/fs/hole" | cut -f1) -lt 1000 ]]
	[[ $(getfattr --only-values -n trusted.overlay.opaque "$VZ/private/$NEW/fs/opaque") == y ]]
}

@test "machine id, SSH host keys and seeds are the copy's own" {
	local fs copy

	guest
	fs=$VZ/private/$CT/fs
	mkdir -p "$fs"/etc/{ssh,dropbear} "$fs"/var/lib/{systemd,dbus}
	echo 0123456789abcdef0123456789abcdef >"$fs/etc/machine-id"
	chmod 444 "$fs/etc/machine-id"
	touch "$fs"/etc/ssh/{ssh_host_rsa_key,ssh_host_rsa_key.pub,sshd_config,ssh_config} "$fs/etc/dropbear/dropbear_rsa_host_key"
	touch "$fs/var/lib/systemd/random-seed"
	ln -s /etc/machine-id "$fs/var/lib/dbus/machine-id"
	run_ok vzctl clone $CT $NEW
	copy=$VZ/private/$NEW/fs
	[[ $(cat "$copy/etc/machine-id") =~ ^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$ ]]
	[[ $(stat -c '%a %u %g' "$copy/etc/machine-id") == "444 0 0" ]]
	[[ $(find "$copy"/etc/{ssh,dropbear} "$copy/var/lib/systemd" ! -type d -printf '%f ') == "sshd_config ssh_config " ||
		$(find "$copy"/etc/{ssh,dropbear} "$copy/var/lib/systemd" ! -type d -printf '%f ') == "ssh_config sshd_config " ]]
	[[ -L $copy/var/lib/dbus/machine-id && -e $fs/etc/ssh/ssh_host_rsa_key ]]
	# Another one each time, and an empty one stays empty: such a guest makes its own.
	run_ok vzctl clone $CT 103
	[[ $(cat "$copy/etc/machine-id") != $(cat "$VZ/private/103/fs/etc/machine-id") ]]
	: >"$fs/etc/machine-id"
	run_ok vzctl clone $CT 104
	[[ -e $VZ/private/104/fs/etc/machine-id && ! -s $VZ/private/104/fs/etc/machine-id ]]
	[[ -z $(key FIRST_START $NEW) ]]
}

# A guest whose /usr/bin/ssh-keygen is the script $1.
with_sshd()
{
	local fs=$VZ/private/$CT/fs

	mkdir -p "$fs"/usr/{bin,sbin} "$fs/etc/ssh"
	printf '#!/bin/sh\n%s\n' "$1" >"$fs/usr/bin/ssh-keygen"
	printf '#!/bin/sh\n' >"$fs/usr/sbin/sshd"
	chmod 755 "$fs"/usr/{bin/ssh-keygen,sbin/sshd}
	echo old >"$fs/etc/ssh/ssh_host_ed25519_key"
}

@test "a guest without a unit for it gets its host keys before its first init, confined" {
	guest
	with_sshd 'echo "$*" $(id -u) $$ >/etc/ssh/ssh_host_ed25519_key; cat /proc/self/uid_map >>/etc/ssh/ssh_host_ed25519_key; echo x >>/etc/count'
	run_ok vzctl clone $CT $NEW
	[[ ! -e $VZ/private/$NEW/fs/etc/ssh/ssh_host_ed25519_key && $(key FIRST_START $NEW) == ssh-keys ]]
	run_ok vzctl start $NEW
	run_ok vzctl exec2 $NEW cat /etc/ssh/ssh_host_ed25519_key
	[[ $output == "-A 0 "*"$(key LOCAL_UID $NEW)"* ]]
	[[ -z $(key FIRST_START $NEW) ]]
	# Once.
	run_ok vzctl restart $NEW --fast
	run_ok vzctl exec2 $NEW cat /etc/count
	is x
	[[ $(cat "$VZ/private/$CT/fs/etc/ssh/ssh_host_ed25519_key") == old ]]
	run_ok vzctl set $NEW --hostname again.example.org --save
}

@test "keys that can't be made are a warning, and tried again" {
	guest
	with_sshd 'exit 3'
	run_ok vzctl clone $CT $NEW
	run_ok vzctl start $NEW
	has "host keys of SSH were not made"
	[[ $(key FIRST_START $NEW) == ssh-keys ]]
	run_ok vzctl stop $NEW --fast
	printf '#!/bin/sh\necho new >/etc/ssh/ssh_host_ed25519_key\n' >"$VZ/private/$NEW/fs/usr/bin/ssh-keygen"
	run_ok vzctl start $NEW
	hasnt "host keys"
	run_ok vzctl exec2 $NEW cat /etc/ssh/ssh_host_ed25519_key
	is new
}

@test "a guest that makes its own host keys is left to it" {
	guest
	with_sshd 'echo never >/etc/ssh/ssh_host_ed25519_key'
	mkdir -p "$VZ/private/$CT/fs/usr/lib/systemd/system"
	touch "$VZ/private/$CT/fs/usr/lib/systemd/system/sshd-keygen@.service"
	run_ok vzctl clone $CT $NEW
	[[ -z $(key FIRST_START $NEW) ]]
	run_ok vzctl start $NEW
	run_ok vzctl exec2 $NEW 'test ! -e /etc/ssh/ssh_host_ed25519_key'
}

@test "links in the guest's files lead nowhere outside" {
	local fs

	guest
	fs=$VZ/private/$CT/fs
	mkdir -p "$T/host/ssh" "$fs/etc" "$fs/var/lib"
	echo 0123456789abcdef0123456789abcdef >"$T/host/machine-id"
	touch "$T/host/ssh/ssh_host_rsa_key" "$T/host/random-seed"
	ln -s "$T/host/ssh" "$fs/etc/ssh"
	ln -s "$T/host/machine-id" "$fs/etc/machine-id"
	ln -s "$T/host" "$fs/var/lib/systemd"
	ln -s ../../../../../../../../../../../../../../../../../"$T/host" "$fs/var/lib/urandom"
	cp -a "$T/host" "$T/hostcopy"
	run_ok vzctl clone $CT $NEW
	diff -r "$T/host" "$T/hostcopy"
	[[ -L $VZ/private/$NEW/fs/etc/machine-id ]]
}

# bats test_tags=lab:long
@test "a running source stands still for the copy, and runs on" {
	running_guest
	inside 'echo hello >/root/file; (while :; do echo x >>/root/log; sleep 0.1; done) </dev/null >/dev/null 2>&1 &'
	run_ok vzctl clone $CT $NEW
	has "it stands still meanwhile"
	status_is "exist mounted running"
	inside 'a=$(wc -l </root/log); sleep 1; test $(wc -l </root/log) -gt $a'
	run_ok vzctl start $NEW
	run_ok vzctl exec2 $NEW cat /root/file
	is hello
	# One that the administrator froze stays so.
	requires wabe
	run_ok wabe --root "$VZ/run" pause $CT
	run_ok vzctl clone $CT 103
	run_exit 31 vzctl exec $CT true
	run_ok wabe --root "$VZ/run" resume $CT
	inside true
}

@test "clone of a running source is killed: it runs on at once" {
	local name occurrence

	running_guest
	host_facts >"$T/before"
	for name in getdents64 mkdirat ioctl syncfs unlinkat; do
		for occurrence in 1 2 3; do
			(strace -qq -o /dev/null -e "inject=$name:signal=KILL:when=$occurrence" vzctl clone $CT $NEW 3>&- </dev/null) \
				>"$T/killed" 2>&1 || true
			WAIT_TENTHS=30 wait_for vzctl exec2 $CT true >/dev/null 2>&1 || { echo "frozen after $name $occurrence"; return 1; }
			call vzctl destroy $NEW
			[[ $status == 0 || $status == 14 ]] || shown
			no_leaks
		done
	done
}

@test "layout dir" {
	guest --layout dir
	run_ok vzctl start $CT
	inside 'echo hello >/root/file; rm /etc/inittab'
	run_ok vzctl clone $CT $NEW
	[[ $(key VE_LAYOUT $NEW) == dir ]]
	tree_list "$VZ/private/$CT/fs" | grep -v -e etc/hostname -e machine-id >"$T/one"
	tree_list "$VZ/private/$NEW/fs" | grep -v -e etc/hostname -e machine-id >"$T/two"
	diff "$T/one" "$T/two"
	run_ok vzctl start $NEW
	run_ok vzctl exec2 $NEW 'cat /root/file; test ! -e /etc/inittab'
	is hello
}

# bats test_tags=lab:long
@test "layout image: the file, and a template of a running one" {
	requires loop
	guest --layout image --diskspace 100M
	run_ok vzctl start $CT
	inside 'echo hello >/root/file; echo 0123456789abcdef0123456789abcdef >/etc/machine-id'
	run_exit 32 vzctl clone $CT $NEW
	has "stop it"
	run_ok vzctl stop $CT --fast
	run_ok vzctl clone $CT $NEW --diskspace 150M
	[[ $(stat -c %s "$VZ/private/$NEW/root.img") -gt $(stat -c %s "$VZ/private/$CT/root.img") ]]
	# Both at once: they have the same file system.
	run_ok vzctl start $CT
	run_ok vzctl start $NEW
	run_ok vzctl exec2 $NEW 'cat /root/file; grep -c 0123456789abcdef0123456789abcdef /etc/machine-id; true'
	is "hello"$'\n'0
	run_ok vzctl exec2 $NEW 'echo other >/root/file'
	inside cat /root/file
	is hello
	run_ok vztmpl -q from $CT image-copy
	[[ $(cat "$STORE/image-copy/root/root/file") == hello && ! -e $STORE/image-copy/root/lost+found/x ]]
	run_ok vztmpl -q remove image-copy
}

# bats test_tags=lab:long
@test "layout btrfs: a snapshot" {
	requires loop btrfs mkfs.btrfs
	truncate -s 400M "$T/disk"
	mkfs.btrfs -q "$T/disk"
	mount -o loop "$T/disk" "$VZ/private"
	local failed=0

	guest --layout btrfs
	echo hello >"$VZ/private/$CT/fs/root/file"
	run_ok vzctl clone $CT $NEW
	[[ $(stat -c %i "$VZ/private/$NEW/fs") == 256 && $(cat "$VZ/private/$NEW/fs/root/file") == hello ]] || failed=1
	echo other >"$VZ/private/$NEW/fs/root/file"
	[[ $(cat "$VZ/private/$CT/fs/root/file") == hello ]] || failed=1
	vzctl destroy $NEW || failed=1
	vzctl destroy $CT || failed=1
	umount "$VZ/private"
	[[ $failed == 0 ]]
}

@test "words that are wrong, guests that are there or not" {
	guest
	run_ok vzctl create $NEW
	host_facts >"$T/facts"
	run_exit 20 vzctl clone $CT
	run_exit 44 vzctl clone $CT $NEW
	run_exit 44 vzctl clone $CT $CT
	run_exit 21 vzctl clone $CT 100
	run_exit 21 vzctl clone $CT nobody
	run_exit 14 vzctl clone 999 103
	run_exit 20 vzctl clone $CT 103 --ostemplate busybox
	run_exit 20 vzctl clone $CT 103 --layout dir
	run_exit 20 vzctl clone $CT 103 --nonsense
	run_exit 20 vzctl clone $CT 103 104
	run_exit 70 vzctl clone $CT 103 --hostname 'a b'
	run_exit 21 vzctl clone $CT 103 --local_uid "$(key LOCAL_UID)" --local_gid "$(key LOCAL_UID)"
	mkdir "$VZ/private/103"
	run_exit 44 vzctl clone $CT 103
	rmdir "$VZ/private/103"
	host_facts | diff "$T/facts" -
}

@test "a full disk leaves no copy" {
	local failed=0

	mount -t tmpfs -o size=8m none "$VZ/private"
	guest
	head -c 5M /dev/urandom >"$VZ/private/$CT/fs/big"
	run_exit 46 vzctl clone $CT $NEW
	[[ $(ls "$VZ/private") == "$CT" && ! -e $VZ/conf/$NEW.conf ]] || failed=1
	run_ok vzctl destroy $CT
	umount "$VZ/private"
	[[ $failed == 0 ]]
}

@test "clone is killed: there is a copy or none, and nothing leaks" {
	local points name occurrence

	guest
	mkdir -p "$VZ/private/$CT/fs/a/b"
	echo precious >"$VZ/private/$CT/fs/a/b/file"
	ln "$VZ/private/$CT/fs/a/b/file" "$VZ/private/$CT/fs/a/link"
	points=$(points_of_clone)
	[[ $(wc -l <<<"$points") -gt 20 ]]
	run_ok vzctl destroy $NEW
	host_facts >"$T/before"
	while read -r name occurrence; do
		(strace -qq -o /dev/null -e "inject=$name:signal=KILL:when=$occurrence" vzctl clone $CT $NEW --name copy 3>&- </dev/null) \
			>"$T/killed" 2>&1 || true
		call vzctl clone $CT $NEW --name copy
		[[ $status == 0 || $status == 44 ]] || { echo "killed at $name $occurrence"; shown; }
		run_ok vzctl mount copy
		[[ $(cat "$VZ/root/$NEW/a/b/file") == precious && $(stat -c %h "$VZ/root/$NEW/a/link") == 2 ]]
		run_ok vzctl umount copy
		run_ok vzctl destroy copy
		no_leaks || { echo "killed at $name $occurrence"; return 1; }
	done <<<"$points"
	[[ $(cat "$VZ/private/$CT/fs/a/link") == precious ]]
}

points_of_clone()
{
	strace -qq -o "$T/trace" vzctl clone $CT $NEW --name copy >/dev/null 2>&1 3>&-
	awk '{ name = $1; sub(/\(.*/, "", name); n[name]++ }
		name ~ /^(mkdir|mkdirat|symlinkat|linkat|unlink|unlinkat|rename|renameat|renameat2|fsync|syncfs|flock|unshare|setns|move_mount|fsmount)$/ {
			if (n[name] <= 3 || n[name] % 3 == 0)
				print name, n[name]
		}' "$T/trace"
}
