#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The patched kernel's controller ctx, as an administrator, a guest and our own programs meet it: ./check kernel. What it counts, and
# netlink, are the business of the series' own selftests, which run here as well.

# bats file_tags=kernel
load helpers
load eventd

more_setup()
{
	requires cgroup_v2 ctx
	DIR=/sys/fs/cgroup/ctx-$BATS_SUITE_TEST_NUMBER
	mkdir -p "$DIR/a" "$DIR/b"
	echo +ctx >"$DIR/cgroup.subtree_control"
}

more_teardown()
{
	eventd_teardown
	[[ ! -d $T/state ]] || wabe --root "$T/state" delete --force "$WABE_ID" 2>/dev/null || true
	[[ -z ${DIR-} ]] || find "$DIR" -depth -type d -exec rmdir {} +
}

# The cgroup of guest $1.
guest_dir()
{
	dirname "$(find /sys/fs/cgroup"$CGROUP" -name ctx.id -exec grep -lx "$1" {} +)"
}

holds_no_rules()
{
	grep -qx 'numiptent 0' "$dir/ctx.current"
}

# The guest's files run out: $1 more than it has now, and it asks for many.
run_out_of_files()
{
	run_ok vzlist -Ho numfile "$CT"
	run_ok vzctl set "$CT" --numfile $((output + $1))
	call vzctl exec2 "$CT" 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24; do sleep 5 </dev/null & done; wait'
}

# The kernel's word for why it doesn't take a text, in one write.
# $1: the file, below $DIR, $2: the text, as printf's format
refusal()
{
	python3 - "$DIR/$1" "$(printf '%b' "$2" | base64 -w0)" <<-'PYTHON'
		import base64, errno, os, sys
		fd = os.open(sys.argv[1], os.O_WRONLY)
		try:
		    os.write(fd, base64.b64decode(sys.argv[2]))
		    print("taken")
		except OSError as e:
		    print(errno.errorcode[e.errno])
	PYTHON
}

# Like refusal, and an error of the test if it isn't the wanted one.
refused()
{
	local said

	said=$(refusal "$2" "$3")
	[[ $said == "$1" ]] || {
		echo "$2 <- \"$3\": $said, not $1"
		return 1
	}
}

@test "ctx.id: garbage, overflow, negative, huge and binary are refused" {
	local text

	for text in '' '\n' ' ' abc 1x '1 2' 0x10 -1 max '1\0' '1\0002' '\0377\0376' "$(head -c 3000 /dev/zero | tr '\0' a)"; do
		[[ $text == '' ]] || refused EINVAL a/ctx.id "$text"
	done
	for text in 0 2147483645 4294967296 18446744073709551617 "$(head -c 200 /dev/zero | tr '\0' 9)"; do
		refused ERANGE a/ctx.id "$text"
	done
	[[ $(<"$DIR/a/ctx.id") == 0 ]]
	refused taken a/ctx.id '2147483644\n'
	[[ $(<"$DIR/a/ctx.id") == 2147483644 ]]
}

@test "ctx.id: one for a cgroup, one cgroup for each, again after rmdir" {
	refused taken a/ctx.id 4711
	refused EBUSY a/ctx.id 4712
	refused EEXIST b/ctx.id 4711
	rmdir "$DIR/a"
	refused taken b/ctx.id 4711
	mkdir "$DIR/a"
	refused EBUSY ctx.id 4713
	mkdir "$DIR/b/below"
	[[ ! -e $DIR/b/below/ctx.id ]]
	echo +ctx >"$DIR/b/cgroup.subtree_control"
	refused EBUSY b/below/ctx.id 4713
}

@test "ctx.max and ctx.barrier: what is wrong in one line, nothing of the write is taken" {
	local file text

	for file in a/ctx.max a/ctx.barrier; do
		for text in numfile 'numfile ' 'numfile -1' 'numfile 1x' 'numfile 0x1' 'nosuch 1' 'numfile 1\0' 'numfile 1\nnumfile 2' \
			'numfile 1\nnosuch 2'; do
			refused EINVAL "$file" "$text"
		done
		refused ERANGE "$file" 'numfile 9223372036854775807'
		refused ERANGE "$file" 'numfile 1\nnumproc 99999999999999999999'
		grep -qx 'numfile max' "$DIR/$file"
		refused taken "$file" 'numfile 7\nnumproc 9\n'
		grep -qx 'numfile 7' "$DIR/$file"
		grep -qx 'numproc 9' "$DIR/$file"
		grep -qx 'numpty max' "$DIR/$file"
	done
}

