/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "knob.h"

/* One table an area, in src/knobs/AREA/. Each ends with a row whose name is NULL. */
extern const struct vp_knob vp_knobs_cpu[];
extern const struct vp_knob vp_knobs_cputune[];
extern const struct vp_knob vp_knobs_placement[];
extern const struct vp_knob vp_knobs_vcpusched[];
extern const struct vp_knob vp_knobs_cachetune[];
extern const struct vp_knob vp_knobs_numa[];
extern const struct vp_knob vp_knobs_memory[];
extern const struct vp_knob vp_knobs_diskbus[];
extern const struct vp_knob vp_knobs_disk[];
extern const struct vp_knob vp_knobs_iothread[];
extern const struct vp_knob vp_knobs_iotune[];
extern const struct vp_knob vp_knobs_hostblock[];
extern const struct vp_knob vp_knobs_hostio[];
extern const struct vp_knob vp_knobs_diskadvice[];
extern const struct vp_knob vp_knobs_network[];
extern const struct vp_knob vp_knobs_hostnet[];
extern const struct vp_knob vp_knobs_irq[];
extern const struct vp_knob vp_knobs_guest[];
extern const struct vp_knob vp_knobs_clock[];
extern const struct vp_knob vp_knobs_hyperv[];
extern const struct vp_knob vp_knobs_hostcpu[];
extern const struct vp_knob vp_knobs_hostmemory[];
extern const struct vp_knob vp_knobs_hostsettings[];
extern const struct vp_knob vp_knobs_scopecpu[];
extern const struct vp_knob vp_knobs_scopememory[];

/* All of them. Built once; not for use from several threads before the first call returned. */
const struct vp_registry *vp_registry_builtin(void);
