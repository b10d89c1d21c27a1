/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "domain.h"
#include "size.h"

int vp_domain_parse(const char *text, size_t len, const char *what, struct vp_domain **ret_domain,
                    struct vp_error **err)
{
    vp_autodomain domain = vp_alloc(1, sizeof(*domain));
    const int r = vp_doc_parse(text, len, what, &domain->doc, err);
    if (r < 0)
        return r;
    domain->root = vp_doc_root(domain->doc);
    if (!vp_node_is(domain->root, "domain"))
        return vp_fail(err, EBADMSG, "%s is not a domain definition: its root element is not <domain>", what);
    *ret_domain = vp_take(&domain);
    return 0;
}

int vp_domain_parse_status(const char *text, size_t len, const char *what, struct vp_domain **ret_domain,
                           struct vp_error **err)
{
    vp_autodomain domain = vp_alloc(1, sizeof(*domain));
    const int r = vp_doc_parse(text, len, what, &domain->doc, err);
    if (r < 0)
        return r;
    const vp_node *status = vp_doc_root(domain->doc);
    domain->root = vp_node_child(status, "domain");
    if (!vp_node_is(status, "domstatus") || domain->root == NULL)
        return vp_fail(err, EBADMSG, "%s is not the status of a domain: it has no <domain> in a <domstatus>",
                       what);
    vp_doc_narrow(domain->doc, domain->root);
    *ret_domain = vp_take(&domain);
    return 0;
}

struct vp_domain *vp_domain_copy(const struct vp_domain *domain)
{
    struct vp_domain *copy = vp_alloc(1, sizeof(*copy));
    copy->doc = vp_doc_copy(domain->doc);
    copy->root = vp_doc_root(copy->doc);
    return copy;
}

void vp_domain_free(struct vp_domain *domain)
{
    if (domain == NULL)
        return;
    vp_doc_free(domain->doc);
    free(domain);
}

static char *text_or_empty(const struct vp_domain *domain, const char *name)
{
    char *text = vp_node_text(vp_node_child(domain->root, name));
    return text != NULL ? text : vp_strdup("");
}

char *vp_domain_name(const struct vp_domain *domain)
{
    return text_or_empty(domain, "name");
}
char *vp_domain_title(const struct vp_domain *domain)
{
    return text_or_empty(domain, "title");
}

char *vp_domain_uuid(const struct vp_domain *domain)
{
    return text_or_empty(domain, "uuid");
}

vp_node *vp_domain_devices(const struct vp_domain *domain)
{
    return vp_node_child(domain->root, "devices");
}

bool vp_domain_is_kvm(const struct vp_domain *domain)
{
    const char *type = vp_node_attr(domain->root, "type");
    return type != NULL && strcmp(type, "kvm") == 0;
}

bool vp_domain_is_x86(const struct vp_domain *domain)
{
    const char *arch = vp_node_walk_attr(domain->root, "os/type", "arch");
    if (arch == NULL) {
#if defined(__x86_64__) || defined(__i386__)
        return true;
#else
        return false;
#endif
    }
    return strcmp(arch, "x86_64") == 0 || strcmp(arch, "i686") == 0;
}

bool vp_domain_is_q35(const struct vp_domain *domain)
{
    const char *machine = vp_node_walk_attr(domain->root, "os/type", "machine");
    return vp_domain_is_x86(domain) && machine != NULL && strstr(machine, "q35") != NULL;
}

unsigned vp_domain_max_vcpus(const struct vp_domain *domain)
{
    vp_autofree char *text = vp_node_text(vp_node_child(domain->root, "vcpu"));
    uint64_t n = 1;
    if (text == NULL || vp_u64_parse(text, 1, 65536, &n) < 0)
        return 1;
    return (unsigned)n;
}

unsigned vp_domain_vcpus(const struct vp_domain *domain)
{
    const unsigned max = vp_domain_max_vcpus(domain);
    const char *current = vp_node_walk_attr(domain->root, "vcpu", "current");
    uint64_t n = max;
    if (current == NULL || vp_u64_parse(current, 1, max, &n) < 0)
        return max;
    return (unsigned)n;
}

uint64_t vp_node_kib(const vp_node *node)
{
    /* virScaleInteger(): a letter alone and with iB are powers of 1024, with B of 1000. */
    static const char letters[] = "KMGTPE";
    vp_autofree char *text = vp_node_text(node);
    const char *unit = vp_node_attr(node, "unit");
    uint64_t n = 0;
    if (text == NULL || vp_u64_parse(text, 0, UINT64_MAX, &n) < 0)
        return 0;
    if (unit == NULL)
        return n;
    if (strcasecmp(unit, "b") == 0 || strcasecmp(unit, "byte") == 0 || strcasecmp(unit, "bytes") == 0)
        return n / 1024 + (n % 1024 != 0);
    const char *letter = strchr(letters, toupper((unsigned char)unit[0]));
    const bool decimal = strcasecmp(unit + 1, "B") == 0;
    if (unit[0] == '\0' || letter == NULL || !(unit[1] == '\0' || decimal || strcasecmp(unit + 1, "iB") == 0))
        return 0;
    for (const char *l = letters; l <= letter; l++)
        if (__builtin_mul_overflow(n, decimal ? 1000u : 1024u, &n))
            return 0;
    return n / 1024 + (n % 1024 != 0); /* libvirt rounds up to whole KiB (virDomainParseScaledValue()) */
}

