#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vztmpl import of container images: OCI layouts and what `docker save` writes. Layers with their whiteouts, compressions,
# tags; every hash is compared, and what is hostile is refused whole. The images are made here, byte by byte, and by
# umoci and skopeo where they are.

bats_require_minimum_version 1.5.0

setup()
{
	[[ -z ${WABE_LAB-} ]] || skip "nothing in it depends on the machine: it runs outside of the lab"
	[[ -z ${WABE_BUILDDIR-} ]] || PATH=$WABE_BUILDDIR/vzctl/cmd:$PATH
	T=$BATS_TEST_TMPDIR
	mkdir -p "$T/vz/conf" "$T/out" "$T/tree"
	export VZ_CONF=$T/vz/vz.conf
	printf 'TEMPLATE="%s"\nLOCKDIR="%s"\n' "$T/template" "$T/lock" >"$VZ_CONF"
	printf 'do not touch' >"$T/out/canary"
	LAYERS=() PLAIN=()
	ARCH=$(uname -m)
	ARCH=${ARCH/x86_64/amd64}
	ARCH=${ARCH/aarch64/arm64}
}

# Nothing is left of what was refused.
store_is()
{
	local names

	names=$(find "$T/template" -mindepth 1 -maxdepth 1 ! -name .lock -printf '%f\n' | sort | paste -sd' ')
	[[ $names == "$*" ]] || { echo "the store holds: $names"; return 1; }
	[[ $(cat "$T/out/canary") == 'do not touch' && $(ls -A "$T/out") == canary ]]
}

sum()
{
	sha256sum "$1" | cut -d' ' -f1
}

# Standard input as a blob of the layout $IMAGE; prints "HASH SIZE".
blob()
{
	local hash

	mkdir -p "$IMAGE/blobs/sha256"
	cat >"$IMAGE/blob"
	hash=$(sum "$IMAGE/blob")
	echo "$hash $(stat -c %s "$IMAGE/blob")"
	mv "$IMAGE/blob" "$IMAGE/blobs/sha256/$hash"
}

# A layer of the tar $1, compressed by $2, or as it is.
layer()
{
	PLAIN+=("sha256:$(sum "$1")")
	LAYERS+=("$("${2:-cat}" <"$1" | blob)")
}

# A layer of the tree $T/tree, which is emptied.
tree_layer()
{
	tar -C "$T/tree" --sort=name -cf "$T/layer.tar" .
	layer "$T/layer.tar" "${1-}"
	rm -rf "$T/tree"
	mkdir "$T/tree"
}

descriptor()
{
	jq -n --arg digest "sha256:${1% *}" --argjson size "${1#* }" --arg type "$2" '{mediaType: $type, digest: $digest, size: $size}'
}

# The manifest of all layers so far; prints its descriptor.
manifest()
{
	local config one layers='[]'

	config=$(printf '%s\n' "${PLAIN[@]}" | jq -nR --arg arch "$ARCH" \
		'{architecture: $arch, os: "linux", rootfs: {type: "layers", diff_ids: [inputs]}}' | blob)
	for one in "${LAYERS[@]}"; do
		layers=$(jq -c --argjson one "$(descriptor "$one" application/vnd.oci.image.layer.v1.tar)" '. + [$one]' <<<"$layers")
	done
	descriptor "$(jq -n --argjson config "$(descriptor "$config" application/vnd.oci.image.config.v1+json)" \
		--argjson layers "$layers" '{schemaVersion: 2, config: $config, layers: $layers}' | blob)" \
		application/vnd.oci.image.manifest.v1+json
}

# index.json of the descriptors that the words are.
index()
{
	printf '{"imageLayoutVersion": "1.0.0"}' >"$IMAGE/oci-layout"
	printf '%s\n' "$@" | jq -s '{schemaVersion: 2, manifests: .}' >"$IMAGE/index.json"
}

tagged()
{
	jq --arg tag "$2" '. + {annotations: {"org.opencontainers.image.ref.name": $tag}}' <<<"$1"
}

use_image()
{
	IMAGE=$T/$1
	mkdir -p "$IMAGE"
	LAYERS=() PLAIN=()
}

# An image with one small layer.
small_image()
{
	use_image "$1"
	mkdir "$T/tree/etc"
	echo "${2:-hello}" >"$T/tree/etc/motd"
	tree_layer
	index "$(manifest)"
}

