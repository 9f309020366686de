// SPDX-License-Identifier: GPL-2.0-or-later
/* guest/steps: apply rows, undo on failure; see steps.h. */
#include "guest/steps.h"

int vz_steps_run(const struct vz_step *steps, size_t count, void *data, struct wabe_error *err)
{
	for (size_t i = 0; i < count; i++) {
		int r = steps[i].apply(data, err);

		if (r >= 0)
			continue;
		while (i-- > 0)
			if (steps[i].undo)
				steps[i].undo(data);
		return r;
	}
	return 0;
}
