# SPDX-License-Identifier: LGPL-2.1-or-later
# Packages as far as no host is needed; `./run test packages` runs it.
EXTRA_DIST += \
	tests/packaging/deb.sh \
	tests/packaging/destdir.sh \
	tests/packaging/fedora.te \
	tests/packaging/policy.sh \
	tests/packaging/rpm.sh \
	tests/packaging/run
