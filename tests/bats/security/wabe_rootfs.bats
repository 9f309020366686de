#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hostile root filesystems: links and races in the paths that the runtime mounts, makes and writes. The number in a name is
# the CVE in which another runtime fell for it.

load ../oci

more_setup()
{
	own_rootfs
	CANARY=$T/canary
	mkdir "$CANARY"
	echo secret >"$CANARY/file"
	mkdir "$CANARY/dir"
	chmod 640 "$CANARY/file"
	chown 12:34 "$CANARY/file"
	canary_facts >"$T/canary.before"
}

canary_facts()
{
	(cd "$CANARY" && find . -printf '%p %y %m %U %G %s %n %T@ %i\n' | sort && cat file)
}

# The runtime refused, and nothing outside of the root changed.
canary_lives()
{
	canary_facts | diff "$T/canary.before" -
}

# Not let through: either an error, or what happened, happened inside. $1 must not show in its output.
stays_inside()
{
	call W run --bundle "$B" "$ID"
	[[ $status -lt 124 ]] || shown
	[[ $output != *secret* ]] || shown
	canary_lives
	[[ ! -e $STATE/$ID ]]
}

@test "/proc and /sys that are links are refused (2019-19921, 2023-27561, 2023-28642)" {
	local dir target
	for dir in proc sys; do
		for target in /tmp tmp ../tmp "$CANARY" /proc/self/root /nonexistent; do
			rmdir "$ROOTFS/$dir" 2>/dev/null || rm "$ROOTFS/$dir"
			ln -s "$target" "$ROOTFS/$dir"
			refused_container "no symbolic link is allowed there"
			canary_lives
		done
		rm "$ROOTFS/$dir"
		mkdir "$ROOTFS/$dir"
	done
}

@test "another spelling of /proc is the same place (2019-19921)" {
	rmdir "$ROOTFS/proc"
	ln -s tmp "$ROOTFS/proc"
	local spelling
	for spelling in /proc/ //proc /./proc /tmp/../proc proc /proc/. ; do
		conf '.mounts[0].destination = $d' --arg d "$spelling"
		refused_container "symbolic link"
	done
}

@test "nothing but a procfs goes over /proc (2019-16884)" {
	mkdir -p "$B/fake/self"
	local spelling
	for spelling in /proc //proc/ /x/../proc; do
		conf '.mounts[0] = {destination: $d, source: $s, options: ["bind"]}' --arg d "$spelling" --arg s "$B/fake"
		refused_container "not a procfs"
		conf '.mounts[0] = {destination: $d, type: "tmpfs", source: "tmpfs"}' --arg d "$spelling"
		refused_container "not a procfs"
	done
	conf '.mounts[0] = {destination: "/proc", source: "/proc", options: ["rbind"]} | .process.args = ["true"]'
	ok_container
}

@test "nothing goes over a file of /proc but what lxcfs serves (2019-16884, 2025-52881)" {
	echo 0 >"$B/file"
	local target
	for target in /proc/self/attr/exec /proc/sys/kernel/core_pattern //proc/sysrq-trigger /proc/../proc/self /proc/sys /proc/self/fd /link/self/attr; do
		cp "$BASE" "$B/config.json"
		conf '.root = {path: "rootfs"} | .mounts += [{destination: $d, source: $s, options: ["bind"]}]' --arg d "$target" --arg s "$B/file"
		ln -sfn /proc "$ROOTFS/link"
		refused_container "mount"
		conf '.mounts[-1] = {destination: $d, type: "tmpfs", source: "x"}' --arg d "$target"
		refused_container "mount"
	done
	cp "$BASE" "$B/config.json"
	conf '.root = {path: "rootfs"} | .mounts += [{destination: "/proc/meminfo", source: $s, options: ["bind"]}] | .process.args = ["cat", "/proc/meminfo"]' --arg s "$B/file"
	ok_container
	is 0
	[[ -e /proc/sys/crypto/fips_enabled ]] || return 0
	echo 1 >"$B/file"
	conf '.mounts += [{destination: "/proc/sys/crypto/fips_enabled", source: $s, options: ["bind"]}] | .process.args = ["cat", "/proc/sys/crypto/fips_enabled"]' --arg s "$B/file"
	ok_container
	is 1
}

