# SPDX-License-Identifier: LGPL-2.1-or-later
# The program that libvirt runs. install.sh says where it goes; a package has it in sbin, and a link to it.
EXTRA_DIST += hooks/install.sh
script_tests += tests/hook/test-install.sh

noinst_PROGRAMS += hooks/qemu
hooks_qemu_SOURCES = hooks/qemu.c
hooks_qemu_LDADD = libvirt-profile.a $(DL_LIBS)
script_tests += tests/hook/test-links.sh tests/hook/test-plugin.sh

# What does the work, in a file of its own: the program loads it where there is some.
plugindir = $(pkglibdir)
plugin_PROGRAMS = hooks/virt-profile-hook.so
hooks_virt_profile_hook_so_SOURCES = hooks/plugin.c
hooks_virt_profile_hook_so_LDADD = $(ENGINE_LIBS)
hooks_virt_profile_hook_so_LDFLAGS = $(VP_LDFLAGS) -shared -Wl,--exclude-libs,ALL
INSTALL_EXEC_HOOKS += install-hook-program
UNINSTALL_HOOKS += uninstall-hook-program

.PHONY: install-hook-program uninstall-hook-program
if HOOK_LINK
hook_program = $(sbindir)/virt-profile-hook$(EXEEXT)
install-hook-program: hooks/qemu$(EXEEXT)
	$(MKDIR_P) $(DESTDIR)$(sbindir)
	$(INSTALL_PROGRAM) hooks/qemu$(EXEEXT) $(DESTDIR)$(hook_program)
	$(SHELL) $(srcdir)/hooks/install.sh link $(DESTDIR)$(hook_program) $(DESTDIR)$(hooksdir) $(hook_program)
	$(MKDIR_P) $(DESTDIR)$(pkglibexecdir)
	$(INSTALL_SCRIPT) $(srcdir)/hooks/install.sh $(DESTDIR)$(pkglibexecdir)/hook
uninstall-hook-program:
	$(SHELL) $(srcdir)/hooks/install.sh uninstall $(DESTDIR)$(hooksdir)
	rm -f $(DESTDIR)$(hook_program) $(DESTDIR)$(pkglibexecdir)/hook
else
install-hook-program: hooks/qemu$(EXEEXT)
	$(SHELL) $(srcdir)/hooks/install.sh install hooks/qemu$(EXEEXT) $(DESTDIR)$(hooksdir)
uninstall-hook-program:
	$(SHELL) $(srcdir)/hooks/install.sh uninstall $(DESTDIR)$(hooksdir)
endif
