/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "nics.h"
#include "text.h"

#include <string.h>

/* conf/netdev_bandwidth_conf.c of libvirt 9.0 (virNetDevSupportsBandwidth), hw/net/virtio-net.c of QEMU 7.2
 * (virtio_net_max_tx_queue_size). */
static const struct {
    const char *type;
    unsigned has;
} kinds[] = {
    {"network", VP_NIC_TAP | VP_NIC_QUEUES | VP_NIC_LIMITS | VP_NIC_FLOOR},
    {"bridge", VP_NIC_TAP | VP_NIC_QUEUES | VP_NIC_LIMITS},
    {"direct", VP_NIC_TAP | VP_NIC_QUEUES | VP_NIC_LIMITS},
    {"ethernet", VP_NIC_TAP | VP_NIC_QUEUES | VP_NIC_LIMITS},
    {"vhostuser", VP_NIC_QUEUES | VP_NIC_TX_RING},
};

static const struct {
    unsigned need;
    const char *why;
} refusals[] = {
    {VP_NIC_TAP, "which has no tap device that vhost-net could serve"},
    {VP_NIC_QUEUES, "whose queues and rings are not QEMU's to choose"},
    {VP_NIC_TX_RING, "for which QEMU never uses more than 256 entries; only vhost-user goes further"},
    {VP_NIC_LIMITS, "which libvirt cannot limit; it can for types network, bridge, direct and ethernet"},
    {VP_NIC_FLOOR, "and libvirt guarantees a floor only on type network"},
};

vp_node *vp_nic_first(const struct vp_domain *domain)
{
    return vp_node_child(vp_domain_devices(domain), "interface");
}

const char *vp_nic_type(const vp_node *nic)
{
    const char *type = vp_node_attr(nic, "type");
    return type != NULL ? type : "user";
}

char *vp_nic_name(const vp_node *nic)
{
    const char *mac = vp_node_walk_attr(nic, "mac", "address");
    unsigned number = 1;
    if (mac != NULL)
        return vp_strdup(mac);
    for (const vp_node *n = vp_node_prev(nic); n != NULL; n = vp_node_prev(n))
        number += vp_node_is(n, "interface");
    return vp_asprintf("interface %u", number);
}

bool vp_nic_planned_virtio(const struct vp_planning *planning, vp_node *nic)
{
    vp_autofree char *model = vp_planned(planning, nic, "model/@type");
    if (vp_same(vp_nic_type(nic), "hostdev"))
        return false;
    return model != NULL ? vp_starts(model, "virtio") : vp_domain_nic_is_virtio(planning->domain, nic);
}

bool vp_nic_is_passthrough(const vp_node *nic)
{
    static const char *const names[] = {"vfio", "kvm", "xen"};
    const char *driver = vp_node_walk_attr(nic, "driver", "name");
    if (vp_same(vp_nic_type(nic), "hostdev") ||
        vp_same(vp_node_walk_attr(nic, "teaming", "type"), "transient"))
        return true;
    for (size_t i = 0; i < VP_ARRAY_SIZE(names); i++)
        if (vp_same(driver, names[i]))
            return true;
    return false;
}

bool vp_nic_refuses(struct vp_planning *planning, const struct vp_setting *setting, vp_node *nic,
                    unsigned needs)
{
    vp_autofree char *name = vp_nic_name(nic);
    unsigned has = 0;
    if (vp_nic_is_passthrough(nic)) {
        vp_plan_skip(planning, setting,
                     "%s: it is a device of the host passed through, which QEMU does not drive", name);
        return true;
    }
    for (size_t i = 0; i < VP_ARRAY_SIZE(kinds); i++)
        if (vp_same(vp_nic_type(nic), kinds[i].type))
            has = kinds[i].has;
    for (size_t i = 0; i < VP_ARRAY_SIZE(refusals); i++)
        if ((needs & ~has & refusals[i].need) != 0) {
            vp_plan_skip(planning, setting, "%s: it is of type %s, %s", name, vp_nic_type(nic),
                         refusals[i].why);
            return true;
        }
    if ((needs & VP_NIC_VIRTIO) != 0 && !vp_nic_planned_virtio(planning, nic)) {
        vp_plan_skip(planning, setting,
                     "%s: its model is not virtio; network.model = virtio would make it so", name);
        return true;
    }
    return false;
}
