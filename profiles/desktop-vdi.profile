; SPDX-License-Identifier: LGPL-2.1-or-later
[profile]
summary = Windows or Linux desktop among many: shared memory, capped disk, quiet clocks
enforce = start
