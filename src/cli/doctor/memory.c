/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor.h"

#include <inttypes.h>
#include <string.h>

#include "ksm.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"

#define MM "/sys/kernel/mm/"
#define NODES "/sys/devices/system/node"

/* The size in "hugepages-2048kB", KiB; 0 for another name. */
static uint64_t page_kib(const char *name)
{
    static const char prefix[] = "hugepages-";
    uint64_t kib = 0;
    if (!vp_starts(name, prefix))
        return 0;
    vp_autofree char *number = vp_strndup(name + strlen(prefix), strspn(name + strlen(prefix), "0123456789"));
    return vp_u64_parse(number, 1, UINT64_MAX >> 10, &kib) == 0 ? kib : 0;
}

static uint64_t number_in(const struct vp_doctor *doctor, const char *folder, const char *name)
{
    vp_autofree char *path = vp_asprintf("%s/%s", folder, name);
    uint64_t n = 0;
    return vp_root_read_u64(doctor->root, path, &n, NULL) == 0 ? n : 0;
}

/* "node 0: 512, 500 free" for each node that has some. */
static void add_nodes(const struct vp_doctor *doctor, const char *size, struct vp_strbuf *out)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    (void)vp_root_list(doctor->root, NODES, &names, NULL); /* none, then */
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        vp_autofree char *folder = vp_asprintf(NODES "/%s/hugepages/%s", names[i], size);
        const uint64_t n = vp_starts(names[i], "node") ? number_in(doctor, folder, "nr_hugepages") : 0;
        if (n > 0)
            vp_strbuf_addf(out, ", node %s: %" PRIu64 " with %" PRIu64 " free", names[i] + strlen("node"), n,
                           number_in(doctor, folder, "free_hugepages"));
    }
}

static void look_hugepages(struct vp_doctor *doctor, struct vp_finding *finding)
{
    VP_CLEANUP(vp_names_free_ptr) char **sizes = vp_doctor_list(doctor, finding, MM "hugepages");
    struct vp_strbuf out = {0};
    for (size_t i = 0; sizes != NULL && sizes[i] != NULL; i++) {
        const uint64_t kib = page_kib(sizes[i]);
        if (kib == 0)
            continue;
        vp_autofree char *folder = vp_asprintf(MM "hugepages/%s", sizes[i]);
        vp_autofree char *name = vp_size_format(kib * 1024);
        const uint64_t n = number_in(doctor, folder, "nr_hugepages");
        vp_strbuf_addf(&out, "%s%s: ", out.len > 0 ? "; " : "", name);
        if (n == 0)
            vp_strbuf_add(&out, "none reserved");
        else
            vp_strbuf_addf(&out, "%" PRIu64 " with %" PRIu64 " free", n,
                           number_in(doctor, folder, "free_hugepages"));
        add_nodes(doctor, sizes[i], &out);
    }
    vp_autofree char *text = vp_strbuf_take(&out);
    if (text[0] != '\0') {
        vp_found(finding, VP_DIAGNOSIS_OK, "%s", text);
        return;
    }
    vp_found(finding, VP_DIAGNOSIS_WARNING, "the kernel has no huge pages, guests run on ordinary memory");
    vp_remedy(finding, "take a kernel with CONFIG_HUGETLBFS, and take nohugepages off its command line");
}

static void look_ksm(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autofree char *run = vp_doctor_read(doctor, finding, MM "ksm/run");
    uint64_t shared = 0;
    (void)vp_root_read_u64(doctor->root, MM "ksm/pages_shared", &shared, NULL); /* 0, then */
    if (run == NULL)
        vp_found(finding, VP_DIAGNOSIS_NOTE, "the kernel cannot merge same pages");
    else if (vp_same(run, "1"))
        vp_found(finding, VP_DIAGNOSIS_OK, "it runs, %" PRIu64 " pages are shared", shared);
    else
        vp_found(finding, VP_DIAGNOSIS_OK, "it is stopped, %" PRIu64 " pages are shared", shared);
}

static void look_ksm_services(struct vp_doctor *doctor, struct vp_finding *finding)
{
    static const char wants[] = "/etc/systemd/system/multi-user.target.wants/";
    vp_autofree char *ksm = vp_asprintf("%sksm.service", wants);
    vp_autofree char *ksmtuned = vp_asprintf("%sksmtuned.service", wants);
    const bool enabled = vp_doctor_has(doctor, finding, ksmtuned);
    const bool at_boot = vp_doctor_has(doctor, finding, ksm);
    vp_autofree char *rival = vp_ksm_rival(doctor->root);
    if (rival != NULL || vp_doctor_process(doctor, "ksmtuned") > 0 || enabled) {
        vp_found(finding, VP_DIAGNOSIS_WARNING,
                 "ksmtuned %s and sets KSM by free memory, whatever profiles say",
                 rival != NULL || vp_doctor_process(doctor, "ksmtuned") > 0 ? "runs" : "starts at boot");
        vp_remedy(finding, "systemctl disable --now ksmtuned, where profiles are to decide");
    } else if (at_boot) {
        vp_found(finding, VP_DIAGNOSIS_NOTE, "the service ksm starts merging at boot");
        vp_remedy(finding, "systemctl disable ksm, where only guests whose profiles say so are to be merged");
    } else {
        vp_found(finding, VP_DIAGNOSIS_OK, "neither ksm nor ksmtuned is enabled");
    }
}

