/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor.h"

#include <ini.h>
#include <regex.h>
#include <string.h>

#include "file.h"
#include "text.h"

#define FILE_MAX (256u * 1024)
#define INCLUDES_MAX 16 /* profiles in a chain */

/* The scheduler part of a chain of profiles. What the including one says counts. All owned. */
struct scheduler {
    char *section; /* the one that is read, when its type is scheduler */
    char *isolated, *black, *white;
    char *file;    /* that names the isolated cores */
    char *include; /* of the file that is read */
    const char *reading;
};

static void scheduler_done(struct scheduler *scheduler)
{
    free(scheduler->section);
    free(scheduler->isolated);
    free(scheduler->black);
    free(scheduler->white);
    free(scheduler->file);
    free(scheduler->include);
}

static void keep(char **to, const char *value)
{
    if (*to == NULL)
        *to = vp_strdup(value);
}

/* An ini_handler. */
static int take(void *cookie, const char *section, const char *name, const char *value)
{
    struct scheduler *scheduler = cookie;
    if (vp_same(section, "main") && vp_same(name, "include"))
        keep(&scheduler->include, value);
    if (vp_same(name, "type") && vp_same(value, "scheduler")) {
        free(scheduler->section);
        scheduler->section = vp_strdup(section);
    }
    if (!vp_same(section, "scheduler") && !vp_same(section, scheduler->section))
        return 1;
    if (vp_same(name, "isolated_cores") && value[0] != '\0' && scheduler->isolated == NULL) {
        keep(&scheduler->isolated, value);
        keep(&scheduler->file, scheduler->reading);
    } else if (vp_same(name, "ps_blacklist")) {
        keep(&scheduler->black, value);
    } else if (vp_same(name, "ps_whitelist")) {
        keep(&scheduler->white, value);
    }
    return 1;
}

/* Does one of the patterns, joined by ';', match? */
static bool matches(const char *patterns, const char *name)
{
    for (const char *at = patterns; at != NULL && *at != '\0';) {
        const size_t n = strcspn(at, ";");
        vp_autofree char *pattern = vp_strndup(at, n);
        regex_t compiled;
        if (n > 0 && regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) == 0) {
            const bool found = regexec(&compiled, name, 0, NULL, 0) == 0;
            regfree(&compiled);
            if (found)
                return true;
        }
        at += n + (at[n] == ';');
    }
    return false;
}

/* What /proc/PID/comm says of the QEMU that this host has. */
static const char *qemu_name(const struct vp_doctor *doctor)
{
    static const struct {
        const char *path, *name;
    } rows[] = {
        {"/usr/bin/qemu-system-x86_64", "qemu-system-x86"},
        {"/usr/bin/qemu-system-aarch64", "qemu-system-aar"},
        {"/usr/libexec/qemu-kvm", "qemu-kvm"},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        VP_CLEANUP(vp_close_fd) int fd = vp_root_openat(doctor->root, rows[i].path, 0);
        if (fd >= 0)
            return rows[i].name;
    }
    return rows[0].name;
}

/* Read a profile by name into the chain; false when there is none. */
static bool read_profile(const struct vp_doctor *doctor, struct vp_finding *finding, const char *name,
                         struct scheduler *scheduler)
{
    static const char *const folders[] = {"/etc/tuned/profiles", "/etc/tuned", "/usr/lib/tuned/profiles",
                                          "/usr/lib/tuned"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(folders); i++) {
        vp_autofree char *path = vp_asprintf("%s/%s/tuned.conf", folders[i], name);
        vp_autofree char *text = NULL;
        size_t len = 0;
        if (vp_root_read(doctor->root, path, FILE_MAX, &text, &len, NULL) < 0)
            continue;
        vp_looked_at(finding, path);
        scheduler->reading = path;
        (void)ini_parse_string(text, take, scheduler); /* lines that it cannot read are not for us */
        scheduler->reading = NULL;
        return true;
    }
    return false;
}

void vp_tuned_look(const struct vp_doctor *doctor, struct vp_finding *finding, char **ret_profile,
                   char **ret_file)
{
    VP_CLEANUP(scheduler_done) struct scheduler scheduler = {0};
    vp_autofree char *active = vp_doctor_read(doctor, finding, "/etc/tuned/active_profile");
    if (active == NULL || active[0] == '\0')
        return;
    vp_autofree char *list = vp_strdup(active);
    for (int i = 0; i < INCLUDES_MAX && list != NULL; i++) {
        /* Names are joined by blanks or commas; the last one counts most. */
        static const char separators[] = " ,;\n";
        size_t n = strlen(list);
        while (n > 0 && strchr(separators, list[n - 1]) != NULL)
            n--;
        size_t from = n;
        while (from > 0 && strchr(separators, list[from - 1]) == NULL)
            from--;
        if (n == 0)
            break;
        vp_autofree char *name = vp_strndup(list + from, n - from);
        list[from] = '\0';
        if (strchr(name, '/') != NULL || !read_profile(doctor, finding, name, &scheduler))
            continue;
        vp_autofree char *include = vp_take(&scheduler.include);
        char *next = include != NULL ? vp_asprintf("%s %s", list, include) : vp_strdup(list);
        free(list);
        list = next;
    }
    const char *qemu = qemu_name(doctor);
    *ret_profile = vp_take(&active);
    if (scheduler.isolated == NULL || matches(scheduler.black, qemu))
        return;
    if (scheduler.white == NULL || matches(scheduler.white, qemu))
        *ret_file = vp_take(&scheduler.file);
}
