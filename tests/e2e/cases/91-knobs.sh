#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every value of every knob through libvirt: see knobs.py.
exec "$(dirname "$GUEST_LIB")/knobs.py"
