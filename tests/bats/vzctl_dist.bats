#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Distribution scripts (dists(5)): what they write into the files of guests of every family, when they run, and that they stay
# inside. A busybox guest gets the files that a family has; its own shell and programs do the rest.
#
# shellcheck disable=SC2016 # variables of the guest's shell

load helpers
load netns

more_setup()
{
	own_network
}

# A file in the stopped guest: path, content as printf has it.
lay()
{
	mkdir -p "$(dirname "$(own "$1")")"
	# shellcheck disable=SC2059 # the format is the content
	printf "$2" >"$(own "$1")"
}

up()
{
	run_ok vzctl start "$CT"
	# Whether this host forwards packets is not the scripts' business.
	output=$(grep -v 'forward' <<<"$output")
	hasnt warning
}

down()
{
	run_ok vzctl stop "$CT" --fast
}

# Start with addresses, the same again, then without: the files are given by functions of the test.
# $1: function that checks them with addresses; $2: without
add_twice_delete()
{
	run_ok vzctl set "$CT" --ipadd 192.0.2.10 --ipadd 2001:db8::10 --ipadd 192.0.2.11 --save
	up
	"$1"
	down
	# As if nothing had been written yet.
	rm "$VZ/private/$CT/dist.applied"
	up
	"$1"
	run_ok vzctl set "$CT" --ipdel all --save
	"$2"
	down
}

with_ifupdown()
{
	sed 's/^~/\t/' >"$T/wanted" <<-END
		auto lo
		iface lo inet loopback
		# wabe: begin, written by vzctl
		auto venet0
		iface venet0 inet manual
		~up ip link set dev venet0 up
		~up ip addr replace 192.0.2.10/32 dev venet0
		~up ip addr replace 192.0.2.11/32 dev venet0
		~up ip -6 addr replace 2001:db8::10/128 dev venet0
		~up ip route replace default dev venet0
		~up ip -6 route replace default dev venet0
		# wabe: end
	END
	file_is etc/network/interfaces <"$T/wanted"
}

without_ifupdown()
{
	file_is etc/network/interfaces <<-END
		auto lo
		iface lo inet loopback
	END
}

@test "Debian, Alpine: /etc/network/interfaces" {
	guest
	lay etc/network/interfaces 'auto lo\niface lo inet loopback\n'
	add_twice_delete with_ifupdown without_ifupdown
}

with_ifcfg()
{
	file_is etc/sysconfig/network-scripts/ifcfg-venet0 <<-END
		# wabe: written by vzctl
		DEVICE=venet0
		ONBOOT=yes
		BOOTPROTO=none
		ARPCHECK=no
		NM_CONTROLLED=no
		IPADDR0=192.0.2.10
		IPADDR1=192.0.2.11
		PREFIX0=32
		PREFIX1=32
		IPV6INIT=yes
		IPV6_AUTOCONF=no
		IPV6ADDR=2001:db8::10/128
	END
	file_is etc/sysconfig/network-scripts/route-venet0 <<-END
		# wabe: written by vzctl
		default dev venet0
	END
	file_is etc/sysconfig/network-scripts/route6-venet0 <<-END
		# wabe: written by vzctl
		default dev venet0
	END
}

without_ifcfg()
{
	gone etc/sysconfig/network-scripts/ifcfg-venet0
	gone etc/sysconfig/network-scripts/route-venet0
	gone etc/sysconfig/network-scripts/route6-venet0
	file_is etc/sysconfig/network-scripts/ifcfg-eth0 <<<"DEVICE=eth0"
}

@test "Red Hat: network-scripts" {
	guest
	lay etc/sysconfig/network-scripts/ifcfg-eth0 'DEVICE=eth0\n'
	add_twice_delete with_ifcfg without_ifcfg
}

with_wicked()
{
	file_is etc/sysconfig/network/ifcfg-venet0 <<-END
		# wabe: written by vzctl
		STARTMODE=auto
		BOOTPROTO=static
		CHECK_DUPLICATE_IP=no
		IPADDR_0=192.0.2.10/32
		IPADDR_1=192.0.2.11/32
		IPADDR_2=2001:db8::10/128
	END
	file_is etc/sysconfig/network/ifroute-venet0 <<-END
		# wabe: written by vzctl
		default - - venet0
		::/0 - - venet0
	END
}

