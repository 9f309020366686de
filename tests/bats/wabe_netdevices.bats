#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# linux.netDevices: devices of the host that the container gets (config-linux.md, "Network Devices"). The host is a network
# namespace of the test here.

load oci

more_setup()
{
	own_rootfs
	unshare -n sh -c 'echo ready; exec sleep 600' >"$T/host" 2>&1 3>&- &
	HOST=$!
	wait_for grep -q ready "$T/host"
	ENTER+=(nsenter "--net=/proc/$HOST/ns/net")
	on_host ip link add v0 type veth peer name p0 || skip "no veth devices"
	on_host ip link set v0 mtu 1400 address 02:00:00:00:00:07
	on_host ip addr add 10.9.8.7/24 brd 10.9.8.255 dev v0
	on_host ip addr add 10.9.8.8/32 dev v0 scope host
	on_host ip addr add 10.9.8.9/24 dev v0 valid_lft 500 preferred_lft 400
	on_host ip addr add 2001:db8::7/64 nodad dev v0
	on_host ip link set lo up
	on_host ip link set v0 up
	on_host ip link set p0 up
}

more_teardown()
{
	[[ -z ${HOST-} ]] || kill "$HOST" 2>/dev/null || true
	HOST=
}

on_host()
{
	nsenter "--net=/proc/$HOST/ns/net" "$@"
}

# All that the host has: names, addresses, states.
links()
{
	# The carrier needs a moment.
	on_host ip -o link show | sed 's/^[0-9]*: //; s/@if[0-9]*//; s/NO-CARRIER,//; s/,LOWER_UP//; s/state [A-Z]*//' | sort
	on_host ip -o addr show | sed 's/^[0-9]*: //; s/valid_lft.*//' | grep -v 'fe80' | sort
}

# A pair like the first one, which is gone a moment after its namespace.
again()
{
	on_host ip link add v0 type veth peer name p0 2>/dev/null
}

devices()
{
	conf ".linux.netDevices = $1"
}

@test "a device comes with its name, attributes and permanent global addresses, and is up" {
	devices '{v0: {}}'
	script 'ip -o link show v0; ip -o addr show v0; ip route'
	ok_container
	has "mtu 1400"
	has "02:00:00:00:00:07"
	has ",UP"
	has "inet 10.9.8.7/24 brd 10.9.8.255 scope global v0"
	has "inet6 2001:db8::7/64 scope global"
	has "10.9.8.0/24 dev v0"
	[[ $output != *10.9.8.8* && $output != *10.9.8.9* ]] || shown
	# It ended with its namespace; nobody moved it back.
	run -1 on_host ip link show v0
}

@test "a device gets another name, or one by a pattern" {
	devices '{v0: {name: "eth0"}}'
	script 'ip -o link show | cut -d: -f2 | cut -d@ -f1; ip -o addr show eth0'
	ok_container
	has eth0
	has 10.9.8.7/24
	[[ $output != *v0* ]] || shown
	wait_for again
	on_host ip link add v1 type veth peer name p1
	script 'ip -o link show'
	devices '{v0: {name: "net%d"}, v1: {name: "net%d"}}'
	ok_container
	has net0
	has net1
}

@test "devices go into a user namespace's network, and into one that is joined" {
	userns
	devices '{v0: {name: "eth0"}}'
	conf '.process.args = ["ip", "-o", "addr", "show", "eth0"]'
	ok_container
	has 10.9.8.7/24
	unshare -n sh -c 'echo ready; exec sleep 600' >"$T/other" 2>&1 3>&- &
	local other=$!
	wait_for grep -q ready "$T/other"
	wait_for again
	on_host ip addr add 10.9.8.7/24 dev v0
	cp "$BASE" "$B/config.json"
	conf '.linux.namespaces |= map(if .type == "network" then .path = $p else . end) | .process.args = ["ip", "-o", "addr"]' --arg p "/proc/$other/ns/net"
	devices '{v0: {name: "eth0"}}'
	call W run --bundle "$B" "$ID"
	# The namespace outlives the container, with the device.
	nsenter "--net=/proc/$other/ns/net" ip -o addr show eth0 >"$T/after" 2>&1
	kill "$other"
	[[ $status == 0 ]] || shown
	has 10.9.8.7/24
	grep -q 10.9.8.7/24 "$T/after"
}

