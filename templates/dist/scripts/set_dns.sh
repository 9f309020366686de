# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# SET_DNS: name servers and search domains, where the guest's own resolver looks for them. What is empty is left to the guest.
#
# NAMESERVER, SEARCHDOMAIN: words with a blank between them

servers=${NAMESERVER-}
domains=${SEARCHDOMAIN-}
link=$([ ! -L /etc/resolv.conf ] || readlink /etc/resolv.conf)

# resolv.conf(5): ours take the place of what was there.
resolv_lines()
{
	for server in $servers; do echo "nameserver $server"; done
	[ -z "$domains" ] || echo "search $domains"
}

other_lines()
{
	[ -z "$servers" ] || echo '/^[[:blank:]]*nameserver[[:blank:]]/d'
	[ -z "$domains" ] || echo '/^[[:blank:]]*\(search\|domain\)[[:blank:]]/d'
}

set_file()
{
	resolv_lines | put_block "$1" 644 "$(other_lines)"
}

# $1: file; further: its lines, of which those that are empty are left out
set_own()
{
	file=$1
	shift
	if [ -z "$servers$domains" ]; then
		drop "$file"
	else
		{
			echo "# wabe: written by vzctl"
			for line; do [ -z "$line" ] || echo "$line"; done
		} | put "$file" 644
	fi
}

set_resolved()
{
	set_own /etc/systemd/resolved.conf.d/wabe.conf '[Resolve]' "${servers:+DNS=$servers}" "${domains:+Domains=$domains}"
	tell systemctl try-restart systemd-resolved.service
}

# NetworkManager.conf(5), "GLOBAL-DNS SECTION": it counts only with a section for every domain.
set_networkmanager()
{
	set_own /etc/NetworkManager/conf.d/90-wabe-dns.conf "${domains:+[global-dns]}" \
		"${domains:+searches=$(echo "$domains" | tr ' ' ',')}" "${servers:+[global-dns-domain-*]}" \
		"${servers:+servers=$(echo "$servers" | tr ' ' ',')}"
	tell nmcli general reload
}

has_netconfig()
{
	grep -q ^NETCONFIG_DNS_STATIC_SERVERS= /etc/sysconfig/network/config 2>/dev/null
}

# SUSE's netconfig(8).
set_netconfig()
{
	put_key /etc/sysconfig/network/config NETCONFIG_DNS_STATIC_SERVERS "$servers"
	put_key /etc/sysconfig/network/config NETCONFIG_DNS_STATIC_SEARCHLIST "$domains"
	tell netconfig update -f
}

set_resolvconf()
{
	set_file /etc/resolvconf/resolv.conf.d/base
	tell resolvconf -u
}

# openresolv's resolvconf.conf(5).
set_openresolv()
{
	{
		[ -z "$servers" ] || echo "name_servers=\"$servers\""
		[ -z "$domains" ] || echo "search_domains=\"$domains\""
	} | put_block /etc/resolvconf.conf 644
	tell resolvconf -u
}

! is_enabled NetworkManager.service || set_networkmanager
! has_netconfig || set_netconfig
[ ! -f /etc/resolvconf.conf ] || set_openresolv
# The text of the link says who writes the file; before init runs, nobody has.
case $link in
*systemd/resolve* | *systemd/resolv.conf) set_resolved ;;
*resolvconf*) set_resolvconf ;;
*netconfig*) has_netconfig || set_file /etc/resolv.conf ;;
*NetworkManager*) is_enabled NetworkManager.service || set_networkmanager ;;
*)
	# A link whose file is not there, and nobody known to make it: the guest shall have name servers all the same.
	[ -z "$servers$domains" ] || [ -z "$link" ] || [ -e /etc/resolv.conf ] || rm -f /etc/resolv.conf
	set_file /etc/resolv.conf
	;;
esac
