/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "openmetrics.h"

#include <inttypes.h>

#include "escape.h"

/* Between double quotes. */
static void add_quoted(struct vp_strbuf *out, const char *text)
{
    vp_autofree char *clean = vp_to_utf8(text);

    for (const char *at = clean; at != NULL && *at != '\0'; at++) {
        if (*at == '\n')
            vp_strbuf_add(out, "\\n");
        else if (*at == '"' || *at == '\\')
            vp_strbuf_addf(out, "\\%c", *at);
        else
            vp_strbuf_addn(out, at, 1);
    }
}

void vp_openmetrics_family(struct vp_strbuf *out, const char *name, const char *unit, const char *help)
{
    vp_strbuf_addf(out, "# TYPE %s gauge\n", name);
    if (unit != NULL)
        vp_strbuf_addf(out, "# UNIT %s %s\n", name, unit);
    vp_strbuf_addf(out, "# HELP %s %s\n", name, help);
}

void vp_openmetrics_sample(struct vp_strbuf *out, const char *name, const struct vp_label *labels, size_t n,
                           uint64_t value)
{
    vp_strbuf_add(out, name);
    for (size_t i = 0; i < n; i++) {
        vp_strbuf_addf(out, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
        add_quoted(out, labels[i].value);
        vp_strbuf_add(out, "\"");
    }
    vp_strbuf_addf(out, "%s %" PRIu64 "\n", n > 0 ? "}" : "", value);
}

void vp_openmetrics_end(struct vp_strbuf *out)
{
    vp_strbuf_add(out, "# EOF\n");
}
