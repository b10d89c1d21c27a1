; SPDX-License-Identifier: LGPL-2.1-or-later
[profile]
summary = Network function: pinned latency, big rings, no clutter
enforce = start

[disk]
; Disk work gets a thread that can be kept off the CPUs of the data path, as the emulator's is (libvirt knowledge base, "KVM Real Time Guest Configuration").
iothreads = 1

[cpu]
; Poll-mode drivers use every vector unit there is (libvirt knowledge base, "KVM Real Time Guest Configuration").
model = host-passthrough
; Threads that pass packets to each other find the cache they share (QEMU's host-cache-info; KubeVirt does so for dedicated CPUs).
cache = passthrough
; One write to an MSR arms a timer, without the emulated APIC's arithmetic (libvirt knowledge base, "KVM Real Time Guest Configuration").
features = +tsc-deadline
; A forwarding core never sleeps or waits for another (KubeVirt sets it with dedicated CPUs); left out without pins of one vCPU to one CPU.
hint-dedicated = yes

[memory]
; Rings and packet buffers lie in huge pages, 1 GiB ones as the guest's DPDK wants them (same libvirt document; SEAPATH, RT guests).
hugepages = 1G, 2M
; The switch's process reads and writes packets in the guest's memory (Open vSwitch, "DPDK vHost User Ports"); without vhost-user it is left out.
access = shared
; No page may move or be copied under a packet (libvirt knowledge base, "KVM Real Time Guest Configuration": nosharepages, locked, no balloon).
ksm = no
; Nothing of it is ever read back from swap (same document); a hard limit with room for QEMU comes with it.
locked = yes
; A balloon only takes pages away that the lock has just secured (same document).
balloon = no
