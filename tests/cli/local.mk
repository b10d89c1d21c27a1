# SPDX-License-Identifier: LGPL-2.1-or-later
unit_tests += tests/cli/test-escape tests/cli/test-neighbours
tests_cli_test_escape_LDADD = libvirt-profile-cli.a $(LDADD)
tests_cli_test_neighbours_SOURCES = tests/cli/test-neighbours.c $(fake)
tests_cli_test_neighbours_LDADD = libvirt-profile-cli.a libvirt-profile-virt.a $(LDADD) $(SMARTCOLS_LIBS) $(DL_LIBS)

script_tests += tests/cli/test-cases.sh tests/cli/test-completion.sh tests/cli/test-docs.sh tests/cli/test-exit.sh \
	tests/cli/test-input.sh tests/cli/test-libvirt.sh tests/cli/test-live.sh tests/cli/test-map.sh tests/cli/test-neighbours.sh \
	tests/cli/test-output.sh tests/cli/test-plan.sh tests/cli/test-restore-host.sh tests/cli/test-simulate.sh \
	tests/cli/test-status.sh tests/cli/test-store.sh
EXTRA_DIST += tests/cases tests/cli/lib.sh tests/cli/fake-libvirt.c

# A libvirt of files, loaded instead of the real one.
check_DATA = tests/cli/libvirt.so.0
CLEANFILES += tests/cli/libvirt.so.0
tests/cli/libvirt.so.0: tests/cli/fake-libvirt.c
	$(AM_V_CCLD)$(MKDIR_P) tests/cli && \
	$(CC) -shared -fPIC -std=gnu17 -D_GNU_SOURCE $(LIBVIRT_CFLAGS) $(CPPFLAGS) $(CFLAGS) -o $@ $(srcdir)/tests/cli/fake-libvirt.c
