# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A template store with a real Debian for tests, made once and kept beside the lab's disks. Sourced after
# tests/lab/lib.sh; the working directory is the project's root.

# Fill a directory with the store.
# $1: the directory
template_build()
{
	local conf

	conf=$(mktemp)
	printf 'TEMPLATE="%s"\nLOCKDIR="%s/.locks"\nRECIPEDIR="%s/templates"\n' "$1" "$1" "$PWD" >"$conf"
	if ! vztmpl --config "$conf" build debian-12 >&2; then
		rm -f "$conf"
		return 1
	fi
	rm -f "$conf"
}

# Make the store unless it is there: a template store that holds debian-12, named by a hash of what it is made of.
# vztmpl is found in PATH. Sets TEMPLATE_STORE, and holds a lock on it as long as the caller lives.
template_store()
{
	local name

	name=$(cat templates/debian-12 templates/lib/*.sh <(printf '%s' "${MIRROR-}") | lab_hash)
	TEMPLATE_STORE=$(lab_cached "$(lab_cache_dir)/stores" "$name" template_build) || return
	exec {template_fd}<"$TEMPLATE_STORE"
	flock --shared "$template_fd"
}
