#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# linux.seccomp: actions, arguments, architectures, errors, the cache of compiled filters.

load oci

# {names: $1 (comma separated), action: $2, further jq $3}
profile()
{
	conf ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: (\$n | split(\",\")), action: \$a} ${3:-}]}" \
		--arg n "$1" --arg a "$2"
}

@test "actions" {
	script 'mkdir /tmp/x 2>&1; echo "status $?"'
	conf '.mounts += [{destination: "/tmp", type: "tmpfs", source: "x"}]'
	profile mkdir,mkdirat SCMP_ACT_ERRNO
	ok_container
	has "Operation not permitted"
	profile mkdir,mkdirat SCMP_ACT_ERRNO '+ {errnoRet: 2}'
	ok_container
	has "No such file or directory"
	profile mkdir,mkdirat SCMP_ACT_KILL_PROCESS
	ok_container
	has "status 159"
	profile mkdir,mkdirat SCMP_ACT_ALLOW
	ok_container
	is "status 0"
	profile mkdir,mkdirat SCMP_ACT_LOG
	ok_container
	is "status 0"
}

@test "an allow list, with a default errno, with and without no_new_privs" {
	conf '.process.args = ["/bin/busybox", "uname", "-s"]'
	profile uname SCMP_ACT_ERRNO '+ {errnoRet: 95}'
	ok_container
	is "" # its own name for a failure
	for nnp in true false; do
		# What busybox and the last steps of the setup need.
		conf '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 38, syscalls: [{action: "SCMP_ACT_ALLOW", names:
			["execve", "exit", "exit_group", "write", "read", "brk", "mmap", "munmap", "mprotect", "arch_prctl", "uname", "set_tid_address",
			"rseq", "set_robust_list", "prlimit64", "readlink", "readlinkat", "getrandom", "getuid", "geteuid", "setuid", "setgid", "prctl", "ioctl",
			"fstat", "newfstatat", "rt_sigaction", "futex", "sendmsg", "recvmsg", "close", "close_range", "stat", "faccessat2", "faccessat", "capset",
			"capget", "setresuid", "setresgid", "setgroups", "umask", "chdir", "fchdir", "openat", "openat2", "getcwd", "fchown", "poll",
			"getpid", "access", "fcntl", "accept4", "setrlimit", "getrlimit", "gettid"]}]} | .process.noNewPrivileges = $n' --argjson n "$nnp"
		ok_container
		is Linux
	done
	conf '.process.args = ["/bin/busybox", "hostname", "x"]'
	container
	[[ $status != 0 ]]
}

@test "foreign architectures are refused by the filter, or let in by name" {
	conf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
		flags: ["SECCOMP_FILTER_FLAG_LOG"]}'
	script 'echo fine'
	ok_container
	is fine
	conf '.linux.seccomp.architectures = ["SCMP_ARCH_NOPE"]'
	refused_container "linux.seccomp.architectures[0]"
}

@test "a compiled filter is used again, a damaged one is not" {
	script 'mkdir /dev/shm/x 2>&1'
	profile mkdir,mkdirat SCMP_ACT_ERRNO '+ {errnoRet: 95}'
	container
	has "not supported"
	[[ $(stat -c %a "$STATE/.seccomp") == 700 ]]
	local file
	file=$(find "$STATE/.seccomp" -type f)
	[[ $(wc -l <<<"$file") == 1 && $(stat -c '%a %u' "$file") == "600 0" ]]
	container
	has "not supported"
	[[ $(find "$STATE/.seccomp" -type f) == "$file" ]]
	local damage
	for damage in 'truncate -s 0' 'truncate -s -8' 'truncate -s +64' 'dd if=/dev/urandom bs=64 count=4 conv=notrunc status=none of='; do
		if [[ $damage == dd* ]]; then
			$damage"$file"
		else
			$damage "$file"
		fi
		container
		has "not supported"
	done
	# Another profile is another filter.
	profile mkdir,mkdirat SCMP_ACT_ERRNO '+ {errnoRet: 2}'
	container
	has "No such file"
	[[ $(find "$STATE/.seccomp" -type f | wc -l) == 2 ]]
}

@test "bad profiles are refused with their place" {
	conf '.linux.seccomp = {}'
	refused_container "linux.seccomp"
	conf '.linux.seccomp = {defaultAction: "SCMP_ACT_NOPE"}'
	refused_container "linux.seccomp.defaultAction"
	profile mkdir SCMP_ACT_NOPE
	refused_container "linux.seccomp.syscalls[0].action"
	profile mkdir SCMP_ACT_KILL '+ {errnoRet: 3}'
	refused_container "errno"
	profile mkdir SCMP_ACT_ERRNO '+ {args: [{index: 6, value: 0, op: "SCMP_CMP_EQ"}]}'
	refused_container "linux.seccomp.syscalls[0].args[0].index"
	profile mkdir SCMP_ACT_ERRNO '+ {args: [{index: 0, value: 0, op: "NOPE"}]}'
	refused_container "args[0].op"
	# Unknown calls are of newer kernels, or of other architectures: left out, as runc does.
	profile no_such_call,mkdir SCMP_ACT_ERRNO
	conf '.process.args = ["echo", "fine"]'
	ok_container
	is fine
}
