#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a process inside could do to the runtime, the host, or its neighbour. The number in a name is the CVE of another
# runtime.

load ../oci

@test "the runtime's binary can't be written through /proc (2019-5736)" {
	own_rootfs
	all_caps
	local before
	before=$(sha256sum "$WABE")
	ln -s /proc/self/exe "$ROOTFS/bin/trap"
	conf '.process.args = ["/proc/self/exe", "--version"]'
	container
	[[ $status == 0 || $status -lt 124 ]]
	# One that waits for an exec, keeps its executable and tries to write to it.
	cat >"$ROOTFS/watch" <<-'EOF2'
		#!/bin/sh
		touch /ready
		while [ ! -e /stop ]; do
			for p in /proc/[0-9]*; do
				case $(readlink $p/exe 2>/dev/null) in
				*busybox* | "") ;;
				*) echo "seen $p" >>/seen; (echo x >>$p/exe) 2>/dev/null && echo written >>/seen; (: >$p/exe) 2>/dev/null && echo cut >>/seen ;;
				esac
			done
		done
	EOF2
	chmod 755 "$ROOTFS/watch"
	conf '.process.args = ["/watch"]'
	ok W run -d --bundle "$B" "$ID"
	wait_for test -e "$ROOTFS/ready"
	local i
	for ((i = 0; i < 40; i++)); do
		call W exec "$ID" /bin/trap --version
		call W exec "$ID" /proc/self/exe --version
	done
	touch "$ROOTFS/stop"
	[[ ! -e $ROOTFS/seen ]] || ! grep -qE 'written|cut' "$ROOTFS/seen"
	[[ $(sha256sum "$WABE") == "$before" ]]
}

# A copy of the binary: of this test alone, since one that others run is busy, which the kernel says first.
create_by_copy()
{
	cp "$WABE" "$T/wabe"
	script 'sleep 600'
	WABE=$1 ok W create --bundle "$B" "$ID"
}

