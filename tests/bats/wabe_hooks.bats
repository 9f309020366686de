#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hooks of all six kinds (config.md, "POSIX-platform Hooks"): order, place, state on standard input, failures, timeouts.

load oci

# A hook of kind $1 that runs the shell text $2.
hook()
{
	conf '.hooks[$kind] += [{path: "/bin/sh", args: ["sh", "-c", $text], env: ["KIND=" + $kind, "LOG=" + $log, "PATH=/usr/bin:/bin"]}]' \
		--arg kind "$1" --arg text "$2" --arg log "$T/log"
}

container_root_writable()
{
	own_rootfs
	mkdir "$ROOTFS/log"
	touch "$ROOTFS/log/file"
	conf '.mounts += [{destination: "/log/file", source: $f, options: ["bind"]}]' --arg f "$T/log"
	touch "$T/log"
}

@test "each kind runs once, in order, with its state" {
	container_root_writable
	# startContainer and the process are inside, where the log is at another place.
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook "$kind" 'echo "$KIND $(tr -d "\n ")" >>"$LOG"'
	done
	conf '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo \"startContainer $(tr -d \"\\n \")\" >>/log/file"]}]'
	script 'echo process >>/log/file; sleep 0.3'
	ok W create --bundle "$B" "$ID"
	local pid
	pid=$(pid_of)
	[[ $(cut -d' ' -f1 "$T/log" | paste -sd' ') == "prestart createRuntime createContainer" ]]
	ok W start "$ID"
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
	[[ $(cut -d' ' -f1 "$T/log" | grep -v process | paste -sd' ') == \
		"prestart createRuntime createContainer startContainer poststart poststop" ]] || { cat "$T/log"; return 1; }
	[[ $(grep -c . "$T/log") == 7 ]]
	while read -r kind state; do
		[[ $kind != process ]] || continue
		echo "$kind $state"
		[[ $(jq -r .id <<<"$state") == "$ID" && $(jq -r .bundle <<<"$state") == "$B" && $(jq -r .ociVersion <<<"$state") == 1.* ]]
		case $kind in
		prestart | createRuntime) [[ $(jq -r '"\(.status) \(.pid)"' <<<"$state") == "creating $pid" ]] ;;
		createContainer) [[ $(jq -r '"\(.status) \(.pid)"' <<<"$state") == "creating 1" ]] ;;
		startContainer) [[ $(jq -r '"\(.status) \(.pid)"' <<<"$state") == "created 1" ]] ;;
		poststart) [[ $(jq -r '"\(.status) \(.pid)"' <<<"$state") == "running $pid" ]] ;;
		poststop) [[ $(jq -r '"\(.status) \(.pid)"' <<<"$state") == "stopped 0" ]] ;;
		esac
	done <"$T/log"
}

@test "run calls the same hooks as create, start and delete" {
	container_root_writable
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook "$kind" 'echo $KIND >>"$LOG"'
	done
	conf '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo startContainer >>/log/file"]}]'
	script 'sleep 0.3'
	ok_container
	[[ $(paste -sd' ' "$T/log") == "prestart createRuntime createContainer startContainer poststart poststop" ]]
}

@test "hooks run in the namespaces that they are for" {
	container_root_writable
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook "$kind" 'for n in mnt pid net uts; do echo "$KIND $(readlink /proc/self/ns/$n) $(hostname)"; done >>"$LOG"'
	done
	script 'for n in mnt pid net uts; do echo "process $(readlink /proc/self/ns/$n)"; done >>/log/file; sleep 0.3'
	ok_container
	local kind ns
	for ns in mnt net uts; do
		for kind in prestart createRuntime poststart poststop; do
			grep -qF "$kind $(readlink "/proc/self/ns/$ns") " "$T/log" || [[ $ns == mnt && -n $V2_PID ]]
		done
		grep -qF "createContainer $(sed -n "s/^process \($ns:.*\)/\1/p" "$T/log")" "$T/log"
	done
}

