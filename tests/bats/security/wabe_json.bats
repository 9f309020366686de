#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# config.json as an attack: malformed, endless, cut (yajl's CVEs), and names in it that would be paths.

load ../oci

# Run on the configuration as it is; the error is wanted within seconds, in bounded memory.
quickly_refused()
{
	local began=$SECONDS

	refused "$1" bash -c 'ulimit -v 1000000; exec timeout 20 "$@"' - "$WABE" --root "$STATE" run --bundle "$B" "$ID"
	((SECONDS - began < 15))
	[[ ${#output} -lt 2000 && $output == wabe:* ]] || shown
	[[ ! -e $STATE/$ID ]]
}

@test "malformed documents" {
	local text
	while IFS= read -r text; do
		printf '%b' "$text" >"$B/config.json"
		quickly_refused "config.json"
	done <<-'EOF2'

		{
		}
		[]
		null
		"text"
		12
		{"ociVersion":
		{"ociVersion": "1.0.2",}
		{"ociVersion": "1.0.2"} x
		{"ociVersion": "1.0.2", "ociVersion": "1.0.2"}
		{"ociVersion": "\\ud800"}
		{"ociVersion": "\\u00"}
		{"ociVersion": "a\\u0000b"}
		{"ociVersion": "a\0b"}
		{"ociVersion": "\xff\xfe"}
		{"ociVersion": "1.0.2" /* x */}
		{'ociVersion': '1.0.2'}
		{"ociVersion": 1.0}
		{"ociVersion": "2.0.0"}
		{"ociVersion": "1.0.2", "root": "text"}
		{"ociVersion": "1.0.2", "root": {}}
		{"ociVersion": "1.0.2", "root": {"path": "x"}, "process": []}
		{"ociVersion": "1.0.2", "root": {"path": "x"}, "process": {"cwd": "/", "args": [1]}}
		{"ociVersion": "1.0.2", "root": {"path": "x"}, "process": {"cwd": "/", "args": "sh"}}
		{"ociVersion": "1.0.2", "root": {"path": "x"}, "linux": {"resources": {"memory": {"limit": 1e400}}}}
		{"ociVersion": "1.0.2", "root": {"path": "x"}, "linux": {"resources": {"memory": {"limit": 99999999999999999999}}}}
	EOF2
}

@test "ten megabytes, deep nesting, endless lists" {
	{ printf '{"ociVersion": "'; head -c 10000000 /dev/zero | tr '\0' a; echo '"}'; } >"$B/config.json"
	quickly_refused "config.json"
	{ printf '{"x": '; head -c 1000000 /dev/zero | tr '\0' '['; } >"$B/config.json"
	quickly_refused "config.json"
	{ printf '{"x": '; yes '{"a":' | head -n 200000 | tr -d '\n'; } >"$B/config.json"
	quickly_refused "config.json"
	{ printf '{"x": ['; yes '1,' | head -n 1000000 | tr -d '\n'; echo '1]}'; } >"$B/config.json"
	quickly_refused "config.json"
	rm "$B/config.json"
	ln -s /dev/zero "$B/config.json"
	quickly_refused "config.json"
	rm "$B/config.json"
	mkdir "$B/config.json"
	quickly_refused "config.json"
	rmdir "$B/config.json"
	mkfifo "$B/config.json"
	quickly_refused "config.json is no regular file"
}

@test "a configuration that is cut anywhere is refused" {
	local size cut
	cp "$B/config.json" "$T/whole"
	size=$(stat -c %s "$T/whole")
	for ((cut = 0; cut < size - 2; cut += size / 25 + 1)); do
		head -c "$cut" "$T/whole" >"$B/config.json"
		quickly_refused "config.json"
	done
}

# No key or id becomes a file of somebody else's.
@test "keys that are names of files are no paths (2026-33945)" {
	local key

	for key in ../x kernel/../../x /etc/passwd .. a/b; do
		cp "$BASE" "$B/config.json"
		conf '.linux.sysctl = {($k): "1"}' --arg k "$key"
		refused_container "linux.sysctl"
		cp "$BASE" "$B/config.json"
		conf '.linux.resources.unified = {($k): "1"}' --arg k "$key"
		refused_container "linux.resources"
		cp "$BASE" "$B/config.json"
		conf '.linux.resources.hugepageLimits = [{pageSize: $k, limit: 1}]' --arg k "$key"
		refused_container "linux.resources"
		refused "" W create --bundle "$B" "$key"
	done
}
