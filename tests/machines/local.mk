# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The planner of placements on many machines, more than `make check` has time for; `./run test machines` brings them.

EXTRA_PROGRAMS += tests/machines/machines tests/machines/packing
tests_machines_machines_SOURCES = tests/machines/machines.c tests/machines/mix.c tests/machines/mix.h $(machine) $(fake)
tests_machines_packing_SOURCES = tests/machines/packing.c tests/machines/exact.c tests/machines/exact.h \
	tests/machines/mix.c tests/machines/mix.h $(machine) $(fake)
EXTRA_DIST += tests/machines/fetch tests/machines/run
