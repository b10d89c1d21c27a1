/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor.h"

#include <inttypes.h>
#include <string.h>

#include "confinement.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"
#include "xml.h"

#define CAPABILITIES "/var/cache/libvirt/qemu/capabilities"
#define CAPABILITIES_MAX (4u * 1024 * 1024)

/* libvirt and QEMU both write 9.0.0 as 9000000 and 9000.0 in turn: major * 1000000 + minor * 1000 + micro. */
static char *version_text(uint64_t number)
{
    return vp_asprintf("%" PRIu64 ".%" PRIu64 ".%" PRIu64, number / 1000000, number / 1000 % 1000,
                       number % 1000);
}

/* The version in the name of libvirt's library, "libvirt.so.0.9000.0"; 0: another name. */
static uint64_t library_version(const char *name)
{
    static const char prefix[] = "libvirt.so.0.";
    uint64_t high = 0, micro = 0;
    if (!vp_starts(name, prefix))
        return 0;
    const char *at = name + strlen(prefix);
    vp_autofree char *first = vp_strndup(at, strcspn(at, "."));
    at += strlen(first);
    if (*at != '.' || vp_u64_parse(first, 1, 1000000, &high) < 0 || vp_u64_parse(at + 1, 0, 999, &micro) < 0)
        return 0;
    return high * 1000 + micro;
}

static uint64_t installed_version(const struct vp_doctor *doctor, struct vp_finding *finding)
{
    static const char *const folders[] = {"/usr/lib64",
                                          "/usr/lib",
                                          "/usr/lib/x86_64-linux-gnu",
                                          "/usr/lib/aarch64-linux-gnu",
                                          "/usr/lib/s390x-linux-gnu",
                                          "/usr/lib/powerpc64le-linux-gnu",
                                          "/usr/lib/riscv64-linux-gnu"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(folders); i++) {
        VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
        if (vp_root_list(doctor->root, folders[i], &names, NULL) < 0)
            continue;
        for (size_t k = 0; names[k] != NULL; k++) {
            const uint64_t version = library_version(names[k]);
            if (version == 0)
                continue;
            vp_autofree char *path = vp_asprintf("%s/%s", folders[i], names[k]);
            vp_looked_at(finding, path);
            return version;
        }
    }
    return 0;
}

static void look_libvirt(struct vp_doctor *doctor, struct vp_finding *finding)
{
    static const char *const daemons[] = {"virtqemud", "libvirtd"};
    static const char *const sockets[] = {"/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock"};
    const uint64_t number = installed_version(doctor, finding);
    vp_autofree char *version = number > 0 ? version_text(number) : vp_strdup("of an unknown version");
    for (size_t i = 0; i < VP_ARRAY_SIZE(daemons); i++) {
        const pid_t pid = vp_doctor_process(doctor, daemons[i]);
        if (pid == 0)
            continue;
        vp_found(finding, VP_DIAGNOSIS_OK, "libvirt %s, %s runs (process %d)", version, daemons[i], (int)pid);
        return;
    }
    for (size_t i = 0; i < VP_ARRAY_SIZE(sockets); i++)
        if (vp_doctor_has(doctor, finding, sockets[i])) {
            vp_found(finding, VP_DIAGNOSIS_OK, "libvirt %s, %s starts when it is asked", version, daemons[i]);
            return;
        }
    if (number > 0) {
        vp_found(finding, VP_DIAGNOSIS_PROBLEM,
                 "libvirt %s is installed, but its daemon for QEMU does not run", version);
        vp_remedy(finding, "systemctl enable --now virtqemud.socket, or libvirtd.socket where that is used");
    } else {
        vp_found(finding, VP_DIAGNOSIS_PROBLEM, "libvirt is not installed");
        vp_remedy(finding, "install libvirt with its QEMU driver");
    }
}

/* Add "qemu-system-x86_64 7.2.22" for what libvirt has found out about an emulator. */
static void add_emulator(const struct vp_doctor *doctor, const char *file, struct vp_strbuf *out)
{
    vp_autofree char *path = vp_asprintf(CAPABILITIES "/%s", file);
    vp_autofree char *text = NULL;
    VP_CLEANUP(vp_doc_free_ptr) vp_doc *doc = NULL;
    uint64_t number = 0;
    size_t len = 0;
    if (vp_root_read(doctor->root, path, CAPABILITIES_MAX, &text, &len, NULL) < 0 ||
        vp_doc_parse(text, len, path, &doc, NULL) < 0)
        return;
    vp_autofree char *emulator = vp_node_text(vp_node_child(vp_doc_root(doc), "emulator"));
    vp_autofree char *version = vp_node_text(vp_node_child(vp_doc_root(doc), "version"));
    if (emulator == NULL || version == NULL || vp_u64_parse(version, 1, UINT32_MAX, &number) < 0)
        return;
    const char *slash = strrchr(emulator, '/');
    vp_autofree char *shown = version_text(number);
    vp_autofree char *word = vp_asprintf("%s %s", slash != NULL ? slash + 1 : emulator, shown);
    if (out->text == NULL || strstr(out->text, word) == NULL)
        vp_strbuf_join(out, ", ", word);
}

