/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "livecalls.h"

#include <errno.h>
#include <string.h>

#include "size.h"
#include "topology.h"

/* Kinds of pins, each its own call of libvirt's. */
static const struct {
    const char *element, *key, *thread;
} kinds[] = {
    {"vcpupin", "vcpu", "vCPU"},
    {"emulatorpin", NULL, "emulator"},
    {"iothreadpin", "iothread", "iothread"},
};
enum { VCPU, EMULATOR, IOTHREAD };

/* The pin of a thread; NULL: it has none. */
static const vp_node *find_pin(const struct vp_domain *domain, int kind, const char *number)
{
    const vp_node *pin = vp_node_child(vp_node_child(domain->root, "cputune"), kinds[kind].element);
    while (pin != NULL && number != NULL) {
        const char *own = vp_node_attr(pin, kinds[kind].key);
        if (own != NULL && strcmp(own, number) == 0)
            break;
        pin = vp_node_same(pin);
    }
    return pin;
}

/* Where a thread may run: its pin, else <vcpu cpuset>, else everywhere. NULL where that is no list. Owned. */
static hwloc_bitmap_t cpus_of(const struct vp_live_work *work, const struct vp_domain *domain,
                              const vp_node *pin)
{
    const char *text =
        pin != NULL ? vp_node_attr(pin, "cpuset") : vp_node_walk_attr(domain->root, "vcpu", "cpuset");
    hwloc_bitmap_t set = NULL;
    if (text == NULL)
        return vp_bitmap_copy(work->cpus);
    if (vp_bitmap_parse(text, "cpuset", &set, NULL) < 0)
        return NULL;
    (void)hwloc_bitmap_and(set, set, work->cpus);
    return set;
}

static int call(const struct vp_live_work *work, int kind, unsigned number, hwloc_const_bitmap_t cpus)
{
    const struct vp_virt_api *api = &work->guest->conn->api;
    virDomainPtr domain = work->guest->domain;
    const int length = VIR_CPU_MAPLEN(hwloc_bitmap_last(work->cpus) + 1);
    vp_autofree unsigned char *map = vp_alloc((size_t)length, 1);
    for (int cpu = hwloc_bitmap_first(cpus); cpu >= 0; cpu = hwloc_bitmap_next(cpus, cpu))
        map[cpu / 8] |= (unsigned char)(1u << (cpu % 8));
    if (kind == VCPU)
        return api->virDomainPinVcpuFlags(domain, number, map, length, VIR_DOMAIN_AFFECT_LIVE);
    if (kind == EMULATOR)
        return api->virDomainPinEmulator(domain, map, length, VIR_DOMAIN_AFFECT_LIVE);
    return api->virDomainPinIOThread(domain, number, map, length, VIR_DOMAIN_AFFECT_LIVE);
}

static int move(struct vp_live_work *work, int kind, const char *number, struct vp_error **err)
{
    vp_autobitmap have = cpus_of(work, work->have, find_pin(work->have, kind, number));
    vp_autobitmap want = cpus_of(work, work->want, find_pin(work->want, kind, number));
    uint64_t value = 0;
    if (want == NULL || hwloc_bitmap_iszero(want) || (have != NULL && hwloc_bitmap_isequal(have, want)) ||
        (number != NULL && vp_u64_parse(number, 0, UINT32_MAX, &value) < 0))
        return 0;
    vp_autofree char *text = vp_bitmap_text(want);
    work->result->pinned = true;
    return vp_live_note(work, call(work, kind, (unsigned)value, want),
                        vp_asprintf("%s%s%s: CPUs %s", kinds[kind].thread, number != NULL ? " " : "",
                                    number != NULL ? number : "", text),
                        err);
}

/* Every thread that one of the two definitions pins. */
int vp_live_pins(struct vp_live_work *work, struct vp_error **err)
{
    int r = 0;
    for (int kind = VCPU; r == 0 && kind <= IOTHREAD; kind++) {
        const vp_node *cputune = vp_node_child(work->want->root, "cputune");
        const vp_node *gone = vp_node_child(work->have->root, "cputune");
        for (const vp_node *n = vp_node_child(cputune, kinds[kind].element); r == 0 && n != NULL;
             n = vp_node_same(n))
            r = move(work, kind, kinds[kind].key != NULL ? vp_node_attr(n, kinds[kind].key) : NULL, err);
        for (const vp_node *n = vp_node_child(gone, kinds[kind].element); r == 0 && n != NULL;
             n = vp_node_same(n)) {
            const char *number = kinds[kind].key != NULL ? vp_node_attr(n, kinds[kind].key) : NULL;
            if (find_pin(work->want, kind, number) == NULL)
                r = move(work, kind, number, err);
        }
    }
    return r;
}
