#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# linux.namespaces: new, the host's, joined by path; user namespaces and id maps; host and domain name; sysctl.

load oci

more_teardown()
{
	[[ -z ${HOLDER-} ]] || kill -KILL "$HOLDER" 2>/dev/null || true
	HOLDER=
}

# A process that holds namespaces: $@ are unshare's options.
hold()
{
	# --kill-child: our kill reaches the one inside too; unshare waits for it, and takes no other signal meanwhile.
	unshare "$@" sh -c 'echo $$ ready; exec sleep 600' >"$T/hold" 2>&1 3>&- &
	HOLDER=$!
	wait_for grep -q ready "$T/hold"
}

# For a user namespace with nothing but root mapped.
one_id()
{
	conf '.mounts |= map(if .type == "devpts" then .options -= ["gid=5"] else . end)'
}

namespaces_inside()
{
	script 'for n in cgroup ipc mnt net pid user uts time; do readlink /proc/self/ns/$n; done'
}

@test "the configured namespaces are new, the others the host's" {
	local ns
	namespaces_inside
	ok_container
	for ns in mnt net pid ipc uts cgroup; do
		[[ $output != *"$(readlink "/proc/self/ns/$ns")"* ]] || { echo "$ns is the host's"; shown; }
	done
	has "$(readlink /proc/self/ns/user)"
	has "$(readlink /proc/self/ns/time)"
	conf '.linux.namespaces = [{type: "mount"}] | del(.hostname) | .mounts |= map(select(.destination != "/sys" and .destination != "/sys/fs/cgroup"))
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	ok_container
	for ns in net pid ipc uts cgroup user time; do
		has "$(readlink "/proc/self/ns/$ns")"
	done
	[[ $output != *"$(readlink /proc/self/ns/mnt)"* ]]
}

@test "every namespace can be new alone" {
	local type name
	while read -r type name; do
		conf '.linux.namespaces = [{type: "mount"}, {type: $t}] | del(.hostname) | .linux.maskedPaths = [] | .linux.readonlyPaths = []
			| .mounts |= map(select(.destination != "/sys" and .destination != "/sys/fs/cgroup"))' --arg t "$type"
		conf '.process.args = ["readlink", "/proc/self/ns/" + $n]' --arg n "$name"
		ok_container
		[[ $output == "$name:"* && $output != "$(readlink "/proc/self/ns/$name")" ]] || shown
	done <<-EOF2
		pid pid
		network net
		ipc ipc
		uts uts
		cgroup cgroup
		time time
	EOF2
	conf '.linux.namespaces = [{type: "mount"}, {type: "mount"}]'
	refused_container "there twice"
	conf '.linux.namespaces = [{type: "mount"}, {type: "strange"}]'
	refused_container "linux.namespaces[1].type"
}

# A container in the host's mount namespace, with a root that may be written to.
in_hosts_mounts()
{
	own_rootfs
	conf '.mounts = [] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | .linux.namespaces |= map(select(.type != "mount"))'
}

@test "no namespace at all: the root is the container's, all else the runtime's" {
	local name before
	in_hosts_mounts
	conf '.linux.namespaces = [] | del(.hostname)'
	before=$("${ENTER[@]}" cat /proc/self/mountinfo)
	background 'echo mine >/made; exec sleep 600'
	for name in cgroup ipc mnt net pid time user uts; do
		[[ $(readlink "/proc/$(pid_of)/ns/$name") == "$("${ENTER[@]}" readlink "/proc/self/ns/$name")" ]] || { echo "$name"; false; }
	done
	[[ $(readlink "/proc/$(pid_of)/root") == "$(realpath "$ROOTFS")" ]]
	wait_for test -s "$ROOTFS/made"
	ok_inside 'cat /made; pwd; echo x >/dev/null; ls /; cat /etc/passwd'
	has mine
	[[ $output == *$'/\n'* && $output != *"$T"* && $output == *root:x:0:0:root:/root* ]] || shown
	# A further process is behind the same root, whatever its way there.
	ok W exec --cwd /tmp "$ID" pwd
	is /tmp
	refused "process.cwd" W exec --cwd "$T" "$ID" pwd
	ok W exec "$ID" sh -c 'cd ..; cd ../..; ls'
	has made
	[[ $("${ENTER[@]}" cat /proc/self/mountinfo) == "$before" ]]
	ok W kill "$ID" KILL
	ok W delete -f "$ID"
	[[ $("${ENTER[@]}" cat /proc/self/mountinfo) == "$before" ]]
}

