/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cpumask.h"

#include <errno.h>
#include <string.h>

#include "strbuf.h"
#include "text.h"

#define WORD_DIGITS 8
#define WORD_BITS 32

static const char white[] = " \t\n";

static unsigned word_of(hwloc_const_bitmap_t set, unsigned word)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < WORD_BITS; i++)
        if (hwloc_bitmap_isset(set, word * WORD_BITS + i))
            bits |= 1u << i;
    return bits;
}

char *vp_cpumask_text(hwloc_const_bitmap_t set)
{
    struct vp_strbuf buf = {0};
    const int last = hwloc_bitmap_last(set);
    unsigned word = last < 0 ? 0 : (unsigned)last / WORD_BITS;
    vp_strbuf_addf(&buf, "%x", word_of(set, word));
    while (word-- > 0)
        vp_strbuf_addf(&buf, ",%08x", word_of(set, word));
    return vp_strbuf_take(&buf);
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c >= 'A' && c <= 'F' ? strchr(digits, c - 'A' + 'a')
                     : c != '\0'          ? strchr(digits, c)
                                          : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

/* Words from the last one back: all but the first have eight digits. */
static int add_words(const char *text, size_t len, hwloc_bitmap_t set)
{
    unsigned cpu = 0;
    size_t digits = 0;
    for (size_t i = len; i-- > 0;) {
        const int digit = digit_of(text[i]);
        if (digit < 0 && (text[i] != ',' || digits != WORD_DIGITS || i == 0))
            return -EINVAL;
        if (digit < 0) {
            digits = 0;
            continue;
        }
        if (digits++ == WORD_DIGITS)
            return -EINVAL;
        if (digit != 0 && cpu >= VP_TOPOLOGY_CPUS_MAX)
            return -ERANGE;
        for (unsigned bit = 0; bit < 4; bit++)
            if ((digit >> bit & 1) != 0)
                hwloc_bitmap_set(set, cpu + bit);
        cpu += 4;
    }
    return len > 0 ? 0 : -EINVAL;
}

int vp_cpumask_parse(const char *text, const char *what, hwloc_bitmap_t *ret_set, struct vp_error **err)
{
    vp_autobitmap set = vp_bitmap_new();
    text += strspn(text, white);
    size_t len = strlen(text);
    while (len > 0 && strchr(white, text[len - 1]) != NULL)
        len--;
    const int r = add_words(text, len, set);
    if (r == -ERANGE)
        return vp_fail(err, ERANGE, "cannot use %s: it names a CPU beyond %u", what,
                       VP_TOPOLOGY_CPUS_MAX - 1);
    if (r < 0)
        return vp_fail(err, EINVAL, "cannot use %s: '%.*s' is not a mask of CPUs like 'ff,0000000f'", what,
                       (int)len, text);
    *ret_set = vp_take(&set);
    return 0;
}

static int read_mask(const struct vp_root *root, const char *target, char **ret_value, struct vp_error **err)
{
    return vp_means_file.read(root, target, ret_value, err);
}

static bool same_masks(const char *a, const char *b)
{
    vp_autobitmap x = NULL;
    vp_autobitmap y = NULL;
    if (vp_cpumask_parse(a, "", &x, NULL) < 0 || vp_cpumask_parse(b, "", &y, NULL) < 0)
        return vp_same(a, b);
    return hwloc_bitmap_isequal(x, y) != 0;
}

const struct vp_means vp_means_cpumask = {
    .name = "cpumask", .read = read_mask, .write = vp_host_write, .same = same_masks};
