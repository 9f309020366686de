#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Labels of the security modules, and the session keyring: in the container's process and in those of exec.

load oci

has_apparmor()
{
	[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]]
}

has_selinux()
{
	[[ $(stat -f -c %t /sys/fs/selinux 2>/dev/null) == f97cff8c ]]
}

process_file()
{
	jq ".process | .args = [\"cat\", \"/proc/self/attr/current\"] | $1" "$B/config.json" >"$T/process.json"
}

@test "an AppArmor profile where there is no AppArmor is refused" {
	! has_apparmor || skip "this kernel has AppArmor"
	conf '.process.apparmorProfile = "docker-default"'
	refused_container 'process.apparmorProfile: AppArmor is not enabled on this kernel'
	refused 'process.apparmorProfile' W create --bundle "$B" "$ID"
	[[ ! -e $STATE/$ID ]]
	conf '.process.apparmorProfile = ""'
	background
	refused 'process.apparmorProfile: AppArmor is not enabled on this kernel' W exec --apparmor x "$ID" true
	process_file '.apparmorProfile = "x"'
	refused 'process.apparmorProfile: AppArmor is not enabled on this kernel' W exec --process "$T/process.json" "$ID"
}

@test "SELinux labels where there is no SELinux are refused" {
	! has_selinux || skip "this kernel has SELinux"
	conf '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
	refused_container 'process.selinuxLabel: SELinux is not enabled on this kernel'
	conf 'del(.process.selinuxLabel) | .linux.mountLabel = "system_u:object_r:container_file_t:s0:c1,c2"'
	refused_container 'linux.mountLabel: SELinux is not enabled on this kernel'
	conf '.linux.mountLabel = ""'
	background
	refused 'process.selinuxLabel: SELinux is not enabled on this kernel' W exec --process-label a:b:c:s0 "$ID" true
	process_file '.selinuxLabel = "a:b:c:s0"'
	refused 'process.selinuxLabel: SELinux is not enabled on this kernel' W exec --process "$T/process.json" "$ID"
}

@test "labels with control characters are refused" {
	conf '.process.apparmorProfile = "a\nexec b"'
	refused_container 'process.apparmorProfile: has control characters'
	conf 'del(.process.apparmorProfile) | .process.selinuxLabel = "a\u0001"'
	refused_container 'process.selinuxLabel: has control characters'
	conf 'del(.process.selinuxLabel) | .linux.mountLabel = 5'
	refused_container 'linux.mountLabel'
}

# A profile that lets all pass but one file.
load_profile()
{
	printf 'profile %s flags=(attach_disconnected,mediate_deleted) {\n  file,\n  capability,\n  network,\n  mount,\n  signal,\n  unix,\n  ptrace,\n  deny /forbidden rw,\n}\n' \
		"$1" >"$T/$1"
	apparmor_parser -r "$T/$1"
}

more_teardown()
{
	local file

	for file in "$T"/wabe-bats-*; do
		[[ ! -e $file ]] || apparmor_parser -R "$file"
	done
}

# bats test_tags=lab:long
@test "an AppArmor profile confines the process and exec" {
	has_apparmor || skip "AppArmor is not enabled on this kernel"
	local no_new_privs
	own_rootfs
	echo secret >"$ROOTFS/forbidden"
	conf '.root.readonly = false'
	load_profile wabe-bats-one
	load_profile wabe-bats-two
	for no_new_privs in true false; do
		conf '.process.apparmorProfile = "wabe-bats-one" | .process.noNewPrivileges = $n' --argjson n "$no_new_privs"
		script 'cat /proc/self/attr/current; cat /forbidden'
		container
		[[ $status == 1 ]] || shown
		has 'wabe-bats-one (enforce)'
		has 'Permission denied'
	done
	conf '.process.noNewPrivileges = false'
	background
	ok W exec "$ID" cat /proc/self/attr/current
	is 'wabe-bats-one (enforce)'
	ok W exec --apparmor wabe-bats-two "$ID" cat /proc/self/attr/current
	is 'wabe-bats-two (enforce)'
	process_file '.apparmorProfile = "wabe-bats-two"'
	ok W exec --process "$T/process.json" "$ID"
	is 'wabe-bats-two (enforce)'
	refused 'process.apparmorProfile: the profile "wabe-bats-none" is not loaded' W exec --apparmor wabe-bats-none "$ID" true
	ok W delete -f "$ID"
	conf '.process.apparmorProfile = "wabe-bats-none"'
	refused_container 'process.apparmorProfile: the profile "wabe-bats-none" is not loaded'
}

