/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"
#include "tag.h"

/*
 * The record of what virt-profile changed in a definition, kept in the tag, in the order it was changed:
 *
 *     <vp:made at="cputune"/>                                       an element made to hold others
 *     <vp:was knob="cpu.shares" at="cputune/shares"/>                was not there
 *     <vp:was knob="disk.cache" at="devices/disk[vda]/driver/@cache" value="writeback"/>
 *     <vp:was knob="disk.cache" at="devices/disk[vdb]/driver/@cache" effect="guest" value="writethrough"/>
 *     <vp:was knob="memory.balloon" at="devices/memballoon"><memballoon model='virtio'/></vp:was>
 *     <vp:was knob="guest.rng" at="devices/rng[#1]"><vp:added><rng model='virtio'>…</rng></vp:added></vp:was>
 *     <vp:was knob="guest.sound" at="devices/sound[#1]" after="devices/input[#2]"><sound
 *     model='ich6'/></vp:was>
 *     <vp:had controllers="pci:0 pci:1+ usb:0"/>                     controllers before devices were added
 *     (+: multifunction)
 *
 * Undoing it backwards gives the definition without virt-profile.
 */

/**
 * Undo the record.
 * @domain: edited in place; its tag stays, the undone entries leave it
 * @registry: tells which effect an entry's knob has; a knob it does not know counts as `guest`
 * @phase: entries whose effect may not change in this phase stay in place, and in the record
 * Devices that come back are marked VP_ADDRESS_RESTORED; see vp_address_settle() for the addresses they had.
 */
void vp_record_revert(struct vp_domain *domain, const struct vp_registry *registry, enum vp_phase phase);

/*
 * Remove the controllers that libvirt added for devices of ours: not in the `had` list and used by none.
 * After a full revert.
 */
void vp_record_drop_controllers(struct vp_domain *domain);

/*
 * Put right what libvirt makes of a record that was handed to it as metadata: elements that were kept get the
 * tag's namespace there (libvirt 9.0: virXMLInjectNamespace()). Nothing happens to any other.
 */
void vp_record_normalize(struct vp_domain *domain);

/**
 * Carry out a plan on the definition it was made for, recording in the tag what each place held before.
 * @domain: what was planned, with a tag; edited in place. The plan's anchors are not valid after.
 * @old: the definition as stored, with virt-profile's settings; what libvirt filled in there for
 *       elements of ours
 *       (addresses, defaults) is kept
 * Actions that change nothing or that the phase does not allow are left out.
 * Returns 0, or -EINVAL when two actions work on the same element, named in the message; the domain is then
 * unusable.
 */
int vp_record_apply(const struct vp_plan *plan, enum vp_phase phase, struct vp_domain *domain,
                    const struct vp_domain *old, struct vp_error **err);

/*
 * When an entry may be undone: its own effect where it says one, else its knob's; `guest` for a knob the
 * registry does not know.
 */
enum vp_effect vp_record_effect(const vp_node *entry, const struct vp_registry *registry);

/*
 * The next `was` entry of a tag, from `entry` NULL on; NULL at the end. Gives its knob and place, both
 * borrowed.
 */
const vp_node *vp_record_next(const struct vp_tag *tag, const vp_node *entry, const char **ret_knob,
                              const char **ret_at);
