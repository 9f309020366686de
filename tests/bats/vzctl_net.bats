#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The network of guests: venet0, interfaces, devices of the host; who has which address.
#
# net.bash has the hosts of these tests.
#
# shellcheck disable=SC2016 # variables of the guest's shell

load helpers
load net

# bats test_tags=lab
@test "venet: guest, host and the neighbour outside reach each other, IPv4 and IPv6" {
	running_guest --ipadd 192.0.2.10 --ipadd 2001:db8::10
	inside 'ip addr show dev venet0'
	has "192.0.2.10/32 scope global venet0:0"
	has "2001:db8::10/128 scope global"
	inside 'ping -c 1 -w 3 192.0.2.1 && ping -c 1 -w 3 192.0.2.254 && ping -c 1 -w 3 2001:db8::1 && ping -c 1 -w 5 2001:db8::fe'
	run_ok on_host ping -c 1 -w 3 192.0.2.10
	run_ok on_peer ping -c 1 -w 3 192.0.2.10
	run_ok on_peer ping -c 1 -w 3 2001:db8::10
	run_ok vzctl stop "$CT" --fast
	nothing_left
}

@test "venet: a guest without a user namespace has its network in its own namespace too" {
	running_guest --local_uid 0 --ipadd 192.0.2.10 --netif_add eth0
	inside 'ip -o link; ping -c 1 -w 3 192.0.2.254'
	has venet0
	has eth0
	run_ok on_host ip -o link
	hasnt venet0
	run_ok vzctl stop "$CT" --fast
	nothing_left
}

@test "venet: the host answers outside for a guest's address, and only while it runs" {
	local mac

	running_guest --ipadd 192.0.2.10
	mac=$(on_host cat /proc/net/dev >/dev/null; on_host ip -o link show dev eth0 | grep -oE 'ether [^ ]*' | cut -d' ' -f2)
	# The announcement was heard, or the question is answered.
	run_ok on_peer ping -c 1 -w 3 192.0.2.10
	run_ok on_peer ip neigh show 192.0.2.10
	has "$mac"
	run_ok on_host ip neigh show proxy
	has 192.0.2.10
	run_ok vzctl stop "$CT" --fast
	nothing_left
	not on_peer ping -c 1 -w 1 192.0.2.10
}

# bats test_tags=lab
@test "venet: a source address that is another's is dropped, IPv4 and IPv6" {
	running_guest --ipadd 192.0.2.10 --ipadd 2001:db8::10
	inside 'ip addr add 192.0.2.77/32 dev venet0; ip -6 addr add 2001:db8::77/128 dev venet0; ping -c 1 -w 3 192.0.2.1; ping -c 1 -w 3 2001:db8::1'
	run_exit 1 vzctl exec2 "$CT" 'ping -c 1 -w 1 -W 1 -I 192.0.2.77 192.0.2.1'
	run_exit 1 vzctl exec2 "$CT" 'ping -c 1 -w 1 -W 1 -I 2001:db8::77 2001:db8::1'
	run_ok on_host nft list chain inet wabe source
	[[ $(grep -cE 'source[46] counter packets [1-9]' <<<"$output") == 2 ]] || shown
	# The rules are as many as before with a second guest; its elements are its own.
	CT=102
	running_guest --ipadd 192.0.2.77
	inside 'ping -c 1 -w 3 192.0.2.1'
	run_ok on_host nft list chain inet wabe source
	[[ $(grep -c drop <<<"$output") == 3 ]] || shown
	run_exit 1 vzctl exec2 101 'ping -c 1 -w 1 -W 1 -I 192.0.2.77 192.0.2.1'
}

