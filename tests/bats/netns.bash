# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# For tests whose guests have addresses, beside helpers.bash: a host of their own, which is a network namespace that vzctl runs
# in. Devices, routes and packet filter tables of such guests are in there, not on the machine that the tests run on.

# Every vzctl of the test from here on, also the teardown's, runs on that host; on_host runs something else there.
own_network()
{
	requires nsenter unshare
	hold HOST
	mkdir "$T/bin"
	in_namespace "$HOST" "$(type -P vzctl)" >"$T/bin/vzctl"
	in_namespace "$HOST" >"$T/bin/on_host"
	chmod +x "$T"/bin/*
	PATH=$T/bin:$PATH
	on_host ip link set lo up
}

# A script that runs its arguments in the network namespace of process $1.
in_namespace()
{
	printf '#!/bin/sh\nexec nsenter --net=/proc/%s/ns/net %s "$@"\n' "$1" "${2-}"
}

# A network namespace with somebody in it, whose pid goes to the variable $1; the teardown ends it.
hold()
{
	local pid

	unshare -n sleep 1000 3>&- >/dev/null 2>&1 &
	pid=$!
	wait_for own_namespace "$pid"
	HELD+=("$pid")
	printf -v "$1" %s "$pid"
}

own_namespace()
{
	[[ -e /proc/$1/ns/net && ! /proc/$1/ns/net -ef /proc/self/ns/net ]] && [[ $(cat "/proc/$1/comm") == sleep ]]
}
