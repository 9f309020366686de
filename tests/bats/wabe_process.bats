#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# process of config.json: program, environment, directory, user and groups, capabilities, limits, no_new_privs, OOM score.

load oci

@test "arguments arrive as they are" {
	conf '.process.args = ["sh", "-c", "printf \"%s|\" \"$@\"", "sh", "", "a b", "\"q\"", "*", "é\n", "$HOME"]'
	ok_container
	is $'|a b|"q"|*|é\n|$HOME|'
}

@test "the environment is exactly the configured one" {
	conf '.process.args = ["/bin/busybox", "env"] | .process.env = ["A=1", "B=x=y", "EMPTY=", "PATH=/bin", "HOME=/h"]'
	SECRET=host ok_container
	is $'A=1\nB=x=y\nEMPTY=\nPATH=/bin\nHOME=/h'
	conf 'del(.process.env)'
	ok_container
	is HOME=/root
	conf '.process.env = ["NOVALUE"]'
	refused_container "process.env[0]"
	conf '.process.env = ["=x"]'
	refused_container "process.env[0]"
}

@test "HOME that the configuration leaves open is that of the user in the container, or /" {
	own_rootfs
	printf '%s\n' nonsense 'web:x:1000:1000::/srv/web:/bin/sh' 'twice:x:1000:1000::/never:/bin/sh' 'odd:x:1001:0::relative:' 'short:x:1002' \
		>>"$ROOTFS/etc/passwd"
	printf 'last:x:1003:0::/last:' >>"$ROOTFS/etc/passwd"
	background
	local id
	for id in 0=/root 1000=/srv/web 1001=/ 1002=/ 1003=/last 1004=/; do
		ok W exec -u "${id%=*}" "$ID" /bin/busybox env
		[[ $(grep HOME= <<<"$output") == "HOME=${id#*=}" ]] || shown
	done
	# One that is empty counts as none, as with runc; any other stays.
	ok W exec -u 1000 -e HOME= -e AFTER=x "$ID" /bin/busybox env
	[[ $(grep -E 'HOME=|AFTER=' <<<"$output") == $'AFTER=x\nHOME=/srv/web' ]] || shown
	ok W exec -u 1000 -e HOME=/own "$ID" /bin/busybox env
	[[ $(grep HOME= <<<"$output") == HOME=/own ]] || shown
	ok W delete -f "$ID"
	conf '.process.args = ["/bin/busybox", "env"] | .process.user = {uid: 1000, gid: 1000}'
	for id in true false; do
		conf '.process.noNewPrivileges = $n | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"}' --argjson n "$id"
		ok_container
		[[ $(grep HOME= <<<"$output") == HOME=/srv/web ]] || shown
	done
	userns
	ok_container
	[[ $(grep HOME= <<<"$output") == HOME=/srv/web ]] || shown
}

@test "whatever is in the place of the container's passwd, HOME costs little and waits for nothing" {
	own_rootfs
	conf '.process.args = ["/bin/busybox", "env"]'
	local kind
	for kind in missing directory fifo "link to itself" "link to a descriptor" device zeros; do
		rm -rf "$ROOTFS/etc/passwd"
		case $kind in
		directory) mkdir "$ROOTFS/etc/passwd" ;;
		fifo) mkfifo "$ROOTFS/etc/passwd" ;;
		"link to itself") ln -s passwd "$ROOTFS/etc/passwd" ;;
		"link to a descriptor") ln -s /proc/self/fd/0 "$ROOTFS/etc/passwd" ;;
		device) ln -s /dev/zero "$ROOTFS/etc/passwd" ;;
		zeros) truncate -s 4G "$ROOTFS/etc/passwd" ;;
		esac
		WABE_TIMEOUT=10 ok_container
		[[ $(grep HOME= <<<"$output") == HOME=/ ]] || { echo "$kind"; shown; }
	done
	# A link that stays in the container is followed.
	rm "$ROOTFS/etc/passwd"
	ln -s ../srv/passwd "$ROOTFS/etc/passwd"
	mkdir "$ROOTFS/srv"
	echo root:x:0:0::/linked:/bin/sh >"$ROOTFS/srv/passwd"
	ok_container
	[[ $(grep HOME= <<<"$output") == HOME=/linked ]] || shown
}

