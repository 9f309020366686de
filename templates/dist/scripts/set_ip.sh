# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# ADD_IP and DEL_IP: the addresses of venet0 in the files of whatever configures the guest's network at boot. The host gives
# the addresses to the interface itself; these files say the same, so that nothing takes them away again.
#
# IP_ALL: all addresses that the guest has from now on, ADDRESS[/PREFIX]

ips=${IP_ALL-${IP_ADDR-}}
known="ifupdown ifcfg wicked networkmanager networkd netifrc"

# venet0 has addresses without a network of their own, whatever prefix they were given with.
v4() { for ip in $ips; do case $ip in *:*) ;; *) echo "${ip%/*}/32" ;; esac done; }
v6() { for ip in $ips; do case $ip in *:*) echo "${ip%/*}/128" ;; esac done; }

# "WORD" lines as "$1WORD" lines, or with a number each: "$1N=WORD".
with() { while read -r word; do echo "$1$word"; done; }
numbered() { i=$2; while read -r word; do echo "$1$i=$word"; i=$((i + 1)); done; }

has_ifup()
{
	[ -d /etc/network ] && command -v ifup >/dev/null
}

# What runs at boot; where nothing says so, what is there.
find_systems()
{
	found=
	! is_enabled NetworkManager.service || found="$found networkmanager"
	! is_enabled systemd-networkd.service || found="$found networkd"
	! is_enabled wicked.service || found="$found wicked"
	! is_enabled networking.service || ! has_ifup || found="$found ifupdown"
	[ ! -d /etc/sysconfig/network-scripts ] || ! ls /etc/rc.d/rc3.d/S*network >/dev/null 2>&1 || found="$found ifcfg"
	if [ -n "$found" ]; then
		echo "$found"
	elif has_ifup; then
		echo ifupdown
	elif [ -d /etc/sysconfig/network-scripts ]; then
		echo ifcfg
	elif [ -d /etc/sysconfig/network ]; then
		echo wicked
	elif [ -d /etc/NetworkManager/system-connections ] && ! [ -d /etc/netplan ]; then
		echo networkmanager
	elif [ -d /etc/systemd/network ] || [ -d /etc/netplan ]; then
		# What netplan makes is read by networkd too, beside files of its own.
		echo networkd
	elif [ -e /etc/conf.d/net ] || [ -e /etc/init.d/net.lo ]; then
		echo netifrc
	fi
}

# Debian, Ubuntu up to 16.04, Alpine. "manual": to add what is there already would be a failure.
set_ifupdown()
{
	{
		[ -z "$ips" ] || printf 'auto venet0\niface venet0 inet manual\n\tup ip link set dev venet0 up\n'
		v4 | while read -r ip; do echo "	up ip addr replace $ip dev venet0"; done
		v6 | while read -r ip; do echo "	up ip -6 addr replace $ip dev venet0"; done
		default_routes "	up ip route replace default dev venet0" "	up ip -6 route replace default dev venet0"
	} | put_block /etc/network/interfaces 644
}

# Standard input becomes the lines of a file of ours; none: the file goes.
route_file()
{
	routes=$(cat)
	if [ -n "$routes" ]; then
		printf '# wabe: written by vzctl\n%s\n' "$routes" | put "$1" 644
	else
		drop "$1"
	fi
}

# $1: of IPv4; $2: of IPv6
default_routes()
{
	[ -z "$(v4)" ] || [ -z "$1" ] || echo "$1"
	[ -z "$(v6)" ] || [ -z "$2" ] || echo "$2"
}

