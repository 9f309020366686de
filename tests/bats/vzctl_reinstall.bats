#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl reinstall: the guest's files are new, its configuration is what it was; whenever it is killed the guest has the old
# files or the new ones, whole.

load helpers
load netns
load dealt

more_setup()
{
	[[ $BATS_TEST_DESCRIPTION != *killed* ]] || requires strace
	BATS_TEST_TIMEOUT=600
	own_store
	host_facts >"$T/before"
}

# The next generation of the template, with the text $1 in a file.
update()
{
	printf '%s\n' 'cp -a "'"$STORE"'/busybox/root/." "$TARGET/"' "echo '$1' >\"\$TARGET/etc/version\"" >"$T/next"
	run_ok vztmpl -q update busybox --recipe "$T/next"
}

generations_are()
{
	[[ $(vztmpl info busybox -j | jq '.generations | length') == "$1" ]] || { ls -A "$STORE"; return 1; }
}

# In the guest, which is stopped again.
version_is()
{
	run_ok vzctl start $CT
	hasnt "made again"
	output=$(vzctl exec2 $CT 'cat /etc/version /root/mine' 2>/dev/null || true)
	is "$1"
	run_ok vzctl stop $CT --fast
}

# bats test_tags=lab:long
@test "the files are those of the current generation, the configuration stays" {
	own_network
	guest --name web --hostname web.example.org --ipadd 192.0.2.1 --diskspace 1G
	echo mine >"$VZ/private/$CT/fs/mine"
	mkdir -p "$VZ/private/$CT/fs/root"
	echo mine >"$VZ/private/$CT/fs/root/mine"
	update two
	version_is mine
	grep -v TEMPLATE_CREATED "$VZ/conf/$CT.conf" >"$T/conf"
	run_ok vzctl reinstall web
	has "Reinstalling container (busybox)"
	grep -v TEMPLATE_CREATED "$VZ/conf/$CT.conf" | diff "$T/conf" -
	[[ ! -e $VZ/private/$CT/fs/mine && $(stat -c '%a %u' "$VZ/private/$CT") == "700 0" ]]
	version_is two
	generations_are 1
	[[ $(key TEMPLATE_CREATED) == $(vztmpl info busybox -j | jq -r .created) ]]
	# The same generation again, by number.
	run_ok vzctl reinstall $CT
	version_is two
	[[ -z $(find "$VZ/private" -mindepth 1 -maxdepth 1 ! -name $CT) ]]
}

@test "another template" {
	guest
	vztmpl -q export busybox "$T/other.tar"
	vztmpl -q import "$T/other.tar" --name other
	run_ok vzctl reinstall $CT --ostemplate other
	[[ $(key OSTEMPLATE) == other && $(key TEMPLATE_CREATED) == $(vztmpl info other -j | jq -r .created) ]]
	[[ $(vztmpl info busybox -j | jq -c .users) == '[]' ]]
	run_ok vzctl start $CT
	inside true
	run_ok vzctl stop $CT --fast
	run_exit 91 vzctl reinstall $CT --ostemplate missing
	run_exit 21 vzctl reinstall $CT --ostemplate ../busybox
	run_exit 20 vzctl reinstall $CT --layout dir
	[[ $(key OSTEMPLATE) == other ]]
}

@test "a running or mounted guest only with --force" {
	running_guest
	inside 'echo x >/x'
	run_exit 32 vzctl reinstall $CT
	run_exit 91 vzctl reinstall $CT --force --ostemplate missing
	inside 'test -e /x'
	run_ok vzctl reinstall $CT --force
	status_is "exist unmounted down"
	run_ok vzctl mount $CT
	[[ ! -e $VZ/root/$CT/x ]]
	run_exit 41 vzctl reinstall $CT
	run_ok vzctl reinstall $CT --force
	status_is "exist unmounted down"
	run_exit 14 vzctl reinstall 999
}

@test "layout dir, too" {
	guest --layout dir
	echo mine >"$VZ/private/$CT/fs/mine"
	update two
	run_ok vzctl reinstall $CT
	[[ ! -e $VZ/private/$CT/fs/mine ]]
	version_is two
}

# bats test_tags=lab:long
@test "layout image, too" {
	requires loop
	guest --layout image --diskspace 100M
	run_ok vzctl start $CT
	inside 'echo mine >/root/mine'
	run_ok vzctl stop $CT --fast
	update two
	run_ok vzctl reinstall $CT
	version_is two
}

@test "a full disk: the guest keeps its files" {
	mount -t tmpfs -o size=3m none "$VZ/private"
	local failed=0

	guest --layout dir
	echo mine >"$VZ/private/$CT/fs/mine"
	run_exit 46 vzctl reinstall $CT
	[[ $(cat "$VZ/private/$CT/fs/mine") == mine && $(ls "$VZ/private") == "$CT" ]] || failed=1
	run_ok vzctl destroy $CT
	umount "$VZ/private"
	[[ $failed == 0 ]]
}

# $1: system call, $2: which one of that name
reinstall_again()
{
	echo mine >"$VZ/private/$CT/fs/mine"
	update "$1$2"
	(strace -qq -o /dev/null -e "inject=$1:signal=KILL:when=$2" vzctl reinstall $CT 3>&- </dev/null) >"$T/killed" 2>&1 || true
	# The template may go on meanwhile.
	[[ $(($2 % 2)) == 0 ]] || update later
	run_ok vzctl mount $CT
	hasnt "made again"
	if [[ -e $VZ/root/$CT/mine ]]; then
		[[ $(cat "$VZ/root/$CT/etc/version" 2>/dev/null) != "$1$2" ]]
	else
		[[ $(cat "$VZ/root/$CT/etc/version") == "$1$2" ]]
	fi
	run_ok vzctl umount $CT
	run_ok vzctl reinstall $CT
	no_leaks
	generations_are 1
}

@test "reinstall is killed: old files or new ones, and the next command cleans up" {
	prepare()
	{
		guest
		host_facts >"$T/before"
	}
	prepare
	points_of_reinstall >"$T/points"
	[[ $(wc -l <"$T/points") -gt 15 ]]
	dealt reinstall_again <"$T/points"
}

points_of_reinstall()
{
	strace -qq -o "$T/trace" vzctl reinstall $CT >/dev/null 2>&1 3>&-
	awk '{ name = $1; sub(/\(.*/, "", name); n[name]++ }
		name ~ /^(mkdir|mkdirat|unlink|unlinkat|rename|renameat|renameat2|fsync|flock|openat2|ftruncate)$/ {
			if (n[name] <= 4 || n[name] % 3 == 0)
				print name, n[name]
		}' "$T/trace"
}