without_wicked()
{
	gone etc/sysconfig/network/ifcfg-venet0
	gone etc/sysconfig/network/ifroute-venet0
}

@test "SUSE: /etc/sysconfig/network" {
	guest
	lay etc/sysconfig/network/config 'NETCONFIG_DNS_STATIC_SERVERS=""\n'
	add_twice_delete with_wicked without_wicked
}

with_networkmanager()
{
	file_is etc/NetworkManager/system-connections/venet0.nmconnection <<-END
		# wabe: written by vzctl
		[connection]
		id=venet0
		type=ethernet
		interface-name=venet0

		[ipv4]
		method=manual
		address1=192.0.2.10/32
		address2=192.0.2.11/32
		route1=0.0.0.0/0

		[ipv6]
		method=manual
		address1=2001:db8::10/128
		route1=::/0
	END
	[[ $(stat -c %a "$(own etc/NetworkManager/system-connections/venet0.nmconnection)") == 600 ]]
	gone etc/systemd/network/05-venet0.network
	gone etc/sysconfig/network-scripts/ifcfg-venet0
}

without_networkmanager()
{
	gone etc/NetworkManager/system-connections/venet0.nmconnection
}

@test "NetworkManager, where it is what is started" {
	guest
	# As RHEL 9 has it: all of them are there.
	mkdir -p "$(own etc/systemd/network)" "$(own etc/sysconfig/network-scripts)" "$(own usr/lib/systemd)"
	lay usr/lib/systemd/systemd ''
	chmod 755 "$(own usr/lib/systemd/systemd)"
	mkdir -p "$(own etc/systemd/system/multi-user.target.wants)"
	ln -s /usr/lib/systemd/system/NetworkManager.service "$(own etc/systemd/system/multi-user.target.wants/NetworkManager.service)"
	add_twice_delete with_networkmanager without_networkmanager
}

with_networkd()
{
	file_is etc/systemd/network/05-venet0.network <<-END
		# wabe: written by vzctl
		[Match]
		Name=venet0

		[Network]
		Address=192.0.2.10/32
		Address=192.0.2.11/32
		Address=2001:db8::10/128
		DHCP=no
		LinkLocalAddressing=no
		IPv6AcceptRA=no
		ConfigureWithoutCarrier=yes
		KeepConfiguration=static

		[Route]
		Destination=0.0.0.0/0
		Scope=link

		[Route]
		Destination=::/0
	END
}

without_networkd()
{
	gone etc/systemd/network/05-venet0.network
}

@test "systemd-networkd, and netplan above it" {
	guest
	lay etc/netplan/50-cloud-init.yaml 'network: {version: 2}\n'
	add_twice_delete with_networkd without_networkd
	rm -r "$(own etc/netplan)" "$(own etc/systemd/network)"
	mkdir -p "$(own etc/systemd/network)"
	add_twice_delete with_networkd without_networkd
}

with_netifrc()
{
	file_is etc/conf.d/net <<-END
		# mine
		# wabe: begin, written by vzctl
		config_venet0="192.0.2.10/32
		192.0.2.11/32
		2001:db8::10/128"
		routes_venet0="default dev venet0
		::/0 dev venet0"
		# wabe: end
	END
	[[ $(readlink "$(own etc/init.d/net.venet0)") == net.lo ]]
	[[ $(readlink "$(own etc/runlevels/default/net.venet0)") == /etc/init.d/net.venet0 ]]
}

without_netifrc()
{
	file_is etc/conf.d/net <<<"# mine"
	gone etc/init.d/net.venet0
	gone etc/runlevels/default/net.venet0
}

@test "Gentoo: /etc/conf.d/net, and its service" {
	guest
	lay etc/conf.d/net '# mine\n'
	lay etc/init.d/net.lo ''
	add_twice_delete with_netifrc without_netifrc
}

@test "a guest without any of them gets no file" {
	guest
	run_ok vzctl set "$CT" --ipadd 192.0.2.10 --save
	up
	(cd "$(own .)" && find . -type f ! -path './var/*') >"$T/files"
	not grep -E 'venet0|interfaces' "$T/files"
}

