#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# root, mounts, devices, maskedPaths, readonlyPaths, rootfsPropagation.

load oci

# The propagation of mount point $1 inside: "shared:N", "master:N", "unbindable" or nothing.
propagation_of()
{
	awk -v at="$1" '$5 == at {tags = ""; for (i = 7; $i != "-"; i++) tags = tags $i " "} END {print tags}' <<<"$output"
}

# The line of mountinfo for mount point $1 inside, from "$output".
line_of()
{
	awk -v at="$1" '$5 == at {found = $0} END {print found}' <<<"$output"
}

mount_entry()
{
	conf ".mounts += [{destination: \$d, type: \$t, source: \$s, options: $4}]" --arg d "$1" --arg t "$2" --arg s "$3"
}

more_teardown()
{
	local mount

	for mount in $(awk -v top="$T/" 'index($5, top) == 1 {print $5}' /proc/self/mountinfo | sort -r); do
		umount "$mount"
	done
}

@test "the default mounts are what the configuration says" {
	conf '.process.args = ["cat", "/proc/self/mountinfo"]'
	ok_container
	[[ $(line_of /) == *" / / ro,"* || $(line_of /) == *" / ro,"* ]] || shown
	[[ $(line_of /proc) == *"rw,relatime - proc proc"* ]] || shown
	[[ $(line_of /dev) == *"rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755"* ]] || shown
	[[ $(line_of /dev/pts) == *"rw,nosuid,noexec,relatime - devpts devpts rw,gid=5,mode=620,ptmxmode=666"* ]] || shown
	[[ $(line_of /dev/shm) == *"rw,nosuid,nodev,noexec,relatime - tmpfs shm rw,size=65536k"* ]] || shown
	[[ $(line_of /dev/mqueue) == *"nosuid,nodev,noexec,relatime - mqueue"* ]] || shown
	[[ $(line_of /sys) == *"ro,nosuid,nodev,noexec,relatime - sysfs"* ]] || shown
	[[ $(line_of /sys/fs/cgroup) == *"ro,nosuid,nodev,noexec,relatime - cgroup2"* ]] || shown
	# Nothing of the host's is visible.
	run -1 grep -F "$BATS_RUN_TMPDIR" <(awk '{print $5}' <<<"$output")
}

@test "a read-only root is read only, a writable one isn't" {
	script 'touch /x'
	container
	[[ $status != 0 ]]
	has "Read-only file system"
	own_rootfs
	ok_container
	[[ -e $ROOTFS/x ]]
	conf '.root.readonly = true'
	container
	has "Read-only file system"
	script 'touch /dev/shm/x && echo fine'
	ok_container
	is fine
}

@test "the root may be relative, a link's target, and has to be a directory" {
	own_rootfs
	script 'echo fine'
	ok_container
	is fine
	conf '.root.path = "missing"'
	refused_container "root.path"
	echo >"$B/file"
	conf '.root.path = "file"'
	refused_container "root.path"
	mkdir "$B/empty"
	conf '.root.path = "empty"'
	refused_container 'exec "sh"'
	conf '.root.path = ""'
	refused_container "root.path"
}

@test "binds: file, directory, read only, recursive, of a missing source" {
	mounts_on_host
	own_rootfs
	mkdir -p "$T/src/sub"
	echo data >"$T/src/file"
	mount -t tmpfs none "$T/src/sub"
	echo deep >"$T/src/sub/file"
	mount_entry /data none "$T/src" '["bind"]'
	mount_entry /tree none "$T/src" '["rbind", "ro"]'
	mount_entry /etc/new/file none "$T/src/file" '["bind", "ro"]'
	mount_entry /whole none "$T/src" '["rbind", "rro"]'
	script 'cat /data/file /tree/sub/file /etc/new/file; ls /data/sub; echo 1 >/data/w && rm /data/w && echo written
		touch /tree/x 2>&1; touch /tree/sub/x && rm /tree/sub/x && echo below; touch /whole/sub/x 2>&1; touch /etc/new/file 2>&1; true'
	ok_container
	is $'data\ndeep\ndata\nwritten\ntouch: /tree/x: Read-only file system\nbelow\ntouch: /whole/sub/x: Read-only file system\ntouch: /etc/new/file: Read-only file system'
	[[ -f $ROOTFS/etc/new/file && -d $ROOTFS/data ]]
	umount "$T/src/sub"
	conf '.mounts += [{destination: "/x", source: "/no/such/source", options: ["bind"]}]'
	refused_container "/no/such/source"
	has "mounts["
}

