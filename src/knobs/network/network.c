/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <string.h>

#include "disks.h"
#include "knobs.h"
#include "nics.h"
#include "planner.h"
#include "size.h"
#include "text.h"

/* Most queues of a tap device (Linux, drivers/net/tun.c, MAX_TAP_QUEUES). */
#define QUEUES_MAX 256

static const char *const models[] = {"virtio", NULL};
static const char *const backends[] = {"vhost", "qemu", NULL};
static const char *const rings[] = {"256", "512", "1024", NULL};
static const char *const modes[] = {"bridge", "vepa", "private", "passthrough", NULL};

enum { BACKEND_VHOST, BACKEND_QEMU };

/* A model on USB, ISA or POWER's virtual bus: its address would not fit a virtio card. */
static bool is_off_pci(const vp_node *nic)
{
    static const char *const off_pci[] = {"usb-net", "ne2k_isa", "spapr-vlan"};
    const char *address = vp_node_walk_attr(nic, "address", "type");
    for (size_t i = 0; i < VP_ARRAY_SIZE(off_pci); i++)
        if (vp_same(vp_node_walk_attr(nic, "model", "type"), off_pci[i]))
            return true;
    return address != NULL && strcmp(address, "pci") != 0 && strcmp(address, "ccw") != 0;
}

/* Why an interface keeps its model; NULL where it may change. */
static const char *model_kept(const struct vp_planning *planning, const vp_node *nic)
{
    if (vp_nic_is_passthrough(nic))
        return "it is a device of the host passed through and has no model";
    if (!vp_domain_has_virtio_drivers(planning->domain))
        return "the guest is not known to have virtio drivers; a virtio disk in it, or libosinfo metadata that names a "
               "system that has them, would tell";
    if (!vp_virtio_on_pci_or_ccw(planning->domain, NULL))
        return "this machine has no PCI or channel subsystem for a virtio device";
    if (is_off_pci(nic))
        return "its model sits on a bus of its own; take model and address out for a virtio card";
    if (vp_node_walk_attr(nic, "rom", "file") != NULL)
        return "it boots from a ROM file made for its present model; take <rom file=…> out first";
    return NULL;
}

static int plan_model(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    for (vp_node *nic = vp_nic_first(planning->domain); nic != NULL; nic = vp_node_same(nic)) {
        const char *model = vp_node_walk_attr(nic, "model", "type");
        const bool already = vp_domain_nic_is_virtio(planning->domain, nic);
        const char *kept = already && !vp_nic_is_passthrough(nic) ? NULL : model_kept(planning, nic);
        vp_autofree char *name = vp_nic_name(nic);
        if (kept != NULL) {
            vp_plan_skip(planning, setting, "%s: %s", name, kept);
            continue;
        }
        /* virtio-transitional and -non-transitional are virtio, chosen with more thought. */
        vp_plan_attr(planning, setting, nic, "model/@type", already && model != NULL ? model : "virtio",
                     "a paravirtual card moves packets with far fewer exits than an emulated one");
    }
    return 0;
}

/*
 * An option of a virtio card. libvirt reads them only where the model is written down, and fills in a missing
 * model later (conf/domain_conf.c, virDomainNetDefParseXMLDriver).
 */
static void plan_option(struct vp_planning *planning, const struct vp_setting *setting, vp_node *nic,
                        const char *path, const char *value, const char *reason)
{
    vp_autofree char *model = vp_planned(planning, nic, "model/@type");
    if (model == NULL && value != NULL)
        vp_plan_attr(planning, setting, nic, "model/@type", "virtio",
                     "libvirt takes options of a virtio card only where its model is named");
    vp_plan_attr(planning, setting, nic, path, value, "%s", reason);
}

static int plan_backend(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const bool vhost = setting->value.choice == BACKEND_VHOST;
    if (vhost && !vp_domain_is_kvm(planning->domain)) {
        vp_plan_skip(planning, setting,
                     "the guest is emulated, and libvirt opens vhost-net for KVM guests only");
        return 0;
    }
    for (vp_node *nic = vp_nic_first(planning->domain); nic != NULL; nic = vp_node_same(nic)) {
        if (vp_nic_refuses(planning, setting, nic, VP_NIC_VIRTIO | VP_NIC_TAP))
            continue;
        plan_option(planning, setting, nic, "driver/@name", backends[setting->value.choice],
                    vhost ? "packets go through a thread of the host's kernel, not through QEMU"
                          : "packets go through QEMU, as the profile asks");
    }
    return 0;
}

static uint64_t wanted_queues(const struct vp_planning *planning, const struct vp_setting *setting)
{
    const uint64_t n = vp_plan_count(planning, setting);
    const unsigned vcpus = vp_domain_max_vcpus(planning->domain);
    return n < vcpus ? n : vcpus;
}

