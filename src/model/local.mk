# SPDX-License-Identifier: LGPL-2.1-or-later
# Domain, profile, plan: pure, no writes.
# libvirt_profile_a_SOURCES += include/virt-profile/NAME.h src/model/NAME.c