@test "in the host's mount namespace: other namespaces, create and start, hooks" {
	local before
	in_hosts_mounts
	conf '.hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "echo runtime >>\($l)"]}],
		createContainer: [{path: "/bin/sh", args: ["sh", "-c", "echo container >>\($l)"]}],
		startContainer: [{path: "/bin/sh", args: ["sh", "-c", "echo start >>/log"]}]}' --arg l "$T/log"
	before=$("${ENTER[@]}" cat /proc/self/mountinfo)
	script 'hostname; exec sleep 600'
	ok W create --bundle "$B" "$ID"
	ok W start "$ID"
	ok_inside hostname
	is wabe
	[[ $(cat "$T/log" "$ROOTFS/log") == $'runtime\ncontainer\nstart' ]]
	[[ $(readlink "/proc/$(pid_of)/ns/mnt") == "$("${ENTER[@]}" readlink /proc/self/ns/mnt)" ]]
	[[ $(readlink "/proc/$(pid_of)/ns/pid") != "$(readlink /proc/self/ns/pid)" ]]
	ok W delete -f "$ID"
	[[ $("${ENTER[@]}" cat /proc/self/mountinfo) == "$before" ]]
	conf '.linux.sysctl = {"kernel.msgmax": "4321"} | del(.hooks)'
	script 'exit 5'
	container
	[[ $status == 5 ]] || shown
}

@test "in the host's mount namespace: what would be the host's is refused" {
	local change
	in_hosts_mounts
	cp "$B/config.json" "$T/good"
	for change in '.mounts = [{destination: "/tmp", type: "tmpfs", source: "x"}] # mounts:' '.root.readonly = true # root.readonly:' \
		'.process.terminal = true # process.terminal:' '.linux.maskedPaths = ["/x"] # linux.maskedPaths:' \
		'.linux.readonlyPaths = ["/x"] # linux.readonlyPaths:' '.linux.rootfsPropagation = "shared" # linux.rootfsPropagation:' \
		'.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}] | .linux.gidMappings = .linux.uidMappings # linux.namespaces: a user namespace:'; do
		cp "$T/good" "$B/config.json"
		conf "${change%#*}"
		refused_container "${change#*# } without a mount namespace in linux.namespaces"
	done
	cp "$T/good" "$B/config.json"
	refused NOTIFY_SOCKET env "NOTIFY_SOCKET=$T/none" "${ENTER[@]}" "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	[[ ! -e $STATE/$ID ]]
}

