# SPDX-License-Identifier: LGPL-2.1-or-later
# The daemon. It alone has libsystemd.
sbin_PROGRAMS += virt-profiled
noinst_LIBRARIES += libvirt-profile-daemon.a

# All but main(), so that tests can link it.
libvirt_profile_daemon_a_SOURCES = \
	src/daemon/daemon.h src/daemon/daemon.c src/daemon/definitions.c src/daemon/drift.c src/daemon/guests.c \
	src/daemon/hooks.c \
	src/daemon/notify.h src/daemon/notify.c \
	src/daemon/queue.h src/daemon/queue.c \
	src/daemon/told.h src/daemon/told.c \
	src/daemon/trim.h src/daemon/trim.c
libvirt_profile_daemon_a_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS)
virt_profiled_SOURCES = src/daemon/main.c
virt_profiled_LDADD = libvirt-profile-daemon.a libvirt-profile-virt.a $(ENGINE_LIBS) $(SYSTEMD_LIBS) $(DL_LIBS)
