#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Mounts with ids mapped, tmpfs that begin as copies, attributes for whole trees, links in place of mounts.

load oci

mount_entry()
{
	conf ".mounts += [{destination: \$d, type: \$t, source: \$s, options: $4} + (\$more | fromjson)]" \
		--arg d "$1" --arg t "$2" --arg s "$3" --arg more "${5-"{}"}"
}

more_setup()
{
	own_rootfs
	mkdir "$B/src" "$B/src/sub" "$ROOTFS/data"
	touch "$B/src/file"
	chown 3:4 "$B/src/file"
	chmod 755 "$B/src"
}

more_teardown()
{
	local mount

	for mount in $(awk -v top="$T/" 'index($5, top) == 1 {print $5}' /proc/self/mountinfo | sort -r); do
		umount "$mount"
	done
}

# A pair of mappings for a mount: ids from 0 on disk show from $1 on.
maps()
{
	echo "{\"uidMappings\": [{\"containerID\": 0, \"hostID\": $1, \"size\": ${2:-1000}}], \"gidMappings\": [{\"containerID\": 0, \"hostID\": $1, \"size\": ${2:-1000}}]}"
}

can_idmap()
{
	unshare -m python3 - "$1" <<-'EOF' || skip "the filesystem of $1 has no idmapped mounts"
		import ctypes, os, struct, sys
		libc = ctypes.CDLL(None, use_errno=True)
		r, w = os.pipe()
		pid = os.fork()
		if pid == 0:
		    libc.unshare(0x10000000)
		    os.write(w, b"x")
		    os.pause() if hasattr(os, "pause") else __import__("signal").pause()
		os.read(r, 1)
		for name in "uid_map", "gid_map":
		    open(f"/proc/{pid}/{name}", "w").write("0 1000 10")
		ns = os.open(f"/proc/{pid}/ns/user", 0)
		fd = libc.syscall(428, -100, sys.argv[1].encode(), 1 | 0o2000000)
		attr = struct.pack("QQQQ", 0x100000, 0, 0, ns)
		result = libc.syscall(442, fd, b"", 0x1000, attr, len(attr))
		os.kill(pid, 9)
		sys.exit(result != 0)
	EOF
}

@test "ids of a bind are mapped as it says, with and without a user namespace" {
	can_idmap "$B/src"
	mount_entry /data none src '["bind", "idmap"]' "$(maps 5000)"
	script 'stat -c %u:%g /data/file; touch /data/new 2>&1; stat -c %u:%g /etc/passwd'
	container
	is $'5003:5004\ntouch: /data/new: Value too large for defined data type\n0:0'
	conf '.process.user = {uid: 5007, gid: 5008}'
	chmod 777 "$B/src"
	script 'touch /data/new && stat -c %u:%g /data/new'
	ok_container
	is 5007:5008
	[[ $(stat -c %u:%g "$B/src/new") == 7:8 ]]
	conf 'del(.process.user) | .process.user = {uid: 0, gid: 0} | .mounts[-1] |= (del(.uidMappings, .gidMappings) | .options += ["ro"])'
	userns
	script 'stat -c %u:%g /data/file; touch /data/x 2>&1; stat -c %u /proc/1'
	container
	is $'3:4\ntouch: /data/x: Read-only file system\n0'
	# Mappings of a mount may differ from the container's; the option is a wish of the specification, no more.
	conf '.mounts[-1] += ($m | fromjson) | .mounts[-1].options = ["bind"]' --arg m "$(maps 100500)"
	script 'stat -c %u:%g /data/file'
	ok_container
	is 503:504
	conf '.mounts[-1].gidMappings[0].hostID = 100010'
	ok_container
	is 503:14
}

@test "ridmap maps the mounts below too, idmap does not" {
	mounts_on_host
	can_idmap "$B/src"
	mount --bind "$B/src" "$B/src/sub"
	mount_entry /one none src '["rbind", "idmap"]' "$(maps 5000)"
	mount_entry /all none src '["rbind", "ridmap"]' "$(maps 5000)"
	script 'stat -c %u:%g /one/file /one/sub/file /all/file /all/sub/file'
	ok_container
	is $'5003:5004\n3:4\n5003:5004\n5003:5004'
	# A tree with what can't be mapped fails as a whole.
	umount "$B/src/sub"
	mount -t proc none "$B/src/sub"
	refused_container "mounts[8]: idmap of src"
}

@test "a joined user namespace gives its maps" {
	can_idmap "$B/src"
	userns
	background
	conf '.linux.namespaces[-1].path = $p | .linux.uidMappings = [] | .linux.gidMappings = []' --arg p "/proc/$(pid_of)/ns/user"
	mount_entry /data none src '["bind", "idmap"]'
	conf '.process.args = ["stat", "-c", "%u:%g", "/data/file"]'
	ok W run --bundle "$B" "$ID-2"
	is 3:4
}