@test "a relative source is in the bundle" {
	own_rootfs
	mkdir "$B/data"
	echo data >"$B/data/file"
	mount_entry /data none data '["rbind"]'
	conf '.process.args = ["cat", "/data/file"]'
	ok_container
	is data
}

@test "the options of a mount act on it" {
	own_rootfs
	cp /bin/busybox "$ROOTFS/bin/true.x"
	mkdir "$T/src"
	cp /bin/busybox "$T/src/id"
	mknod "$T/src/null" c 1 3
	local option expected
	while read -r option expected; do
		conf '.mounts |= map(select(.destination != "/data"))'
		mount_entry /data none "$T/src" "[\"bind\", \"$option\"]"
		conf '.process.args = ["cat", "/proc/self/mountinfo"]'
		ok_container
		[[ ,$(line_of /data | cut -d' ' -f6), == *,"$expected",* ]] || { echo "$option"; line_of /data; return 1; }
	done <<-EOF2
		ro ro
		rw rw
		nosuid nosuid
		nodev nodev
		noexec noexec
		noatime noatime
		nodiratime nodiratime
		relatime relatime
		nosymfollow nosymfollow
		rnosuid nosuid
		rnoexec noexec
	EOF2
	conf '.mounts |= map(select(.destination != "/data"))'
	mount_entry /data none "$T/src" '["bind", "noexec", "nodev"]'
	script '/data/id 2>&1; cat /data/null 2>&1'
	container
	has "/data/id: Permission denied"
	has "'/data/null': Permission denied"
	# The later one wins.
	conf '.mounts |= map(select(.destination != "/data"))'
	mount_entry /data none "$T/src" '["bind", "ro", "noexec", "exec", "rw"]'
	script '/data/id >/dev/null && touch /data/w && echo both'
	ok_container
	is both
}

@test "an overlay of deep layers: options that are longer than fsconfig takes" {
	local deep options

	deep=$T/$(printf 'd%.0s' {1..140})
	mkdir -p "$deep"/{lower,middle,upper,work}
	echo low >"$deep/lower/low"
	echo mid >"$deep/middle/mid"
	options=$(jq -n -c --arg d "$deep" '["lowerdir=\($d)/middle:\($d)/lower", "upperdir=\($d)/upper", "workdir=\($d)/work", "private"]')
	mount_entry /mnt overlay overlay "$options"
	mount_entry /tmp overlay overlay "$(jq -c '.[:1] + ["ro", "nosuid", "noexec"]' <<<"$options")"
	script 'cat /mnt/low /mnt/mid; echo new >/mnt/new; touch /tmp/x; grep -E " /(mnt|tmp|proc) " /proc/mounts | cut -d " " -f 1-4 | cut -c 1-40'
	ok_container
	has $'low\nmid\ntouch: /tmp/x: Read-only file system'
	has "overlay /tmp overlay ro,nosuid,noexec"
	[[ $(grep -c " /proc proc" <<<"$output") == 1 ]] || shown
	[[ $(<"$deep/upper/new") == new ]]
}

