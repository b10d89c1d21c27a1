; SPDX-License-Identifier: LGPL-2.1-or-later
[profile]
summary = Windows or Linux desktop among many: shared memory, capped disk, quiet clocks
enforce = start

[disk]
; Memory that is shared out tightly is not spent on a page cache of the host (OpenStack Nova's and oVirt's choice where storage allows it).
cache = none
; native on block devices, threads on files: the rule oVirt uses.
io = auto
; Desktops delete all day long, and thin clones only stay thin when that reaches the storage (oVirt's default for disks that allow it).
discard = unmap
; One thread for all disks of a desktop keeps disk work out of QEMU's main loop, which draws the screen (oVirt and Nova make one as well).
iothreads = 1
; A working desktop does 10 to 30 requests a second (Citrix CTX135986 and field figures): ten times the middle of it is no limit to feel.
total-iops = 100
; A boot or log-on does 150 to 450 (Citrix CTX135986): room for the higher figure.
total-iops-max = 500
; As long as a boot takes, after that a runaway desktop is back at the limit. Twice the 60 s in use at Flying Circus, whose hosts boot servers.
total-iops-max-length = 120

[cpu]
; Desktops idle at different times: they float on all CPUs that no guest owns. Fixed to CPUs, guests that outnumber them wait for each other (LXD issue 14133).
placement = shared
; The host's features under a name that other hosts can offer too, so that desktops move between them (libvirt, domain format, "CPU model and topology").
model = host-model
; Desktop editions of Windows use two sockets at most: vCPUs as cores are all used.
topology = cores

[memory]
; Static huge pages cannot be shared or ballooned; transparent ones are made and split as needed (Red Hat, "Virtualization Tuning and Optimization Guide").
hugepages = thp
; Desktops of one image hold the same pages: merging them is what fits more of them on a host (same Red Hat guide; oVirt merges under memory pressure).
ksm = yes
; An idle desktop's memory goes to the others (OpenStack Nova and oVirt give every guest a balloon).
balloon = yes
; Rather take memory back from the balloon than have the guest kill a program (OpenStack Nova's default).
balloon-autodeflate = yes
; What a closed program frees returns to the host without asking (OpenStack Nova's default; QEMU 5.1, Linux 5.7 in the guest).
free-page-reporting = yes
; Memory that may be swapped and shared must not be locked.
locked = no

[ksm]
; Merging is of no use unless the host does it, and desktops of one image have much to merge (oVirt, MOM's policy: its most pages and least sleep).
run = run
pages-to-scan = 1250
sleep = 10

[network]
; Every packet of an emulated card is several exits; only where the guest is known to have drivers (KubeVirt, oVirt and Nova give virtio by default).
model = virtio
; A desktop fills no more, and each queue is a thread of the host among those of many guests (oVirt takes at most 4 for servers).
queues = min(vcpus, 2)

[guest]
; Windows and Linux both take randomness from it (virt-install and oVirt give it to their guests).
rng = yes
; A USB tablet keeps an emulated USB controller at work (QEMU documentation, "USB emulation", on the CPU that UHCI and EHCI take); a virtio one only interrupts.
tablet = virtio
; A desktop that puts itself to sleep is lost to its user (virt-install writes the same for x86 guests).
suspend-to-mem = no
suspend-to-disk = no

[clock]
; Windows takes the hardware clock for local time (OpenStack Nova for Windows guests), others for UTC.
offset = auto
; Time without an exit, for Windows and for Linux (QEMU docs/system/i386/hyperv.rst).
hypervclock = yes
kvmclock = yes
; Many idle desktops whose timers tick are a busy host (QEMU docs/system/i386/hyperv.rst; OpenStack Nova: hpet off).
hpet = no
; A desktop that waited for its CPU makes up for the time (OpenStack Nova: rtc catchup, pit delay).
rtc = catchup
pit = delay

[hyperv]
; All that QEMU recommends for every host (QEMU docs/system/i386/hyperv.rst, "Recommendations"). Does nothing on Linux.
enlightenments = auto
; 0xfff, as desktops outnumber the host's CPUs (QEMU docs/system/i386/hyperv.rst, "Recommendations").
spinlocks = 4095
; Virtualization-based security runs Hyper-V in the desktop (same document: should be enabled on Intel, and only there).
evmcs = yes
