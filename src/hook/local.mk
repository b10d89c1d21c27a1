# SPDX-License-Identifier: LGPL-2.1-or-later
# What libvirt's hook operations do. hooks/qemu.c is its main; main, ops, guard, leave and load need only the C library.
libvirt_profile_a_SOURCES += \
	src/hook/hook.h \
	src/hook/guest.h src/hook/filter.c src/hook/guard.c src/hook/guest.c \
	src/hook/handlers.c src/hook/leave.c src/hook/load.c src/hook/main.c src/hook/ops.c \
	src/hook/prepare.c src/hook/release.c src/hook/started.c src/hook/watch.c
