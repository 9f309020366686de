#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vztmpl update: a template in use is never changed. Guests stay on their generation, new ones get the next; what nobody
# uses goes; a killed update leaves the old template, or the new one, and nothing else.
#
# shellcheck disable=SC2016 # recipes are expanded by the shell that runs them

load helpers

more_setup()
{
	[[ $BATS_TEST_DESCRIPTION != *killed* ]] || requires strace
	BATS_TEST_TIMEOUT=600
	own_store
	mkdir "$T/recipes"
	cp "$(recipe_dir)/busybox" "$T/recipes/"
	echo "RECIPEDIR=\"$T/recipes\"" >>"$VZ_CONF"
	host_facts >"$T/before"
}

# The busybox template as a recipe of ours, with the text $1 in a file.
next_recipe()
{
	printf '%s\n' 'cp -a "'"$STORE"'/busybox/root/." "$TARGET/"' "echo '$1' >\"\$TARGET/etc/version\"" >"$T/recipes/next"
}

update()
{
	next_recipe "$1"
	run_ok vztmpl -q update busybox --recipe next
}

# The store holds exactly these many generations that are kept.
kept_is()
{
	[[ $(find "$STORE" -maxdepth 1 -name 'busybox@*' | wc -l) == "$1" ]] || {
		ls -A "$STORE"
		return 1
	}
	[[ $(vztmpl info busybox -j | jq .kept) == "$1" ]]
	[[ -z $(find "$STORE" -maxdepth 1 -name '.*.tmp.*') ]]
}

version_in()
{
	output=$(vzctl exec2 "$1" cat /etc/version 2>/dev/null) || output=none
}

# bats test_tags=lab:long
@test "guests stay on their generation, new ones get the next" {
	guest
	run_ok vzctl start $CT
	update two
	run_ok vzctl create 102
	run_ok vzctl start 102
	version_in $CT
	is none
	version_in 102
	is two
	# A start finds the same generation again.
	run_ok vzctl restart $CT --fast
	hasnt "made again"
	version_in $CT
	is none
	kept_is 1
	[[ $(vztmpl info busybox -j | jq -c '[.generation, [.generations[] | [.generation, .current, .users]]]') == \
		'[2,[[2,true,[102]],[1,false,[101]]]]' ]]
	run_ok vztmpl info busybox
	has "generation: 2, and kept for their users:"
	run_ok vztmpl list -H
	[[ $output =~ busybox.*\ 2\ +1\ +2$ ]]
}

@test "the last guest of an old generation takes it along; one that is used stays" {
	guest
	run_ok vzctl create 102
	update two
	kept_is 1
	run_ok vzctl destroy $CT
	kept_is 1
	run_ok vzctl start 102
	version_in 102
	is none
	run_ok vzctl stop 102 --fast
	run_ok vzctl destroy 102
	kept_is 0
}

@test "the next generation of the busybox template shares its program with the one before" {
	run_ok vztmpl -q update busybox
	guest
	run_ok vztmpl -q update busybox
	run_ok vztmpl du busybox -j
	[[ $(jq '[.templates[] | select(.shared > 500000)] | length' <<<"$output") == 2 ]] || shown
}

@test "a generation that nobody uses goes with the update" {
	update two
	kept_is 0
	update three
	kept_is 0
	[[ $(cat "$STORE/busybox/root/etc/version") == three ]]
	[[ $(vztmpl info busybox -j | jq -r '.generation, .source' | paste -sd,) == "3,recipe next" ]]
}

@test "several generations are kept, each for its users" {
	guest
	update two
	run_ok vzctl create 102
	update three
	run_ok vzctl create 103
	kept_is 2
	run_ok vzctl start 102
	version_in 102
	is two
	run_ok vzctl stop 102 --fast
	run_ok vzctl destroy 102
	kept_is 1
	update four
	kept_is 2
}

@test "a generation that a guest is being made of stays" {
	exec 7<"$STORE/busybox"
	flock -s 7
	update two
	kept_is 1
	exec 7<&-
	update three
	kept_is 0
}

@test "an update takes the recipe that made the template, or what it is given" {
	next_recipe one
	run_ok vztmpl -q build next --as mine
	next_recipe two
	run_ok vztmpl -q update mine
	[[ $(cat "$STORE/mine/root/etc/version") == two ]]
	mkdir -p "$T/tree/etc"
	echo three >"$T/tree/etc/version"
	tar -C "$T/tree" -cf "$T/three.tar" .
	run_ok vztmpl update mine --from "$T/three.tar"
	[[ $(cat "$STORE/mine/root/etc/version") == three ]]
	[[ $(vztmpl info mine -j | jq -r '.generation, .source' | paste -sd,) == "3,archive three.tar" ]]
	# It has no recipe any more.
	run_exit 20 vztmpl update mine
	has "archive three.tar, not by a recipe"
	echo four >"$T/tree/etc/version"
	vztmpl -q update mine --from - < <(tar -C "$T/tree" -c .)
	[[ $(cat "$STORE/mine/root/etc/version") == four ]]
	run_ok vztmpl remove mine
}