@test "a linked mount target stays in the root: every kind of link (2015-1335, 2019-18837, 2024-1753)" {
	local link
	mkdir -p "$ROOTFS/in/side"
	for link in "$CANARY" "$CANARY/dir" ../../../../../../../../../.."$CANARY" /../../.."$CANARY/dir" . / ../bundle in/side /in/side /in/../in/side; do
		for at in data a/b/data; do
			cp "$BASE" "$B/config.json"
			conf '.root = {path: "rootfs"}'
			mkdir -p "$ROOTFS/a/b"
			rm -f "$ROOTFS/data" "$ROOTFS/a/b/data"
			ln -s "$link" "$ROOTFS/$at"
			conf '.mounts += [{destination: ("/" + $at), type: "tmpfs", source: "x"}, {destination: ("/" + $at + "/sub/new"), type: "tmpfs", source: "x"}]
				| .process.args = ["true"]' --arg at "$at"
			stays_inside
			conf '.mounts = .mounts[0:7] + [{destination: ("/" + $at + "/new/file"), source: $s, options: ["bind"]}]' --arg at "$at" --arg s "$B/config.json"
			stays_inside
		done
	done
	# A dangling one is not created through.
	rm -f "$ROOTFS/data"
	ln -s "$CANARY/new" "$ROOTFS/data"
	conf '.mounts = .mounts[0:7] + [{destination: "/data", source: $s, options: ["bind"]}]' --arg s "$B/config.json"
	stays_inside
	[[ ! -e $CANARY/new ]]
}

@test "a linked /dev leads nowhere (2026-41579, 2026-47766)" {
	local with target
	for with in "" 'del(.mounts[] | select(.destination | startswith("/dev")))'; do
		for target in "$CANARY" /tmp ../canary "$CANARY/dir"; do
			cp "$BASE" "$B/config.json"
			conf ".root = {path: \"rootfs\"} | .process.args = [\"true\"] | ${with:-.}"
			rm -rf "$ROOTFS/dev"
			ln -s "$target" "$ROOTFS/dev"
			refused_container "/dev"
			canary_lives
		done
	done
}

@test "without a /dev mount, links at the nodes are not followed (2026-88264, 2026-88265, 2025-31133)" {
	conf 'del(.mounts[] | select(.destination | startswith("/dev"))) | .process.args = ["true"]'
	local node
	for node in null zero full random urandom tty; do
		rm -rf "$ROOTFS/dev"
		mkdir "$ROOTFS/dev"
		ln -s "$CANARY/file" "$ROOTFS/dev/$node"
		refused_container "device /dev/$node"
		canary_lives
		rm "$ROOTFS/dev/$node"
		ln -s "$CANARY/new" "$ROOTFS/dev/$node"
		refused_container "device /dev/$node"
		rm "$ROOTFS/dev/$node"
		ln -s /proc/sys/kernel/core_pattern "$ROOTFS/dev/$node"
		refused_container "device /dev/$node"
	done
	# In a user namespace nodes are bound, onto what the link means inside.
	userns
	stays_inside
}

@test "a mask is the host's null device, whatever the image has at /dev/null (2025-31133)" {
	conf 'del(.mounts[] | select(.destination | startswith("/dev"))) | .linux.devices = [] | .mounts += [{destination: "/dev", source: $d, options: ["bind"]}]' --arg d "$B/dev"
	mkdir "$B/dev"
	ln -s /proc/sys/kernel/core_pattern "$B/dev/null"
	conf '.process.args = ["sh", "-c", "echo x 2>&1 >/proc/sys/kernel/core_pattern; stat -c %t:%T /proc/timer_list"]'
	container
	has "Read-only"
	has "1:3"
}

@test "a linked console leads nowhere (2025-52565, 2026-88264)" {
	conf '.process.terminal = true | .process.args = ["true"] | .mounts |= map(select(.destination != "/dev"))'
	rm -rf "$ROOTFS/dev"
	mkdir -p "$ROOTFS/dev/pts" "$ROOTFS/dev/shm" "$ROOTFS/dev/mqueue"
	local target
	for target in "$CANARY/file" "$CANARY/new" pts/0 /proc/sys/kernel/core_pattern; do
		rm -f "$ROOTFS/dev/console"
		ln -s "$target" "$ROOTFS/dev/console"
		refused_container "/dev/console"
		canary_lives
		[[ ! -e $CANARY/new ]]
	done
}

@test "links of the image at masked and read-only paths stay inside" {
	ln -s "$CANARY/file" "$ROOTFS/masked"
	ln -s "$CANARY" "$ROOTFS/fixed"
	ln -s /etc/passwd "$ROOTFS/inner"
	conf '.linux.maskedPaths += ["/masked", "/inner"] | .linux.readonlyPaths += ["/fixed"] | .process.args = ["sh", "-c", "cat /etc/passwd | wc -c"]'
	ok_container
	is 0
	canary_lives
}