@test "tmpfs takes its own options, and keeps the mode of what it covers" {
	own_rootfs
	chmod 1777 "$ROOTFS/tmp"
	mkdir -m 711 "$ROOTFS/closed"
	mount_entry /tmp tmpfs tmpfs '["size=1m", "nosuid"]'
	mount_entry /closed tmpfs tmpfs '["size=1m"]'
	mount_entry /given tmpfs tmpfs '["mode=0701", "uid=0", "gid=6", "nr_inodes=10"]'
	mount_entry /fresh/one tmpfs tmpfs '["size=1m"]'
	mount_entry /fresh2 tmpfs tmpfs '["size=1m"]'
	script 'stat -c "%a %u %g" /tmp /closed /given /fresh/one /fresh2; df -k /tmp | tail -1 | tr -s " " | cut -d" " -f2; for i in 1 2 3 4 5 6 7 8 9 10 11; do touch /given/$i || break; done 2>&1 | tail -1'
	ok_container
	has $'1777 0 0\n711 0 0\n701 0 6\n1777 0 0\n1777 0 0\n1024'
	has "No space left"
	mount_entry /bad tmpfs tmpfs '["size=nonsense"]'
	refused_container "tmpfs"
	has "size"
}

@test "mount options that can't be are refused by name" {
	mount_entry /mnt tmpfs tmpfs '["nosuchoption=1"]'
	refused_container "nosuchoption"
	cp "$BASE" "$B/config.json"
	mount_entry /mnt nosuchfs x '[]'
	refused_container "nosuchfs"
	cp "$BASE" "$B/config.json"
	mount_entry / tmpfs tmpfs '[]'
	refused_container "mounts[7].destination"
	cp "$BASE" "$B/config.json"
	mount_entry /mnt none /usr '["bind", "remount"]'
	refused_container 'mounts[7]: mount /mnt: option "remount": no entry before it mounts anything there'
	cp "$BASE" "$B/config.json"
	conf '.mounts += [{destination: "/mnt"}]'
	refused_container "mounts[7].type"
}

@test "remount: an entry changes what one before it has mounted, and leaves the rest" {
	mounts_on_host
	own_rootfs
	mkdir -p "$B/data/sub" "$B/data/in"
	touch "$B/data/file"
	# Filled first, read-only then.
	conf '.mounts += [{destination: "/mnt", type: "tmpfs", source: "x", options: ["nosuid", "nodev", "size=64k", "mode=755"]},
		{destination: "/mnt/a/b", source: "data", options: ["bind"]},
		{destination: "/mnt/", type: "tmpfs", options: ["remount", "ro", "noexec", "size=128k"]},
		{destination: "/data", source: "data", options: ["rbind", "nodev"]},
		{destination: "/data", options: ["bind", "remount", "ro"]}]'
	script 'grep -E " (/mnt|/data|/mnt/a/b) " /proc/self/mountinfo | cut -d" " -f5-6,9-; df -k /mnt | tail -n 1; touch /mnt/x 2>&1; touch /mnt/a/b/made; touch /data/x 2>&1'
	container
	grep -qE '^/mnt ro,nosuid,nodev,noexec,relatime .*size=128k,mode=755' <<<"$output" || shown
	grep -qE '^/mnt/a/b rw,relatime' <<<"$output" || shown
	grep -qE '^/data ro,nodev,relatime' <<<"$output" || shown
	[[ $(grep -c "Read-only file system" <<<"$output") == 2 ]] || shown
	has " 128 "
	[[ -e $B/data/made ]]
	# And back, several times; in a user namespace; with sync.
	userns
	chmod 777 "$ROOTFS" "$B/data"
	conf '.mounts |= .[0:7] | .mounts += [{destination: "/mnt", type: "tmpfs", source: "x", options: ["ro", "sync", "size=64k"]},
		{destination: "/mnt", type: "tmpfs", options: ["remount", "rw", "async"]}, {destination: "/mnt", options: ["remount", "nosuid"]}]'
	script 'grep " /mnt " /proc/self/mountinfo | cut -d" " -f5-6,9-; touch /mnt/x'
	ok_container
	grep -qE '^/mnt rw,nosuid,relatime .* rw,size=64k' <<<"$output" || shown
	[[ $output != *sync* ]] || shown
}