uint64_t vp_domain_memory_kib(const struct vp_domain *domain)
{
    /* With guest NUMA cells libvirt takes their sum (virDomainDefPostParseMemory). */
    uint64_t sum = 0;
    const vp_node *numa = vp_node_walk(domain->root, "cpu/numa");
    for (const vp_node *cell = vp_node_child(numa, "cell"); cell != NULL; cell = vp_node_same(cell)) {
        const char *memory = vp_node_attr(cell, "memory");
        const char *unit = vp_node_attr(cell, "unit");
        uint64_t n = 0;
        if (memory == NULL || vp_u64_parse(memory, 0, UINT64_MAX >> 20, &n) < 0)
            continue;
        if (unit == NULL || strcasecmp(unit, "KiB") == 0 || strcasecmp(unit, "k") == 0)
            sum += n;
        else {
            vp_node *scaled = vp_node_new(domain->doc, "memory");
            vp_node_set_attr(scaled, "unit", unit);
            vp_node_set_text(scaled, memory);
            sum += vp_node_kib(scaled);
            vp_node_free(scaled);
        }
    }
    return sum != 0 ? sum : vp_node_kib(vp_node_child(domain->root, "memory"));
}

#define LIBOSINFO_NS "http://libosinfo.org/xmlns/libvirt/domain/1.0"

const char *vp_domain_os_id(const struct vp_domain *domain)
{
    const vp_node *metadata = vp_node_child(domain->root, "metadata");
    for (const vp_node *n = vp_node_first(metadata); n != NULL; n = vp_node_next(n)) {
        if (!vp_node_is_ns(n, LIBOSINFO_NS, "libosinfo"))
            continue;
        for (const vp_node *os = vp_node_first(n); os != NULL; os = vp_node_next(os))
            if (vp_node_is_ns(os, LIBOSINFO_NS, "os"))
                return vp_node_attr(os, "id");
    }
    return NULL;
}

bool vp_domain_is_windows(const struct vp_domain *domain)
{
    const char *id = vp_domain_os_id(domain);
    if (id != NULL)
        return strncmp(id, "http://microsoft.com/", strlen("http://microsoft.com/")) == 0;
    return vp_node_walk(domain->root, "features/hyperv") != NULL;
}

static bool is_virtio(const char *value)
{
    return value != NULL && strncmp(value, "virtio", strlen("virtio")) == 0;
}

/* Where the definition names no model, libvirt 9.0 fills one in (qemuDomainDefaultNetModel()). */
static bool is_virtio_by_default(const struct vp_domain *domain, const vp_node *nic)
{
    const char *type = vp_node_attr(nic, "type");
    const char *arch = vp_node_walk_attr(domain->root, "os/type", "arch");
    const char *machine = vp_node_walk_attr(domain->root, "os/type", "machine");
    if (type != NULL && strcmp(type, "vdpa") == 0)
        return true;
    if (arch == NULL)
        return false;
    if (strncmp(arch, "s390", strlen("s390")) == 0)
        return true;
    const bool board = strncmp(arch, "aarch64", strlen("aarch64")) == 0 ||
                       strncmp(arch, "armv", strlen("armv")) == 0 ||
                       strncmp(arch, "riscv", strlen("riscv")) == 0;
    return board && machine != NULL &&
           (strcmp(machine, "virt") == 0 || strncmp(machine, "virt-", strlen("virt-")) == 0);
}

bool vp_domain_nic_is_virtio(const struct vp_domain *domain, const vp_node *nic)
{
    const char *model = vp_node_walk_attr(nic, "model", "type");
    return model != NULL ? is_virtio(model) : is_virtio_by_default(domain, nic);
}

/*
 * Only devices that a person chooses as virtio count: libvirt adds a virtio balloon, and rng exists in no
 * other kind.
 */
static bool has_virtio_device(const struct vp_domain *domain)
{
    for (const vp_node *n = vp_node_first(vp_domain_devices(domain)); n != NULL; n = vp_node_next(n)) {
        if (vp_node_is(n, "disk") && is_virtio(vp_node_walk_attr(n, "target", "bus")))
            return true;
        if (vp_node_is(n, "interface") && vp_domain_nic_is_virtio(domain, n))
            return true;
        const char *type = vp_node_attr(n, "type");
        if (vp_node_is(n, "controller") && type != NULL && strcmp(type, "scsi") == 0 &&
            is_virtio(vp_node_attr(n, "model")))
            return true;
    }
    return false;
}

bool vp_domain_has_virtio_drivers(const struct vp_domain *domain)
{
    /*
     * Systems whose installation media have had virtio block and network drivers for all the time libosinfo
     * knows them by these ids.
     */
    static const char *const known[] = {
        "http://debian.org/",      "http://ubuntu.com/",    "http://fedoraproject.org/",
        "http://redhat.com/rhel/", "http://centos.org/",    "http://rockylinux.org/",
        "http://almalinux.org/",   "http://opensuse.org/",  "http://suse.com/",
        "http://oracle.com/ol/",   "http://archlinux.org/", "http://alpinelinux.org/",
        "http://gentoo.org/",      "http://freebsd.org/",   "http://openbsd.org/",
        "http://nixos.org/",
    };
    if (has_virtio_device(domain))
        return true;
    const char *id = vp_domain_os_id(domain);
    for (size_t i = 0; id != NULL && i < VP_ARRAY_SIZE(known); i++)
        if (strncmp(id, known[i], strlen(known[i])) == 0)
            return true;
    return false;
}
