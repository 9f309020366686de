# SPDX-License-Identifier: GPL-2.0-or-later
# The parameters as mdoc, from the table that `vzctl --list-params` prints (param.h has its columns): a key an item.

function escape(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	return text
}

# mdoc(7): a new sentence, a new line
function sentences(text) {
	text = escape(text)
	gsub(/\. /, ".\n", text)
	return text
}

function value_of(value) {
	return value ~ /\[N:\]N/ ? "BARRIER:LIMIT" : value
}

BEGIN { FS = "\t" }

$2 != "-" && !($2 in seen) {
	seen[$2] = 1
	keys[++count] = $2
	value[$2] = value_of($5)
	unit[$2] = $4
	kept[$2] = $6 == "kept"
	help[$2] = $7
	preset[$2] = $8
	manual[$2] = $9
}

$2 != "-" { options[$2] = options[$2] (options[$2] ? " ,\n.Fl -" : ".Fl -") $1 }

END {
	print ".Bl -tag -width Ds"
	for (i = 1; i <= count; i++) {
		key = keys[i]
		print ".It Va " key "=" "\\(dq\\fI" value[key] "\\fP\\(dq"
		print escape(toupper(substr(help[key], 1, 1)) substr(help[key], 2)) "."
		if (manual[key] != "-")
			print sentences(manual[key])
		# "memory, in 4 KB pages or with a suffix" says it already.
		if (unit[key] != "-" && unit[key] != "items" && help[key] !~ /, in /)
			print "In " unit[key] "."
		if (preset[key] != "-")
			print "Default: " preset[key] "."
		if (kept[key])
			print "Kept, not enforced by this version."
		print "Option:"
		print options[key] " ."
	}
	print ".El"
}
