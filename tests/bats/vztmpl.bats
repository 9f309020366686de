#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vztmpl(8): templates are built, imported, exported, listed and removed; hostile archives are refused whole; nothing
# is left behind by what fails or is killed.
#
# shellcheck disable=SC2016 # recipes are expanded by the shell that runs them

bats_require_minimum_version 1.5.0

setup()
{
	[[ -z ${WABE_BUILDDIR-} ]] || PATH=$WABE_BUILDDIR/vzctl/cmd:$PATH
	T=$BATS_TEST_TMPDIR
	# /tmp is a tmpfs there, which has no user.* attributes in its kernel.
	[[ -z ${WABE_LAB-} ]] || T=$(mktemp -d /var/lib/vz/vztmpl.XXXXXX)
	mkdir -p "$T/vz/conf" "$T/recipes" "$T/out"
	export VZ_CONF=$T/vz/vz.conf
	printf 'TEMPLATE="%s"\nLOCKDIR="%s"\nRECIPEDIR="%s"\n' "$T/template" "$T/lock" "$T/recipes" >"$VZ_CONF"
	printf 'do not touch' >"$T/out/canary"
	local recipes=$BATS_TEST_DIRNAME/../../templates
	[[ -f $recipes/busybox ]] || recipes=/usr/share/wabe/templates
	cp "$recipes/busybox" "$T/recipes/"
	recipe tiny 'mkdir "$TARGET/etc"; echo hello >"$TARGET/etc/motd"'
}

teardown()
{
	[[ -z ${WABE_LAB-} ]] || rm -rf "$T"
}

# Words and archives are the same everywhere, and the emulated machine takes minutes for them.
bare_only()
{
	[[ -z ${WABE_LAB-} ]] || skip "nothing in it depends on the machine: it runs outside of the lab"
}

# A recipe: $1 its name, $2 its text.
recipe()
{
	printf '%s\n' "$2" >"$T/recipes/$1"
}

# The store holds exactly the named templates, and no trace of others.
store_is()
{
	local names
	names=$(find "$T/template" -mindepth 1 -maxdepth 1 ! -name .lock -printf '%f\n' | sort | paste -sd' ')
	[[ $names == "$*" ]] || {
		echo "the store holds: $names"
		return 1
	}
}

canary_lives()
{
	[[ $(cat "$T/out/canary") == 'do not touch' && $(stat -c '%a %h' "$T/out/canary") == '644 1' ]]
	[[ $(ls -A "$T/out") == canary ]]
}

# Wait until a template is being made.
wait_for_draft()
{
	local i
	for ((i = 0; i < 100; i++)); do
		compgen -G "$T/template/.*.tmp.*/root/ready" >/dev/null && return
		sleep 0.1
	done
	echo "no template is being made"
	return 1
}

@test "busybox is built, small, and needs no network" {
	[[ -x /bin/busybox ]] || skip "no busybox-static here"
	run -0 unshare -n vztmpl build busybox
	[[ $output == *"template busybox: "*"init busybox"* ]]
	[[ $(readlink "$T/template/busybox/root/sbin/init") == /bin/busybox ]]
	chroot "$T/template/busybox/root" /bin/sh -c 'id -u && ls /etc/inittab'
	[[ $(vztmpl info busybox -j | jq '.size < 3*1024*1024 and .files > 100 and .users == []') == true ]]
	[[ $(vztmpl info busybox -j | jq -r '.init, .source, .name' | paste -sd,) == "busybox,recipe busybox,busybox" ]]
}

