/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "expr.h"
#include "mem.h"
#include "size.h"

#define DEPTH_MAX 8

static const char *skip(const char *at)
{
    return at + strspn(at, " \t");
}

static int eval(const char **at, const struct vp_expr_vars *vars, unsigned depth, uint64_t *ret_value);

static int eval_call(const char **at, const struct vp_expr_vars *vars, unsigned depth, int least,
                     uint64_t *ret_value)
{
    uint64_t a = 0;
    uint64_t b = 0;
    *at = skip(*at) + 1; /* the parenthesis */
    if (eval(at, vars, depth + 1, &a) < 0 || **at != ',')
        return -EINVAL;
    (*at)++;
    if (eval(at, vars, depth + 1, &b) < 0 || **at != ')')
        return -EINVAL;
    *at = skip(*at + 1);
    *ret_value = (a < b) == (least != 0) ? a : b;
    return 0;
}

static int eval_variable(const char *word, const struct vp_expr_vars *vars, uint64_t *ret_value)
{
    const struct {
        const char *name;
        uint64_t value;
    } known[] = {{"vcpus", vars->vcpus}, {"disks", vars->disks}, {"nics", vars->nics}};
    for (size_t i = 0; i < VP_ARRAY_SIZE(known); i++)
        if (strcmp(known[i].name, word) == 0) {
            *ret_value = known[i].value;
            return 0;
        }
    return vp_u64_parse(word, 0, UINT64_MAX, ret_value) < 0 ? -EINVAL : 0;
}

static int eval(const char **at, const struct vp_expr_vars *vars, unsigned depth, uint64_t *ret_value)
{
    char word[32];
    *at = skip(*at);
    const size_t n = strcspn(*at, " \t(,)");
    if (depth > DEPTH_MAX || n == 0 || n >= sizeof(word))
        return -EINVAL;
    memcpy(word, *at, n);
    word[n] = '\0';
    *at = skip(*at + n);
    if (**at == '(') {
        const int least = strcmp(word, "min") == 0;
        if (!least && strcmp(word, "max") != 0)
            return -EINVAL;
        return eval_call(at, vars, depth, least, ret_value);
    }
    return eval_variable(word, vars, ret_value);
}

int vp_expr_eval(const char *text, const struct vp_expr_vars *vars, uint64_t *ret_value)
{
    uint64_t value = 0;
    const char *at = text;
    if (eval(&at, vars, 0, &value) < 0 || *at != '\0')
        return -EINVAL;
    *ret_value = value;
    return 0;
}

int vp_expr_check(const char *text)
{
    static const struct vp_expr_vars none = {1, 1, 1};
    uint64_t value = 0;
    return vp_expr_eval(text, &none, &value);
}