@test "a working directory behind a link stays inside (2024-21626)" {
	ln -s "$CANARY/dir" "$ROOTFS/cwd"
	ln -s /proc/self/fd "$ROOTFS/fds"
	conf '.process.cwd = "/cwd" | .process.args = ["sh", "-c", "pwd -P; ls .."]'
	call W run --bundle "$B" "$ID"
	[[ $output != *"file"* ]] || shown
	canary_lives
	local fd
	for fd in 3 4 5 6 7 8 9 10 11 12; do
		conf '.process.cwd = "/fds/\($n)"' --argjson n "$fd"
		refused_container "process.cwd"
	done
}

@test "the working directory is no descriptor of ours, in run and exec (2024-21626)" {
	local fd form
	for fd in {3..64}; do
		conf '.process.cwd = $d | .process.args = ["pwd"]' --arg d "/proc/self/fd/$fd"
		refused_container "process.cwd"
	done
	conf '.process.cwd = "/"'
	background
	for fd in {3..20}; do
		for form in /proc/self/fd/$fd /proc/1/fd/$fd /proc/thread-self/fd/$fd /proc/self/../self/fd/$fd; do
			refused "process.cwd" W exec --cwd "$form" "$ID" pwd
		done
	done
	for form in /proc/self/cwd /proc/self/root /proc/1/root; do
		refused "process.cwd" W exec --cwd "$form" "$ID" pwd
	done
}

@test "targets that are swapped while starting never lead outside (2021-30465, 2024-45310)" {
	[[ -x /usr/bin/gcc || -x /usr/bin/python3 ]] || skip "no program to race with"
	mkdir -p "$ROOTFS/vol/real/sub"
	ln -s ../../../../../../../../../../.."$CANARY" "$ROOTFS/vol/link"
	cat >"$T/swap.py" <<-'EOF2'
		import ctypes, os, sys
		libc = ctypes.CDLL(None)
		os.chdir(sys.argv[1])
		while os.path.exists(sys.argv[2]):
		    for i in range(2000):
		        libc.syscall(316, -100, b"real", -100, b"link", 2)
	EOF2
	touch "$T/go"
	timeout 100 /usr/bin/python3 "$T/swap.py" "$ROOTFS/vol" "$T/go" 3>&- &
	local racer=$! i
	conf '.mounts += [{destination: "/vol/real/sub/deep", type: "tmpfs", source: "x"}, {destination: "/vol/real/file", source: "/etc/hostname", options: ["bind"]},
		{destination: "/vol/real/dir", type: "tmpfs", source: "x"}] | .linux.maskedPaths += ["/vol/real/file", "/vol/real/sub"]
		| .linux.readonlyPaths += ["/vol/real"] | .process.cwd = "/vol/real/sub"'
	script 'grep -c canary /proc/self/mountinfo; cat file ../file 2>/dev/null; cat /vol/real/file 2>/dev/null; true'
	for ((i = 0; i < ${WABE_RACES:-40}; i++)); do
		call W run --bundle "$B" "$ID"
		[[ $status -lt 124 && $output != *secret* && $output != [1-9]* ]] || { rm "$T/go"; shown; }
		[[ ! -e $STATE/$ID ]]
	done
	rm "$T/go"
	wait "$racer" || true
	canary_lives
}

@test "deep and odd trees don't stop the runtime" {
	mkdir "$ROOTFS/odd"
	(cd "$ROOTFS/odd" && for i in {1..300}; do mkdir -p ddddddddddddddd && cd ddddddddddddddd || exit; done)
	mkdir "$ROOTFS/odd/"$'new\nline' "$ROOTFS/odd/sp ace"
	conf '.mounts += [{destination: "/odd/new\nline", type: "tmpfs", source: "x"}, {destination: "/odd/sp ace/\\040", type: "tmpfs", source: "x"}] | .process.args = ["sh", "-c", "grep -c /odd /proc/self/mountinfo"]'
	ok_container
	is 2
	conf ".mounts[-1].destination = \"/$(printf 'a%.0s' {1..300})\""
	refused_container "File name too long"
	conf ".mounts[-1].destination = \"$(printf '/aaaaaaaaaaaaaaaaaaaa%.0s' {1..300})\""
	refused_container "File name too long"
}
