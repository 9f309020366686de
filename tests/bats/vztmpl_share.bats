#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Equal files of templates are one inode: less disk, one copy in the page cache. vztmpl du tells what is whose.
#
# shellcheck disable=SC2016 # recipes are expanded by the shell that runs them

bats_require_minimum_version 1.5.0

setup()
{
	[[ -z ${WABE_BUILDDIR-} ]] || PATH=$WABE_BUILDDIR/vzctl/cmd:$PATH
	T=$BATS_TEST_TMPDIR
	[[ -z ${WABE_LAB-} ]] || T=$(mktemp -d /var/lib/vz/vztmpl.XXXXXX)
	mkdir -p "$T/vz/conf" "$T/recipes"
	export VZ_CONF=$T/vz/vz.conf
	printf 'TEMPLATE="%s"\nLOCKDIR="%s"\nRECIPEDIR="%s"\n' "$T/template" "$T/lock" "$T/recipes" >"$VZ_CONF"
	# A file of 64 KB at the places that the words name; its content and time are always the same.
	head -c 65536 /dev/zero | tr '\0' 'x' >"$T/big"
	recipe one "$(places usr/bin/tool usr/lib/lib.so etc/big var/big usr/local/bin/tool)"
	recipe two "$(places usr/bin/tool usr/lib/lib.so etc/big var/big usr/local/bin/tool)"
}

teardown()
{
	[[ -z ${WABE_LAB-} ]] || rm -rf "$T"
}

recipe()
{
	printf '%s\n' "$2" >"$T/recipes/$1"
}

# Different first bytes, so that no two places of one tree have equal files.
places()
{
	local place

	for place; do
		echo "mkdir -p \"\$TARGET/${place%/*}\"; { echo $place; cat '$T/big'; } >\"\$TARGET/$place\""
		echo "touch -d '2020-01-02 03:04:05' \"\$TARGET/$place\" \"\$TARGET/${place%/*}\""
	done
}

inode()
{
	stat -c %i "$T/template/$1"
}

@test "equal programs and libraries of two templates are one inode, what guests write to is not" {
	vztmpl -q build one
	vztmpl -q build two
	local path
	for path in usr/bin/tool usr/lib/lib.so; do
		[[ $(inode one/root/$path) == $(inode two/root/$path) ]]
	done
	for path in etc/big var/big usr/local/bin/tool; do
		[[ $(inode one/root/$path) != $(inode two/root/$path) ]]
		[[ $(stat -c %h "$T/template/two/root/$path") == 1 ]]
	done
	# No trace in the tree: times, no temporary files.
	[[ $(stat -c %y "$T/template/two/root/usr/bin") == "2020-01-02 03:04:05.000000000 +0000" ]]
	run -1 grep -r wabe-share <(find "$T/template")
	diff -r "$T/template/one/root" "$T/template/two/root"
}

@test "another mode, owner, time, attribute or content is another file" {
	vztmpl -q build one
	local n=0 change
	for change in 'chmod 4755 %' 'chown 1 %' 'chgrp 1 %' 'touch -d 2021-01-01 %' 'echo x >>%; touch -d "2020-01-02 03:04:05" %' \
		'setfattr -n user.a -v b %' 'setcap cap_net_raw=ep %'; do
		recipe "other$((++n))" "$(places usr/bin/tool)
			cd \"\$TARGET\"; ${change//%/usr/bin/tool}"
		vztmpl -q build "other$n"
		[[ $(inode one/root/usr/bin/tool) != $(inode "other$n/root/usr/bin/tool") ]] || { echo "$change"; false; }
	done
}

@test "two files of one tree stay two, hard links of one tree stay one" {
	recipe pair 'mkdir -p "$TARGET/usr/bin"; cd "$TARGET/usr/bin"; cp '"$T"'/big a; cp '"$T"'/big b; ln a c
		touch -d "2020-01-02 03:04:05" a b'
	local i
	for i in p1 p2; do
		vztmpl -q build pair --as $i
		[[ $(inode $i/root/usr/bin/a) != $(inode $i/root/usr/bin/b) ]]
		[[ $(inode $i/root/usr/bin/a) == $(inode $i/root/usr/bin/c) ]]
	done
	# One of the two is shared, whichever came first.
	[[ $(vztmpl du -j | jq '[.templates[].shared] | add') == $((2 * 65536)) ]]
}