@test "layers over each other, in each compression" {
	local filter n=0

	use_image web
	for filter in cat gzip zstd bzip2 xz; do
		mkdir -p "$T/tree/etc"
		echo "$filter" >"$T/tree/etc/last"
		n=$((n + 1))
		echo "$filter" >"$T/tree/etc/file$n"
		tree_layer "$filter"
	done
	index "$(manifest)"
	run -0 vztmpl import "oci:$IMAGE"
	[[ $output == *"template web: "* ]]
	[[ $(cat "$T/template/web/root/etc/last") == xz && $(find "$T/template/web/root/etc" -name 'file?' | wc -l) == 5 ]]
	[[ $(vztmpl info web -j | jq -r .source) == "image web" ]]
	[[ ! -e $T/template/web/image ]]
	store_is web
}

@test "a layout in a tar, and an update from an image" {
	small_image web
	tar -C "$IMAGE" -czf "$T/web.tgz" .
	run -0 vztmpl -q import "oci:$T/web.tgz" --name a
	run -0 vztmpl -q import "oci-archive:$T/web.tgz" --name b
	[[ $(cat "$T/template/a/root/etc/motd" "$T/template/b/root/etc/motd") == $'hello\nhello' ]]
	small_image next again
	run -0 vztmpl -q update a --from "oci:$IMAGE"
	[[ $(cat "$T/template/a/root/etc/motd") == again && $(vztmpl info a -j | jq .generation) == 2 ]]
	store_is a b
}

@test "whiteouts remove what lower layers have, wherever they stand, and nothing of their own layer" {
	use_image web
	mkdir -p "$T/tree"/{dir/sub,opaque/old,keep,early,file.d}
	touch "$T/tree"/{gone,dir/gone,dir/stays,opaque/old/x,opaque/y,keep/a,early/old,file.d/x}
	tree_layer
	mkdir -p "$T/tree"/{dir,opaque/new,early,nowhere}
	touch "$T/tree"/{.wh.gone,dir/.wh.gone,dir/.wh.sub,opaque/.wh..wh..opq,opaque/new/z,nowhere/.wh.x}
	# What this layer brings stays, before and after its whiteout in the archive.
	echo new >"$T/tree/early/old"
	touch "$T/tree/early/.wh.old" "$T/tree/.wh.file.d" "$T/tree/.wh..wh.plnk"
	tar -C "$T/tree" -cf "$T/layer.tar" opaque/new opaque/.wh..wh..opq early/old early/.wh.old .wh.gone dir nowhere .wh.file.d .wh..wh.plnk
	layer "$T/layer.tar" gzip
	index "$(manifest)"
	run -0 vztmpl import "oci:$IMAGE"
	cd "$T/template/web/root"
	[[ $(find . | sort | paste -sd' ') == ". ./dir ./dir/stays ./early ./early/old ./keep ./keep/a ./nowhere ./opaque ./opaque/new ./opaque/new/z" ]]
	[[ $(cat early/old) == new ]]
}

@test "one kind of file in the place of another, hard links, and setuid" {
	use_image web
	mkdir -p "$T/tree/a/b" "$T/tree/d"
	ln -s d "$T/tree/link"
	touch "$T/tree/a/b/c" "$T/tree/file" "$T/tree/one"
	ln "$T/tree/one" "$T/tree/two"
	tree_layer
	echo file >"$T/tree/a"
	mkdir "$T/tree/file" "$T/tree/link"
	echo changed >"$T/tree/two"
	chmod 4755 "$T/tree/two"
	tree_layer
	index "$(manifest)"
	run -0 vztmpl import "oci:$IMAGE"
	cd "$T/template/web/root"
	[[ -f a && -d file && -d link && ! -L link && ! -s one && $(cat two) == changed ]]
	[[ $(stat -c '%h %a' two) == "1 4755" && $(stat -c %h one) == 1 ]]
}

@test "tags and machines choose the image" {
	local one two other

	use_image web
	echo one >"$T/tree/which"
	tree_layer
	one=$(manifest)
	LAYERS=() PLAIN=()
	echo two >"$T/tree/which"
	tree_layer
	two=$(manifest)
	index "$(tagged "$one" v1)" "$(tagged "$two" v2)"
	run -3 vztmpl import "oci:$IMAGE"
	[[ $output == *"several images"* ]]
	run -3 vztmpl import "oci:$IMAGE:v3"
	[[ $output == *'no image with the tag v3 for linux/'*'tags: v1 v2'* ]]
	run -0 vztmpl import "oci:$IMAGE:v2" --name two
	[[ $(cat "$T/template/two/root/which") == two && $(vztmpl info two -j | jq -r .source) == "image web:v2" ]]
	# By the machine, and through an index in the index; an attestation is no image.
	other='. + {platform: {os: "linux", architecture: "vax"}}'
	index "$(jq "$other" <<<"$two")" "$(jq --arg arch "$ARCH" '. + {platform: {os: "linux", architecture: $arch}}' <<<"$one")" \
		"$(jq '. + {platform: {os: "unknown", architecture: "unknown"}}' <<<"$two")"
	run -0 vztmpl import "oci:$IMAGE" --name one
	[[ $(cat "$T/template/one/root/which") == one ]]
	index "$(descriptor "$(blob <"$IMAGE/index.json")" application/vnd.oci.image.index.v1+json)"
	run -0 vztmpl import "oci:$IMAGE" --name nested
	[[ $(cat "$T/template/nested/root/which") == one ]]
	index "$(jq "$other" <<<"$two")"
	run -3 vztmpl import "oci:$IMAGE"
	store_is nested one two
}

