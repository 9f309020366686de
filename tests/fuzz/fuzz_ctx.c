// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes sys/ctx_parse with messages of the kernel's family "ctx" behind their netlink header; one that begins with CTRL_CMD_NEWFAMILY
 * is tried as the controller's answer too. What is accepted is of a known kind, of an id that there can be, and says nothing of
 * resources that it has no counts for.
 */
#include <errno.h>
#include <stdbool.h>

#include "fuzz.h"
#include "sys/ctx_internal.h"

static bool is_empty(const struct wabe_ctx_count *count)
{
	return count->held == 0 && count->peak == 0 && count->barrier == 0 && count->limit == 0 &&
	       count->failures == 0 && count->lacks == 0;
}

static void check(const struct wabe_ctx *c)
{
	FUZZ_CHECK(c->kind == WABE_CTX_COUNTS || c->kind == WABE_CTX_HIT ||
		   c->kind == WABE_CTX_ENDED);
	FUZZ_CHECK(c->id > 0 && c->id <= 2147483644);
	FUZZ_CHECK(c->known >> WABE_CTX_RESOURCE_MAX == 0);
	FUZZ_CHECK(c->end >= WABE_CTX_END_UNKNOWN && c->end < WABE_CTX_END_MAX);
	for (int i = 0; i < WABE_CTX_RESOURCE_MAX; i++)
		if (!(c->known & 1u << i))
			FUZZ_CHECK(is_empty(&c->counts[i]));
	if (c->kind == WABE_CTX_ENDED)
		FUZZ_CHECK(c->known == 0);
	else
		FUZZ_CHECK(c->end == WABE_CTX_END_UNKNOWN && c->status == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wabe_ctx_family f = { .id = 1 };
	struct wabe_ctx c = { .id = 0 };
	int r = wabe_ctx_parse(data, size, &c);

	FUZZ_CHECK(r == 0 || r == -EPROTO || r == -ENOMSG);
	if (r == 0)
		check(&c);
	else
		FUZZ_CHECK(c.id == 0 && c.known == 0);
	r = wabe_ctx_parse_family(data, size, &f);
	FUZZ_CHECK(r == 0 || r == -EPROTO);
	FUZZ_CHECK(r == 0 ? f.id >= 16 : f.id == 1);
	return 0;
}
