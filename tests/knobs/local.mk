# SPDX-License-Identifier: LGPL-2.1-or-later
# A test of an area: two lines.
# unit_tests += tests/knobs/test-AREA
# tests_knobs_test_AREA_SOURCES = tests/knobs/test-AREA.c $(knob_harness)
knob_harness = tests/knobs/harness.c tests/knobs/harness.h

unit_tests += tests/knobs/test-disk tests/knobs/test-iothread tests/knobs/test-iotune
tests_knobs_test_disk_SOURCES = tests/knobs/test-disk.c $(knob_harness)
tests_knobs_test_iothread_SOURCES = tests/knobs/test-iothread.c $(knob_harness)
tests_knobs_test_iotune_SOURCES = tests/knobs/test-iotune.c $(knob_harness)

unit_tests += tests/knobs/test-cpu tests/knobs/test-cputune tests/knobs/test-memory
tests_knobs_test_cpu_SOURCES = tests/knobs/test-cpu.c $(knob_harness)
tests_knobs_test_cputune_SOURCES = tests/knobs/test-cputune.c $(knob_harness)
tests_knobs_test_memory_SOURCES = tests/knobs/test-memory.c $(knob_harness)

unit_tests += tests/knobs/test-network tests/knobs/test-guest tests/knobs/test-clock tests/knobs/test-hyperv
tests_knobs_test_network_SOURCES = tests/knobs/test-network.c $(knob_harness)
tests_knobs_test_guest_SOURCES = tests/knobs/test-guest.c $(knob_harness)
tests_knobs_test_clock_SOURCES = tests/knobs/test-clock.c $(knob_harness)
tests_knobs_test_hyperv_SOURCES = tests/knobs/test-hyperv.c $(knob_harness)

unit_tests += tests/knobs/test-hostblock tests/knobs/test-hostio tests/knobs/test-diskadvice
tests_knobs_test_hostblock_SOURCES = tests/knobs/test-hostblock.c tests/knobs/storage.h $(knob_harness)
tests_knobs_test_hostio_SOURCES = tests/knobs/test-hostio.c tests/knobs/storage.h $(knob_harness)
tests_knobs_test_diskadvice_SOURCES = tests/knobs/test-diskadvice.c tests/knobs/storage.h $(knob_harness)

unit_tests += tests/knobs/test-numa tests/knobs/test-placement tests/knobs/test-vcpusched
tests_knobs_test_numa_SOURCES = tests/knobs/test-numa.c $(knob_harness)
tests_knobs_test_placement_SOURCES = tests/knobs/test-placement.c $(knob_harness)
tests_knobs_test_vcpusched_SOURCES = tests/knobs/test-vcpusched.c $(knob_harness)

unit_tests += tests/knobs/test-hostsettings
tests_knobs_test_hostsettings_SOURCES = tests/knobs/test-hostsettings.c $(knob_harness)

unit_tests += tests/knobs/test-hostnet
tests_knobs_test_hostnet_SOURCES = tests/knobs/test-hostnet.c $(knob_harness)

unit_tests += tests/knobs/test-irq
tests_knobs_test_irq_SOURCES = tests/knobs/test-irq.c $(knob_harness)

unit_tests += tests/knobs/test-scope
tests_knobs_test_scope_SOURCES = tests/knobs/test-scope.c $(knob_harness)

unit_tests += tests/knobs/test-cachetune
tests_knobs_test_cachetune_SOURCES = tests/knobs/test-cachetune.c $(knob_harness)
