/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "mem.h"

enum vp_log_priority { VP_LOG_ERROR, VP_LOG_WARNING, VP_LOG_NOTICE, VP_LOG_INFO, VP_LOG_DEBUG, VP_LOG_N_ };

/*
 * Messages of the programs that run without a terminal (hook, daemon), to syslog(3), which on systemd hosts
 * is the journal.
 * The library never logs; a program logs each event once. Control characters in a message are shown as '?'.
 */
void vp_log_open(const char *program); /* borrowed for good */
/* The same with a copy to standard error, for a daemon that is run by hand. */
void vp_log_open_loud(const char *program);
void vp_log(enum vp_log_priority priority, const char *fmt, ...) VP_PRINTF(2, 3);

/*
 * What vp_log() does to a message: each byte of a control character (C0, DEL and, in UTF-8, C1) becomes '?'.
 */
void vp_log_sanitise(char *text);
