# SPDX-License-Identifier: LGPL-2.1-or-later
# The shipped profiles.
# dist_profiles_DATA += profiles/NAME.profile
