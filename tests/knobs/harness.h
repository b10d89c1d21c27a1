/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "planner.h"
#include "test.h"

/*
 * One row of a test of knobs: settings planned for a definition, and the plan as lines of text.
 *
 *     devices/disk[vda]/driver/@cache = none          a value is set
 *     devices/disk[vda]/driver/@io = native (already) the definition says so by itself
 *     devices/disk[vda]/iotune/size_iops_sec -        taken out
 *     devices/disk[vda]/address readdressed
 *     again in 60 s                                   the plan is another then
 *     skipped disk.io: vda: …                         vp_plan_skip()
 *     warning disk.cache: …                           vp_plan_warn()
 *
 * Actions come first, in the order of the plan, then notes.
 */
struct vp_trial {
    /* Children of <domain> in place of those of VP_TRIAL_GUEST; or "<domain …" as it is. */
    const char *domain;
    const char *set;     /* "disk.cache=none; disk.io=auto", in any order */
    const char *expect;  /* lines; '*' stands for any text within its line */
    const char *host;    /* as vp_host_open(), "dump" for a folder made of `files`; NULL: 4 CPUs, one node */
    const char *libvirt; /* what the host's domaincommon.rng says; NULL: none is installed */
    const char *const *files; /* NULL-terminated pairs of path and text, below the host's root */
    enum vp_phase phase;
    uint64_t age;       /* VP_PHASE_LIVE: seconds since the start */
    const char *stored; /* the definition as it came, "<domain …"; NULL: what is planned */
    bool no_placer;     /* there is no host to place guests on; else an empty one */
};

/*
 * What a definition has when `domain` does not say it: a KVM guest on q35 with 4 vCPUs and 4 GiB. A child
 * element given in `domain` (vcpu, os, cpu, devices, …) stands in for the one here.
 */
#define VP_TRIAL_GUEST                                                                                       \
    "<name>guest</name><uuid>5a1f0c3e-7f0b-4b43-9d5c-2f7f3c1f2b11</uuid><memory unit='KiB'>4194304</memory>" \
    "<vcpu placement='static'>4</vcpu><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>"

/* libosinfo metadata as virt-install writes it, for `domain`. */
#define VP_TRIAL_OS(id)                                                                                      \
    "<metadata><libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>"        \
    "<libosinfo:os id='" id "'/></libosinfo:libosinfo></metadata>"

/*
 * Plan a row and fail the test with row number, plan and expectation when they differ, or when planning was
 * not pure.
 */
void vp_trial_check(const struct vp_trial *trial, int row);

/* The plan as text. Owned. Fails the test where planning is impossible. */
char *vp_trial_plan(const struct vp_trial *trial, int row) VP_MUST_USE;

/* The message of a value that must be refused; NULL where it is accepted. Owned. */
char *vp_trial_refusal(const char *knob, const char *value) VP_MUST_USE;