@test "bad words and failures of an update change nothing" {
	local before

	before=$(vztmpl info busybox -j)
	run_exit 91 vztmpl update nothing
	run_exit 91 vztmpl update nothing --from /dev/null
	run_exit 21 vztmpl update ../busybox
	run_exit 20 vztmpl update
	run_exit 20 vztmpl update busybox --from x --recipe y
	run_exit 148 vztmpl update busybox --from "$T/missing.tar"
	echo 'touch "$TARGET/x"; exit 9' >"$T/recipes/fails"
	run_exit 8 vztmpl update busybox --recipe fails
	echo ':' >"$T/recipes/empty"
	run_exit 3 vztmpl update busybox --recipe empty
	head -c 9999 /dev/urandom >"$T/noise.tar"
	run_exit 3 vztmpl update busybox --from "$T/noise.tar"
	[[ $(vztmpl info busybox -j) == "$before" ]]
	kept_is 0
}

@test "a template is removed with all its generations, and not before the last guest" {
	guest
	update two
	run_exit 3 vztmpl remove busybox
	has "used by 1 container: $CT"
	kept_is 1
	run_ok vzctl set $CT --description x --save
	sed -i '/TEMPLATE_CREATED/d' "$VZ/conf/$CT.conf"
	# Which one it uses is not known: any.
	update three
	kept_is 2
	run_ok vzctl destroy $CT
	run_ok vztmpl remove busybox
	[[ -z $(find "$STORE" -mindepth 1 -maxdepth 1 ! -name '.lock') ]]
}

@test "templates of earlier versions, without number and link, have generations too" {
	guest
	rm "$STORE/busybox/generation"
	sed -i '/"generation"/d; s/\("files": [0-9]*\),/\1/' "$STORE/busybox/meta.json"
	[[ $(vztmpl info busybox -j | jq .generation) == 1 ]]
	update two
	[[ $(vztmpl info busybox -j | jq .generation) == 2 ]]
	kept_is 1
	run_ok vzctl start $CT
	hasnt "made again"
	version_in $CT
	is none
}

@test "a generation that is gone is said, and the current one is used and kept" {
	guest
	sed -i 's/^TEMPLATE_CREATED=.*/TEMPLATE_CREATED="2001-02-03T04:05:06.000000Z"/' "$VZ/conf/$CT.conf"
	run_ok vzctl start $CT
	has "made again after the guest"
	run_ok vzctl stop $CT --fast
	update two
	kept_is 1
	# What is in a configuration never becomes a path.
	sed -i 's,^TEMPLATE_CREATED=.*,TEMPLATE_CREATED="../../x",' "$VZ/conf/$CT.conf"
	run_ok vzctl start $CT
	has "made again after the guest"
}

@test "an update is killed: the old template or the new one, and the next command cleans up" {
	local points name occurrence have

	guest
	next_recipe new
	tar -C "$STORE/busybox/root" -cf "$T/small.tar" etc/inittab
	points=$(points_of_update)
	[[ $(wc -l <<<"$points") -gt 10 ]]
	while read -r name occurrence; do
		have=$(vztmpl info busybox -j | jq .generation)
		(strace -qq -o /dev/null -e "inject=$name:signal=KILL:when=$occurrence" \
			vztmpl -q update busybox --from "$T/small.tar" 3>&- </dev/null) >"$T/killed" 2>&1 || true
		# Before anything cleans up: the name is there, and the guest finds what it was made of.
		[[ -e $STORE/busybox/root/etc/inittab ]]
		run_ok vzctl mount $CT
		hasnt "made again"
		[[ -e $VZ/root/$CT/bin/busybox ]]
		run_ok vzctl umount $CT
		[[ $(vztmpl info busybox -j | jq .generation) == "$have" || $(vztmpl info busybox -j | jq .generation) == $((have + 1)) ]]
		run_ok vztmpl -q update busybox --from "$T/small.tar"
		kept_is 1
	done <<<"$points"
}

# The calls of an update's own process that change the store, as "NAME OCCURRENCE".
points_of_update()
{
	strace -qq -o "$T/trace" vztmpl -q update busybox --from "$T/small.tar" >/dev/null 2>&1 3>&-
	awk '{ name = $1; sub(/\(.*/, "", name); n[name]++ }
		name ~ /^(mkdirat|symlinkat|unlinkat|renameat|renameat2|fsync|syncfs|flock|clone3|recvmsg)$/ {
			if (n[name] <= 3 || n[name] % 4 == 0)
				print name, n[name]
		}' "$T/trace"
}
