# SPDX-License-Identifier: LGPL-2.1-or-later
# The shipped profiles.
dist_profiles_DATA += profiles/desktop-vdi.profile profiles/nfv.profile profiles/sql-db.profile
