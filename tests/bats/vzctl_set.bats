#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl set: parameters in force at once, and in the configuration with --save.
#
# shellcheck disable=SC2016 # variables of the guest's shell

load helpers

@test "--save keeps comments, order and unknown keys" {
	guest
	sed -i '2i# a comment of mine\nMY_OWN_KEY="kept"\nHOSTNAME="old" # why' "$VZ/conf/$CT.conf"
	run_ok vzctl set "$CT" --hostname new --onboot yes --save
	has "CT configuration saved to $VZ/conf/$CT.conf"
	[[ $(sed -n 2p "$VZ/conf/$CT.conf") == "# a comment of mine" ]]
	[[ $(key MY_OWN_KEY) == kept && $(key ONBOOT) == yes ]]
	grep -q '^HOSTNAME="new"' "$VZ/conf/$CT.conf"
	# A shell reads what we wrote.
	[[ $(bash -c ". $VZ/conf/$CT.conf; echo \$HOSTNAME \$ONBOOT") == "new yes" ]]
}

@test "without --save nothing is written, and that is said" {
	guest
	cp "$VZ/conf/$CT.conf" "$T/conf"
	run_ok vzctl set "$CT" --hostname other
	has "not saved"
	cmp "$T/conf" "$VZ/conf/$CT.conf"
}

@test "each parameter of the first version is saved in its key" {
	guest
	run_ok vzctl set "$CT" --save --name web --description 'a "quoted" $text' --disabled no --ram 512M --swap 1G \
		--cpuunits 2000 --cpulimit 50 --cpus 2 --numproc 100:200 --diskspace 1G:2G --diskinodes 1000:2000 --stop-timeout 30
	[[ $(key NAME) == web && $(key PHYSPAGES) == 0:131072 && $(key SWAPPAGES) == 0:262144 ]]
	[[ $(key CPUUNITS) == 2000 && $(key CPULIMIT) == 50 && $(key CPUS) == 2 && $(key NUMPROC) == 100:200 ]]
	[[ $(key DISKSPACE) == 1048576:2097152 && $(key DISKINODES) == 1000:2000 && $(key STOP_TIMEOUT) == 30 ]]
	[[ $(bash -c ". $VZ/conf/$CT.conf; echo \"\$DESCRIPTION\"") == 'a "quoted" $text' ]]
	run_ok vzctl status web
}

@test "bad values and options change nothing" {
	guest
	cp "$VZ/conf/$CT.conf" "$T/conf"
	run_exit 21 vzctl set "$CT" --save --ram lots
	run_exit 21 vzctl set "$CT" --save --cpuunits 0
	run_exit 21 vzctl set "$CT" --save --numproc 5:1
	has '"5:1": the barrier is above the limit'
	run_exit 21 vzctl set "$CT" --save --onboot perhaps
	run_exit 70 vzctl set "$CT" --save --hostname 'bad host'
	run_exit 71 vzctl set "$CT" --save --ipadd 10.0.0.256
	run_exit 72 vzctl set "$CT" --save --nameserver nowhere
	run_exit 73 vzctl set "$CT" --save --searchdomain bad_domain
	run_exit 131 vzctl set "$CT" --save --name 1234567
	run_exit 21 vzctl set "$CT" --save --description $'two\nlines'
	run_exit 20 vzctl set "$CT" --save --nonsense 1
	run_exit 20 vzctl set "$CT" --save word
	run_exit 21 vzctl set "$CT" --setmode perhaps --save
	run_exit 20 vzctl set "$CT" --setmode restart
	run_exit 131 vzctl set "$CT" --name web
	cmp "$T/conf" "$VZ/conf/$CT.conf"
}

@test "limits are in force at once in a running guest" {
	requires memory cpu pids
	running_guest --ram 128M --numproc 50
	[[ $(cgroup_value memory memory.max memory.limit_in_bytes) == 134217728 ]]
	[[ $(cgroup_value pids pids.max pids.max) == 50 ]]
	run_ok vzctl set "$CT" --ram 256M --numproc 60 --cpulimit 25 --save
	[[ $(cgroup_value memory memory.max memory.limit_in_bytes) == 268435456 ]]
	[[ $(cgroup_value pids pids.max pids.max) == 60 ]]
	[[ $(cgroup_value cpu cpu.max cpu.cfs_quota_us) == 25000* ]]
	run_ok vzctl set "$CT" --cpulimit 0 --cpus 1 --ram unlimited
	[[ $(cgroup_value cpu cpu.max cpu.cfs_quota_us) == 100000* ]]
	# reset_ub puts back what the file says.
	run_ok vzctl set "$CT" --reset_ub
	[[ $(cgroup_value memory memory.max memory.limit_in_bytes) == 268435456 ]]
	[[ $(cgroup_value cpu cpu.max cpu.cfs_quota_us) == 25000* ]]
	# What it would lose is refused.
	run_exit 20 vzctl set "$CT" --reset_ub --numproc 70
	run_exit 20 vzctl set "$CT" --reset_ub --save
	has "--reset_ub goes with no parameter"
}

