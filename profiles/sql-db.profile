; SPDX-License-Identifier: LGPL-2.1-or-later
[profile]
summary = Relational database server: local memory, direct I/O, no memory sharing
enforce = start

[disk]
; A database has its own buffer pool: a second copy in the host's page cache costs memory and time (SUSE, "Best Practices for SAP HANA on KVM").
cache = none
; With the page cache out of the way the kernel queues requests itself and no thread waits for each (same SUSE guide, next to cache none).
io = native
; Dropped tables and moved files give their room back to thin storage (same SUSE guide; oVirt's default for disks that allow it).
discard = unmap
; A thread for each disk, so that log writes do not wait behind checkpoints (Red Hat Developer, "Scaling virtio-blk disk I/O with IOThread Virtqueue Mapping", 2024).
; There is more to gain on QEMU 9.0 and libvirt 10.0 with iothread-mapping = yes and iothreads = 4 to 8, which older versions refuse.
iothreads = auto
; A queue for each vCPU, no lock between them (same Red Hat article; QEMU's own default for new machine types since 5.2).
queues = vcpus
; An image that is not raw, a chain of images, NFS, log and data on one disk: the plan says so, as no profile can mend it (SUSE, same guide).
advice = yes

[cpu]
; Each vCPU has a host CPU to itself, on one node where one holds the guest: no CPU is sold twice (SUSE, "Best Practices for SAP HANA on KVM").
placement = dedicated
; Whole cores, threads of a guest core on threads of a host core (the same guide pins pairs to pairs).
threads = siblings
; QEMU's own threads keep off the vCPUs (OpenStack Nova, emulator threads policy "share"); the SUSE guide finds that they need no CPU of their own.
emulator = housekeeping
; The same for the threads that serve the disks; own gives each a CPU (KubeVirt does so with dedicated CPUs) where disks are fast and CPUs are plenty.
iothreads = housekeeping
; The few of its threads that share CPUs with others, QEMU's own and those of disks and interfaces, go first there: what waits for them is a transaction.
; Most of the weight is where the vCPUs are, so it takes much (beside eight busy desktops a guest kept 83 % of its work with 100, 86 % with 1000, 90 % with this).
cgroup-weight = 10000
; All the host's CPU can do, crypto and vector units included; such a guest only moves to hosts of the same CPU (SUSE, "Best Practices for SAP HANA on KVM").
; The same guide adds features = +invtsc for a steady clock source. That rules migration out, so it is left to the operator.
model = host-passthrough
; The guest's scheduler keeps threads that share data on CPUs that share a cache (QEMU's host-cache-info; KubeVirt does so for dedicated CPUs).
cache = passthrough
; Spinning beats sleeping where every vCPU has a host CPU to itself (KubeVirt sets it with dedicated CPUs); without such pins it is left out.
hint-dedicated = yes
; The clock does not fall between two transactions (SUSE, SAP HANA on KVM; tuned, profile throughput-performance).
governor = performance
energy-preference = performance
; Deep idle states cost each transaction their wake-up; own CPUs only (tuned, profile mssql: force_latency 5).
max-latency = 5

[memory]
; Memory of the vCPUs' node and no other (SUSE, "Best Practices for SAP HANA on KVM": strict; Red Hat, "Virtualization Tuning and Optimization Guide").
numa = strict
; What no node holds gets a NUMA cell for each node, with the host's distances, so that the database keeps its parts near (same SUSE guide).
cells = auto
; 1 GiB pages, whole in each NUMA cell, make address translation cheap (SUSE, SAP HANA on KVM); 2 MiB pages are second best, then what the host does by itself.
hugepages = 1G, 2M, thp
; A page that was merged costs a copy at the next write, and a buffer pool writes all the time (SUSE, SAP HANA on KVM: nosharepages).
ksm = no
; A buffer pool that a balloon squeezes swaps (SUSE, SAP HANA on KVM: memory equals currentMemory). Huge pages need no lock.
balloon = no
; A buffer pool that the host swaps out is slower than none (SUSE, "Best Practices for SAP HANA on KVM": no overcommitment of memory).
overcommit-guard = yes

[kernel]
; A guest that is bound to its nodes gains nothing by it and pays with page faults (tuned, profiles oracle and mssql: numa_balancing 0).
numa-balancing = no
; The host drops cached files before it swaps (tuned, profile throughput-performance: swappiness 10).
swappiness = 10
; Best for transactions over the network in IBM's study (IBM, "KVM Network Performance: Best Practices and Tuning Recommendations").
halt-poll = 80000

[network]
; Every packet of an emulated card is several exits; only where the guest is known to have drivers (KubeVirt, oVirt and Nova give virtio by default).
model = virtio
; Packets go through the kernel; a host without vhost-net is to be noticed at the start and not by the users (libvirt, domain format, "driver name").
backend = vhost
; Connections spread over the vCPUs; each queue is a vhost thread, so not without limit (oVirt takes at most 4, OpenStack Nova up to one a vCPU).
queues = min(vcpus, 8)

[irq]
; Interrupts of a passed-through device come to the CPUs that handle them (CRI-O, annotation irq-load-balancing, keeps all others away from such CPUs).
devices = vcpus
; An interrupt of somebody else's device takes a vCPU out of the guest for as long as it lasts (tuned, profile cpu-partitioning: irqbalance keeps off isolated cores).
others = off-dedicated

[guest]
; TLS and UUIDs take randomness from the first second on (virt-install gives Linux guests the same device).
rng = yes
; Nobody listens to a server, and a sound card's timers wake QEMU (oVirt: sound for desktops only).
sound = no
; A server that puts itself to sleep is down (virt-install writes the same for x86 guests).
suspend-to-mem = no
suspend-to-disk = no

[clock]
; Time without an exit, for Linux and for Windows (SUSE, "Best Practices for SAP HANA on KVM"; QEMU docs/system/i386/hyperv.rst).
kvmclock = yes
hypervclock = yes
; Transactions read the clock all the time, and each read of an HPET is an exit (SUSE, "Best Practices for SAP HANA on KVM": hpet off).
hpet = no
; The clock must not lag behind after a stall (same SUSE guide: rtc catchup, pit delay).
rtc = catchup
pit = delay

[hyperv]
; SQL Server on Windows: all that QEMU recommends for every host (QEMU docs/system/i386/hyperv.rst, "Recommendations"). Does nothing on Linux.
enlightenments = auto
; Twice the smallest value, as holders of locks rarely lose their CPU here (OpenStack Nova, oVirt and KubeVirt set this number).
spinlocks = 8191
