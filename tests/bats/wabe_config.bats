#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Bad input of every kind, the default configuration, features, the command line and its log.

load oci

@test "errors name the path of the field" {
	local program path
	while IFS='|' read -r program path; do
		cp "$BASE" "$B/config.json"
		conf "$program"
		refused_container "$path"
	done <<-'EOF2'
		.process.args = []|process.args
		.process.args = [1]|process.args[0]
		.process.user.uid = "root"|process.user.uid
		.process.terminal = 1|process.terminal
		.process.rlimits[0].soft = -1|process.rlimits[0].soft
		.process.capabilities.bounding[1] = 3|process.capabilities.bounding[1]
		.root.readonly = "yes"|root.readonly
		.mounts[2].options[1] = 4|mounts[2].options[1]
		.mounts[0].destination = null|mounts[0].destination
		.hooks.prestart[0] = {}|hooks.prestart[0]: the required key "path"
		.linux.namespaces[3] = {}|linux.namespaces[3]: the required key "type"
		.linux.resources.pids.limit = "many"|linux.resources.pids.limit
		.linux.resources.devices[0].access = "x"|linux.resources.devices[0].access
		.linux.sysctl = {"net.ipv4.x": 1}|linux.sysctl
		.linux.maskedPaths = "x"|linux.maskedPaths
		.annotations = {a: 1}|annotations
		del(.ociVersion)|ociVersion
		del(.root)|root
	EOF2
}

# Some of the documents with one wrong value of each row of the tables; tests/unit/test_bad_input.c tries all of them.
# $1: config, process or resources, $2: one in how many
bad_documents()
{
	local generator=${WABE_BUILDDIR-}/tests/unit/test_bad_input

	[[ -x $generator ]] || skip "no generator (WABE_BUILDDIR names no build)"
	"$generator" --list "$1" | awk -v n="$2" 'NR % n == 1 % n' >"$T/documents"
	(($(wc -l <"$T/documents") > 20))
}

