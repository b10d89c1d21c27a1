# SPDX-License-Identifier: LGPL-2.1-or-later
# Analysis of the sources: make lint, or tests/lint/NAME for one of them.
EXTRA_DIST += \
	.clang-tidy \
	.shellcheckrc \
	tests/lint/cppcheck \
	tests/lint/cppcheck.cfg \
	tests/lint/cppcheck.suppressions \
	tests/lint/format \
	tests/lint/headers \
	tests/lint/lib.sh \
	tests/lint/rules \
	tests/lint/rules.awk \
	tests/lint/run \
	tests/lint/selftest \
	tests/lint/shell \
	tests/lint/tidy

.PHONY: lint
lint:
	CC='$(CC)' $(srcdir)/tests/lint/run
