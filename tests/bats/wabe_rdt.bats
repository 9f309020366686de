#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# linux.intelRdt where there is no resctrl, which is everywhere that these tests run: tests/unit/test_rdt.c has what is done
# with one.

load oci

more_setup()
{
	! grep -q ' resctrl ' /proc/mounts || skip "resctrl is mounted here"
}

@test "without resctrl a container that asks for it is refused, and leaves nothing" {
	local value
	for value in '{"closID": "x"}' '{"l3CacheSchema": "L3:0=f"}' '{"memBwSchema": "MB:0=20"}' '{"schemata": ["L3:0=f"]}' \
		'{"enableMonitoring": true}' '{}'; do
		conf '.linux.intelRdt = $v' --argjson v "$value"
		refused_container "linux.intelRdt: no resctrl file system is mounted"
		refused "no resctrl" W create --bundle "$B" "$ID"
		[[ ! -e $STATE/$ID ]]
	done
}

@test "what is no class or schema is refused with its path" {
	local pair
	for pair in 'closID="a/b"' 'closID=".."' 'closID="info"' 'closID=1' 'memBwSchema="L3:0=f"' 'memBwSchema="MB:0=1\nMB:1=1"' \
		'l3CacheSchema=[]' 'l3CacheSchema="nonsense"' 'l3CacheSchema="L3:0=f\nx"' 'schemata="L3:0=f"' 'schemata=["a\nb"]' 'schemata=[""]' 'enableMonitoring=1' 'enableCMT="x"'; do
		conf '.linux.intelRdt = {($k): $v}' --arg k "${pair%%=*}" --argjson v "${pair#*=}"
		refused_container "linux.intelRdt.${pair%%=*}"
	done
}

@test "update: schemas are refused without resctrl, and so is what is none" {
	background
	refused "no resctrl" W update --l3-cache-schema "L3:0=f" "$ID"
	refused "no resctrl" W update --mem-bw-schema "MB:0=20" "$ID"
	refused "linux.intelRdt.memBwSchema" W update --mem-bw-schema "0=20" "$ID"
	[[ $(jq .linux.intelRdt "$STATE/$ID/config.json") == null ]]
}
