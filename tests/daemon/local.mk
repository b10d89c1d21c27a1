# SPDX-License-Identifier: LGPL-2.1-or-later
unit_tests += tests/daemon/test-queue tests/daemon/test-told
tests_daemon_test_queue_LDADD = libvirt-profile-daemon.a $(LDADD)
tests_daemon_test_told_LDADD = libvirt-profile-daemon.a $(LDADD)
script_tests += tests/daemon/test-options.sh