@test "venet: addresses come and go while the guest runs" {
	running_guest
	run_ok on_host ip -o link
	hasnt venet
	run_ok vzctl set "$CT" --ipadd 192.0.2.10 --ipadd 192.0.2.11 --save
	has "Adding IP address(es): 192.0.2.10 192.0.2.11"
	hasnt "not enforced"
	run_ok on_peer ping -c 1 -w 3 192.0.2.10
	run_ok on_peer ping -c 1 -w 3 192.0.2.11
	inside 'ip addr show dev venet0'
	has "venet0:0"
	has "venet0:1"
	run_ok vzctl set "$CT" --ipdel 192.0.2.10 --ipadd 2001:db8::10 --save
	has "Deleting IP address(es): 192.0.2.10"
	run_ok on_peer ping -c 1 -w 3 2001:db8::10
	not on_peer ping -c 1 -w 1 192.0.2.10
	inside 'ip addr show dev venet0'
	hasnt 192.0.2.10/
	run_ok on_host nft list set inet wabe source4
	hasnt 192.0.2.10
	run_ok vzctl set "$CT" --ipdel all --save
	run_ok on_host ip neigh show proxy
	is ""
	[[ $(key IP_ADDRESS) == "" ]]
	run_ok vzctl stop "$CT" --fast
	nothing_left
}

@test "an address that another guest or the host has is found before use: exit code 78" {
	running_guest --ipadd 192.0.2.10 --ipadd 2001:db8::10
	CT=102
	guest --ipadd 192.0.2.10
	run_exit 78 vzctl start "$CT"
	has 192.0.2.10
	has venet101
	status_is "exist unmounted down"
	run_ok vzctl set "$CT" --ipdel all --ipadd 2001:db8::10 --save
	run_exit 78 vzctl start "$CT"
	run_ok vzctl set "$CT" --ipdel all --ipadd 192.0.2.1 --save
	run_exit 78 vzctl start "$CT"
	has "this host's own"
	run_ok vzctl set "$CT" --ipdel all --save
	run_ok vzctl start "$CT"
	# A change of several is none when one is taken; what was there stays.
	run_ok vzctl set "$CT" --ipadd 192.0.2.20
	run_exit 78 vzctl set "$CT" --ipadd 192.0.2.21 --ipadd 192.0.2.10 --save
	inside 'ip addr show dev venet0'
	has 192.0.2.20
	hasnt 192.0.2.21
	[[ $(key IP_ADDRESS) == "" ]]
	run_ok vzctl exec2 101 'ping -c 1 -w 3 192.0.2.1'
}

@test "an address that another host has: a warning, an error with ERROR_ON_ARPFAIL, nothing with SKIP_ARPDETECT" {
	guest --ipadd 192.0.2.254
	run_ok vzctl start "$CT"
	has "192.0.2.254 is used by another host on eth0"
	run_ok vzctl stop "$CT" --fast
	echo 'ERROR_ON_ARPFAIL="yes"' >>"$VZ_CONF"
	run_exit 78 vzctl start "$CT"
	has "192.0.2.254 is used by another host on eth0"
	run_ok vzctl set "$CT" --ipdel all --ipadd 2001:db8::fe --save
	run_exit 78 vzctl start "$CT"
	has "2001:db8::fe is used by another host on eth0"
	status_is "exist unmounted down"
	nothing_left
	echo 'SKIP_ARPDETECT="yes"' >>"$VZ_CONF"
	run_ok vzctl start "$CT"
	hasnt "another host"
}

@test "a host that doesn't forward is said, and left as it is" {
	on_host sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward; echo 0 >/proc/sys/net/ipv6/conf/all/forwarding'
	running_guest --ipadd 192.0.2.10 --ipadd 2001:db8::10
	has "net.ipv4.ip_forward is 0"
	has "net.ipv6.conf.all.forwarding is 0"
	run_ok on_host cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding
	is $'0\n0'
}

