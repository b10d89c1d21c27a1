/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "change.h"
#include "cli.h"
#include "json.h"

/* Say what a person should know: what takes effect when, if its guest runs on. With --verbose everything. */
void vp_change_print(const struct vp_cli *cli, const struct vp_change *change);
json_object *vp_change_json(const struct vp_change *change) VP_MUST_USE;
