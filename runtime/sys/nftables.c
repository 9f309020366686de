// SPDX-License-Identifier: GPL-2.0-or-later
/* sys/nftables: libnftables; see nftables.h. */
#include "sys/nftables.h"

#include <errno.h>
#include <nftables/libnftables.h>
#include <stddef.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/library.h"

#define LIBRARY "libnftables.so.1"

/* clang-format off */
#define FUNCTIONS(X)             \
	X(nft_ctx_new)           \
	X(nft_ctx_free)          \
	X(nft_ctx_buffer_output) \
	X(nft_ctx_buffer_error)  \
	X(nft_ctx_get_error_buffer) \
	X(nft_run_cmd_from_buffer)
/* clang-format on */

struct library {
#define MEMBER(name) __typeof__(name) *name; /* NOLINT(bugprone-macro-parentheses): a declaration */
	FUNCTIONS(MEMBER)
#undef MEMBER
};

static int load(struct library *lib, struct wabe_error *err)
{
#define NAME_AND_PLACE(name) { #name, offsetof(struct library, name) },
	static const struct wabe_library_row rows[] = { FUNCTIONS(NAME_AND_PLACE) };
#undef NAME_AND_PLACE
	int r = wabe_library_load(LIBRARY, rows, ARRAY_SIZE(rows), lib, err);

	return r < 0 ? wabe_error_prefix(err, "guard addresses") : 0;
}

int wabe_nftables_run(const char *commands, struct wabe_error *err)
{
	struct library lib;
	struct nft_ctx *ctx;
	int r = load(&lib, err);

	if (r < 0)
		return r;
	ctx = lib.nft_ctx_new(NFT_CTX_DEFAULT);
	if (!ctx)
		return wabe_error_set(err, -ENOMEM, "use libnftables");
	if (lib.nft_ctx_buffer_output(ctx) != 0 || lib.nft_ctx_buffer_error(ctx) != 0) {
		r = wabe_error_set(err, -ENOMEM, "use libnftables");
	} else if (lib.nft_run_cmd_from_buffer(ctx, commands) != 0) {
		const char *said = lib.nft_ctx_get_error_buffer(ctx);

		r = wabe_error_say(err, -EINVAL, "nftables: %.*s", (int)strcspn(said, "\n"), said);
	}
	lib.nft_ctx_free(ctx);
	return r;
}
