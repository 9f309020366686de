#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Rates of guests' networks (--rate, --rate-burst, --rate-queue), both ways, with parallel streams. net.bash has the hosts.

load helpers
load net

# Bytes a second that $3 parallel streams get through, from one namespace to an address in another.
# $1: namespace of the sender (a pid), $2: of the receiver, $3: streams, $4: address of the receiver, $5: port, if not 5001
flow()
{
	local port=${5-5001}

	cat >"$T/flow.$port.py" <<-'END'
		import selectors, socket, struct, sys, threading, time
		role, address, streams, port = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
		family = socket.AF_INET6 if ":" in address else socket.AF_INET
		if role == "send":
		    def run():
		        s = socket.create_connection((address, port), 10)
		        try:
		            while True:
		                s.sendall(b"x" * 16384)
		        except OSError:
		            pass
		    threads = [threading.Thread(target=run, daemon=True) for _ in range(streams)]
		    [t.start() for t in threads]
		    [t.join() for t in threads]
		else:
		    listener = socket.socket(family, socket.SOCK_STREAM)
		    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		    listener.bind((address, port))
		    listener.listen(64)
		    listener.settimeout(15)
		    print("ready", flush=True)
		    sel, socks = selectors.DefaultSelector(), [listener.accept()[0] for _ in range(streams)]
		    for s in socks:
		        sel.register(s, selectors.EVENT_READ)
		    # tcpi_bytes_received of linux/tcp.h: what came, not what a busy machine let us read meanwhile.
		    def received():
		        return sum(struct.unpack_from("Q", s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192), 128)[0] for s in socks)
		    def read_for(seconds):
		        end = time.monotonic() + seconds
		        while time.monotonic() < end:
		            for key, _ in sel.select(0.1):
		                key.fileobj.recv(1 << 16)
		    # What is in bursts comes first.
		    read_for(0.5)
		    count, begin = received(), time.monotonic()
		    read_for(2)
		    print(int((received() - count) / (time.monotonic() - begin)))
	END
	# The flow before said "ready" too.
	rm -f "$T/flow.$port"
	nsenter --net="/proc/$2/ns/net" python3 "$T/flow.$port.py" receive "$4" "$3" "$port" >"$T/flow.$port" 2>&1 3>&- &
	wait_for grep -q ready "$T/flow.$port"
	nsenter --net="/proc/$1/ns/net" timeout 20 python3 "$T/flow.$port.py" send "$4" "$3" "$port" >/dev/null 2>&1 3>&- &
	wait %?receive
	sed 1d "$T/flow.$port"
}

# The guest's init, on the host.
guest_pid()
{
	readlink "$VZ/root/$CT" | tr -dc 0-9
}

# $1 bytes a second are about $2 bits a second: most of it, and no more than a burst adds.
is_about()
{
	local wanted=$(($2 / 8))

	(($1 > wanted * 70 / 100 && $1 < wanted * 110 / 100)) || { echo "$1 bytes a second, wanted is up to $wanted"; return 1; }
}

# No more than $2 bits a second, and some of it: dropping costs streams what they have to send again.
at_most()
{
	(($1 * 8 > $2 * 5 / 100 && $1 * 8 < $2 * 110 / 100)) || { echo "$1 bytes a second, wanted is up to $(($2 / 8))"; return 1; }
}

# A flow is about $1 bits a second. A machine that is busy with something else is too slow for it now and then, or fills a
# hole at once: it is measured again then. A limit that is missing or wrong shows each time.
# $1: bits a second; further: what flow takes
flow_is()
{
	local wanted=$1 try
	shift

	for try in 1 2 3 4; do
		is_about "$(flow "$@")" "$wanted" && return
		sleep "$try"
	done
	return 1
}

no_stand_in()
{
	not grep ' ifb' <(on_host ip -o link)
}

# A device as the kernel makes it: no queue of ours, no intermediate device.
nothing_shaped()
{
	not grep -E 'tbf|clsact' <(on_host tc qdisc show dev "venet$CT")
	no_stand_in
}

needs_shaping()
{
	requires tc python3
	on_host ip link add ifbx type ifb 2>/dev/null || skip "needs ifb"
	on_host ip link del ifbx
}

@test "rate: to the guest and from it, with one stream and with eight" {
	needs_shaping
	running_guest --ipadd 192.0.2.10 --ipadd 2001:db8::10 --rate 16M:8M
	pid=$(guest_pid)
	flow_is 16000000 "$PEER" "$pid" 1 192.0.2.10
	flow_is 16000000 "$PEER" "$pid" 8 192.0.2.10
	flow_is 8000000 "$pid" "$PEER" 1 192.0.2.254
	flow_is 8000000 "$pid" "$PEER" 8 192.0.2.254
	flow_is 8000000 "$pid" "$PEER" 8 2001:db8::fe
	flow_is 16000000 "$PEER" "$pid" 8 2001:db8::10
	# The host itself is no way round.
	flow_is 8000000 "$pid" "$HOST" 8 192.0.2.1
}

