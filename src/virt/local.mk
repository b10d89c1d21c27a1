# SPDX-License-Identifier: LGPL-2.1-or-later
# What talks to libvirt, which is loaded at run time. A library of its own: the hook must not have it.
noinst_LIBRARIES += libvirt-profile-virt.a
libvirt_profile_virt_a_SOURCES = \
	include/virt-profile/change.h src/virt/change.c \
	include/virt-profile/conn.h src/virt/api.h src/virt/conn.c \
	include/virt-profile/live.h src/virt/live.c src/virt/livecalls.h src/virt/livecalls.c src/virt/livepins.c src/virt/livepoll.c \
	include/virt-profile/events.h src/virt/events.c \
	include/virt-profile/neighbours.h src/virt/neighbours.c \
	include/virt-profile/verify.h src/virt/verify.c src/virt/probe.h src/virt/probe.c \
	include/virt-profile/virtguest.h src/virt/guest.c
