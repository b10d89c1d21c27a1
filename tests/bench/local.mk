# SPDX-License-Identifier: LGPL-2.1-or-later
#
# `make bench`: the hook's time and memory against xmllint and a script that does the same. `make bench-ledger`: how long
# a start takes in the ledger, and how long it keeps others waiting. Not part of `make check`: what they measure depends
# on the machine being quiet.

EXTRA_PROGRAMS = tests/bench/bench tests/bench/bench-ledger
tests_bench_bench_SOURCES = tests/bench/bench.c
tests_bench_bench_LDADD =
tests_bench_bench_ledger_SOURCES = tests/bench/bench-ledger.c $(guests) $(fake)
tests_bench_bench_ledger_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=vp_root_lock,--wrap=vp_root_unlock
CLEANFILES += tests/bench/tagged.xml
EXTRA_DIST += tests/bench/run.sh tests/bench/filter.py tests/bench/guest.xml

.PHONY: bench
bench: tests/bench/bench$(EXEEXT) all
	@rm -rf tests/bench/stage
	@$(MAKE) -s install DESTDIR='$(abs_builddir)/tests/bench/stage' >tests/bench/install.log 2>&1 || { cat tests/bench/install.log >&2; false; }
	@$(SHELL) '$(srcdir)/tests/bench/run.sh' '$(srcdir)' . '$(abs_builddir)/tests/bench/stage' '$(datadir)'

.PHONY: bench-ledger
bench-ledger: tests/bench/bench-ledger$(EXEEXT)
	@tests/bench/bench-ledger

clean-local: clean-bench
.PHONY: clean-bench
clean-bench:
	rm -rf tests/bench/stage tests/bench/install.log tests/bench/result
