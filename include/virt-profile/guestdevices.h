/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"

/*
 * Devices of the guest that a profile adds, changes or takes out. Each function has the contract of
 * struct vp_knob.plan; the choices are in the order of its table.
 */

vp_node *vp_guest_first(const struct vp_planning *planning, const char *name); /* a device; NULL: none */
bool vp_guest_is_s390(const struct vp_domain *domain);
/* Why a virtio device cannot be given to the guest; NULL when it can. */
const char *vp_guest_no_virtio(const struct vp_planning *planning);
/* Why no PCI device can be added to the guest; NULL when one can. */
const char *vp_guest_no_slot(const struct vp_planning *planning);
/* Plan that a device goes. */
void vp_guest_drop(struct vp_planning *planning, const struct vp_setting *setting, vp_node *node,
                   const char *reason);

int vp_guest_plan_rng(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err);

extern const char *const vp_guest_consoles[];
int vp_guest_plan_console(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err);

extern const char *const vp_guest_videos[];
int vp_guest_plan_video(struct vp_planning *planning, const struct vp_setting *setting,
                        struct vp_error **err);

extern const char *const vp_guest_tablets[];
int vp_guest_plan_tablet(struct vp_planning *planning, const struct vp_setting *setting,
                         struct vp_error **err);

int vp_guest_plan_no_sound(struct vp_planning *planning, const struct vp_setting *setting,
                           struct vp_error **err);

/* After sound and tablet, which may need USB. */
int vp_guest_plan_no_usb(struct vp_planning *planning, const struct vp_setting *setting,
                         struct vp_error **err);

extern const char *const vp_guest_watchdogs[];
int vp_guest_plan_watchdog(struct vp_planning *planning, const struct vp_setting *setting,
                           struct vp_error **err);

extern const char *const vp_guest_scsis[];
int vp_guest_plan_scsi(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err);
