#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# exec: a further process in a running container, in its namespaces, cgroup and confinement.

load oci

@test "a process is in all of the container's namespaces and its cgroup" {
	conf '.linux.namespaces += [{type: "time"}] | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"}'
	background
	local ns
	for ns in mnt pid net ipc uts cgroup; do
		ok_inside "readlink /proc/self/ns/$ns"
		is "$(readlink "/proc/$(pid_of)/ns/$ns")"
	done
	ok_inside 'cat /proc/self/cgroup'
	has "0::/"
	run -1 grep -v ':/$' <<<"$output"
	ok W exec -d "$ID" sleep 555
	local pid
	pid=$(W ps -f json "$ID" | jq "map(select(. != $(pid_of)))[0]")
	[[ $(cat "/proc/$pid/cgroup") == "$(cat "/proc/$(pid_of)/cgroup")" ]]
}

@test "v2: a process is born in the container's cgroup" {
	background
	ok W exec -d "$ID" sleep 555
	[[ $(wc -l <"$(cgroup_dir unified)/cgroup.procs") == 2 ]]
}

@test "status, signals, input and output are passed on" {
	background
	local code
	for code in 0 1 77 255; do
		call W exec "$ID" sh -c "exit $code"
		[[ $status == "$code" ]]
	done
	call W exec "$ID" sh -c 'kill -TERM $$'
	[[ $status == 143 ]]
	[[ $(echo "a b" | W exec "$ID" cat) == "a b" ]]
	W exec "$ID" sh -c 'echo out; echo err >&2' >"$T/stdout" 2>"$T/stderr"
	[[ $(cat "$T/stdout") == out && $(cat "$T/stderr") == err ]]
	# Options of the command are its own.
	ok W exec "$ID" echo -e --tty -- x
	is "--tty -- x"
}

@test "environment, directory and confinement come from the container, options change them" {
	conf '.process.env += ["A=1", "B=2"] | .process.cwd = "/tmp"'
	background
	ok W exec "$ID" sh -c 'pwd; echo $A$B; grep -E "^(CapBnd|CapEff|CapInh|CapAmb|NoNewPrivs)" /proc/self/status; ulimit -n'
	has $'/tmp\n12\nCapInh:\t0000000000000000\nCapEff:\t0000000020000420\nCapBnd:\t0000000020000420\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n1024'
	ok W exec --cwd /usr --env B=3 -e C=4 "$ID" sh -c 'pwd; echo $A$B$C'
	is $'/usr\n134'
	ok W exec --cap CAP_NET_RAW "$ID" grep CapEff /proc/self/status
	is $'CapEff:\t0000000020002420'
	refused "absolute" W exec --cwd relative "$ID" pwd
	refused "NAME=VALUE" W exec --env novalue "$ID" true
}

@test "user and groups: every form is right or refused" {
	conf '.process.user.additionalGids = [7]'
	own_rootfs
	conf '.process.user.additionalGids = [7]'
	printf 'root:x:0:0::/:/bin/sh\n1000:x:0:0::/:/bin/sh\n' >"$ROOTFS/etc/passwd"
	background
	ok W exec "$ID" id -G
	is "0 7"
	ok W exec -u 1000 "$ID" sh -c 'id -u; id -g; grep -E "^Cap(Prm|Eff)" /proc/self/status'
	is $'1000\n0\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000'
	ok W exec -u 1:2 "$ID" sh -c 'id -u; id -g'
	is $'1\n2'
	ok W exec -u 4294967294:4294967294 "$ID" sh -c 'id -u; id -g'
	is $'4294967294\n4294967294'
	ok W exec -u 5:6 -g 8 -g 9 "$ID" sh -c 'grep ^Groups /proc/self/status'
	[[ $(tr -s ' \t' ' ' <<<"$output") == "Groups: 7 8 9 " ]] || shown
	local form
	for form in -1 1:-1 root root:root 1: :1 "" " 1" "1 " 0x1 1e3 4294967295 4294967296 18446744073709551616 1:4294967296 \
		99999999999999999999999 1:2:3 +1 ١; do
		refused "" W exec -u "$form" "$ID" id -u
	done
	for form in -1 "" x 4294967295 4294967296; do
		refused "" W exec -g "$form" "$ID" id -u
	done
}

@test "--process takes a whole process" {
	background
	jq -n '{args: ["sh", "-c", "id -u; pwd; echo $X; grep NoNewPrivs /proc/self/status"], cwd: "/usr", env: ["X=y", "PATH=/bin"],
		user: {uid: 3, gid: 4}}' >"$T/process.json"
	ok W exec --process "$T/process.json" "$ID"
	is $'3\n/usr\ny\nNoNewPrivs:\t1'
	# Options hold over it, words beside it don't.
	ok W exec --process "$T/process.json" -u 5:6 --cwd /tmp --env X=z "$ID"
	is $'5\n/tmp\nz\nNoNewPrivs:\t1'
	ok W exec --process "$T/process.json" "$ID" true -x
	is $'wabe: warning: exec: --process has the command, "true" is ignored\n3\n/usr\ny\nNoNewPrivs:\t1'
	jq -n '{args: [], cwd: "/"}' >"$T/process.json"
	refused "process.args" W exec --process "$T/process.json" "$ID"
	echo '{"args": ["x"], "cwd": 1}' >"$T/process.json"
	refused "cwd" W exec --process "$T/process.json" "$ID"
	refused "nowhere.json" W exec --process "$T/nowhere.json" "$ID"
}

