/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scope.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ledger.h"
#include "strbuf.h"
#include "text.h"

#define UNITS "/run/systemd/system"
#define DROPIN "50-virt-profile.conf"
#define SCOPE_PREFIX "machine-qemu\\x2d"
#define SCOPE_SUFFIX ".scope"

#define NAME_MAX_LEN 64

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

char *vp_machine_name(unsigned id, const char *domain)
{
    struct vp_strbuf buf = {0};
    bool separated = true;
    vp_strbuf_addf(&buf, "qemu-%u-", id);
    for (; *domain != '\0' && buf.len < NAME_MAX_LEN; domain++) {
        const bool separator = *domain == '.' || *domain == '-';
        if (separator ? separated : !is_letter_or_digit(*domain))
            continue;
        vp_strbuf_addn(&buf, domain, 1);
        separated = separator;
    }
    while (buf.len > 0 && (buf.text[buf.len - 1] == '-' || buf.text[buf.len - 1] == '.'))
        buf.text[--buf.len] = '\0';
    return vp_strbuf_take(&buf);
}

/* Of what a machine's name is made of, systemd escapes only '-' (unit_name_escape(), systemd 252). */
char *vp_machine_scope(unsigned id, const char *domain)
{
    vp_autofree char *name = vp_machine_name(id, domain);
    struct vp_strbuf buf = {0};
    vp_strbuf_add(&buf, "machine-");
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '-')
            vp_strbuf_add(&buf, "\\x2d");
        else
            vp_strbuf_addn(&buf, at, 1);
    }
    vp_strbuf_add(&buf, SCOPE_SUFFIX);
    return vp_strbuf_take(&buf);
}

static bool is_there(const struct vp_root *root, const char *path)
{
    const int fd = vp_root_openat(root, path, O_PATH);
    if (fd < 0)
        return false;
    (void)close(fd); /* nothing was written */
    return true;
}

bool vp_machine_has_scopes(const struct vp_root *root)
{
    static const char *const services[] = {
        "/usr/share/dbus-1/system-services/org.freedesktop.machine1.service",
        "/usr/local/share/dbus-1/system-services/org.freedesktop.machine1.service",
        "/run/systemd/machines", /* machined ran */
    };
    if (!is_there(root, UNITS))
        return false;
    for (size_t i = 0; i < VP_ARRAY_SIZE(services); i++)
        if (is_there(root, services[i]))
            return true;
    return false;
}

/* One line. In a path, which only these properties have, systemd would read a '%' as a specifier. */
static void add_line(struct vp_strbuf *buf, const char *property, const char *value, size_t len)
{
    const bool has_path = vp_starts(property, "IORead") || vp_starts(property, "IOWrite");
    vp_strbuf_addf(buf, "%s=", property);
    for (size_t i = 0; i < len; i++) {
        vp_strbuf_addn(buf, value + i, 1);
        if (has_path && value[i] == '%')
            vp_strbuf_add(buf, "%");
    }
    vp_strbuf_add(buf, "\n");
}

static char *format(const struct vp_limits *limits)
{
    struct vp_strbuf buf = {0};
    vp_strbuf_add(&buf, "# Written by virt-profile for as long as its guest runs.\n[Scope]\n");
    for (size_t i = 0; i < limits->n; i++) {
        for (const char *at = limits->items[i].value; *at != '\0';) {
            const size_t len = strcspn(at, "\n");
            add_line(&buf, limits->items[i].property, at, len);
            at += len + (at[len] == '\n');
        }
    }
    return vp_strbuf_take(&buf);
}

int vp_scope_write(const struct vp_root *root, unsigned id, const char *domain,
                   const struct vp_limits *limits, struct vp_error **err)
{
    if (limits->n == 0)
        return 0;
    vp_autofree char *unit = vp_machine_scope(id, domain);
    vp_autofree char *folder = vp_asprintf(UNITS "/%s.d", unit);
    vp_autofree char *path = vp_asprintf("%s/" DROPIN, folder);
    vp_autofree char *text = format(limits);
    int r = vp_root_mkdir(root, folder, 0755, err);
    if (r == 0)
        r = vp_root_replace(root, path, text, strlen(text), 0644, err);
    if (r < 0) {
        (void)vp_root_rmdir(root, folder, NULL); /* the first failure is the one to tell */
        return vp_prefix(err, "domain '%s' gets no limits of its own", domain);
    }
    return 0;
}

static int remove_dropin(const struct vp_root *root, const char *folder, struct vp_error **err)
{
    vp_autofree char *path = vp_asprintf("%s/" DROPIN, folder);
    return vp_root_unlink(root, path, err);
}

int vp_scope_remove(const struct vp_root *root, unsigned id, const char *domain, struct vp_error **err)
{
    vp_autofree char *unit = vp_machine_scope(id, domain);
    vp_autofree char *folder = vp_asprintf(UNITS "/%s.d", unit);
    vp_autoerror own = NULL;
    int r = remove_dropin(root, folder, err);
    if (r < 0)
        return r;
    r = vp_root_rmdir(root, folder, &own);
    /* What somebody else put beside ours keeps the folder. */
    return r == 0 || r == -ENOTEMPTY ? 0 : vp_fail(err, -r, "%s", own->message);
}

static bool is_known(const struct vp_entries *entries, const char *unit)
{
    for (size_t i = 0; i < entries->n; i++) {
        vp_autofree char *scope = vp_machine_scope(entries->items[i]->id, entries->items[i]->name);
        if (strcmp(scope, unit) == 0)
            return true;
    }
    return false;
}

/* The unit that a folder of drop-ins of a guest is for; NULL for any other name. Owned. */
static char *unit_of(const char *name)
{
    static const char ending[] = SCOPE_SUFFIX ".d";
    const size_t len = strlen(name);
    if (!vp_starts(name, SCOPE_PREFIX) || len < sizeof(ending) ||
        strcmp(name + len - strlen(ending), ending) != 0)
        return NULL;
    return vp_strndup(name, len - strlen(".d"));
}

int vp_scope_sweep(const struct vp_root *root, const struct vp_entries *entries, struct vp_error **err)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    const int listed = vp_root_list(root, UNITS, &names, NULL);
    if (listed < 0)
        return listed == -ENOENT ? 0 : vp_root_list(root, UNITS, &names, err);
    for (size_t i = 0; names[i] != NULL; i++) {
        vp_autofree char *unit = unit_of(names[i]);
        if (unit == NULL || is_known(entries, unit))
            continue;
        vp_autofree char *folder = vp_asprintf(UNITS "/%s.d", unit);
        const int r = remove_dropin(root, folder, err);
        if (r < 0)
            return r;
        (void)vp_root_rmdir(root, folder, NULL); /* empty, it is in nobody's way */
    }
    return 0;
}
