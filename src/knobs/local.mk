# SPDX-License-Identifier: LGPL-2.1-or-later
# One file per area of knobs.
libvirt_profile_a_SOURCES += \
	include/virt-profile/disks.h src/knobs/disks.c \
	src/knobs/disk.c src/knobs/diskbus.c src/knobs/iothread.c src/knobs/iotune.c