@test "mappings that can't be are refused with their place" {
	mount_entry /data none src '["bind", "idmap"]'
	refused_container "mounts[7].uidMappings: missing"
	conf '.mounts[-1] += ($m | fromjson)' --arg m "$(maps 5000)"
	conf 'del(.mounts[-1].gidMappings)'
	refused_container "mounts[7].gidMappings: missing"
	conf '.mounts[-1] += ($m | fromjson)' --arg m "$(maps 5000 0)"
	refused_container "mounts[7].uidMappings[0].size"
	conf '.mounts[-1] += ($m | fromjson)' --arg m "$(maps 4294967295 10)"
	refused_container "mounts[7].uidMappings[0]"
	conf '.mounts[-1] += ($m | fromjson) | .mounts[-1].gidMappings += .mounts[-1].gidMappings' --arg m "$(maps 1)"
	refused_container "mounts[7].gidMappings[1]: overlaps"
	conf '.mounts[-1].gidMappings = "x"'
	refused_container "mounts[7].gidMappings"
	conf '.mounts[-1] = ({destination: "/data", type: "tmpfs", source: "x"} + ($m | fromjson))' --arg m "$(maps 1)"
	refused_container "mounts[7].options"
	has "only a bind mount"
	conf '.mounts[-1] = ({destination: "/data", source: "/proc", options: ["bind", "idmap"]} + ($m | fromjson))' --arg m "$(maps 1)"
	refused_container "mounts[7]: idmap of /proc"
}

@test "attributes for a whole tree" {
	mounts_on_host
	local option want
	mount -t tmpfs -o strictatime none "$B/src/sub"
	while read -r option want; do
		conf '.mounts |= map(select(.destination != "/data")) | .process.args = ["awk", "$5 ~ \"^/data\" {print $6}", "/proc/self/mountinfo"]'
		mount_entry /data none src "[\"rbind\", \"$option\"]"
		ok_container
		[[ $(grep -cE "(^|,)$want(,|\$)" <<<"$output") == 2 ]] || { echo "$option"; shown; }
	done <<-EOF
		rro ro
		rnosuid nosuid
		rnodev nodev
		rnoexec noexec
		rnoatime noatime
		rnodiratime nodiratime
		rnosymfollow nosymfollow
		rrelatime relatime
	EOF
	conf '.mounts[-1].options = ["rbind", "rstrictatime"]'
	ok_container
	is $'rw\nrw'
	# The opposite takes away what the source has.
	mount -o remount,ro,nosuid,nodev,noexec,bind "$B/src/sub"
	conf '.mounts[-1].options = ["rbind", "rrw", "rsuid", "rdev", "rexec"]'
	ok_container
	[[ $(tail -n 1 <<<"$output") == rw* && $output != *no[sde]* ]] || shown
}

@test "a tmpfs begins with a copy of what it covers" {
	local dir=$ROOTFS/var/tmp
	mkdir -m 2751 "$dir/dir"
	mkdir -m 700 "$dir/dir/closed"
	printf 'some text\n' >"$dir/dir/closed/file"
	printf 'x' >"$dir/setuid"
	chown 7:8 "$dir/setuid" "$dir/dir" "$dir"
	chmod 4755 "$dir/setuid"
	chmod 1777 "$dir"
	ln -s /etc/passwd "$dir/link"
	ln -s nowhere "$dir/dangling"
	chown -h 9:10 "$dir/link"
	mkfifo -m 640 "$dir/fifo"
	mknod -m 660 "$dir/null" c 1 3
	touch -d 2001-02-03 "$dir/setuid" "$dir/dir"
	truncate -s 1T "$dir/sparse"
	printf end | dd of="$dir/sparse" bs=1 seek=5G conv=notrunc status=none
	: >"$dir/empty"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$dir/socket"
	mount_entry /var/tmp tmpfs tmpfs '["tmpcopyup", "size=1m", "nosuid"]'
	conf '.process.capabilities |= with_entries(.value += ["CAP_DAC_OVERRIDE"])'
	script 'cd /var/tmp; find . ! -name sparse | sort | xargs stat -c "%n %F %a %u:%g %t:%T"; cat dir/closed/file; readlink link; readlink dangling
		stat -c "%Y" setuid dir; stat -c %s sparse; dd if=sparse bs=1M skip=5120 count=1 2>/dev/null | head -c 3; echo; echo gone >dir/closed/file; rm empty; df . | tail -1 | cut -d" " -f1'
	ok_container
	is '. directory 1777 7:8 0:0
./dangling symbolic link 777 0:0 0:0
./dir directory 2751 7:8 0:0
./dir/closed directory 2700 0:0 0:0
./dir/closed/file regular file 644 0:0 0:0
./empty regular empty file 644 0:0 0:0
./fifo fifo 640 0:0 0:0
./link symbolic link 777 9:10 0:0
./null character special file 660 0:0 1:3
./setuid regular file 4755 7:8 0:0
./socket socket 755 0:0 0:0
some text
/etc/passwd
nowhere
'"$(date -d 2001-02-03 +%s)"'
'"$(date -d 2001-02-03 +%s)"'
1099511627776
end
tmpfs'
	[[ $(cat "$dir/dir/closed/file") == "some text" && -e $dir/empty ]]
}

