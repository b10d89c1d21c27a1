# SPDX-License-Identifier: LGPL-2.1-or-later
# One file per area of knobs.
libvirt_profile_a_SOURCES += \
	include/virt-profile/disks.h src/knobs/disks.c \
	src/knobs/disk.c src/knobs/diskbus.c include/virt-profile/iothreadids.h src/knobs/iothreadids.c \
	src/knobs/iothread.c src/knobs/iotune.c

libvirt_profile_a_SOURCES += \
	include/virt-profile/cpudefault.h src/knobs/cpudefault.c \
	include/virt-profile/cpufeature.h src/knobs/cpufeature.c src/knobs/cpu.c src/knobs/cputune.c \
	include/virt-profile/guestmem.h src/knobs/guestmem.c include/virt-profile/memoryknobs.h \
	src/knobs/memory.c src/knobs/memory_backing.c src/knobs/memory_balloon.c src/knobs/memory_limits.c

libvirt_profile_a_SOURCES += \
	include/virt-profile/placing.h src/knobs/placing.c src/knobs/placingearlier.c \
	include/virt-profile/placingdemand.h src/knobs/placingdemand.c \
	include/virt-profile/placementknobs.h src/knobs/placement.c src/knobs/placementhint.c \
	src/knobs/vcpusched.c src/knobs/cachetune.c src/knobs/numa.c

libvirt_profile_a_SOURCES += include/virt-profile/knobs.h src/knobs/registry.c

libvirt_profile_a_SOURCES += \
	include/virt-profile/nics.h src/knobs/nics.c src/knobs/network.c \
	include/virt-profile/timer.h src/knobs/timer.c src/knobs/clock.c src/knobs/hyperv.c \
	include/virt-profile/guestdevices.h src/knobs/guestdevices.c src/knobs/guestusb.c src/knobs/guest.c

libvirt_profile_a_SOURCES += \
	include/virt-profile/diskbelow.h src/knobs/diskbelow.c \
	src/knobs/diskadvice.c src/knobs/hostblock.c src/knobs/hostio.c

libvirt_profile_a_SOURCES += src/knobs/hostsettings.c

libvirt_profile_a_SOURCES += src/knobs/hostnet.c src/knobs/irq.c

libvirt_profile_a_SOURCES += src/knobs/scope.c
