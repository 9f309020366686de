# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Shared by check's stages: results as TAP lines, and other programs' results made into such.

# One result.
# $1: what holds; further: the command that tells; its output is shown when it fails
tap_result()
{
	local name=$1 said word="ok"
	shift

	said=$("$@" 2>&1) || word="not ok"
	tap_line "$word" "$name"
	[[ $word == ok || -z $said ]] || tap_comment <<<"$said"
}

# $1: "ok" or "not ok", $2: the name
tap_line()
{
	printf '%s - %s\n' "$1" "${2//#/.}"
}

# What was said, so that TAP's readers pass over it.
tap_comment()
{
	sed 's/^/# /'
}

# awk that reads a pipe line by line: mawk waits for a full buffer unless it is told not to.
tap_awk()
{
	local interactive=()

	! awk -W version 2>/dev/null </dev/null | grep -q ^mawk || interactive=(-W interactive)
	awk "${interactive[@]}" "$@"
}

# Pass a TAP stream on, each result with a prefix; what it can't say itself (a plan that wasn't kept) is a failure.
# $1: prefix
tap_prefix()
{
	tap_awk -v prefix="$1" '
		/^1\.\.[0-9]+/ { planned = substr($1, 4); has_plan = 1; next }
		/^(not )?ok/ {
			count++
			word = $1 == "not" ? "not ok" : "ok"
			sub(/^(not )?ok *[0-9]* *(- )?/, "")
			# TAP allows any case
			if (match($0, /# *[Ss][Kk][Ii][Pp][A-Za-z]*:? */))
				$0 = substr($0, 1, RSTART - 1) "# skip " substr($0, RSTART + RLENGTH)
			print word " - " prefix ": " $0
			fflush()
			next
		}
		{ sub(/^# ?/, ""); print "# " $0; fflush() }
		END {
			if (!has_plan) print "not ok - " prefix ": it ended without a plan after " count + 0 " tests"
			else if (planned != count) print "not ok - " prefix ": " count + 0 " of " planned " tests ran"
		}'
}

# The lab's stream as ours: it has plan and verdict on files already.
tap_of_lab()
{
	tap_awk '
		/^# lab: file / { file = $4; sub(/^tests\/(bats\/)?/, "", file) }
		/^# lab: end / { file = "" }
		/^(not )?ok/ {
			word = $1 == "not" ? "not ok" : "ok"
			sub(/^(not )?ok *[0-9]* */, "")
			print word " - " (file == "" ? "" : file ": ") $0
			fflush()
			next
		}
		!/^1\.\./ { sub(/^# ?/, ""); print "# " $0; fflush() }'
}

# meson test's testlog.json as TAP: each program's own lines; a result beyond them (a crash, a time limit) is a failure.
# $1: the file
tap_of_meson()
{
	local name result stdout

	# base64, because a line of read holds no newline
	while read -r name result stdout; do
		stdout=$(base64 -d <<<"$stdout")
		if grep -qE '^(not )?ok' <<<"$stdout"; then
			tap_prefix "$name" <<<"$stdout"
			[[ $result == OK || $result == SKIP ]] || grep -q '^not ok' <<<"$stdout" || tap_line "not ok" "$name: $result"
		else
			if [[ $result == OK ]]; then tap_line "ok" "$name"; else tap_line "not ok" "$name: $result"; fi
			tap_comment <<<"$stdout"
		fi
	done < <(jq -r '[(.name | sub("^.* "; "")), .result, (.stdout // "" | @base64)] | join(" ")' "$1")
}

# Print "PASSED FAILED SKIPPED" of TAP files.
tap_count()
{
	awk '/^not ok/ { failed++; next } /^ok/ { if ($0 ~ /# skip/) skipped++; else passed++ }
		END { print passed + 0, failed + 0, skipped + 0 }' "$@" /dev/null
}

# The failed results of TAP files, with what was said about each.
tap_failures()
{
	awk '/^not ok/ { print; show = 1; next } /^ok/ { show = 0 } show && ++lines[FILENAME] < 400' "$@" /dev/null
}

# The skipped ones: "name: reason".
tap_skips()
{
	sed -n 's/^ok - \(.*\)# skip */\1# /p' "$@" /dev/null | sed -E 's/( in [0-9]+m?s(ec)?)?[: ]*# /: /'
}

# In CI a skip must be foreseen: those that no line of the list allows become failures.
# $1: the list: lines "EXTENDED-REGEX   # why"; a test matches by its line of tap_skips; $2: the TAP file, which is changed
tap_judge_skips()
{
	sed -E '/^[[:space:]]*(#|$)/d; s/[[:space:]]+#[^#]*$//' "$1" >"$2.allowed"
	awk -v allowed="$2.allowed" '
		BEGIN { while ((getline line <allowed) > 0) patterns[++n] = line }
		/^ok .*# skip/ {
			text = $0
			for (i = 1; i <= n; i++) if (text ~ patterns[i]) { print; next }
			sub(/^ok/, "not ok"); sub(/# skip/, "[a skip that the list does not have]"); print; next
		}
		{ print }' "$2" >"$2.judged"
	mv "$2.judged" "$2"
	rm "$2.allowed"
}