@test "hooks start in the caller's working directory" {
	local kind

	for kind in prestart createRuntime createContainer poststart poststop; do
		hook "$kind" 'echo "$KIND $(pwd)" >>"$LOG"'
	done
	mkdir "$T/here"
	cd "$T/here"
	ok_container
	for kind in prestart createRuntime createContainer poststart poststop; do
		grep -qx "$kind $T/here" "$T/log" || { cat "$T/log"; return 1; }
	done
}

@test "hooks have the runtime's capabilities, the process its own" {
	local kind

	for kind in prestart createRuntime createContainer poststart poststop; do
		hook "$kind" 'echo "$KIND $(grep -E "Cap(Eff|Bnd)" /proc/self/status | tr -d "\t\n")" >>"$LOG"'
	done
	script 'grep CapBnd /proc/self/status'
	ok_container
	is $'CapBnd:\t0000000020000420'
	for kind in prestart createRuntime createContainer poststart poststop; do
		grep -qx "$kind $(grep -E "Cap(Eff|Bnd)" /proc/self/status | tr -d "\t\n")" "$T/log" || { cat "$T/log"; return 1; }
	done
	conf 'del(.hooks)'
	ok_container
	is $'CapBnd:\t0000000020000420'
}

# What of the container's mounts, and of its root, is there when a hook runs: text for a hook, $1 is where its root is.
what_is_there()
{
	echo "mountpoint -q $1/proc && [ -c $1/dev/null ] && [ -e $1/data/mark ] && echo \"\$KIND mounts\" >>\"\$LOG\"
		touch $1/by-\$KIND && [ -e $B/config.json ] && echo \"\$KIND host\" >>\"\$LOG\""
}

mounted_root()
{
	own_rootfs
	mkdir "$B/data" "$ROOTFS/data"
	touch "$B/data/mark"
	conf '.mounts += [{destination: "/data", source: "data", options: ["bind"]}]'
	conf '.process.args = ["ls", "-d", "/by-createContainer"]'
}

@test "createContainer sees the container's root with its mounts, and the host's files" {
	mounted_root
	hook createContainer "$(what_is_there "$ROOTFS")"
	ok_container
	is /by-createContainer
	[[ $(cat "$T/log") == $'createContainer mounts\ncreateContainer host' ]] || { cat "$T/log"; return 1; }
	# The root's path may be a link.
	rm "$T/log"
	mv "$ROOTFS" "$T/real"
	ln -s "$T/real" "$ROOTFS"
	ok_container
	[[ $(cat "$T/log") == $'createContainer mounts\ncreateContainer host' ]] || { cat "$T/log"; return 1; }
	rm "$T/log"
	ok W run --no-pivot --bundle "$B" "$ID"
	is /by-createContainer
	grep -q "createContainer mounts" "$T/log"
}

