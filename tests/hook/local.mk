# SPDX-License-Identifier: LGPL-2.1-or-later
unit_tests += \
	tests/hook/test-guard \
	tests/hook/test-ops
unit_tests += tests/hook/test-watch
tests_hook_test_watch_SOURCES = tests/hook/test-watch.c $(balanced) $(guests) $(fake)
script_tests += tests/hook/test-hook.sh tests/hook/test-life.sh

# Writes of the library, and what it logs, go to the test first.
unit_tests += tests/hook/test-inject
tests_hook_test_inject_SOURCES = tests/hook/test-inject.c tests/host/irqhost.c tests/host/irqhost.h $(fake)
tests_hook_test_inject_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=write,--wrap=pwrite,--wrap=pwrite64,--wrap=renameat \
	-Wl,--wrap=fsync,--wrap=vp_log