@test "remount: what can't be is refused by name" {
	mounts_on_host
	own_rootfs
	mkdir -p "$B/data/sub"
	local entry
	mount -t tmpfs -o size=1m none "$B/data"
	conf '.mounts += [{destination: "/mnt", source: "data", options: ["bind"]}]'
	for entry in '["remount", "size=2m"]' '["remount", "sync"]'; do
		conf '.mounts[8] = {destination: "/mnt", type: "tmpfs", options: $o}' --argjson o "$entry"
		refused_container "mounts[8]: mount /mnt: option \"remount\": a bind mount's filesystem is the host's"
	done
	run -0 findmnt -no FS-OPTIONS "$B/data"
	umount "$B/data"
	[[ $output == *size=1024k* && $output != *sync* ]] || shown
	conf '.mounts[8] = {destination: "/other", options: ["remount", "ro"]}'
	refused_container 'mounts[8]: mount /other: option "remount": no entry before it'
	conf '.mounts[8] = {destination: "/mnt", type: "tmpfs", options: ["remount", "tmpcopyup"]}'
	refused_container 'option "tmpcopyup" is for a new mount'
	conf '.mounts[7:] = [{destination: "/mnt", type: "tmpfs", source: "x"}, {destination: "/mnt", type: "tmpfs", options: ["remount", "nosuch=1"]}]'
	refused_container "nosuch=1"
}

@test "propagation of a mount, and of the root" {
	mounts_on_host
	own_rootfs
	mkdir "$T/src"
	mount -t tmpfs none "$T/src"
	mount --make-shared "$T/src"
	local option expected
	while read -r option expected; do
		conf '.mounts |= map(select(.destination != "/data"))'
		mount_entry /data none "$T/src" "[\"rbind\", \"$option\"]"
		conf '.process.args = ["cat", "/proc/self/mountinfo"]'
		ok_container
		[[ $(propagation_of /data) =~ $expected ]] || { echo "$option:"; line_of /data; return 1; }
	done <<-EOF2
		rprivate ^$
		rslave master:
		slave master:
		shared shared:
		runbindable unbindable
	EOF2
	while read -r option expected; do
		conf '.linux.rootfsPropagation = $p' --arg p "$option"
		ok_container
		[[ $(propagation_of /) =~ $expected ]] || { echo "$option:"; line_of /; return 1; }
	done <<-EOF2
		private ^$
		shared shared:
		unbindable unbindable
	EOF2
	conf '.linux.rootfsPropagation = "strange"'
	refused_container "linux.rootfsPropagation"
}

@test "a slave sees later mounts of the host, and gives none back" {
	mounts_on_host
	own_rootfs
	mkdir "$T/src"
	mount -t tmpfs none "$T/src"
	mount --make-shared "$T/src"
	mkdir "$T/src/later" "$T/src/back"
	mount_entry /data none "$T/src" '["rbind", "rslave"]'
	all_caps
	background 'while [ ! -e /go ]; do sleep 0.05; done; mount -t tmpfs none /data/back; touch /data/back/secret; exec sleep 600'
	mount -t tmpfs none "$T/src/later"
	touch "$T/src/later/file"
	ok W exec "$ID" ls /data/later
	grep -qx file <<<"$output" # beside a warning where not all capabilities are to be had
	touch "$ROOTFS/go"
	wait_for W exec "$ID" test -e /data/back/secret
	[[ ! -e $T/src/back/secret ]]
	ok W delete -f "$ID"
	# Without an option a bind is private: nothing comes in later.
	umount "$T/src/later"
	conf '.mounts |= map(select(.destination != "/data"))'
	mount_entry /data none "$T/src" '["rbind"]'
	rm "$ROOTFS/go"
	background 'sleep 600'
	mount -t tmpfs none "$T/src/later"
	touch "$T/src/later/file"
	ok W exec "$ID" ls /data/later
	[[ $output != *file* ]] || shown
}

@test "mounts of the container stay in it" {
	mounts_on_host
	own_rootfs
	mount --bind "$ROOTFS" "$ROOTFS"
	mount --make-rshared "$ROOTFS"
	local before
	before=$(wc -l </proc/self/mountinfo)
	for propagation in private slave shared rshared; do
		conf '.linux.rootfsPropagation = $p' --arg p "$propagation"
		background
		[[ $(wc -l </proc/self/mountinfo) == "$before" ]]
		ok W delete -f "$ID"
	done
}

