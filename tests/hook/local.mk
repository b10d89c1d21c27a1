# SPDX-License-Identifier: LGPL-2.1-or-later
unit_tests += \
	tests/hook/test-guard \
	tests/hook/test-ops
unit_tests += tests/hook/test-behind tests/hook/test-watch
tests_hook_test_behind_SOURCES = tests/hook/test-behind.c $(fake)
tests_hook_test_watch_SOURCES = tests/hook/test-watch.c $(balanced) $(guests) $(fake)
script_tests += tests/hook/test-hook.sh tests/hook/test-life.sh

# Writes of the library, and what it logs, go to the test first.
inject = tests/hook/inject.c tests/hook/inject.h tests/hook/cgroupfs.c tests/hook/cgroupfs.h $(qemu) $(fake)
unit_tests += tests/hook/test-inject tests/hook/test-inject-cgroup
tests_hook_test_inject_SOURCES = tests/hook/test-inject.c tests/host/irqhost.c tests/host/irqhost.h $(inject)
tests_hook_test_inject_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=vp_log
tests_hook_test_inject_cgroup_SOURCES = tests/hook/test-inject-cgroup.c $(inject)
tests_hook_test_inject_cgroup_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=vp_log