@test "one that is used no more keeps nothing" {
	guest --ipadd 192.0.2.10
	lay etc/network/interfaces ''
	up
	grep -q venet0 "$(own etc/network/interfaces)"
	down
	lay usr/lib/systemd/systemd ''
	chmod 755 "$(own usr/lib/systemd/systemd)"
	mkdir -p "$(own etc/systemd/system/multi-user.target.wants)"
	ln -s /usr/lib/systemd/system/systemd-networkd.service "$(own etc/systemd/system/multi-user.target.wants/systemd-networkd.service)"
	run_ok vzctl set "$CT" --ipadd 192.0.2.12 --save
	up
	grep -qx Address=192.0.2.12/32 "$(own etc/systemd/network/05-venet0.network)"
	[[ ! -s $(own etc/network/interfaces) ]]
}

@test "addresses change in the running guest's files" {
	guest --ipadd 192.0.2.10
	lay etc/network/interfaces ''
	up
	run_ok vzctl set "$CT" --ipadd 192.0.2.12/24 --ipdel 192.0.2.10 --save
	grep -q 'addr replace 192.0.2.12/32 ' "$(own etc/network/interfaces)"
	not grep -q 192.0.2.10 "$(own etc/network/interfaces)"
}

@test "resolv.conf: ours take the place of what was there, other lines stay" {
	guest
	lay etc/resolv.conf '# mine\nnameserver 192.0.2.1\ndomain old.example\noptions edns0\n'
	run_ok vzctl set "$CT" --nameserver 192.0.2.53 --nameserver 2001:db8::53 --searchdomain a.example --searchdomain b.example --save
	hasnt "not enforced"
	up
	file_is etc/resolv.conf <<-END
		# mine
		options edns0
		# wabe: begin, written by vzctl
		nameserver 192.0.2.53
		nameserver 2001:db8::53
		search a.example b.example
		# wabe: end
	END
	run_ok vzctl set "$CT" --nameserver 192.0.2.54 --save
	has "File resolv.conf was modified"
	inside 'grep nameserver /etc/resolv.conf'
	is "nameserver 192.0.2.54"
	run_ok vzctl set "$CT" --nameserver "" --searchdomain "" --save
	file_is etc/resolv.conf <<<$'# mine\noptions edns0'
}

@test "resolv.conf that systemd-resolved makes: a file for that" {
	guest --nameserver 192.0.2.53 --searchdomain a.example
	rm -f "$(own etc/resolv.conf)"
	mkdir -p "$(own etc)"
	ln -s ../run/systemd/resolve/stub-resolv.conf "$(own etc/resolv.conf)"
	up
	file_is etc/systemd/resolved.conf.d/wabe.conf <<-END
		# wabe: written by vzctl
		[Resolve]
		DNS=192.0.2.53
		Domains=a.example
	END
	[[ $(readlink "$(own etc/resolv.conf)") == ../run/systemd/resolve/stub-resolv.conf ]]
	run_ok vzctl set "$CT" --nameserver "" --searchdomain "" --save
	gone etc/systemd/resolved.conf.d/wabe.conf
}

@test "resolv.conf that resolvconf, netconfig or NetworkManager make: files for those" {
	guest --nameserver 192.0.2.53 --searchdomain a.example
	mkdir -p "$(own etc)"
	ln -sf ../run/resolvconf/resolv.conf "$(own etc/resolv.conf)"
	lay etc/resolvconf/resolv.conf.d/base '# base\n'
	lay etc/resolvconf.conf 'private_interfaces="*"\n'
	lay etc/sysconfig/network/config 'A="b"\nNETCONFIG_DNS_STATIC_SERVERS=""\nNETCONFIG_DNS_STATIC_SEARCHLIST="old"'
	up
	file_is etc/resolvconf/resolv.conf.d/base <<-END
		# base
		# wabe: begin, written by vzctl
		nameserver 192.0.2.53
		search a.example
		# wabe: end
	END
	file_is etc/resolvconf.conf <<-END
		private_interfaces="*"
		# wabe: begin, written by vzctl
		name_servers="192.0.2.53"
		search_domains="a.example"
		# wabe: end
	END
	file_is etc/sysconfig/network/config <<-END
		A="b"
		NETCONFIG_DNS_STATIC_SERVERS="192.0.2.53"
		NETCONFIG_DNS_STATIC_SEARCHLIST="a.example"
	END
	down
	ln -sf /run/NetworkManager/resolv.conf "$(own etc/resolv.conf)"
	run_ok vzctl set "$CT" --nameserver 192.0.2.54 --save
	up
	file_is etc/NetworkManager/conf.d/90-wabe-dns.conf <<-END
		# wabe: written by vzctl
		[global-dns]
		searches=a.example
		[global-dns-domain-*]
		servers=192.0.2.54
	END
}