static int plan_queues(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    const uint64_t n = wanted_queues(planning, setting);
    const unsigned vcpus = vp_domain_max_vcpus(planning->domain);
    /* libvirt does not store a count of one (conf/domain_conf.c, virDomainNetDefParseXMLDriver). */
    vp_autofree char *value = n > 1 ? vp_asprintf("%" PRIu64, n) : NULL;
    vp_autofree char *why =
        n > 1 ? vp_asprintf("a queue for each of up to %" PRIu64 " of the guest's %u vCPUs", n, vcpus)
              : vp_strdup("one queue is what a card has by itself");
    for (vp_node *nic = vp_nic_first(planning->domain); nic != NULL; nic = vp_node_same(nic)) {
        vp_autofree char *name = vp_nic_name(nic);
        if (vp_nic_refuses(planning, setting, nic, VP_NIC_VIRTIO | VP_NIC_QUEUES))
            continue;
        if (!vp_virtio_on_pci_or_ccw(planning->domain, nic))
            vp_plan_skip(planning, setting,
                         "%s: it sits on virtio-mmio, which has one interrupt for all queues", name);
        else if (vp_same(vp_node_walk_attr(nic, "target", "managed"), "no"))
            vp_plan_skip(planning, setting,
                         "%s: its tap device is made by someone else, who decides how many queues it has",
                         name);
        else
            plan_option(planning, setting, nic, "driver/@queues", value, why);
    }
    return 0;
}

static void plan_ring(struct vp_planning *planning, const struct vp_setting *setting, const char *path,
                      unsigned needs)
{
    for (vp_node *nic = vp_nic_first(planning->domain); nic != NULL; nic = vp_node_same(nic))
        if (!vp_nic_refuses(planning, setting, nic, VP_NIC_VIRTIO | needs))
            plan_option(planning, setting, nic, path, rings[setting->value.choice],
                        "a longer ring rides out bursts while the other side is not scheduled");
}

static int plan_rx_ring(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    plan_ring(planning, setting, "driver/@rx_queue_size", VP_NIC_QUEUES);
    return 0;
}

static int plan_tx_ring(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    plan_ring(planning, setting, "driver/@tx_queue_size", VP_NIC_TX_RING);
    return 0;
}

/* Will the kernel's vhost-net serve the interface? It does for KVM guests where nobody says otherwise. */
static bool kernel_serves(const struct vp_planning *planning, vp_node *nic)
{
    vp_autofree char *driver = vp_planned(planning, nic, "driver/@name");
    return vp_domain_is_kvm(planning->domain) && !vp_same(driver, "qemu") &&
           !vp_same(vp_nic_type(nic), "vhostuser");
}

static int plan_packed(struct vp_planning *planning, const struct vp_setting *setting, struct vp_error **err)
{
    (void)err;
    for (vp_node *nic = vp_nic_first(planning->domain); nic != NULL; nic = vp_node_same(nic)) {
        vp_autofree char *name = vp_nic_name(nic);
        if (vp_nic_refuses(planning, setting, nic, VP_NIC_VIRTIO | VP_NIC_QUEUES))
            continue;
        if (setting->value.yes && kernel_serves(planning, nic))
            vp_plan_skip(planning, setting, "%s: the kernel's vhost-net has no packed rings; vhost-user has",
                         name);
        else
            plan_option(planning, setting, nic, "driver/@packed", setting->value.yes ? "on" : "off",
                        setting->value.yes ? "packed rings, as the profile asks"
                                           : "split rings, as the profile asks");
    }
    return 0;
}

static int plan_mrg_rxbuf(struct vp_planning *planning, const struct vp_setting *setting,
                          struct vp_error **err)
{
    (void)err;
    for (vp_node *nic = vp_nic_first(planning->domain); nic != NULL; nic = vp_node_same(nic))
        if (!vp_nic_refuses(planning, setting, nic, VP_NIC_VIRTIO | VP_NIC_QUEUES))
            plan_option(planning, setting, nic, "driver/host/@mrg_rxbuf", setting->value.yes ? "on" : "off",
                        setting->value.yes
                            ? "big packets may take several receive buffers"
                            : "one buffer a packet lets a poll-mode driver take its vector path");
    return 0;
}

static bool shares_device(const struct vp_planning *planning, const vp_node *nic)
{
    const char *dev = vp_node_walk_attr(nic, "source", "dev");
    for (vp_node *n = vp_nic_first(planning->domain); n != NULL; n = vp_node_same(n))
        if (n != nic && dev != NULL && vp_same(vp_nic_type(n), "direct") &&
            vp_same(vp_node_walk_attr(n, "source", "dev"), dev))
            return true;
    return false;
}