@test "the default devices, links and the terminal multiplexer" {
	script 'cd /dev; stat -c "%n %F %a %t:%T" null zero full random urandom tty; for l in fd stdin stdout stderr ptmx; do echo "$l $(readlink $l)"; done
		ls; echo x >/dev/null; head -c 4 /dev/zero | od -An -tx1; head -c 1 /dev/urandom | wc -c; echo x 2>&1 >/dev/full; echo out >>/dev/stdout'
	ok_container
	has $'null character special file 666 1:3\nzero character special file 666 1:5\nfull character special file 666 1:7\nrandom character special file 666 1:8\nurandom character special file 666 1:9\ntty character special file 666 5:0'
	has $'fd /proc/self/fd\nstdin /proc/self/fd/0\nstdout /proc/self/fd/1\nstderr /proc/self/fd/2\nptmx pts/ptmx'
	has $'fd\nfull\nmqueue\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero'
	has "00 00 00 00"
	has $'1\nsh: write error: No space left on device\nout'
}

@test "a mount in the place of a default device is meant, also in a user namespace" {
	own_rootfs
	echo text >"$T/file"
	conf '.mounts += [{destination: "/dev/random", source: "/dev/urandom", options: ["bind"]}, {destination: "/dev/full", source: $f, options: ["bind"]}]' --arg f "$T/file"
	script 'stat -c %t:%T /dev/random; cat /dev/full; stat -c %t:%T /dev/null'
	ok_container
	is $'1:9\ntext\n1:3'
	userns
	ok_container
	is $'1:9\ntext\n1:3'
	# One that linux.devices names has to be that (config-linux.md, "Devices").
	conf '.linux.devices = [{path: "/dev/random", type: "c", major: 1, minor: 8}] | .linux.namespaces |= map(select(.type != "user"))
		| del(.linux.uidMappings, .linux.gidMappings)'
	refused_container "linux.devices[0]: device /dev/random: the root has something else there"
}

@test "configured devices" {
	conf '.linux.devices = [{path: "/dev/zero2", type: "c", major: 1, minor: 5, fileMode: 416, uid: 7, gid: 8},
		{path: "/dev/sub/dir/full", type: "u", major: 1, minor: 7}, {path: "/dev/fifo", type: "p", fileMode: 384},
		{path: "/dev/loopx", type: "b", major: 7, minor: 0, fileMode: 432}, {path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 33206}]
		| .linux.resources.devices = []'
	script 'stat -c "%n %F %a %u:%g %t:%T" /dev/zero2 /dev/sub/dir/full /dev/fifo /dev/loopx /dev/null'
	ok_container
	is $'/dev/zero2 character special file 640 7:8 1:5\n/dev/sub/dir/full character special file 666 0:0 1:7\n/dev/fifo fifo 600 0:0 0:0\n/dev/loopx block special file 660 0:0 7:0\n/dev/null character special file 666 0:0 1:3'
	conf '.linux.devices = [{path: "dev/x", type: "c", major: 1, minor: 5}]'
	refused_container "linux.devices[0].path"
	conf '.linux.devices = [{path: "/dev/x", type: "z", major: 1, minor: 5}]'
	refused_container "linux.devices[0].type"
	conf '.linux.devices = [{path: "/dev/x", type: "c", minor: 5}]'
	refused_container "linux.devices[0].major"
	conf '.linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 99999999}]'
	refused_container "linux.devices[0].minor"
}

@test "a bound /dev stays as it is" {
	own_rootfs
	mkdir "$T/dev"
	mknod "$T/dev/mine" c 1 3
	conf '.mounts |= map(select(.destination | startswith("/dev") | not))'
	mount_entry /dev none "$T/dev" '["bind"]'
	conf '.process.args = ["ls", "/dev"]'
	ok_container
	is mine
	[[ $(ls "$T/dev") == mine ]]
}

