# SPDX-License-Identifier: LGPL-2.1-or-later
unit_tests +=

# Who runs here.
guests = tests/host/guests.c tests/host/guests.h
unit_tests += \
	tests/host/test-entry \
	tests/host/test-entry-domain \
	tests/host/test-ledger \
	tests/host/test-ledger-log \
	tests/host/test-ledger-occupied \
	tests/host/test-ledger-placer \
	tests/host/test-ledger-reap \
	tests/host/test-process \
	tests/host/test-topocache
tests_host_test_entry_SOURCES = tests/host/test-entry.c $(guests) $(fake)
tests_host_test_entry_domain_SOURCES = tests/host/test-entry-domain.c $(guests) $(fake)
tests_host_test_ledger_SOURCES = tests/host/test-ledger.c $(guests) $(fake)
tests_host_test_ledger_log_SOURCES = tests/host/test-ledger-log.c $(guests) $(fake)
tests_host_test_ledger_occupied_SOURCES = tests/host/test-ledger-occupied.c $(guests) $(fake)
tests_host_test_ledger_placer_SOURCES = tests/host/test-ledger-placer.c $(guests) $(fake)
tests_host_test_ledger_reap_SOURCES = tests/host/test-ledger-reap.c $(guests) $(fake)
tests_host_test_process_SOURCES = tests/host/test-process.c $(guests) $(fake)
tests_host_test_topocache_SOURCES = tests/host/test-topocache.c $(guests) $(fake)

# What a guest that runs has.
unit_tests += tests/host/test-heldplace tests/host/test-hostcheck
tests_host_test_heldplace_SOURCES = tests/host/test-heldplace.c $(machine) $(fake)
tests_host_test_hostcheck_SOURCES = tests/host/test-hostcheck.c $(qemu) $(machine) $(fake)

# What is written to the host, and how it is put back.
unit_tests += \
	tests/host/test-hugepages \
	tests/host/test-journal \
	tests/host/test-ksm \
	tests/host/test-overcommit \
	tests/host/test-reconcile \
	tests/host/test-reconcile-crash \
	tests/host/test-reconcile-kill \
	tests/host/test-wish \
	tests/host/test-wish-hugepages \
	tests/host/test-wish-settings \
	tests/host/test-write
tests_host_test_hugepages_SOURCES = tests/host/test-hugepages.c $(fake)
tests_host_test_journal_SOURCES = tests/host/test-journal.c $(fake)
tests_host_test_ksm_SOURCES = tests/host/test-ksm.c $(fake)
tests_host_test_overcommit_SOURCES = tests/host/test-overcommit.c $(fake)
rig = tests/host/rig.c tests/host/rig.h
tests_host_test_reconcile_SOURCES = tests/host/test-reconcile.c $(rig) $(fake)
tests_host_test_reconcile_crash_SOURCES = tests/host/test-reconcile-crash.c $(rig) $(fake)
tests_host_test_reconcile_kill_SOURCES = tests/host/test-reconcile-kill.c $(fake)
tests_host_test_wish_hugepages_SOURCES = tests/host/test-wish-hugepages.c $(fake)
tests_host_test_wish_settings_SOURCES = tests/host/test-wish-settings.c $(fake)
tests_host_test_write_SOURCES = tests/host/test-write.c $(fake)
script_tests += tests/host/test-touched.sh

# Where guests may run.
qemu = tests/host/qemu.c tests/host/qemu.h
unit_tests += \
	tests/host/test-affinity \
	tests/host/test-ceiling \
	tests/host/test-census \
	tests/host/test-cgroupvalues \
	tests/host/test-guestlimits \
	tests/host/test-live \
	tests/host/test-scope \
	tests/host/test-squeeze \
	tests/host/test-threadplace
tests_host_test_affinity_SOURCES = tests/host/test-affinity.c $(qemu) $(fake)
tests_host_test_ceiling_SOURCES = tests/host/test-ceiling.c $(machine) $(fake)
tests_host_test_census_SOURCES = tests/host/test-census.c $(qemu) $(fake)
tests_host_test_cgroupvalues_SOURCES = tests/host/test-cgroupvalues.c $(fake)
tests_host_test_guestlimits_SOURCES = tests/host/test-guestlimits.c $(machine) $(fake)
tests_host_test_live_SOURCES = tests/host/test-live.c $(fake)
tests_host_test_scope_SOURCES = tests/host/test-scope.c $(fake)
tests_host_test_squeeze_SOURCES = tests/host/test-squeeze.c $(qemu) $(machine) $(fake)
tests_host_test_threadplace_SOURCES = tests/host/test-threadplace.c $(qemu) $(machine) $(fake)

# Where interrupts go.
irqhost = tests/host/irqhost.c tests/host/irqhost.h
balanced = tests/host/balanced.c tests/host/balanced.h $(irqhost)
unit_tests += \
	tests/host/test-cpumask \
	tests/host/test-irq \
	tests/host/test-irqbalance \
	tests/host/test-irqwants \
	tests/host/test-netqueue \
	tests/host/test-wish-irq
tests_host_test_cpumask_SOURCES = tests/host/test-cpumask.c $(fake)
tests_host_test_irq_SOURCES = tests/host/test-irq.c $(irqhost) $(fake)
tests_host_test_irq_LDFLAGS = -Wl,--wrap=vp_host_write
tests_host_test_irqbalance_SOURCES = tests/host/test-irqbalance.c $(balanced) $(fake)
tests_host_test_irqwants_SOURCES = tests/host/test-irqwants.c $(irqhost) $(sysfs) $(fake)
tests_host_test_netqueue_SOURCES = tests/host/test-netqueue.c $(irqhost) $(machine) $(fake)
tests_host_test_wish_irq_SOURCES = tests/host/test-wish-irq.c $(balanced) $(machine) $(fake)

# The disks below images.
unit_tests += tests/host/test-blockqueue tests/host/test-wish-block
tests_host_test_blockqueue_SOURCES = tests/host/test-blockqueue.c $(fake)
tests_host_test_wish_block_SOURCES = tests/host/test-wish-block.c $(fake)
tests_host_test_wish_block_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=vp_host_write
