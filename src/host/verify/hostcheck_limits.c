/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hostcheck_own.h"

#include <string.h>

#include "cgroupvalues.h"
#include "guestgroup.h"
#include "text.h"

#define GROUPS_MAX (64u * 1024)
#define VALUE_MAX (64u * 1024)

static bool has_controller(const char *list, const char *controller)
{
    const size_t n = strlen(controller);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, controller, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return true;
    }
    return false;
}

/* QEMU's main thread is in a group of its own below that of the guest (libvirt 9.0: virCgroupNewThread()). */
static void cut_off(char *path)
{
    static const char *const endings[] = {"/emulator", "/libvirt"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(endings); i++) {
        const size_t len = strlen(path);
        const size_t n = strlen(endings[i]);
        if (len > n && vp_same(path + len - n, endings[i]))
            path[len - n] = '\0';
    }
}

/* The folder of the guest's group for a controller; owned; NULL: it has none. */
static char *folder_of(const struct vp_root *root, pid_t qemu, const char *controller, bool unified)
{
    vp_autofree char *file = vp_asprintf("/proc/%ld/cgroup", (long)qemu);
    vp_autofree char *text = NULL;
    size_t len = 0;
    if (vp_root_read(root, file, GROUPS_MAX, &text, &len, NULL) < 0)
        return NULL;
    char *rest = text;
    for (char *line = NULL; (line = strsep(&rest, "\n")) != NULL;) {
        (void)strsep(&line, ":");
        const char *controllers = line != NULL ? strsep(&line, ":") : NULL;
        if (line == NULL || (unified ? controllers[0] != '\0' : !has_controller(controllers, controller)))
            continue;
        cut_off(line);
        return unified ? vp_asprintf("/sys/fs/cgroup%s", line)
                       : vp_asprintf("/sys/fs/cgroup/%s%s", controllers, line);
    }
    return NULL;
}

/*
 * Is one line of several there? The kernel prints all of what a device has in one line: "8:0 rbps=1 wbps=max
 * riops=max wiops=max", or a line for each device on cgroup v1.
 */
static bool has_line(const char *text, const char *line)
{
    const size_t device = strcspn(line, " ");
    vp_autofree char *copy = vp_strdup(text);
    vp_autofree char *word = vp_asprintf(" %s ", line + device + (line[device] == ' '));
    char *rest = copy;
    for (char *have = NULL; (have = strsep(&rest, "\n")) != NULL;) {
        vp_autofree char *padded = vp_asprintf("%s ", have);
        if (strncmp(have, line, device) == 0 && have[device] == ' ' && strstr(padded + device, word) != NULL)
            return true;
    }
    return false;
}

/* What systemd and libcgroup write one way the kernel may print another: "default 100" of io.weight. */
static bool is_same(const struct vp_cgroupvalue *value, const char *text)
{
    static const char general[] = "default ";
    if (value->several)
        return has_line(text, value->value);
    if (vp_starts(text, general) && !vp_starts(value->value, general))
        text += strlen(general);
    return strncmp(text, value->value, strlen(value->value)) == 0 &&
           (text[strlen(value->value)] == '\0' || text[strlen(value->value)] == '\n');
}

static void check_value(const struct vp_root *root, const struct vp_entry *entry, const struct vp_want *want,
                        const struct vp_cgroupvalue *value, bool unified, struct vp_checks *checks)
{
    vp_autofree char *folder = folder_of(root, entry->qemu.pid, value->controller, unified);
    vp_autofree char *path = vp_asprintf("%s/%s", folder != NULL ? folder : "", value->file);
    vp_autofree char *text = NULL;
    size_t len = 0;
    if (folder == NULL || vp_root_read(root, path, VALUE_MAX, &text, &len, NULL) < 0) {
        (void)vp_checks_add(checks, VP_HOLD_ABSENT, want->knob, want->name, value->value, NULL,
                            folder != NULL ? path : "the control group of the guest");
        return;
    }
    text[strcspn(text, value->several ? "" : "\n")] = '\0';
    (void)vp_checks_add(checks, is_same(value, text) ? VP_HOLD_OK : VP_HOLD_DIFFERS, want->knob, want->name,
                        value->value, text, path);
}

static int check_want(const struct vp_root *root, const struct vp_entry *entry, const struct vp_want *want,
                      bool unified, struct vp_checks *checks, struct vp_error **err)
{
    VP_CLEANUP(vp_cgroupvalues_done) struct vp_cgroupvalues values = {0};
    vp_autofree char *property = vp_strdup(want->name + strlen(VP_LIMIT_WANT));
    struct vp_limit limit = {.property = property, .value = want->value};
    const struct vp_limits limits = {.items = &limit, .n = 1};
    const int r = vp_cgroupvalues_read(root, &limits, unified, &values, err);
    for (size_t i = 0; r == 0 && i < values.n; i++)
        check_value(root, entry, want, &values.items[i], unified, checks);
    return r;
}

int vp_hostcheck_limits(const struct vp_root *root, const struct vp_entry *entry, struct vp_checks *checks,
                        struct vp_error **err)
{
    const bool unified = vp_cgroups_are_unified(root);
    int r = 0;
    for (size_t i = 0; r == 0 && i < entry->n_wants; i++)
        if (vp_starts(entry->wants[i].name, VP_LIMIT_WANT))
            r = check_want(root, entry, &entry->wants[i], unified, checks, err);
    return r;
}