@test "a guest that halts itself, and one whose vzctl was killed: the next command cleans up" {
	local pid

	running_guest --ipadd 192.0.2.10 --ipadd 2001:db8::10
	pid=$(readlink "$VZ/root/$CT" | grep -oE '[0-9]+')
	kill -9 "$pid"
	wait_for not kill -0 "$pid" 2>/dev/null
	run_ok vzctl start "$CT"
	run_ok on_peer ping -c 1 -w 3 192.0.2.10
	pid=$(readlink "$VZ/root/$CT" | grep -oE '[0-9]+')
	kill -9 "$pid"
	wait_for not kill -0 "$pid" 2>/dev/null
	# Another guest gets the address before the first is looked at again; it keeps it.
	CT=102
	guest --ipadd 192.0.2.10
	wait_for vzctl start "$CT"
	run_ok vzctl stop 101
	run_ok on_peer ping -c 1 -w 3 192.0.2.10
	run_ok vzctl stop "$CT" --fast
	nothing_left
}

@test "vzctl killed at many points of start, set and stop leaves nothing after the next command" {
	local i

	requires strace
	guest --ipadd 192.0.2.10 --netif_add eth0
	echo 'SKIP_ARPDETECT="yes"' >>"$VZ_CONF"
	for ((i = 1; i <= 26; i += 5)); do
		strace -qq -o /dev/null -e trace=sendto,recvfrom,renameat,unlink -e inject=sendto:signal=KILL:when="$i" \
			vzctl start "$CT" >/dev/null 2>&1 || true
		vzctl stop "$CT" --fast >/dev/null 2>&1
		nothing_left || { echo "start, killed at $i"; return 1; }
	done
	for ((i = 1; i <= 16; i += 5)); do
		run_ok vzctl start "$CT"
		strace -qq -o /dev/null -e trace=sendto -e inject=sendto:signal=KILL:when="$i" \
			vzctl set "$CT" --ipadd 192.0.2.11 --ipdel 192.0.2.10 >/dev/null 2>&1 || true
		strace -qq -o /dev/null -e trace=sendto -e inject=sendto:signal=KILL:when="$i" \
			vzctl stop "$CT" --fast >/dev/null 2>&1 || true
		run_ok vzctl stop "$CT" --fast
		nothing_left || { echo "set and stop, killed at $i"; return 1; }
	done
	run_ok vzctl start "$CT"
	run_ok on_peer ping -c 1 -w 3 192.0.2.10
}

@test "venet: what the guest's root did to the device keeps nobody from adding addresses" {
	running_guest --ipadd 192.0.2.10
	inside 'ip link set venet0 down; ip addr flush dev venet0'
	run_ok vzctl set "$CT" --ipadd 192.0.2.11 --save
	run_ok on_peer ping -c 1 -w 3 192.0.2.11
	run_ok vzctl set "$CT" --ipdel 192.0.2.10 --save
	inside 'ip link del venet0'
	run_ok vzctl set "$CT" --ipadd 192.0.2.12 --save
	run_ok on_peer ping -c 1 -w 3 192.0.2.11
	run_ok on_peer ping -c 1 -w 3 192.0.2.12
	[[ $(on_host nft list set inet wabe source4 | grep -o '192\.0\.2\.1[0-9]' | sort | xargs) == "192.0.2.11 192.0.2.12" ]]
	run_ok vzctl stop "$CT" --fast
	nothing_left
}

# $1 addresses as words of a command line.
many()
{
	local i

	for ((i = 0; i < $1; i++)); do
		echo "--ipadd 10.77.$((i / 200)).$((i % 200 + 1))"
	done
}

@test "hundreds of addresses come and go, and more than a file can hold are refused" {
	echo 'SKIP_ARPDETECT="yes"' >>"$VZ_CONF"
	running_guest
	# shellcheck disable=SC2046 # words
	run_ok vzctl set "$CT" $(many 1000) --save
	[[ $(on_host ip route | grep -c '^10\.77\.') == 1000 ]]
	run_ok vzctl set "$CT" --ipdel all
	[[ $(on_host ip route | grep -c '^10\.77\.') == 0 ]]
	not grep elements <(on_host nft list set inet wabe source4)
	# Somebody took the table away: the answer is as long as the question.
	on_host nft flush ruleset
	run_ok vzctl restart "$CT" --fast
	[[ $(on_host nft list set inet wabe source4 | grep -c '10\.77\.') == 1000 ]]
	# shellcheck disable=SC2046
	run_exit 71 vzctl set "$CT" $(many 1600) --save
	has "too long"
	run_ok vzctl stop "$CT" --fast
	nothing_left
	run_ok vzctl start "$CT"
}

