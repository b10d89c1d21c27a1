/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "root.h"

/*
 * What the installed libvirt understands, asked of the domain schema that it ships
 * (/usr/share/libvirt/schemas): a
 * question of features, not of version numbers. Where none is installed, a table of names that libvirt 9.0
 * knew answers.
 */
struct vp_schema;

enum vp_schema_kind { VP_SCHEMA_ELEMENT, VP_SCHEMA_ATTRIBUTE, VP_SCHEMA_VALUE, VP_SCHEMA_N_ };

/* Never fails: without files it is the table. Nothing is read before the first question. */
struct vp_schema *vp_schema_new(const struct vp_root *root);
void vp_schema_free(struct vp_schema *schema); /* NULL is fine */

bool vp_schema_knows(struct vp_schema *schema, enum vp_schema_kind kind, const char *name);
