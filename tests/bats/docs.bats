#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What the programs take is in their manual pages, their help and the completion. Of vzctl(8): vzctl_man.bats.

bats_require_minimum_version 1.5.0

setup()
{
	[[ -z ${WABE_BUILDDIR-} ]] || PATH=$WABE_BUILDDIR/vzctl/cmd:$WABE_BUILDDIR/runtime/cli:$PATH
	T=$BATS_TEST_TMPDIR
	repo=$BATS_TEST_DIRNAME/../..
}

# The page $1, "vzlist.8", in $T/page: of the source, of the build, or the installed one.
use_page()
{
	local file

	for file in "$repo/man/$1" "${WABE_BUILDDIR-/nonexistent}/man/$1" "/usr/share/man/man${1##*.}/$1"*; do
		[[ -f $file ]] || continue
		gzip -cdf "$file" >"$T/page"
		return
	done
	echo "there is no page $1"
	return 1
}

# Each word on standard input, which has at least $1, is in the file $2 as the extended pattern $3 with the word for %.
all_there()
{
	local word missing='' count=0

	while read -r word; do
		count=$((count + 1))
		word=${word//./\\.}
		grep -qE -- "${3//%/$word}" "$2" || missing+=" $word"
	done
	((count >= $1)) || { echo "only $count words"; return 1; }
	[[ -z $missing ]] || { echo "not in $2:$missing"; return 1; }
}

# Long options of a program's help on standard input, without "--".
long_options()
{
	grep -oE -- '(^|[ ,[])--[a-z][a-z0-9_-]+' | grep -oE -- '[a-z][a-z0-9_-]+' | sort -u
}

verbs_of()
{
	"$1" --help | sed -n '/^Verbs:/,/ptions:/s/^  \([a-z][a-z0-9-]\{0,\}\) .*/\1/p'
}

@test "ctid.conf(5) has every key, and that what is not enforced isn't" {
	use_page ctid.conf.5
	vzctl --list-params | cut -f2 | grep -v '^-$' | sort -u | all_there 50 "$T/page" '^\.It Va %='
	vzctl --list-params | awk -F '\t' '$2 != "-" && $6 == "kept" { print $2 }' | sort -u >"$T/kept"
	awk '/^\.It Va/ { key = $3; sub(/=.*/, "", key) } /^Kept, not enforced/ { print key }' "$T/page" | sort -u >"$T/said"
	diff "$T/kept" "$T/said"
	vzctl --list-params | awk -F '\t' '$2 != "-" { print $1 }' | all_there 50 "$T/page" '^\.Fl -% '
}

@test "vz.conf(5) has every key of the file that is shipped" {
	local conf=$repo/etc/vz.conf

	[[ -f $conf ]] || conf=/etc/vz/vz.conf
	use_page vz.conf.5
	sed -n 's/^#\{0,1\}\([A-Z0-9_]\{1,\}\)=.*/\1/p' "$conf" | grep -vx VE_LAYOUT | all_there 10 "$T/page" '^\.(It )?Va (.* )?%( |$)'
}

@test "vzlist(8) has every field and option" {
	use_page vzlist.8
	vzlist -L | cut -d' ' -f1 | grep -v '\.' | all_there 50 "$T/page" '^\.(It )?Cm (.* )?%( |$)'
	vzlist -L | cut -d' ' -f1 | sed -n 's/.*\././p' | sort -u | all_there 6 "$T/page" '^\.It Cm %$|^\.Cm %$'
	vzlist --help | long_options | all_there 10 "$T/page" '^\.It Fl .*-%( |$)'
	vzlist --help | sed -n 's/^  -\([a-zA-Z0-9]\).*/\1/p' | all_there 10 "$T/page" '^\.It Fl %( |$)'
}

@test "vztmpl(8) has every verb and option" {
	use_page vztmpl.8
	verbs_of vztmpl | all_there 5 "$T/page" '^\.It Cm %( |$)'
	vztmpl --help | long_options | all_there 8 "$T/page" 'Fl (. , )?-%( |$)'
}

# The small commands of vzctl.
tools='vzcfgvalidate vzcpucheck vzmemcheck vzmigrate vzpid vzubc'

@test "the small commands: each has a page with every option" {
	local tool

	for tool in $tools; do
		use_page "$tool.8"
		"$tool" --help >"$T/help"
		grep -q "^usage: $tool " "$T/help"
		long_options <"$T/help" | all_there 3 "$T/page" '^\.It Fl (.* )?-?%( |$)'
		sed -n 's/^  -\([a-zA-Z0-9]\),.*/\1/p' "$T/help" | all_there 1 "$T/page" '^\.It Fl %( |$)'
		[[ $("$tool" --version) == "$tool version "* ]]
		run -1 "$tool" --no-such-option
		[[ $output == *"--no-such-option"* ]]
	done
}

@test "vznetstat(8) has every option" {
	use_page vznetstat.8
	vznetstat --help | long_options | all_there 7 "$T/page" '^\.It Fl .*-%( |$)|^\.Fl -%( |$)'
}

@test "mandoc finds nothing wrong with any page" {
	local page

	type -P mandoc >/dev/null || skip "needs mandoc"
	for page in ctid.conf.5 vz.conf.5 vzctl.8 vzlist.8 vznetstat.8 vzeventd.8 vztmpl.8 wabe.8 ${tools// /.8 }.8; do
		use_page "$page"
		run -0 mandoc -T lint -W warning "$T/page"
		[[ -z $output ]] || { echo "$page: $output"; return 1; }
	done
}

@test "wabe(8) has every verb, and every option of each" {
	local verb

	use_page wabe.8
	verbs_of wabe | all_there 10 "$T/page" '^\.(It )?Cm (.* )?%( |$)'
	wabe --help | long_options | all_there 5 "$T/page" '^\.It Fl .*-%( |$)'
	for verb in $(verbs_of wabe); do
		wabe "$verb" --help | sed 1d | long_options >"$T/options"
		all_there 0 "$T/page" '^\.It Fl .*-%( |$)' <"$T/options" || { echo "of wabe $verb"; return 1; }
	done
}

@test "vzctl VERB --help needs no configuration, and has the parameters that the verb takes" {
	local verb guest

	export VZ_CONF=/nonexistent/vz.conf
	for verb in $(verbs_of vzctl); do
		run -0 vzctl "$verb" --help
		case $verb in
		boot | shutdown) guest= ;;
		recover) guest=" [CTID|NAME]" ;;
		*) guest=" CTID|NAME" ;;
		esac
		[[ ${lines[0]} == "usage: vzctl [option...] $verb$guest"* ]]
	done
	for verb in create set; do
		vzctl "$verb" --help >"$T/help"
		vzctl --list-params | awk -F '\t' -v v="$verb" '$3 ~ v { print $1 }' | all_there 50 "$T/help" '^  --% '
		vzctl --list-params | awk -F '\t' -v v="$verb" '$3 !~ v { print "^  --" $1 " " }' >"$T/others"
		(($(wc -l <"$T/others") >= 3))
		run ! grep -f "$T/others" "$T/help"
	done
	run -20 vzctl nonsense --help
}