# The creator makes the network namespace meanwhile, which sysfs waits for: what is not below /sys is mounted first.
@test "mounts, masks and devices around a sysfs that waits for its network namespace" {
	own_rootfs
	mkdir -p "$ROOTFS/data"
	ln -s /sys/kernel "$ROOTFS/link"
	ln -s ../../sys/class "$ROOTFS/data/hidden"
	ln -s /sys/block "$ROOTFS/fixed"
	conf '.mounts += [{destination: "/data/mine", type: "tmpfs", source: "x"}, {destination: "/sys/fs", type: "tmpfs", source: "x"},
			{destination: "/sys/fs/in", type: "tmpfs", source: "x"}, {destination: "/link", type: "tmpfs", source: "x"},
			{destination: "/sys/kernel/in", type: "tmpfs", source: "x"}, {destination: "/data/more", type: "tmpfs", source: "x"}]
		| .linux.maskedPaths += ["/data/hidden", "//sys/devices", "/sys/./bus"] | .linux.readonlyPaths += ["/fixed", "/data/mine"]'
	script 'for p in /sys /sys/fs /sys/fs/in /sys/kernel /sys/kernel/in /data/mine /data/more; do echo "$p $(stat -f -c %T $p)"; done
		ls -A /sys/class /sys/devices /sys/bus | grep -v : | grep .
		for p in /sys/block /data/mine; do sed -n "s,^[^ ]* [^ ]* [^ ]* [^ ]* \($p\) ro.*,\1 ro,p" /proc/self/mountinfo; done
		cat /sys/class/net/lo/ifindex 2>&1; ls /proc/sys/net/ipv4/conf'
	ok_container
	is "/sys sysfs
/sys/fs tmpfs
/sys/fs/in tmpfs
/sys/kernel tmpfs
/sys/kernel/in tmpfs
/data/mine tmpfs
/data/more tmpfs
/sys/block ro
/data/mine ro
cat: can't open '/sys/class/net/lo/ifindex': No such file or directory
all
default
lo"
	# With more of them than the child keeps descriptors of, and a device that is not right in /dev.
	mkdir "$ROOTFS/many"
	conf '.mounts = .mounts[:7] + [range(70) | {destination: "/many/\(.)", type: "tmpfs", source: "x"}]
		| .linux.maskedPaths = ["/proc/keys", "/proc/acpi", "/sys/firmware"] + [range(70) | "/proc/none\(.)"] + ["/sys/kernel"]
		| .linux.devices = [{path: "/dev/net/tun", type: "c", major: 10, minor: 200}, {path: "/dev/other", type: "c", major: 1, minor: 3}]'
	script 'stat -f -c %T /sys /many/69; ls -A /sys/kernel /sys/firmware | grep -v : | grep .; for d in null tty other net/tun; do [ -c /dev/$d ] && echo $d; done'
	ok_container
	is $'sysfs\ntmpfs\nnull\ntty\nother\nnet/tun'
}

@test "masked and read-only paths" {
	own_rootfs
	mkdir -p "$ROOTFS/secret/dir" "$ROOTFS/fixed/dir"
	echo hidden >"$ROOTFS/secret/dir/file"
	echo hidden >"$ROOTFS/secret/file"
	echo kept >"$ROOTFS/fixed/dir/file"
	conf '.linux.maskedPaths += ["/secret/dir", "/secret/file", "/not/there"] | .linux.readonlyPaths += ["/fixed", "/nor/this"]'
	script 'ls -A /secret/dir | wc -l; cat /secret/file | wc -c; touch /secret/dir/x 2>&1; echo x >/secret/file; cat /fixed/dir/file; touch /fixed/dir/x 2>&1
		for p in /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug; do [ ! -e $p ] || { [ -c $p ] && head -c 1 $p | wc -c; }; done | sort -u
		for p in /proc/acpi /proc/scsi /sys/firmware /proc/asound; do [ ! -d $p ] || ls -A $p; done
		echo 1 2>&1 >/proc/sys/kernel/panic; sed -n "s,.* \(/proc/[a-z-]*\) ro.* - proc .*,\1,p" /proc/self/mountinfo | sort'
	ok_container
	is $'0\n0\ntouch: /secret/dir/x: Read-only file system\nkept\ntouch: /fixed/dir/x: Read-only file system\n0\nsh: can\'t create /proc/sys/kernel/panic: Read-only file system\n'"$(ls -d /proc/{bus,fs,irq,sys,sysrq-trigger} 2>/dev/null)"
	[[ $(cat "$ROOTFS/secret/file") == hidden ]]
	conf '.linux.maskedPaths = ["relative"]'
	refused_container "linux.maskedPaths[0]"
	conf '.linux.maskedPaths = [] | .linux.readonlyPaths = ["/a/../b"]'
	refused_container "linux.readonlyPaths[0]"
}

