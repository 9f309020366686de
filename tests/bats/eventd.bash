# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# vzeventd in tests: `load eventd` after `load helpers`.

# Further words go to vzeventd.
start_eventd()
{
	vzeventd "$@" >>"$T/eventd.log" 2>&1 </dev/null 3>&- &
	EVENTD=$!
	WAIT_TENTHS=100 wait_for has_watcher
}

watcher()
{
	pgrep -P "$EVENTD" -x vzeventd-watch
}

has_watcher()
{
	[[ -S $VZ/run/.eventd/run ]] && watcher >/dev/null
}

stop_eventd()
{
	[[ -z ${EVENTD-} ]] || kill "$EVENTD" 2>/dev/null || true
	[[ -z ${EVENTD-} ]] || wait "$EVENTD" || true
	EVENTD=
}

eventd_teardown()
{
	stop_eventd
	[[ ! -s $T/eventd.log ]] || cat "$T/eventd.log"
	rm -rf "$VZ/run/.eventd" "$VZ/events.d"
}

more_teardown()
{
	eventd_teardown
}

# A hook that writes lines "CTID EVENT".
hook()
{
	mkdir -p "$VZ/events.d"
	cat >"$VZ/events.d/10-log" <<-EOF
		#!/bin/sh
		echo "\$CTID \$EVENT" >>$T/events
	EOF
	chmod 755 "$VZ/events.d/10-log"
}

has_event()
{
	grep -qx "$1" "$T/events" 2>/dev/null
}

init_of()
{
	readlink "$VZ/root/$CT" | grep -oE '[0-9]+'
}

# The guest runs, and not as process $1. The link at VE_ROOT comes after its init.
is_up_again()
{
	local init

	init=$(init_of) && [[ $init != "$1" && $(vzctl status "$CT") == *running ]]
}

is_cleaned()
{
	[[ $(vzctl status "$CT") == "CTID $CT exist unmounted down" && -d $VZ/root/$CT && ! -L $VZ/root/$CT && ! -e $VZ/run/$CT ]]
}