@test "an address that wasn't saved stays when something else is changed" {
	running_guest --ipadd 192.0.2.10
	run_ok vzctl set "$CT" --ipadd 192.0.2.11
	run_ok vzctl set "$CT" --ipadd 192.0.2.12 --save
	run_ok vzctl set "$CT" --netif_add eth0 --save
	run_ok vzctl set "$CT" --ipdel 192.0.2.99
	hasnt Deleting
	run_ok on_peer ping -c 1 -w 3 192.0.2.11
	[[ $(key IP_ADDRESS) == "192.0.2.10 192.0.2.12" ]]
	run_ok vzctl set "$CT" --ipdel 192.0.2.11/24
	not on_peer ping -c 1 -w 1 192.0.2.11
	# One that was taken away without --save stays away, until the next start.
	run_ok vzctl set "$CT" --ipdel 192.0.2.10
	run_ok vzctl set "$CT" --ipadd 192.0.2.13 --save
	not on_peer ping -c 1 -w 1 192.0.2.10
	run_ok vzctl restart "$CT" --fast
	run_ok on_peer ping -c 1 -w 3 192.0.2.10
}

@test "vzctl killed at many points of a change: the next one finds nothing by half" {
	local i

	requires strace
	running_guest --ipadd 192.0.2.10
	echo 'SKIP_ARPDETECT="yes"' >>"$VZ_CONF"
	for ((i = 4; i <= 16; i += 2)); do
		strace -qq -o /dev/null -e trace=sendto -e inject=sendto:signal=KILL:when="$i" \
			vzctl set "$CT" --ipadd 192.0.2.11 --netif_add eth5 --save >/dev/null 2>&1 || true
		# The same again is all of it.
		run_ok vzctl set "$CT" --ipadd 192.0.2.11 --netif_add eth5 --save
		on_peer ping -q -c 1 -w 3 192.0.2.11 || { echo "added, killed at $i"; return 1; }
		inside 'ip -o link show eth5'
		has UP
		strace -qq -o /dev/null -e trace=sendto -e inject=sendto:signal=KILL:when="$((i / 2))" \
			vzctl set "$CT" --ipdel 192.0.2.11 --netif_del eth5 --save >/dev/null 2>&1 || true
		# Something else doesn't leave the half of it: what was to go is there as a whole, or away.
		run_ok vzctl set "$CT" --ipadd 192.0.2.12
		[[ $(key IP_ADDRESS) != *192.0.2.11* ]] || on_peer ping -q -c 1 -w 3 192.0.2.11 ||
			{ echo "deleted, killed at $i"; return 1; }
		run_ok vzctl set "$CT" --ipdel 192.0.2.11 --ipdel 192.0.2.12 --netif_del eth5 --save
		[[ $(on_host ip route) != *192.0.2.11* && $(on_host ip -o link) != *"veth$CT"* ]]
	done
	run_ok vzctl stop "$CT" --fast
	nothing_left
}

@test "the kernel refuses at many points of a start: it fails with a reason, and nothing is left" {
	local i

	requires strace
	guest --ipadd 192.0.2.10 --netif_add eth0
	echo 'SKIP_ARPDETECT="yes"' >>"$VZ_CONF"
	for ((i = 1; i <= 28; i += 4)); do
		call strace -qq -o /dev/null -e trace=sendto -e inject=sendto:error=ENOBUFS:when="$i" vzctl start "$CT"
		# What is only an announcement may be lost.
		[[ $status == 0 ]] || has "No buffer space available"
		[[ $status == 0 ]] || status_is "exist unmounted down"
		run_ok vzctl stop "$CT" --fast
		nothing_left || { echo "refused at $i"; return 1; }
	done
}

