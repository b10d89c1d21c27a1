# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A unit test is one line in the local.mk of its folder: unit_tests += tests/FOLDER/test-NAME is built from
# tests/FOLDER/test-NAME.c with the library and Check. script_tests are programs that exit 0, 77 (skipped) or other.

LDADD = $(ENGINE_LIBS) $(CHECK_LIBS)

include tests/base/local.mk
include tests/model/local.mk
include tests/knobs/local.mk
include tests/host/local.mk
include tests/hook/local.mk
include tests/cli/local.mk
include tests/daemon/local.mk
include tests/fuzz/local.mk
include tests/bench/local.mk
include tests/machines/local.mk
include tests/e2e/local.mk
include tests/lab/local.mk
include tests/packaging/local.mk
include tests/lint/local.mk

EXTRA_DIST += tests/test.h $(script_tests)

if HAVE_CHECK
check_PROGRAMS = $(unit_tests)
else
check_PROGRAMS =
check-local: no-check
no-check:
	@echo "make check: install the Check library (https://libcheck.github.io/check) and configure again" >&2; false
endif

TESTS = $(check_PROGRAMS) $(script_tests)

# Only the programs with Check: what another compiler may make a difference for.
.PHONY: check-programs
check-programs:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(check_PROGRAMS)'
AM_TESTS_ENVIRONMENT = \
	VP_TOP_SRCDIR='$(abs_top_srcdir)'; export VP_TOP_SRCDIR; \
	VP_TOP_BUILDDIR='$(abs_top_builddir)'; export VP_TOP_BUILDDIR; \
	MALLOC_PERTURB_=$${MALLOC_PERTURB_-165}; export MALLOC_PERTURB_; \
	ASAN_OPTIONS=allocator_may_return_null=1:$$ASAN_OPTIONS; export ASAN_OPTIONS;
