#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a guest could make a further process believe, and what any process inside could find or keep. The number in a name
# is the CVE of another runtime.

load ../oci

# What is open inside, without the directory that is read for it.
DESCRIPTORS='for f in /proc/self/fd/*; do t=$(readlink $f 2>/dev/null) && echo "${f##*/} $t"; done | grep -v "/proc/[0-9]*/fd$"'

@test "a guest's own /proc decides nothing about a further process (2015-1334)" {
	own_rootfs
	all_caps
	conf '.process.capabilities.bounding += [] | .process.noNewPrivileges = false
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sethostname"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}'
	# A tree that looks like /proc, with files in place of the kernel's.
	mkdir -p "$ROOTFS/fake/self/attr" "$ROOTFS/fake/thread-self/attr" "$ROOTFS/fake/sys/kernel" "$ROOTFS/fake/1/ns"
	for file in self/attr/exec thread-self/attr/exec self/oom_score_adj self/setgroups self/uid_map self/status 1/ns/mnt; do
		echo untouched >"$ROOTFS/fake/$file"
	done
	chmod -R a+rwX "$ROOTFS/fake"
	background 'mount --bind /fake /proc && touch /ready; exec sleep 600'
	wait_for test -e "$ROOTFS/ready"
	jq -n '{args: ["sh", "-c", "mount -t proc p /mnt; grep -E \"^(Uid|CapBnd|NoNewPrivs|Seccomp):\" /mnt/self/status | tr -s \"\\t \" \" \"; cat /mnt/self/oom_score_adj; hostname x 2>&1; readlink /mnt/self/ns/pid"],
		cwd: "/", user: {uid: 0, gid: 0}, noNewPrivileges: true, oomScoreAdj: 321, env: ["PATH=/bin"],
		capabilities: {bounding: ["CAP_SYS_ADMIN"], permitted: ["CAP_SYS_ADMIN"], effective: ["CAP_SYS_ADMIN"]}}' >"$T/process.json"
	ok W exec --process "$T/process.json" "$ID"
	has $'Uid: 0 0 0 0\n'
	has $'CapBnd: 0000000000200000\n'
	has $'NoNewPrivs: 1\n'
	has $'Seccomp: 2\n'
	has $'\n321\n'
	has "hostname: sethostname: Operation not supported"
	has "$(readlink "/proc/$(pid_of)/ns/pid")"
	[[ $(cat "$ROOTFS"/fake/*/* "$ROOTFS"/fake/*/*/* 2>/dev/null | sort -u) == untouched ]]
}

@test "descriptors inside are those of a short list, in run and in exec (2024-21626)" {
	own_rootfs
	script "$DESCRIPTORS"
	# Inheritable ones of a careless caller: directories of the host, files, a socket's end.
	ok bash -c 'for fd in {3..40}; do eval "exec $fd</"; done; exec timeout 30 "$@"' - "${ENTER[@]}" "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	[[ $(sed 's/ .*//' <<<"$output" | paste -sd' ') == "0 1 2" ]] || shown
	background
	ok bash -c 'for fd in {3..40}; do eval "exec $fd</"; done; exec timeout 30 "$@"' - "${ENTER[@]}" "$WABE" --root "$STATE" exec "$ID" sh -c "$DESCRIPTORS"
	[[ $(sed 's/ .*//' <<<"$output" | paste -sd' ') == "0 1 2" ]] || shown
	[[ $(ls "/proc/$(pid_of)/fd" | paste -sd' ') == "0 1 2" ]]
	# None of the three is a directory of the host, either.
	for fd in 0 1 2; do [[ ! -d /proc/$(pid_of)/fd/$fd ]]; done
}

@test "a file of a second guest can't be opened by its handle (2014-3519)" {
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	host_programs
	mkdir "$T/second"
	echo secret >"$T/second/file"
	local handle
	handle=$(/usr/bin/python3 -c 'import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
h = ctypes.create_string_buffer(136)
h[0:4] = (128).to_bytes(4, "little")
m = ctypes.c_int()
if libc.name_to_handle_at(-100, sys.argv[1].encode(), h, ctypes.byref(m), 0): sys.exit(1)
print(h.raw.hex())' "$T/second/file") || skip "no handles on this file system"
	conf '.process.args = [$p, "-c", $s, $h]' --arg p "$PYTHON_INSIDE" --arg h "$handle" --arg s '
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
h = ctypes.create_string_buffer(bytes.fromhex(sys.argv[1]), 136)
for where in ("/", "/etc", "/host/usr"):
    fd = libc.open_by_handle_at(os.open(where, os.O_RDONLY), h, 0)
    print("opened" if fd >= 0 else os.strerror(ctypes.get_errno()))
'
	container
	[[ $(sort -u <<<"$output") == "Operation not permitted" && $(wc -l <<<"$output") == 3 ]] || shown
	# The same with a user namespace in which root has every capability.
	all_caps
	userns
	chown -R 100000:100000 "$ROOTFS"
	container
	[[ $output != *opened* && $(wc -l <<<"$output") == 3 ]] || shown
}

@test "nothing is made at a place that others can foresee or write to (2026-33711)" {
	[[ -x /usr/bin/strace ]] || skip "no strace"
	conf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"} | .hooks = {poststop: [{path: "/bin/true"}]}'
	script 'sleep 600'
	local calls="open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,symlink,symlinkat,rename,renameat,renameat2,link,linkat,bind"
	local trace=(timeout 60 "${ENTER[@]}" strace -qq -e "trace=$calls")
	ok "${trace[@]}" -o "$T/create" "$WABE" --root "$STATE" create --bundle "$B" "$ID"
	ok "${trace[@]}" -o "$T/start" "$WABE" --root "$STATE" start "$ID"
	ok "${trace[@]}" -o "$T/exec" "$WABE" --root "$STATE" exec "$ID" true
	ok "${trace[@]}" -o "$T/delete" "$WABE" --root "$STATE" delete --force "$ID"
	[[ $(cat "$T"/{create,start,exec,delete} | wc -l) -gt 20 ]]
	# What makes a file and names it by an absolute path names one below the state root, whose owner is checked.
	awk -v state="\"$STATE" '/(O_CREAT|O_TMPFILE|^(creat|mkdir|mknod|symlink|rename|link|bind))/ && match($0, /"\/[^"]*"/) {
			path = substr($0, RSTART, RLENGTH)
			if (index(path, state) != 1 && path !~ /^"\/(proc\/self\/fd\/|sys["\/])/) print
		}' "$T/create" "$T/start" "$T/exec" "$T/delete" >"$T/elsewhere"
	[[ ! -s $T/elsewhere ]] || { cat "$T/elsewhere"; return 1; }
}

