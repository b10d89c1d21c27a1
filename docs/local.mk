# SPDX-License-Identifier: LGPL-2.1-or-later
# Man pages. The one of the knobs is printed by the program itself from the table of knobs.
dist_man_MANS += docs/virt-profile.1 docs/virt-profile.conf.5 docs/virt-profile-profile.5 docs/virt-profile-hook.8 \
	docs/virt-profiled.8
nodist_man_MANS = docs/virt-profile-knobs.7
CLEANFILES += docs/virt-profile-knobs.7

docs/virt-profile-knobs.7: virt-profile$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) docs && ./virt-profile$(EXEEXT) knobs --format=man >$@.new && mv $@.new $@
