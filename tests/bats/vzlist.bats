#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzlist on real guests: every option, selection, order, counters of a running guest, exit codes.

load helpers

# 101 web runs, 102 db and 103 are stopped.
three_guests()
{
	run_ok vzctl create 101 --name web --hostname web.example --description "the first" --ram 64M --numproc 150
	run_ok vzctl create 102 --name db --hostname db.test --description "a second" --numproc 50:60
	run_ok vzctl create 103
	run_ok vzctl start 101
}

# The words of the last output, in one line.
is_words()
{
	[[ $(tr -s ' \n' ' ' <<<"$output" | sed 's/^ //; s/ $//') == "$1" ]] || { echo "expected: $1"; shown; }
}

@test "by default those that run, with -a all, with -S the stopped" {
	three_guests
	run_ok vzlist
	[[ ${output%%$'\n'*} == "      CTID      NPROC STATUS    IP_ADDR         HOSTNAME" ]] || shown
	[[ $output =~ $'\n'\ +101\ +[0-9]+\ running\ +-\ +web.example$ ]] || shown
	run_ok vzlist -H -o ctid,status
	is_words "101 running"
	run_ok vzlist -aH -o ctid,status
	is_words "101 running 102 stopped 103 stopped"
	run_ok vzlist -SH -o ctid
	is_words "102 103"
	run_ok vzlist -1
	is_words "101"
	run_ok vzlist -a1
	is_words "101 102 103"
}

@test "containers by number and name, in the order of numbers, each once" {
	three_guests
	run_ok vzlist -Ho ctid 103 web 101
	is_words "101 103"
	run_ok vzlist -Ho ctid,status db
	is_words "102 stopped"
	run_exit 1 vzlist -H 999
	run_exit 1 vzlist -H nobody
	run_exit 1 vzlist -H 0
}

@test "order: -s, and reversed" {
	three_guests
	run_ok vzlist -aHo ctid -s hostname
	is_words "103 102 101"
	run_ok vzlist -aHo ctid -s -hostname
	is_words "101 102 103"
	run_ok vzlist -aHo ctid -s -ctid
	is_words "103 102 101"
	run_ok vzlist -aHo ctid -s numproc.l
	is_words "103 102 101"
}

@test "patterns: -h, -N, -d" {
	three_guests
	run_ok vzlist -aHo ctid -h '*.example'
	is_words "101"
	run_ok vzlist -aHo ctid -N '[dw]*'
	is_words "101 102"
	run_ok vzlist -aHo ctid -d '*second'
	is_words "102"
	run_ok vzlist -Ho ctid -N 'd*'
	is_words "Container(s) not found"
	run_ok vzlist -1 -h '*.test'
	is_words "Container(s) not found"
}

@test "names, headers, and long values" {
	local long=a-host-name-that-is-wider-than-its-column.example

	guest --name web --hostname $long
	run_ok vzlist -an
	[[ ${output%%$'\n'*} == *SMARTNAME* ]] || shown
	has web
	run_ok vzlist -aHo hostname,ctid
	hasnt $long
	run_ok vzlist -aHto hostname,ctid
	has $long
	run_ok vzlist -aHo ctid,hostname
	has $long
}

@test "a running guest shows what it holds and what it may" {
	requires pids memory
	three_guests
	run_ok vzlist -Ho numproc.b,numproc.l,physpages.b,physpages.l 101
	is_words "150 150 0 16384"
	run_ok vzlist -Ho numproc,numproc.f,physpages,physpages.m 101
	# shellcheck disable=SC2086
	set -- $output
	[[ $1 == "$(cgroup_value pids pids.current pids.current)" && $2 == 0 ]] || shown
	(($3 > 0 && $3 <= 16384 && $4 >= $3)) || shown
	run_ok vzlist -Ho numproc,numproc.b,numproc.l 102
	is_words "- 50 60"
}

