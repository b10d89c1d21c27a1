# SPDX-License-Identifier: LGPL-2.1-or-later
# A test of an area: two lines.
# unit_tests += tests/knobs/test-AREA
# tests_knobs_test_AREA_SOURCES = tests/knobs/test-AREA.c $(knob_harness)
knob_harness = tests/knobs/harness.c tests/knobs/harness.h
