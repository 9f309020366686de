# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For tests of guests' networks, beside helpers.bash. Each test has a host of its own: a network namespace that vzctl runs in,
# with a neighbour in another at the end of a cable: 192.0.2.1 and 2001:db8::1 on eth0 here, 192.0.2.254 and 2001:db8::fe there.

load netns

more_setup()
{
	requires ip
	own_network
	hold PEER
	nsenter --net="/proc/$HOST/ns/net" ip link add eth0 type veth peer name eth0 netns "$PEER" || skip "needs veth"
	in_namespace "$PEER" >"$T/bin/on_peer"
	chmod +x "$T/bin/on_peer"
	# Link-local addresses, which neighbour discovery needs, at once.
	on_host sh -c 'echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad'
	on_peer sh -c 'echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad'
	on_host ip link set eth0 up
	on_host ip addr add 192.0.2.1/24 dev eth0
	on_host ip addr add 2001:db8::1/64 dev eth0 nodad
	on_host sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
	on_peer ip link set lo up
	on_peer ip link set eth0 up
	on_peer ip addr add 192.0.2.254/24 dev eth0
	on_peer ip addr add 2001:db8::fe/64 dev eth0 nodad
	echo 'NEIGHBOUR_DEVS="detect"' >>"$VZ_CONF"
	wait_for has_link_local "$HOST"
	wait_for has_link_local "$PEER"
}

more_teardown()
{
	local id failed=0

	[[ -n ${PEER-} ]] || return 0
	for id in $(all_guests); do
		remove_guest "$id" || failed=1
	done
	nothing_left || failed=1
	return $failed
}

has_link_local()
{
	nsenter --net="/proc/$1/ns/net" ip -6 addr show dev eth0 scope link -tentative | grep -q fe80
}

# Nothing of a guest is left on the host: device, route, neighbour, element of a set, record.
nothing_left()
{
	local left

	left=$(on_host ip -o link | grep -E 'venet|veth[0-9]|v[0-9]'
		on_host ip neigh show proxy
		on_host ip -6 neigh show proxy
		on_host ip route | grep -E 'venet|veth[0-9]'
		on_host nft list ruleset 2>/dev/null | grep elements
		ls "$VZ/run/.net" 2>/dev/null)
	[[ -z $left ]] || { echo "left: $left"; return 1; }
}
