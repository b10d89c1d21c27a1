; SPDX-License-Identifier: LGPL-2.1-or-later
[profile]
summary = Network function: pinned latency, big rings, no clutter
enforce = start