@test "each counter alone is what it is among all" {
	local field

	running_guest --ram 64M --numproc 150
	run_ok vzlist -jo numproc,physpages,swappages "$CT"
	echo "$output" >"$T/all"
	for field in numproc.f:.numproc.failcnt numproc:.numproc.held physpages.f:.physpages.failcnt swappages:.swappages.held; do
		run_ok vzlist -Ho "${field%%:*}" "$CT"
		is_words "$(jq -r ".[0]${field#*:} // \"-\"" "$T/all")"
	done
}

@test "JSON is JSON, with every field" {
	three_guests
	run_ok vzlist -aj
	jq -e 'length == 3 and .[0].ctid == 101 and .[0].status == "running" and .[0].uptime >= 0 and .[2].name == null' <<<"$output"
	jq -e '.[0].numproc.limit == 150 and .[0].physpages.limit == 16384 and .[1].numproc.held == 0' <<<"$output"
	diff <(vzlist -L | cut -d' ' -f1 | grep -v '\.' | sort) <(jq -r '.[0] | keys[]' <<<"$output" | sort)
	run_ok vzlist -aj -o ctid,hostname -s -hostname
	jq -e '[.[].ctid] == [101, 102, 103]' <<<"$output"
	run_ok vzlist -j -N 'nobody*'
	is "[]"
}

@test "suspended and mounted guests are seen as such" {
	three_guests
	run_ok wabe --root "$VZ/run" pause 101
	run_ok vzlist -Ho ctid,status
	is_words "101 suspended"
	run_ok wabe --root "$VZ/run" resume 101
	run_ok vzctl mount 102
	run_ok vzlist -SHo ctid,status
	is_words "102 mounted 103 stopped"
}

@test "what vzlist can't do it says, with exit code 1" {
	guest
	run_exit 1 vzlist -a -o nope
	has 'unknown field "nope"'
	run_exit 1 vzlist -a -o ctid,
	run_exit 1 vzlist -a -o ctid.m
	run_exit 1 vzlist -a -s nope
	run_exit 1 vzlist -a -j -o numproc.m
	run_exit 1 vzlist -x
	run_exit 1 vzlist -o
	run_exit 1 vzlist --config /nonexistent/vz.conf
	run_ok vzlist -L
	has "numproc.f       NPROC.F"
}

@test "a broken configuration hides no guest" {
	three_guests
	cp "$VZ/conf/102.conf" "$T/102.conf"
	echo 'NAME="no end' >"$VZ/conf/102.conf"
	call vzlist -aHo ctid,status
	[[ $status == 0 ]] || shown
	has "container 102:"
	has "102 unknown"
	has "101 running"
	cp "$T/102.conf" "$VZ/conf/102.conf"
	run_ok vzlist -Ho ctid,status db
	is_words "102 stopped"
}

# A sample's value: $1 the name with its labels as they are written.
sample()
{
	awk -v name="$1" 'index($0, name " ") == 1 { print $NF }' "$T/out"
}

# The text format: each family's HELP and TYPE once and before its samples, all samples of a family together, no sample
# twice, counters end in _total.
is_exposition()
{
	awk '
		/^# HELP / { if ($3 in help) bad("HELP of " $3 " twice"); help[$3] = 1; current = $3; next }
		/^# TYPE / {
			if ($3 != current || $3 in type) bad("TYPE of " $3 " in a wrong place")
			type[$3] = $4
			if (($4 == "counter") != ($3 ~ /_total$/)) bad($3 " is a " $4)
			next
		}
		/^#/ || !NF { bad("line " $0); next }
		{
			name = $0; sub(/[{ ].*/, "", name)
			if (name != current) bad("a sample of " name " among those of " current)
			if ($0 !~ /^[a-z_:][a-z0-9_:]*\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)*\} [0-9]+(\.[0-9]+)?$/) bad("sample " $0)
			labels = $0; sub(/ [^ ]*$/, "", labels)
			if (labels in seen) bad("twice: " labels)
			seen[labels] = 1
		}
		function bad(text) { print text; failed = 1 }
		END { exit failed }' "$T/out"
}

@test "--prometheus: all counters of a guest, in the text format" {
	requires memory pids
	local wanted name

	three_guests
	run_ok vzctl set 101 --diskspace 1G:2G --diskinodes 1000:2000 --save
	run_ok vzctl exec2 101 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; dd if=/dev/zero of=/root/x bs=1M count=4 2>/dev/null; sync'
	run_ok vzlist --prometheus
	is_exposition
	[[ $(sample 'vz_guests{status="running"}') == 1 && $(sample 'vz_guests{status="stopped"}') == 2 ]]
	[[ $(sample 'vz_guest_status{ctid="101",name="web",status="running"}') == 1 ]]
	[[ $(sample 'vz_guest_status{ctid="102",name="db",status="running"}') == 0 ]]
	[[ $(sample 'vz_guest_info{ctid="101",name="web",hostname="web.example",ostemplate="busybox",layout="overlay"}') == 1 ]]
	[[ $(sample 'vz_guest_memory_limit_bytes{ctid="101",name="web"}') == 67108864 ]]
	[[ $(sample 'vz_guest_processes_limit{ctid="101",name="web"}') == 150 ]]
	(($(sample 'vz_guest_processes{ctid="101",name="web"}') >= 1))
	(($(sample 'vz_guest_memory_bytes{ctid="101",name="web"}') > 100000))
	[[ $(sample 'vz_guest_disk_limit_bytes{ctid="101",name="web"}') == 2147483648 ]]
	[[ $(sample 'vz_guest_disk_soft_limit_inodes{ctid="101",name="web"}') == 1000 ]]
	awk -v v="$(sample 'vz_guest_cpu_seconds_total{ctid="101",name="web"}')" 'BEGIN { exit !(v > 0.001 && v < 1000) }'
	awk -v v="$(sample 'vz_guest_start_time_seconds{ctid="101",name="web"}')" -v now="$(date +%s)" 'BEGIN { exit !(v <= now + 1 && v > now - 300) }'
	# Of one that doesn't run there is nothing to count.
	[[ -z $(sample 'vz_guest_memory_bytes{ctid="102",name="db"}') ]]
	if [[ -e /proc/pressure/cpu && $(stat -f -c %T /sys/fs/cgroup) == cgroup2fs ]]; then
		for name in cpu memory io; do
			[[ -n $(sample "vz_guest_pressure_waiting_seconds_total{ctid=\"101\",name=\"web\",resource=\"$name\"}") ]]
		done
	fi
	run_ok vzlist --prometheus 102
	is_exposition
	hasnt 'ctid="101"'
	for wanted in -j '-o ctid' -n '-s ctid' -1; do
		# shellcheck disable=SC2086
		run_exit 1 vzlist --prometheus $wanted
	done
}

@test "--prometheus: labels are escaped, and no guests are no samples" {
	run_ok vzlist --prometheus
	is_exposition
	has 'vz_guests{status="running"} 0'
	hasnt vz_guest_info
	run_ok vzctl create 101 --hostname web.example
	# What vzctl doesn't write, somebody else may have.
	sed -i 's/^HOSTNAME=.*/NAME="größer web"/' "$VZ/conf/101.conf"
	run_ok vzlist --prometheus
	is_exposition
	has 'name="größer web"'
	printf 'NAME="a\xffb\xc3"\n' >>"$VZ/conf/101.conf"
	run_ok vzlist --prometheus
	has 'name="a?b?"'
	iconv -f UTF-8 -t UTF-8 "$T/out" >/dev/null
}