@test "a change that fails in its middle leaves all as it was, also what it had taken away" {
	running_guest --ipadd 192.0.2.10 --netif_add eth0
	run_exit 130 vzctl set "$CT" --ipdel 192.0.2.10 --ipadd 192.0.2.11 --netif_del eth0 --netif_add eth1,,,,br7 --save
	has br7
	run_ok on_peer ping -c 1 -w 3 192.0.2.10
	not on_peer ping -c 1 -w 1 192.0.2.11
	inside 'ip -o link'
	has "eth0@"
	run_ok on_host nft list set inet wabe source4
	has 192.0.2.10
	hasnt 192.0.2.11
}

@test "the ruleset made anew while an address goes: it doesn't come back with the rules" {
	requires strace
	running_guest --ipadd 192.0.2.10 --ipadd 192.0.2.11
	CT=102
	guest --ipadd 192.0.2.12
	# The record is written before and after; between the two the address is out of the rules and in the record.
	strace -qq -o "$T/strace" -e trace=renameat -e inject=renameat:delay_enter=1500000:when=2 \
		vzctl set 101 --ipdel 192.0.2.10 --save >"$T/set" 2>&1 3>&- &
	wait_for not grep -q 192.0.2.10 <(on_host nft list set inet wabe source4)
	on_host nft flush ruleset
	run_ok vzctl start "$CT"
	wait %?strace
	run_ok on_host nft list set inet wabe source4
	hasnt "192.0.2.10 "
	hasnt "192.0.2.10,"
	has 192.0.2.11
	has 192.0.2.12
	run_ok vzctl exec2 101 'ping -c 1 -w 3 -I 192.0.2.11 192.0.2.1'
}

@test "the ruleset flushed under running guests: the next guest brings it back for all" {
	running_guest --ipadd 192.0.2.10
	on_host nft flush ruleset
	CT=102
	running_guest --ipadd 192.0.2.11
	run_ok on_host nft list set inet wabe source4
	has 192.0.2.10
	has 192.0.2.11
	run_ok vzctl exec2 101 'ping -c 1 -w 3 192.0.2.1'
	run_exit 1 vzctl exec2 101 'ip addr add 192.0.2.99/32 dev venet0; ping -c 1 -w 1 -W 1 -I 192.0.2.99 192.0.2.1'
}

@test "the ruleset flushed under running guests: vznetstat --quota, which vzeventd runs, brings back all of it" {
	running_guest --ipadd 192.0.2.10 --netif_add eth0
	call vzctl set "$CT" --numconntrack 20 --save
	on_host nft list ruleset | grep -vE 'counter packets|^$' >"$T/rules-before"
	on_host nft flush ruleset
	run_ok on_host vznetstat --quota
	grep -q "ruleset was flushed" "$VZ/vzctl.log"
	on_host nft list ruleset | grep -vE 'counter packets|^$' >"$T/rules-after"
	diff <(sort "$T/rules-before") <(sort "$T/rules-after")
	inside 'ping -c 1 -w 3 192.0.2.1'
	run_exit 1 vzctl exec2 101 'ip addr add 192.0.2.99/32 dev venet0; ping -c 1 -w 1 -W 1 -I 192.0.2.99 192.0.2.1'
	run_ok on_host vznetstat -H "$CT"
	(($(awk '$2 == 4 { print $4 }' <<<"$output") >= 1)) || shown
}