@test "the umask is the container's, or that of --process" {
	conf '.process.user.umask = 63'
	background
	ok_inside umask
	is 0077
	jq -n '{args: ["sh", "-c", "umask"], cwd: "/", user: {uid: 0, gid: 0}}' >"$T/process.json"
	ok W exec --process "$T/process.json" "$ID"
	is 0077
	jq -n '{args: ["sh", "-c", "umask"], cwd: "/", user: {uid: 0, gid: 0, umask: 2}}' >"$T/process.json"
	ok W exec --process "$T/process.json" "$ID"
	is 0002
	ok W delete -f "$ID"
	conf 'del(.process.user.umask)'
	background
	ok_inside umask
	is 0022
	conf '.process.user.umask = 512'
	refused 'process.user.umask' W create --bundle "$B" "$ID-2"
	[[ ! -e $STATE/$ID-2 ]]
}

@test "detached, with a pid file" {
	background
	ok W exec -d --pid-file "$T/pid" "$ID" sleep 333
	[[ $(tr '\0' ' ' <"/proc/$(cat "$T/pid")/cmdline") == "sleep 333 " ]]
	ok W kill "$ID" KILL
	wait_for has_ended "$(cat "$T/pid")"
}

@test "errors reach the caller" {
	background
	refused 'exec "/bin/nope": no such file or directory' W exec "$ID" /bin/nope
	refused "not found in the container's PATH" W exec "$ID" nope
	refused 'exec "/etc": permission denied' W exec "$ID" /etc
	refused 'exec "/bin/nope"' W exec -d --pid-file "$T/pid" "$ID" /bin/nope
	[[ ! -e $T/pid ]]
	refused "usage" W exec "$ID"
	refused "does not exist" W exec "$ID-x" true
	refused "process.cwd" W exec --cwd /etc/passwd "$ID" true
	refused "process.cwd" W exec --cwd /nope/dir "$ID" true
	has "No such file or directory"
	[[ ! -e $ROOTFS/nope ]]
}

@test "a created container can be entered" {
	script 'sleep 600'
	ok W create --bundle "$B" "$ID"
	ok W exec "$ID" echo inside
	is inside
	[[ $(state_of) == created ]]
}

# runc-exec(8)
@test "exec that fails itself exits with 255, which its command's 1 is not" {
	background
	call W exec "$ID" false
	[[ $status == 1 ]] || shown
	for words in "$ID /nope" "$ID /etc" "--cwd /nope $ID true" "--user nobody-there $ID true" "nothing true" "--process /nope $ID"; do
		# shellcheck disable=SC2086 # words
		call W exec $words
		[[ $status == 255 ]] || { echo "exec $words"; shown; }
	done
	ok W pause "$ID"
	call W exec "$ID" true
	[[ $status == 255 ]] || shown
	ok W resume "$ID"
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	call W exec "$ID" true
	[[ $status == 255 ]] || shown
	# The command line's fault.
	call W exec --nonsense "$ID" true
	[[ $status == 1 ]] || shown
}

@test "seccomp holds in exec as well" {
	conf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}'
	background
	call W exec "$ID" mkdir /tmp/x
	[[ $status == 1 ]]
	has "not supported"
	ok W exec "$ID" grep 'Seccomp:' /proc/self/status
	is $'Seccomp:\t2'
}

@test "a container in a user namespace is entered as its root" {
	userns
	background
	ok W exec "$ID" sh -c 'id -u; cat /proc/self/uid_map; readlink /proc/self/ns/user'
	[[ $(head -1 <<<"$output") == 0 && $output == *"100000"* && $output == *"$(readlink "/proc/$(pid_of)/ns/user")" ]] || shown
	ok W exec -d --pid-file "$T/pid" -u 7 "$ID" sleep 333
	[[ $(awk '/^Uid/ {print $2}' "/proc/$(cat "$T/pid")/status") == 100007 ]]
	refused "process.user.uid" W exec -u 70000 "$ID" true
}

@test "many at once" {
	background
	local i pids=()
	for ((i = 0; i < 20; i++)); do
		W exec "$ID" sh -c "echo $i; exit $i" >"$T/out.$i" 2>&1 </dev/null &
		pids+=($!)
	done
	for ((i = 0; i < 20; i++)); do
		local code=0
		wait "${pids[i]}" || code=$?
		[[ $code == "$i" && $(cat "$T/out.$i") == "$i" ]]
	done
	[[ $(W ps -f json "$ID" | jq length) == 1 ]]
}

@test "the init of the container survives, and its end ends every process" {
	background
	ok W exec -d "$ID" sh -c 'sleep 700 & sleep 701'
	wait_for eval '(($(W ps -f json "$ID" | jq length) >= 3))'
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
}

@test "an exec that is stopped keeps no container from ending" {
	local visitor end=0

	background
	# Not by W, which would stop timeout.
	"${ENTER[@]}" "$WABE" --root "$STATE" exec "$ID" sh -c 'echo here; exec sleep 700' >"$T/visit" 3>&- &
	wait_for grep -q here "$T/visit"
	visitor=$!
	kill -STOP "$visitor"
	ok W kill "$ID" KILL
	wait_for is_status stopped "$ID"
	ok W delete "$ID"
	kill -CONT "$visitor"
	wait "$visitor" || end=$?
	[[ $end == 137 ]]
}
