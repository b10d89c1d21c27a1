/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/* What stands for a knob in settings of the [xml] section: effect `guest`, as nothing is known about them. */
extern const struct vp_knob vp_xml_knob;

/* A value in [xml] that takes the place out of the definition. */
#define VP_XML_ABSENT "(absent)"

/**
 * Check a path of the [xml] section: a place (place.h), where "[*]" means each element of that name.
 * Returns 0, or -EINVAL: malformed, or a place that is not virt-profile's to change: name, uuid, metadata,
 * passwords.
 */
int vp_xml_path_check(const char *path, struct vp_error **err);

/**
 * Plan the [xml] section: each path an attribute (last step "@name") or an element that gets a text, becomes
 * an
 * element (value starts with '<'), or goes (VP_XML_ABSENT). Each "[*]" stands for the elements that are
 * there.
 * Returns 0, or -EINVAL when a knob of the profile manages the same place, or the value is no XML.
 */
int vp_plan_xml_settings(struct vp_planning *planning, struct vp_error **err);
