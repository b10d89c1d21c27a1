#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Definitions of every kind through libvirt: see domains.py.
exec "$(dirname "$GUEST_LIB")/domains.py" --every "${VP_DOMAINS_EVERY:-4}" "$SANDBOX_WORK/libvirt-tests/qemuxml2argvdata"
