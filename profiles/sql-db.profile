; SPDX-License-Identifier: LGPL-2.1-or-later
[profile]
summary = Relational database server: local memory, direct I/O, no memory sharing
enforce = start
