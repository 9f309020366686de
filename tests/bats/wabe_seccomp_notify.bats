#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# SCMP_ACT_NOTIFY: the listener goes to linux.seccomp.listenerPath with the container process state, before the process starts.

load oci

more_setup_file()
{
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	# Writes each connection's document (and what else came) to FILE.N, and answers the calls that it is asked about: makes them
	# fail with ERRNO, or (0) lets them be done.
	cat >"$BATS_FILE_TMPDIR/agent.py" <<-'EOF2'
		import array, fcntl, json, os, socket, struct, sys, threading

		path, out, errno, how = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:]
		RECV, SEND = 0xc0502100, 0xc0182101  # linux/seccomp.h: struct seccomp_notif of 80 bytes, _resp of 24
		CONTINUE = 1

		def answer(fd, log):
		    while True:
		        request = bytearray(80)
		        try:
		            fcntl.ioctl(fd, RECV, request)
		        except OSError:
		            return
		        id, pid, _, nr = struct.unpack_from("QIIi", request)
		        with open(log, "a") as f:
		            print(pid, nr, file=f)
		        reply = struct.pack("QqiI", id, 0, -errno, 0 if errno else CONTINUE)
		        try:
		            fcntl.ioctl(fd, SEND, bytearray(reply))
		        except FileNotFoundError:
		            pass

		server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		server.bind(path)
		server.listen(4)
		print("ready", flush=True)
		count = 0
		while True:
		    connection, _ = server.accept()
		    if "deaf" in how:
		        connection.close()
		        continue
		    data, controls, _, _ = connection.recvmsg(65536, socket.CMSG_LEN(64))
		    fds = array.array("i")
		    for level, kind, bytes_ in controls:
		        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
		            fds.frombytes(bytes_)
		    while more := connection.recv(65536):
		        data += more
		    with open(f"{out}.{count}.new", "w") as f:
		        json.dump({"document": json.loads(data), "fds": len(fds), "link": os.readlink(f"/proc/self/fd/{fds[0]}")}, f)
		    os.rename(f"{out}.{count}.new", f"{out}.{count}")
		    threading.Thread(target=answer, args=(fds[0], f"{out}.{count}.calls"), daemon=True).start()
		    count += 1
	EOF2
}

# $1: errno of the answers, 0: go on
agent()
{
	python3 "$BATS_FILE_TMPDIR/agent.py" "$T/socket" "$T/got" "$@" >"$T/agent" 2>&1 3>&- &
	AGENT=$!
	wait_for grep -q ready "$T/agent"
}

more_teardown()
{
	[[ -z ${AGENT-} ]] || kill "$AGENT"
}