@test "a refused interface takes no other's device along; --ifname changes one that is there" {
	running_guest --netif_add eth0
	inside 'ip addr add 198.51.100.10/24 dev eth0'
	run_exit 130 vzctl set "$CT" --netif_add eth3,,veth101.0 --save
	inside 'ip -o addr show dev eth0'
	has 198.51.100.10
	run_exit 130 vzctl set "$CT" --ifname eth9 --mac_filter off --save
	has "there is no such interface"
	[[ $(key NETIF) != *eth9* ]]
	run_ok vzctl set "$CT" --netif_add eth9 --ifname eth9 --mac_filter off --save
	[[ $(key NETIF) == *ifname=eth9*mac_filter=off* ]]
	run_ok vzctl stop "$CT" --fast
	nothing_left
	run_exit 130 vzctl set "$CT" --ifname eth8 --bridge br0 --save
}

# bats test_tags=lab
@test "netif: an interface on a bridge; frames from another hardware address are dropped" {
	local mac

	on_host ip link add br0 type bridge
	on_host ip addr add 198.51.100.1/24 dev br0
	on_host ip link set br0 up
	running_guest --netif_add eth0
	mac=$(key NETIF | grep -oE '(^|,)mac=[^,]*' | cut -d= -f2)
	[[ $mac == 02:18:* ]]
	run_ok vzctl set "$CT" --ifname eth0 --bridge br0 --save
	# The rest of the interface is as it was.
	[[ $(key NETIF) == *"mac=$mac"* && $(key NETIF) == *bridge=br0* && $(key NETIF) == *host_ifname=veth101.0* ]]
	inside "ip link show dev eth0 | grep -i $mac && ip addr add 198.51.100.10/24 dev eth0 && ping -c 1 -w 5 198.51.100.1"
	run_ok on_host ip -o link show master br0
	has veth101.0
	inside 'ip link set eth0 down; ip link set eth0 address 02:00:00:00:00:01; ip link set eth0 up'
	run_exit 1 vzctl exec2 "$CT" 'ping -c 1 -w 1 -W 1 198.51.100.1'
	run_ok vzctl set "$CT" --ifname eth0 --mac_filter off --save
	inside 'ip link set eth0 address 02:00:00:00:00:01; ip link set eth0 up; ip addr add 198.51.100.10/24 dev eth0; ping -c 1 -w 5 198.51.100.1'
	run_ok vzctl set "$CT" --netif_del eth0 --save
	inside 'ip -o link'
	hasnt eth0
	run_exit 130 vzctl set "$CT" --netif_add eth0,,,,br7 --save
	has br7
	[[ $(key NETIF) == "" ]]
	run_ok vzctl stop "$CT" --fast
	nothing_left
}

@test "netif without a bridge: packets come from where packets to them would go" {
	running_guest --netif_add eth0
	on_host ip addr add 198.51.100.1/24 dev veth101.0
	inside 'ip addr add 198.51.100.10/24 dev eth0 && ip addr add 203.0.113.9/32 dev eth0 && ping -c 1 -w 5 198.51.100.1'
	run_exit 1 vzctl exec2 "$CT" 'ping -c 1 -w 1 -W 1 -I 203.0.113.9 198.51.100.1'
	run_ok on_host nft list chain inet wabe source
	grep -E 'fib saddr . iif oif (missing|0) counter packets [1-9]' <<<"$output" || shown
}

@test "names: one that is taken is refused with nothing made, long ids fit" {
	on_host ip link add venet101 type bridge
	guest --ipadd 192.0.2.10
	run_exit 130 vzctl start "$CT"
	has "there is a device venet101 already"
	status_is "exist unmounted down"
	on_host ip link del venet101
	# Two interfaces that want the same name on the host: neither is taken from the other.
	run_ok vzctl set "$CT" --netif_add eth0 --netif_add wan0 --save
	run_exit 130 vzctl start "$CT"
	has "there is a device veth101.0 already"
	status_is "exist unmounted down"
	run_ok vzctl set "$CT" --netif_del all --save
	run_ok vzctl start "$CT"
	run_exit 21 vzctl set "$CT" --netif_add eth0,,abcdefghijklmnop
	run_ok vzctl set "$CT" --netif_add eth0,,abcdefghijklmno
	run_ok on_host ip link show dev abcdefghijklmno
	CT=2147483644
	running_guest --ipadd 192.0.2.11 --netif_add eth0
	run_ok on_host ip link show dev venet2147483644
	run_ok on_host ip link show dev v2147483644.0
	run_ok vzctl stop "$CT" --fast
}

