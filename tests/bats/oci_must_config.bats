#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What config.md demands of a runtime and no other file tests; tests/oci-must.tsv says which sentence is held where.

load oci

# The line of mountinfo for mount point $1, from "$output".
line_of()
{
	awk -v at="$1" '$5 == at {found = $0} END {print found}' <<<"$output"
}

# A hook of kind $1 that runs the shell text $2; $LOG is a file of the test.
hook()
{
	conf '.hooks[$kind] += [{path: "/bin/sh", args: ["sh", "-c", $text], env: ["LOG=" + $log, "PATH=/usr/bin:/bin:/usr/sbin:/sbin"]}]' \
		--arg kind "$1" --arg text "$2" --arg log "$T/log"
}

@test "mounts are made in the order of the list" {
	own_rootfs
	mkdir -p "$ROOTFS/m/sub" "$T/src/sub"
	touch "$T/src/sub/covered" "$T/src/bound"
	# The last one over a place is what is seen, and a mount below another one is in it.
	conf '.mounts += [{destination: "/m/sub", type: "tmpfs", source: "first", options: ["mode=701"]}, {destination: "/m", source: $s, options: ["bind"]},
		{destination: "/m/sub", type: "tmpfs", source: "second", options: ["mode=702"]}, {destination: "/m/sub/deep", type: "tmpfs", source: "third", options: ["mode=703"]}]' --arg s "$T/src"
	script 'ls /m /m/sub; stat -c %a /m/sub /m/sub/deep'
	ok_container
	is $'/m:\nbound\nsub\n\n/m/sub:\ndeep\n702\n703'
	# In the other order the bind covers both.
	conf '.mounts |= (map(select(.source != $s)) + map(select(.source == $s)))' --arg s "$T/src"
	script 'ls /m/sub'
	ok_container
	is covered
}

@test "a relative destination is below the root" {
	own_rootfs
	conf '.mounts += [{destination: "there/x", type: "tmpfs", source: "found"}] | .process.cwd = "/tmp"'
	script 'grep " - tmpfs found" /proc/self/mountinfo | cut -d" " -f5'
	ok_container
	is /there/x
}

@test "each mount option that has to be known is taken" {
	local option type
	mkdir "$T/src"
	for option in async atime defaults dev diratime dirsync exec iversion lazytime loud noatime nodev nodiratime noexec noiversion \
		nolazytime norelatime nostrictatime nosuid relatime ro rw silent strictatime suid sync; do
		cp "$BASE" "$B/config.json"
		conf '.mounts += [{destination: "/mnt", type: "tmpfs", source: "x", options: [$o]}]' --arg o "$option"
		ok_container
	done
	for option in bind rbind private rprivate shared rshared slave rslave unbindable runbindable; do
		cp "$BASE" "$B/config.json"
		conf '.mounts += [{destination: "/mnt", type: "none", source: $s, options: ["bind", $o]}]' --arg o "$option" --arg s "$T/src"
		ok_container
	done
}

@test "the options of a new file system act on it" {
	local option expected
	while read -r option expected; do
		cp "$BASE" "$B/config.json"
		conf '.mounts += [{destination: "/mnt", type: "tmpfs", source: "x", options: ($o / ",")}] | .process.args = ["cat", "/proc/self/mountinfo"]' \
			--arg o "$option"
		ok_container
		[[ ,$(line_of /mnt | sed 's/ - [^ ]* [^ ]* /,/; s/^.* \/mnt //; s/ /,/g'), == *,$expected,* ]] ||
			{ echo "$option"; line_of /mnt; return 1; }
	done <<-EOF2
		ro ro
		sync sync
		dirsync dirsync
		lazytime lazytime
		noatime noatime
		nodiratime nodiratime
		nodev nodev
		noexec noexec
		nosuid nosuid
		relatime relatime
		ro,rw rw
		nosuid,suid,noexec,exec,nodev,dev rw
	EOF2
	# What takes back leaves nothing behind.
	while read -r option expected; do
		cp "$BASE" "$B/config.json"
		conf '.mounts += [{destination: "/mnt", type: "tmpfs", source: "x", options: ($o / ",")}] | .process.args = ["cat", "/proc/self/mountinfo"]' \
			--arg o "$option"
		ok_container
		[[ $(line_of /mnt) != *"$expected"* ]] || { echo "$option"; line_of /mnt; return 1; }
	done <<-EOF2
		nosuid,suid nosuid
		nodev,dev nodev
		noexec,exec noexec
		noatime,atime noatime
		nodiratime,diratime nodiratime
		strictatime relatime
		sync,async sync
		lazytime,nolazytime lazytime
	EOF2
}

