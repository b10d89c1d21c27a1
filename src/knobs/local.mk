# SPDX-License-Identifier: LGPL-2.1-or-later
# One file per area of knobs.
# libvirt_profile_a_SOURCES += src/knobs/AREA.c
