# SPDX-License-Identifier: LGPL-2.1-or-later
unit_tests +=

# Who runs here.
unit_tests += \
	tests/host/test-process
tests_host_test_process_SOURCES = tests/host/test-process.c $(fake)
