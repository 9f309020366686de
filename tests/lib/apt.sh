# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared by check, demo and the lab: what they need of Debian's packages.

# Print those of the given packages that aren't installed.
apt_missing()
{
	local package

	for package; do
		[[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] ||
			printf '%s\n' "$package"
	done
}

# Install what is missing of the given packages; the lists are fetched only then. Says on standard error what it does.
# Returns 1, with the reason said, when that can't be done.
apt_need()
{
	local missing

	mapfile -t missing < <(apt_missing "$@")
	((${#missing[@]})) || return 0
	if ! command -v apt-get >/dev/null || ((EUID != 0)); then
		printf 'these packages are missing: %s (install them, or run as root on Debian)\n' "${missing[*]}" >&2
		return 1
	fi
	printf 'installing with apt: %s\n' "${missing[*]}" >&2
	{ apt-get -qq -o DPkg::Lock::Timeout=300 update &&
		DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
			-o Dpkg::Use-Pty=0 install "${missing[@]}"; } </dev/null 3>&- | apt_progress >&2
	mapfile -t missing < <(apt_missing "${missing[@]}")
	((${#missing[@]})) || return 0
	printf 'apt-get could not install %s\n' "${missing[*]}" >&2
	return 1
}

# apt's output as one line that moves on a terminal, else only its errors (they come on standard error anyhow).
apt_progress()
{
	local line

	while IFS= read -r line; do
		[[ ! -t 2 ]] || printf '\r\033[K%.100s' "$line"
	done
	[[ ! -t 2 ]] || printf '\r\033[K'
}

# What building the project needs.
# shellcheck disable=SC2034 # for those who source this
APT_BUILD=(gcc libc6-dev meson ninja-build pkg-config
	libseccomp-dev libcap-dev libcgroup-dev libyajl-dev libarchive-dev libmnl-dev libnftables-dev libsystemd-dev)