@test "every guest has a limit on processes" {
	requires pids
	running_guest
	[[ $(cgroup_value pids pids.max pids.max) == 4096 ]]
}

@test "cpuunits: 1000 is the kernel's default weight" {
	requires cpu
	running_guest
	if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
		[[ $(cgroup_value cpu cpu.weight cpu.shares) == 100 ]]
	else
		[[ $(cgroup_value cpu cpu.weight cpu.shares) == 1024 ]]
	fi
}

@test "the host name changes in the running guest, and in its file" {
	running_guest --hostname first
	run_ok vzctl set "$CT" --hostname second.example --save
	inside 'hostname; cat /etc/hostname'
	is $'second.example\nsecond.example'
	run_ok vzctl restart "$CT" --fast
	inside 'hostname'
	is second.example
}

@test "a link at /etc/hostname is replaced, not followed" {
	echo sentinel >"$T/sentinel"
	running_guest
	inside "rm -f /etc/hostname; ln -s $T/sentinel /etc/hostname"
	run_ok vzctl set "$CT" --hostname one --save
	inside 'rm -f /etc/hostname; ln -s ../root/target /etc/hostname; echo keep >/root/target'
	run_ok vzctl set "$CT" --hostname two --save
	run_ok vzctl restart "$CT" --fast
	inside 'cat /etc/hostname /root/target'
	is $'two\nkeep'
	[[ $(cat "$T/sentinel") == sentinel ]]
}

@test "userpasswd, running and down; the password is nowhere else" {
	local hash

	guest
	run_ok vzctl set "$CT" --userpasswd root:s3cr3t-word
	hash=$(sed -n 's/^root:\([^:]*\):.*/\1/p' "$VZ/private/$CT/fs/etc/shadow")
	[[ $hash == '$6$'* ]]
	[[ $(python3 -Wignore -c 'import crypt,sys; print(crypt.crypt(sys.argv[1], sys.argv[2]))' s3cr3t-word "$hash") == "$hash" ]]
	[[ $(stat -c '%a' "$VZ/private/$CT/fs/etc/shadow") == 6[04]0 ]]
	run_ok vzctl start "$CT"
	run_ok vzctl set "$CT" --userpasswd daemon:other-word
	inside 'cat /etc/shadow'
	has 'daemon:$6$'
	has "root:$hash"
	run_exit 74 vzctl set "$CT" --userpasswd Nobody:word
	run_exit 21 vzctl set "$CT" --userpasswd justaword
	not grep -rE 's3cr3t-word|other-word' "$VZ"
}

@test "the password is in the arguments of no process that vzctl starts, nor soon in its own" {
	requires strace
	guest
	strace -qq -f -s 4096 -e trace=execve -o "$T/trace" vzctl set "$CT" --userpasswd root:visible-word >/dev/null 3>&-
	[[ $(grep -c visible-word "$T/trace") == 1 ]]
	strace -qq -e trace=flock -e inject=flock:delay_enter=3000000:when=1 -o /dev/null \
		vzctl set "$CT" --userpasswd=root:visible-word >/dev/null 3>&- &
	wait_for is_waiting
	tr '\0' '\n' <"/proc/$(pgrep -x vzctl -P $!)/cmdline" >"$T/cmdline"
	not grep visible-word "$T/cmdline"
	wait $!
}

# Its child is in the flock(2) that strace delays.
is_waiting()
{
	[[ $(cat "/proc/$(pgrep -x vzctl -P $!)/wchan" 2>/dev/null) == *ptrace* ]] && sleep 0.5
}

@test "--applyconfig takes a sample's limits, not its identity" {
	printf 'NUMPROC="33"\nHOSTNAME="of-sample"\nOSTEMPLATE="other"\n' >"$VZ/conf/ve-s.conf-sample"
	running_guest --hostname mine
	run_ok vzctl set "$CT" --applyconfig s --save
	hasnt "Network rate"
	[[ $(key NUMPROC) == 33 || $(key NUMPROC) == 33:33 ]]
	[[ $(key HOSTNAME) == mine && $(key OSTEMPLATE) == busybox && $(key ORIGIN_SAMPLE) == s ]]
	run_exit 109 vzctl set "$CT" --applyconfig nope --save
}

