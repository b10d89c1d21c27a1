# SPDX-License-Identifier: LGPL-2.1-or-later
# What distributions need.
# EXTRA_DIST += packaging/NAME
include packaging/completions/local.mk