@test "annotations run and switch nothing" {
	conf '.annotations = {"run.oci.hooks.stdout": $f, "org.systemd.property.ExecStartPre": "/bin/touch", "run.oci.handler": "krun",
		"run.oci.seccomp_fail_unknown_syscall": "1", "run.oci.mount_context_type": "x", "run.oci.keep_original_groups": "1",
		"run.oci.delegate-cgroup": "/", "io.kubernetes.cri-o.userns-mode": "auto", "run.oci.hooks.prestart": "/bin/touch"}' --arg f "$T/made"
	script 'grep ^Groups /proc/self/status | tr -d "\t "; echo fine'
	ok timeout 30 "${ENTER[@]}" setpriv --groups 4,20,27 "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	is $'Groups:\nfine'
	[[ ! -e $T/made ]]
}

@test "no capability but the configured ones, whatever the kernel knows (2005-4418)" {
	local last all
	last=$(cat /proc/sys/kernel/cap_last_cap)
	conf '.process.capabilities = {bounding: ["CAP_KILL"], permitted: ["CAP_KILL"], effective: ["CAP_KILL"]} | .process.noNewPrivileges = false'
	script 'grep ^Cap /proc/self/status | cut -f 2 | sort -u'
	ok_container
	is $'0000000000000000\n0000000000000020'
	# A number above the last one has no name to ask for it by: warned of (config.md), and nothing more is given.
	for all in "CAP_$((last + 1))" "$((last + 1))" CAP_LAST_CAP cap_kill "CAP_KILL " ""; do
		conf '.process.capabilities.bounding = ["CAP_KILL", $c]' --arg c "$all"
		ok_container
		has "process.capabilities: without $all, which is unknown"
		[[ $(tail -n 2 <<<"$output") == $'0000000000000000\n0000000000000020' ]] || shown
	done
}

@test "groups of a further process are exact, whatever the caller has (2022-36109)" {
	conf '.process.user = {uid: 0, gid: 0, additionalGids: [7]}'
	background
	ok timeout 30 "${ENTER[@]}" setpriv --groups 4,20,27 "$WABE" --root "$STATE" exec "$ID" sh -c 'grep ^Groups /proc/self/status | tr -s "\t " " "'
	is "Groups: 7 "
	ok timeout 30 "${ENTER[@]}" setpriv --groups 4,20,27 "$WABE" --root "$STATE" exec -u 1000:1000 "$ID" sh -c 'grep ^Groups /proc/self/status | tr -s "\t " " "'
	[[ $output == "Groups: 7 " || $output == "Groups: " ]] || shown
}

@test "a process of a user inside reaches nothing of root's inside" {
	own_rootfs
	mkdir -m 700 "$ROOTFS/private"
	echo secret >"$ROOTFS/private/file"
	conf '.process.user = {uid: 1000, gid: 1000}'
	script 'cat /private/file; echo x >/etc/passwd; kill -9 1; mknod /tmp/n c 1 3; mount -t tmpfs x /tmp; hostname x; chroot / true; echo end'
	container
	[[ $output != *secret* && $output == *end ]] || shown
	[[ $(grep -cE "ermission denied|not permitted|must be superuser|can't create" <<<"$output") -ge 5 ]] || shown
	[[ $(cat "$ROOTFS/etc/passwd") == root:* ]]
}