@test "small files aren't shared, and a template without larger ones leaves no directory" {
	recipe small 'mkdir -p "$TARGET/usr/bin"; echo x >"$TARGET/usr/bin/x"'
	vztmpl -q build small
	vztmpl -q build small --as small2
	[[ $(inode small/root/usr/bin/x) != $(inode small2/root/usr/bin/x) && ! -e $T/template/.shared ]]
}

@test "du: own, shared and all together; JSON" {
	run -0 vztmpl du
	[[ ${#lines[@]} == 2 ]]
	vztmpl -q build one
	[[ $(vztmpl du -j | jq -c '[.templates[] | [.name, .generation, .current, .shared]]') == '[["one",1,true,0]]' ]]
	vztmpl -q build two
	vztmpl du -j >"$T/du"
	[[ $(jq -c '[.templates[] | [.name, .shared > 131072, .own > 196608, .total == .own + .shared]]' "$T/du") == \
		'[["one",true,true,true],["two",true,true,true]]' ]]
	jq -e '.disk == ([.templates[].own] | add) + .templates[0].shared' "$T/du"
	# The disk says the same, but for what describes the templates.
	local disk
	disk=$(du -s -B1 "$T"/template/one/root/usr "$T"/template/two/root/usr | awk '{ n += $1 } END { print n }')
	jq -e --argjson disk "$disk" '.disk >= $disk' "$T/du"
	run -0 vztmpl du
	[[ ${lines[0]} =~ ^NAME\ +GEN\ +OWN\ +SHARED\ +TOTAL$ && ${lines[3]} == "together on the disk: "* ]]
	run -0 vztmpl du -H two
	[[ ${#lines[@]} == 1 && ${lines[0]} =~ ^two\ +1\  ]]
	run -91 vztmpl du nothing
	run -20 vztmpl du one two
	run -21 vztmpl du ../one
}

@test "an update shares with the generation before, and du shows both" {
	vztmpl -q build one
	printf 'OSTEMPLATE="one"\nTEMPLATE_CREATED="%s"\n' "$(vztmpl info one -j | jq -r .created)" >"$T/vz/conf/101.conf"
	vztmpl -q update one
	[[ $(vztmpl du -j | jq -c '[.templates[] | [.name, .generation, .current, .shared > 0]]') == \
		'[["one",2,true,true],["one",1,false,true]]' ]]
}

@test "what no template has any more is forgotten" {
	vztmpl -q build one
	vztmpl -q build two
	[[ $(find "$T/template/.shared" -type f | wc -l) == 2 ]]
	vztmpl -q remove one
	[[ $(find "$T/template/.shared" -type f | wc -l) == 2 ]]
	[[ $(vztmpl du -j | jq '.templates[0].shared') == 0 ]]
	vztmpl -q remove two
	[[ -z $(find "$T/template" -mindepth 1 ! -name .lock) ]]
}

@test "a file of a template that was changed by hand is not given to others" {
	vztmpl -q build one
	echo more >>"$T/template/one/root/usr/bin/tool"
	vztmpl -q build two
	[[ $(inode one/root/usr/bin/tool) != $(inode two/root/usr/bin/tool) ]]
	[[ $(tail -c 5 "$T/template/two/root/usr/bin/tool") == xxxxx ]]
}

@test "a killed build leaves nothing that stays" {
	type -P strace >/dev/null || skip "needs strace"
	vztmpl -q build one
	local name occurrence
	for name in linkat renameat mkdirat; do
		for occurrence in 1 2 3 5; do
			strace -qq -o /dev/null -e "inject=$name:signal=KILL:when=$occurrence" vztmpl -q build two >/dev/null 2>&1 3>&- || true
			[[ ! -e $T/template/two ]] || vztmpl -q remove two
		done
	done
	vztmpl -q build two
	diff -r "$T/template/one/root" "$T/template/two/root"
	vztmpl -q remove one
	vztmpl -q remove two
	[[ -z $(find "$T/template" -mindepth 1 ! -name .lock) ]]
}
