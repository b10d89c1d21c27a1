/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/irqhost.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "strbuf.h"

static void file_at(const struct fake *fake, char *path, const char *text)
{
    fake_file(fake, path, text);
    free(path);
}

static void link_at(const struct fake *fake, const char *path, const char *target)
{
    vp_autofree char *full = vp_asprintf("%s%s", fake->folder, path);
    ck_assert_msg(symlink(target, full) == 0 || errno == EEXIST, "%s: %s", full, strerror(errno));
}

void irqhost_irq(const struct fake *fake, unsigned number, const char *action, const char *device,
                 const char *cpus)
{
    vp_autofree char *line = vp_asprintf("%s\n", cpus);
    vp_autofree char *actions = vp_asprintf("%s\n", action);
    file_at(fake, vp_asprintf("/proc/irq/%u/smp_affinity_list", number), line);
    file_at(fake, vp_asprintf("/proc/irq/%u/effective_affinity_list", number), line);
    file_at(fake, vp_asprintf("/proc/irq/%u/node", number), "0\n");
    file_at(fake, vp_asprintf("/sys/kernel/irq/%u/actions", number), actions);
    if (device != NULL)
        file_at(fake, vp_asprintf("/sys/bus/pci/devices/%s/msi_irqs/%u", device, number), "msix\n");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void irqhost_remove(const struct fake *fake, const char *path)
{
    vp_autofree char *full = vp_asprintf("%s%s", fake->folder, path);
    ck_assert_int_eq(nftw(full, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void irqhost_drop(const struct fake *fake, unsigned number, const char *device)
{
    vp_autofree char *proc = vp_asprintf("/proc/irq/%u", number);
    vp_autofree char *sys = vp_asprintf("/sys/kernel/irq/%u", number);
    irqhost_remove(fake, proc);
    irqhost_remove(fake, sys);
    if (device != NULL) {
        vp_autofree char *msi = vp_asprintf("/sys/bus/pci/devices/%s/msi_irqs/%u", device, number);
        irqhost_remove(fake, msi);
    }
}

char *irqhost_cpus(const struct fake *fake, unsigned number)
{
    vp_autofree char *path = vp_asprintf("/proc/irq/%u/smp_affinity_list", number);
    char *value = NULL;
    ck_assert_int_eq(vp_means_cpulist.read(fake->root, path, &value, NULL), 0);
    return value;
}

void irqhost_net(const struct fake *fake, const char *name, const char *device)
{
    const char *above = device != NULL ? device : "virtual";
    vp_autofree char *folder = vp_asprintf("/sys/devices/%s/net/%s", above, name);
    vp_autofree char *link = vp_asprintf("/sys/class/net/%s", name);
    vp_autofree char *target = vp_asprintf("../../devices/%s/net/%s", above, name);
    file_at(fake, vp_asprintf("%s/tx_queue_len", folder), "1000\n");
    file_at(fake, vp_asprintf("/sys/class/net/.made"), "");
    link_at(fake, link, target);
    if (device != NULL) {
        vp_autofree char *up = vp_asprintf("%s/device", folder);
        link_at(fake, up, "../..");
    }
}

void irqhost_port(const struct fake *fake, const char *bridge, const char *name)
{
    vp_autofree char *real = vp_asprintf("/sys/class/net/%s/master", name);
    vp_autofree char *target = vp_asprintf("/sys/devices/virtual/net/%s", bridge);
    file_at(fake, vp_asprintf("/sys/devices/virtual/net/%s/brif/%s/state", bridge, name), "3\n");
    link_at(fake, real, target);
}

char *irqhost_wishes(const struct vp_wishes *wishes)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < wishes->n; i++) {
        const struct vp_wish *wish = &wishes->items[i];
        vp_strbuf_addf(&buf, "%s %.*s = %s (%s)\n", wish->means->name, (int)strcspn(wish->target, "@"),
                       wish->target, wish->value, wish->owner);
    }
    return vp_strbuf_take(&buf);
}