@test "a resolv.conf that leads out of the guest leads nowhere" {
	echo sentinel >"$T/sentinel"
	guest --nameserver 192.0.2.53
	mkdir -p "$(own etc)"
	ln -sf "$T/sentinel" "$(own etc/resolv.conf)"
	up
	[[ $(cat "$T/sentinel") == sentinel && ! -L $(own etc/resolv.conf) ]]
	grep -qx 'nameserver 192.0.2.53' "$(own etc/resolv.conf)"
	inside "ln -sf ../../../../../../../../../..$T/sentinel /etc/resolv.conf; ln -sf $T/sentinel /etc/hosts"
	run_ok vzctl set "$CT" --nameserver 192.0.2.54 --save
	[[ $(cat "$T/sentinel") == sentinel ]]
	call vzctl set "$CT" --hostname evil --save
	[[ $(cat "$T/sentinel") == sentinel ]]
}

@test "inherit takes the host's servers and domains, but not its own address" {
	guest --nameserver inherit --searchdomain inherit
	printf 'nameserver 127.0.0.53\nnameserver 192.0.2.99\nsearch host.example\n' >"$T/resolv.conf"
	run_ok unshare -m --propagation private sh -c 'mount --bind "$1" /etc/resolv.conf && exec vzctl start "$2"' sh "$T/resolv.conf" "$CT"
	hasnt warning
	file_is etc/resolv.conf <<-END
		# wabe: begin, written by vzctl
		nameserver 192.0.2.99
		search host.example
		# wabe: end
	END
	run_exit 72 vzctl set "$CT" --nameserver inherited --save
}

@test "values that are no addresses or domains are refused before" {
	guest
	cp "$VZ/conf/$CT.conf" "$T/conf"
	for value in '192.0.2.1;reboot' $'192.0.2.1\nnameserver 192.0.2.2' '$(reboot)' "'" '"' '`id`' 192.0.2.1/24 300.1.1.1; do
		run_exit 72 vzctl set "$CT" --nameserver "$value" --save
		has --nameserver
	done
	for value in 'a.example;id' $'a\nb' '$(id)' "a'b" 'a"b' -a; do
		run_exit 73 vzctl set "$CT" --searchdomain "$value" --save
		has --searchdomain
	done
	cmp "$T/conf" "$VZ/conf/$CT.conf"
}

@test "host name: /etc/hosts, and the files of older systems" {
	guest --hostname web.example
	lay etc/hosts '127.0.0.1\tlocalhost'
	lay etc/sysconfig/network 'NETWORKING=yes\nHOSTNAME=old\n'
	lay etc/HOSTNAME 'old\n'
	lay etc/conf.d/hostname '# name\nhostname="old"\n'
	up
	file_is etc/hosts <<<$'127.0.0.1\tlocalhost\n# wabe: begin, written by vzctl\n127.0.1.1\tweb.example web\n# wabe: end'
	file_is etc/sysconfig/network <<<$'NETWORKING=yes\nHOSTNAME="web.example"'
	file_is etc/HOSTNAME <<<web.example
	file_is etc/conf.d/hostname <<<$'# name\nhostname="web.example"'
	run_ok vzctl set "$CT" --hostname db --ipadd 192.0.2.10 --save
	grep -qx $'192.0.2.10\tdb' "$(own etc/hosts)"
	not grep -q web "$(own etc/hosts)"
	run_ok vzctl set "$CT" --hostname "" --save
	file_is etc/hosts <<<$'127.0.0.1\tlocalhost'
}

