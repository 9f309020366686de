#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Traffic of guests: vznetstat, over restarts, kills and boots. net.bash has the hosts.

load helpers
load net

# One number: $1 IP version, $2 column (3 in bytes, 4 in packets, 5 out bytes, 6 out packets).
number()
{
	on_host vznetstat -H "$CT" | awk -v ip="$1" -v column="$2" '$2 == ip { print $column }'
}

# Echo requests of 100 bytes: 128 with the headers of IPv4, 148 of IPv6. Each is answered by one of the same size.
ping_out()
{
	inside "ping -q -c $1 -w 10 -s 100 $2"
}

counts()
{
	local got

	got=$(on_host vznetstat -H "$CT" | awk '{ print $2, $3, $4, $5, $6 }')
	[[ $got == "$1" ]] || { echo "counted: $got"; echo "wanted: $1"; return 1; }
}

# A guest whose only packets are the test's.
quiet_guest()
{
	running_guest --ipadd 192.0.2.10 --ipadd 2001:db8::10 "$@"
	counts $'4 0 0 0 0\n6 0 0 0 0'
}

@test "bytes and packets by direction and IP version, to hosts outside and this one" {
	quiet_guest
	ping_out 3 192.0.2.254
	counts $'4 384 3 384 3\n6 0 0 0 0'
	ping_out 2 2001:db8::fe
	counts $'4 384 3 384 3\n6 296 2 296 2'
	ping_out 1 192.0.2.1
	counts $'4 512 4 512 4\n6 296 2 296 2'
	run_ok on_peer ping -q -c 1 -w 5 -s 100 192.0.2.10
	counts $'4 640 5 640 5\n6 296 2 296 2'
	# A forged packet is dropped, and isn't counted.
	inside 'ip addr add 198.51.100.1/32 dev venet0; ping -q -c 1 -w 1 -I 198.51.100.1 192.0.2.254 || true'
	counts $'4 640 5 640 5\n6 296 2 296 2'
}

@test "it goes on over restarts, changes of addresses and a kill of the guest" {
	quiet_guest
	ping_out 1 192.0.2.254
	run_ok vzctl restart "$CT" --fast
	counts $'4 128 1 128 1\n6 0 0 0 0'
	ping_out 1 192.0.2.254
	run_ok vzctl set "$CT" --ipdel all --save
	run_ok vzctl set "$CT" --ipadd 192.0.2.11 --save
	ping_out 1 192.0.2.254
	kill -9 "$(readlink "$VZ/root/$CT" | tr -dc 0-9)"
	wait_for status_is "exist unmounted down"
	counts $'4 384 3 384 3\n6 0 0 0 0'
	run_ok vzctl start "$CT"
	ping_out 1 192.0.2.254
	run_ok vzctl stop "$CT" --fast
	counts $'4 512 4 512 4\n6 0 0 0 0'
	# Nothing is left with the kernel.
	not grep elements <(on_host nft list table inet wabe_traffic)
}

@test "a crash of the host loses nothing that was saved, and counts nothing twice" {
	quiet_guest
	ping_out 2 192.0.2.254
	run_ok on_host vznetstat --save
	ping_out 1 192.0.2.254
	counts $'4 384 3 384 3\n6 0 0 0 0'
	# As it is after a reboot: no guest, no counters, no state, another boot.
	cp "$VZ/traffic/$CT" "$T/saved"
	run_ok vzctl stop "$CT" --fast
	sed 's/^BOOT=.*/BOOT="00000000-0000-0000-0000-000000000000"/' "$T/saved" >"$VZ/traffic/$CT"
	counts $'4 256 2 256 2\n6 0 0 0 0'
	run_ok on_host vznetstat --save
	run_ok on_host vznetstat --save
	counts $'4 256 2 256 2\n6 0 0 0 0'
	run_ok vzctl start "$CT"
	ping_out 1 192.0.2.254
	run_ok vzctl stop "$CT" --fast
	counts $'4 384 3 384 3\n6 0 0 0 0'
}

@test "killed at each system call of a stop, nothing is lost or counted twice" {
	requires strace
	quiet_guest
	total=0
	for ((at = 1; at <= 400; at += 47)); do
		ping_out 1 192.0.2.254
		((total += 128))
		strace -qq -f -e trace='/rename|sendto|unlink|fsync|openat$' -e inject="/rename|sendto|unlink|fsync|openat$:signal=KILL:when=$at" \
			-o /dev/null "$T/bin/vzctl" stop "$CT" --fast >/dev/null 2>&1 3>&- || true
		run_ok vzctl stop "$CT" --fast
		counts "4 $total $((total / 128)) $total $((total / 128))"$'\n6 0 0 0 0'
		run_ok vzctl start "$CT"
	done
}

@test "several that look at the same time, one with older numbers, count nothing twice" {
	requires strace
	quiet_guest
	ping_out 1 192.0.2.254
	# Held between the kernel's counters and the record, while another keeps newer numbers.
	on_host strace -qq -o /dev/null -e trace=flock -e inject=flock:delay_enter=1200000:when=1 vznetstat --save >"$T/old" 2>&1 3>&- &
	sleep 0.4
	ping_out 2 192.0.2.254
	run_ok on_host vznetstat --save
	wait %?strace
	counts $'4 384 3 384 3\n6 0 0 0 0'
	run_ok on_host vznetstat --save
	counts $'4 384 3 384 3\n6 0 0 0 0'
}

saved()
{
	grep -q '^SEEN="[0-9]*:384:3:' "$VZ/traffic/$CT" 2>/dev/null
}

