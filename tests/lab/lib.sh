# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared by run and image.sh: messages, the programs that the host needs, the cache and its locks.

# shellcheck source=tests/lib/apt.sh
. "${BASH_SOURCE[0]%/*}/../lib/apt.sh"

# run's exit status when the lab itself fails, as distinct from the tests in it (1) and a usage error (2).
readonly LAB_FAILED=125

lab_say()
{
	printf 'lab: %s\n' "$*" >&2
}

lab_die()
{
	printf 'lab: error: %s\n' "$*" >&2
	exit "$LAB_FAILED"
}

# Install the packages that the host lacks.
lab_need()
{
	apt_need "$@" || lab_die "packages are missing"
}

# The directory that holds everything the lab keeps between runs.
lab_cache_dir()
{
	printf '%s/wabe/lab\n' "${XDG_CACHE_HOME:-${HOME:?}/.cache}"
}

# A short name for the content of stdin.
lab_hash()
{
	sha256sum | cut -c1-16
}

# Remove the entries of a cache directory that nobody uses: who uses one holds a shared lock on it, so
# that of another checkout's running lab stays. Half-built ones (.new.*) have no user; the caller holds
# the lock under which they are built.
# $1: the directory, $2: the name to keep
lab_prune()
{
	local entry

	for entry in "$1"/* "$1"/.new.*; do
		[[ -d $entry && ${entry##*/} != "$2" ]] || continue
		flock --exclusive --nonblock "$entry" rm -rf --one-file-system -- "$entry" || :
	done
}

# Make a cache entry unless it is there, and print its path. It appears whole or not at all.
# $1: the directory that holds the kind, $2: the entry's name, further: a command, which gets as last
# argument the directory to fill
lab_cached()
{
	local kind=$1 name=$2 new
	shift 2

	printf '%s\n' "$kind/$name"
	[[ ! -d $kind/$name ]] || return 0
	mkdir -p "$kind"
	exec 9>"$kind/lock"
	flock --nonblock 9 || { lab_say "waiting for another build in $kind"; flock 9; }
	if [[ ! -d $kind/$name ]]; then
		lab_prune "$kind" "$name"
		new=$(mktemp -d "$kind/.new.XXXXXX")
		"$@" "$new" 9>&- || { rm -rf --one-file-system -- "$new"; return 1; }
		sync -f "$new"
		mv -T "$new" "$kind/$name"
	fi
	exec 9>&-
}