@test "an index that is taken there is no obstacle" {
	unshare -n sh -c 'ip link add x0 index 2 type veth peer name x1; ip link add x2 index 3 type veth peer name x3; echo ready; exec sleep 600' >"$T/other" 2>&1 3>&- &
	local other=$!
	wait_for grep -q ready "$T/other"
	conf '.linux.namespaces |= map(if .type == "network" then .path = $p else . end) | .process.args = ["ip", "-o", "addr", "show", "eth0"]' --arg p "/proc/$other/ns/net"
	devices '{v0: {name: "eth0"}}'
	call W run --bundle "$B" "$ID"
	kill "$other"
	[[ $status == 0 ]] || shown
	has 10.9.8.7/24
}

@test "a create that fails gives the devices back as they were" {
	links >"$T/links"
	grep -q 2001:db8::7 "$T/links"
	devices '{v0: {name: "eth0"}}'
	conf '.mounts += [{destination: "/mnt", type: "nosuchfs", source: "x"}]'
	refused_container nosuchfs
	links | diff "$T/links" -
	cp "$BASE" "$B/config.json"
	devices '{v0: {name: "eth0"}, p0: {name: "eth0"}}'
	refused_container 'linux.netDevices.p0: there is a device "eth0" already'
	on_host ip -o addr show v0 | grep -q 10.9.8.7/24
	devices '{v0: {name: "eth0"}, nodev: {}}'
	refused_container 'linux.netDevices.nodev: look for it'
	links | diff "$T/links" -
}

# Routes of all tables, without what the carrier says.
routes()
{
	{
		on_host ip route show table all
		on_host ip -6 route show table all
		on_host ip route show table all
	} | sed 's/ linkdown//; s/ dead//; s/expires [0-9]*sec//; s/[[:space:]]*$//' | grep -vE 'fe80|ff00::' | sort
}

@test "a create that fails restores the routes over the devices" {
	on_host ip link add v1 type veth peer name p1
	on_host ip addr add 10.9.7.7/24 dev v1
	on_host ip link set v1 up
	on_host ip link set p1 up
	on_host ip route add default via 10.9.8.1 dev v0 metric 7
	on_host ip route add 10.20.0.0/16 via 10.9.8.1 dev v0 src 10.9.8.7 mtu 1300
	on_host ip route add 10.21.0.0/16 dev v0 scope link
	on_host ip route add 10.22.0.0/16 via 10.21.0.1 dev v0
	on_host ip route add 10.23.0.0/16 nexthop via 10.9.8.1 dev v0 weight 2 nexthop via 10.9.7.1 dev v1
	on_host ip route add 10.24.0.0/16 via 10.9.8.2 dev v0 table 77
	on_host ip route add 10.25.0.0/16 via 192.0.2.1 dev v0 onlink
	on_host ip route add 10.26.0.0/16 via 10.9.7.1 dev v1
	on_host ip -6 route add 2001:db8:5::/48 via 2001:db8::1 dev v0
	on_host ip -6 route add 2001:db8:6::/48 dev v0 expires 600
	links >"$T/links"
	routes >"$T/routes"
	[[ $(grep -c 'v0' "$T/routes") -ge 10 ]] || { cat "$T/routes"; false; }
	devices '{v0: {name: "eth0"}}'
	conf '.mounts += [{destination: "/mnt", type: "nosuchfs", source: "x"}]'
	refused_container nosuchfs
	links | diff "$T/links" -
	routes | diff "$T/routes" -
	devices '{v1: {}, v0: {name: "eth0"}}'
	refused_container nosuchfs
	routes | diff "$T/routes" -
	# On the other side there are none of them.
	cp "$BASE" "$B/config.json"
	devices '{v0: {}}'
	script 'ip route; ip -6 route'
	ok_container
	has "10.9.8.0/24 dev v0"
	[[ $output != *10.2[0-9].* && $output != *default* ]] || shown
}

nexthops()
{
	on_host ip nexthop show | sed 's/ linkdown//; s/ dead//; s/unbalanced_time [0-9.]* //; s/[[:space:]]*$//' | sort
}

