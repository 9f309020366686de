# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes one TAP stream of those that init sends, one a bats file between "# lab: file" and "# lab: end",
# and adds a failure for what they can't say themselves: a file that ended early, files that never ran,
# a fault in the kernel's log.
#
# -v files=N    how many files the lab was given
# -v summary=F  gets "PASSED FAILED SKIPPED"

function result(word, text)
{
	print word " " ++count " " text
}

function fail(text)
{
	result("not ok", text)
	failed++
}

function end_file(status)
{
	if (file == "") return
	# a failed teardown_file is one result more than planned
	if (planned < 0 || seen < planned)
		fail(file ": " seen " of " (planned < 0 ? "unknown" : planned) " tests ran, bats " status)
	else if ((status != "status 0" || seen > planned) && !file_failed)
		fail(file ": bats " status)
	file = ""
}

/^# lab: file / {
	file = $4
	planned = -1
	seen = file_failed = 0
	started++
}

/^# lab: end / {
	# 124: timeout(1) ended it, 137: it had to kill
	end_file($5 " " $6 ($6 == 124 || $6 == 137 ? " (timeout)" : ""))
}

/^# lab: kernel: / { faults++ }
/^# lab: done$/ { done = 1 }

/^1\.\.[0-9]+$/ && file != "" {
	planned = substr($0, 4) + 0
	next
}

/^(not )?ok [0-9]+/ && file != "" {
	seen++
	text = $0
	sub(/^(not )?ok [0-9]+ ?/, "", text)
	if ($1 == "not") {
		file_failed++
		failed++
	} else if (text ~ /# skip/)
		skipped++
	else
		passed++
	result($1 == "not" ? "not ok" : "ok", text)
	fflush()
	next
}

{
	print
	fflush()
}

END {
	end_file("status unknown: the machine stopped in it")
	if (started != files) fail("lab: " started + 0 " of " files " files ran")
	else if (!done) fail("lab: the machine stopped before its end")
	if (faults) fail("lab: the kernel's log shows " faults " faults")
	print "1.." count + 0
	print passed + 0, failed + 0, skipped + 0 >summary
}
