; SPDX-License-Identifier: LGPL-2.1-or-later
[profile]
summary = Network function: pinned latency, big rings, no clutter
enforce = start

[disk]
; Disk work gets a thread that can be kept off the CPUs of the data path, as the emulator's is (libvirt knowledge base, "KVM Real Time Guest Configuration").
iothreads = 1

[cpu]
; A vCPU that polls never gives its CPU back, so it has one to itself, on the node of its network cards (Red Hat OpenStack Platform, NFV planning guide).
placement = dedicated
; Sibling threads stay in pairs (same Red Hat guide): the other thread of a core never runs somebody else's work. isolate leaves it idle, for half the guests.
threads = siblings
; On CPUs of the same node that are not for guests (OpenStack Nova, emulator threads policy "share"; libvirt knowledge base, "KVM Real Time Guest Configuration").
emulator = housekeeping
; Disks are not what a network function waits for (the same libvirt document pins them with the emulator).
iothreads = housekeeping
; Poll-mode drivers use every vector unit there is (libvirt knowledge base, "KVM Real Time Guest Configuration").
model = host-passthrough
; Threads that pass packets to each other find the cache they share (QEMU's host-cache-info; KubeVirt does so for dedicated CPUs).
cache = passthrough
; One write to an MSR arms a timer, without the emulated APIC's arithmetic (libvirt knowledge base, "KVM Real Time Guest Configuration").
features = +tsc-deadline
; A forwarding core never sleeps or waits for another (KubeVirt sets it with dedicated CPUs); left out without pins of one vCPU to one CPU.
hint-dedicated = yes
; No change of clock and no deep idle state in the way of a packet; own CPUs only (tuned, profile cpu-partitioning).
governor = performance
energy-preference = performance
max-latency = 3

[memory]
; Packet buffers on the node of the vCPUs and of the cards, or no start at all (Red Hat OpenStack Platform, NFV planning guide).
numa = strict
; A function that no node holds sees where its memory is: DPDK allocates for each NUMA node by itself (DPDK, Programmer's Guide, "Environment Abstraction Layer").
cells = auto
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

[kernel]
; No page fault that only wants to know who uses the page (tuned, profile network-latency: numa_balancing 0).
numa-balancing = no
; A vCPU that polls in the guest has nothing to gain from polling in the host (SEAPATH, real-time hosts: halt_poll_ns 0).
halt-poll = 0

[network]
; Poll-mode drivers know virtio; only where the guest is known to have drivers (DPDK, "Poll Mode Driver for Emulated Virtio NIC").
model = virtio
; Interfaces beside the data path go through the kernel and not through QEMU, whose thread shares its CPU (libvirt, domain format, "driver name").
backend = vhost
; One for each vCPU that polls; the switch must offer as many (Open vSwitch, "DPDK vHost User Ports"; OpenStack Nova, hw:vif_multiqueue_enabled).
queues = min(vcpus, 8)
; A burst waits in the ring and is not dropped while the guest or the switch is elsewhere (OpenStack Nova, "Configure virtio queue sizes", Rocky).
rx-queue-size = 1024
; The same for what the guest sends, where QEMU takes it: vhost-user.
tx-queue-size = 1024

[irq]
; Interrupts of a passed-through device come to the CPUs that handle them (CRI-O, annotation irq-load-balancing, keeps all others away from such CPUs).
devices = vcpus
; An interrupt of somebody else's device takes a vCPU out of the guest for as long as it lasts (tuned, profile cpu-partitioning: irqbalance keeps off isolated cores).
others = off-dedicated

[guest]
; What is not there interrupts nobody (libvirt knowledge base, "KVM Real Time Guest Configuration": no USB; a tablet hangs on it and a sound card has timers).
usb = no
sound = no
tablet = no
; Counters are saved at every entry and exit, which is jitter (libvirt knowledge base, "KVM Real Time Guest Configuration": pmu off).
pmu = no
; A network function that puts itself to sleep drops packets (virt-install writes the same for x86 guests).
suspend-to-mem = no
suspend-to-disk = no

[clock]
; Time without an exit (libvirt, domain format, "Time keeping").
kvmclock = yes
; Emulated timers only make noise (SUSE, "Best Practices for SAP HANA on KVM": hpet off, pit delay).
hpet = no
pit = delay
