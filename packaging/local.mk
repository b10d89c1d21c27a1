# SPDX-License-Identifier: LGPL-2.1-or-later
# What distributions need.
EXTRA_DIST += \
	packaging/apparmor/usr.sbin.virt-profiled \
	packaging/build-deb \
	packaging/build-rpm \
	packaging/debian \
	packaging/leave-host \
	packaging/lib.sh \
	packaging/rpmlint.toml \
	packaging/selinux/virt-profile.fc \
	packaging/selinux/virt-profile.te \
	packaging/virt-profile.conf \
	packaging/virt-profile.spec
INSTALL_EXEC_HOOKS += install-conf
UNINSTALL_HOOKS += uninstall-conf

# An administrator's file stays as it is.
conffile = $(DESTDIR)$(sysconfdir)/virt-profile/virt-profile.conf
.PHONY: install-conf uninstall-conf
install-conf:
	$(MKDIR_P) $(DESTDIR)$(sysconfdir)/virt-profile
	test -e $(conffile) || $(INSTALL_DATA) $(srcdir)/packaging/virt-profile.conf $(conffile)
uninstall-conf:
	! cmp -s $(srcdir)/packaging/virt-profile.conf $(conffile) || rm -f $(conffile)

# Packages run it before their files go.
if HOOK_LINK
pkglibexec_SCRIPTS = packaging/leave-host
endif

EXTRA_DIST += packaging/systemd/virt-profiled.service.in
if SYSTEMD_UNIT
systemdsystemunit_DATA = packaging/systemd/virt-profiled.service
endif
CLEANFILES += packaging/systemd/virt-profiled.service
packaging/systemd/virt-profiled.service: packaging/systemd/virt-profiled.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging/systemd && \
	$(SED) 's|@sbindir[@]|$(sbindir)|g' $(srcdir)/packaging/systemd/virt-profiled.service.in >$@.new && mv $@.new $@

include packaging/completions/local.mk
