/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "size.h"

#include "test.h"

#include <errno.h>
#include <inttypes.h>

#define SENTINEL 4711

static const struct {
    const char *text;
    uint64_t min, max;
    int rc;
    uint64_t value;
} u64_rows[] = {
    {"0", 0, UINT64_MAX, 0, 0},
    {"42", 0, UINT64_MAX, 0, 42},
    {"007", 0, UINT64_MAX, 0, 7},
    {"18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX},
    {"18446744073709551616", 0, UINT64_MAX, -ERANGE, 0},
    {"99999999999999999999999999999999", 0, UINT64_MAX, -ERANGE, 0},
    {"5", 5, 7, 0, 5},
    {"7", 5, 7, 0, 7},
    {"4", 5, 7, -ERANGE, 0},
    {"8", 5, 7, -ERANGE, 0},
    {"", 0, UINT64_MAX, -EINVAL, 0},
    {"+1", 0, UINT64_MAX, -EINVAL, 0},
    {"-1", 0, UINT64_MAX, -EINVAL, 0},
    {"-0", 0, UINT64_MAX, -EINVAL, 0},
    {" 1", 0, UINT64_MAX, -EINVAL, 0},
    {"1 ", 0, UINT64_MAX, -EINVAL, 0},
    {"1\n", 0, UINT64_MAX, -EINVAL, 0},
    {"1x", 0, UINT64_MAX, -EINVAL, 0},
    {"0x10", 0, UINT64_MAX, -EINVAL, 0},
    {"1.5", 0, UINT64_MAX, -EINVAL, 0},
    {"1e3", 0, UINT64_MAX, -EINVAL, 0},
    {"x", 0, UINT64_MAX, -EINVAL, 0},
    {"99999999999999999999x", 0, UINT64_MAX, -EINVAL, 0},
};

START_TEST(u64)
{
    uint64_t value = SENTINEL;
    int r = vp_u64_parse(u64_rows[_i].text, u64_rows[_i].min, u64_rows[_i].max, &value);

    ck_assert_msg(r == u64_rows[_i].rc, "row %d '%s': returned %d", _i, u64_rows[_i].text, r);
    ck_assert_msg(value == (r < 0 ? SENTINEL : u64_rows[_i].value), "row %d '%s': value %" PRIu64, _i,
                  u64_rows[_i].text, value);
}
END_TEST

static const struct {
    const char *text;
    int64_t min, max;
    int rc;
    int64_t value;
} i64_rows[] = {
    {"0", INT64_MIN, INT64_MAX, 0, 0},
    {"-0", INT64_MIN, INT64_MAX, 0, 0},
    {"17", INT64_MIN, INT64_MAX, 0, 17},
    {"-17", INT64_MIN, INT64_MAX, 0, -17},
    {"9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX},
    {"9223372036854775808", INT64_MIN, INT64_MAX, -ERANGE, 0},
    {"-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN},
    {"-9223372036854775809", INT64_MIN, INT64_MAX, -ERANGE, 0},
    {"-20", -20, 19, 0, -20},
    {"19", -20, 19, 0, 19},
    {"-21", -20, 19, -ERANGE, 0},
    {"20", -20, 19, -ERANGE, 0},
    {"", INT64_MIN, INT64_MAX, -EINVAL, 0},
    {"-", INT64_MIN, INT64_MAX, -EINVAL, 0},
    {"--1", INT64_MIN, INT64_MAX, -EINVAL, 0},
    {"- 1", INT64_MIN, INT64_MAX, -EINVAL, 0},
    {"+1", INT64_MIN, INT64_MAX, -EINVAL, 0},
    {" 1", INT64_MIN, INT64_MAX, -EINVAL, 0},
    {"1 ", INT64_MIN, INT64_MAX, -EINVAL, 0},
    {"1-", INT64_MIN, INT64_MAX, -EINVAL, 0},
};

START_TEST(i64)
{
    int64_t value = SENTINEL;
    int r = vp_i64_parse(i64_rows[_i].text, i64_rows[_i].min, i64_rows[_i].max, &value);

    ck_assert_msg(r == i64_rows[_i].rc, "row %d '%s': returned %d", _i, i64_rows[_i].text, r);
    ck_assert_msg(value == (r < 0 ? SENTINEL : i64_rows[_i].value), "row %d '%s': value %" PRId64, _i,
                  i64_rows[_i].text, value);
}
END_TEST

static const struct {
    const char *text;
    int rc;
    uint64_t bytes;
} size_rows[] = {
    {"0", 0, 0},
    {"4096", 0, 4096},
    {"64K", 0, 65536},
    {"64k", 0, 65536},
    {"64KiB", 0, 65536},
    {"64kiB", 0, 65536},
    {"64kB", 0, 64000},
    {"64KB", 0, 64000},
    {"512M", 0, 536870912},
    {"512m", 0, 536870912},
    {"512MiB", 0, 536870912},
    {"512MB", 0, 512000000},
    {"1G", 0, 1073741824},
    {"1 G", 0, 1073741824},
    {"1 GiB", 0, 1073741824},
    {"1 GB", 0, 1000000000},
    {"2T", 0, UINT64_C(2199023255552)},
    {"2TiB", 0, UINT64_C(2199023255552)},
    {"2TB", 0, UINT64_C(2000000000000)},
    {"16777215T", 0, UINT64_C(18446742974197923840)},
    {"16777216T", -ERANGE, 0},
    {"18446744073709551615", 0, UINT64_MAX},
    {"18446744073709551616", -ERANGE, 0},
    {"18446744073709551616K", -ERANGE, 0},
    {"18014398509481984K", -ERANGE, 0},
    {"0T", 0, 0},
    {"", -EINVAL, 0},
    {"K", -EINVAL, 0},
    {" 1K", -EINVAL, 0},
    {"1 ", -EINVAL, 0},
    {"1K ", -EINVAL, 0},
    {"1  K", -EINVAL, 0},
    {"1\tK", -EINVAL, 0},
    {"-1K", -EINVAL, 0},
    {"+1K", -EINVAL, 0},
    {"1.5G", -EINVAL, 0},
    {"1Kib", -EINVAL, 0},
    {"1KIB", -EINVAL, 0},
    {"1Kb", -EINVAL, 0},
    {"1Ki", -EINVAL, 0},
    {"1KiBx", -EINVAL, 0},
    {"1KK", -EINVAL, 0},
    {"1P", -EINVAL, 0},
    {"1B", -EINVAL, 0},
    {"1X", -EINVAL, 0},
    {"99999999999999999999X", -EINVAL, 0},
};

START_TEST(size)
{
    uint64_t bytes = SENTINEL;
    int r = vp_size_parse(size_rows[_i].text, &bytes);

    ck_assert_msg(r == size_rows[_i].rc, "row %d '%s': returned %d", _i, size_rows[_i].text, r);
    ck_assert_msg(bytes == (r < 0 ? SENTINEL : size_rows[_i].bytes), "row %d '%s': %" PRIu64 " bytes", _i,
                  size_rows[_i].text, bytes);
}
END_TEST

static const struct {
    uint64_t bytes;
    const char *text;
} format_rows[] = {
    {0, "0"},
    {1, "1"},
    {1000, "1000"},
    {1023, "1023"},
    {1024, "1K"},
    {1025, "1025"},
    {1572864, "1536K"},
    {2097152, "2M"},
    {1073741824, "1G"},
    {UINT64_C(1099511627776), "1T"},
    {UINT64_C(1125899906842624), "1024T"},
    {UINT64_MAX, "18446744073709551615"},
    {UINT64_C(18446742974197923840), "16777215T"},
};

START_TEST(format)
{
    vp_autofree char *text = vp_size_format(format_rows[_i].bytes);
    uint64_t bytes = SENTINEL;

    ck_assert_msg(!strcmp(text, format_rows[_i].text), "row %d: %" PRIu64 " gives '%s'", _i,
                  format_rows[_i].bytes, text);
    ck_assert_int_eq(vp_size_parse(text, &bytes), 0);
    ck_assert_msg(bytes == format_rows[_i].bytes, "row %d: '%s' reads back as %" PRIu64, _i, text, bytes);
}
END_TEST

VP_TEST_MAIN("size", VP_TEST_ROWS(u64, u64_rows), VP_TEST_ROWS(i64, i64_rows), VP_TEST_ROWS(size, size_rows),
             VP_TEST_ROWS(format, format_rows))