@test "a guest is the context of its CTID, held to its counters, and can't touch them" {
	guest --numfile 200 --numpty 5:6
	hasnt "kept, but not enforced"
	run_ok vzctl start "$CT"
	inside 'cat /proc/self/ctx'
	is "$CT"
	dir=$(guest_dir "$CT")
	grep -qx 'numfile 200' "$dir/ctx.max"
	grep -qx 'numpty 6' "$dir/ctx.max"
	grep -qx 'numpty 5' "$dir/ctx.barrier"
	[[ $(sed -n 's/^numproc //p' "$dir/ctx.current") -ge 1 ]]
	# its own root, in its own namespaces, on its own cgroup
	inside 'for f in id max barrier; do echo numfile 9 >/sys/fs/cgroup/ctx.$f; done 2>/dev/null; true'
	grep -qx 'numfile 200' "$dir/ctx.max"
	# taken in the running guest
	run_ok vzctl set "$CT" --numfile 150
	grep -qx 'numfile 150' "$dir/ctx.max"
	grep -qx 'numpty 6' "$dir/ctx.max"
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl start "$CT"
	inside 'cat /proc/self/ctx'
	is "$CT"
}

@test "vzctl set --reset_ub puts the configured counters in force again" {
	running_guest --numfile 300 --numpty 5:6
	dir=$(guest_dir "$CT")
	printf 'numfile 7000\nnumpty 3\nnumflock 2\n' >"$dir/ctx.max"
	printf 'numpty max\n' >"$dir/ctx.barrier"
	run_ok vzctl set "$CT" --reset_ub
	grep -qx 'numfile 300' "$dir/ctx.max"
	grep -qx 'numpty 6' "$dir/ctx.max"
	grep -qx 'numflock max' "$dir/ctx.max"
	grep -qx 'numpty 5' "$dir/ctx.barrier"
}

@test "vzlist and vzubc show held, most, barrier, limit and failures of the kernel" {
	local held most barrier limit failed

	running_guest --numfile 300:400 --numpty 5:6 --numproc 40:50
	dir=$(guest_dir "$CT")
	run_ok vzlist -Ho numfile,numfile.m,numfile.b,numfile.l,numfile.f "$CT"
	read -r held most barrier limit failed <<<"$output"
	((held > 0 && most >= held))
	[[ "$barrier $limit $failed" == "300 400 0" ]]
	run_ok vzlist -Ho numproc,numproc.b,numproc.l,numproc.f,numpty.b,numpty.l,numtcpsock.l,numtcpsock.f "$CT"
	read -r held rest <<<"$output"
	[[ $held == "$(sed -n 's/^numproc //p' "$dir/ctx.current")" ]]
	[[ $(xargs <<<"$rest") == "40 50 0 5 6 9223372036854775807 0" ]]
	# What is in force, not what is configured.
	echo 'numpty 4' >"$dir/ctx.max"
	run_ok vzlist -Ho numpty.l "$CT"
	[[ $(xargs <<<"$output") == 4 ]]
	run_out_of_files 8
	run_ok vzlist -Ho numfile.f "$CT"
	((output > 0))
	run_ok vzlist -j -o ctid,numfile "$CT"
	[[ $(jq '.[0].numfile | .failcnt > 0 and .held > 0 and .maxheld >= .held and .limit == .barrier' <<<"$output") == true ]]
	run_ok vzubc "$CT"
	grep -qE '^ *numfile\|.*\| *[1-9][0-9]*$' <<<"$output"
	grep -qE '^ *numpty\|' <<<"$output"
	hasnt numtcpsock
	run_ok vzlist --prometheus
	grep -qE '^vz_guest_resource_held\{ctid="'"$CT"'",name="",resource="numfile"\} [1-9]' <<<"$output"
	grep -qE '^vz_guest_resource_barrier\{.*resource="numpty"\} 5$' <<<"$output"
	grep -qE '^vz_guest_resource_failures_total\{.*resource="numfile"\} [1-9]' <<<"$output"
	not grep -q 'vz_guest_resource_limit{.*resource="numtcpsock"' <<<"$output"
	# A fork that pids.max refuses is in the same number.
	run_ok vzctl set "$CT" --numfile 400
	call vzctl exec2 "$CT" 'i=0; while [ $i -lt 60 ]; do sleep 3 & i=$((i + 1)); done; wait'
	run_ok vzlist -Ho numproc.f "$CT"
	((output > 0))
	run_ok vzctl stop "$CT" --fast
	run_ok vzlist -aHo numfile,numfile.m,numfile.l "$CT"
	[[ $(xargs <<<"$output") == "- - 400" ]]
}

