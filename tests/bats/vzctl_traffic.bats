#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Traffic quotas (--traffic-quota ...) and the ceiling of tracked connections (--numconntrack). net.bash has the hosts.

load helpers
load net

# $1 bytes, and as many back, without headers.
ping_out()
{
	inside "ping -q -c 1 -w 5 -s $1 192.0.2.254"
}

# More than a quota of 10K, there and back.
use_up()
{
	ping_out 6000
}

# The line of the log that the last look at quotas has added.
quota_log()
{
	output=$(grep 'traffic quota' "$VZ/vzctl.log" | tail -n 1)
}

quotas()
{
	run_ok on_host vznetstat --quota
	is ""
}

state()
{
	sed -n "s/^$1=\"\(.*\)\"\$/\1/p" "$VZ/traffic/$CT.quota"
}

# As if it were a month later.
next_month()
{
	sed -i 's/^SINCE=.*/SINCE="86400"/' "$VZ/traffic/$CT.quota"
}

rates_of()
{
	on_host tc qdisc show dev "venet$CT" | grep -oE 'tbf .* rate [^ ]+' | grep -oE '[^ ]+$'
}

is_frozen()
{
	[[ $(vzlist -Ho status "$CT") == suspended* ]]
}

needs_shaping()
{
	requires tc
	on_host ip link add ifbx type ifb 2>/dev/null || skip "needs ifb"
	on_host ip link del ifbx
}

@test "traffic quota: a guest that has used it up is throttled, until it has more or a month has passed" {
	needs_shaping
	running_guest --ipadd 192.0.2.10 --traffic-quota 10K --traffic-rate 64K:32K
	ping_out 1000
	quotas
	[[ $(state DONE) == ok ]]
	not rates_of
	use_up
	quotas
	quota_log
	has "CT $CT : Warning: its traffic quota of 10240 bytes is used up: throttled until 20"
	[[ $(state DONE) == throttle && $(rates_of) == 64Kbit ]]
	quotas
	# It stays so over a restart, and where it has a rate of its own the smaller one counts.
	run_ok vzctl restart "$CT" --fast
	[[ $(rates_of) == 64Kbit ]]
	run_ok vzctl set "$CT" --rate 16K:1M --save
	[[ $(rates_of) == 16Kbit ]]
	run_ok vzctl set "$CT" --rate 1M --traffic-rate 128K --save
	[[ $(rates_of) == 128Kbit ]]
	next_month
	quotas
	quota_log
	has "not used up any more"
	[[ $(state DONE) == ok && $(rates_of) == 1Mbit ]]
	use_up
	quotas
	[[ $(rates_of) == 128Kbit ]]
	run_ok vzctl set "$CT" --traffic-quota 1G --save
	[[ $(rates_of) == 1Mbit ]]
	run_ok vzctl set "$CT" --traffic-quota 10K --save
	[[ $(rates_of) == 128Kbit ]]
	run_ok vzctl set "$CT" --traffic-quota 0 --save
	[[ $(rates_of) == 1Mbit && ! -e $VZ/traffic/$CT.quota ]]
}

@test "traffic quota: suspended, and refused when it is down, but by force" {
	running_guest --ipadd 192.0.2.10 --traffic-quota 10K --traffic-action suspend
	use_up
	quotas
	quota_log
	has "suspended until"
	is_frozen
	run_ok vzctl stop "$CT" --fast
	run_exit 6 vzctl start "$CT"
	has "its traffic quota of 10240 bytes is used up until"
	status_is "exist unmounted down"
	run_ok vzctl start "$CT" --force
	quotas
	not is_frozen
	[[ $(state EXCUSED) == yes ]]
	# A month later it has to be looked at again.
	next_month
	quotas
	use_up
	quotas
	is_frozen
	run_ok vzctl set "$CT" --traffic-action none --save
	not is_frozen
	run_ok vzctl set "$CT" --traffic-action suspend --save
	is_frozen
	next_month
	quotas
	not is_frozen
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl destroy "$CT"
	[[ ! -e $VZ/traffic/$CT.quota ]]
}

@test "traffic quota: killed at any point, the next look finishes it; one that a command is at waits" {
	requires strace
	running_guest --ipadd 192.0.2.10 --traffic-quota 10K --traffic-action suspend
	use_up
	for at in 1 3 4; do
		on_host strace -qq -o /dev/null -e trace=renameat,write -e inject=renameat:signal=KILL:when="$at" vznetstat --quota >/dev/null 2>&1 || true
		quotas
		is_frozen
		[[ $(state DOING) == no ]]
		next_month
		on_host strace -qq -o /dev/null -e trace=renameat,write -e inject=renameat:signal=KILL:when="$at" vznetstat --quota >/dev/null 2>&1 || true
		quotas
		not is_frozen
		[[ $(state DOING) == no ]]
		use_up
	done
	(
		flock 9
		on_host vznetstat --quota
	) 9<"$VZ/lock/$CT.lck"
	not is_frozen
	quotas
	is_frozen
}

# The row of verify's table of key $1 ends with $2, a regular expression.
row()
{
	grep -qE "^$1 +.* $2\$" <<<"$output" || { echo "no row $1 ... $2"; shown; }
}

@test "traffic quota: vzctl verify sees that traffic is counted, and what was done of a quota that is used up" {
	running_guest --ipadd 192.0.2.10 --traffic-quota 100K --traffic-action none
	run_ok vzctl verify "$CT"
	row TRAFFIC_QUOTA "in force +[0-9]+ bytes of it are used, and what it sends is counted; it isn't used up to try it"
	ping_out 60000
	run_exit 35 vzctl verify "$CT"
	row TRAFFIC_QUOTA "FAILED +[0-9]+ bytes are used, and nobody has done what follows .*"
	quotas
	run_ok vzctl verify "$CT"
	row TRAFFIC_QUOTA "proven +it is used up, by [0-9]+ bytes, and what is to follow has followed"
	# What nobody counts.
	next_month
	quotas
	on_host nft flush chain inet wabe_traffic from
	run_exit 35 vzctl verify "$CT"
	row TRAFFIC_QUOTA "FAILED +it sent 4912 bytes, of which 0 were counted"
}