@test "a create that fails restores nexthop objects, their groups, and the routes by them" {
	on_host ip nexthop help 2>&1 | grep -q Usage || skip "no nexthop objects"
	on_host ip link add v1 type veth peer name p1
	on_host ip addr add 10.9.7.7/24 dev v1
	on_host ip link set v1 up
	on_host ip link set p1 up
	on_host ip nexthop add id 1 via 10.9.8.1 dev v0
	on_host ip nexthop add id 2 via 10.9.7.1 dev v1
	on_host ip nexthop add id 3 via 10.9.8.2 dev v0 protocol 77
	on_host ip nexthop add id 4 dev v0
	on_host ip nexthop add id 5 via 192.0.2.1 dev v0 onlink
	on_host ip nexthop add id 6 via 2001:db8::1 dev v0
	on_host ip nexthop add id 7 blackhole
	on_host ip nexthop add id 100 group 1,3/3,2
	on_host ip nexthop add id 101 group 1
	on_host ip nexthop add id 102 group 2
	on_host ip nexthop add id 103 group 1,2 type resilient buckets 8 idle_timer 50
	on_host ip route add 10.30.0.0/16 nhid 1
	on_host ip route add 10.31.0.0/16 nhid 100 metric 9
	on_host ip route add 10.32.0.0/16 nhid 101 table 77
	on_host ip route add 10.33.0.0/16 nhid 102
	on_host ip route add 10.34.0.0/16 nhid 4
	on_host ip route add 10.35.0.0/16 nhid 5
	on_host ip -6 route add 2001:db8:7::/48 nhid 6
	on_host ip route add 10.36.0.0/16 via 10.9.8.1 dev v0
	local compat
	for compat in 1 0; do
		on_host sh -c "echo $compat >/proc/sys/net/ipv4/nexthop_compat_mode"
		nexthops >"$T/nexthops"
		routes >"$T/routes"
		[[ $(grep -c nhid "$T/routes") -ge 7 && $(wc -l <"$T/nexthops") == 11 ]] || { cat "$T/routes" "$T/nexthops"; false; }
		cp "$BASE" "$B/config.json"
		devices '{v0: {name: "eth0"}}'
		conf '.mounts += [{destination: "/mnt", type: "nosuchfs", source: "x"}]'
		refused_container nosuchfs
		nexthops | diff "$T/nexthops" -
		routes | diff "$T/routes" -
		devices '{v1: {}, v0: {name: "eth0"}}'
		refused_container nosuchfs
		nexthops | diff "$T/nexthops" -
		routes | diff "$T/routes" -
	done
}

@test "devices that can't be moved are refused" {
	links >"$T/links"
	devices '{lo: {name: "lo1"}}'
	refused_container 'linux.netDevices.lo: move it'
	devices '{v0: {name: "lo"}}'
	refused_container 'linux.netDevices.v0: there is a device "lo" already'
	conf 'del(.linux.namespaces[] | select(.type == "network")) | .mounts |= map(select(.type != "sysfs"))'
	refused_container "linux.netDevices: without a network namespace"
	conf '.linux.namespaces += [{type: "network", path: "/proc/self/ns/net"}]'
	refused_container "linux.netDevices: the container's network namespace is the host's"
	links | diff "$T/links" -
}

@test "names that can't be are refused with their place" {
	local name
	for name in "" . .. a/b "a b" a:b sixteen-letters- 'a%d'; do
		conf '.linux.netDevices = {($n): {}}' --arg n "$name"
		refused_container "linux.netDevices: \"$name\" is no name"
	done
	for name in "" . .. a/b "a b" a:b sixteen-letters- 'a%s' 'a%' 'a%d%d' '%'; do
		conf '.linux.netDevices = {v0: {name: $n}}' --arg n "$name"
		refused_container "linux.netDevices.v0.name"
	done
	conf '.linux.netDevices = {v0: {name: 3}}'
	refused_container "linux.netDevices"
	conf '.linux.netDevices = {v0: "x"}'
	refused_container "linux.netDevices"
	conf '.linux.netDevices = ["v0"]'
	refused_container "linux.netDevices"
	on_host ip link show v0
}
