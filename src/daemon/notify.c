/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "notify.h"

#include <stdarg.h>

#if VP_HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

static void notify(const char *state)
{
    (void)sd_notify(0, state); /* who does not listen does not care */
}

uint64_t vp_notify_watchdog(void)
{
    uint64_t microseconds = 0;
    return sd_watchdog_enabled(0, &microseconds) > 0 ? microseconds / 1000 : 0;
}
#else
static void notify(const char *state)
{
    (void)state;
}

uint64_t vp_notify_watchdog(void)
{
    return 0;
}
#endif

void vp_notify_ready(void)
{
    notify("READY=1");
}

void vp_notify_reloading(void)
{
    notify("RELOADING=1");
}

void vp_notify_stopping(void)
{
    notify("STOPPING=1");
}

void vp_notify_alive(void)
{
    notify("WATCHDOG=1");
}

void vp_notify_status(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vp_autofree char *text = vp_vasprintf(fmt, ap);
    va_end(ap);
    vp_autofree char *state = vp_asprintf("STATUS=%s", text);
    notify(state);
}