/* Why a macvtap interface keeps its mode; NULL where it may change. */
static const char *mode_kept(const struct vp_planning *planning, const vp_node *nic, const char *mode)
{
    const bool passthrough = strcmp(mode, "passthrough") == 0;
    if (vp_starts(vp_node_walk_attr(nic, "virtualport", "type"), "802.1Qb"))
        return "its virtual port is negotiated with the switch, which fixes the mode";
    if (!passthrough && vp_node_child(nic, "vlan") != NULL)
        return "it has a VLAN tag, which macvtap can set in passthrough mode only";
    if (passthrough && shares_device(planning, nic))
        return "another interface of this guest uses the same device, which passthrough would take for itself";
    return NULL;
}

static int plan_macvtap_mode(struct vp_planning *planning, const struct vp_setting *setting,
                             struct vp_error **err)
{
    (void)err;
    const char *mode = modes[setting->value.choice];
    for (vp_node *nic = vp_nic_first(planning->domain); nic != NULL; nic = vp_node_same(nic)) {
        if (!vp_same(vp_nic_type(nic), "direct"))
            continue;
        vp_autofree char *name = vp_nic_name(nic);
        const char *kept = mode_kept(planning, nic, mode);
        if (kept != NULL) {
            vp_plan_skip(planning, setting, "%s: %s", name, kept);
            continue;
        }
        vp_plan_attr(planning, setting, nic, "source/@mode", mode, "macvtap mode the profile asks for");
        if (strcmp(mode, "passthrough") == 0)
            vp_plan_warn(planning, setting,
                         "%s: passthrough takes the host device '%s' whole; no other guest may use it", name,
                         vp_node_walk_attr(nic, "source", "dev"));
    }
    return 0;
}

static uint64_t planned_number(const struct vp_planning *planning, vp_node *nic, const char *path)
{
    vp_autofree char *text = vp_planned(planning, nic, path);
    uint64_t n = 0;
    if (text == NULL || vp_u64_parse(text, 0, UINT64_MAX, &n) < 0)
        return 0;
    return n;
}

static void plan_limit(struct vp_planning *planning, const struct vp_setting *setting, const char *direction,
                       const char *attr)
{
    const bool floor = strcmp(attr, "floor") == 0;
    const bool extra = strcmp(attr, "peak") == 0 || strcmp(attr, "burst") == 0;
    vp_autofree char *value = vp_asprintf("%" PRIu64, vp_plan_count(planning, setting));
    vp_autofree char *path = vp_asprintf("bandwidth/%s/@%s", direction, attr);
    vp_autofree char *average_path = vp_asprintf("bandwidth/%s/@average", direction);
    for (vp_node *nic = vp_nic_first(planning->domain); nic != NULL; nic = vp_node_same(nic)) {
        vp_autofree char *name = vp_nic_name(nic);
        if (vp_nic_refuses(planning, setting, nic, floor ? VP_NIC_FLOOR : VP_NIC_LIMITS))
            continue;
        const uint64_t average = planned_number(planning, nic, average_path);
        if (extra && average == 0) {
            vp_plan_skip(planning, setting,
                         "%s: libvirt takes a %s only beside an average; set network.%s-average", name, attr,
                         direction);
            continue;
        }
        vp_plan_attr(planning, setting, nic, path, value, "%s %s of the guest's traffic",
                     strcmp(direction, "inbound") == 0 ? "received" : "sent", attr);
        if (strcmp(attr, "peak") == 0 && vp_plan_count(planning, setting) < average)
            vp_plan_warn(planning, setting, "%s: the peak is below the average of %" PRIu64 " KiB/s", name,
                         average);
        if (floor)
            vp_plan_warn(
                planning, setting,
                "%s: the guest starts only while its network has an inbound average of its own and is not "
                "bridged",
                name);
    }
}

#define PLAN_LIMIT(function, direction, attr)                                                                \
    static int function(struct vp_planning *planning, const struct vp_setting *setting,                      \
                        struct vp_error **err)                                                               \
    {                                                                                                        \
        (void)err;                                                                                           \
        plan_limit(planning, setting, direction, attr);                                                      \
        return 0;                                                                                            \
    }
PLAN_LIMIT(plan_in_average, "inbound", "average")
PLAN_LIMIT(plan_in_peak, "inbound", "peak")
PLAN_LIMIT(plan_in_burst, "inbound", "burst")
PLAN_LIMIT(plan_in_floor, "inbound", "floor")
PLAN_LIMIT(plan_out_average, "outbound", "average")
PLAN_LIMIT(plan_out_peak, "outbound", "peak")
PLAN_LIMIT(plan_out_burst, "outbound", "burst")