# The layers so far as `docker save` writes them, into $T/docker.tar. $1: a command that changes the files before.
docker_archive()
{
	local config layers=() i

	rm -rf "$T/docker"
	mkdir "$T/docker"
	for i in "${!LAYERS[@]}"; do
		mkdir "$T/docker/layer$i"
		cp "$IMAGE/blobs/sha256/${LAYERS[i]% *}" "$T/docker/layer$i/layer.tar"
		layers+=("layer$i/layer.tar")
	done
	printf '%s\n' "${PLAIN[@]}" | jq -nR '{rootfs: {type: "layers", diff_ids: [inputs]}}' >"$T/docker/config"
	config=$(sum "$T/docker/config").json
	mv "$T/docker/config" "$T/docker/$config"
	printf '%s\n' "${layers[@]}" | jq -nR --arg config "$config" '[{Config: $config, RepoTags: ["web:1", "web:latest"], Layers: [inputs]}]' \
		>"$T/docker/manifest.json"
	(cd "$T/docker" && eval "${1:-:}")
	tar -C "$T/docker" -cf "$T/docker.tar" .
}

@test "what docker save writes: plain and compressed layers, links to layers, tags" {
	use_image web
	echo one >"$T/tree/a"
	tree_layer
	echo two >"$T/tree/b"
	tree_layer gzip
	touch "$T/tree/.wh.a"
	tree_layer zstd
	docker_archive
	run -0 vztmpl import "docker-archive:$T/docker.tar"
	[[ $(cat "$T/template/docker/root/b") == two && ! -e $T/template/docker/root/a ]]
	run -0 vztmpl -q import "docker-archive:$T/docker.tar:web:1" --name tagged
	run -0 vztmpl -q import "docker-archive:$T/docker" --name directory
	run -3 vztmpl import "docker-archive:$T/docker.tar:web:2"
	# The same layer twice is a symbolic link in older archives.
	docker_archive 'mv layer1/layer.tar layer0/shared; ln -s ../layer0/shared layer1/layer.tar'
	run -0 vztmpl -q import "docker-archive:$T/docker.tar" --name linked
	store_is directory docker linked tagged
	# Without tags.
	docker_archive 'jq ".[0].RepoTags = null" manifest.json >x; mv x manifest.json'
	run -0 vztmpl -q import "docker-archive:$T/docker.tar" --name untagged
}

