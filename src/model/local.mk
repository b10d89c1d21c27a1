# SPDX-License-Identifier: LGPL-2.1-or-later
# The definition, profiles, the plan and the machine it is made for: reads, never writes.
libvirt_profile_a_SOURCES += \
	include/virt-profile/address.h src/model/address.c \
	include/virt-profile/blockdev.h src/model/blockdev.c \
	include/virt-profile/confinement.h src/model/confinement.c \
	include/virt-profile/conf.h src/model/conf.c \
	include/virt-profile/domain.h src/model/domain.c \
	include/virt-profile/expr.h src/model/expr.c \
	include/virt-profile/host.h src/model/host.c \
	include/virt-profile/hostsetting.h src/model/hostsetting.c \
	include/virt-profile/ini_file.h src/model/ini_file.c \
	include/virt-profile/knob.h src/model/knob.c \
	include/virt-profile/locality.h src/model/locality.c \
	include/virt-profile/mountpoint.h src/model/mountpoint.c \
	include/virt-profile/occupied.h src/model/occupied.c \
	include/virt-profile/pciname.h src/model/pciname.c \
	include/virt-profile/place.h src/model/place.c \
	include/virt-profile/placement.h src/model/placement.c src/model/placement_build.c \
	src/model/placement_cells.c src/model/placement_copy.c src/model/placement_cores.c \
	src/model/placement_float.c src/model/placement_keep.c src/model/placement_nodes.c \
	src/model/placement_share.c src/model/placement_why.c src/model/search.h \
	include/virt-profile/placer.h src/model/placer.c \
	include/virt-profile/plan.h src/model/plan.c \
	include/virt-profile/planner.h src/model/planner.c \
	include/virt-profile/planner_xml.h src/model/planner_xml.c \
	include/virt-profile/profile.h src/model/profile.c src/model/profile_load.c \
	include/virt-profile/record.h src/model/record_apply.c src/model/record_revert.c \
	include/virt-profile/engine.h src/model/engine.c \
	include/virt-profile/resctrl.h src/model/resctrl.c \
	include/virt-profile/schema.h src/model/schema.c \
	include/virt-profile/sysdev.h src/model/sysdev.c \
	include/virt-profile/tag.h src/model/tag.c \
	include/virt-profile/topology.h src/model/topology.c \
	include/virt-profile/virtnet.h src/model/virtnet.c \
	include/virt-profile/xml.h src/model/xml.c src/model/xml_compare.c src/model/xml_edit.c
