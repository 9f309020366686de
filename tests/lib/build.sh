# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared by check and demo: build directories below build/ of the project, which is the working directory.

# Where ccache is installed a new clone, elsewhere, finds with these what was compiled before.
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1

# Make build/$1 with a compiler and meson's options unless it is there; made anew when it had others. Meson's output is
# on standard error.
# $1: name, $2: compiler, further: options
build_setup()
{
	local dir=build/$1 cc=$2 wanted="$*"
	shift 2

	[[ ! -f $dir/build.ninja || $(cat "$dir/wabe-options" 2>/dev/null) != "$wanted" ]] || return 0
	rm -rf "$dir"
	! command -v ccache >/dev/null || cc="ccache $cc"
	CC=$cc meson setup "$dir" . "$@" >&2 || return
	echo "$wanted" >"$dir/wabe-options"
}

# The one that check tests and demo shows.
build_setup_gcc() { build_setup gcc gcc -Dwerror=true; }
