# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tests over a real libvirt and over libvirt's own documents; `./run test` runs them.

EXTRA_DIST += run .ci tests/e2e tests/corpus

# What the program may write on a host, with its values.
EXTRA_PROGRAMS += tests/e2e/lib/touched
check_DATA += tests/e2e/lib/touched$(EXEEXT)
CLEANFILES += tests/e2e/lib/touched$(EXEEXT)
tests_e2e_lib_touched_SOURCES = tests/e2e/lib/touched.c
tests_e2e_lib_touched_LDADD = $(ENGINE_LIBS)

# EXTRA_DIST takes a folder as it stands, what was built in it too.
dist-hook:
	cd $(distdir)/tests/e2e/lib && rm -rf touched$(EXEEXT) touched.$(OBJEXT) .deps .dirstamp
