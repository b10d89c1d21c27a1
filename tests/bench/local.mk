# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `make bench`: the hook's time and memory against xmllint and a script that does the same. Not part of `make check`:
# what it measures depends on the machine being quiet.

EXTRA_PROGRAMS = tests/bench/bench
tests_bench_bench_SOURCES = tests/bench/bench.c
tests_bench_bench_LDADD =
CLEANFILES += tests/bench/tagged.xml
EXTRA_DIST += tests/bench/run.sh tests/bench/filter.py tests/bench/guest.xml

.PHONY: bench
bench: tests/bench/bench$(EXEEXT) all
	@rm -rf tests/bench/stage
	@$(MAKE) -s install DESTDIR='$(abs_builddir)/tests/bench/stage' >tests/bench/install.log 2>&1 || { cat tests/bench/install.log >&2; false; }
	@$(SHELL) '$(srcdir)/tests/bench/run.sh' '$(srcdir)' . '$(abs_builddir)/tests/bench/stage' '$(datadir)'

clean-local: clean-bench
.PHONY: clean-bench
clean-bench:
	rm -rf tests/bench/stage tests/bench/install.log