@test "rate: both directions at once, and each guest has its own" {
	local one two jobs

	needs_shaping
	running_guest --ipadd 192.0.2.10 --rate 16M:8M
	one=$(guest_pid)
	CT=102
	running_guest --ipadd 192.0.2.11 --rate 8M:24M
	two=$(guest_pid)
	flow "$PEER" "$one" 4 192.0.2.10 5001 >"$T/in.1" 3>&- &
	jobs=($!)
	flow "$one" "$PEER" 4 192.0.2.254 5002 >"$T/out.1" 3>&- &
	jobs+=($!)
	flow "$PEER" "$two" 4 192.0.2.11 5003 >"$T/in.2" 3>&- &
	jobs+=($!)
	flow "$two" "$PEER" 4 192.0.2.254 5004 >"$T/out.2" 3>&- &
	wait "${jobs[@]}" $!
	# How near to it four at once come is the machine's matter.
	at_most "$(cat "$T/in.1")" 16000000
	at_most "$(cat "$T/out.1")" 8000000
	at_most "$(cat "$T/in.2")" 8000000
	at_most "$(cat "$T/out.2")" 24000000
	[[ $(on_host tc qdisc show | grep -o 'tbf.* rate [^ ]*' | grep -o '[^ ]*$' | sort | xargs) == "16Mbit 24Mbit 8Mbit 8Mbit" ]]
}

@test "rate changes in the running guest, and goes" {
	needs_shaping
	running_guest --ipadd 192.0.2.10
	nothing_shaped
	run_ok vzctl set "$CT" --rate 8M --save
	has "Network rate was set"
	[[ $(key NETRATE) == 8M:8M ]]
	pid=$(guest_pid)
	flow_is 8000000 "$pid" "$PEER" 4 192.0.2.254
	run_ok vzctl set "$CT" --rate 24M:16M --rate-burst 100K --save
	flow_is 16000000 "$pid" "$PEER" 4 192.0.2.254
	flow_is 24000000 "$PEER" "$pid" 4 192.0.2.10
	run_ok vzctl set "$CT" --rate 24M:0 --save
	[[ $(key NETRATE) == 24M:unlimited ]]
	no_stand_in
	(($(flow "$pid" "$PEER" 4 192.0.2.254) > 5000000))
	run_ok vzctl set "$CT" --rate 0 --save
	nothing_shaped
}

# bats test_tags=lab:long
@test "rate: a kernel without intermediate devices drops what comes from the guest above it, and says so" {
	requires tc python3 lab
	modprobe -r ifb 2>/dev/null || true
	echo 'install ifb /bin/false' >/run/modprobe.d/no-ifb.conf 2>/dev/null || { mkdir -p /run/modprobe.d && echo 'install ifb /bin/false' >/run/modprobe.d/no-ifb.conf; }
	if on_host ip link add ifbx type ifb 2>/dev/null; then
		rm -f /run/modprobe.d/no-ifb.conf
		skip "runs in the lab only"
	fi
	guest --ipadd 192.0.2.10 --rate 16M:8M
	call vzctl start "$CT"
	rm -f /run/modprobe.d/no-ifb.conf
	[[ $status == 0 ]] || shown
	has "this kernel has no intermediate device (ifb)"
	pid=$(guest_pid)
	flow_is 16000000 "$PEER" "$pid" 4 192.0.2.10
	at_most "$(flow "$pid" "$PEER" 8 192.0.2.254)" 8000000
	run_ok vzctl set "$CT" --rate 0 --save
	nothing_shaped
}

@test "rate: each device has it, all goes with the guest, also when it ends by itself" {
	needs_shaping
	on_host ip link add br0 type bridge
	running_guest --ipadd 192.0.2.10 --netif_add eth0,,,,br0 --rate 8M
	[[ $(on_host ip -o link | grep -c ' ifb') == 2 ]]
	[[ $(on_host tc qdisc | grep -c tbf) == 4 ]]
	kill -9 "$(guest_pid)"
	wait_for status_is "exist unmounted down"
	run_ok vzctl start "$CT"
	[[ $(on_host ip -o link | grep -c ' ifb') == 2 ]]
	run_ok vzctl stop "$CT" --fast
	no_stand_in
	on_host ip link del br0
}

@test "rate-queue: what the kernel lacks is said, and nothing stays" {
	needs_shaping
	running_guest --ipadd 192.0.2.10 --rate-queue fifo --rate 8M
	on_host tc qdisc show dev "venet$CT"
	for queue in fq_codel cake; do
		call vzctl set "$CT" --rate-queue "$queue" --save
		if [[ $status == 0 ]]; then
			on_host tc qdisc show dev "venet$CT" | grep "$queue"
			[[ $(key NETQUEUE) == "$queue" ]]
		else
			[[ $status == 5 ]]
			has "this kernel has no $queue"
			[[ $(key NETQUEUE) == fifo ]]
		fi
	done
}

@test "vzctl verify sends faster than the rate, and finds that it holds" {
	needs_shaping
	running_guest --ipadd 192.0.2.10 --rate 100M:8M
	run_ok vzctl verify "$CT"
	grep -E '^NETRATE +100M:8M +token bucket +proven +[78][0-9]{6} bits a second got out' <<<"$output" || shown
	# A queue that somebody took away.
	on_host tc qdisc del dev "venet$CT" clsact
	call vzctl verify "$CT"
	[[ $status != 0 ]] || shown
	grep -E '^NETRATE .* FAILED ' <<<"$output" || shown
}

@test "rate: bad values change nothing" {
	guest
	cp "$VZ/conf/$CT.conf" "$T/conf"
	for value in "" fast 10X -1 1M:2M:3M 1M: :1M 99999999999G 7999 1 '1M;id' $'1M\n' 1.5M; do
		run_exit 21 vzctl set "$CT" --rate "$value" --save
		has --rate
	done
	run_exit 21 vzctl set "$CT" --rate-burst 2G --save
	run_exit 21 vzctl set "$CT" --rate-queue red --save
	cmp "$T/conf" "$VZ/conf/$CT.conf"
}