@test "rules in a guest's network are its own, and held to --numiptent" {
	local held most barrier limit failed pid i

	guest --numiptent 10:12
	hasnt "kept, but not enforced"
	run_ok vzctl start "$CT"
	dir=$(guest_dir "$CT")
	grep -qx 'numiptent 12' "$dir/ctx.max"
	grep -qx 'numiptent 10' "$dir/ctx.barrier"
	grep -qx 'numnetns 1' "$dir/ctx.current"
	run_ok vzlist -Ho numiptent "$CT"
	held=$output
	# Whoever makes them: the host has nft, this guest hasn't.
	pid=$(init_of)
	run_ok nsenter -t "$pid" -n nft 'add table ip t; add chain ip t c'
	for ((i = 0; i < 20; i++)); do
		call nsenter -t "$pid" -n nft add rule ip t c accept
		((status == 0)) || break
	done
	[[ $status != 0 && $i == $((10 - 2 - held)) ]] || shown
	has 'Too many open files'
	run_ok vzlist -Ho numiptent,numiptent.m,numiptent.b,numiptent.l,numiptent.f "$CT"
	read -r held most barrier limit failed <<<"$output"
	[[ "$held $most $barrier $limit" == "10 10 10 12" && $failed -gt 0 ]] || shown
	[[ $(awk '$1 == "numiptent" { print $2, $4, $5 }' "/proc/bc/$CT/resources") == "10 10 12" ]]
	# In the running guest, and all of it is given back.
	run_ok vzctl set "$CT" --numiptent 20
	run_ok nsenter -t "$pid" -n nft add rule ip t c accept
	run_ok nsenter -t "$pid" -n nft flush ruleset
	WAIT_TENTHS=200 wait_for holds_no_rules
}

@test "a guest's memory is told with the rest, and it finds itself in OpenVZ's tables" {
	local held limit

	running_guest --ram 128M --numfile 300:400
	CT=102 guest
	run_ok vzctl start 102
	dir=$(guest_dir "$CT")
	grep -qE '^physpages held=[1-9][0-9]* peak=[1-9][0-9]* barrier=max max=32768 failures=[0-9]+$' "$dir/ctx.memory"
	grep -qE '^kmemsize held=[1-9][0-9]*$' "$dir/ctx.memory"
	run_ok vzlist -Ho physpages,physpages.l "$CT"
	read -r held limit <<<"$output"
	((held > 0 && limit == 32768))
	run_ok vzlist -Ho kmemsize,oomguarpages.f "$CT"
	[[ $output =~ ^\ *[1-9][0-9]*\ +0\ *$ ]] || shown
	[[ $(awk '$1 == "numfile" { print $4, $5 }' "/proc/bc/$CT/resources") == "300 400" ]]
	[[ $(awk '/:/ { print $1 }' /proc/user_beancounters | xargs) == *"101: 102:"* ]]
	inside 'cat /proc/user_beancounters'
	[[ $(grep -o '^ *[0-9]*:' <<<"$output" | xargs) == "$CT:" ]] || shown
	inside 'ls /proc/bc; cat /proc/bc/102/resources 2>/dev/null; cat /proc/vz/veinfo'
	[[ $(grep -vx resources <<<"$output" | awk '{ print $1 }' | xargs) == "$CT $CT" ]] || shown
}

@test "one dump has all contexts, whoever's they are" {
	local i

	for i in {1..40}; do
		mkdir "$DIR/$i"
		echo $((5000 + i)) >"$DIR/$i/ctx.id"
	done
	guest
	CT=102 guest
	run_ok vzctl start 101
	run_ok vzctl start 102
	call strace -o "$T/trace" -e trace=sendto vzlist -Ho ctid,numfile,numpty.f
	[[ $status == 0 && $(grep -c '' <<<"$output") == 2 ]] || shown
	[[ $(awk '$2 > 0 && $3 == 0 { print $1 }' <<<"$output" | xargs) == "101 102" ]]
	[[ $(grep -cE 'NLM_F_DUMP|0x300' "$T/trace") == 1 ]] || { cat "$T/trace"; return 1; }
	# Who names a guest asks for that one.
	run_ok strace -o "$T/trace" -e trace=sendto vzlist -Ho numfile 102
	[[ $(grep -cE 'NLM_F_DUMP|0x300' "$T/trace") == 0 && $(grep -c nlmsg_len "$T/trace") == 2 ]] || { cat "$T/trace"; return 1; }
	# Nobody asks for what isn't shown.
	run_ok strace -o "$T/trace" -e trace=sendto vzlist -Ho ctid,hostname
	[[ $(grep -c nlmsg_len "$T/trace") == 0 ]]
}

