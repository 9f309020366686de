// SPDX-License-Identifier: GPL-2.0-or-later
/* conf/param: what the table tells people and programs; see param.h. */
#include <string.h>

#include "base/cleanup.h"
#include "conf/param.h"

#define HELP_COLUMN 34

struct option_text {
	const char *option, *value, *help, *prefix, *suffix;
	enum vz_unit unit; /* of a bare number */
};

/* The options of a row: itself, its limit form, its deletion. Returns how many. */
static size_t row_options(const struct vz_param *row, struct option_text out[3])
{
	enum vz_unit unit = row->option_unit ? row->option_unit : row->rule.unit;
	size_t n = 0;

	if (row->option)
		out[n++] = (struct option_text){ row->option, row->value, row->help, "", "", unit };
	if (row->option_limit)
		out[n++] = (struct option_text){ row->option_limit,
						 "N",
						 row->option,
						 "the limit of --",
						 ", in bytes or with a suffix",
						 VZ_UNIT_PAGE_BYTES };
	if (row->option_del)
		out[n++] = (struct option_text){ row->option_del, "WHICH|all", row->option,
						 "undo --",	  "",	       unit };
	return n;
}

static void print_help(FILE *out, const struct vz_param *row, const struct option_text *o)
{
	int used = fprintf(out, "  --%s %s", o->option, o->value);

	if (used >= HELP_COLUMN)
		fprintf(out, "\n%*s", HELP_COLUMN, "");
	else
		fprintf(out, "%*s", HELP_COLUMN - used, "");
	fprintf(out, "%s%s%s%s\n", o->prefix, o->help, o->suffix,
		row->unenforced ? " (kept, not enforced)" : "");
}

void vz_param_help(FILE *out, unsigned int verb)
{
	struct option_text options[3];

	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		const struct vz_param *row = vz_param_row(id);
		size_t count = row->flags & verb ? row_options(row, options) : 0;

		for (size_t i = 0; i < count; i++)
			print_help(out, row, &options[i]);
	}
}

static const char *verbs_text(unsigned int flags)
{
	switch (flags & (VZ_PARAM_CREATE | VZ_PARAM_SET)) {
	case VZ_PARAM_CREATE:
		return "create";
	case VZ_PARAM_SET:
		return "set";
	default:
		return "create,set";
	}
}

void vz_param_print_table(FILE *out)
{
	struct option_text options[3];

	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		const struct vz_param *row = vz_param_row(id);
		size_t count = row_options(row, options);

		for (size_t i = 0; i < count; i++)
			fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\t%s%s%s\t%s\t%s\n", options[i].option,
				row->key ? row->key : "-", verbs_text(row->flags),
				options[i].unit == VZ_UNIT_NONE ? "-"
								: vz_unit_name(options[i].unit),
				options[i].value, row->unenforced ? "kept" : "enforced",
				options[i].prefix, options[i].help, options[i].suffix,
				row->preset ? row->preset : "-", row->manual ? row->manual : "-");
	}
}

void vz_params_say_unenforced(const struct vz_params *p, const struct wabe_log *log)
{
	for (enum vz_param_id id = 0; id < VZ_PARAM_MAX; id++) {
		const struct vz_param *row = vz_param_row(id);

		if (!p->values[id].is_set || !row->unenforced || (row->flags & VZ_PARAM_KERNEL))
			continue;
		wabe_log(log, row->flags & VZ_PARAM_LOUD ? WABE_LOG_WARNING : WABE_LOG_INFO,
			 "--%s is kept, but not enforced: %s", row->option ? row->option : row->key,
			 row->unenforced);
	}
}
