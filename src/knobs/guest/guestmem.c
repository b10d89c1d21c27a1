/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "guestmem.h"
#include "size.h"
#include "text.h"

#define MIB UINT64_C(1024)
#define GIB (1024 * MIB)

/* From here on libvirt takes a limit for none (VIR_DOMAIN_MEMORY_PARAM_UNLIMITED). */
#define LIMIT_MAX UINT64_C(9007199254740991)

uint64_t vp_guestmem_attr_kib(const struct vp_domain *domain, const vp_node *node, const char *attr)
{
    const char *amount = vp_node_attr(node, attr);
    if (amount == NULL)
        return 0;
    vp_node *scaled = vp_node_new(domain->doc, "memory");
    vp_node_set_attr(scaled, "unit", vp_node_attr(node, "unit"));
    vp_node_set_text(scaled, amount);
    const uint64_t kib = vp_node_kib(scaled);
    vp_node_free(scaled);
    return kib;
}

static vp_node *first_cell(const struct vp_domain *domain)
{
    return vp_node_child(vp_node_walk(domain->root, "cpu/numa"), "cell");
}

static vp_node *first_device(const struct vp_domain *domain, const char *name)
{
    return vp_node_child(vp_domain_devices(domain), name);
}

uint64_t vp_guestmem_device_kib(const vp_node *device)
{
    const char *model = vp_node_attr(device, "model");
    const bool ram = vp_same(model, "dimm") || vp_same(model, "virtio-mem");
    return ram ? vp_node_kib(vp_node_walk(device, "target/size")) : 0;
}

static uint64_t devices_kib(const struct vp_domain *domain)
{
    uint64_t sum = 0;
    for (const vp_node *n = first_device(domain, "memory"); n != NULL; n = vp_node_same(n))
        sum += vp_node_kib(vp_node_walk(n, "target/size"));
    return sum;
}

bool vp_guestmem_read(const struct vp_domain *domain, struct vp_guestmem *ret_memory)
{
    struct vp_guestmem memory = {0};
    const uint64_t devices = devices_kib(domain);
    /* libvirt counts cells where there are some, and <memory> with the devices in it otherwise
     * (virDomainDefPostParseMemory(), conf/domain_postparse.c). */
    for (const vp_node *cell = first_cell(domain); cell != NULL; cell = vp_node_same(cell))
        memory.boot += vp_guestmem_attr_kib(domain, cell, "memory");
    if (memory.boot == 0) {
        memory.boot = vp_node_kib(vp_node_child(domain->root, "memory"));
        memory.boot -= devices < memory.boot ? devices : memory.boot;
    }
    if (memory.boot == 0)
        return false;
    memory.total = memory.boot + devices;
    memory.most = vp_node_kib(vp_node_child(domain->root, "maxMemory"));
    if (memory.most < memory.total)
        memory.most = memory.total;
    *ret_memory = memory;
    return true;
}

/* Is the device's memory taken from the pool that <memoryBacking> chooses? */
static bool uses_backing(const vp_node *device)
{
    const char *model = vp_node_attr(device, "model");
    return (vp_same(model, "dimm") || vp_same(model, "virtio-mem")) &&
           vp_node_walk(device, "source/pagesize") == NULL;
}

static bool device_pages(const vp_node *device, uint64_t page, uint64_t *pages)
{
    const uint64_t size = vp_node_kib(vp_node_walk(device, "target/size"));
    const vp_node *block = vp_node_walk(device, "target/block");
    if (!uses_backing(device))
        return true;
    *pages += size / page;
    return size % page == 0 && (block == NULL || vp_node_kib(block) % page == 0);
}

