/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mem.h"

/**
 * Text from a definition or file, safe to print on a terminal and in one line: control characters (C0, DEL,
 * C1), characters that reorder text (Unicode's bidirectional controls) and bytes that are not UTF-8 become
 * "\n", "\t" or "\xHH" for each byte.
 * @text: NULL gives NULL
 */
char *vp_escape(const char *text) VP_MUST_USE;

/* Text with each byte that is not UTF-8 replaced by U+FFFD, as JSON needs it. NULL gives NULL. */
char *vp_to_utf8(const char *text) VP_MUST_USE;

/**
 * At most `columns` characters of a text, the last one "…" where it was cut.
 * @text: UTF-8; NULL gives NULL
 */
char *vp_shorten(const char *text, size_t columns) VP_MUST_USE;
