/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "log.h"

#include <syslog.h>

void vp_log_open(const char *program)
{
    openlog(program, LOG_PID, LOG_DAEMON);
}

void vp_log_open_loud(const char *program)
{
    openlog(program, LOG_PID | LOG_PERROR, LOG_DAEMON);
}

void vp_log_sanitise(char *text)
{
    unsigned char *p = (unsigned char *)text;

    for (; *p; p++) {
        /* U+0080 to U+009F are controls too: C2 80 to C2 9F. */
        if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
            p[0] = p[1] = '?';
        else if (p[0] < 0x20 || p[0] == 0x7f)
            p[0] = '?';
    }
}

void vp_log(enum vp_log_priority priority, const char *fmt, ...)
{
    static const int levels[VP_LOG_N_] = {
        [VP_LOG_ERROR] = LOG_ERR, [VP_LOG_WARNING] = LOG_WARNING, [VP_LOG_NOTICE] = LOG_NOTICE,
        [VP_LOG_INFO] = LOG_INFO, [VP_LOG_DEBUG] = LOG_DEBUG,
    };
    vp_autofree char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    text = vp_vasprintf(fmt, ap);
    va_end(ap);
    vp_log_sanitise(text);
    syslog(levels[priority], "%s", text);
}
