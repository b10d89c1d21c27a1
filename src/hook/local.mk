# SPDX-License-Identifier: LGPL-2.1-or-later
# What the hook does in each operation.
# libvirt_profile_a_SOURCES += include/virt-profile/NAME.h src/hook/NAME.c