bool vp_guestmem_pages(const struct vp_domain *domain, uint64_t page, uint64_t *ret_pages, char **ret_odd)
{
    struct vp_guestmem memory;
    uint64_t pages = 0;
    unsigned n = 0;
    if (!vp_guestmem_read(domain, &memory)) {
        *ret_odd = vp_strdup("the definition says no amount of memory");
        return false;
    }
    for (const vp_node *cell = first_cell(domain); cell != NULL; cell = vp_node_same(cell), n++)
        if (vp_guestmem_attr_kib(domain, cell, "memory") % page != 0) {
            *ret_odd = vp_asprintf("NUMA cell %u is no multiple of the page", n);
            return false;
        }
    if (memory.boot % page != 0) {
        *ret_odd = vp_strdup("the guest's memory is no multiple of the page");
        return false;
    }
    pages = memory.boot / page;
    for (const vp_node *device = first_device(domain, "memory"); device != NULL;
         device = vp_node_same(device))
        if (!device_pages(device, page, &pages)) {
            *ret_odd = vp_strdup("a memory device is no multiple of the page");
            return false;
        }
    *ret_pages = pages;
    *ret_odd = NULL;
    return true;
}

bool vp_guestmem_is_exchanged(const struct vp_domain *domain)
{
    static const struct {
        const char *device, *path, *attr, *value;
    } kinds[] = {
        {"interface", "", "type", "vhostuser"},
        {"disk", "", "type", "vhostuser"},
        {"filesystem", "driver", "type", "virtiofs"},
        {"video", "driver", "name", "vhostuser"},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(kinds); i++)
        for (const vp_node *n = first_device(domain, kinds[i].device); n != NULL; n = vp_node_same(n)) {
            const vp_node *holder = *kinds[i].path != '\0' ? vp_node_child(n, kinds[i].path) : n;
            if (vp_same(vp_node_attr(holder, kinds[i].attr), kinds[i].value))
                return true;
        }
    return false;
}

/*
 * Machines up to 5.0 give NUMA cells plain memory, "pc.ram", unless something asks for a backend, "ram-node0"
 * (numa-mem-supported in QEMU's hw/i386, hw/arm and hw/ppc), and up to 3.1 backends of files other names than
 * those of
 * plain memory (hw_compat_3_1 in hw/core/machine.c). RHEL's 8.3 is the first made of 5.1. Names without a
 * number are
 * the newest machine, or a distribution's of unknown age.
 */
static bool is_old_machine(const char *machine)
{
    const char *dash = machine != NULL ? strrchr(machine, '-') : NULL;
    if (dash == NULL)
        return false;
    const bool rhel = strncmp(dash + 1, "rhel", strlen("rhel")) == 0;
    const char *number = dash + 1 + (rhel ? strlen("rhel") : 0);
    vp_autofree char *major = vp_strndup(number, strcspn(number, "."));
    vp_autofree char *minor = vp_strdup(number[strlen(major)] == '.' ? number + strlen(major) + 1 : "");
    minor[strcspn(minor, ".")] = '\0';
    uint64_t x = 0;
    uint64_t y = 0;
    if (vp_u64_parse(major, 0, 1000, &x) < 0 || vp_u64_parse(minor, 0, 1000, &y) < 0)
        return true;
    return rhel ? x * 100 + y < 803 : x * 100 + y < 501;
}

bool vp_guestmem_is_named_by_source(const struct vp_domain *domain)
{
    const bool parts = first_cell(domain) != NULL || first_device(domain, "memory") != NULL;
    return parts && is_old_machine(vp_node_walk_attr(domain->root, "os/type", "machine"));
}

static unsigned count_typed(const struct vp_domain *domain, const char *device, const char *type)
{
    unsigned count = 0;
    for (const vp_node *n = first_device(domain, device); n != NULL; n = vp_node_same(n))
        if (type == NULL || vp_same(vp_node_attr(n, "type"), type))
            count++;
    return count;
}

unsigned vp_guestmem_vfio(const struct vp_domain *domain)
{
    return count_typed(domain, "hostdev", "pci") + count_typed(domain, "hostdev", "mdev") +
           count_typed(domain, "interface", "hostdev") + count_typed(domain, "disk", "nvme");
}

