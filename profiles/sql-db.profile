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
