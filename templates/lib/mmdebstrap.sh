# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# What the recipes of Debian and its derivatives share: a tree by mmdebstrap, made fit for a container.
# Sourced by a recipe, with its environment (vztmpl(8)): TARGET ARCH MIRROR KEYRING.

progress() { echo "progress $*" >&3; }

# An init, the programs that vzctl's distribution scripts call, and what one expects on a server that one logs in to.
base_packages=systemd-sysv,systemd,dbus,libpam-systemd,iproute2,ifupdown,iputils-ping,netbase,procps,psmisc,cron,passwd,apt
base_packages=$base_packages,less,nano,ca-certificates,openssh-server,openssh-client,tzdata,bash-completion

# Per cent of mmdebstrap's own messages; the times are those of a warm mirror on two cores.
follow_mmdebstrap()
{
	while IFS= read -r line; do
		printf '%s\n' "$line"
		case $line in
		*"running apt-get update"*) progress 2 "package lists" ;;
		*"downloading packages"*) progress 8 "download the essential packages" ;;
		*"extracting archives"*) progress 18 "unpack the essential packages" ;;
		*"installing essential"*) progress 25 "install the essential packages" ;;
		*"installing remaining"*) progress 45 "install further packages" ;;
		*"cleaning package lists"*) progress 90 "clean up" ;;
		esac
	done
}

# One line of apt a line: the user's mirror with the suite's updates, or what he wrote as "deb ..." lines.
# $1: suite, $2: components, $3: suffixes of further suites ("-updates -security")
apt_lines()
{
	case $MIRROR in
	"deb "*) printf '%s\n' "$MIRROR" ;;
	*)
		printf 'deb %s %s %s\n' "$MIRROR" "$1" "$2"
		for suffix in $3; do
			printf 'deb %s %s%s %s\n' "$MIRROR" "$1" "$suffix" "$2"
		done
		;;
	esac
}

# Fill $TARGET.
# $1: suite, $2: components, $3: as of apt_lines, $4: packages beside the base
run_mmdebstrap()
{
	command -v mmdebstrap >/dev/null || {
		echo "mmdebstrap is not installed"
		exit 1
	}
	suite=$1 components=$2 suffixes=$3 packages=$4
	set -- --mode=root --variant=minbase --format=directory --architectures="$ARCH" \
		--components="$(echo "$components" | tr ' ' ,)" --include="$packages" \
		--dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-include=/usr/share/doc/*/copyright' \
		--dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"'
	[ -z "${KEYRING-}" ] || set -- "$@" --keyring="$KEYRING"
	set -- "$@" "$suite" "$TARGET"
	if [ -n "${MIRROR-}" ]; then
		while IFS= read -r line; do
			set -- "$@" "$line"
		done <<-EOF
			$(apt_lines "$suite" "$components" "$suffixes")
		EOF
	fi
	# The status of a pipe is that of its last command, so it takes a way of its own.
	status=$({ {
		mmdebstrap "$@" 2>&1 3>&- 4>&- 5>&- && echo 0 >&4 || echo $? >&4
	} | follow_mmdebstrap >&5; } 4>&1)
	[ "$status" = 0 ] || {
		echo "mmdebstrap failed with status $status"
		exit 1
	}
} 5>&1

# What a machine needs and a container doesn't have, what would make all guests the same, traces of this host.
# $1: the guest's name until it gets its own
fit_container()
{
	cd "$TARGET" || exit
	progress 93 "configuration"
	# mmdebstrap copies this host's, with their modes.
	rm -f etc/hostname etc/resolv.conf
	echo "$1" >etc/hostname
	printf '127.0.0.1\tlocalhost\n::1\t\tlocalhost ip6-localhost ip6-loopback\n' >etc/hosts
	: >etc/resolv.conf
	: >etc/fstab
	# Empty, each guest makes its own at its first start; "uninitialized" would make that a "first boot", with questions.
	: >etc/machine-id
	rm -f var/lib/dbus/machine-id etc/dpkg/dpkg.cfg.d/99mmdebstrap etc/apt/apt.conf.d/99mmdebstrap
	rm -rf dev/* run/* tmp/* var/tmp/*
	find var/log -type f -exec truncate -s 0 {} +
	mkdir -p etc/network
	printf '# Written by vzctl.\nauto lo\niface lo inet loopback\n' >etc/network/interfaces
	printf 'LANG=C.UTF-8\n' >etc/default/locale
	fit_systemd
	fit_ssh
	progress 100 "done"
}

fit_systemd()
{
	ln -sf /lib/systemd/system/multi-user.target etc/systemd/system/default.target
	# Devices, their events, the hardware's clock and disks are the host's.
	for unit in systemd-udevd.service systemd-udevd-kernel.socket systemd-udevd-control.socket \
		systemd-udev-trigger.service systemd-modules-load.service sys-kernel-config.mount \
		sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount dev-hugepages.mount \
		systemd-journald-audit.socket systemd-networkd-wait-online.service getty@tty1.service \
		systemd-firstboot.service e2scrub_all.timer e2scrub_reap.service fstrim.timer; do
		ln -sf /dev/null "etc/systemd/system/$unit"
	done
	# vzctl writes /etc/resolv.conf.
	rm -f etc/systemd/system/*/systemd-resolved.service etc/systemd/system/dbus-org.freedesktop.resolve1.service
	# A guest's journal lives in its private area: keep it small.
	mkdir -p etc/systemd/journald.conf.d
	printf '[Journal]\nSystemMaxUse=64M\nRuntimeMaxUse=16M\n' >etc/systemd/journald.conf.d/size.conf
}

# Host keys are made by each guest, before its sshd. No RSA key: making one takes seconds, and clients that need one are
# older than Debian 8; ssh-keygen -A adds it.
fit_ssh()
{
	[ -x usr/sbin/sshd ] || return 0
	rm -f etc/ssh/ssh_host_*_key*
	cat >etc/systemd/system/ssh-host-keys.service <<'EOF'
[Unit]
Description=Host keys of this machine's SSH server
Before=ssh.service ssh.socket
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'for type in ecdsa ed25519; do f=/etc/ssh/ssh_host_$${type}_key; [ -e $$f ] || ssh-keygen -q -t $$type -N "" -f $$f; done'

[Install]
WantedBy=multi-user.target
EOF
	mkdir -p etc/systemd/system/multi-user.target.wants
	ln -sf ../ssh-host-keys.service etc/systemd/system/multi-user.target.wants/ssh-host-keys.service
}