@test "a hash that doesn't hold is refused, wherever it is" {
	local file files

	small_image web
	tar -C "$IMAGE" -cf "$T/good.tar" .
	# All before the first is changed. The configuration, which is not read, is left out.
	mapfile -t files < <(find "$IMAGE/blobs" -type f ! -exec grep -q '"rootfs"' {} \; -print)
	((${#files[@]} >= 2))
	for file in "${files[@]}"; do
		tar -C "$IMAGE" -xf "$T/good.tar"
		# Same size, another content.
		printf X | dd of="$file" bs=1 seek=9 conv=notrunc status=none
		run -3 vztmpl import "oci:$IMAGE"
		[[ $output == *"refused"* ]]
		tar -C "$IMAGE" -xf "$T/good.tar"
		printf X >>"$file"
		run -3 vztmpl import "oci:$IMAGE"
		tar -C "$IMAGE" -xf "$T/good.tar"
	done
	store_is
	docker_archive 'printf X | dd of=layer0/layer.tar bs=1 seek=600 conv=notrunc status=none'
	run -3 vztmpl import "docker-archive:$T/docker.tar"
	[[ $output == *"its SHA-256 is"* ]]
	docker_archive 'sed -i "s/layers/Layers/" ????????????????*.json'
	run -3 vztmpl import "docker-archive:$T/docker.tar"
	[[ $output == *"the SHA-256 of"* ]]
	store_is
}

# An image whose only layer is a tar that tar(1) makes by these words; refused with the text $1.
hostile_layer()
{
	local text=$1

	shift
	use_image hostile
	tar -C "$T/tree" -cPf "$T/layer.tar" "$@"
	layer "$T/layer.tar" gzip
	index "$(manifest)"
	run -3 vztmpl import "oci:$IMAGE"
	[[ $output == *"$text"* ]] || { echo "$text: $output"; return 1; }
	store_is
}

@test "hostile layers are refused whole" {
	mkdir "$T/tree/etc"
	echo x >"$T/tree/etc/x"
	ln "$T/tree/etc/x" "$T/tree/etc/y"
	ln -s "$T/out" "$T/tree/link"
	mknod "$T/tree/null" c 1 3
	mknod "$T/tree/white" c 0 0
	hostile_layer '".."' --transform 's,^etc/x$,../../out/canary,' etc/x
	hostile_layer 'absolute' --transform "s,^etc/x\$,$T/out/canary," etc/x
	hostile_layer 'symbolic link as a parent' --transform 's,^etc/x$,link/canary,' link etc/x
	hostile_layer 'hard link' --transform "s,^etc/x\$,$T/out/canary,RSh" --transform 's,^etc/x$,z,' etc/x etc/y
	hostile_layer 'device node' null
	hostile_layer 'device node' white
	hostile_layer '65535' --owner=65536 etc/x
	# Whiteouts reach as little.
	hostile_layer '".."' --transform 's,^etc/x$,../../out/.wh.canary,' etc/x
	hostile_layer 'absolute' --transform "s,^etc/x\$,$T/out/.wh.canary," etc/x
	hostile_layer 'a whiteout of nothing' --transform 's,^etc/x$,etc/.wh...,' etc/x
	hostile_layer 'a whiteout of nothing' --transform 's,^etc/x$,.wh.,' etc/x
	hostile_layer 'a whiteout of nothing' --transform 's,^etc/x$,etc/.wh..,' etc/x
}

@test "a whiteout does not go through a link of a lower layer" {
	use_image web
	ln -s "$T/out" "$T/tree/link"
	tree_layer
	touch "$T/tree/x"
	tar -C "$T/tree" -cPf "$T/layer.tar" --transform 's,^x$,link/.wh.canary,' x
	layer "$T/layer.tar"
	index "$(manifest)"
	run -3 vztmpl import "oci:$IMAGE"
	[[ $output == *"symbolic link as a parent"* ]]
	store_is
	# The same of a directory's content.
	LAYERS=("${LAYERS[0]}") PLAIN=("${PLAIN[0]}")
	tar -C "$T/tree" -cPf "$T/layer.tar" --transform 's,^x$,link/.wh..wh..opq,' x
	layer "$T/layer.tar"
	index "$(manifest)"
	run -3 vztmpl import "oci:$IMAGE"
	store_is
}

@test "hostile layouts are refused: links out, directories, documents that are none" {
	local good

	small_image web
	tar -C "$IMAGE" -cf "$T/good.tar" .
	good=$(jq -r '.manifests[0].digest' "$IMAGE/index.json")
	again()
	{
		rm -rf "$IMAGE"
		mkdir "$IMAGE"
		tar -C "$IMAGE" -xf "$T/good.tar"
	}
	refused()
	{
		run -3 vztmpl import "oci:$IMAGE"
		[[ $output == *"$1"* ]] || { echo "$1: $output"; return 1; }
		store_is
		again
	}
	ln -sf "$T/out/canary" "$IMAGE/index.json"
	refused "lacks index.json"
	mv "$IMAGE/blobs" "$T/blobs"
	ln -s "$T/blobs" "$IMAGE/blobs"
	refused "lacks blobs/sha256/"
	rm "$IMAGE/index.json"
	mkfifo "$IMAGE/index.json"
	refused "no regular file"
	rm "$IMAGE/oci-layout"
	refused "lacks oci-layout"
	echo '{"imageLayoutVersion": "2.0.0"}' >"$IMAGE/oci-layout"
	refused "not version 1"
	sed -i 's/sha256:/sha512:/' "$IMAGE/index.json"
	refused "only digests of SHA-256"
	sed -i "s,$good,sha256:../../../out/canary," "$IMAGE/index.json"
	refused "not a digest"
	echo '{"manifests": [' >"$IMAGE/index.json"
	refused "index"
	head -c 5M /dev/zero >"$IMAGE/index.json"
	refused "index.json"
	printf '{"manifests":%s' "$(printf '[%.0s' {1..5000})" >"$IMAGE/index.json"
	refused "index"
	jq '.manifests[0].size = 1' "$IMAGE/index.json" >"$T/x"
	cp "$T/x" "$IMAGE/index.json"
	refused "bytes"
	rm "$IMAGE/blobs/sha256/${LAYERS[0]% *}"
	refused "lacks blobs/sha256/"
}

@test "words that are wrong" {
	small_image web
	run -148 vztmpl import "oci:$T/nothing"
	run -148 vztmpl import "docker-archive:$T/nothing:tag"
	run -3 vztmpl import "docker-archive:$IMAGE"
	run -21 vztmpl import "oci:$IMAGE" --name ../x
	head -c 5000 /dev/urandom >"$T/noise.tar"
	run -3 vztmpl import "oci:$T/noise.tar"
	store_is
}

@test "an image larger than the disk is refused, and leaves nothing" {
	use_image big
	head -c 8M /dev/urandom >"$T/tree/big"
	tree_layer
	index "$(manifest)"
	mkdir "$T/template"
	mount -t tmpfs -o size=4m none "$T/template"
	run vztmpl import "oci:$IMAGE"
	local left
	left=$(find "$T/template" -mindepth 1 -maxdepth 1 ! -name .lock)
	umount "$T/template"
	[[ $status == 46 && -z $left ]]
}

@test "a bomb that unpacks to far more than there is room for is refused before it is unpacked" {
	use_image bomb
	# 600 KB that are 128 MB of zeros, for a template directory of 3 MB: the bound is of the space that is there.
	truncate -s 128M "$T/tree/zeros"
	tar -C "$T/tree" -c zeros | gzip -1 >"$T/bomb.tgz"
	LAYERS+=("$(blob <"$T/bomb.tgz")")
	PLAIN+=("sha256:$(gzip -dc "$T/bomb.tgz" | sha256sum | cut -d' ' -f1)")
	index "$(manifest)"
	mkdir "$T/template"
	mount -t tmpfs -o size=3m none "$T/template"
	SECONDS=0
	run vztmpl import "oci:$IMAGE"
	local left
	left=$(find "$T/template" -mindepth 1 -maxdepth 1 ! -name .lock)
	umount "$T/template"
	[[ $status == 46 && -z $left && $SECONDS -lt 20 ]]
}

@test "a killed import leaves nothing that stays" {
	type -P strace >/dev/null || skip "needs strace"
	use_image web
	touch "$T/tree/a"
	tree_layer
	touch "$T/tree/b"
	tree_layer gzip
	index "$(manifest)"
	tar -C "$IMAGE" -cf "$T/web.tar" .
	local point
	for point in mkdirat:3 clone3:1 clone3:2 clone3:3 recvmsg:1 recvmsg:2 unlinkat:1 symlinkat:1 syncfs:1 renameat2:1; do
		strace -qq -o /dev/null -e "inject=${point%:*}:signal=KILL:when=${point#*:}" vztmpl -q import "oci:$T/web.tar" --name web >/dev/null 2>&1 3>&- || true
		run -0 vztmpl -q import "oci:$T/web.tar" --name other
		vztmpl -q remove other
		[[ ! -e $T/template/web ]] || vztmpl -q remove web
		store_is
	done
}

@test "an image of umoci, and one that skopeo made of it" {
	local program

	for program in umoci skopeo; do
		type -P $program >/dev/null || skip "needs $program"
	done
	umoci init --layout "$T/layout"
	umoci new --image "$T/layout:first"
	umoci unpack --image "$T/layout:first" "$T/bundle"
	mkdir "$T/bundle/rootfs/etc"
	echo one >"$T/bundle/rootfs/etc/one"
	echo two >"$T/bundle/rootfs/etc/two"
	umoci repack --image "$T/layout:second" "$T/bundle"
	rm "$T/bundle/rootfs/etc/one"
	umoci unpack --image "$T/layout:second" "$T/bundle2"
	rm "$T/bundle2/rootfs/etc/one"
	umoci repack --image "$T/layout:third" "$T/bundle2"
	run -0 vztmpl -q import "oci:$T/layout:third" --name by-umoci
	[[ $(ls "$T/template/by-umoci/root/etc") == two ]]
	skopeo --insecure-policy copy -q "oci:$T/layout:third" "docker-archive:$T/by-skopeo.tar:web:latest"
	skopeo --insecure-policy copy -q "oci:$T/layout:third" "oci-archive:$T/again.tar:x"
	run -0 vztmpl -q import "docker-archive:$T/by-skopeo.tar"
	run -0 vztmpl -q import "oci:$T/again.tar:x"
	diff -r "$T/template/by-umoci/root" "$T/template/by-skopeo/root"
	diff -r "$T/template/by-umoci/root" "$T/template/again/root"
}
