/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "error.h"

/**
 * Read a whole unsigned decimal number: digits only, no sign, no space. The one strtoull of the project.
 * Returns 0, -EINVAL (not a number), -ERANGE (over UINT64_MAX or over `max`, or below `min`).
 */
int vp_u64_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value);

/* The same with a leading '-' allowed. */
int vp_i64_parse(const char *text, int64_t min, int64_t max, int64_t *ret_value);

/**
 * Read an amount of bytes: a number and a unit. "4096", "64K", "512M", "1G", "2T" and "KiB" to "TiB" are
 * powers of 1024;
 * "kB", "MB", "GB", "TB" powers of 1000; a space before the unit is allowed. Units are not case sensitive but
 * for the
 * i and B that tell the two families apart.
 * Returns 0, -EINVAL, -ERANGE (does not fit 64 bits).
 */
int vp_size_parse(const char *text, uint64_t *ret_bytes);

/*
 * The shortest exact text in units of 1024, "2M", "1536K", "1000": the inverse of vp_size_parse(). Owned by
 * the caller.
 */
char *vp_size_format(uint64_t bytes) VP_MUST_USE;
