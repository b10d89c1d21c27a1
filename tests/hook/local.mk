# SPDX-License-Identifier: LGPL-2.1-or-later
unit_tests += \
	tests/hook/test-guard \
	tests/hook/test-ops
script_tests += tests/hook/test-hook.sh tests/hook/test-life.sh
