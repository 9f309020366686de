#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes the lab's disks: Debian with its own cloud kernel and the packages that the tests need, a small
# initrd, and an empty data disk with project quotas. Nothing of the project goes in, so that they
# outlive every change of it.
#
# usage: image.sh DIR    fills DIR with root.ext4 data.ext4 vmlinuz initrd packages; run calls it
# MIRROR=URL             what mmdebstrap fetches from; its own default else
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/lab/lib.sh
. "$here/lib.sh"

readonly suite=bookworm
# Sparse; what a run writes goes to a snapshot and is dropped.
readonly root_size=3G data_size=6G
# The disks need these; ext4 is built into the kernel, all others come from the root.
readonly initrd_modules=(virtio_pci virtio_blk)

# The package list without its comments, as mmdebstrap wants it.
package_list()
{
	sed 's/#.*//; /^[[:space:]]*$/d' "$here/packages" | paste -sd,
}

# initramfs-tools' hook is left out: our initrd is smaller and made below.
make_tree()
{
	local tree=$1

	# shellcheck disable=SC2016 # mmdebstrap's shell expands $1
	mmdebstrap --mode=root --variant=minbase \
		--include="$(package_list)" \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/etc/kernel/postinst.d/initramfs-tools' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--customize-hook='cd "$1"; echo lab >etc/hostname; : >etc/resolv.conf' \
		--customize-hook='cd "$1"; printf "127.0.0.1 localhost lab\n::1 localhost\n" >etc/hosts' \
		--customize-hook='cd "$1"; mkdir lab vz var/lib/vz' \
		"$suite" "$tree" ${MIRROR:+"$MIRROR"} </dev/null >&2
}

# Print the files of the initrd's modules, each after those that it depends on.
# $1: the tree's module directory
module_files()
{
	local name

	for name in "${initrd_modules[@]}"; do
		# modules.dep: "FILE: DEP...", where a later dependency is loaded first
		awk -v name="$name.ko:" '{
			n = split($1, part, "/")
			if (part[n] != name) next
			for (i = NF; i > 1; i--) print $i
			sub(/:$/, "", $1); print $1
		}' "$1/modules.dep"
	done | awk '!seen[$0]++'
}

# $1: the tree, $2: where to work, $3: the file to write
make_initrd()
{
	local tree=$1 work=$2 out=$3 modules file count=10

	modules=$(echo "$tree"/lib/modules/*)
	mkdir -p "$work"/{bin,dev,proc,root,modules}
	cp "$tree/bin/busybox" "$work/bin/"
	install -m 755 "$here/initrd-init" "$work/init"
	while read -r file; do
		cp "$modules/$file" "$work/modules/$((count++))-${file##*/}"
	done < <(module_files "$modules")
	((count > 10)) || lab_die "no ${initrd_modules[*]} in $modules/modules.dep"
	(cd "$work" && find . | ./bin/busybox cpio -o -H newc) >"$out" 2>/dev/null
}

# Zeroed storage and no journal: neither the host nor the emulated machine writes what nobody reads.
# $1: the file, $2: its size, further: mke2fs' options
make_ext4()
{
	local file=$1 size=$2
	shift 2

	truncate -s "$size" "$file"
	mke2fs -q -t ext4 -m 0 -E lazy_itable_init=1,assume_storage_prezeroed=1 "$@" "$file" >&2
}

main()
{
	local out=$1

	make_tree "$out/tree"
	make_initrd "$out/tree" "$out/initrd.d" "$out/initrd"
	cp "$out"/tree/boot/vmlinuz-* "$out/vmlinuz"
	# shellcheck disable=SC2016 # dpkg-query expands the fields
	chroot "$out/tree" dpkg-query -W -f '${Package} ${Version}\n' >"$out/packages"
	make_ext4 "$out/root.ext4" "$root_size" -O ^has_journal -d "$out/tree"
	make_ext4 "$out/data.ext4" "$data_size" -O quota,project
	rm -rf --one-file-system -- "$out/tree" "$out/initrd.d"
}

main "$@"
