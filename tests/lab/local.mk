# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Virtual hosts with NUMA, systemd and SR-IOV to test on; `tests/lab/run` makes and boots them.

EXTRA_DIST += tests/lab