static void look_thp(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autofree char *text = vp_doctor_read(doctor, finding, MM "transparent_hugepage/enabled");
    const char *open = text != NULL ? strchr(text, '[') : NULL;
    vp_autofree char *chosen = open != NULL ? vp_strndup(open + 1, strcspn(open + 1, "]")) : NULL;
    if (chosen == NULL) {
        vp_found(finding, VP_DIAGNOSIS_WARNING, "the kernel has no transparent huge pages");
        vp_remedy(finding, "give guests huge pages of their own with memory.hugepages");
    } else if (vp_same(chosen, "never")) {
        vp_found(finding, VP_DIAGNOSIS_WARNING,
                 "never: guests without huge pages of their own run on small ones");
        vp_remedy(finding, "set %s to madvise, which QEMU asks for, or thp.enabled in profiles",
                  MM "transparent_hugepage/enabled");
    } else {
        vp_found(finding, VP_DIAGNOSIS_OK, "%s", chosen);
    }
}

static size_t count_nodes(const struct vp_doctor *doctor)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    size_t n = 0;
    (void)vp_root_list(doctor->root, NODES, &names, NULL); /* none, then */
    for (size_t i = 0; names != NULL && names[i] != NULL; i++)
        n += vp_starts(names[i], "node") && strspn(names[i] + strlen("node"), "0123456789") > 0;
    return n;
}

static void look_balancing(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autofree char *text = vp_doctor_read(doctor, finding, "/proc/sys/kernel/numa_balancing");
    const size_t nodes = count_nodes(doctor);
    const pid_t numad = vp_doctor_process(doctor, "numad");
    if (numad > 0) {
        vp_found(finding, VP_DIAGNOSIS_WARNING, "numad runs (process %d) and moves guests between nodes",
                 (int)numad);
        vp_remedy(finding,
                  "systemctl disable --now numad; libvirt asks it once at a start without the service, too");
    } else if (text != NULL && !vp_same(text, "0") && nodes > 1) {
        vp_found(finding, VP_DIAGNOSIS_NOTE,
                 "on, with %zu nodes: it costs page faults also in guests that are bound to a node", nodes);
        vp_remedy(finding, "profiles with kernel.numa-balancing = no switch it off while their guests run");
    } else {
        vp_found(finding, VP_DIAGNOSIS_OK, nodes > 1 ? "off" : "there is one node");
    }
}

/* A number of KiB from /proc/meminfo. */
static uint64_t meminfo(const char *text, const char *key)
{
    const char *line = text != NULL ? strstr(text, key) : NULL;
    uint64_t kib = 0;
    if (line == NULL)
        return 0;
    line += strlen(key);
    line += strspn(line, " \t");
    vp_autofree char *number = vp_strndup(line, strspn(line, "0123456789"));
    return vp_u64_parse(number, 0, UINT64_MAX >> 10, &kib) == 0 ? kib : 0;
}

/* In whole GiB, or MiB where that says more. */
static char *roughly(uint64_t kib)
{
    const uint64_t mib = (kib + 512) / 1024;
    return mib < 10240 ? vp_asprintf("%" PRIu64 " MiB", mib)
                       : vp_asprintf("%" PRIu64 " GiB", (mib + 512) / 1024);
}

static void look_overcommit(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autofree char *mode = vp_doctor_read(doctor, finding, "/proc/sys/vm/overcommit_memory");
    vp_autofree char *text = vp_doctor_read(doctor, finding, "/proc/meminfo");
    vp_autofree char *memory = roughly(meminfo(text, "MemTotal:"));
    vp_autofree char *swap = roughly(meminfo(text, "SwapTotal:"));
    if (vp_same(mode, "2")) {
        vp_found(
            finding, VP_DIAGNOSIS_WARNING,
            "the kernel counts what is asked for, not what is used (vm.overcommit_memory 2): a guest may "
            "fail to start while memory is free");
        vp_remedy(finding, "set vm.overcommit_memory = 0; the hook checks the sum of all guests itself");
    } else if (meminfo(text, "SwapTotal:") == 0) {
        vp_found(finding, VP_DIAGNOSIS_NOTE, "%s of memory and no swap: guests with more in all are refused",
                 memory);
    } else {
        vp_found(finding, VP_DIAGNOSIS_OK, "%s of memory and %s of swap", memory, swap);
    }
}

const struct vp_check vp_checks_memory[] = {
    {"hugepages", "what is reserved, on each node", look_hugepages},
    {"ksm", "same pages of guests are merged", look_ksm},
    {"ksm-services", "who else sets KSM", look_ksm_services},
    {"transparent-hugepages", "for guests without huge pages of their own", look_thp},
    {"numa-balancing", "who else moves guests between nodes", look_balancing},
    {"overcommit", "memory and swap for all guests", look_overcommit},
    {.name = NULL},
};