# Words of a command line, the last one being typed, to what the completion offers: a line each.
offers()
{
	bash -c '
		. "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		COMPREPLY=()
		"_$1"
		((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"
	' - "$completion" "$@" 2>&1
}

use_completion()
{
	completion=$repo/etc/completions/vzctl
	[[ -f $completion ]] || completion=/usr/share/bash-completion/completions/vzctl
	export VZ_CONF=$T/vz.conf
	mkdir -p "$T"/{conf,names,run,private/101,private/102}
	printf '%s\n' "STATEDIR=\"$T/run\"" "VE_PRIVATE=\"$T/private/\$VEID\"" "VE_ROOT=\"$T/root/\$VEID\"" >"$VZ_CONF"
	echo 'NAME="web"' >"$T/conf/101.conf"
	echo 'ONBOOT="yes"' >"$T/conf/102.conf"
	touch "$T/conf/ve-tiny.conf-sample"
}

@test "the completion has every verb, and every parameter of create and set" {
	local verb

	use_completion
	diff <(verbs_of vzctl) <(offers vzctl "")
	[[ $(offers vzctl --quiet rest | paste -sd' ') == "restart restore" ]]
	[[ $(offers vzctl --config /nonexistent um) == umount ]]
	[[ $(offers vzctl --li) == --list-params ]]
	for verb in create set; do
		offers vzctl "$verb" 101 -- >"$T/offers"
		vzctl --list-params | awk -F '\t' -v v="$verb" '$3 ~ v { print $1 }' | all_there 50 "$T/offers" '^--%$'
	done
	[[ $(offers vzctl set 101 --onboot yes --sav) == --save ]]
	run ! grep -x -- --userpasswd <(offers vzctl create 101 --)
	[[ $(offers vzctl stop 101 --f) == --fast ]]
}

@test "the completion of wabe has every verb, each one's options, values" {
	local verb

	completion=$repo/etc/completions/wabe
	[[ -f $completion ]] || completion=/usr/share/bash-completion/completions/wabe
	diff <(verbs_of wabe) <(offers wabe "")
	[[ $(offers wabe --root /run/wabe upd) == update ]]
	[[ $(offers wabe --systemd-cgroup fea) == features ]]
	for verb in $(verbs_of wabe); do
		wabe "$verb" --help | sed 1d | long_options | sed 's/^/--/' >"$T/options"
		offers wabe "$verb" -- >"$T/offers"
		diff "$T/options" <(sed '/^$/d' "$T/offers") || { echo "of wabe $verb"; return 1; }
	done
	[[ $(offers wabe --cgroup-manager "" | paste -sd' ') == "cgroupfs systemd disabled" ]]
	[[ $(offers wabe list --format j) == json ]]
	[[ $(offers wabe kill x SIGUS | paste -sd' ') == "SIGUSR1 SIGUSR2" ]]
	[[ -z $(offers wabe --root "$T/none" delete "") ]]
	mkdir -m 700 "$T/state" "$T/state/web1"
	[[ $EUID != 0 || $(offers wabe --root "$T/state" delete --force "") == web1 ]]
	[[ -z $(offers wabe update --memory "") ]]
}

@test "a reader that has had enough is no error, a full disk is said" {
	local i

	for i in {1..20}; do
		vzctl --list-params 2>>"$T/said" | true
		((PIPESTATUS[0] == 0))
	done
	[[ ! -s $T/said ]] || { cat "$T/said"; return 1; }
	run -148 bash -c 'vzctl --list-params >/dev/full'
	[[ $output == *"No space left on device" ]]
}

@test "the completion has values, samples, fields" {
	use_completion
	[[ $(offers vzctl set 101 --onboot "" | paste -sd' ') == "yes no" ]]
	[[ $(offers vzctl set 101 --setmode r) == restart ]]
	[[ $(offers vzctl create 105 --config "") == tiny ]]
	[[ $(offers vzctl set 101 --applyconfig t) == tiny ]]
	[[ -z $(offers vzctl set 101 --hostname "") ]]
	[[ -z $(offers vzctl exec 101 --) ]]
	[[ $(offers vzlist -o ctid,numproc.) == *ctid,numproc.f* ]]
	[[ $(offers vzlist -aHo cti) == ctid ]]
	[[ $(offers vzlist -s -cti) == -ctid ]]
	[[ $(offers vzlist --stopped --no-h) == --no-header ]]
}

@test "the completion has options of the small commands, and of vztmpl" {
	local tool

	use_completion
	for tool in $tools vznetstat; do
		"$tool" --help | long_options | sed 's/^/--/' >"$T/options"
		tool_offers "$tool" -- | sort -u | diff "$T/options" - || { echo "of $tool"; return 1; }
	done
	[[ $(tool_offers vzcfgvalidate -v "" | paste -sd' ') == "yes no" ]]
	[[ -z $(tool_offers vzmemcheck "") ]]
	[[ $(tool_offers vzpid $$) == *$$* ]]
	diff <(verbs_of vztmpl) <(offers vztmpl "")
	[[ $(offers vztmpl rem) == remove ]]
}

# As offers(), of the function that all small commands share.
tool_offers()
{
	bash -c '
		. "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_vz_tool
		((${#COMPREPLY[@]} == 0)) || printf "%s\n" "${COMPREPLY[@]}"
	' - "$completion" "$@" 2>&1
}

@test "the completion has containers by number and name" {
	[[ $EUID == 0 ]] || skip "only root may list containers"
	use_completion
	[[ $(offers vzctl status "" | paste -sd' ') == "101 web 102" ]]
	[[ $(offers vzctl start w) == web ]]
	[[ -z $(offers vzctl stop "") ]]
	[[ $(offers vzlist 10 | paste -sd' ') == "101 102" ]]
	[[ $(tool_offers vzcfgvalidate w) == web ]]
	[[ -z $(tool_offers vzubc "") ]]
	[[ $(tool_offers vznetstat 1 | paste -sd' ') == "101 102" ]]
	[[ $(tool_offers vzmigrate host 1 | paste -sd' ') == "101 102" ]]
	[[ $(tool_offers vzmigrate --config "$T/vz.conf" host we) == web ]]
	[[ $(offers vzctl snapshot-list 10 | paste -sd' ') == "101 102" ]]
	[[ $(VZ_CONF=/nonexistent offers vzctl --config "$T/vz.conf" destroy 102) == 102 ]]
	[[ -z $(VZ_CONF=/nonexistent offers vzctl destroy 102) ]]
}
