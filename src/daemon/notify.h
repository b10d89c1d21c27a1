/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "mem.h"

/* What systemd is told, see sd_notify(3); nothing where it did not start us, or without libsystemd. */

void vp_notify_ready(void);
void vp_notify_reloading(void);
void vp_notify_stopping(void);
void vp_notify_alive(void);
void vp_notify_status(const char *fmt, ...) VP_PRINTF(1, 2);

/* Milliseconds after which it wants to hear that we are alive; 0: it does not. */
uint64_t vp_notify_watchdog(void);
