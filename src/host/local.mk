# SPDX-License-Identifier: LGPL-2.1-or-later
# What is done on this host: the ledger, and every write outside the project's own files.
libvirt_profile_a_SOURCES +=

# Who runs here.
libvirt_profile_a_SOURCES += \
	include/virt-profile/process.h src/host/process.c

# What is written to the host, and how it is put back.
libvirt_profile_a_SOURCES += \
	include/virt-profile/journal.h src/host/journal.c \
	include/virt-profile/reconcile.h src/host/reconcile.c \
	include/virt-profile/wish.h src/host/wish.c src/host/write.c
