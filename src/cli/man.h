/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "knob.h"

/* virt-profile-knobs(7) in mdoc(7), made from the table of knobs. */
void vp_man_knobs(FILE *out, const struct vp_registry *registry);
