/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Give back memory that a burst of work, or the start, has left behind: what malloc() keeps, and pages of
 * code and constants, which are read from their files again where they are needed. For when there is time.
 */
void vp_trim(void);