@test "a copy that is read-only, of nothing, with a mode and an owner, in a user namespace" {
	echo text >"$ROOTFS/var/tmp/file"
	mount_entry /var/tmp tmpfs tmpfs '["tmpcopyup", "ro", "mode=0711", "uid=5"]'
	mount_entry /var/new/dir tmpfs tmpfs '["tmpcopyup"]'
	script 'cat /var/tmp/file; touch /var/tmp/x 2>&1; stat -c "%a %u:%g" /var/tmp /var/new/dir; ls -A /var/new/dir; touch /var/new/dir/x'
	ok_container
	is $'text\ntouch: /var/tmp/x: Read-only file system\n711 5:0\n1777 0:0'
	chown -R 100000:100000 "$ROOTFS"
	chown 100007:100008 "$ROOTFS/var/tmp/file"
	userns
	script 'stat -c %u:%g /var/tmp/file; cat /var/tmp/file'
	ok_container
	is $'7:8\ntext'
	mknod "$ROOTFS/var/tmp/null" c 1 3
	refused_container "mounts[7]: tmpcopyup: copy null: Operation not permitted"
}

@test "a copy that a tmpfs can't hold fails the container" {
	mkdir -p "$ROOTFS/var/tmp/deep/dir"
	head -c 3M /dev/urandom >"$ROOTFS/var/tmp/deep/dir/big"
	mount_entry /var/tmp tmpfs tmpfs '["tmpcopyup", "size=1m"]'
	refused_container "mounts[7]: deep: dir: tmpcopyup: copy big: No space left on device"
	rm "$ROOTFS/var/tmp/deep/dir/big"
	touch "$ROOTFS"/var/tmp/deep/{1..50}
	conf '.mounts[-1].options = ["tmpcopyup", "nr_inodes=20"]'
	refused_container "No space left on device"
	conf '.mounts[-1] = {destination: "/var/tmp", type: "ramfs", source: "x", options: ["tmpcopyup"]}'
	refused_container "mounts[7].options: mount /var/tmp: option \"tmpcopyup\""
}

@test "a copied link is the source's, and nothing else" {
	ln -s ../elsewhere/file "$B/link"
	mount_entry /etc/more/link none link '["bind", "copy-symlink"]'
	mount_entry /file none src/file '["bind", "copy-symlink"]'
	script 'readlink /etc/more/link; stat -c %u:%g /file'
	ok_container
	is $'../elsewhere/file\n3:4'
	# Once more over what the first one left.
	ok_container
	ln -sf other "$B/link"
	refused_container "mounts[7]: link /etc/more/link: the root has something else there"
	conf '.mounts[7] = {destination: "/tmp/x", type: "tmpfs", source: "x", options: ["copy-symlink"]}'
	refused_container "mounts[7].options"
	conf '.mounts[7] = {destination: "/tmp/x", source: "missing", options: ["bind", "copy-symlink"]}'
	refused_container "mounts[7]"
}

@test "features name what is there" {
	ok W features
	[[ $(jq -c '[.linux.mountExtensions.idmap.enabled, (.mountOptions | contains(["idmap", "ridmap", "tmpcopyup", "copy-symlink", "rro", "rnosymfollow"]))]' <<<"$output") == "[true,true]" ]]
}

@test "what only a filesystem can be told has no effect on a bind mount, which is said" {
	mkdir "$T/source"
	conf '.mounts += [{destination: "/mnt", type: "bind", source: $source, options: ["bind", "nosuid", "sync", "mode=700", "Z"]}]' --arg source "$T/source"
	script 'grep " /mnt " /proc/self/mountinfo'
	ok_container
	has "nosuid"
	has 'option "mode=700" has no effect on a bind mount'
}

# A mount that is attached below a shared one is made shared with it (mount_namespaces(7)).
@test "private and slave binds below a shared one are what they are to be" {
	local propagation
	mkdir -p "$T/a/sub" "$T/b"
	mount --bind "$T/a" "$T/a"
	mount --make-shared "$T/a"
	mount --bind "$T/b" "$T/b"
	mount --make-shared "$T/b"
	for propagation in rprivate private rslave; do
		cp "$BASE" "$B/config.json"
		conf '.root.path = $r | .mounts += [{destination: "/data", type: "bind", source: $a, options: ["rbind", "rshared"]},
			{destination: "/data/sub", type: "bind", source: $b, options: ["rbind", $p]}]' --arg r "$ROOTFS" --arg a "$T/a" --arg b "$T/b" --arg p "$propagation"
		script 'grep " /data/sub " /proc/self/mountinfo'
		ok_container
		[[ $output != *shared:* ]] || shown
		[[ $propagation != rslave || $output == *master:* ]] || shown
		# What was mounted below a shared mount is on the host as well.
		umount "$T/a/sub"
	done
}