more_setup()
{
	AGENT=
	conf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $p, listenerMetadata: "MKDIR=no", syscalls: [
		{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_NOTIFY"}]} | .mounts += [{destination: "/tmp", type: "tmpfs", source: "x"}]' --arg p "$T/socket"
	script 'mkdir /tmp/x 2>&1; ls /tmp'
}

@test "the agent gets the state and the listener, and answers calls" {
	local nnp n=0

	agent 95
	for nnp in true false; do
		conf '.process.noNewPrivileges = $n | .annotations = {"org.example.a": "b"}' --argjson n "$nnp"
		ok_container
		is "mkdir: can't create directory '/tmp/x': Operation not supported"
		jq -e --arg id "$ID" --arg b "$B" '.fds == 1 and .link == "anon_inode:seccomp notify" and (.document |
			.fds == ["seccompFd"] and .metadata == "MKDIR=no" and .pid > 0 and (.ociVersion | startswith("1.")) and (.state |
			.id == $id and .status == "creating" and .bundle == $b and .annotations["org.example.a"] == "b")
			and .pid == .state.pid)' "$T/got.$n" >/dev/null || { cat "$T/got.$n"; return 1; }
		[[ $(wc -l <"$T/got.$n.calls") == 1 ]]
		n=$((n + 1))
	done
	kill "$AGENT"
	rm "$T/socket"
	agent 0
	ok_container
	is x
}

@test "each process has a connection of its own, with one state" {
	local nnp

	agent 95
	for nnp in true false; do
		rm -f "$T"/got.*
		conf '.process.noNewPrivileges = $n' --argjson n "$nnp"
		script 'mkdir /tmp/x 2>/tmp/err; exec sleep 600'
		ok W create --bundle "$B" "$ID"
		# It is there when create returns: nothing of the container has run.
		wait_for eval "ls $T/got.? >/dev/null 2>&1"
		local first
		first=$(ls "$T"/got.?)
		[[ $(jq .document.pid "$first") == "$(pid_of)" && $(jq -r .document.state.status "$first") == creating ]]
		[[ ! -e $first.calls ]]
		ok W start "$ID"
		wait_for test -e "$first.calls"
		call W exec "$ID" mkdir /tmp/y
		has "not supported"
		[[ $(ls "$T"/got.? | wc -l) == 2 ]]
		ok W exec -d --pid-file "$T/pid" "$ID" sleep 600
		local last
		last=$(ls "$T"/got.? | tail -n 1)
		wait_for eval "[[ \$(ls $T/got.? | wc -l) == 3 ]]"
		last=$(ls "$T"/got.? | tail -n 1)
		jq -e --argjson pid "$(cat "$T/pid")" --argjson init "$(pid_of)" '.document | .pid == $pid and .state.pid == $init and .state.status == "running"' \
			"$last" >/dev/null || { cat "$last"; return 1; }
		ok W delete --force "$ID"
		kill "$AGENT"
		rm "$T/socket"
		agent 95
	done
}

@test "calls of the runtime itself may be asked about too" {
	local nnp

	agent 0
	conf '.linux.seccomp.syscalls[0].names += ["sendmsg", "recvmsg", "accept4", "execve", "setresuid", "wait4", "close", "munmap"]
		| .process.user.uid = 5'
	script 'id -u'
	for nnp in true false; do
		conf '.process.noNewPrivileges = $n' --argjson n "$nnp"
		ok_container
		is 5
		background
		ok_inside 'id -u'
		is 5
		ok W delete --force "$ID"
		script 'id -u'
	done
}

@test "a listener that can't be sent is an error" {
	refused_container "linux.seccomp.listenerPath: send the listener to $T/socket: No such file or directory"
	touch "$T/socket"
	refused_container "linux.seccomp.listenerPath: send the listener to $T/socket: Connection refused"
	rm "$T/socket"
	python3 -c 'import socket, sys, time; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); print("ready", flush=True); time.sleep(600)' \
		"$T/socket" >"$T/agent" 3>&- &
	AGENT=$!
	wait_for grep -q ready "$T/agent"
	refused_container "linux.seccomp.listenerPath: send the listener to $T/socket: Protocol wrong type for socket"
	conf '.linux.seccomp.listenerPath = $p' --arg p "/$(printf 'x%.0s' {1..120})"
	refused_container "linux.seccomp.listenerPath"
	# The same of a process in a running container.
	kill "$AGENT"
	rm "$T/socket"
	conf '.linux.seccomp.listenerPath = $p' --arg p "$T/socket"
	agent 95
	background
	kill "$AGENT"
	AGENT=
	rm "$T/socket"
	refused "linux.seccomp.listenerPath" W exec "$ID" true
}

@test "without the action nobody is told" {
	conf '.linux.seccomp.syscalls[0] += {action: "SCMP_ACT_ERRNO", errnoRet: 95} | .linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'
	ok_container
	has "not supported"
}

@test "what can't be is refused with its place" {
	conf 'del(.linux.seccomp.listenerPath)'
	refused_container "linux.seccomp.listenerPath: is missing, listenerMetadata needs it"
	conf 'del(.linux.seccomp.listenerMetadata)'
	refused_container "linux.seccomp.listenerPath: is missing, syscalls[0].action"
	conf '.linux.seccomp.listenerPath = "/x" | .linux.seccomp.syscalls[0].errnoRet = 5'
	refused_container "linux.seccomp.syscalls[0].action: SCMP_ACT_NOTIFY returns no errno"
	conf '.linux.seccomp = {defaultAction: "SCMP_ACT_NOTIFY", listenerPath: "/x"}'
	refused_container "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY can't be the default"
}

@test "the compiled filter is kept, and notifies when it is used again" {
	local n

	agent 95
	for n in 0 1; do
		conf '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_TSYNC"]'
		ok_container
		has "not supported"
		[[ -s $T/got.$n.calls && $(find "$STATE/.seccomp" -type f | wc -l) == 1 ]]
	done
}

@test "hooks of the container's start are asked about as well" {
	own_rootfs
	conf '.hooks.startContainer = [{path: "/bin/mkdir", args: ["mkdir", "/hooked"]}] | .process.args = ["ls", "-d", "/hooked"]'
	agent 0
	ok_container
	is /hooked
	[[ -s $T/got.0.calls ]]
}
