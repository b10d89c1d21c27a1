# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Tests over a real libvirt and over libvirt's own documents; `./run test` runs them.

EXTRA_DIST += run .ci tests/e2e tests/corpus