@test "a start that changes nothing runs nothing" {
	guest --hostname web --nameserver 192.0.2.53
	up
	grep -qx 'NAMESERVER="192.0.2.53"' "$VZ/private/$CT/dist.applied"
	down
	run_ok vzctl set "$CT" --nameserver 192.0.2.53 --hostname web --save
	rm "$(own etc/hosts)" "$(own etc/resolv.conf)"
	sum=$(sha256sum <"$VZ/private/$CT/dist.applied")
	# None of the scripts is even there.
	sed -i "s|^DISTDIR=.*|DISTDIR=\"$T/none\"|" "$VZ_CONF"
	up
	inside 'cat /etc/hosts /etc/resolv.conf'
	hasnt wabe
	[[ $(sha256sum <"$VZ/private/$CT/dist.applied") == "$sum" ]]
}

@test "a script that was killed half way is run again" {
	guest --nameserver 192.0.2.53
	up
	# As a vzctl that was killed before the script had ended leaves it.
	sed -i 's/^NAMESERVER=.*/NAMESERVER="?"/' "$VZ/private/$CT/dist.applied"
	down
	: >"$(own etc/resolv.conf)"
	up
	grep -qx 'nameserver 192.0.2.53' "$(own etc/resolv.conf)"
	# Nor does a damaged record stop anything.
	down
	printf 'no record at all\n' >"$VZ/private/$CT/dist.applied"
	: >"$(own etc/resolv.conf)"
	up
	grep -qx 'nameserver 192.0.2.53' "$(own etc/resolv.conf)"
}

@test "a set that fails saves nothing and says why; the guest starts all the same" {
	guest
	up
	cp "$VZ/conf/$CT.conf" "$T/conf"
	inside 'rm /etc/resolv.conf; mkdir /etc/resolv.conf'
	run_exit 72 vzctl set "$CT" --nameserver 192.0.2.53 --save
	has "SET_DNS (set_dns.sh) failed in the guest with exit code 1: /etc/resolv.conf is no file"
	run_exit 73 vzctl set "$CT" --searchdomain a.example --save
	cmp "$T/conf" "$VZ/conf/$CT.conf"
	inside 'rm /etc/hosts; mkdir /etc/hosts'
	run_exit 70 vzctl set "$CT" --hostname other --save
	inside 'mkdir -p /etc/network/interfaces'
	run_exit 71 vzctl set "$CT" --ipadd 192.0.2.10 --save
	cmp "$T/conf" "$VZ/conf/$CT.conf"
	down
	sed -i '$i NAMESERVER="192.0.2.53"' "$VZ/conf/$CT.conf"
	run_ok vzctl start "$CT"
	has "DEL_IP (set_ip.sh) failed in the guest with exit code 1: /etc/network/interfaces is no file"
	has "/etc/resolv.conf is no file"
	status_is "exist mounted running"
}

# A configuration of the administrator's whose scripts write down how they were called.
make_dists()
{
	local action

	mkdir -p "$VZ/dists/scripts"
	for action in ADD_IP DEL_IP SET_HOSTNAME SET_DNS SET_USERPASS POST_CREATE PRE_START SET_CONSOLE; do
		echo "$action=log.sh" >>"$VZ/dists/$1"
	done
	sed -i "s/^\(.*\)=log.sh/\1=\1.sh/" "$VZ/dists/$1"
	for action in ADD_IP DEL_IP SET_HOSTNAME SET_DNS SET_USERPASS POST_CREATE PRE_START SET_CONSOLE; do
		echo "echo $action [\${VE_STATE-}] [\${IP_ADDR-}] [\${IPDELALL-}] [\${HOSTNM-}] [\${NAMESERVER-}] [\${SEARCHDOMAIN-}] >>/log; $2" \
			>"$VZ/dists/scripts/$action.sh"
	done
}