# The Red Hat family's network-scripts.
set_ifcfg()
{
	dir=/etc/sysconfig/network-scripts
	default_routes 'default dev venet0' '' | route_file $dir/route-venet0
	default_routes '' 'default dev venet0' | route_file $dir/route6-venet0
	[ -n "$ips" ] || { drop $dir/ifcfg-venet0; return; }
	{
		printf '# wabe: written by vzctl\nDEVICE=venet0\nONBOOT=yes\nBOOTPROTO=none\nARPCHECK=no\nNM_CONTROLLED=no\n'
		v4 | sed 's|/.*||' | numbered IPADDR 0
		v4 | sed 's|.*/||' | numbered PREFIX 0
		if [ -n "$(v6)" ]; then
			printf 'IPV6INIT=yes\nIPV6_AUTOCONF=no\n'
			v6 | sed -n '1s/.*/IPV6ADDR=&/p'
			[ "$(v6 | wc -l)" -eq 1 ] || printf 'IPV6ADDR_SECONDARIES="%s"\n' "$(v6 | sed 1d | tr '\n' ' ' | sed 's/ $//')"
		fi
	} | put $dir/ifcfg-venet0 644
}

# SUSE's /etc/sysconfig/network, for wicked and for the scripts before it.
set_wicked()
{
	dir=/etc/sysconfig/network
	default_routes 'default - - venet0' '::/0 - - venet0' | route_file $dir/ifroute-venet0
	[ -n "$ips" ] || { drop $dir/ifcfg-venet0; return; }
	{
		printf '# wabe: written by vzctl\nSTARTMODE=auto\nBOOTPROTO=static\nCHECK_DUPLICATE_IP=no\n'
		{ v4; v6; } | numbered IPADDR_ 0
	} | put $dir/ifcfg-venet0 644
}

# $1: the section; $2: its addresses; $3: the destination of its route
nm_section()
{
	printf '\n[%s]\n' "$1"
	[ -n "$2" ] || { echo method=disabled; return; }
	echo method=manual
	echo "$2" | numbered address 1
	echo "route1=$3"
}

set_networkmanager()
{
	file=/etc/NetworkManager/system-connections/venet0.nmconnection
	if [ -n "$ips" ]; then
		{
			printf '# wabe: written by vzctl\n[connection]\nid=venet0\ntype=ethernet\ninterface-name=venet0\n'
			nm_section ipv4 "$(v4)" 0.0.0.0/0
			nm_section ipv6 "$(v6)" ::/0
		} | put $file 600
	else
		drop $file
	fi
	tell nmcli connection reload
}

set_networkd()
{
	file=/etc/systemd/network/05-venet0.network
	if [ -n "$ips" ]; then
		{
			printf '# wabe: written by vzctl\n[Match]\nName=venet0\n\n[Network]\n'
			{ v4; v6; } | with Address=
			printf 'DHCP=no\nLinkLocalAddressing=no\nIPv6AcceptRA=no\nConfigureWithoutCarrier=yes\nKeepConfiguration=static\n'
			[ -z "$(v4)" ] || printf '\n[Route]\nDestination=0.0.0.0/0\nScope=link\n'
			[ -z "$(v6)" ] || printf '\n[Route]\nDestination=::/0\n'
		} | put $file 644
	else
		drop $file
	fi
	[ ! -d /run/systemd/netif ] || tell networkctl reload
}

# Gentoo's netifrc; the services' links are made as rc-update(8) would.
set_netifrc()
{
	{
		[ -z "$ips" ] || printf 'config_venet0="%s"\n' "$(v4; v6)"
		[ -z "$ips" ] || printf 'routes_venet0="%s"\n' \
			"$(default_routes 'default dev venet0' '::/0 dev venet0')"
	} | put_block /etc/conf.d/net 644
	if [ -n "$ips" ] && [ -e /etc/init.d/net.lo ]; then
		ln -sf net.lo /etc/init.d/net.venet0
		mkdir -p /etc/runlevels/default
		ln -sf /etc/init.d/net.venet0 /etc/runlevels/default/net.venet0
	elif [ -L /etc/init.d/net.venet0 ]; then
		rm -f /etc/runlevels/default/net.venet0 /etc/init.d/net.venet0
	fi
}

used=$(find_systems)
all=$ips
for system in $known; do
	# One that isn't used any more keeps nothing of ours.
	case " $used " in
	*" $system "*) ips=$all ;;
	*) ips= ;;
	esac
	"set_$system"
done
