/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tag.h"

#include <string.h>

static bool holds(const char *text, size_t len, const char *part)
{
    return memmem(text, len, part, strlen(part)) != NULL;
}

bool vp_tag_maybe(const char *text, size_t len)
{
    return holds(text, len, VP_TAG_NS);
}

bool vp_tag_may_refuse(const char *text, size_t len)
{
    return vp_tag_maybe(text, len) &&
           (holds(text, len, "enforce=\"refuse\"") || holds(text, len, "enforce='refuse'"));
}
