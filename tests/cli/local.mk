# SPDX-License-Identifier: LGPL-2.1-or-later
unit_tests += tests/cli/test-escape
tests_cli_test_escape_LDADD = libvirt-profile-cli.a $(LDADD)

script_tests += tests/cases/run.sh tests/cli/test-completion.sh tests/cli/test-docs.sh tests/cli/test-exit.sh \
	tests/cli/test-input.sh tests/cli/test-libvirt.sh tests/cli/test-output.sh
EXTRA_DIST += tests/cases tests/cli/lib.sh
