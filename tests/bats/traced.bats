#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tests/traced: a requirement without a test, or with one that isn't there, is found.

bats_require_minimum_version 1.5.0

setup()
{
	TRACED=$BATS_TEST_DIRNAME/../traced
	TABLE=$BATS_TEST_TMPDIR/table.tsv
}

# A table of the lines on standard input, whose "~" are tabs, fails and says $1.
fails()
{
	tr '~' '\t' >"$TABLE"
	run -1 "$TRACED" "$TABLE"
	[[ $output == "not ok "* && $output == *"$1"* ]] || { echo "missing: $1"; echo "$output"; return 1; }
}

@test "a row that names tests which exist holds" {
	printf '%s\t' a "place" "what holds" 'bats/traced.bats:a row that names tests which exist holds' >"$TABLE"
	printf 'unit/tap.h:static inline int tap_end\n# a comment\n\nb\tplace\twhat\tn/a: no reason\n' >>"$TABLE"
	run -0 "$TRACED" "$TABLE"
	[[ ${lines[0]} == "ok - "* && ${lines[1]} == "# 1 rows are held by tests, 1 have a reason instead" && ${lines[2]} == 1..1 ]]
}

@test "a row without a test, or with one that isn't there, doesn't" {
	fails "a: has no test" <<<'a~place~what'
	fails "a: field 4 is empty" <<<'a~place~what~'
	fails "a: field 2 is empty" <<<'a~ ~what~n/a: x'
	fails 'there is no test "gone" in tests/bats/traced.bats' <<<'a~place~what~bats/traced.bats:gone'
	# A part of a name is not that test.
	fails 'there is no test "a row that names"' <<<'a~place~what~bats/traced.bats:a row that names'
	fails 'there is no test "x" in tests/bats/gone.bats' <<<'a~place~what~bats/gone.bats:x'
	fails 'there is no file tests/unit/gone.c' <<<'a~place~what~unit/gone.c:x'
	fails '"no such words" is not in tests/unit/tap.h' <<<'a~place~what~unit/tap.h:no such words'
	fails 'is not FILE:TEST' <<<'a~place~what~words'
	fails 'is not FILE:TEST' <<<'a~place~what~n/a:'
	fails 'is not FILE:TEST' <<<'a~place~what~bats/traced.bats:'
	fails 'a: is there twice' <<<$'a~place~what~n/a: x\na~place~what~n/a: x'
	fails 'there is no test "gone"' <<<$'a~place~what~n/a: x\nb~place~what~unit/tap.h:tap_end~bats/traced.bats:gone'
	fails 'has no rows' <<<'# nothing'
}

@test "a table that can't be read is no table that holds" {
	run ! "$TRACED" "$BATS_TEST_TMPDIR/none.tsv"
}
