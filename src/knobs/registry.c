/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "knobs.h"
#include "mem.h"

/*
 * Planning order: what later knobs look at in the plan (the cache before the I/O mode, the model before the
 * queues) stands first. Sections of profiles stay together, for the manual page is in this order too. A place
 * is asked for by cpu.placement, the first row of its area: the I/O threads are planned by then, and what
 * depends on the place (memory.numa, memory.hugepages, cpu.hint-dedicated) is not.
 */
static const struct vp_knob *const areas[] = {
    vp_knobs_guest,     vp_knobs_diskbus,   vp_knobs_disk,       vp_knobs_iothread,    vp_knobs_iotune,
    vp_knobs_hostblock, vp_knobs_hostio,    vp_knobs_diskadvice, vp_knobs_cpu,         vp_knobs_cputune,
    vp_knobs_placement, vp_knobs_vcpusched, vp_knobs_cachetune,  vp_knobs_hostcpu,     vp_knobs_scopecpu,
    vp_knobs_numa,      vp_knobs_memory,    vp_knobs_hostmemory, vp_knobs_scopememory, vp_knobs_network,
    vp_knobs_hostnet,   vp_knobs_irq,       vp_knobs_clock,      vp_knobs_hyperv,      vp_knobs_hostsettings,
};

#define KNOBS_MAX 512

const struct vp_registry *vp_registry_builtin(void)
{
    static const struct vp_knob *knobs[KNOBS_MAX];
    static struct vp_registry registry = {.knobs = knobs};
    if (registry.n != 0)
        return &registry;
    for (size_t i = 0; i < VP_ARRAY_SIZE(areas); i++)
        for (const struct vp_knob *knob = areas[i]; knob->name != NULL && registry.n < KNOBS_MAX; knob++)
            knobs[registry.n++] = knob;
    return &registry;
}