@test "the program is found by the process's own PATH" {
	own_rootfs
	mkdir -p "$ROOTFS/opt/first" "$ROOTFS/opt/second"
	printf '#!/bin/sh\necho first\n' >"$ROOTFS/opt/first/prog"
	printf '#!/bin/sh\necho second\n' >"$ROOTFS/opt/second/prog"
	chmod 755 "$ROOTFS"/opt/*/prog
	conf '.process.args = ["prog"] | .process.env = ["PATH=/nowhere:/opt/first:/opt/second"]'
	ok_container
	is first
	chmod 644 "$ROOTFS/opt/first/prog"
	ok_container
	is second
	rm "$ROOTFS/opt/second/prog"
	refused_container 'exec "prog": permission denied'
	conf 'del(.process.env) | .process.args = ["id", "-u"]'
	ok_container
	is 0
}

@test "a program that can't be started is named with its cause" {
	own_rootfs
	conf '.process.args = ["/bin/nope"]'
	refused_container "container $ID: exec \"/bin/nope\": no such file or directory"
	[[ $output == wabe:* ]]
	conf '.process.args = ["nope"]'
	refused_container "exec \"nope\": executable file not found in the container's PATH"
	conf '.process.args = ["/etc"]'
	refused_container 'exec "/etc": permission denied'
	# At once, not at start: the callers tell their users by create's message.
	refused 'exec "/etc": permission denied' W create --bundle "$B" "$ID"
	echo text >"$ROOTFS/bin/text"
	conf '.process.args = ["/bin/text"]'
	refused_container 'exec "/bin/text": permission denied'
	chmod 755 "$ROOTFS/bin/text"
	refused_container 'exec "/bin/text": Exec format error'
	printf '#!/no/such/shell\n' >"$ROOTFS/bin/text"
	refused_container 'exec "/bin/text": no such file or directory'
	ln -s /bin/loop "$ROOTFS/bin/loop"
	conf '.process.args = ["/bin/loop"]'
	refused_container 'exec "/bin/loop": Too many levels of symbolic links'
}

@test "the same errors come back from create and start" {
	own_rootfs
	conf '.process.args = ["/bin/nope"]'
	refused 'exec "/bin/nope": no such file' W create --bundle "$B" "$ID"
	refused "does not exist" W state "$ID"
	echo text >"$ROOTFS/bin/text"
	chmod 755 "$ROOTFS/bin/text"
	conf '.process.args = ["/bin/text"]'
	ok W create --bundle "$B" "$ID"
	refused "container $ID: exec \"/bin/text\": Exec format error" W start "$ID"
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
}

@test "the working directory is entered, and made when it is missing" {
	own_rootfs
	conf '.process.args = ["pwd"] | .process.cwd = "/usr/bin"'
	ok_container
	conf '.process.args = ["sh", "-c", "pwd -P"] | .process.cwd = "/a/new/one"'
	ok_container
	is /a/new/one
	[[ $(stat -c '%u %a' "$ROOTFS/a/new/one") == "0 755" ]]
	conf '.process.cwd = "relative"'
	refused_container "process.cwd"
	conf '.process.cwd = "/etc/passwd"'
	refused_container "process.cwd"
	conf '.process.cwd = "/proc/self/fd/4"'
	refused_container "process.cwd"
}

@test "user, group, further groups and umask" {
	conf '.process.args = ["sh", "-c", "id -u; id -g; id -G; umask; grep -E \"^(Uid|Gid|Groups)\" /proc/self/status"]
		| .process.user = {uid: 1000, gid: 1001, additionalGids: [5, 27, 4000000000], umask: 23}'
	ok_container
	has $'1000\n1001\n1001 5 27 4000000000\n0027'
	has $'Uid:\t1000\t1000\t1000\t1000\nGid:\t1001\t1001\t1001\t1001\nGroups:\t5 27 4000000000'
	conf '.process.user = {uid: 0, gid: 0}'
	ok_container
	has $'0\n0\n0\n0022'
	[[ $(grep Groups <<<"$output" | tr -d '[:space:]') == Groups: ]] || shown
	conf '.process.user.uid = 4294967295'
	refused_container "process.user.uid"
	conf '.process.user.uid = -1'
	refused_container "process.user.uid"
	conf '.process.user.uid = 4294967296'
	refused_container "process.user.uid"
}

caps_inside()
{
	script 'grep ^Cap /proc/self/status | cut -c 4-'
	ok_container
	output=$(tr -d '\t' <<<"$output" | tr '\n' ' ')
}

@test "capabilities are those of the configuration, set by set" {
	conf '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_NET_RAW"], permitted: ["CAP_CHOWN", "CAP_KILL"],
		effective: ["CAP_CHOWN"], inheritable: [], ambient: []} | .process.user = {uid: 0, gid: 0} | .process.noNewPrivileges = false'
	# execve of root: permitted is what the bounding set leaves, unless no_new_privs is set (capabilities(7)).
	caps_inside
	is "Inh:0000000000000000 Prm:0000000000002021 Eff:0000000000002021 Bnd:0000000000002021 Amb:0000000000000000 "
	conf '.process.user = {uid: 1000, gid: 1000}'
	caps_inside
	is "Inh:0000000000000000 Prm:0000000000000000 Eff:0000000000000000 Bnd:0000000000002021 Amb:0000000000000000 "
	conf '.process.capabilities.inheritable = ["CAP_CHOWN"] | .process.capabilities.ambient = ["CAP_CHOWN"]'
	caps_inside
	is "Inh:0000000000000001 Prm:0000000000000001 Eff:0000000000000001 Bnd:0000000000002021 Amb:0000000000000001 "
	conf 'del(.process.capabilities) | .process.user.uid = 0'
	caps_inside
	is "Inh:0000000000000000 Prm:0000000000000000 Eff:0000000000000000 Bnd:0000000000000000 Amb:0000000000000000 "
}

@test "a capability that nobody knows is warned of, and the container runs without it" {
	conf '.process.capabilities.bounding += ["CAP_NOPE"]'
	ok_container
	has "process.capabilities: without CAP_NOPE, which is unknown"
	background
	ok W exec --cap CAP_NOPE --cap CAP_SYS_NICE "$ID" grep ^CapEff /proc/self/status
	has "--cap CAP_NOPE: unknown capability, not granted"
	(($((16#${output##*:$'\t'})) & 1 << 23))
}

@test "capabilities that can't be are refused by name" {
	conf '.process.capabilities = {bounding: [], permitted: [], effective: ["CAP_KILL"]}'
	refused_container "process.capabilities.effective: CAP_KILL is not in permitted"
}

@test "ambient capabilities that can't be are left out and warned of" {
	conf '.process.capabilities = {bounding: ["CAP_KILL", "CAP_CHOWN"], permitted: ["CAP_KILL", "CAP_CHOWN"], inheritable: ["CAP_CHOWN"],
		effective: [], ambient: ["CAP_KILL", "CAP_CHOWN"]} | .process.user = {uid: 1000, gid: 1000}'
	script 'grep ^CapAmb /proc/self/status; sleep 600'
	ok W run -d --bundle "$B" "$ID"
	has "process.capabilities.ambient: without CAP_KILL, which"
	wait_for grep -q CapAmb "$T/out"
	grep -qx 'CapAmb:.0000000000000001' "$T/out"
	ok W exec "$ID" grep CapAmb /proc/self/status
	has "process.capabilities.ambient: without CAP_KILL, which"
	has $'CapAmb:\t0000000000000001'
}

@test "resource limits" {
	conf '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_FSIZE", soft: 4096000, hard: 8192000}, {type: "RLIMIT_STACK", soft: 1048576, hard: 77}]
		| .process.args = ["cat", "/proc/self/limits"]'
	sed -i 's/"hard": 77/"hard": 18446744073709551615/' "$B/config.json" # jq knows no such number
	ok_container
	[[ $(awk '/open files/ {print $4, $5}' <<<"$output") == "100 200" ]] || shown
	[[ $(awk '/core file/ {print $5, $6}' <<<"$output") == "0 0" ]] || shown
	[[ $(awk '/file size/ {print $4, $5; exit}' <<<"$output") == "4096000 8192000" ]] || shown
	[[ $(awk '/stack size/ {print $4, $5}' <<<"$output") == "1048576 unlimited" ]] || shown
	conf '.process.rlimits = [{type: "RLIMIT_NOPE", soft: 1, hard: 1}]'
	refused_container "process.rlimits[0].type"
	conf '.process.rlimits = [{type: "RLIMIT_CORE", soft: 2, hard: 1}]'
	refused_container "process.rlimits[0].soft"
	conf '.process.rlimits = [{type: "RLIMIT_CORE", soft: 1, hard: 1}, {type: "RLIMIT_CORE", soft: 2, hard: 2}]'
	refused_container "RLIMIT_CORE is there twice"
}

@test "limits that are too tight for the setup hold for the process only" {
	conf '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 4, hard: 4}]
		| .process.args = ["sh", "-c", "ulimit -n"]'
	ok_container
	is 4
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	ok W start "$ID"
	ok_inside 'ulimit -n'
	is 4
}

@test "no_new_privs, on and off, in the process and in exec" {
	script 'grep NoNewPrivs /proc/self/status'
	conf '.process.noNewPrivileges = false'
	ok_container
	is $'NoNewPrivs:\t0'
	conf '.process.noNewPrivileges = true'
	ok_container
	is $'NoNewPrivs:\t1'
	background
	ok_inside 'grep NoNewPrivs /proc/self/status'
	is $'NoNewPrivs:\t1'
	ok W delete -f "$ID"
	conf '.process.noNewPrivileges = false'
	background
	ok W exec --no-new-privs "$ID" grep NoNewPrivs /proc/self/status
	is $'NoNewPrivs:\t1'
}

@test "the OOM score" {
	script 'cat /proc/self/oom_score_adj'
	conf '.process.oomScoreAdj = 500'
	ok_container
	is 500
	conf 'del(.process.oomScoreAdj)'
	ok_container
	is "$(cat /proc/self/oom_score_adj)"
	conf '.process.oomScoreAdj = 1001'
	refused_container "process.oomScoreAdj"
	conf '.process.oomScoreAdj = 1.5'
	refused_container "process.oomScoreAdj"
}

@test "the process leads a session of its own, with a clean signal state" {
	script 'cut -d " " -f 5,6 /proc/$$/stat; grep -E "^Sig(Blk|Ign)" /proc/self/status'
	trap '' USR1
	call W run --bundle "$B" "$ID"
	trap - USR1
	has $'1 1\n'
	has $'SigBlk:\t0000000000000000'
}

@test "without a process a container is created but not started" {
	conf 'del(.process)'
	refused "no process" W run --bundle "$B" "$ID"
	ok W create --bundle "$B" "$ID"
	[[ $(state_of) == created ]]
	refused "no process" W start "$ID"
	ok W delete --force "$ID"
}

@test "keys that the specification doesn't have, or has for other systems, change nothing" {
	conf '.x_unknown = {a: 1} | .windows = {} | .process.args = ["echo", "fine"]'
	ok_container
	is fine
}