@test "traffic quota: bad values, and without --save" {
	guest
	cp "$VZ/conf/$CT.conf" "$T/conf"
	run_exit 20 vzctl set "$CT" --traffic-quota 1G
	has --save
	run_exit 21 vzctl set "$CT" --traffic-reset 32 --save
	run_exit 21 vzctl set "$CT" --traffic-reset 0 --save
	run_exit 21 vzctl set "$CT" --traffic-action kill --save
	run_exit 21 vzctl set "$CT" --traffic-rate fast --save
	run_exit 21 vzctl set "$CT" --traffic-quota -1 --save
	cmp "$T/conf" "$VZ/conf/$CT.conf"
	[[ ! -e $VZ/traffic/$CT.quota ]]
}

# How many of $2 connections from namespace $1 to port 5002 of the address $3 come about. The first answer for an address of a
# guest may take 0.8 seconds (arp(7), proxy_delay).
connections()
{
	timeout 20 nsenter --net="/proc/$1/ns/net" python3 - "$2" "$3" <<-'END'
		import select, socket, sys
		count, address = int(sys.argv[1]), sys.argv[2]
		family = socket.AF_INET6 if ":" in address else socket.AF_INET
		socks = []
		for _ in range(count):
		    s = socket.socket(family)
		    s.setblocking(False)
		    s.connect_ex((address, 5002))
		    socks.append(s)
		done, left = 0, set(socks)
		while left:
		    ready = select.select([], list(left), [], 1.5)[1]
		    if not ready:
		        break
		    done += sum(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0 for s in ready)
		    left -= set(ready)
		print(done)
	END
}

listen_on()
{
	nsenter --net="/proc/$1/ns/net" timeout 60 python3 -c '
import socket, time
s = socket.create_server(("::", 5002), family=socket.AF_INET6, dualstack_ipv6=True, backlog=200)
print("ready", flush=True)
time.sleep(60)' >"$T/listen.$1" 2>&1 3>&- &
	wait_for grep -q ready "$T/listen.$1"
}

# bats test_tags=lab:long
@test "numconntrack: no more connections than that, both ways, IPv4 and IPv6, and each guest its own" {
	requires python3
	guest --ipadd 192.0.2.10 --ipadd 2001:db8::10 --numconntrack 20
	call vzctl start "$CT"
	[[ $status != 5 ]] || skip "needs nft_connlimit"
	[[ $status == 0 ]] || shown
	pid=$(readlink "$VZ/root/$CT" | tr -dc 0-9)
	listen_on "$PEER"
	[[ $(connections "$pid" 15 192.0.2.254) == 15 ]]
	[[ $(connections "$pid" 15 2001:db8::fe) == 5 ]]
	run_ok vzctl set "$CT" --numconntrack 30 --save
	listen_on "$pid"
	[[ $(connections "$PEER" 40 192.0.2.10) == 30 ]]
	# The rules are as many with a second guest, which has no limit; a third has another one.
	CT=102
	running_guest --ipadd 192.0.2.11
	[[ $(connections "$(readlink "$VZ/root/102" | tr -dc 0-9)" 60 192.0.2.254) == 60 ]]
	CT=103
	running_guest --ipadd 192.0.2.12 --numconntrack 7
	[[ $(connections "$(readlink "$VZ/root/103" | tr -dc 0-9)" 20 192.0.2.254) == 7 ]]
	[[ $(on_host nft list table inet wabe_conntrack | grep -c drop) == 2 ]]
	CT=101
	run_ok vzctl set "$CT" --numconntrack 0 --save
	[[ $(connections "$pid" 50 192.0.2.254) == 50 ]]
	run_ok vzctl stop 103 --fast
	not grep 'ct count' <(on_host nft list table inet wabe_conntrack)
}

# bats test_tags=lab:long
@test "numconntrack: vzctl verify makes connections until there are no more, and forgets them" {
	requires python3
	guest --ipadd 192.0.2.10 --numconntrack 20
	call vzctl start "$CT"
	[[ $status != 5 ]] || skip "needs nft_connlimit"
	[[ $status == 0 ]] || shown
	run_ok vzctl verify "$CT"
	row NUMCONNTRACK "proven +no more than (1[0-9]|20) beside those that there were"
	# It has all of its connections again.
	listen_on "$PEER"
	[[ $(connections "$(readlink "$VZ/root/$CT" | tr -dc 0-9)" 10 192.0.2.254) == 10 ]]
	on_host nft flush set inet wabe_conntrack guests
	run_exit 35 vzctl verify "$CT"
	row NUMCONNTRACK "FAILED +36 connections from the host came about"
}

@test "numconntrack: without it the host tracks nothing, and a bridge is said" {
	running_guest --ipadd 192.0.2.10
	not grep -E 'wabe_conntrack' <(on_host nft list tables)
	on_host ip link add br0 type bridge
	call vzctl set "$CT" --netif_add eth0,,,,br0 --numconntrack 10 --save
	[[ $status != 5 ]] || skip "needs nft_connlimit"
	[[ $status == 0 ]] || shown
	has "NUMCONNTRACK doesn't hold on veth$CT.0"
	run_exit 21 vzctl set "$CT" --numconntrack many --save
	run_ok vzctl stop "$CT" --fast
	on_host ip link del br0
}
