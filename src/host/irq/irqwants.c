/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irqwants.h"

#include <string.h>

#include "blockdev.h"
#include "netdev.h"
#include "pciname.h"
#include "text.h"

const struct vp_want *vp_want_find(const struct vp_entry *entry, const char *name)
{
    for (size_t i = 0; i < entry->n_wants; i++)
        if (strcmp(entry->wants[i].name, name) == 0)
            return &entry->wants[i];
    return NULL;
}

static bool is_owner(const struct vp_strbuf *owners, const char *name)
{
    const size_t n = strlen(name);
    for (const char *at = owners->text; at != NULL; at = strchr(at, ','), at = at != NULL ? at + 2 : NULL)
        if (strncmp(at, name, n) == 0 && (at[n] == ',' || at[n] == '\0'))
            return true;
    return false;
}

void vp_owners_add(struct vp_strbuf *owners, const char *name)
{
    if (!is_owner(owners, name))
        vp_strbuf_join(owners, ", ", name);
}

static bool is_fact(const struct vp_want *want)
{
    return vp_starts(want->name, VP_FACT_PCI) || vp_starts(want->name, VP_FACT_TAP) ||
           vp_starts(want->name, VP_FACT_DISK);
}

static void drop_facts(struct vp_entry *entry)
{
    size_t kept = 0;
    for (size_t i = 0; i < entry->n_wants; i++) {
        struct vp_want *want = &entry->wants[i];
        if (!is_fact(want)) {
            entry->wants[kept++] = *want;
            continue;
        }
        free(want->name);
        free(want->value);
        free(want->knob);
        free(want->reason);
    }
    entry->n_wants = kept;
}

static void add_fact(struct vp_entry *entry, const char *prefix, const char *what, const char *value,
                     const char *knob, const char *reason)
{
    vp_autofree char *name = vp_asprintf("%s%s", prefix, what);
    if (vp_want_find(entry, name) == NULL)
        vp_entry_add_want(entry, name, value, knob, reason);
}

static void add_tap(struct vp_entry *entry, const vp_node *nic)
{
    const char *dev = vp_node_walk_attr(nic, "target", "dev");
    const char *mac = vp_node_walk_attr(nic, "mac", "address");
    /* A name in sysfs, not a way. The target of a vhost-user interface names a port of the switch. */
    if (dev != NULL && dev[0] != '.' && strchr(dev, '/') == NULL &&
        !vp_same(vp_node_attr(nic, "type"), "vhostuser"))
        add_fact(entry, VP_FACT_TAP, dev, mac != NULL ? mac : "", "network.queue-cpus",
                 "the device of the host behind the interface");
}

static void add_disk(const struct vp_root *root, struct vp_entry *entry, const vp_node *disk)
{
    const char *file = vp_node_walk_attr(disk, "source", "file");
    const char *path = file != NULL ? file : vp_node_walk_attr(disk, "source", "dev");
    const char *name = vp_node_walk_attr(disk, "target", "dev");
    struct vp_blockdev *disks = NULL;
    size_t n = 0;
    if (path == NULL || path[0] != '/' || vp_blockdev_below(root, path, &disks, &n, NULL) < 0)
        return;
    for (size_t i = 0; i < n; i++) {
        VP_CLEANUP(vp_names_free_ptr) char **queues = NULL;
        vp_blockdev_queues(root, disks[i].name, &queues);
        for (size_t k = 0; queues != NULL && queues[k] != NULL; k++) {
            vp_autofree char *sys = vp_asprintf("/sys/block/%s", queues[k]);
            vp_autofree char *address = vp_pci_below(root, sys);
            if (address != NULL)
                add_fact(entry, VP_FACT_DISK, address, name != NULL ? name : "", "irq.serving",
                         "the PCI device of the host that the disk lies on");
        }
    }
    free(disks);
}

void vp_irq_wants(const struct vp_root *root, const struct vp_domain *live, struct vp_entry *entry)
{
    const bool serving = vp_want_find(entry, "irq/serving") != NULL;
    const bool taps = serving || vp_want_find(entry, "net/tx-queue-length") != NULL ||
                      vp_want_find(entry, "net/queue-cpus") != NULL;
    drop_facts(entry);
    for (const vp_node *n = vp_node_first(vp_domain_devices(live)); n != NULL; n = vp_node_next(n)) {
        vp_autofree char *address = vp_pci_passed_through(n);
        if (address != NULL)
            add_fact(entry, VP_FACT_PCI, address, "", "irq.devices", "it is passed through to the guest");
        else if (taps && vp_node_is(n, "interface"))
            add_tap(entry, n);
        else if (serving && vp_node_is(n, "disk"))
            add_disk(root, entry, n);
    }
}
