/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/* As many I/O threads of a definition as are looked at. */
#define VP_IOTHREADS_MAX 256

/* The I/O threads of a guest by their ids, in libvirt's order. */
struct vp_iothreads {
    unsigned ids[VP_IOTHREADS_MAX];
    unsigned n;
    bool listed; /* <iothreadids> names some */
};

/* Those that the definition has. */
struct vp_iothreads vp_iothreads_read(const struct vp_domain *domain);
/* With more until there are `count`: the lowest free ids. */
void vp_iothreads_fill(struct vp_iothreads *threads, unsigned count);
/* As they will be once the plan so far is carried out. */
struct vp_iothreads vp_iothreads_planned(const struct vp_planning *planning);