static void look_qemu(struct vp_doctor *doctor, struct vp_finding *finding)
{
    static const char *const programs[] = {"/usr/bin/qemu-system-x86_64", "/usr/libexec/qemu-kvm",
                                           "/usr/bin/qemu-system-aarch64", "/usr/bin/qemu-system-ppc64",
                                           "/usr/bin/qemu-system-s390x"};
    VP_CLEANUP(vp_names_free_ptr) char **files = NULL;
    struct vp_strbuf out = {0};
    const char *program = NULL;
    for (size_t i = 0; program == NULL && i < VP_ARRAY_SIZE(programs); i++)
        if (vp_doctor_has(doctor, finding, programs[i]))
            program = programs[i];
    const int r = vp_root_list(doctor->root, CAPABILITIES, &files, NULL);
    vp_looked_at(finding, CAPABILITIES);
    for (size_t i = 0; files != NULL && files[i] != NULL; i++)
        add_emulator(doctor, files[i], &out);
    vp_autofree char *text = vp_strbuf_take(&out);
    if (program == NULL) {
        vp_found(finding, VP_DIAGNOSIS_PROBLEM, "QEMU is not installed");
        vp_remedy(finding, "install QEMU for this machine's processor");
    } else if (text[0] != '\0') {
        vp_found(finding, VP_DIAGNOSIS_OK, "%s", text);
    } else {
        vp_found(finding, VP_DIAGNOSIS_OK, "%s is there; libvirt has not looked at it yet", program);
        vp_denied(finding, CAPABILITIES, r);
    }
}

static void look_apparmor(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autofree char *enabled = vp_doctor_read(doctor, finding, "/sys/module/apparmor/parameters/enabled");
    if (!vp_same(enabled, "Y")) {
        vp_found(finding, VP_DIAGNOSIS_OK, "off");
        return;
    }
    vp_looked_at(finding, "/etc/apparmor.d/abstractions/libvirt-qemu");
    if (!vp_confinement_hides_nodes(doctor->host)) {
        vp_found(finding, VP_DIAGNOSIS_OK, "on, and lets QEMU see which CPUs a node has");
        return;
    }
    vp_found(
        finding, VP_DIAGNOSIS_NOTE,
        "on, and keeps QEMU from seeing which CPUs a node has: huge pages are bound to nodes by the guest's "
        "control group instead");
    vp_remedy(finding, "add '/sys/devices/system/node/node[0-9]*/cpumap r,' to "
                       "/etc/apparmor.d/local/abstractions/libvirt-qemu and restart libvirt's daemon");
}

static void look_selinux(struct vp_doctor *doctor, struct vp_finding *finding)
{
    vp_autofree char *enforce = vp_doctor_read(doctor, finding, "/sys/fs/selinux/enforce");
    vp_autofree char *hooks = NULL;
    if (!vp_same(enforce, "1")) {
        vp_found(finding, VP_DIAGNOSIS_OK, enforce == NULL ? "off" : "permissive");
        return;
    }
    hooks = vp_doctor_read(doctor, finding, "/sys/fs/selinux/booleans/virt_hooks_unconfined");
    if (vp_starts(hooks, "0")) {
        vp_found(
            finding, VP_DIAGNOSIS_WARNING,
            "enforcing, and hooks are confined (virt_hooks_unconfined is off): the hook may not set the host");
        vp_remedy(finding,
                  "setsebool -P virt_hooks_unconfined on, and restorecon -R on the folder of the hooks");
    } else {
        vp_found(finding, VP_DIAGNOSIS_OK, "enforcing, and hooks are not confined");
    }
}

const struct vp_check vp_checks_libvirt[] = {
    {"libvirt", "version, and whether its daemon is there", look_libvirt},
    {"qemu", "version", look_qemu},
    {"apparmor", "what QEMU may see", look_apparmor},
    {"selinux", "what hooks may do", look_selinux},
    {.name = NULL},
};
