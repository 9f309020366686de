/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/lib/analyzer: put in front of each file by tests/lint for clang's analyzer, which sees one file at a time: what
 * the functions of errors return is an error, never 0.
 */
#ifndef WABE_TESTS_ANALYZER_H
#define WABE_TESTS_ANALYZER_H

#include "conf/exit.h"

static inline int analyzer_error(int r)
{
	if (r >= 0)
		__builtin_unreachable();
	return r;
}

#define wabe_error_set(...) analyzer_error((wabe_error_set)(__VA_ARGS__))
#define wabe_error_say(...) analyzer_error((wabe_error_say)(__VA_ARGS__))
#define wabe_error_prefix(...) analyzer_error((wabe_error_prefix)(__VA_ARGS__))
#define vz_error_set(...) analyzer_error((vz_error_set)(__VA_ARGS__))
#define vz_error_say(...) analyzer_error((vz_error_say)(__VA_ARGS__))

#endif