# bats test_tags=lab:long
@test "a label is not written to what the guest has at /proc (2019-16884)" {
	has_apparmor || skip "AppArmor is not enabled on this kernel"
	load_profile wabe-bats-one
	own_rootfs
	# A guest that put a tmpfs with the files of its own over /proc.
	all_caps
	conf '.process.noNewPrivileges = false'
	background 'mount -t tmpfs none /proc; for d in self thread-self; do mkdir -p /proc/$d/attr/apparmor
		>/proc/$d/attr/exec; >/proc/$d/attr/apparmor/exec; done; exec sleep 600'
	wait_for test -e "/proc/$(pid_of)/root/proc/thread-self/attr/apparmor/exec"
	ok W exec -d --apparmor wabe-bats-one --pid-file "$T/pid" "$ID" sleep 555
	[[ $(cat "/proc/$(cat "$T/pid")/attr/apparmor/current") == "wabe-bats-one (enforce)" ]]
	[[ ! -s /proc/$(pid_of)/root/proc/thread-self/attr/apparmor/exec ]]
}

# The session keyring of a process: its number and description (keyctl(2): GET_KEYRING_ID, DESCRIBE).
keyring_code='import ctypes; c = ctypes.CDLL(None); n = c.syscall(250, 0, -3, 0); b = ctypes.create_string_buffer(400)
c.syscall(250, 6, n, b, 400); print(n, b.value.decode())'

needs_keys()
{
	[[ -x /usr/bin/python3 ]] || skip "no python3"
	[[ $(/usr/bin/python3 -c "$keyring_code") != -1* ]] || skip "no keyrings in this kernel"
	host_programs
}

keyring_is_shared_with_exec()
{
	background "$PYTHON_INSIDE -c '$keyring_code' >/keyring; exec sleep 600"
	wait_for test -s "$ROOTFS/keyring"
	ok W exec "$ID" "$PYTHON_INSIDE" -c "$keyring_code"
	is "$(cat "$ROOTFS/keyring")"
	[[ $output == *";_ses.$ID."* ]] || shown
	[[ $output != "$(/usr/bin/python3 -c "$keyring_code")" ]]
}

@test "the session keyring has the container's name, and exec is in it" {
	needs_keys
	conf '.root.readonly = false'
	keyring_is_shared_with_exec
}

@test "the session keyring of a user namespace" {
	needs_keys
	userns
	chown 100000 "$ROOTFS"
	conf '.root.readonly = false'
	keyring_is_shared_with_exec
}

@test "the same id below another state root has another keyring" {
	needs_keys
	conf '.root.readonly = false'
	keyring_is_shared_with_exec
	local first=$output
	STATE=$T/state2
	conf ".linux.cgroupsPath = \"$CGROUP-2\""
	keyring_is_shared_with_exec
	[[ $output != "$first" ]]
	ok W delete -f "$ID"
	STATE=$T/state
}

@test "--no-new-keyring keeps the caller's, for exec too" {
	needs_keys
	conf '.root.readonly = false'
	script "$PYTHON_INSIDE -c '$keyring_code' >/keyring; exec sleep 600"
	ok W run -d --no-new-keyring --bundle "$B" "$ID"
	wait_for test -s "$ROOTFS/keyring"
	[[ $(cat "$ROOTFS/keyring") == "$(/usr/bin/python3 -c "$keyring_code")" ]]
	ok W exec "$ID" "$PYTHON_INSIDE" -c "$keyring_code"
	is "$(/usr/bin/python3 -c "$keyring_code")"
}
