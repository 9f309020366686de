#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes a kernel: Debian's linux-source-6.12 with the series of kernel-patches/, everything that is needed built in, and the
# series' own selftests, linked statically.
#
# usage: kernel.sh [--unpatched] DIR CONFIG...   fills DIR with vmlinuz initrd config release selftests/; run calls it,
#                                                and tests/bench/kernel; CONFIG are files, the last has the last word
#        kernel.sh --version                     what apt would install of the source
# --unpatched leaves out the series, its options and selftests.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/lib.sh
. "$here/lib.sh"

readonly series_dir=$here/../../kernel-patches/linux-6.12
readonly source_package=linux-source-6.12

source_version()
{
	apt-cache policy "$source_package" | sed -n 's/^ *Candidate: //p'
}

# The package is only unpacked, not installed: it would add 150 MB to the host.
# $1: where to
fetch_source()
{
	(
		mkdir "$1/deb" && cd "$1/deb" &&
			apt-get -qq -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root download "$source_package" &&
			dpkg-deb --fsys-tarfile ./*.deb | tar -xO "./usr/src/$source_package.tar.xz" | tar -xJ --strip-components=1 -C "$1"
	) >&2 || lab_die "could not fetch $source_package"
	rm -r "$1/deb"
}

# $1: the tree
apply_series()
{
	local patch

	while read -r patch; do
		GIT_CEILING_DIRECTORIES=${1%/*} git -C "$1" apply --whitespace=nowarn "$series_dir/$patch" ||
			lab_die "$patch doesn't apply to $source_package"
	done < <(sed 's/#.*//; /^[[:space:]]*$/d' "$series_dir/series")
}

# tinyconfig and what the files say; what the kernel doesn't take of them is an error.
# $1: the tree, $2: the build directory, $3: an expression for lines of no concern, further: the files
configure()
{
	local tree=$1 obj=$2 without=$3 line wanted=$2/wanted
	shift 3

	make -s -C "$tree" O="$obj" tinyconfig
	# of an option's lines the last one
	sed -nE 's/^(CONFIG_[A-Z0-9_]+)=.*|^# (CONFIG_[A-Z0-9_]+) is not set$/\1\2 &/p' "$@" | grep -vE "$without" |
		tac | sort -s -u -k1,1 | cut -d' ' -f2- >"$wanted"
	"$tree/scripts/kconfig/merge_config.sh" -m -O "$obj" "$obj/.config" "$wanted" >/dev/null
	make -s -C "$tree" O="$obj" olddefconfig
	while read -r line; do
		grep -qx "$line" "$obj/.config" || lab_die "the kernel has no $line"
	done < <(grep '=' "$wanted")
}

# $1: the tree, $2: the build directory, $3: where the programs go
build_selftests()
{
	local file name

	make -s -C "$1" O="$2" headers_install INSTALL_HDR_PATH="$2/headers"
	mkdir "$3"
	for file in "$1"/tools/testing/selftests/ctx/*_test.c; do
		name=${file##*/}
		gcc -O2 -static -isystem "$2/headers/include" -o "$3/${name%.c}" "$file" || lab_die "$file doesn't compile"
	done
}

# initrd-init has nothing to load then.
# $1: where to work, $2: the file
make_initrd()
{
	mkdir -p "$1"/{bin,dev,proc,root,modules}
	cp /bin/busybox "$1/bin/"
	install -m 755 "$here/initrd-init" "$1/init"
	(cd "$1" && find . | ./bin/busybox cpio -o -H newc) >"$2" 2>/dev/null
}

main()
{
	local patched=yes out obj without='^$'

	[[ $1 != --unpatched ]] || { patched=no without='CONFIG_(CGROUP_)?CTX_?' && shift; }
	# in the tree: the compiler is given paths that don't say where the tree is, which is what a compiler cache wants
	out=$1 obj=$1/src/obj
	shift
	lab_need gcc libc6-dev make flex bison bc libelf-dev libssl-dev git rsync xz-utils busybox-static
	mkdir "$out/src"
	lab_say "fetching $source_package $(source_version)"
	fetch_source "$out/src"
	mkdir "$obj"
	[[ $patched == no ]] || apply_series "$out/src"
	configure "$out/src" "$obj" "$without" "$@" >&2
	lab_say "building the kernel (10 minutes on 2 processors, once)"
	make -s -C "$out/src" O="$obj" -j"$(nproc)" KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab bzImage >&2 ||
		lab_die "the kernel doesn't build"
	cp "$obj/arch/x86/boot/bzImage" "$out/vmlinuz"
	cp "$obj/.config" "$out/config"
	cp "$obj/include/config/kernel.release" "$out/release"
	[[ $patched == no ]] || build_selftests "$out/src" "$obj" "$out/selftests" >&2
	make_initrd "$out/initrd.d" "$out/initrd"
	rm -rf --one-file-system -- "$out/src" "$out/initrd.d"
}

if [[ ${1-} == --version ]]; then
	source_version
else
	main "$@"
fi
