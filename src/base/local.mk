# SPDX-License-Identifier: LGPL-2.1-or-later
# Memory, errors, text, files and numbers. Knows nothing of guests.
libvirt_profile_a_SOURCES += \
	include/virt-profile/error.h src/base/error.c \
	include/virt-profile/file.h src/base/file.c \
	include/virt-profile/linediff.h src/base/linediff.c \
	include/virt-profile/log.h src/base/log.c \
	include/virt-profile/mem.h src/base/mem.c \
	include/virt-profile/root.h src/base/root.c src/base/root_write.c \
	include/virt-profile/size.h src/base/size.c \
	include/virt-profile/strbuf.h src/base/strbuf.c \
	include/virt-profile/suggest.h src/base/suggest.c \
	include/virt-profile/text.h