@test "the administrator's configuration: chosen by the template's name, all actions, their environment" {
	make_dists busybox.conf :
	guest
	file_is log <<<"POST_CREATE [starting] [] [] [] [] []"
	run_ok vzctl set "$CT" --hostname web --ipadd 192.0.2.10 --ipadd 192.0.2.11 --nameserver 192.0.2.53 --save
	up
	file_is log <<-END
		POST_CREATE [starting] [] [] [] [] []
		SET_CONSOLE [starting] [] [] [] [] []
		ADD_IP [starting] [192.0.2.10 192.0.2.11] [yes] [] [] []
		SET_HOSTNAME [starting] [192.0.2.10] [] [web] [] []
		SET_DNS [starting] [] [] [] [192.0.2.53] []
		PRE_START [starting] [] [] [] [] []
	END
	inside ': >/log'
	run_ok vzctl set "$CT" --ipdel 192.0.2.11 --ipadd 192.0.2.12 --ipadd 192.0.2.13 --searchdomain a.example --save
	file_is log <<-END
		DEL_IP [running] [192.0.2.11] [] [] [] []
		ADD_IP [running] [192.0.2.12 192.0.2.13] [] [] [] []
		SET_DNS [running] [] [] [] [192.0.2.53] [a.example]
	END
	inside ': >/log'
	run_ok vzctl set "$CT" --ipdel all --save
	file_is log <<-END
		DEL_IP [running] [192.0.2.10 192.0.2.12 192.0.2.13] [yes] [] [] []
		SET_HOSTNAME [running] [] [] [web] [] []
	END
	down
	: >"$(own log)"
	up
	file_is log <<<"PRE_START [starting] [] [] [] [] []"
}

@test "the name is cut at its dashes, down to default; another directory's are not taken" {
	mkdir -p "$VZ/dists/scripts" "$T/elsewhere"
	mkdir "$T/store"
	cp -a "$STORE/busybox" "$T/store/busybox"
	cp -a "$STORE/busybox" "$T/store/box-12-web"
	sed -i "s|^TEMPLATE=.*|TEMPLATE=\"$T/store\"|" "$VZ_CONF"
	echo 'echo box >/root/which' >"$VZ/dists/scripts/box.sh"
	echo 'echo default >/root/which' >"$VZ/dists/scripts/default.sh"
	echo 'SET_DNS=box.sh' >"$VZ/dists/box.conf"
	echo 'SET_DNS=default.sh' >"$VZ/dists/default"
	guest --nameserver 192.0.2.53
	sed -i 's/^OSTEMPLATE=.*/OSTEMPLATE="box-12-web"/' "$VZ/conf/$CT.conf"
	run_ok vzctl start "$CT"
	inside 'cat /root/which'
	is box
	run_ok vzctl stop "$CT" --fast
	sed -i 's/^OSTEMPLATE=.*/OSTEMPLATE="busybox"/; s/^NAMESERVER=.*/NAMESERVER="192.0.2.54"/' "$VZ/conf/$CT.conf"
	run_ok vzctl start "$CT"
	inside 'cat /root/which'
	is default
	echo 'SET_DNS=../../elsewhere/x.sh' >"$VZ/dists/default"
	run_exit 107 vzctl set "$CT" --nameserver 192.0.2.55 --save
	has 'SET_DNS "../../elsewhere/x.sh" is no file name'
	echo 'SET_DNS=missing.sh' >"$VZ/dists/default"
	run_exit 107 vzctl set "$CT" --nameserver 192.0.2.55 --save
}

@test "no configuration at all is exit code 107" {
	guest
	up
	sed -i "s|^DISTDIR=.*|DISTDIR=\"$T/none\"|" "$VZ_CONF"
	run_exit 107 vzctl set "$CT" --nameserver 192.0.2.53 --save
	has "no distribution configuration: neither $VZ/dists nor $T/none has \"default\""
	run_exit 107 vzctl set "$CT" --userpasswd fresh:word
}

@test "POST_CREATE that fails takes the guest back" {
	make_dists default 'echo no luck >&2; exit 3'
	run_exit 79 vzctl create "$CT"
	has "POST_CREATE (POST_CREATE.sh) failed in the guest with exit code 3: no luck"
	status_is "deleted unmounted down"
}

@test "what a script says can't reach the administrator's terminal" {
	make_dists default 'printf "\033]0;title\007\033[2Jgone" >&2; exit 1'
	sed -i /POST_CREATE/d "$VZ/dists/default"
	guest
	run_ok vzctl start "$CT"
	has "?[2Jgone"
	hasnt $'\033'
}
