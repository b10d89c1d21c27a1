; SPDX-License-Identifier: LGPL-2.1-or-later
[profile]
summary = Network function: pinned latency, big rings, no clutter
enforce = start

[disk]
; Disk work gets a thread that can be kept off the CPUs of the data path, as the emulator's is (libvirt knowledge base, "KVM Real Time Guest Configuration").
iothreads = 1