@test "list shows each template, with its users" {
	run -0 vztmpl list -H
	[[ -z $output ]]
	vztmpl -q build tiny
	vztmpl -q build tiny --as other
	printf 'OSTEMPLATE="tiny"\n' >"$T/vz/conf/101.conf"
	printf 'OSTEMPLATE="tiny"\n' >"$T/vz/conf/102.conf"
	run -0 vztmpl list
	[[ ${lines[0]} =~ ^NAME\ +SIZE\ +FILES\ +CREATED\ +INIT\ +GEN\ +KEPT\ +USERS$ ]]
	[[ ${lines[1]} =~ ^other\ .*\ none\ +1\ +0\ +0$ && ${lines[2]} =~ ^tiny\ .*\ none\ +1\ +0\ +2$ && ${#lines[@]} == 3 ]]
	[[ $(vztmpl list -j | jq -c '[.[] | {name, users, files}]') == \
		'[{"name":"other","users":[],"files":2},{"name":"tiny","users":[101,102],"files":2}]' ]]
}

@test "a recipe has a clean environment, no input, and stops at its first failure" {
	bare_only
	recipe env 'env | sed "s/=.*//" | sort | grep -vxE "PWD|OLDPWD|SHLVL|_" | paste -sd" " >"$TARGET/env"
		[ "$(ls -A "$TARGET")" = env ]; cat >"$TARGET/input"; echo "$MIRROR" >"$TARGET/mirror"; umask >"$TARGET/umask"'
	umask 077
	SECRET=1 http_proxy='' run -0 env -u https_proxy -u no_proxy -u http_proxy vztmpl build env --mirror "a b"
	[[ $(cat "$T/template/env/root/env") == "ARCH HOME LC_ALL MIRROR PATH TARGET" ]]
	[[ ! -s $T/template/env/root/input && $(cat "$T/template/env/root/mirror") == "a b" ]]
	[[ $(cat "$T/template/env/root/umask") == 0022 && $(stat -c %a "$T/template/env/root") == 755 ]]
	recipe stops 'touch "$TARGET/x"; false; touch "$TARGET/y"'
	run -8 vztmpl build stops
	recipe unset 'touch "$TARGET/x"; echo "$NO_SUCH_VARIABLE"'
	run -8 vztmpl build unset
	store_is env
}

@test "a failing recipe leaves nothing, and its last lines are shown" {
	recipe bad 'touch "$TARGET/x"; echo "first line"; echo "the mirror is away" >&2; exit 7'
	run -8 vztmpl build bad
	[[ $output == *"first line"* && $output == *"status 7: the mirror is away"* ]]
	store_is
}

@test "a recipe's mounts and processes end with it" {
	recipe mounts 'mkdir "$TARGET/mnt"; mount -t tmpfs none "$TARGET/mnt"; touch "$TARGET/mnt/lost"
		sleep 12345 >/dev/null 2>&1 3>&- &'
	run -0 vztmpl build mounts
	[[ -z $(ls -A "$T/template/mounts/root/mnt") ]]
	run -1 grep -F "$T/template" /proc/self/mountinfo
	run -1 pgrep -f 'sleep 12345'
}

@test "a tree that no guest can have is refused" {
	recipe empty ':'
	recipe node 'mknod "$TARGET/null" c 1 3'
	recipe owner 'touch "$TARGET/x"; chown 65536 "$TARGET/x"'
	for name in empty node owner; do
		run -3 vztmpl build "$name"
	done
	store_is
}

@test "a template's directory is closed to the host's users, whatever the umask" {
	for mask in 000 077; do
		umask "$mask"
		vztmpl -q build tiny --as "t$mask"
		[[ $(stat -c %a "$T/template/t$mask") == 700 && $(stat -c %a "$T/template/t$mask/root") == 755 ]]
		[[ $(stat -c %a "$T/template/t$mask/meta.json") == 600 ]]
	done
	[[ $(stat -c %a "$T/template") == 700 ]]
}

@test "unknown names, taken names and bad names have their exit codes" {
	bare_only
	run -91 vztmpl build nope
	run -91 vztmpl info nope
	run -91 vztmpl remove nope
	run -91 vztmpl export nope "$T/x.tar"
	vztmpl -q build tiny
	run -3 vztmpl build tiny
	[[ $output == *"there is a template tiny already"* ]]
	for name in .. . .hidden a/b -x '' "$(printf 'a%.0s' {1..65})" $'a\nb'; do
		run -21 vztmpl build tiny --as "$name"
		run -21 vztmpl info -- "$name"
	done
	[[ ! -e $T/x.tar ]]
	store_is tiny
}

@test "wrong words are usage errors" {
	bare_only
	for words in "" "nope" "build" "build a b" "build a --nope" "list x" "import" "remove" "export tiny" "--nope list"; do
		# shellcheck disable=SC2086
		run -20 vztmpl $words
	done
	run -20 vztmpl import -
	run -0 vztmpl --help
	run -0 vztmpl --version
	[[ $output =~ ^vztmpl\ version\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	run -10 vztmpl --config "$T/nope" list
}

@test "a template goes out and comes back the same, in each compression" {
	recipe rich 'cd "$TARGET"; mkdir -p bin "dir with blank"; echo x >bin/su; chmod 6755 bin/su; chown 1:2 bin/su
		ln bin/su bin/sudo; ln -s /nowhere link; mkfifo pipe; echo y >"dir with blank/Főtanúsítvány"
		truncate -s 1M hole; echo end >>hole; setfattr -n user.note -v hi bin/su; setcap cap_net_raw=ep bin/sudo
		setfacl -m u:1000:r bin/su; touch -d 2001-02-03 hole'
	vztmpl -q build rich
	for suffix in tar tar.gz tar.xz tar.zst; do
		run -0 vztmpl -q export rich "$T/rich.$suffix"
		run -0 vztmpl -q import "$T/rich.$suffix" --name back
		for tree in rich back; do
			(cd "$T/template/$tree/root" && find . -mindepth 1 -printf '%p %y %m %U %G %n %l %.10T@\n' | grep -v ' d ' | sort
				getfattr -R -h -d -m '^(user|security)' . | sort; getfacl -Rn . ; find . -type f -exec sha256sum {} + | sort) \
				>"$T/$tree.list"
		done
		diff "$T/rich.list" "$T/back.list"
		grep -q security.capability "$T/back.list"
		grep -q user:1000:r "$T/back.list"
		vztmpl -q remove back
	done
	run -21 vztmpl export rich "$T/rich.rar"
	run -148 vztmpl export rich "$T/rich.tar"
	store_is rich
}

@test "import reads standard input, and any compression by its content" {
	bare_only
	mkdir -p "$T/tree/etc"
	echo hi >"$T/tree/etc/motd"
	for filter in cat gzip bzip2 xz zstd; do
		command -v "$filter" >/dev/null || continue
		tar -C "$T/tree" -c . | "$filter" -c 2>/dev/null >"$T/a.bin" || tar -C "$T/tree" -c . | "$filter" >"$T/a.bin"
		vztmpl -q import - --name "by-$filter" <"$T/a.bin"
		[[ $(cat "$T/template/by-$filter/root/etc/motd") == hi ]]
	done
	[[ $(vztmpl info by-gzip -j | jq -r .source) == "archive standard input" ]]
}

@test "hostile archives are refused whole" {
	bare_only
	cd "$T"
	mkdir -p tree/etc
	echo x >tree/etc/x
	ln -s "$T/out" tree/abslink
	ln -s ../../../out tree/rellink
	tar -C tree -cPf dots.tar --transform 's,^etc/x$,../../../out/canary,' etc/x
	tar -C tree -cPf absolute.tar --transform "s,^etc/x\$,$T/out/canary," etc/x
	tar -C tree -cf parent.tar abslink
	tar -C tree -rPf parent.tar --transform 's,^etc/x$,abslink/canary,' etc/x
	tar -C tree -cf relparent.tar rellink
	tar -C tree -rPf relparent.tar --transform 's,^etc/x$,rellink/canary,' etc/x
	ln tree/etc/x tree/etc/y
	tar -C tree -cPf hardlink.tar --transform "s,^etc/x\$,$T/out/canary,RSh" --transform 's,^etc/x$,z,' etc/x etc/y
	mknod tree/null c 1 3
	tar -C tree -cf device.tar null
	tar -C tree -cf owner.tar --owner=65536 etc
	head -c 700 dots.tar >truncated.tar
	head -c 20000 /dev/urandom >noise.tar
	: >nothing.tar
	for name in dots absolute parent relparent hardlink device owner truncated noise nothing; do
		run -3 vztmpl import "$name.tar"
		[[ $output == *"import $name.tar: "* ]]
		canary_lives
		[[ ! -d $T/template ]] || store_is
	done
}

@test "device nodes of dev/ are left out, and counted" {
	bare_only
	mkdir -p "$T/tree/dev" "$T/tree/etc"
	touch "$T/tree/etc/x"
	mknod "$T/tree/dev/null" c 1 3
	tar -C "$T/tree" -czf "$T/a.tgz" .
	run -0 vztmpl import "$T/a.tgz"
	[[ $output == *"left out: 1 device"* ]]
	[[ -z $(ls -A "$T/template/a/root/dev") ]]
}

@test "names of archives are no options of programs" {
	bare_only
	cd "$T"
	printf '#!/bin/sh\ntouch %q/pwned\n' "$T" >"$T/evil"
	chmod 755 "$T/evil"
	mkdir tree
	touch tree/x
	tar -C tree -czf ./--use-compress-program=evil.tgz .
	run -20 vztmpl import --use-compress-program=evil.tgz
	run -0 vztmpl import --name a -- --use-compress-program=evil.tgz
	run -0 vztmpl import --name b "./--use-compress-program=evil.tgz"
	[[ ! -e $T/pwned ]]
}

@test "a template in use is not removed" {
	vztmpl -q build tiny
	printf 'OSTEMPLATE="tiny"\n' >"$T/vz/conf/101.conf"
	printf 'OSTEMPLATE="tiny"\n' >"$T/vz/conf/205.conf"
	run -3 vztmpl remove tiny
	[[ $output == *"used by 2 containers: 101 205"* ]]
	[[ -e $T/template/tiny/root/etc/motd ]]
	printf 'OSTEMPLATE="other"\n' >"$T/vz/conf/205.conf"
	rm "$T/vz/conf/101.conf"
	# Nobody can tell what this one uses.
	printf 'OSTEMPLATE="ti\n' >"$T/vz/conf/300.conf"
	run ! vztmpl remove tiny
	rm "$T/vz/conf/300.conf"
	run -0 vztmpl remove tiny
	store_is
}

@test "a template that a guest is being made of is not removed" {
	vztmpl -q build tiny
	exec 7<"$T/template/tiny"
	flock -s 7
	run -3 vztmpl remove tiny
	exec 7<&-
	run -0 vztmpl remove tiny
}

@test "what a killed build left goes with the next command, a living one stays" {
	recipe slow 'touch "$TARGET/ready"; sleep 54321'
	vztmpl -q build slow 3>&- &
	local pid=$!
	wait_for_draft
	kill -KILL "$pid"
	wait "$pid" || true
	sleep 0.2
	run -1 pgrep -f 'sleep 54321'
	[[ -n $(compgen -G "$T/template/.slow.tmp.*") ]]
	vztmpl -q build tiny
	store_is tiny

	vztmpl -q build slow 3>&- &
	pid=$!
	wait_for_draft
	vztmpl -q remove tiny
	[[ -n $(compgen -G "$T/template/.slow.tmp.*/root/ready") ]]
	kill -TERM "$pid"
	local status=0
	wait "$pid" || status=$?
	[[ $status == 3 ]]
	run -1 pgrep -f 'sleep 54321'
	store_is
}

@test "a full disk is said, and leaves nothing" {
	mkdir "$T/template" "$T/tree"
	head -c 8M /dev/urandom >"$T/tree/big"
	tar -C "$T/tree" -cf "$T/big.tar" .
	recipe big 'cp '"$T"'/tree/big "$TARGET/"'
	mount -t tmpfs -o size=4m none "$T/template"
	run vztmpl import "$T/big.tar"
	local imported=$status left
	left=$(find "$T/template" -mindepth 1 -maxdepth 1 ! -name .lock)
	run vztmpl build big
	local built=$status
	left+=$(find "$T/template" -mindepth 1 -maxdepth 1 ! -name .lock)
	umount "$T/template"
	[[ $imported == 46 && $built == 8 && -z $left ]]
}

@test "a bar on a terminal, lines elsewhere, nothing when quiet" {
	recipe steps 'touch "$TARGET/x"; echo "progress 50 half" >&3; echo "progress 101 no" >&3; echo "progress 100 all" >&3'
	run -0 --separate-stderr vztmpl build steps
	[[ $stderr == *"steps: 50% half"*"steps: 100% all"* && $stderr != *$'\033'* && $stderr != *101* ]]
	vztmpl -q remove steps
	run -0 --separate-stderr vztmpl --quiet build steps
	[[ -z $stderr && -z $output ]]
	vztmpl -q remove steps
	run -0 script -qec "vztmpl build steps" /dev/null
	[[ $output == *"[###############---------------]  50% half"* && $output == *$'\r\033[K'* ]]
	vztmpl -q remove steps
	run -0 --separate-stderr vztmpl --verbose build steps
}
