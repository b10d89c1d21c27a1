# SPDX-License-Identifier: LGPL-2.1-or-later
# What is done on this host: the ledger, and every write outside the project's own files.

# What is written to the host, and how it is put back.
libvirt_profile_a_SOURCES += \
	include/virt-profile/check.h src/host/wishes/check.c \
	include/virt-profile/converge.h src/host/wishes/converge.c \
	include/virt-profile/hostcheck.h src/host/verify/hostcheck_own.h src/host/verify/hostcheck.c \
	src/host/verify/hostcheck_limits.c src/host/verify/hostcheck_memory.c src/host/verify/hostcheck_threads.c \
	include/virt-profile/hugepages.h src/host/memory/hugepages.c src/host/memory/wish_hugepages.c \
	include/virt-profile/journal.h src/host/wishes/journal.c \
	include/virt-profile/ksm.h src/host/memory/ksm.c \
	include/virt-profile/overcommit.h src/host/memory/overcommit.c \
	include/virt-profile/reconcile.h src/host/wishes/reconcile.c src/host/wishes/hostlock.c \
	include/virt-profile/touched.h src/host/wishes/touched.c \
	include/virt-profile/wish.h src/host/wishes/wish.c src/host/wishes/write.c \
	include/virt-profile/wish_settings.h src/host/wishes/wish_settings.c

# Who runs here.
libvirt_profile_a_SOURCES += \
	include/virt-profile/entry.h src/host/ledger/entry.c src/host/ledger/entry_domain.c \
	src/host/ledger/entry_json.h src/host/ledger/entry_json.c src/host/ledger/entry_placement.c \
	include/virt-profile/heldplace.h src/host/ledger/heldplace.c \
	include/virt-profile/ledger.h src/host/ledger/ledger_own.h src/host/ledger/ledger.c \
	src/host/ledger/ledger_empty.c \
	src/host/ledger/ledger_log.c src/host/ledger/ledger_occupied.c src/host/ledger/ledger_placer.c src/host/ledger/ledger_reap.c \
	include/virt-profile/process.h src/host/ledger/process.c \
	include/virt-profile/topocache.h src/host/ledger/topocache.c \
	src/host/ledger/topocache_pack.h src/host/ledger/topocache_pack.c

# Where guests may run.
libvirt_profile_a_SOURCES += \
	include/virt-profile/affinity.h src/host/threads/affinity.c \
	include/virt-profile/ceiling.h src/host/cgroup/ceiling.c \
	include/virt-profile/census.h src/host/threads/census.c \
	include/virt-profile/cgroup.h src/host/cgroup/cgroup.c \
	include/virt-profile/cgroupvalues.h src/host/cgroup/cgroupvalues.c \
	include/virt-profile/guestgroup.h src/host/cgroup/guestgroup.c \
	include/virt-profile/guestlimits.h src/host/cgroup/guestlimits.c \
	include/virt-profile/pins.h src/host/threads/pins.c \
	include/virt-profile/scope.h src/host/cgroup/scope.c \
	include/virt-profile/squeeze.h src/host/threads/squeeze.c \
	include/virt-profile/threadplace.h src/host/threads/threadplace.c

# Where interrupts go.
libvirt_profile_a_SOURCES += \
	include/virt-profile/balancesock.h src/host/irq/balancesock.c \
	include/virt-profile/cpumask.h src/host/irq/cpumask.c \
	include/virt-profile/irq.h src/host/irq/irq.c \
	include/virt-profile/irqbalance.h src/host/irq/irqbalance.c \
	include/virt-profile/irqwants.h src/host/irq/irqwants.c \
	include/virt-profile/netdev.h src/host/network/netdev.c \
	include/virt-profile/netqueue.h src/host/network/netqueue.c \
	include/virt-profile/wish_irq.h src/host/irq/wish_irq.c

# The disks below images.
libvirt_profile_a_SOURCES += \
	include/virt-profile/blockqueue.h src/host/disk/blockqueue.c \
	include/virt-profile/wish_block.h src/host/disk/wish_block.c