#define LIMIT_KNOB(knob, measure, planner, text)                                                             \
    {                                                                                                        \
        .name = knob, .type = VP_TYPE_COUNT, .effect = VP_EFFECT_LIVE, .min = 1, .max = UINT32_MAX,          \
        .unit = measure, .doc = text, .plan = planner, .verify = vp_verify_definition                        \
    }

const struct vp_knob vp_knobs_network[] = {
    {.name = "network.model",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = models,
     .doc =
         "Model of every network interface that is not a passed-through device. It changes only in a guest that is "
         "known to have virtio drivers: one with a virtio device in its definition or with libosinfo metadata of a "
         "system that ships them. Variants of virtio (virtio-transitional, …) stay.",
     .plan = plan_model,
     .verify = vp_verify_definition},
    {.name = "network.backend",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = backends,
     .doc =
         "Who moves the packets of virtio interfaces on a tap or macvtap device: a kernel thread (vhost) or QEMU. "
         "libvirt takes vhost by itself where it can; saying it makes a start fail on a host without /dev/vhost-net "
         "instead of being slow. KVM guests only.",
     .plan = plan_backend,
     .verify = vp_verify_definition},
    {.name = "network.queues",
     .type = VP_TYPE_COUNT,
     .effect = VP_EFFECT_GUEST,
     .min = 1,
     .max = QUEUES_MAX,
     .doc =
         "Queue pairs of virtio interfaces on a tap, macvtap or vhost-user backend, never more than the guest's "
         "vCPUs. Each pair has a vhost thread of its own. For vhost-user the switch must offer as many.",
     .plan = plan_queues,
     .verify = vp_verify_definition},
    {.name = "network.rx-queue-size",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = rings,
     .unit = "descriptors",
     .doc = "Length of the receive ring of virtio interfaces on a tap, macvtap or vhost-user backend.",
     .plan = plan_rx_ring,
     .verify = vp_verify_definition},
    {.name = "network.tx-queue-size",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_GUEST,
     .choices = rings,
     .unit = "descriptors",
     .doc =
         "Length of the transmit ring of vhost-user interfaces; with every other backend QEMU stays at 256.",
     .plan = plan_tx_ring,
     .verify = vp_verify_definition},
    {.name = "network.packed",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc =
         "Packed rings (virtio 1.1) for virtio interfaces. They are left out where the kernel's vhost-net serves the "
         "interface, which has none.",
     .plan = plan_packed,
     .verify = vp_verify_definition},
    {.name = "network.mrg-rxbuf",
     .type = VP_TYPE_BOOL,
     .effect = VP_EFFECT_GUEST,
     .doc =
         "May a packet take several receive buffers of a virtio interface? Only pure forwarding of small packets by a "
         "poll-mode driver gains from no, and big packets then need big buffers.",
     .plan = plan_mrg_rxbuf,
     .verify = vp_verify_definition},
    {.name = "network.macvtap-mode",
     .type = VP_TYPE_CHOICE,
     .effect = VP_EFFECT_LAUNCH,
     .choices = modes,
     .doc =
         "How interfaces of type direct share the host's device: bridge lets guests on it talk to each other, vepa "
         "sends all to the switch, private keeps guests apart, passthrough gives one guest the whole device. Kept "
         "where a VLAN tag or an 802.1Qbg/Qbh port fixes it.",
     .plan = plan_macvtap_mode,
     .verify = vp_verify_definition},
    LIMIT_KNOB(
        "network.inbound-average", "KiB/s", plan_in_average,
        "Bandwidth that the guest may receive on each interface of type network, bridge, direct or ethernet."),
    LIMIT_KNOB("network.inbound-peak", "KiB/s", plan_in_peak,
               "Highest rate at which a burst is received. Needs an average."),
    LIMIT_KNOB("network.inbound-burst", "KiB", plan_in_burst,
               "Amount that may be received at the peak rate. Needs an average."),
    LIMIT_KNOB(
        "network.inbound-floor", "KiB/s", plan_in_floor,
        "Bandwidth that each interface of type network is guaranteed to receive. Its network must have an inbound "
        "average and must not be bridged, or the guest does not start."),
    LIMIT_KNOB(
        "network.outbound-average", "KiB/s", plan_out_average,
        "Bandwidth that the guest may send on each interface of type network, bridge, direct or ethernet."),
    LIMIT_KNOB("network.outbound-peak", "KiB/s", plan_out_peak,
               "Highest rate at which a burst is sent. Needs an average."),
    LIMIT_KNOB("network.outbound-burst", "KiB", plan_out_burst,
               "Amount that may be sent at the peak rate. Needs an average."),
    {.name = NULL},
};