@test "namespaces are joined by path" {
	hold --net --ipc --uts --cgroup
	local type name
	for pair in network:net ipc:ipc uts:uts cgroup:cgroup; do
		type=${pair%:*} name=${pair#*:}
		conf '.linux.namespaces |= map(if .type == $t then .path = $p else . end) | del(.hostname)' \
			--arg t "$type" --arg p "/proc/$HOLDER/ns/$name"
	done
	namespaces_inside
	ok_container
	for name in net ipc uts cgroup; do
		has "$(readlink "/proc/$HOLDER/ns/$name")"
	done
	background
	ok W exec "$ID" readlink /proc/self/ns/net
	is "$(readlink "/proc/$HOLDER/ns/net")"
}

@test "a joined pid namespace is shared, and only ours ends with delete" {
	script 'exec sleep 601'
	ok W run -d --bundle "$B" "$ID-1"
	conf '.linux.namespaces |= map(if .type == "pid" then .path = $p else . end)' --arg p "/proc/$(pid_of "$ID-1")/ns/pid"
	script 'exec sleep 602'
	ok W run -d --bundle "$B" "$ID-2"
	ok W exec "$ID-2" ps -o pid,args
	has "sleep 601"
	has "sleep 602"
	[[ $(readlink "/proc/$(pid_of "$ID-2")/ns/pid") == "$(readlink "/proc/$(pid_of "$ID-1")/ns/pid")" ]]
	# It has children that outlive it: the cgroup knows them.
	ok W exec -d "$ID-2" sleep 603
	ok W delete -f "$ID-2"
	[[ $(state_of "$ID-1") == running ]]
	ok W exec "$ID-1" ps -o args
	[[ $output != *"sleep 602"* && $output != *"sleep 603"* ]] || shown
}

@test "a container in the host's pid namespace leaves no process behind" {
	conf '.linux.namespaces |= map(select(.type != "pid"))'
	background 'sleep 601 & sleep 602 & exec sleep 600'
	wait_for eval '[[ $(W ps -f json "$ID" | jq length) == 3 ]]'
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
}

@test "a joined user namespace: new namespaces belong to it" {
	hold --user --map-root-user --kill-child
	one_id
	conf '.linux.namespaces += [{type: "user", path: $p}]' --arg p "/proc/$HOLDER/ns/user"
	namespaces_inside
	ok_container
	has "$(readlink "/proc/$HOLDER/ns/user")"
	[[ $output != *"$(readlink /proc/self/ns/net)"* ]]
	conf '.process.capabilities.bounding += ["CAP_NET_ADMIN"] | .process.capabilities.permitted += ["CAP_NET_ADMIN"]
		| .process.capabilities.effective += ["CAP_NET_ADMIN"]'
	conf '.process.args = ["ip", "link", "set", "lo", "down"]'
	ok_container
	background
	ok W exec "$ID" readlink /proc/self/ns/user
	is "$(readlink "/proc/$HOLDER/ns/user")"
}

@test "a new network namespace: loopback up, seen in /sys, and the caller stays in its own" {
	local own

	own=$(readlink /proc/self/ns/net)
	script 'readlink /proc/self/ns/net; ls /sys/class/net; cat /sys/class/net/lo/flags'
	ok_container
	[[ $output != *"$own"* ]] || shown
	[[ $output == *$'\nlo\n0x9' ]] || shown
	conf '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "readlink /proc/self/ns/net >" + $t + "/hook-net"]}]' --arg t "$T"
	ok_container
	[[ $output == *$'\nlo\n0x9' ]] || shown
	output=$(cat "$T/hook-net")
	is "$own"
}

@test "a joined user namespace with its pid and network namespaces" {
	hold --user --map-root-user --net --pid --fork --mount-proc --kill-child
	local inner
	inner=$(pgrep -P "$HOLDER")
	one_id
	conf '.linux.namespaces += [{type: "user", path: "/proc/\($p)/ns/user"}]
		| .linux.namespaces |= map(if .type == "pid" then .path = "/proc/\($p)/ns/pid" elif .type == "network" then .path = "/proc/\($p)/ns/net" else . end)' \
		--arg p "$inner"
	namespaces_inside
	ok_container
	has "$(readlink "/proc/$inner/ns/user")"
	has "$(readlink "/proc/$inner/ns/net")"
	has "$(readlink "/proc/$inner/ns/pid")"
}

@test "namespaces of the host are joined by path together with a new user namespace" {
	hold --net --ipc --uts --cgroup --time
	userns
	conf 'del(.hostname) | .linux.namespaces |= map(select(.type != "cgroup")) | .mounts |= map(select(.type != "sysfs" and .type != "cgroup" and .type != "mqueue"))
		| .linux.namespaces |= map(if .type == "network" then .path = $p + "net" elif .type == "ipc" then .path = $p + "ipc" elif .type == "uts" then .path = $p + "uts" else . end)
		| .linux.namespaces += [{type: "cgroup", path: ($p + "cgroup")}, {type: "time", path: ($p + "time")}]' --arg p "/proc/$HOLDER/ns/"
	namespaces_inside
	ok_container
	local name
	for name in net ipc uts cgroup time; do
		has "$(readlink "/proc/$HOLDER/ns/$name")"
	done
	for name in user mnt pid; do
		[[ $output != *"$(readlink "/proc/self/ns/$name")"* ]] || shown
	done
	all_caps
	script 'head -1 /proc/self/uid_map | tr -s " "; hostname x 2>&1'
	container
	has " 0 100000 65536"
	has "not permitted"
	background
	ok W exec "$ID" readlink /proc/self/ns/net
	is "$(readlink "/proc/$HOLDER/ns/net")"
	[[ $(pgrep -c -P "$(pid_of)") == 0 ]]
}

@test "a pid namespace of the host is joined together with a new user namespace" {
	script 'exec sleep 601'
	ok W run -d --bundle "$B" "$ID-1"
	userns
	conf '.linux.namespaces |= map(if .type == "pid" then .path = $p + "pid" elif .type == "network" then .path = $p + "net" else . end)
		| .mounts |= map(select(.type != "sysfs" and .type != "cgroup" and .type != "proc")) | .mounts += [{destination: "/proc", source: "/proc", options: ["rbind"]}]' \
		--arg p "/proc/$(pid_of "$ID-1")/ns/"
	script 'exec sleep 602'
	ok W run -d --bundle "$B" "$ID-2"
	[[ $(readlink "/proc/$(pid_of "$ID-2")/ns/pid") == "$(readlink "/proc/$(pid_of "$ID-1")/ns/pid")" ]]
	[[ $(readlink "/proc/$(pid_of "$ID-2")/ns/net") == "$(readlink "/proc/$(pid_of "$ID-1")/ns/net")" ]]
	[[ $(awk '/^Uid/ {print $2}' "/proc/$(pid_of "$ID-2")/status") == 100000 ]]
}

@test "root of a new user namespace has no rights over a namespace of the host" {
	hold --net
	userns
	conf '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)' --arg p "/proc/$HOLDER/ns/net"
	# The container's root has no rights over it.
	conf 'del(.mounts[] | select(.type == "sysfs" or .type == "cgroup")) | .linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	refused_container 'linux.sysctl["net.ipv4.ip_forward"]'
}

@test "clocks of a new time namespace are set off" {
	conf '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {monotonic: {secs: 86400, nanosecs: 500000000}, boottime: {secs: 864000}}'
	script 'cut -d. -f1 /proc/uptime; tr -s " " </proc/self/timens_offsets'
	local before
	before=$(cut -d. -f1 /proc/uptime)
	ok_container
	has $'monotonic 86400 500000000\nboottime 864000 0'
	(($(head -n 1 <<<"$output") >= before + 864000 && $(head -n 1 <<<"$output") < before + 864000 + 60))
	background
	ok W exec "$ID" cut -d. -f1 /proc/uptime
	((output >= before + 864000))
	ok W delete -f "$ID"
	userns
	conf '.linux.timeOffsets = {boottime: {secs: -1, nanosecs: 1}}'
	script 'tr -s " " </proc/self/timens_offsets'
	ok_container
	is $'monotonic 0 0\nboottime -1 1'
	# With an uptime of its own, from zero.
	conf '.wabe.uptime = true | .linux.timeOffsets = {boottime: {secs: 1000}}'
	script 'cut -d. -f1 /proc/uptime'
	ok_container
	((output >= 1000 && output < 1060))
}

@test "offsets of clocks that can't be are refused" {
	conf '.linux.timeOffsets = {boottime: {secs: 1}}'
	refused_container "linux.timeOffsets: without a new time namespace"
	hold --time
	conf '.linux.namespaces += [{type: "time", path: $p}]' --arg p "/proc/$HOLDER/ns/time"
	refused_container "linux.timeOffsets: without a new time namespace"
	conf '.linux.namespaces[-1] = {type: "time"} | .linux.timeOffsets = {monotonic: {secs: 1, nanosecs: 1000000000}}'
	refused_container "linux.timeOffsets.monotonic.nanosecs"
	conf '.linux.timeOffsets = {monotonic: {secs: "1"}}'
	refused_container "linux.timeOffsets.monotonic.secs"
	conf '.linux.timeOffsets = {monotonic: {nanosecs: -1}}'
	refused_container "linux.timeOffsets.monotonic.nanosecs"
	conf '.linux.timeOffsets = {boottime: {secs: -9000000000}}'
	refused_container "linux.timeOffsets"
	has "out of range"
	conf '.linux.timeOffsets = {boottime: {secs: 9223372036854775807}}'
	refused_container "linux.timeOffsets"
}

@test "paths that are no namespace, or another one, are refused" {
	conf '.linux.namespaces |= map(if .type == "network" then .path = "/etc/passwd" else . end)'
	refused_container "linux.namespaces[1].path: /etc/passwd is not a namespace"
	conf '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/ipc" else . end)'
	refused_container "another type"
	conf '.linux.namespaces |= map(if .type == "network" then .path = "/no/such" else . end)'
	refused_container "/no/such"
	conf '.linux.namespaces |= map(if .type == "network" then .path = "relative" else . end)'
	refused_container "linux.namespaces[1].path"
	mkfifo "$T/fifo"
	conf '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)' --arg p "$T/fifo"
	refused_container "is not a namespace"
}

@test "host and domain name" {
	conf '.hostname = "guest.example" | .domainname = "example"'
	script 'hostname; cat /proc/sys/kernel/domainname'
	ok_container
	is $'guest.example\nexample'
	conf '.hostname = "a\nb"'
	refused_container "hostname"
	conf ".hostname = \"$(printf 'a%.0s' {1..65})\""
	refused_container "hostname"
	conf '.hostname = "x" | .linux.namespaces |= map(select(.type != "uts"))'
	refused_container "hostname"
}

@test "a new network has its loopback up" {
	conf '.process.args = ["ip", "-o", "addr"]'
	ok_container
	has "127.0.0.1/8"
	[[ $(cut -d' ' -f2 <<<"$output" | sort -u) == lo ]] || shown
}

@test "a user namespace has the maps of the configuration" {
	userns
	conf '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000}, {containerID: 1000, hostID: 300000, size: 10}]'
	script 'id -u; tr -s " " </proc/self/uid_map; tr -s " " </proc/self/gid_map; cat /proc/self/setgroups'
	ok_container
	is $'0\n 0 100000 1000\n 1000 300000 10\n 0 100000 65536\nallow'
	conf '.process.user = {uid: 1005, gid: 3, additionalGids: [4]}'
	background
	[[ $(awk '/^(Uid|Gid)/ {print $2} /^Groups/ {print $2}' "/proc/$(pid_of)/status" | paste -sd' ') == "300005 100003 100004" ]]
}

@test "files of a root that belongs to the user namespace are its own" {
	own_rootfs
	userns
	all_caps
	chown -R 100000:100000 "$ROOTFS"
	script 'stat -c %u:%g /etc/passwd; touch /new; chown 5:6 /new; mkdir /dir'
	ok_container
	is 0:0
	[[ $(stat -c %u:%g "$ROOTFS/new") == 100005:100006 && $(stat -c %u "$ROOTFS/dir") == 100000 ]]
}

@test "devices, terminals and mounts work in a user namespace" {
	userns
	conf '.linux.devices = [{path: "/dev/zero2", type: "c", major: 1, minor: 5}]'
	refused_container "/dev/zero2"
	conf '.linux.devices = [{path: "/dev/zero", type: "c", major: 1, minor: 5}, {path: "/dev/fifo", type: "p"}]'
	script 'echo x >/dev/null && head -c 2 /dev/zero | od -An -tx1; [ -p /dev/fifo ] && ls /dev/pts; ls /sys/class/net; ls /sys/fs/cgroup | head -1'
	ok_container
	has $' 00 00\nptmx\nlo\ncgroup.controllers'
}

@test "id maps that can't be are refused" {
	userns
	conf '.linux.uidMappings = []'
	refused_container "linux.uidMappings"
	conf '.linux.uidMappings = [{containerID: 0, hostID: 1, size: 0}]'
	refused_container "linux.uidMappings[0].size"
	conf '.linux.uidMappings = [{containerID: 0, hostID: 4294967295, size: 2}]'
	refused_container "linux.uidMappings[0]"
	conf '.linux.uidMappings = [{containerID: 0, hostID: 1, size: 10}, {containerID: 5, hostID: 100, size: 10}]'
	refused_container "overlaps"
	conf '.linux.uidMappings = [range(341) | {containerID: ., hostID: (1000 + .), size: 1}]'
	refused_container "linux.uidMappings: more than 340"
	conf '.linux.uidMappings = [{containerID: 0, hostID: 1, size: 10}] | .process.user.uid = 10'
	refused_container "process.user.uid: 10 is not in"
	conf '.linux.uidMappings = [{containerID: 1, hostID: 1, size: 10}] | .process.user.uid = 1'
	refused_container "is id 0 mapped"
	cp "$BASE" "$B/config.json"
	conf '.linux.uidMappings = [{containerID: 0, hostID: 1, size: 10}]'
	refused_container "without a user namespace"
}

@test "sysctls of the container's namespaces" {
	conf '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.msgmax": "4096", "net/ipv4/conf/lo/forwarding": "1", "fs.mqueue.msg_max": "20"}'
	script 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax /proc/sys/net/ipv4/conf/lo/forwarding /proc/sys/fs/mqueue/msg_max'
	ok_container
	is $'1\n4096\n1\n20'
	conf '.linux.sysctl = {"net.ipv4.no_such_thing": "1"}'
	refused_container 'linux.sysctl["net.ipv4.no_such_thing"]'
	conf '.linux.sysctl = {"net.ipv4.ip_forward": "strange"}'
	refused_container 'linux.sysctl["net.ipv4.ip_forward"]'
}

@test "sysctls in a user namespace with masked paths" {
	userns
	conf '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net.ipv4.ping_group_range": "0 0"}'
	conf '.process.args = ["cat", "/proc/sys/net/ipv4/ip_forward"]'
	ok_container
	is 1
}

@test "sysctls of the host are refused" {
	local key
	for key in kernel.panic vm.swappiness kernel.core_pattern fs.file-max kernel.hostname net.ipv4.ip_forward/../../../kernel/panic \
		../kernel.panic kernel/../vm/swappiness /kernel.panic "" "kernel.panic " net..ipv4 net./x; do
		conf '.linux.sysctl = {($k): "1"}' --arg k "$key"
		refused_container "linux.sysctl"
	done
	conf '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.namespaces |= map(select(.type != "network"))'
	refused_container "would change the host's"
	conf '.linux.sysctl = {"kernel.shmmax": "1"} | .linux.namespaces |= map(select(.type != "ipc"))'
	refused_container "would change the host's"
}