@test "--applyconfig_map name brings the link of the name in line" {
	guest --name web
	rm "$VZ/names/web"
	run_exit 21 vzctl status web
	run_ok vzctl set "$CT" --applyconfig_map name
	run_ok vzctl status web
	run_exit 21 vzctl set "$CT" --applyconfig_map address
}

@test "each sample that is shipped makes a guest that starts, or changes one" {
	local sample dir=$BATS_TEST_DIRNAME/../../etc

	[[ -d $dir ]] || dir=/etc/vz/conf
	cp "$dir"/ve-*.conf-sample "$VZ/conf/"
	guest --config basic
	for sample in basic light vswap-256m vswap-512m vswap-1g vswap-2g vswap-4g; do
		run_ok vzctl set "$CT" --applyconfig "$sample" --save
		[[ $(key ORIGIN_SAMPLE) == "$sample" ]]
		run_ok vzctl start "$CT"
		run_ok vzctl stop "$CT" --fast
	done
	[[ $(key PHYSPAGES) == 0:4G || $(key PHYSPAGES) == 0:1048576 ]]
}

@test "what a running guest can't change is refused" {
	running_guest
	run_exit 32 vzctl set "$CT" --private /elsewhere --save
	run_exit 32 vzctl set "$CT" --root /elsewhere --save
	[[ $(key VE_PRIVATE) == "$VZ/private/\$VEID" ]]
}

@test "unlimited and renamed: a name moves, an empty one goes" {
	guest --name one
	run_ok vzctl set one --name two --save
	run_exit 21 vzctl status one
	run_ok vzctl set two --name '' --save
	run_exit 21 vzctl status two
	[[ -z $(ls -A "$VZ/names") ]]
}

@test "a full disk at set: the old configuration stays" {
	guest
	mkdir "$T/small"
	mount -t tmpfs -o size=64k none "$T/small"
	cp -a "$VZ/conf" "$VZ/names" "$VZ/uidranges" "$VZ/vz.conf" "$T/small/"
	dd if=/dev/zero of="$T/small/fill" bs=4k 2>/dev/null || true
	VZ_CONF=$T/small/vz.conf call vzctl set "$CT" --hostname new --save
	[[ $status == 46 ]] || { shown; umount "$T/small"; return 1; }
	cmp "$VZ/conf/$CT.conf" "$T/small/conf/$CT.conf"
	umount "$T/small"
}

@test "a set that fails puts the limits back, and a taken name fails before anything" {
	running_guest --cpuunits 2000 --hostname before
	run_ok vzctl create 102 --name taken
	cp "$VZ/conf/$CT.conf" "$T/conf"
	cgroup_value cpu cpu.weight cpu.shares >"$T/cpu"
	run_exit 104 vzctl set "$CT" --cpuunits 3000 --numproc 77 --netdev_add nosuch --save
	has "UB limits were set back"
	cgroup_value cpu cpu.weight cpu.shares | diff "$T/cpu" -
	[[ $(cgroup_value pids pids.max pids.max) == 4096 ]]
	run_exit 131 vzctl set "$CT" --cpuunits 3000 --hostname after --name taken --save
	cgroup_value cpu cpu.weight cpu.shares | diff "$T/cpu" -
	inside hostname
	is before
	cmp "$T/conf" "$VZ/conf/$CT.conf"
}

@test "all that waits for the next start is named" {
	running_guest
	run_ok vzctl set "$CT" --numpty 5 --numproc 50 --features tun:on --mount_opts noatime --save
	has "(MOUNT_OPTS NUMPTY FEATURES); consider --setmode"
}

@test "parameters that this version does not enforce are kept, and said" {
	guest
	run_ok vzctl set "$CT" --kmemsize 14M --save
	[[ -n $(key KMEMSIZE) ]]
	run_ok vzctl --verbose set "$CT" --kmemsize 15M --save
	has kmemsize
}

@test "a frozen guest: what has to run inside is refused at once, all else is set" {
	running_guest --hostname before
	run_ok wabe --root "$VZ/run" pause "$CT"
	VZ_TIMEOUT=20
	run_ok vzctl set "$CT" --ram 64M --nameserver 192.0.2.53 --save
	has "it is frozen"
	run_exit 31 vzctl set "$CT" --userpasswd root:secret
	has "Container is frozen"
	run_exit 31 vzctl set "$CT" --hostname after --save
	[[ $(key HOSTNAME) == before ]]
	echo true >"$T/script"
	run_exit 31 vzctl runscript "$CT" "$T/script"
	run_exit 31 vzctl exec "$CT" true
	run_ok vzctl stop "$CT" --fast
	run_ok vzctl start "$CT"
	inside 'cat /etc/resolv.conf'
	has 192.0.2.53
}
