// SPDX-License-Identifier: GPL-2.0-or-later
/* tests/unit/test_kfeat: the facts have names, and what this kernel shows otherwise agrees with
 * them. */
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/kfeat.h"
#include "tap.h"

/* Does a child get a new namespace of this kind? */
static bool can_unshare(int flag)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(unshare(flag) < 0);
	return waitpid(pid, &status, 0) == pid && status == 0;
}

int main(void)
{
	struct tap t = TAP_INIT;
	struct wabe_kfeat kfeat = WABE_KFEAT_INIT;

	for (int fact = 0; fact < WABE_KFEAT_MAX; fact++) {
		bool first = wabe_kfeat_has(&kfeat, fact);

		tap_ok(&t, wabe_kfeat_name(fact) && wabe_kfeat_since(fact), "fact %d has its row",
		       fact);
		tap_ok(&t, kfeat.state[fact] == (first ? WABE_KFEAT_YES : WABE_KFEAT_NO),
		       "%s: %d is remembered", wabe_kfeat_name(fact), first);
		/* What was found out is not asked again. */
		kfeat.state[fact] = first ? WABE_KFEAT_NO : WABE_KFEAT_YES;
		tap_ok(&t, wabe_kfeat_has(&kfeat, fact) != first,
		       "%s: the second time it isn't probed", wabe_kfeat_name(fact));
		kfeat.state[fact] = WABE_KFEAT_UNKNOWN;
	}
	if (geteuid() != 0) {
		tap_skip(&t, "new namespaces need root");
		return tap_end(&t);
	}
	tap_int(&t, wabe_kfeat_has(&kfeat, WABE_KFEAT_TIME_NAMESPACE), can_unshare(CLONE_NEWTIME),
		"time namespaces");
	tap_int(&t, wabe_kfeat_has(&kfeat, WABE_KFEAT_USER_NAMESPACE), can_unshare(CLONE_NEWUSER),
		"user namespaces");
	return tap_end(&t);
}
