#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Wrong values of every parameter, made from the parameter table (tests/unit/test_bad_params.c): refused with the exit code
# of the contract, the message names parameter and value, the file and the running guest stay as they were.

load helpers

more_setup()
{
	# vzctl's table as it was built; the program that makes values from it is not installed.
	cases=${WABE_BUILDDIR-/nonexistent}/tests/unit/test_bad_params
	BATS_TEST_TIMEOUT=600
}

# What is in force in the running guest.
in_force()
{
	vzctl exec2 "$CT" 'hostname; cat /etc/hostname; cat /proc/self/limits; sed -n 1,3p /etc/shadow; cat /proc/1/status | grep Cap'
	find "/sys/fs/cgroup$CGROUP/$CT" /sys/fs/cgroup/*"$CGROUP/$CT" -maxdepth 1 -type f \
		\( -name memory.max -o -name memory.limit_in_bytes -o -name pids.max -o -name 'cpu.max' -o -name cpu.weight \
		-o -name cpu.shares -o -name cpu.cfs_quota_us -o -name memory.swap.max -o -name memory.memsw.limit_in_bytes \) \
		-exec grep -H . {} + 2>/dev/null || true
}

# Without a process of its own beside vzctl's, as there are two thousand cases: $status, $output, and $now, the file.
quick()
{
	status=0
	"$@" >"$T/out" 2>&1 </dev/null 3>&- || status=$?
	read -rd '' output <"$T/out" || true
	read -rd '' now <"$VZ/conf/$CT.conf" || true
}

# The value of a case: $1 as printf's %b reads it, $2 times.
value_of()
{
	printf -v value '%b' "$1"
	(($2 == 1)) || value=$(head -c "$2" /dev/zero | tr '\0' "$1")
}

@test "options: refused, named, nothing changed" {
	[[ -x $cases ]] || skip "needs the unit tests of a build"
	local option verb code times encoded value count=0 before now

	running_guest --hostname before --ram 256M --numproc 100 --name web
	read -rd '' before <"$VZ/conf/$CT.conf" || true
	in_force >"$T/in_force"
	"$cases" --cases >"$T/cases"
	while IFS=$'\t' read -r option verb code times encoded; do
		value_of "$encoded" "$times"
		if [[ $verb == set ]]; then
			quick vzctl set "$CT" --save "--$option" "$value"
		else
			quick vzctl create 102 "--$option" "$value"
		fi
		[[ $status == "$code" && $output == *"--$option"* ]] || {
			echo "$verb --$option $encoded (x$times): exit code $code is wanted"
			shown
		}
		((${#output} < 1000)) || { echo "--$option $encoded: a message of ${#output} bytes"; return 1; }
		[[ $now == "$before" ]] || { echo "--$option $encoded changed the file"; return 1; }
		((++count))
	done <"$T/cases"
	((count > 1000))
	[[ ! -e $VZ/private/102 && ! -e $VZ/conf/102.conf && ! -e $VZ/lock/102.lck ]]
	in_force | diff "$T/in_force" -
	# The log has a line for each, and no line that a value made up.
	not grep -vE '^[0-9]{4}-[0-9-]{5}T[0-9:]{8}[+-][0-9]{4} vzctl : CT ' "$VZ/vzctl.log"
	not grep -q 'ONBOOT="yes"$' "$VZ/vzctl.log"
}

# A configuration with @LINE@ in place of what the table's key says, whole by its own marks.
with_line()
{
	{ grep -v -e "^$1=" -e '^# wabe: end' "$T/conf"; cat "$2"; echo '# wabe: end'; } >"$VZ/conf/$CT.conf"
}

@test "the file: a value that can't be keeps the guest from starting, and the file is not touched" {
	local key line

	guest
	cp "$VZ/conf/$CT.conf" "$T/conf"
	vzctl --list-params | cut -f2 | grep -v '^-$' | sort -u >"$T/keys"
	(($(wc -l <"$T/keys") > 50))
	while read -r key; do
		printf '%s="a\0b"\n' "$key" >"$T/nul"
		printf '%s="a\x01b"\n' "$key" >"$T/control"
		printf '%s="a\nb"\n' "$key" >"$T/newline"
		printf '%s="`touch %s/executed`"\n' "$key" "$T" >"$T/shell"
		for line in nul control newline shell; do
			with_line "$key" "$T/$line"
			cp "$VZ/conf/$CT.conf" "$T/bad"
			call vzctl start "$CT"
			[[ $status == 85 ]] || { echo "$key $line"; shown; }
			cmp "$T/bad" "$VZ/conf/$CT.conf"
		done
	done <"$T/keys"
	cp "$T/conf" "$VZ/conf/$CT.conf"
	[[ ! -e $T/executed ]]
	status_is "exist unmounted down"
}

@test "the file: 1 MB in one value, and more than 1 MB" {
	guest
	cp "$VZ/conf/$CT.conf" "$T/conf"
	{ printf 'NUMPROC="'; head -c 1000000 /dev/zero | tr '\0' 9; echo '"'; } >"$T/line"
	with_line NUMPROC "$T/line"
	run_exit 85 vzctl start "$CT"
	has "NUMPROC \"99999"
	((${#output} < 1000))
	{ printf 'DESCRIPTION="'; head -c 2000000 /dev/zero | tr '\0' a; echo '"'; } >"$T/line"
	with_line DESCRIPTION "$T/line"
	call vzctl start "$CT"
	[[ $status != 0 ]]
	has "$CT.conf"
	cp "$T/conf" "$VZ/conf/$CT.conf"
}

@test "words that are no parameters: unknown, without a value, a 100 KB name" {
	local long

	guest
	cp "$VZ/conf/$CT.conf" "$T/conf"
	long=$(head -c 100000 /dev/zero | tr '\0' 1)
	run_exit 20 vzctl set "$CT" --save "--$long" 1
	((${#output} < 1000))
	run_exit 20 vzctl set "$CT" --save $'--a\nb' 1
	run_exit 20 vzctl set "$CT" --save --ram
	run_exit 20 vzctl set "$CT" --save --save=perhaps
	run_exit 20 vzctl set "$CT" --save ""
	run_exit 21 vzctl set "$long" --save --ram 1G
	((${#output} < 1000))
	cmp "$VZ/conf/$CT.conf" "$T/conf"
}
