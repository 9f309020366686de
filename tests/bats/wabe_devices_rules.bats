#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# linux.resources.devices: which device nodes a container may use, whatever nodes it has or makes (config-linux.md, "Allowed
# Device list"). By the cgroup2 tree's program, and on a host without one by v1's devices controller ("v1: ").

load oci

# Numbers whose drivers may be absent: the rules are asked first, and say "Operation not permitted".
more_setup()
{
	conf '.process.capabilities |= (.bounding += ["CAP_MKNOD"] | .permitted += ["CAP_MKNOD"] | .effective += ["CAP_MKNOD"])'
	[[ $BATS_TEST_DESCRIPTION != "v1: "* ]] || enter_v1
}

enter_v1()
{
	[[ -d /sys/fs/cgroup/devices ]] || skip "the host has no v1 devices controller"
	unshare -m --propagation private sh -c '
		! mountpoint -q /sys/fs/cgroup/unified || umount -l /sys/fs/cgroup/unified
		echo ready
		exec sleep 600' >"$T/v1" 2>&1 3>&- &
	V2_PID=$!
	wait_for grep -q ready "$T/v1"
	ENTER=(nsenter "--mount=/proc/$V2_PID/ns/mnt")
}

rules()
{
	conf ".linux.resources.devices = [$1]"
}

DENY='{allow: false, access: "rwm"}'
ALLOW='{allow: true, access: "rwm"}'
TUN='type: "c", major: 10, minor: 200'
LOOP='type: "b", major: 7, minor: 0'

# In the container: what "c 10 200" and "b 7 0" can be opened for, and whether a node can be made.
PROBE='
	opens() { (eval ": $1/dev/$2") 2>&1 | grep -q "not permitted" && echo "$2 $1 no" || echo "$2 $1 yes"; }
	mknod /dev/tun c 10 200 || echo "no node"
	mknod /dev/loop b 7 0 || echo "no node"
	opens "<" tun; opens ">>" tun; opens "<" loop; opens ">>" loop'

# Of tun for reading, for writing, of loop the same: y or n.
probe_is()
{
	local got

	script "$PROBE"
	ok_container
	got=$(sed -n 's/.* \(.\)[eo]s*$/\1/p' <<<"$output" | tr -d '\n')
	[[ $got == "$1" ]] || { echo "want $1, got $got"; shown; }
}

check_rules()
{
	rules "$DENY"
	probe_is nnnn
	rules ""
	probe_is nnnn
	conf 'del(.linux.resources)'
	probe_is nnnn
	rules "$ALLOW"
	probe_is yyyy
	rules "$DENY, {allow: true, $TUN, access: \"rw\"}"
	probe_is yynn
	rules "$DENY, {allow: true, $LOOP, access: \"r\"}"
	probe_is nnyn
	rules "$ALLOW, {allow: false, $LOOP}"
	probe_is yynn
	rules "{allow: true, $TUN, access: \"rw\"}, $DENY"
	probe_is nnnn
	rules "$DENY, {allow: true, type: \"c\", major: 10, access: \"r\"}, {allow: true, $TUN, access: \"w\"}"
	probe_is yynn
	rules "$DENY, {allow: true, $TUN, access: \"rwm\"}, {allow: false, type: \"c\", access: \"w\"}"
	probe_is ynnn
}

@test "the rules hold, in their order" {
	check_rules
}

@test "v2: the rules hold, in their order" {
	check_rules
}

@test "v1: the rules hold, in their order" {
	check_rules
}

check_default_devices()
{
	rules "$DENY"
	script 'set -e
		for name in null zero full random urandom; do
			head -c 1 "/dev/$name" >/dev/null
		done
		echo >/dev/null
		mknod /dev/another c 1 5
		[ "$(head -c 3 /dev/another | wc -c)" = 3 ]
		: </dev/ptmx
		echo good'
	ok_container
	is good
}

@test "the devices that every container has stay usable" {
	check_default_devices
}

@test "v2: the devices that every container has stay usable" {
	check_default_devices
}

@test "v1: the devices that every container has stay usable" {
	check_default_devices
}

check_exec()
{
	rules "$DENY"
	background
	ok_inside "$PROBE"
	[[ $output == *"tun < no"*"tun >> no"*"loop < no"*"loop >> no"* ]] || shown
}

@test "a further process is held to them too" {
	check_exec
}

@test "v2: a further process is held to them too" {
	check_exec
}

@test "v1: a further process is held to them too" {
	check_exec
}

# The ids of the programs that are attached to the cgroup of container $1: bpf(2), BPF_PROG_QUERY.
programs()
{
	"${ENTER[@]}" /usr/bin/python3 - "/sys/fs/cgroup/wabe/$1" <<-'EOF'
		import ctypes, os, platform, struct, sys
		PROG_QUERY, CGROUP_DEVICE = 16, 6
		ids = (ctypes.c_uint32 * 8)()
		fd = os.open(sys.argv[1], os.O_RDONLY)
		attr = ctypes.create_string_buffer(struct.pack("IIIIQI", fd, CGROUP_DEVICE, 0, 0, ctypes.addressof(ids), 8), 128)
		number = {"x86_64": 321, "aarch64": 280}[platform.machine()]
		if ctypes.CDLL(None, use_errno=True).syscall(number, PROG_QUERY, attr, 128) < 0:
		    sys.exit(os.strerror(ctypes.get_errno()))
		print(*ids[:struct.unpack_from("I", attr, 24)[0]])
	EOF
}

