# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# SET_HOSTNAME: the name where some distributions keep it, and in /etc/hosts. /etc/hostname and the kernel's name are set
# without a script.
#
# HOSTNM: the name, empty: the guest keeps what it has; IP_ADDR: the guest's first address, or empty

name=${HOSTNM-}

hosts_line()
{
	[ -n "$name" ] || return 0
	case $name in
	*.*) printf '%s\t%s %s\n' "${IP_ADDR:-127.0.1.1}" "$name" "${name%%.*}" ;;
	*) printf '%s\t%s\n' "${IP_ADDR:-127.0.1.1}" "$name" ;;
	esac
}

hosts_line | put_block /etc/hosts 644
[ -n "$name" ] || exit 0
# Red Hat before 7, SUSE before 12 and Slackware, OpenRC
! grep -q ^HOSTNAME= /etc/sysconfig/network 2>/dev/null || put_key /etc/sysconfig/network HOSTNAME "$name"
[ -L /etc/HOSTNAME ] || [ ! -f /etc/HOSTNAME ] || echo "$name" | put /etc/HOSTNAME 644
! grep -q ^hostname= /etc/conf.d/hostname 2>/dev/null || put_key /etc/conf.d/hostname hostname "$name"
