/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "strbuf.h"

/*
 * Metrics as text that is both OpenMetrics 1.0 and the text format of Prometheus, which the textfile
 * collector of node_exporter reads: gauges only, as the two differ in the names of others.
 */
struct vp_label {
    const char *name, *value; /* value NULL: "" */
};

/**
 * Begin a family; its samples follow before the next one begins.
 * @name: ends with "_UNIT" where there is a unit
 * @unit: NULL: it is a plain number
 * @help: one line
 */
void vp_openmetrics_family(struct vp_strbuf *out, const char *name, const char *unit, const char *help);
/* One sample of the family that was begun last. Values of labels may be any text. */
void vp_openmetrics_sample(struct vp_strbuf *out, const char *name, const struct vp_label *labels, size_t n,
                           uint64_t value);
/* Nothing may follow. */
void vp_openmetrics_end(struct vp_strbuf *out);
