# SPDX-License-Identifier: LGPL-2.1-or-later
# Man pages and the rest of the documentation.
# dist_man_MANS += docs/NAME.1
