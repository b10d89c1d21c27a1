# SPDX-License-Identifier: LGPL-2.1-or-later
# One file per area of knobs.
libvirt_profile_a_SOURCES += \
	include/virt-profile/disks.h src/knobs/disk/disks.c \
	src/knobs/disk/disk.c src/knobs/disk/diskbus.c include/virt-profile/iothreadids.h src/knobs/disk/iothreadids.c \
	src/knobs/disk/iothread.c src/knobs/disk/iotune.c

libvirt_profile_a_SOURCES += \
	include/virt-profile/cpudefault.h src/knobs/cpu/cpudefault.c \
	include/virt-profile/cpufeature.h src/knobs/cpu/cpufeature.c src/knobs/cpu/cpu.c src/knobs/cpu/cputune.c \
	include/virt-profile/guestmem.h src/knobs/guest/guestmem.c include/virt-profile/memoryknobs.h \
	src/knobs/memory/memory.c src/knobs/memory/memory_backing.c src/knobs/memory/memory_balloon.c src/knobs/memory/memory_limits.c

libvirt_profile_a_SOURCES += \
	include/virt-profile/placing.h src/knobs/placement/placing.c src/knobs/placement/placingearlier.c \
	include/virt-profile/placingdemand.h src/knobs/placement/placingdemand.c \
	include/virt-profile/placementknobs.h src/knobs/placement/placement.c src/knobs/placement/placementhint.c \
	src/knobs/cpu/vcpusched.c src/knobs/cpu/cachetune.c src/knobs/placement/numa.c

libvirt_profile_a_SOURCES += include/virt-profile/knobs.h src/knobs/registry.c

libvirt_profile_a_SOURCES += \
	include/virt-profile/nics.h src/knobs/network/nics.c src/knobs/network/network.c \
	include/virt-profile/timer.h src/knobs/guest/timer.c src/knobs/guest/clock.c src/knobs/guest/hyperv.c \
	include/virt-profile/guestdevices.h src/knobs/guest/guestdevices.c src/knobs/guest/guestusb.c src/knobs/guest/guest.c

libvirt_profile_a_SOURCES += \
	include/virt-profile/diskbelow.h src/knobs/disk/diskbelow.c \
	src/knobs/disk/diskadvice.c src/knobs/host/hostblock.c src/knobs/host/hostio.c

libvirt_profile_a_SOURCES += src/knobs/host/hostsettings.c

libvirt_profile_a_SOURCES += src/knobs/host/hostnet.c src/knobs/host/irq.c

libvirt_profile_a_SOURCES += src/knobs/cpu/scope.c
