/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "size.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

static bool only_digits(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && !text[digits];
}

int vp_u64_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value)
{
    unsigned long long value;

    if (!only_digits(text))
        return -EINVAL;
    errno = 0;
    value = strtoull(text, NULL, 10);
    if (errno == ERANGE || value < min || value > max)
        return -ERANGE;
    *ret_value = value;
    return 0;
}

int vp_i64_parse(const char *text, int64_t min, int64_t max, int64_t *ret_value)
{
    long long value;

    if (!only_digits(text + (text[0] == '-')))
        return -EINVAL;
    errno = 0;
    value = strtoll(text, NULL, 10);
    if (errno == ERANGE || value < min || value > max)
        return -ERANGE;
    *ret_value = value;
    return 0;
}

/* The bytes of a unit as it is written after the number; 0 for what is none. */
static uint64_t unit_bytes(const char *unit)
{
    static const char letters[] = "KMGT";
    uint64_t binary = 1, decimal = 1;
    size_t i;

    if (!unit[0])
        return 1;
    for (i = 0; letters[i]; i++) {
        binary *= 1024;
        decimal *= 1000;
        if (unit[0] != letters[i] && unit[0] != (letters[i] | 0x20))
            continue;
        if (!unit[1] || !strcmp(unit + 1, "iB"))
            return binary;
        return !strcmp(unit + 1, "B") ? decimal : 0;
    }
    return 0;
}

int vp_size_parse(const char *text, uint64_t *ret_bytes)
{
    size_t digits = strspn(text, "0123456789");
    vp_autofree char *number = vp_strndup(text, digits);
    const char *unit = text + digits;
    uint64_t value, factor, bytes;
    int r;

    if (unit[0] == ' ' && unit[1])
        unit++;
    factor = unit_bytes(unit);
    if (!factor)
        return -EINVAL;
    r = vp_u64_parse(number, 0, UINT64_MAX, &value);
    if (r < 0)
        return r;
    if (__builtin_mul_overflow(value, factor, &bytes))
        return -ERANGE;
    *ret_bytes = bytes;
    return 0;
}

char *vp_size_format(uint64_t bytes)
{
    static const char *const units[] = {"", "K", "M", "G", "T"};
    size_t unit = 0;

    while (bytes && bytes % 1024 == 0 && unit + 1 < VP_ARRAY_SIZE(units)) {
        bytes /= 1024;
        unit++;
    }
    return vp_asprintf("%" PRIu64 "%s", bytes, units[unit]);
}
