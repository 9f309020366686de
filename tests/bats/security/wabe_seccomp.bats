#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a profile forbids is forbidden: libseccomp's CVEs.

load ../oci

@test "arguments are compared in all 64 bits" {
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	host_programs
	conf '.process.args = [$p, "-c", "import ctypes\nc = ctypes.CDLL(None, use_errno=True).syscall\nc.restype = ctypes.c_long\nfor v in (0, 1, 5, 1 << 32, (1 << 32) + 1, (1 << 32) + 5, 0xdeadbeef00000005):\n    c(ctypes.c_long(39), ctypes.c_ulong(v)); print(v, c(ctypes.c_long(39), ctypes.c_ulong(v)) > 0)"]' --arg p "$PYTHON_INSIDE"
	local op value two expected
	while read -r op value two expected; do
		# jq has no integers above 2^53.
		conf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["getpid"], action: "SCMP_ACT_ERRNO",
			args: [{index: 0, value: 11111, valueTwo: 22222, op: $o}]}]}' --arg o "$op"
		sed -i "s/11111/$value/; s/22222/$two/" "$B/config.json"
		ok_container
		[[ $(sed 's/.* //' <<<"$output" | paste -sd' ') == "${expected//,/ }" ]] || { echo "$op $value"; shown; }
	done <<-EOF2
		SCMP_CMP_EQ 5 0 True,True,False,True,True,True,True
		SCMP_CMP_NE 5 0 False,False,True,False,False,False,False
		SCMP_CMP_GT 4294967296 0 True,True,True,True,False,False,False
		SCMP_CMP_GE 4294967296 0 True,True,True,False,False,False,False
		SCMP_CMP_LT 4294967297 0 False,False,False,False,True,True,True
		SCMP_CMP_LE 1 0 False,False,True,True,True,True,True
		SCMP_CMP_MASKED_EQ 4294967295 5 True,True,False,True,True,False,False
		SCMP_CMP_EQ 16045690981097406469 0 True,True,True,True,True,True,False
	EOF2
}

@test "several rules of one call are alternatives, arguments of one rule all have to hold" {
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	host_programs
	conf '.process.args = [$p, "-c", "import ctypes\nc = ctypes.CDLL(None, use_errno=True).syscall\nfor a, b in ((1, 1), (1, 2), (2, 1), (2, 2), (3, 3)):\n    print(c(ctypes.c_long(39), ctypes.c_ulong(a), ctypes.c_ulong(b)) > 0)"]' --arg p "$PYTHON_INSIDE"
	conf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["getpid"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}, {index: 1, value: 2, op: "SCMP_CMP_EQ"}]},
		{names: ["getpid"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 3, op: "SCMP_CMP_EQ"}]}]}'
	ok_container
	[[ $(paste -sd' ' <<<"$output") == "True False True True False" ]] || shown
}