@test "masks can't be taken off by a guest without the right to mount" {
	script 'umount /proc/timer_list 2>&1; umount -l /proc/acpi 2>&1; mount -o remount,rw,bind /proc/sys 2>&1; [ -c /proc/timer_list ] && head -c 1 /proc/timer_list | wc -c'
	ok_container
	[[ $(tail -1 <<<"$output") == 0 && $(grep -c "mount:" <<<"$output") == 3 ]] || shown
}

@test "--no-pivot" {
	conf '.process.args = ["cat", "/proc/self/mountinfo"]'
	ok W run --no-pivot --bundle "$B" "$ID"
	[[ $(line_of /proc) == *"- proc proc"* ]] || shown
	run -1 grep -F "$BATS_RUN_TMPDIR" <(awk '{print $5}' <<<"$output")
}

@test "a thousand mounts" {
	own_rootfs
	mkdir "$T/src"
	jq --arg s "$T/src" '.mounts += [range(1000) | {destination: "/many/\(.)", source: $s, options: ["bind", "ro"]}]' \
		"$B/config.json" >"$T/big"
	mv "$T/big" "$B/config.json"
	script 'grep -c /many/ /proc/self/mountinfo'
	ok_container
	is 1000
}

@test "a user namespace without a cgroup namespace sees the host's cgroup tree" {
	userns
	conf '.linux.namespaces |= map(select(.type != "cgroup"))'
	script 'grep " /sys/fs/cgroup " /proc/self/mountinfo; cat /sys/fs/cgroup/wabe*/*/cgroup.procs'
	ok_container
	has " - cgroup2 "
	has $'\n1'
	conf '.linux.namespaces += [{type: "cgroup"}]'
	script 'cat /sys/fs/cgroup/cgroup.procs'
	ok_container
	has 1
}

# Descriptors are closed after every 64 mounts; sysfs waits for the network namespace (where nothing else is waited for: v2), and who
# goes through a link for sysfs. A source that got the number of a hole in the caller's descriptors would be spared.
@test "v2: a bind whose target is behind a link, after a sysfs that is the 64th mount; and 200 more" {
	local fd
	own_rootfs
	for fd in {3..40}; do
		[[ -e /proc/self/fd/$fd ]] || eval "exec $fd</dev/null"
	done
	mkdir "$T/source" "$ROOTFS/place" "$ROOTFS/mnt2"
	touch "$T/source/it-is"
	ln -s place "$ROOTFS/link"
	conf '.mounts |= (map(select(.type != "sysfs" and .type != "cgroup")) as $rest | $rest +
		[range(63 - ($rest | length)) | {destination: "/mnt2", type: "tmpfs", source: "t"}] +
		[{destination: "/sys", type: "sysfs", source: "s"}, {destination: "/link", type: "bind", source: $d, options: ["bind"]}])' --arg d "$T/source"
	script 'ls /place /sys/class'
	ok_container
	has it-is
	has net
	conf '.mounts += [range(200) | {destination: "/mnt2", type: "bind", source: $d, options: ["rbind", "ro"]}]' --arg d "$T/source"
	script 'ls /place /mnt2; grep -c " /mnt2 " /proc/self/mountinfo'
	ok_container
	has it-is
	[[ $(tail -n 1 <<<"$output") == 258 ]] || shown
}
