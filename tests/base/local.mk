# SPDX-License-Identifier: LGPL-2.1-or-later
unit_tests += \
	tests/base/test-error \
	tests/base/test-file \
	tests/base/test-linediff \
	tests/base/test-log \
	tests/base/test-mem \
	tests/base/test-root \
	tests/base/test-root-write \
	tests/base/test-size \
	tests/base/test-strbuf \
	tests/base/test-suggest
