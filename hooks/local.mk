# SPDX-License-Identifier: LGPL-2.1-or-later
# The program that libvirt runs. install.sh says where it goes.
EXTRA_DIST += hooks/install.sh
script_tests += tests/hook/test-install.sh

noinst_PROGRAMS += hooks/qemu
hooks_qemu_SOURCES = hooks/qemu.c
hooks_qemu_LDADD = $(ENGINE_LIBS)
script_tests += tests/hook/test-links.sh
INSTALL_EXEC_HOOKS += install-hook-program
UNINSTALL_HOOKS += uninstall-hook-program

.PHONY: install-hook-program uninstall-hook-program
install-hook-program: hooks/qemu$(EXEEXT)
	$(SHELL) $(srcdir)/hooks/install.sh install hooks/qemu$(EXEEXT) $(DESTDIR)$(hooksdir)
uninstall-hook-program:
	$(SHELL) $(srcdir)/hooks/install.sh uninstall $(DESTDIR)$(hooksdir)