@test "vzeventd knows how a guest ended that isn't its child" {
	hook
	guest
	run_ok vzctl start "$CT"
	start_eventd
	kill -9 "$(init_of)"
	WAIT_TENTHS=600 wait_for is_cleaned
	WAIT_TENTHS=200 wait_for has_event "$CT crash"
	grep -q "CT $CT: the kernel says how it ended: killed" "$VZ/vzctl.log" "$T/eventd.log"
	grep -q "CT $CT: crash: init was killed by signal 9" "$VZ/vzctl.log" "$T/eventd.log"
	stop_eventd
	run_ok vzctl start "$CT"
	start_eventd
	inside poweroff
	WAIT_TENTHS=600 wait_for is_cleaned
	grep -q "CT $CT: the kernel says how it ended: halt" "$VZ/vzctl.log" "$T/eventd.log"
	# Its own child now.
	run_ok vzctl start "$CT"
	old=$(init_of)
	inside reboot
	WAIT_TENTHS=600 wait_for is_up_again "$old"
	grep -q "CT $CT: the kernel says how it ended: reboot" "$VZ/vzctl.log" "$T/eventd.log"
}

@test "vzeventd tells an init that had no memory from one that was killed" {
	hook
	guest --ram 48M --swap 0
	start_eventd
	run_ok vzctl start "$CT"
	# Two: one alone had more than init with all that its score adds (mm/oom_kill.c, oom_badness()).
	call vzctl exec2 "$CT" 'echo 1000 >/proc/1/oom_score_adj; tail /dev/zero & exec tail /dev/zero'
	WAIT_TENTHS=600 wait_for is_cleaned
	WAIT_TENTHS=200 wait_for has_event "$CT crash"
	grep -q "CT $CT: crash: init was killed, there was no memory left" "$VZ/vzctl.log" "$T/eventd.log"
}

@test "vzeventd tells of limits that a guest runs into" {
	hook
	guest
	run_ok vzctl start "$CT"
	start_eventd
	run_out_of_files 8
	WAIT_TENTHS=300 wait_for has_event "$CT numfile"
	grep -qE "CT $CT: numfile: refused within its limit of [0-9]+, [1-9][0-9]* times" "$VZ/vzctl.log" "$T/eventd.log"
}

