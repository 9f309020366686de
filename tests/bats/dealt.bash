# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Rounds of a test side by side: `load dealt` after `load helpers`. A round is mostly waiting for the kernel (cgroups and
# namespaces that go, fsync), so that even one processor has time for a few.

# Call function $1 with the words of each line of standard input. The lines are dealt to some shells, WABE_WORKERS at most, each
# with a tree of its own ($T, $VZ, $CGROUP), in which it calls the functions more_setup and prepare first, where there are such,
# and looks for leaks at the end. Fails, with what they said, when one of them did: at the first round that failed, or with
# WABE_GO_ON=1 after all of them.
dealt()
{
	local i count pids=() failed=0

	cat >"$T/lines"
	count=$(wc -l <"$T/lines")
	count=$((count / 6 + 1))
	((count <= ${WABE_WORKERS:-3})) || count=${WABE_WORKERS:-3}
	for ((i = 0; i < count; i++)); do
		worker "$1" "$i" "$count" <"$T/lines" >"$T/worker$i.out" 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${!pids[@]}"; do
		wait "${pids[i]}" || failed=1
		cat "$T/worker$i.out"
	done
	return $failed
}

# $1: function, $2: which worker, $3: of how many
worker()
{
	# bats' own traps are for its shell.
	trap - ERR DEBUG
	set -e +ET
	T=$T/worker$2
	mkdir "$T"
	awk -v which="$2" -v count="$3" 'NR % count == which' >"$T/lines"
	CGROUP=$CGROUP-$2
	own_tree "-$2"
	host_facts >"$T/before"
	line='' failed=0
	trap 'leave_worker $?' EXIT
	! type -t more_setup >/dev/null || more_setup
	! type -t prepare >/dev/null || prepare
	while read -r line <&8; do
		# shellcheck disable=SC2086 # words
		if [[ -z ${WABE_GO_ON-} ]]; then $1 $line; else go_on $1 $line; fi
	done 8<"$T/lines"
	((failed == 0))
}

# A round that may fail; what it leaves is not the next one's.
go_on()
{
	local status

	set +e
	(set -e; "$@")
	status=$?
	set -e
	if ((status)); then
		echo "failed at: ${*:2}"
		failed=1
		host_facts >"$T/before"
	fi
}

# $1: its exit code
leave_worker()
{
	local status=$1

	set +e
	((status == 0)) || echo "worker $T failed at: $line"
	teardown || status=1
	exit "$status"
}