# Change the byte $1 of what the state root remembers of programs.
spoil_record()
{
	/usr/bin/python3 - "$STATE" "$1" <<-'EOF'
		import os, sys
		root, at = sys.argv[1], int(sys.argv[2])
		for name in os.listxattr(root):
		    if name.startswith("trusted.wabe.devices."):
		        value = bytearray(os.getxattr(root, name))
		        value[at] ^= 0x55
		        os.setxattr(root, name, bytes(value))
		        sys.exit(0)
		sys.exit("no record")
	EOF
}

@test "v2: containers with the same rules have one program, and each its own rules" {
	rules "$DENY"
	script "exec sleep 600"
	# The first two don't look for others, the third one loads a program that is remembered.
	ok W run -d --bundle "$B" "$ID-1"
	ok W run -d --bundle "$B" "$ID-2"
	ok W run -d --bundle "$B" "$ID"
	ok W run -d --bundle "$B" "$ID-b"
	local one
	one=$(programs "$ID")
	[[ $one =~ ^[0-9]+$ && $(programs "$ID-b") == "$one" ]] || { echo "$one, $(programs "$ID-b")"; return 1; }
	# New rules for one don't reach the other.
	W update -r - "$ID-b" <<<'{"devices": [{"allow": true, "access": "rwm"}]}'
	[[ $(programs "$ID-b") != "$one" && $(programs "$ID") == "$one" ]]
	ok_inside "$PROBE"
	[[ $output == *"tun < no"*"tun >> no"*"loop < no"*"loop >> no"* ]] || shown
	ok W exec "$ID-b" sh -c "$PROBE"
	[[ $output == *"tun < yes"*"tun >> yes"*"loop < yes"*"loop >> yes"* ]] || shown
	ok W delete --force "$ID-b"
	# Other rules take no program of these.
	rules "$DENY, {allow: true, $TUN, access: \"rw\"}"
	ok W run -d --bundle "$B" "$ID-b"
	[[ $(programs "$ID-b") =~ ^[0-9]+$ && $(programs "$ID-b") != "$one" ]]
	ok W delete --force "$ID-b"
}

@test "v2: what is remembered of a program is not believed when the kernel says otherwise" {
	local at one

	rules "$DENY"
	script "exec sleep 600"
	ok W run -d --bundle "$B" "$ID-1"
	ok W run -d --bundle "$B" "$ID-2"
	# Its version, id, time, tag, hash.
	for at in 0 4 8 16 24; do
		ok W run -d --bundle "$B" "$ID-b"
		one=$(programs "$ID-b")
		spoil_record "$at"
		ok W run -d --bundle "$B" "$ID-c"
		[[ $(programs "$ID-c") =~ ^[0-9]+$ && $(programs "$ID-c") != "$one" ]] || { echo "byte $at"; return 1; }
		ok W exec "$ID-c" sh -c "$PROBE"
		[[ $output == *"tun < no"*"tun >> no"*"loop < no"*"loop >> no"* ]] || shown
		ok W delete --force "$ID-b"
		ok W delete --force "$ID-c"
	done
}

# Part of what a rule before it allows.
TAKEN_BACK="$DENY, {allow: true, type: \"c\", access: \"rw\"}, {allow: false, $TUN, access: \"w\"}"

@test "v2: a part of a wider rule can be taken back" {
	rules "$TAKEN_BACK"
	probe_is ynnn
}

@test "v1: a part of a wider rule that can't be taken back is refused, not left open" {
	rules "$TAKEN_BACK"
	refused_container "linux.resources.devices: device rule 2, deny c 10:200 w: takes back a part of a wider rule"
}

@test "rules that mean nothing are refused" {
	rules '{allow: true, type: "x", access: "r"}'
	refused_container 'linux.resources.devices[0].type: "x" is none of a, c, b'
	rules '{allow: false, access: "rwx"}'
	refused_container 'linux.resources.devices[0].access: "rwx" has more than r, w, m'
	rules "$DENY, {allow: true, $TUN}"
	refused_container 'linux.resources.devices[1].access: is empty'
	rules '{allow: false, major: 4096, access: "r"}'
	refused_container 'linux.resources.devices[0].major'
	conf '.linux.resources.devices = [range(2100) | {allow: true, type: "c", major: 10, minor: ., access: "r"}]'
	refused_container 'at most 2048'
}

# As where the kernel has neither way.
@test "rules that nothing can enforce are refused where they matter" {
	rules "$DENY"
	refused "linux.resources.devices: they need a cgroup" W --cgroup-manager disabled run --bundle "$B" "$ID"
	rules "$DENY, {allow: true, $TUN, access: \"rw\"}"
	refused "linux.resources.devices: they need a cgroup" W --cgroup-manager disabled run --bundle "$B" "$ID"
	rules "$DENY"
	userns
	ok W --cgroup-manager disabled run --bundle "$B" "$ID"
	is ""
	rules ""
	conf 'del(.linux.uidMappings, .linux.gidMappings) | .linux.namespaces -= [{type: "user"}]'
	ok W --cgroup-manager disabled run --bundle "$B" "$ID"
	has "access to devices is not restricted: they need a cgroup"
}
