/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tests/fuzz/fuzz: the entry that a fuzz target defines, and a check that ends the run so that the fuzzer keeps the input. */
#ifndef WABE_TESTS_FUZZ_H
#define WABE_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                                           \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                        \
		}                                                                       \
	} while (0)

#endif