# What waits for its start is still our program. While it runs it is busy for anybody; what was kept open, as its executable or
# as a file that it maps, could be written to afterwards.
no_way_to_copy()
{
	local pid name fd kept=()
	pid=$(pid_of)
	[[ /proc/$pid/exe -ef $T/wabe ]]
	for name in "/proc/$pid/exe" "/proc/$pid/map_files/"*; do
		[[ $name -ef $T/wabe ]] || continue
		exec {fd}<"$name"
		kept+=("$fd")
	done
	((${#kept[@]} > 3))
	ok W delete --force "$ID"
	for fd in "${kept[@]}"; do
		run bash -c "echo x >>/proc/self/fd/$fd"
		exec {fd}<&-
		[[ $status != 0 ]]
		has "Read-only file system"
	done
}

@test "the runtime is executed from a read-only mount when there is no user namespace (2019-5736)" {
	create_by_copy "$T/wabe"
	no_way_to_copy
}

@test "and so it is where the kernel can't replace a process's executable (2019-5736)" {
	# The first prctl(2) asks for it; then the program is executed again.
	cat >"$T/traced" <<-EOF2
		#!/bin/sh
		exec strace -qq -o "$T/calls" -e trace=prctl,execveat -e inject=prctl:error=EPERM:when=1 "$T/wabe" "\$@"
	EOF2
	chmod 755 "$T/traced"
	create_by_copy "$T/traced"
	grep -q '^execveat(.* = 0$' "$T/calls" || ! grep -q PR_SET_MM_MAP "$T/calls"
	no_way_to_copy
}

@test "a runtime that is mounted nowhere runs from a sealed copy (2019-5736)" {
	script 'echo ran'
	# shellcheck disable=SC2016
	call timeout 20 "${ENTER[@]}" python3 -c '
import os, sys
fd = os.memfd_create("wabe")
os.write(fd, open(sys.argv[1], "rb").read())
os.execve(fd, ["wabe"] + sys.argv[2:], os.environ)' "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	[[ $status == 0 ]] || shown
	is ran
}

# A watcher inside that tries all it can on whoever joins.
watch_joiners()
{
	cat >"$ROOTFS/watch.py" <<-'EOF2'
		import ctypes, os
		libc = ctypes.CDLL(None)
		ours = set()
		open("/ready", "w").close()
		log = open("/log", "w")
		seen = 0
		found = set()
		while not os.path.exists("/stop"):
		    for name in os.listdir("/proc"):
		        if not name.isdigit() or int(name) in (1, os.getpid()):
		            continue
		        pid = int(name)
		        try:
		            exe = os.readlink("/proc/%d/exe" % pid)
		            if "busybox" in exe:
		                continue
		            found.add("exe %s" % exe)
		        except OSError as e:
		            exe = None
		            seen += 1
		        for fd in range(3, 24):
		            try:
		                os.close(os.open("/proc/%d/fd/%d" % (pid, fd), os.O_PATH))
		                found.add("fd %d of %s" % (fd, exe))
		            except OSError:
		                pass
		        try:
		            os.listdir("/proc/%d/cwd/" % pid)
		            if exe and "busybox" not in exe:
		                found.add("cwd of %s" % exe)
		        except OSError:
		            pass
		        # PTRACE_SEIZE, _INTERRUPT, _DETACH
		        if exe is None and libc.ptrace(0x4206, pid, 0, 0) == 0:
		            # It may have become the guest's program meanwhile: that one, or its zombie, is the guest's to trace.
		            try:
		                now = open("/proc/%d/comm" % pid).read().strip()
		            except OSError:
		                now = "true"
		            if now not in ("true", "busybox"):
		                found.add("traced %s" % now)
		            libc.ptrace(0x4207, pid, 0, 0)
		            try:
		                os.waitpid(pid, 0x40000000)
		            except OSError:
		                pass
		            libc.ptrace(17, pid, 0, 0)
		for line in sorted(found):
		    log.write(line + "\n")
		log.write("joiners %d\n" % seen)
		log.close()
	EOF2
	background "exec $PYTHON_INSIDE /watch.py"
	wait_for test -e "$ROOTFS/ready"
	local i
	for ((i = 0; i < ${WABE_EXECS:-30}; i++)); do
		call W exec "$ID" true
		[[ $status == 0 ]] || shown
	done
	touch "$ROOTFS/stop"
	wait_for is_status stopped "$ID"
	cat "$ROOTFS/log"
	run -1 grep -E '^(fd|cwd|traced|exe)' "$ROOTFS/log"
}

@test "a joiner can be neither traced nor looked into by root (2016-9962, 2016-8649)" {
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	host_programs
	watch_joiners
}

@test "a joiner can be neither traced nor looked into by a user namespace's almighty root (2016-9962, 2016-8649)" {
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	host_programs
	all_caps
	userns
	chown -R 100000:100000 "$ROOTFS"
	watch_joiners
}

@test "the guest's terminal is never the caller's (2016-10124)" {
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	host_programs
	conf '.process.args = [$p, "-c", "import fcntl, sys, termios\nfor c in \"echo pwned\\n\":\n    try:\n        fcntl.ioctl(0, termios.TIOCSTI, c.encode())\n    except OSError as e:\n        print(e); break"]' --arg p "$PYTHON_INSIDE"
	conf '.process.terminal = true'
	status=0
	output=$(timeout 40 script -qec "timeout --foreground 30 ${ENTER[*]} $WABE --root $STATE run --bundle $B $ID; timeout 1 cat" /dev/null </dev/null 3>&-) || status=$?
	# Its own queue may take it; the caller's shell and cat must not have got it.
	[[ $(grep -c pwned <<<"$output") -le 1 ]] || shown
	conf '.process.terminal = false'
	output=$(timeout 40 script -qec "timeout --foreground 30 ${ENTER[*]} $WABE --root $STATE run --bundle $B $ID; timeout 1 cat" /dev/null </dev/null 3>&-) || status=$?
	[[ $output != *pwned* ]] || shown
}

@test "no inheritable and ambient capabilities unless asked for (2022-29162, 2022-27650, 2022-24769)" {
	script 'grep -E "^Cap(Inh|Amb)" /proc/self/status | sort -u -k 2 | wc -l; grep -E "^Cap(Inh|Amb)" /proc/self/status | cut -f 2 | sort -u'
	# The caller's own are no excuse.
	ok timeout 30 "${ENTER[@]}" setpriv --inh-caps +net_raw,+kill --ambient-caps +net_raw,+kill "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	is $'1\n0000000000000000'
	background
	ok timeout 30 "${ENTER[@]}" setpriv --inh-caps +net_raw,+kill --ambient-caps +net_raw,+kill "$WABE" --root "$STATE" exec "$ID" sh -c 'grep -E "^Cap(Inh|Amb)" /proc/self/status | cut -f 2 | sort -u'
	is 0000000000000000
	ok W exec -u 1000 "$ID" sh -c 'grep -E "^Cap(Inh|Amb)" /proc/self/status | cut -f 2 | sort -u'
	is 0000000000000000
}

@test "users are numbers, and groups exact (2016-3697, 2022-36109, 2026-30892)" {
	own_rootfs
	printf 'root:x:0:0::/:/bin/sh\n1000:x:0:0::/:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n' >"$ROOTFS/etc/passwd"
	printf 'root:x:0:user,1000\nwheel:x:10:user,1000\n' >"$ROOTFS/etc/group"
	conf '.process.user = {uid: 1000, gid: 1000, additionalGids: []}'
	script 'grep -E "^(Uid|Gid|Groups)" /proc/self/status | tr -s "\t " " "'
	ok timeout 30 "${ENTER[@]}" setpriv --groups 4,20,27 "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	is $'Uid: 1000 1000 1000 1000\nGid: 1000 1000 1000 1000\nGroups: '
}

@test "the guest's group is never read, its passwd only for a HOME, by the process itself and no more than 1 MiB (2026-47262, 2019-14271)" {
	[[ -x /usr/bin/strace ]] || skip "no strace"
	own_rootfs
	truncate -s 4G "$ROOTFS/etc/group" "$ROOTFS/etc/passwd"
	conf '.process.env += ["HOME=/"]'
	conf '.process.user = {uid: 1000, gid: 1000} | .process.args = ["/bin/busybox", "true"]'
	ok timeout 60 "${ENTER[@]}" strace -f -o "$T/trace" -e trace=openat,openat2,open,execve,execveat "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	run -1 grep -E '"(/etc/(passwd|group|nsswitch.conf|ld.so[^"]*)"|/lib|/usr/lib)' "$T/trace"
	# Executed: the runtime, once more from its clone, and the program.
	[[ $(grep -cE 'execve(at)?\(.* = 0$' "$T/trace") -le 3 ]] || { cat "$T/trace"; return 1; }
	conf '.process.env -= ["HOME=/"]'
	ok timeout 60 "${ENTER[@]}" strace -f -o "$T/trace" -e trace=openat,openat2,open,read,setresuid,execve,execveat "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	run -1 grep -E '"(/etc/(group|nsswitch.conf|ld.so[^"]*)"|/lib|/usr/lib)' "$T/trace"
	# Once, when the process is its own user and nothing but its program is to come.
	local pid
	pid=$(awk '/"\/etc\/passwd"/ { print $1 }' "$T/trace")
	[[ $(awk -v pid="$pid" '$1 == pid && /setresuid\(1000|"\/etc\/passwd"|execve\(/ { sub(/\(.*/, ""); print $2 }' "$T/trace" | tail -n 3 | xargs) == "setresuid openat2 execve" ]] ||
		{ cat "$T/trace"; return 1; }
	[[ $(awk -v pid="$pid" '/"\/etc\/passwd"/ { is_after = 1 } $1 == pid && is_after && / read\(/ { n += $NF } END { print n }' "$T/trace") -le 1052672 ]]
}

@test "v1 hierarchies and their release_agent are out of reach (2022-0492, 2023-25809)" {
	all_caps
	conf '.linux.resources.devices = [] | .process.noNewPrivileges = false'
	own_rootfs
	mkdir "$ROOTFS/v1"
	userns
	# The kernel lets a user namespace's root mount a hierarchy of v1, rooted in its own cgroup: no agent is there.
	script 'try() { mount -t cgroup -o $1 x /v1 2>/dev/null || return
			find /v1 -name release_agent
			(echo /x >/v1/release_agent; echo 1 >/v1/notify_on_release; echo 0 >/v1/cgroup.procs; echo 0 >/v1/tasks; mkdir /v1/x) 2>/dev/null && echo "wrote to $1"
			umount /v1; }
		for c in memory devices cpu pids freezer "none,name=x" memory,release_agent=/x "none,name=y,release_agent=/x"; do try $c; done
		unshare -C -U -r sh -c "mount -t cgroup -o memory x /v1 && find /v1 -name release_agent; echo /x >/v1/release_agent && echo wrote" 2>/dev/null
		find / -xdev -name release_agent 2>/dev/null; find /sys -name release_agent 2>/dev/null; echo end'
	container
	# The namespace of "v2: " hides hierarchies of v1, in whose roots the guest then is.
	[[ -z $V2_PID ]] || output=$(grep -v '^/v1/release_agent$' <<<"$output")
	is end
	# The guest's own cgroup is the root of what it sees; the one above can't be written.
	script '(mount -o remount,rw,bind /sys/fs/cgroup; echo 1 >/sys/fs/cgroup/../cgroup.procs && echo moved >&3; mkdir /sys/fs/cgroup/x && echo made >&3
		echo 0 >/sys/fs/cgroup/cgroup.procs && echo joined >&3) 3>&1 >/dev/null 2>&1; echo end'
	container
	is end
}

@test "a group can't be dropped where the map was not written by root (2014-8989)" {
	userns
	conf '.process.args = ["cat", "/proc/self/setgroups"]'
	ok_container
	is allow # written by root: setgroups is safe
}

@test "oversized maps and paths are rejected (2021-43784)" {
	userns
	conf '.linux.uidMappings = [range(20000) | {containerID: ., hostID: (1000 + .), size: 1}]'
	refused_container "more than 340"
	conf '.linux.uidMappings = .linux.gidMappings | .linux.namespaces |= map(if .type == "network" then .path = "/" + ("a" * 70000) else . end)'
	refused_container "File name too long"
	cp "$BASE" "$B/config.json"
	conf '.root.path = "/" + ("a/" * 40000)'
	refused_container "File name too long"
	conf '.root.path = "x" | .process.cwd = "/" + ("b" * 70000)'
	refused "" W run --bundle "$B" "$ID"
	conf '.process.cwd = "/" | .hostname = ("h" * 70000)'
	refused_container "hostname"
	conf '.hostname = "h" | .process.args = ["a" * 70000]'
	refused "" W run --bundle "$B" "$ID"
}

@test "sysctl values and keys carry nothing else (2022-0811)" {
	local pair
	for pair in 'net.ipv4.ip_forward=1+kernel.core_pattern=|/x' 'net.ipv4.ip_forward=/../x' 'net.ipv4.ip_forward+kernel.panic=1' \
		'net/../kernel/core_pattern=|/x' 'kernel.shm_rmid_forced=1+kernel.core_pattern=|/tmp/x #' 'net.ipv4/../../kernel.panic=1'; do
		conf '.linux.sysctl = {($k): $v}' --arg k "${pair%%=*}" --arg v "${pair#*=}"
		refused_container "linux.sysctl"
	done
	conf '.linux.sysctl = {"net.ipv4.ip_forward": "1\nkernel.panic=1"}'
	refused_container "linux.sysctl"
}

@test "writes of sysctls go to the kernel's files, whatever is mounted over /proc (2025-52881)" {
	own_rootfs
	echo 0 >"$B/file"
	# The image's /proc is another file system by the time: a racer can't be faster than this.
	conf '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .mounts |= map(select(.destination != "/proc")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	mkdir -p "$ROOTFS/proc/sys/net/ipv4"
	ln -s /proc/sys/kernel/panic "$ROOTFS/proc/sys/net/ipv4/ip_forward"
	script 'mount -t proc p /tmp 2>/dev/null; true'
	ok_container
	background
	ok timeout 10 nsenter -t "$(pid_of)" -n cat /proc/sys/net/ipv4/ip_forward
	is 1
	[[ -L $ROOTFS/proc/sys/net/ipv4/ip_forward ]]
}

@test "/proc/acpi, keys, scsi and firmware are masked (2018-10892)" {
	script 'for d in /proc/acpi /proc/scsi /proc/asound /sys/firmware; do [ ! -e $d ] || find $d -type f | wc -l; done | sort -u
		for f in /proc/keys /proc/timer_list /proc/kcore /proc/latency_stats /proc/sched_debug; do [ ! -e $f ] || head -c 10 $f | wc -c; done | sort -u'
	ok_container
	is $'0\n0'
}

@test "no file by handle from within (2014-3519)" {
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	host_programs
	conf '.process.args = [$p, "-c", "import ctypes, os\nc = ctypes.CDLL(None, use_errno=True)\nh = (ctypes.c_char * 136)()\nh[0] = b\"\\x80\"\nm = ctypes.c_int()\nprint(c.name_to_handle_at(-100, b\"/etc/passwd\", h, ctypes.byref(m), 0))\nfd = os.open(\"/\", os.O_RDONLY)\nprint(c.open_by_handle_at(fd, h, 0), os.strerror(ctypes.get_errno()))"]' --arg p "$PYTHON_INSIDE"
	container
	has "-1 Operation not permitted"
}

@test "a chroot in a chroot stays inside, and so does a directory that was kept open (2005-4347, 2015-2925)" {
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	host_programs
	all_caps
	mkdir -p "$ROOTFS/a/b/c" "$ROOTFS/hole"
	echo inside >"$ROOTFS/mark"
	conf '.process.args = [$p, "-c", $s] | .process.noNewPrivileges = false' --arg p "$PYTHON_INSIDE" --arg s '
import os, ctypes
libc = ctypes.CDLL(None)
fd = os.open("/", os.O_RDONLY)
os.chroot("/hole")
os.fchdir(fd)
for i in range(64):
    os.chdir("..")
os.chroot(".")
print(open("/mark").read().strip(), os.path.exists("/a/b"))
libc.mount(b"/a/b", b"/hole", None, 4096, None)
os.chdir("/hole/c")
os.rename("/a/b/c", "/c")
try:
    for i in range(64):
        os.chdir("..")
except FileNotFoundError:
    os.chdir("/") # a directory that left its mount has no parent any more
print(os.path.exists("mark"), os.path.exists("etc/hostname.host"), os.path.exists("bundle"))
'
	ok_container
	has "inside True"
	has "False"
	[[ $output != *"True True"* && $output != *" True"$'\n'*" True" ]] || shown
}

@test "the session keyring is a new one" {
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	host_programs
	# KEYCTL_GET_KEYRING_ID of the session keyring
	local code='import ctypes; print(ctypes.CDLL(None).syscall(250, 0, -3, 0))' host guest
	host=$(/usr/bin/python3 -c "$code")
	[[ $host != -1 ]] || skip "no keyrings in this kernel"
	conf '.process.args = [$p, "-c", $s]' --arg p "$PYTHON_INSIDE" --arg s "$code"
	ok_container
	[[ $output != "$host" && $output != -1 ]] || shown
}

@test "state directories and files are closed, whatever the umask (2024-25621)" {
	umask 0
	script 'sleep 600'
	conf '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"}'
	ok W create --bundle "$B" --pid-file "$T/pid" "$ID"
	[[ -z $(find "$STATE" -type d -perm /077) && -z $(find "$STATE" -type f -perm /177) ]] || { find "$STATE" -ls; return 1; }
	[[ $(stat -c %a "$T/pid") == 644 ]]
}

@test "a planted state directory, link or lock is not trusted (2015-1331)" {
	mkdir -m 700 "$STATE"
	echo keep >"$T/precious"
	ln -s "$T" "$STATE/$ID"
	refused "" W run --bundle "$B" "$ID"
	refused "" W state "$ID"
	call W delete --force "$ID"
	[[ $(cat "$T/precious") == keep && -d $B ]]
	rm "$STATE/$ID"
	chown 1000 "$STATE"
	refused "may be written by others" W run --bundle "$B" "$ID"
	chown 0 "$STATE"
	chmod 770 "$STATE"
	refused "may be written by others" W run --bundle "$B" "$ID"
	chmod 700 "$STATE"
}

@test "nothing that is installed is setuid or has file capabilities (2017-5985, 2018-6556, 2022-47952, 2026-39402)" {
	[[ ! -u $WABE && ! -g $WABE ]]
	[[ -z $(getcap "$WABE" 2>/dev/null || /sbin/getcap "$WABE") ]]
}

@test "an exit message of a hostile process is not believed" {
	# The program is the guest's from execve on; its descriptors can't reach the runtime's socket.
	script 'for f in /proc/self/fd/* /proc/1/fd/*; do readlink $f; done | grep -c socket'
	conf '.process.args = ["sh", "-c", "for f in /proc/1/fd/*; do readlink $f; done | grep -c socket"]'
	container
	is 0
}
