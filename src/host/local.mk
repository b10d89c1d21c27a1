# SPDX-License-Identifier: LGPL-2.1-or-later
# What is done on this host: the ledger, and every write outside the project's own files.

# What is written to the host, and how it is put back.
libvirt_profile_a_SOURCES += \
	include/virt-profile/check.h src/host/check.c \
	include/virt-profile/converge.h src/host/converge.c \
	include/virt-profile/hostcheck.h src/host/hostcheck_own.h src/host/hostcheck.c \
	src/host/hostcheck_limits.c src/host/hostcheck_memory.c src/host/hostcheck_threads.c \
	include/virt-profile/hugepages.h src/host/hugepages.c src/host/wish_hugepages.c \
	include/virt-profile/journal.h src/host/journal.c \
	include/virt-profile/ksm.h src/host/ksm.c \
	include/virt-profile/overcommit.h src/host/overcommit.c \
	include/virt-profile/reconcile.h src/host/reconcile.c \
	include/virt-profile/touched.h src/host/touched.c \
	include/virt-profile/wish.h src/host/wish.c src/host/write.c \
	include/virt-profile/wish_settings.h src/host/wish_settings.c

# Who runs here.
libvirt_profile_a_SOURCES += \
	include/virt-profile/entry.h src/host/entry.c src/host/entry_domain.c \
	src/host/entry_json.h src/host/entry_json.c src/host/entry_placement.c \
	include/virt-profile/heldplace.h src/host/heldplace.c \
	include/virt-profile/ledger.h src/host/ledger_own.h src/host/ledger.c \
	src/host/ledger_log.c src/host/ledger_occupied.c src/host/ledger_placer.c src/host/ledger_reap.c \
	include/virt-profile/process.h src/host/process.c \
	include/virt-profile/topocache.h src/host/topocache.c \
	src/host/topocache_pack.h src/host/topocache_pack.c

# Where guests may run.
libvirt_profile_a_SOURCES += \
	include/virt-profile/affinity.h src/host/affinity.c \
	include/virt-profile/ceiling.h src/host/ceiling.c \
	include/virt-profile/census.h src/host/census.c \
	include/virt-profile/cgroup.h src/host/cgroup.c \
	include/virt-profile/cgroupvalues.h src/host/cgroupvalues.c \
	include/virt-profile/guestgroup.h src/host/guestgroup.c \
	include/virt-profile/guestlimits.h src/host/guestlimits.c \
	include/virt-profile/pins.h src/host/pins.c \
	include/virt-profile/scope.h src/host/scope.c \
	include/virt-profile/squeeze.h src/host/squeeze.c \
	include/virt-profile/threadplace.h src/host/threadplace.c

# Where interrupts go.
libvirt_profile_a_SOURCES += \
	include/virt-profile/balancesock.h src/host/balancesock.c \
	include/virt-profile/cpumask.h src/host/cpumask.c \
	include/virt-profile/irq.h src/host/irq.c \
	include/virt-profile/irqbalance.h src/host/irqbalance.c \
	include/virt-profile/irqwants.h src/host/irqwants.c \
	include/virt-profile/netdev.h src/host/netdev.c \
	include/virt-profile/netqueue.h src/host/netqueue.c \
	include/virt-profile/wish_irq.h src/host/wish_irq.c

# The disks below images.
libvirt_profile_a_SOURCES += \
	include/virt-profile/blockqueue.h src/host/blockqueue.c \
	include/virt-profile/wish_block.h src/host/wish_block.c
