# SPDX-License-Identifier: LGPL-2.1-or-later
# The definition, profiles, the plan and the machine it is made for: reads, never writes.
libvirt_profile_a_SOURCES += \
	include/virt-profile/address.h src/model/definition/address.c \
	include/virt-profile/blockdev.h src/model/machine/blockdev.c \
	include/virt-profile/confinement.h src/model/definition/confinement.c \
	include/virt-profile/conf.h src/model/profile/conf.c \
	include/virt-profile/domain.h src/model/definition/domain.c \
	include/virt-profile/expr.h src/model/profile/expr.c \
	include/virt-profile/host.h src/model/machine/host.c \
	include/virt-profile/hostsetting.h src/model/profile/hostsetting.c \
	include/virt-profile/ini_file.h src/model/profile/ini_file.c \
	include/virt-profile/knob.h src/model/profile/knob.c \
	include/virt-profile/locality.h src/model/machine/locality.c \
	include/virt-profile/mountpoint.h src/model/machine/mountpoint.c \
	include/virt-profile/occupied.h src/model/placement/occupied.c \
	include/virt-profile/pciname.h src/model/machine/pciname.c \
	include/virt-profile/place.h src/model/definition/place.c \
	include/virt-profile/placement.h src/model/placement/placement.c src/model/placement/placement_build.c \
	src/model/placement/placement_cells.c src/model/placement/placement_copy.c src/model/placement/placement_cores.c \
	src/model/placement/placement_float.c src/model/placement/placement_keep.c src/model/placement/placement_nodes.c \
	src/model/placement/placement_share.c src/model/placement/placement_why.c src/model/placement/search.h \
	include/virt-profile/placer.h src/model/placement/placer.c \
	include/virt-profile/plan.h src/model/plan/plan.c \
	include/virt-profile/planner.h src/model/plan/planner.c \
	include/virt-profile/planner_xml.h src/model/plan/planner_xml.c \
	include/virt-profile/profile.h src/model/profile/profile.c src/model/profile/profile_load.c \
	include/virt-profile/record.h src/model/definition/record_apply.c src/model/definition/record_revert.c \
	include/virt-profile/engine.h src/model/plan/engine.c \
	include/virt-profile/resctrl.h src/model/machine/resctrl.c \
	include/virt-profile/schema.h src/model/xml/schema.c \
	include/virt-profile/sysdev.h src/model/machine/sysdev.c \
	include/virt-profile/tag.h src/model/definition/tag.c src/model/definition/tag_maybe.c \
	include/virt-profile/topology.h src/model/machine/topology.c \
	include/virt-profile/virtnet.h src/model/machine/virtnet.c \
	include/virt-profile/xml.h src/model/xml/xml.c src/model/xml/xml_compare.c src/model/xml/xml_edit.c