@test "vzeventd keeps the numbers every so often, and sees to quotas" {
	echo 'TRAFFIC_PERIOD="1"' >>"$VZ_CONF"
	quiet_guest --traffic-quota 300 --traffic-action none
	on_host vzeventd >"$T/eventd.log" 2>&1 </dev/null 3>&- &
	ping_out 3 192.0.2.254
	WAIT_TENTHS=100 wait_for saved
	WAIT_TENTHS=100 wait_for grep -q "traffic quota of 300 bytes is used up" "$VZ/vzctl.log"
	kill %?vzeventd
	wait %?vzeventd || true
	cat "$T/eventd.log"
	rm -rf "$VZ/run/.eventd"
	counts $'4 384 3 384 3\n6 0 0 0 0'
}

@test "vzlist has the numbers, and so has --prometheus" {
	quiet_guest --name web
	ping_out 3 192.0.2.254
	ping_out 2 2001:db8::fe
	run_ok on_host vzlist -Ho netin,netin4,netin4.p,netin6,netin6.p,netout,netout.p,netout4,netout6 "$CT"
	[[ $(tr -s ' ' <<<"${output# }") == *"680 384 3 296 2 680 5 384 296" ]] || shown
	run_ok on_host vzlist -jo netin,netout6 "$CT"
	[[ $(jq -c . <<<"$output") == '[{"netin":{"bytes":680,"packets":5},"netout6":{"bytes":296,"packets":2}}]' ]] || shown
	run_ok vzctl stop "$CT" --fast
	run_ok on_host vzlist --prometheus
	has 'vz_guest_network_receive_bytes_total{ctid="101",name="web",family="ipv4"} 384'
	has 'vz_guest_network_transmit_packets_total{ctid="101",name="web",family="ipv6"} 2'
}

@test "flushed rules lose what came after the last look, and no more" {
	quiet_guest
	ping_out 2 192.0.2.254
	run_ok on_host vznetstat --save
	on_host nft flush ruleset
	counts $'4 256 2 256 2\n6 0 0 0 0'
	run_ok vzctl restart "$CT" --fast
	ping_out 1 192.0.2.254
	counts $'4 384 3 384 3\n6 0 0 0 0'
}

@test "interfaces on a bridge and beside one count as well" {
	on_host ip link add br0 type bridge
	on_host ip addr add 203.0.113.1/24 dev br0
	on_host ip link set br0 up
	running_guest --netif_add eth0,,,,br0
	inside 'ip link set eth0 up; ip addr add 203.0.113.10/24 dev eth0'
	ping_out 2 203.0.113.1
	run_ok on_host vznetstat -H "$CT"
	[[ $(number 4 3) == 256 && $(number 4 4) == 2 && $(number 4 5) == 256 && $(number 4 6) == 2 ]] || shown
	on_host ip link del br0
}

# Frames of a datagram of 100 bytes from the guest, 128 with the headers, behind $2 tags of 802.1p (VLAN 0), $1 of them.
tagged()
{
	nsenter --net="$VZ/root/$CT/proc/1/ns/net" python3 - "$@" <<-'EOF'
		import socket, struct, sys
		count, tags = map(int, sys.argv[1:])
		source = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		source.bind(("eth0", 0))
		own = source.getsockname()[4]
		udp = struct.pack("!HHHH", 9, 9, 108, 0) + bytes(100)
		head = struct.pack("!BBHHHBBH4s4s", 69, 0, 128, 0, 0, 64, 17, 0,
			socket.inet_aton("203.0.113.10"), socket.inet_aton("203.0.113.1"))
		total = sum(struct.unpack("!10H", head))
		total = (total >> 16) + (total & 0xffff)
		head = head[:10] + struct.pack("!H", ~total & 0xffff) + head[12:]
		frame = b"\xff" * 6 + own + struct.pack("!HH", 0x8100, 0) * tags + b"\x08\x00" + head + udp
		for i in range(count): source.send(frame)
	EOF
}

@test "a tag of VLAN 0 hides nothing from the count of an interface on a bridge" {
	requires python3
	on_host ip link add br0 type bridge
	on_host ip addr add 203.0.113.1/24 dev br0
	on_host ip link set br0 up
	running_guest --netif_add eth0,,,,br0
	tagged 3 0
	call on_host vznetstat
	[[ $(number 4 5) == 384 && $(number 4 6) == 3 ]] || shown
	tagged 3 1
	call on_host vznetstat
	[[ $(number 4 5) == 768 && $(number 4 6) == 6 ]] || shown
	tagged 3 2
	call on_host vznetstat
	(($(number 4 5) >= 1152 && $(number 4 6) == 9)) || shown
	on_host ip link del br0
}

@test "JSON, names, all guests, and what is no guest" {
	quiet_guest --name web
	ping_out 1 192.0.2.254
	run_ok on_host vznetstat -j web
	[[ $(jq -c . <<<"$output") == '[{"ctid":101,"ipv4":{"in_bytes":128,"in_packets":1,"out_bytes":128,"out_packets":1},"ipv6":{"in_bytes":0,"in_packets":0,"out_bytes":0,"out_packets":0}}]' ]]
	run_ok vzctl create 102
	run_ok on_host vznetstat
	[[ $(wc -l <<<"$output") == 5 ]]
	has IN_BYTES
	run_exit 14 on_host vznetstat 999
	run_exit 21 on_host vznetstat nobody
	run_exit 20 on_host vznetstat --nonsense
	echo nonsense >"$VZ/traffic/$CT"
	run_exit 3 on_host vznetstat
	has "CT $CT"
	has " 102 "
	rm "$VZ/traffic/$CT"
	run_ok vzctl destroy 102
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl destroy "$CT"
	[[ -e $VZ/traffic/$CT.destroyed ]]
	guest
	counts $'4 0 0 0 0\n6 0 0 0 0'
}
