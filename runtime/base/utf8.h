/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * base/utf8: is text well-formed UTF-8 (Unicode, table 3-7: no overlong forms, no surrogates, up to U+10FFFF)?
 */
#ifndef WABE_BASE_UTF8_H
#define WABE_BASE_UTF8_H

#include <stddef.h>

/** wabe_utf8_valid_len() - how many leading bytes of @s are well-formed; @len when all are. NUL is a character as any. */
size_t wabe_utf8_valid_len(const char *s, size_t len);

#endif