@test "consoleSize without a terminal is ignored" {
	conf '.process.consoleSize = {height: 5, width: 7} | .process.terminal = false'
	script 'stty size 2>&1; echo end'
	ok_container
	[[ $output != *"5 7"* && $output == *end ]] || shown
	conf 'del(.process.terminal)'
	ok_container
	[[ $output != *"5 7"* && $output == *end ]] || shown
}

@test "capabilities that the caller doesn't have are warned of, and the container runs without them" {
	conf '.process.capabilities |= (.bounding += ["CAP_SYS_TIME"] | .permitted += ["CAP_SYS_TIME"] | .effective += ["CAP_SYS_TIME"])'
	script 'grep CapEff /proc/self/status; sleep 0.3'
	ok_container
	[[ $output != *warning* && $output == *"CapEff:	0000000022000420"* ]] || shown
	ok timeout 30 "${ENTER[@]}" setpriv --bounding-set -sys_time "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	has "warning"
	has "without CAP_SYS_TIME, which"
	has "CapEff:	0000000020000420"
	background
	ok timeout 30 "${ENTER[@]}" setpriv --bounding-set -sys_time "$WABE" --root "$STATE" exec "$ID" grep CapEff /proc/self/status
	has "without CAP_SYS_TIME, which"
	ok W exec "$ID" true
	is ""
	ok W delete --force "$ID"
	# In a user namespace of its own it has all.
	userns
	script true
	ok timeout 30 "${ENTER[@]}" setpriv --bounding-set -sys_time "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	is ""
}

@test "unknown properties are ignored, wherever they stand" {
	conf '.process.rlimits = [{type: "RLIMIT_CORE", soft: 0, hard: 0}] | .hooks = {poststop: [{path: "/bin/true"}]}
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["bpf"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}]}]}
		| .linux.devices = [{path: "/dev/x", type: "c", major: 1, minor: 3}] | .process.args = ["echo", "fine"]'
	# Every object but those whose keys are the user's gets one more property.
	conf 'def more: if type == "object" then map_values(more) + {"com.example.unknown": {"deep": [1, null, "x"]}} elif type == "array" then map(more) else . end;
		more | del(.annotations, .linux.sysctl)'
	ok_container
	is fine
	conf '.windows = {"layerFolders": ["c"]} | .solaris = {} | .vm = {} | .zos = {}'
	ok_container
	is fine
}

@test "annotations of any name are carried, none is an error" {
	conf '.annotations = {"com.example.key": "value", "org.opencontainers.image.os": "plan9", "org.opencontainers.no.such": "", "x y/\u00e4": "\n"}'
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	W state "$ID" >"$T/state.json"
	[[ $(jq -c .annotations "$T/state.json") == "$(jq -c .annotations "$B/config.json")" ]] || { cat "$T/state.json"; return 1; }
	ok W delete --force "$ID"
	conf '.annotations = {} | .process.args = ["true"]'
	ok_container
	conf '.annotations = {"": "x"}'
	refused_container "annotations"
	conf '.annotations = ["x"]'
	refused_container "annotations"
	conf '.annotations = {"a": 1}'
	refused_container "annotations"
	conf '.annotations = {"a": {"b": "c"}}'
	refused_container "annotations"
}

@test "hook programs are the host's, those of startContainer the container's" {
	own_rootfs
	local kind
	printf '#!/bin/sh\necho "host $1" >>%q\n' "$T/log" >"$T/program"
	chmod 755 "$T/program"
	# The same path inside is another program.
	mkdir -p "$ROOTFS$T" "$ROOTFS/log"
	printf '#!/bin/sh\necho "inside $1" >>/log/file\n' >"$ROOTFS$T/program"
	chmod 755 "$ROOTFS$T/program"
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		conf '.hooks[$k] = [{path: $p, args: ["program", $k]}]' --arg k "$kind" --arg p "$T/program"
	done
	script 'sleep 0.2'
	ok_container
	[[ $(paste -sd' ' "$T/log") == "host prestart host createRuntime host createContainer host poststart host poststop" ]] || { cat "$T/log"; return 1; }
	[[ $(cat "$ROOTFS/log/file") == "inside startContainer" ]]
	rm "$ROOTFS$T/program"
	refused_container "hooks.startContainer[0]: execute $T/program: No such file or directory"
}

