#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vzctl(8) has every verb, option, parameter and exit code that vzctl has.

bats_require_minimum_version 1.5.0

setup()
{
	[[ -z ${WABE_BUILDDIR-} ]] || PATH=$WABE_BUILDDIR/vzctl/cmd:$PATH
	page=$BATS_TEST_TMPDIR/page
	if [[ -f $BATS_TEST_DIRNAME/../../man/vzctl.8 ]]; then
		cp "$BATS_TEST_DIRNAME/../../man/vzctl.8" "$page"
	else
		gzip -cdf /usr/share/man/man8/vzctl.8* >"$page"
	fi
}

# Each word on standard input is in the page, as the pattern $1 with the word for %.
all_there()
{
	local word missing=

	while read -r word; do
		grep -qE -- "${1//%/$word}" "$page" || missing+=" $word"
	done
	[[ -z $missing ]] || { echo "not in the page:$missing"; return 1; }
}

@test "every parameter, and its key" {
	vzctl --list-params >"$BATS_TEST_TMPDIR/params"
	(($(wc -l <"$BATS_TEST_TMPDIR/params") > 50))
	cut -f1 "$BATS_TEST_TMPDIR/params" | all_there '^\.It Fl -% '
	cut -f2 "$BATS_TEST_TMPDIR/params" | grep -v '^-$' | all_there '^\.Va % \.$'
}

@test "what is not enforced is said, and nothing else" {
	local option enforced wanted

	vzctl --list-params | cut -f1,6 >"$BATS_TEST_TMPDIR/params"
	while read -r option enforced; do
		wanted=$([[ $enforced == kept ]] && echo 1 || echo 0)
		[[ $(awk -v o="-$option" '/^\.It/ || /^\.El/ { in_it = $3 == o } in_it' "$page" | grep -c '^Kept, not enforced') == "$wanted" ]] || {
			echo "$option is $enforced"
			return 1
		}
	done <"$BATS_TEST_TMPDIR/params"
}

@test "every verb and option" {
	vzctl --help | sed -n '/^Verbs:/,/^Options:/s/^  \([a-z][a-z0-9-]*\) .*/\1/p' | all_there '^\.(It )?Cm .*%'
	vzctl --help | sed -n '/^Options:/,/^Parameters/p' | grep -oE -- '--[a-z-]+' | sed 's/^--//' | sort -u |
		all_there '^\.It Fl .*-%'
}
