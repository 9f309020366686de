#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl set --userpasswd for users that aren't there, and --sshkey.
#
# shellcheck disable=SC2016 # variables of the guest's shell

load helpers

@test "userpasswd makes a user that is missing, running and down" {
	guest
	run_ok vzctl set "$CT" --userpasswd 'alice:s3cr3t $(id) '\''"word'
	grep -q '^alice:\$6\$' "$(own etc/shadow)"
	[[ $(python3 -Wignore -c 'import crypt,sys; print(crypt.crypt(sys.argv[1], sys.argv[2]))' 's3cr3t $(id) '\''"word' \
		"$(sed -n 's/^alice:\([^:]*\):.*/\1/p' "$(own etc/shadow)")") == "$(sed -n 's/^alice:\([^:]*\):.*/\1/p' "$(own etc/shadow)")" ]]
	run_ok vzctl start "$CT"
	run_ok vzctl set "$CT" --userpasswd bob:word
	inside 'id -u bob; ls -d /home/bob /home/alice'
	has /home/bob
	run_exit 74 vzctl set "$CT" --userpasswd Bob:word
	has 'no user can be called "Bob"'
	not grep -q Bob "$(own etc/passwd)"
	not grep -r s3cr3t "$VZ"
}

@test "sshkey: a line or a file, once, with the modes that sshd wants" {
	requires ssh-keygen
	ssh-keygen -q -t ed25519 -N "" -C "one two" -f "$T/a"
	ssh-keygen -q -t ecdsa -N "" -C second -f "$T/b"
	{ echo "# mine"; echo; cat "$T/b.pub"; sed 's/^/from="192.0.2.0\/24",command="echo \\"hi there\\"" /' "$T/a.pub"; } >"$T/both"
	guest
	run_ok vzctl set "$CT" --sshkey "$(cat "$T/a.pub")"
	has "SSH key was added"
	hasnt "not saved"
	file_is root/.ssh/authorized_keys <"$T/a.pub"
	[[ $(stat -c '%a %u' "$(own root/.ssh)" "$(own root/.ssh/authorized_keys)") == $'700 0\n600 0' ]]
	run_ok vzctl start "$CT"
	run_ok vzctl set "$CT" --sshkey "$T/both"
	file_is root/.ssh/authorized_keys < <(cat "$T/a.pub" "$T/b.pub")
	inside 'chmod 777 /root/.ssh; chmod 666 /root/.ssh/authorized_keys; printf "# note" >>/root/.ssh/authorized_keys'
	ssh-keygen -q -t rsa -b 2048 -N "" -f "$T/c"
	run_ok vzctl set "$CT" --sshkey "$T/c.pub"
	file_is root/.ssh/authorized_keys < <(cat "$T/a.pub" "$T/b.pub"; echo "# note"; cat "$T/c.pub")
	inside 'stat -c %a /root/.ssh /root/.ssh/authorized_keys'
	is $'700\n600'
	not grep -qi sshkey "$VZ/conf/$CT.conf"
}

@test "sshkey: what is no public key is refused" {
	requires ssh-keygen
	ssh-keygen -q -t ed25519 -N "" -f "$T/a"
	guest
	run_exit 21 vzctl set "$CT" --sshkey "$T/a"
	has "this is a private key"
	run_exit 21 vzctl set "$CT" --sshkey "$T/missing"
	has "$T/missing"
	run_exit 21 vzctl set "$CT" --sshkey ""
	run_exit 21 vzctl set "$CT" --sshkey "ssh-ed25519 AAAA"
	has "expected a public key"
	run_exit 21 vzctl set "$CT" --sshkey "ssh-rsa $(cut -d' ' -f2 "$T/a.pub")"
	run_exit 21 vzctl set "$CT" --sshkey "$(cat "$T/a.pub")"$'\ncommand="x"'
	echo "ssh-ed25519 nonsense" >"$T/bad"
	run_exit 21 vzctl set "$CT" --sshkey "$T/bad"
	has "line 1"
	: >"$T/empty"
	run_exit 21 vzctl set "$CT" --sshkey "$T/empty"
	gone root/.ssh
}

@test "sshkey: links in the guest lead nowhere else" {
	requires ssh-keygen
	ssh-keygen -q -t ed25519 -N "" -f "$T/a"
	mkdir "$T/outside"
	running_guest
	inside "rm -rf /root/.ssh; ln -s $T/outside /root/.ssh"
	call vzctl set "$CT" --sshkey "$T/a.pub"
	[[ -z $(ls -A "$T/outside") ]]
	inside "rm -rf /root/.ssh; mkdir /root/.ssh; ln -s $T/outside/file /root/.ssh/authorized_keys"
	run_ok vzctl set "$CT" --sshkey "$T/a.pub"
	[[ -z $(ls -A "$T/outside") ]]
	file_is root/.ssh/authorized_keys <"$T/a.pub"
}