@test "hooks of create run with the namespaces there and the root not yet changed" {
	own_rootfs
	local kind
	for kind in prestart createRuntime createContainer; do
		hook "$kind" 'pid=$(sed "s/.*\"pid\": *\([0-9]*\).*/\1/" | grep -x "[0-9]*" | head -n 1)
			[ "'"$kind"'" != createContainer ] || pid=self
			for n in mnt net uts ipc; do echo "'"$kind"' $(readlink /proc/$pid/ns/$n)"; done >>"$LOG"
			[ -e "/proc/$pid/root'"$B"'/config.json" ] && echo "'"$kind"' before" >>"$LOG"; true'
	done
	conf '.process.args = ["sh", "-c", "for n in mnt net uts ipc; do readlink /proc/self/ns/$n; done"]'
	ok_container
	local ns
	[[ $(grep -c . <<<"$output") == 4 ]]
	for kind in prestart createRuntime createContainer; do
		for ns in $output; do
			grep -qxF "$kind $ns" "$T/log" || { echo "$kind $ns"; cat "$T/log"; return 1; }
		done
		grep -qx "$kind before" "$T/log" || { echo "$kind"; cat "$T/log"; return 1; }
	done
}

@test "hooks of one kind run in the listed order, the kinds in the order of the life cycle" {
	own_rootfs
	mkdir "$ROOTFS/log"
	touch "$T/log" "$ROOTFS/log/file"
	conf '.mounts += [{destination: "/log/file", source: $f, options: ["bind"]}]' --arg f "$T/log"
	local kind i
	for kind in poststop poststart createContainer createRuntime prestart; do
		for i in 1 2 3; do hook "$kind" "echo $kind$i >>\"\$LOG\""; done
	done
	for i in 1 2 3; do
		conf '.hooks.startContainer += [{path: "/bin/sh", args: ["sh", "-c", "echo startContainer\($i) >>/log/file"]}]' --arg i "$i"
	done
	script 'echo process >>/log/file; sleep 600'
	ok W create --bundle "$B" "$ID"
	[[ $(paste -sd' ' "$T/log") == "prestart1 prestart2 prestart3 createRuntime1 createRuntime2 createRuntime3 createContainer1 createContainer2 createContainer3" ]]
	: >"$T/log"
	ok W start "$ID"
	# The hooks of start come before the program; those after it don't wait for what it does.
	wait_for grep -q process "$T/log"
	[[ $(grep -v process "$T/log" | paste -sd' ') == "startContainer1 startContainer2 startContainer3 poststart1 poststart2 poststart3" ]]
	[[ $(grep -n process "$T/log" | cut -d: -f1) -gt 3 ]]
	: >"$T/log"
	ok W delete --force "$ID"
	[[ $(paste -sd' ' "$T/log") == "poststop1 poststop2 poststop3" ]]
}

@test "poststart runs after the program began and before start returns" {
	hook poststart 'pid=$(sed "s/.*\"pid\": *\([0-9]*\).*/\1/" | grep -x "[0-9]*" | head -n 1); sleep 0.5; cat /proc/$pid/comm >>"$LOG"'
	conf '.process.args = ["sleep", "600"]'
	ok W create --bundle "$B" "$ID"
	ok W start "$ID"
	[[ $(cat "$T/log") == sleep ]]
}

@test "poststop runs after the container is gone and before delete returns" {
	hook poststop 'sleep 0.3; { ls -d '"$STATE/$ID"' 2>&1; find /sys/fs/cgroup -mindepth 2 -maxdepth 4 -type d -name '"$ID"'; echo done; } >>"$LOG"'
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	ok W start "$ID"
	local pid
	pid=$(pid_of)
	ok W delete --force "$ID"
	has_ended "$pid"
	[[ $(tail -n 1 "$T/log") == "done" ]]
	run -1 grep -F /sys/fs/cgroup "$T/log"
	[[ ! -e $STATE/$ID ]]
}

@test "a hook's path is absolute and its timeout above zero, in every kind" {
	local kind
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		conf '.hooks = {($k): [{path: "/bin/true"}, {path: "bin/true"}]}' --arg k "$kind"
		refused_container "hooks.${kind}[1].path"
		conf '.hooks = {($k): [{path: "/bin/true", timeout: 0}]}' --arg k "$kind"
		refused_container "hooks.${kind}[0].timeout"
		conf '.hooks = {($k): [{path: "/bin/true", timeout: -1}]}' --arg k "$kind"
		refused_container "hooks.${kind}[0].timeout"
	done
}
