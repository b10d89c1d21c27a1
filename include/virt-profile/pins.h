/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "census.h"
#include "topology.h"
#include "xml.h"

/*
 * The CPUs and NUMA nodes that a definition names itself. libvirt sets them when it starts the guest, and
 * gives the start up when the kernel refuses one: whoever limits the guest has to leave room for all of them.
 */
struct vp_pins {
    hwloc_bitmap_t cpus;      /* OS numbers, of all pins together; owned, as all sets here */
    hwloc_bitmap_t nodes;     /* OS numbers of the nodes that memory is bound to */
    hwloc_bitmap_t vcpus;     /* numbers of the vCPUs that have a pin */
    hwloc_bitmap_t iothreads; /* ids of the iothreads that have one */
    bool emulator;            /* its emulator threads have one */
    bool all;                 /* <vcpu cpuset=…>: whoever has no pin of its own has that one */
    bool automatic;           /* numad chooses when the guest starts: nothing is known */
    bool preferred;           /* memory may come from other nodes when its own are full */
};

/**
 * Read the pins of a <domain> element: vcpu, cputune, numatune, nodemasks of memory devices (libvirt 9.0,
 * formatdomain). A list that cannot be read counts as chosen automatically.
 */
void vp_pins_read(const vp_node *domain, struct vp_pins *ret_pins);
void vp_pins_done(struct vp_pins *pins);

/**
 * The CPUs that a <domain> element pins one thread to: its own pin, else that of all. Owned; NULL where it
 * has none, or one that cannot be read.
 * @index: of a vCPU, the id of an iothread
 */
hwloc_bitmap_t vp_pins_of(const vp_node *domain, enum vp_thread_kind kind, unsigned index) VP_MUST_USE;
