# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line, one file per subcommand. libvirt is loaded at run time by the commands that need it.
# bin_PROGRAMS += virt-profile
# virt_profile_SOURCES = src/cli/main.c
# virt_profile_LDADD = $(ENGINE_LIBS) $(SMARTCOLS_LIBS) $(DL_LIBS)