@test "wabe: org.wabe.ctx" {
	local root=$T/bundle/rootfs name

	mkdir -p "$root"/{bin,dev,proc,sys,etc}
	for name in busybox sh sleep cat; do
		cp /bin/busybox "$root/bin/$name"
	done
	wabe spec --bundle "$T/bundle"
	jq '.annotations["org.wabe.ctx"] = "4711" | .process.terminal = false | .process.args = ["sh", "-c", "exec sleep 600"]
		| .linux.resources.unified = {"ctx.max": "numfile 50\nnumpty 3"}' "$T/bundle/config.json" >"$T/new"
	mv "$T/new" "$T/bundle/config.json"
	WABE_ID=bats-ctx-$BATS_SUITE_TEST_NUMBER
	run_ok wabe --root "$T/state" run -d --bundle "$T/bundle" "$WABE_ID"
	[[ $(<"/sys/fs/cgroup/wabe/$WABE_ID/ctx.id") == 4711 ]]
	# What is in its network is charged to it, though it has no user namespace.
	grep -qx 'numnetns 1' "/sys/fs/cgroup/wabe/$WABE_ID/ctx.current"
	[[ $(cat "/proc/$(wabe --root "$T/state" state "$WABE_ID" | jq .pid)/ctx") == 4711 ]]
	grep -qx 'numfile 50' "/sys/fs/cgroup/wabe/$WABE_ID/ctx.max"
	grep -qx 'numpty 3' "/sys/fs/cgroup/wabe/$WABE_ID/ctx.max"
	# An id is one container's.
	call wabe --root "$T/state" run -d --bundle "$T/bundle" "$WABE_ID-b"
	[[ $status != 0 ]] || shown
	has 'annotations["org.wabe.ctx"]: context 4711 is another cgroup'"'"'s'
	[[ ! -e /sys/fs/cgroup/wabe/$WABE_ID-b && ! -e $T/state/$WABE_ID-b ]]
	[[ $(grep -c ' 1$' "/sys/fs/cgroup/wabe/$WABE_ID/ctx.virt") == 0 ]]
	# An update leaves it.
	run_ok wabe --root "$T/state" update --pids-limit 20 "$WABE_ID"
	[[ $(<"/sys/fs/cgroup/wabe/$WABE_ID/ctx.id") == 4711 ]]
	run_ok wabe --root "$T/state" delete --force "$WABE_ID"
	jq '.annotations["org.wabe.ctx.virt"] = "memory,nosuch"' "$T/bundle/config.json" >"$T/new"
	mv "$T/new" "$T/bundle/config.json"
	call wabe --root "$T/state" run -d --bundle "$T/bundle" "$WABE_ID"
	[[ $status != 0 ]] || shown
	has "annotations[\"org.wabe.ctx.virt\"]: the kernel hasn't got all of memory,nosuch"
	jq '.annotations["org.wabe.ctx.virt"] = "memory,uptime"' "$T/bundle/config.json" >"$T/new"
	mv "$T/new" "$T/bundle/config.json"
	run_ok wabe --root "$T/state" run -d --bundle "$T/bundle" "$WABE_ID"
	[[ $(grep ' 1$' "/sys/fs/cgroup/wabe/$WABE_ID/ctx.virt" | xargs) == "memory 1 uptime 1" ]]
	run_ok wabe --root "$T/state" delete --force "$WABE_ID"
}

@test "ctx.virt: garbage, and views of what is no context, are refused" {
	local text

	refused ENOTSUP a/ctx.virt 'memory 1'
	refused taken a/ctx.id 4711
	for text in '\n' memory 'memory 2' 'memory -1' 'memory 1 1' 'nosuch 1' 'memory 1\0' 'memory 1\nmemory 1' 'memory 1\nnosuch 1' \
		'\0377\0376'; do
		refused EINVAL a/ctx.virt "$text"
	done
	not grep -q ' 1$' "$DIR/a/ctx.virt"
	refused taken a/ctx.virt 'memory 1\nuptime 1\n'
	[[ $(grep ' 1$' "$DIR/a/ctx.virt" | xargs) == "memory 1 uptime 1" ]]
}

@test "a guest sees its own memory, processors, load and log" {
	local total

	total=$(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo)
	running_guest --ram 128M --swap 0 --cpus 1
	dir=$(guest_dir "$CT")
	[[ $(xargs <"$dir/ctx.virt") == "cpu 1 loadavg 1 log 1 memory 1 uptime 1" ]]
	inside 'cat /proc/meminfo'
	grep -qE '^MemTotal: +131072 kB$' <<<"$output"
	grep -qE '^SwapTotal: +0 kB$' <<<"$output"
	((total > 131072 && $(awk '$1 == "MemTotal:" { print $2 }' /proc/meminfo) == total))
	inside 'grep -c ^processor /proc/cpuinfo; grep -c "^cpu[0-9]" /proc/stat; nproc'
	[[ $(xargs <<<"$output") == "1 1 1" ]] || shown
	inside 'cut -d" " -f4 /proc/loadavg'
	[[ $output =~ ^[1-9]/[0-9]+$ ]] || shown
	# Nothing of the host's, which has said a lot by now; and it may clear its own.
	inside 'dmesg && dmesg -c'
	not grep -q 'Linux version' <<<"$output"
	[[ $(dmesg | grep -c .) -gt 50 ]]
	# More of it in the running guest.
	run_ok vzctl set "$CT" --ram 256M
	inside 'cat /proc/meminfo'
	grep -qE '^MemTotal: +262144 kB$' <<<"$output"
}

@test "the series' own tests" {
	local program failed=0

	for program in /lab/add/selftests/*; do
		echo "# ${program##*/}" >&3
		call "$program"
		((status == 0)) || {
			failed=1
			grep -vE '^ok|^# *(RUN|OK)' <<<"$output"
		}
	done
	return $failed
}

@test "KUnit's, at boot" {
	dmesg | grep -qE '\bok [0-9]+ cgroup-ctx$'
	run ! grep -E 'not ok .*ctx' <(dmesg)
}