@test "netdev: a device of the host goes into the guest and comes back, not one that the guest made" {
	on_host ip link add link eth0 name lan5 type macvlan
	running_guest --netdev_add lan5
	not on_host ip link show dev lan5
	inside 'ip link show dev lan5'
	run_ok vzctl set "$CT" --netdev_del lan5 --save
	run_ok on_host ip link show dev lan5
	run_ok vzctl set "$CT" --netdev_add lan5 --save
	# Renamed inside, it still is the same.
	inside 'ip link set lan5 down; ip link set lan5 name mine'
	run_ok vzctl stop "$CT" --fast
	run_ok on_host ip link show dev lan5
	run_ok vzctl start "$CT"
	run_exit 104 vzctl set "$CT" --netdev_add nosuch0 --save
	has nosuch0
	[[ $(key NETDEV) == lan5 ]]
	# One of its own making, under the name and number of the host's, stays.
	inside 'n=$(cat /sys/class/net/lan5/ifindex); ip link del lan5; ip link add lan5 index "$n" type dummy || ip link add lan5 index "$n" type veth peer name other'
	run_ok vzctl stop "$CT" --fast
	has "not in the guest any more"
	# The host's own is made again, and is what it was.
	run_ok on_host ip -d link show dev lan5
	has "macvlan mode"
}

# How a device was made, of what `ip -d link` says on standard input.
kind_of()
{
	grep -oE '(vlan protocol|ipvlan|macvlan|egress-qos-map).*' | sed 's/ addrgenmode.*//'
}

# bats test_tags=lab
@test "netdev: what the kernel removes with a guest that ends by itself is made again as it was" {
	local pid

	on_host ip link add link eth0 name lan5 address 02:00:00:00:00:55 mtu 1400 type macvlan mode private
	on_host ip link add link eth0 name vlan7 type vlan id 7 egress-qos-map 1:3 gvrp on 2>/dev/null || on_host ip link add link eth0 name vlan7 type macvlan mode bridge
	on_host ip -d link show dev vlan7 >"$T/vlan7"
	on_host ip link add ip9 link eth0 type ipvlan mode l3 2>/dev/null || on_host ip link add link eth0 name ip9 type macvlan mode vepa
	on_host ip -d link show dev ip9 >"$T/ip9"
	running_guest --netdev_add lan5 --netdev_add vlan7 --netdev_add ip9
	not on_host ip link show dev vlan7
	pid=$(readlink "$VZ/root/$CT" | grep -oE '[0-9]+')
	kill -9 "$pid"
	wait_for not kill -0 "$pid" 2>/dev/null
	run_ok vzctl start "$CT"
	has "Device lan5 was gone"
	inside 'ip -o link'
	has lan5
	has vlan7
	has ip9
	pid=$(readlink "$VZ/root/$CT" | grep -oE '[0-9]+')
	kill -9 "$pid"
	wait_for not kill -0 "$pid" 2>/dev/null
	run_ok vzctl stop "$CT"
	run_ok on_host ip -d link show dev lan5
	has 02:00:00:00:00:55
	has "mtu 1400"
	has "macvlan mode private"
	run_ok on_host ip -d link show dev vlan7
	[[ $(kind_of <<<"$output") == "$(kind_of <"$T/vlan7")" ]]
	run_ok on_host ip -d link show dev ip9
	[[ $(kind_of <<<"$output") == "$(kind_of <"$T/ip9")" ]]
}