# $1: path that has to be named, then the command
refused_at()
{
	local path=$1 wanted_status=1

	shift
	[[ $1 != exec ]] || wanted_status=255
	call timeout 10 "${ENTER[@]}" "$WABE" --root "$STATE" "$@"
	[[ $status == "$wanted_status" && $output == "wabe: "* && $output == *": $path"[:.[]* && $(wc -l <<<"$output") == 1 ]] ||
		{ echo "at $path: $(cat "$T/document")"; shown; }
}

@test "bad configs by generator" {
	local path document
	bad_documents config 15
	while IFS=$'\t' read -r path document; do
		echo "$document" | tee "$T/document" >"$B/config.json"
		refused_at "$path" run --bundle "$B" "$ID"
	done <"$T/documents"
	[[ -z $(ls -A "$STATE" 2>/dev/null) ]]
	nothing_leaks
}

@test "numbers of linux.resources that the kernel doesn't take, by generator" {
	local path document
	bad_documents huge 1
	while IFS=$'\t' read -r path document; do
		echo "$document" | tee "$T/document" >"$B/config.json"
		refused_at "$path" run --bundle "$B" "$ID"
	done <"$T/documents"
	cp "$BASE" "$B/config.json"
	conf '.linux.resources.pids.limit = 2147483648 | .hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "echo >$h"]}]' --arg h "$T/hook"
	refused_container "linux.resources.pids.limit: 2147483648 is out of range, 0..4194304"
	conf '.linux.resources.pids = {} | .linux.resources.cpu = {quota: 50000, burst: 50001}'
	refused_container "linux.resources.cpu.burst: 50001 is more than the quota, 50000"
	conf '.linux.resources.cpu = {quota: 1}'
	refused_container "linux.resources.cpu.quota: 1 is out of range, 1000..17592186044415"
	[[ ! -e $T/hook && -z $(ls -A "$STATE" 2>/dev/null) ]]
	nothing_leaks
}

@test "bad processes by generator, in a container that lives on" {
	local path document
	bad_documents process 8
	background
	while IFS=$'\t' read -r path document; do
		echo "$document" >"$T/document"
		refused_at "$path" exec --process "$T/document" "$ID"
	done <"$T/documents"
	[[ $(state_of) == running && $(W ps --format json "$ID" | jq length) == 1 ]]
}

@test "bad updates by generator change nothing" {
	local path document before
	bad_documents resources 12
	background
	before=$(jq -S .linux.resources "$STATE/$ID/config.json")
	while IFS=$'\t' read -r path document; do
		echo "$document" >"$T/document"
		refused_at "$path" update --resources "$T/document" "$ID"
	done <"$T/documents"
	[[ $(state_of) == running && $(jq -S .linux.resources "$STATE/$ID/config.json") == "$before" ]]
}

@test "null is none, for each key that isn't required" {
	local key
	for key in process.user process.env process.capabilities process.rlimits process.noNewPrivileges process.oomScoreAdj process.consoleSize \
		process.apparmorProfile process.terminal root.readonly hostname hooks annotations linux.resources linux.resources.devices linux.devices \
		linux.seccomp linux.maskedPaths linux.readonlyPaths linux.uidMappings linux.sysctl linux.cgroupsPath linux.rootfsPropagation linux.intelRdt; do
		cp "$BASE" "$B/config.json"
		conf 'setpath($k / "."; null)' --arg k "$key"
		script 'echo fine'
		ok_container
		is fine
	done
	for key in ociVersion root process.args process.cwd; do
		cp "$BASE" "$B/config.json"
		conf 'setpath($k / "."; null)' --arg k "$key"
		refused_container "$key: wants"
	done
}

@test "spec writes a configuration that works, and never over another one" {
	mkdir "$T/new"
	cd "$T/new"
	ok W spec
	[[ $(jq -r .ociVersion config.json) == 1.* && $(stat -c %a config.json) == 644 ]]
	refused "config.json: File exists" W spec
	cp -a "$ROOTFS" rootfs
	jq '.process.terminal = false | .process.args = ["echo", "works"]' config.json >c && mv c config.json
	ok W run "$ID"
	is works
	mkdir "$T/rootless"
	ok W spec --rootless --bundle "$T/rootless"
	[[ $(jq -c '[.linux.namespaces[].type] | sort' "$T/rootless/config.json") == *user* ]]
	refused "nowhere" W spec --bundle "$T/nowhere"
}

@test "the default configuration with every namespace of its own" {
	conf '.linux.namespaces += [{type: "time"}]'
	userns
	script 'echo fine'
	ok_container
	is fine
}

@test "features is a document that tells what is there" {
	ok W features
	jq -e '.ociVersionMin == "1.0.0" and (.ociVersionMax | startswith("1.")) and (.hooks | length == 6)
		and (.linux.namespaces | index("time")) and (.linux.capabilities | index("CAP_BPF")) and .linux.seccomp.enabled
		and .potentiallyUnsafeConfigAnnotations == ["org.systemd.property.", "org.wabe.ctx", "org.wabe.ctx.virt"]
		and (.mountOptions | index("rro")) and .linux.cgroup.v1 and .linux.cgroup.v2' "$T/out"
}

@test "version and help" {
	ok W --version
	[[ $output =~ ^"wabe version "[0-9.]+[^$'\n']*$'\n'"spec: "1\.[0-9.]+$'\n'"libseccomp: "[0-9.]+$ ]] || shown
	ok W --help
	local verb help=$output
	for verb in create start run exec state kill delete list ps pause resume spec features; do
		[[ $help == *"  $verb "* ]]
		call W "$verb" --help
		[[ $status == 0 && $output == "Usage: wabe $verb "* ]] || shown
	done
}

@test "wrong words are errors" {
	refused "" W
	refused "unknown verb" W frobnicate
	refused "" W --nonsense list
	refused "usage" W state
	refused "usage" W state a b
	refused "" W state --nonsense x
	refused "usage" W create
	refused "usage" W start
	refused "usage" W list extra
	refused "" W run --preserve-fds=-1 "$ID"
	refused "" W run --preserve-fds=x "$ID"
	refused "" W --log-format xml list
	refused "want auto, true or false" W --rootless=perhaps list
	refused "No space left on device" bash -c '"$@" >/dev/full' - "$WABE" --root "$STATE" features
}

@test "--log and --log-format as engines want them" {
	conf '.process.args = ["/bin/nope"]'
	refused "/bin/nope" W --log "$T/log" --log-format json run --bundle "$B" "$ID"
	jq -es 'length == 1 and .[0].level == "error" and (.[0].msg | ascii_downcase | contains("exec \"/bin/nope\": ") and contains("no such file")) and (.[0].time | length > 10)' "$T/log"
	# Whatever a name holds, it is one line of JSON.
	conf '.process.args = ["/bin/a\"b\nc\u001b"]'
	refused "" W --log "$T/log" --log-format json run --bundle "$B" "$ID"
	jq -es 'length == 2 and (.[1].msg | contains("a\"b"))' "$T/log"
	refused "" W --log "$T/text" run --bundle "$B" "$ID"
	[[ $(wc -l <"$T/text") == 1 ]] && ! grep -q $'\033' "$T/text"
	refused "/no/such/log" W --log /no/such/log list
	refused "" W --debug --log "$T/debug" run --bundle "$B" "$ID"
	grep -q 'step "' "$T/debug"
}

# $1: what one of the log's messages has to be, a regular expression
logged()
{
	grep -qE "^wabe: $1" "$T/log" || { echo "not logged: $1"; cat "$T/log"; return 1; }
}

@test "--debug tells each step, where it is and what came of it" {
	conf '.hooks = {createRuntime: [{path: "/bin/true"}], createContainer: [{path: "/bin/true"}], poststart: [{path: "/bin/true"}]}
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
	script 'exec sleep 600'
	ok W --debug --log "$T/log" create --bundle "$B" "$ID"
	is ""
	logged "wabe [0-9.]+: create, state root $STATE, cgroups by file"
	logged "container $ID: step 1, check"
	logged "container $ID: cgroup /wabe/$ID, the host's are v[12]"
	logged "linux.seccomp: [0-9]+ instructions, compiled now"
	logged "container $ID: process $(pid_of); new namespaces:.* pid.*; joined: none"
	logged "hooks.createRuntime\[0\]: /bin/true ended with status 0"
	logged "container $ID: saved as created, process $(pid_of)"
	ok W --debug --log "$T/log" start "$ID"
	logged "container $ID: saved as started"
	logged "hooks.poststart\[0\]: /bin/true"
	ok W --debug --log "$T/log" exec "$ID" true
	logged "linux.seccomp: [0-9]+ instructions, of the cache"
	logged "container $ID: exec, step 3, process"
	ok W --debug --log "$T/log" kill "$ID" KILL
	logged "container $ID: signal 9 to its process"
	wait_for is_status stopped "$ID"
	ok W --debug --log "$T/log" delete "$ID"
	logged "container $ID: deleted"
	(($(wc -l <"$T/log") >= 40))
	# Else nothing.
	rm "$T/log"
	conf '.process.args = ["true"]'
	ok W --log "$T/log" run --bundle "$B" "$ID"
	[[ ! -s $T/log ]]
	# A container that can't be made says at which step.
	conf '.process.args = ["/bin/nope"]'
	refused "/bin/nope" W --debug run --bundle "$B" "$ID"
	has 'step "setup in the container" failed'
}

@test "a second state root knows nothing of the first" {
	background
	ok W --root "$T/other" list -q
	is ""
	refused "does not exist" W --root "$T/other" state "$ID"
	refused "does not exist" W --root "$T/other" kill "$ID" KILL
	[[ $(state_of) == running ]]
	refused "root: is empty" "$WABE" --root "" list
}

@test "options stand in front, behind, with one dash, as runc takes them" {
	local socket=$T/socket

	conf '.process.args = ["echo", "fine"]'
	ok W run "$ID" --bundle "$B"
	is fine
	ok W run -bundle="$B" -keep=true -- "$ID"
	ok W delete "$ID" -force
	# What is run's to choose, create does anyhow; --criu stands in front of each verb of containerd's that has it configured.
	ok W --criu /usr/sbin/criu create -d --keep --no-subreaper --bundle "$B" "$ID"
	[[ $(state_of) == created ]]
	ok W --criu=criu delete "$ID"
	ok W -debug=true list -q "--format=json"
	# What has a command of its own has its options in front.
	background 'exec sleep 600'
	ok W exec "$ID" echo --detach -x
	is "--detach -x"
	refused "unknown option --nope" W state "$ID" --nope
	refused "usage" W state -- "$ID" --nope
	refused "unknown option -z" W list -qz
	refused "--detach=yes" W run --detach=yes --bundle "$B" "$ID-x"
}

@test "what Go's flag package takes: -x=VALUE, 1 and t for true, help as a verb" {
	conf '.process.args = ["sh", "-c", "echo $A; exec sleep 600"]'
	ok W run -d=1 -b="$B" "$ID"
	ok W list -f=json
	[[ $(jq -r '.[0].id' <<<"$output") == "$ID" ]]
	ok W list -q=T
	is "$ID"
	ok W exec -u=5:6 -e=A=b -t=false "$ID" sh -c 'echo $(id -u):$(id -g) $A'
	is "5:6 b"
	refused "=json" W list -f==json
	refused "usage" W delete "$ID" --force=FALSE x
	refused "is running" W delete "$ID" --force=FALSE
	ok W delete --force=t "$ID"
	ok W help
	has "Usage: wabe [global options]"
	local all=$output
	ok W --help
	is "$all"
	ok W help run
	has "Usage: wabe run"
	all=$output
	ok W run --help
	is "$all"
	refused "unknown verb frobnicate" W help frobnicate
	refused "usage: wabe help" W help run create
}

@test "--pidfd-socket gets the process" {
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	python3 - "$T/socket" >"$T/got" 2>&1 3>&- <<-'EOF2' &
		import array, os, socket, sys
		server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		server.bind(sys.argv[1])
		server.listen(2)
		print("ready", flush=True)
		for _ in range(2):
		    connection, _ = server.accept()
		    data, controls, _, _ = connection.recvmsg(100, socket.CMSG_LEN(64))
		    fds = array.array("i")
		    for level, kind, bytes_ in controls:
		        fds.frombytes(bytes_)
		    lines = open(f"/proc/self/fdinfo/{fds[0]}").read().splitlines()
		    print(data.decode(), len(fds), [l.split()[1] for l in lines if l.startswith("Pid:")][0], flush=True)
	EOF2
	LISTENER=$!
	wait_for grep -q ready "$T/got"
	script 'exec sleep 600'
	ok W create --pidfd-socket "$T/socket" --bundle "$B" "$ID"
	wait_for grep -qx "standard 1 $(pid_of)" "$T/got"
	ok W start "$ID"
	ok W exec -d --pidfd-socket "$T/socket" --pid-file "$T/pid" "$ID" sleep 500
	wait_for grep -qx "setns 1 $(cat "$T/pid")" "$T/got"
	wait "$LISTENER"
	ok W delete --force "$ID"
	# Nobody listens: no container, no process, no pid file.
	rm "$T/pid"
	refused "send the pidfd to $T/socket: Connection refused" W run -d --pid-file "$T/pid" --pidfd-socket "$T/socket" --bundle "$B" "$ID"
	[[ ! -e $STATE/$ID && ! -e $T/pid ]]
	refused "send the pidfd to" W create --pidfd-socket "/$(printf 'x%.0s' {1..120})" --bundle "$B" "$ID"
}

@test "features says what is accepted" {
	local key path value

	# Each is true exactly when the configuration isn't refused as one that this version doesn't do.
	while read -r key path value; do
		conf "$path = $value"
		call W run --bundle "$B" "$ID"
		if [[ $(W features | jq "$key") == true ]]; then
			[[ $output != *"not supported"* ]] || { echo "$key"; shown; }
		else
			has "not supported"
		fi
		cp "$BASE" "$B/config.json"
	done <<-'EOF2'
		.linux.apparmor.enabled .process.apparmorProfile ""
		.linux.selinux.enabled .process.selinuxLabel ""
		.linux.intelRdt.enabled .linux.intelRdt {"closID":"/"}
		.linux.netDevices.enabled .linux.netDevices {"eth7":{}}
		.linux.cgroup.rdma .linux.resources.rdma {"mlx5_1":{"hcaHandles":3}}
		.linux.mountExtensions.idmap.enabled .mounts[0].uidMappings [{"containerID":0,"hostID":1,"size":1}]
	EOF2
	ok W features
	[[ $(jq -c '.linux.seccomp.actions | index("SCMP_ACT_NOTIFY") != null' <<<"$output") == true ]]
}
