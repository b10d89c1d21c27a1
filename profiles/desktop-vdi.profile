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