/* What a definition may leave to libvirt (qxl: 64 MiB ram, 64 MiB vram, 16 MiB vgamem) must not change the
 * sum. */
static uint64_t video_kib(const struct vp_domain *domain)
{
    static const char *const attrs[] = {"ram", "vram", "vgamem", "vram64"};
    const uint64_t least = 256 * MIB;
    uint64_t sum = 0;
    for (const vp_node *n = first_device(domain, "video"); n != NULL; n = vp_node_same(n)) {
        uint64_t own = 0;
        for (size_t i = 0; i < VP_ARRAY_SIZE(attrs); i++) {
            const char *text = vp_node_walk_attr(n, "model", attrs[i]);
            uint64_t kib = 0;
            if (text != NULL && vp_u64_parse(text, 0, UINT32_MAX, &kib) == 0)
                own += kib;
        }
        sum += own > least ? own : least;
    }
    return sum > least ? sum : least; /* libvirt adds a display to a guest with graphics */
}

/*
 * Times that the whole memory is pinned (qemuDomainGetMemLockLimitBytes() of libvirt 9.0,
 * qemu/qemu_domain.c): once for each vDPA NIC, once for each VFIO device behind an emulated IOMMU and
 * otherwise once for all of them.
 */
static unsigned pinned_times(const struct vp_domain *domain)
{
    const unsigned vfio = vp_guestmem_vfio(domain);
    const unsigned times = count_typed(domain, "interface", "vdpa") +
                           (first_device(domain, "iommu") != NULL ? vfio : (vfio > 0 ? 1 : 0));
    return times > 0 ? times : 1;
}

/* libvirt raises <iothreads> to the number of ids. */
static uint64_t iothreads(const struct vp_domain *domain)
{
    vp_autofree char *text = vp_node_text(vp_node_child(domain->root, "iothreads"));
    uint64_t n = 0;
    uint64_t ids = 0;
    if (text == NULL || vp_u64_parse(text, 0, 65536, &n) < 0)
        n = 0;
    for (const vp_node *id = vp_node_walk(domain->root, "iothreadids/iothread"); id != NULL;
         id = vp_node_same(id))
        ids++;
    return ids > n ? ids : n;
}

/*
 *     times pinned × most memory           what the guest can have; times pinned as above
 *   + most memory / 512                    page tables, 8 bytes for each 4 KiB (KubeVirt,
 * GetMemoryOverhead())
 *   + 72 MiB × (vCPUs + iothreads + 64)    per thread 8 MiB of stack and a 64 MiB arena of glibc's malloc,
 * both address space before they are memory; 64 is the most workers QEMU's thread pool has (measured: 74 MiB
 * for each vCPU more, QEMU 7.2, glibc 2.36)
 *   + video memory, 256 MiB at least       qxl's defaults and the display's surfaces
 *   + 32 MiB × disks                       the most a qcow2 cache takes (QEMU docs/qcow2-cache.txt)
 *   + 1 GiB                                QEMU, its libraries and firmware; libvirt allows as much for
 * VFIO's MMIO
 *   + 1 GiB for an emulated guest          QEMU's buffer of translated code
 */
uint64_t vp_guestmem_lock_limit(const struct vp_domain *domain)
{
    struct vp_guestmem memory;
    if (!vp_guestmem_read(domain, &memory))
        return 0;
    uint64_t kib = 0;
    if (__builtin_mul_overflow(memory.most, pinned_times(domain), &kib) || kib >= LIMIT_MAX)
        return 0;
    kib += memory.most / 512;
    kib += 72 * MIB * (vp_domain_max_vcpus(domain) + iothreads(domain) + 64);
    kib += video_kib(domain);
    kib += 32 * MIB * count_typed(domain, "disk", NULL);
    kib += vp_domain_is_kvm(domain) ? GIB : 2 * GIB;
    kib = (kib + MIB - 1) / MIB * MIB;
    return kib < LIMIT_MAX ? kib : 0;
}