@test "createContainer in a user namespace: the root's path may be in reach or not" {
	mounted_root
	userns
	# bats makes a directory that only root may enter.
	hook createContainer "ls $B/rootfs 2>&1; true"
	conf '.process.args = ["ls", "-d", "/bin"]'
	ok_container
	has "Permission denied"
	has /bin
	B=$(mktemp -d /tmp/wabe-hooks.XXXXXX)
	mv "$T/bundle"/* "$B"
	chmod 711 "$B"
	conf '.hooks = {} | .mounts[-1].source = $d' --arg d "$B/data"
	chmod 777 "$B/rootfs"
	hook createContainer "$(what_is_there "$B/rootfs")"
	conf '.hooks.createContainer[0].env[1] = $l' --arg l "LOG=$B/rootfs/tmp/log"
	ok_container
	grep -q "createContainer mounts" "$B/rootfs/tmp/log"
	[[ -e $B/rootfs/by-createContainer ]]
	rm -r "$B"
}

@test "what createContainer mounts is in the container" {
	own_rootfs
	mkdir "$B/more" "$ROOTFS/more"
	touch "$B/more/file"
	hook createContainer "mount --bind $B/more $ROOTFS/more"
	conf '.process.args = ["ls", "/more"]'
	ok_container
	is file
}

@test "prestart and createRuntime run when the container has its mounts, and before its root is its own" {
	mounted_root
	local kind
	for kind in prestart createRuntime; do
		hook "$kind" 'pid=$(jq .pid); grep -q "/data .*bundle/data\|/bundle/data /data " /proc/$pid/mountinfo && echo "$KIND mounts" >>"$LOG"
			grep -q " /proc/sys ro" /proc/$pid/mountinfo && echo "$KIND masks" >>"$LOG"
			[ -e /proc/$pid/root'"$B"'/config.json ] && echo "$KIND host" >>"$LOG"
			[ "$(readlink /proc/self/ns/mnt)" = "'"$(readlink /proc/self/ns/mnt)"'" ] && echo "$KIND namespace" >>"$LOG"'
	done
	mounts_on_host
	conf '.process.args = ["true"]'
	ok_container
	[[ $(sort "$T/log" | uniq | wc -l) == 8 ]] || { cat "$T/log"; return 1; }
}

@test "a hook of the runtime comes too late for mounts that fail" {
	hook createRuntime 'echo ran >>"$LOG"'
	hook poststop 'echo stopped >>"$LOG"'
	conf '.mounts += [{destination: "/mnt", type: "nosuchfs", source: "x"}]'
	refused_container nosuchfs
	[[ $(cat "$T/log") == stopped ]]
}

@test "a hook's arguments and environment are its own" {
	printf '#!/bin/sh\necho "$0|$#|$1" >>%q\nenv >>%q\n' "$T/log" "$T/log" >"$T/hook"
	chmod 755 "$T/hook"
	conf '.hooks.prestart = [{path: $p, args: ["name", "a b"], env: ["ONLY=this"]}, {path: $p}]' --arg p "$T/hook"
	SECRET=x ok_container
	[[ $(grep -c "^$T/hook|1|a b" "$T/log") == 1 && $(grep -c "^$T/hook|0|" "$T/log") == 1 ]]
	[[ $(grep -c ONLY=this "$T/log") == 1 ]]
	run -1 grep -E 'SECRET|^PATH=/root|HOME=' "$T/log"
}

@test "what fails before the start undoes the container, and poststop still runs" {
	local kind
	for kind in prestart createRuntime createContainer; do
		cp "$BASE" "$B/config.json"
		rm -f "$T/log"
		script 'sleep 600'
		hook "$kind" 'exit 3'
		hook "$kind" 'echo second >>"$LOG"'
		hook poststop 'echo stopped >>"$LOG"'
		refused "hooks.${kind}[0]: /bin/sh ended with status 3" W create --bundle "$B" "$ID"
		[[ ! -e $STATE/$ID && $(cat "$T/log") == stopped ]]
		refused_container "hooks.${kind}[0]"
	done
	cp "$BASE" "$B/config.json"
	hook prestart 'kill -9 $$'
	refused_container "killed by signal 9"
	conf '.hooks.prestart = [{path: "/no/such/hook"}]'
	refused_container "hooks.prestart[0]: execute /no/such/hook: No such file or directory"
	conf '.hooks.prestart = [{path: "/etc/passwd"}]'
	refused_container "hooks.prestart[0]: execute /etc/passwd: Permission denied"
}

@test "a caller that ignores the end of its children: hooks run, and the container doesn't ignore it" {
	script 'grep SigIgn /proc/self/status'
	hook createRuntime 'echo ran >"$LOG"'
	call bash -c 'trap "" CHLD; exec "$@"' - "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	[[ $status == 0 && $output == SigIgn:* ]] || shown
	(((0x${output##*[[:space:]]} & 1 << 16) == 0))
	[[ $(cat "$T/log") == ran ]]
}

@test "startContainer and poststart that fail end the container" {
	own_rootfs
	script 'touch /ran; sleep 600'
	conf '.hooks.startContainer = [{path: "/bin/false"}]'
	ok W create --bundle "$B" "$ID"
	refused "hooks.startContainer[0]: /bin/false ended with status 1" W start "$ID"
	wait_for is_status stopped "$ID"
	[[ ! -e $ROOTFS/ran ]]
	ok W delete "$ID"
	conf 'del(.hooks)'
	hook poststart 'exit 4'
	ok W create --bundle "$B" "$ID"
	refused "hooks.poststart[0]: /bin/sh ended with status 4" W start "$ID"
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
	refused_container "hooks.poststart[0]"
}

@test "poststop that fails is a warning, and the next one runs" {
	hook poststop 'exit 5'
	hook poststop 'echo second >>"$LOG"'
	script 'sleep 600'
	ok W run -d --bundle "$B" "$ID"
	ok W delete --force "$ID"
	has "warning"
	has "status 5"
	[[ $(cat "$T/log") == second && ! -e $STATE/$ID ]]
}

@test "a hook that exceeds its timeout is killed" {
	local kind began
	for kind in prestart createRuntime createContainer; do
		cp "$BASE" "$B/config.json"
		conf '.hooks[$kind] = [{path: "/bin/sh", args: ["sh", "-c", "echo $$ >>\($log); exec sleep 300"], timeout: 1}]' \
			--arg kind "$kind" --arg log "$T/pids"
		began=$SECONDS
		refused_container "hooks.${kind}[0]: /bin/sh did not end within 1 s"
		((SECONDS - began < 20))
	done
	# Pids of createContainer are the guest's; the others are gone.
	while read -r pid; do
		((pid < 10)) || has_ended "$pid"
	done <"$T/pids"
	conf '.hooks = {poststop: [{path: "/bin/sh", args: ["sh", "-c", "exec sleep 300"], timeout: 1}]}'
	ok_container
	has "did not end within 1 s"
	conf '.hooks = {prestart: [{path: "/bin/sleep", args: ["sleep", "0.2"], timeout: 100}]}'
	ok_container
}

@test "bad hooks are refused with their place" {
	conf '.hooks = {prestart: [{path: "relative"}]}'
	refused_container "hooks.prestart[0].path"
	conf '.hooks = {poststop: [{path: "/bin/true"}, {path: "/bin/true", timeout: 0}]}'
	refused_container "hooks.poststop[1].timeout"
	conf '.hooks = {createRuntime: [{path: "/bin/true", env: ["x"]}]}'
	refused_container "hooks.createRuntime[0].env[0]"
}

@test "a hook has no descriptor of ours but its three" {
	hook prestart 'ls -l /proc/self/fd | tail -n +2 | sed "s/.* -> //" >>"$LOG"'
	hook createContainer 'ls -l /proc/self/fd | tail -n +2 | sed "s/.* -> //" >>"$LOG"'
	ok_container
	# memfd, output twice, and the directory that ls reads
	[[ $(grep -c . "$T/log") == 8 ]] || { cat "$T/log"; return 1; }
	[[ $(grep -c 'memfd:state' "$T/log") == 2 ]]
}

@test "startContainer runs with a profile that knows no clone3, or no memfd_create" {
	local answer

	own_rootfs
	conf '.hooks.startContainer = [{path: "/bin/touch", args: ["touch", "/hooked"]}] | .process.args = ["ls", "/hooked"]
		| .process.noNewPrivileges = false
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38}]}'
	ok_container
	is /hooked
	rm "$ROOTFS/hooked"
	# What the hook reads is made before the filter is there.
	conf '.linux.seccomp.syscalls[0].names = ["memfd_create"] | .hooks.startContainer[0] = {path: "/bin/sh", args: ["sh", "-c", "cat >/hooked"]}
		| .process.args = ["cat", "/hooked"]'
	ok_container
	[[ $(jq -r '"\(.id) \(.status) \(.pid)"' <<<"$output") == "$ID created 1" ]] || shown
	rm "$ROOTFS/hooked"
	ok W create --bundle "$B" "$ID"
	ok W start "$ID"
	wait_for is_status stopped "$ID"
	[[ $(jq -r .id "$ROOTFS/hooked") == "$ID" ]]
	ok W delete "$ID"
	conf '.hooks.startContainer[0] = {path: "/bin/touch", args: ["touch", "/hooked"]} | .process.args = ["ls", "/hooked"]'
	for answer in '{action: "SCMP_ACT_ERRNO", errnoRet: 1}' '{action: "SCMP_ACT_KILL_PROCESS"}'; do
		rm "$ROOTFS/hooked"
		conf ".linux.seccomp.syscalls[0] = {names: [\"clone3\"]} + $answer"
		ok_container
		is /hooked
	done
}
