#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Make ./configure out of configure.ac. Needs autoconf, automake and pkg-config.
set -eu
cd "$(dirname "$0")"
mkdir -p build-aux
exec autoreconf --force --install
