#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The patched kernel's controller ctx, as an administrator and a guest meet it: ./check kernel. What it counts, and netlink, are
# the business of the series' own selftests, which run here as well.

# bats file_tags=kernel
load helpers

more_setup()
{
	requires cgroup_v2 ctx
	DIR=/sys/fs/cgroup/ctx-$BATS_SUITE_TEST_NUMBER
	mkdir -p "$DIR/a" "$DIR/b"
	echo +ctx >"$DIR/cgroup.subtree_control"
}

more_teardown()
{
	[[ -z ${DIR-} ]] || find "$DIR" -depth -type d -exec rmdir {} +
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
	dir=$(dirname "$(find /sys/fs/cgroup"$CGROUP" -name ctx.id -exec grep -lx "$CT" {} +)")
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
