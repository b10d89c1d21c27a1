/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "file.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"

#define SMALL_MAX (64u * 1024)
#define COMM_MAX 64

const char *const vp_diagnosis_names[VP_DIAGNOSIS_N_] = {"ok", "note", "warning", "problem", "unknown"};

const struct vp_check *const vp_check_areas[] = {
    vp_checks_processor, vp_checks_memory, vp_checks_kernel,   vp_checks_services,
    vp_checks_libvirt,   vp_checks_hook,   vp_checks_profiles, NULL,
};

void vp_finding_done(struct vp_finding *finding)
{
    free(finding->found);
    free(finding->where);
    free(finding->remedy);
    free(finding->denied);
    *finding = (struct vp_finding){0};
}

void vp_doctor_done(struct vp_doctor *doctor)
{
    free(doctor->processes);
}

static void set(char **to, char *text)
{
    free(*to);
    *to = text;
}

void vp_found(struct vp_finding *finding, enum vp_diagnosis verdict, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set(&finding->found, vp_vasprintf(fmt, ap));
    va_end(ap);
    finding->verdict = verdict;
}

void vp_remedy(struct vp_finding *finding, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    set(&finding->remedy, vp_vasprintf(fmt, ap));
    va_end(ap);
}

void vp_looked_at(struct vp_finding *finding, const char *path)
{
    set(&finding->where,
        finding->where != NULL ? vp_asprintf("%s, %s", finding->where, path) : vp_strdup(path));
}

void vp_denied(struct vp_finding *finding, const char *path, int r)
{
    if ((r == -EACCES || r == -EPERM) && finding->denied == NULL)
        finding->denied = vp_strdup(path);
}

void vp_check_run(const struct vp_check *check, struct vp_doctor *doctor, struct vp_finding *ret_finding)
{
    struct vp_finding finding = {0};
    check->look(doctor, &finding);
    if (finding.denied != NULL) {
        vp_found(&finding, VP_DIAGNOSIS_UNKNOWN, "'%s' may not be read", finding.denied);
        vp_remedy(&finding, "run virt-profile doctor as root");
    }
    *ret_finding = finding;
}

char *vp_doctor_read(const struct vp_doctor *doctor, struct vp_finding *finding, const char *path)
{
    vp_autofree char *text = NULL;
    size_t len = 0;
    const int r = vp_root_read(doctor->root, path, SMALL_MAX, &text, &len, NULL);
    vp_looked_at(finding, path);
    vp_denied(finding, path, r);
    if (r < 0)
        return NULL;
    static const char blanks[] = " \t\n";
    const char *begin = text + strspn(text, blanks);
    size_t n = strlen(begin);
    while (n > 0 && strchr(blanks, begin[n - 1]) != NULL)
        n--;
    return vp_strndup(begin, n);
}

bool vp_doctor_has(const struct vp_doctor *doctor, struct vp_finding *finding, const char *path)
{
    VP_CLEANUP(vp_close_fd) int fd = vp_root_openat(doctor->root, path, O_PATH);
    vp_looked_at(finding, path);
    vp_denied(finding, path, fd);
    return fd >= 0;
}

char **vp_doctor_list(const struct vp_doctor *doctor, struct vp_finding *finding, const char *path)
{
    char **names = NULL;
    const int r = vp_root_list(doctor->root, path, &names, NULL);
    vp_looked_at(finding, path);
    vp_denied(finding, path, r);
    return r < 0 ? NULL : names;
}

static void add_process(struct vp_doctor *doctor, const char *number)
{
    vp_autofree char *path = vp_asprintf("/proc/%s/comm", number);
    vp_autofree char *comm = NULL;
    uint64_t pid = 0;
    size_t len = 0;
    if (vp_u64_parse(number, 1, INT32_MAX, &pid) < 0 ||
        vp_root_read(doctor->root, path, COMM_MAX, &comm, &len, NULL) < 0)
        return;
    vp_grow(&doctor->processes, doctor->n_processes, &doctor->cap_processes, sizeof(*doctor->processes));
    struct vp_doctor_process *process = &doctor->processes[doctor->n_processes++];
    size_t n = strcspn(comm, "\n");
    if (n >= sizeof(process->name))
        n = sizeof(process->name) - 1;
    *process = (struct vp_doctor_process){.pid = (pid_t)pid};
    memcpy(process->name, comm, n);
}

pid_t vp_doctor_process(struct vp_doctor *doctor, const char *name)
{
    if (!doctor->processes_read) {
        VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
        (void)vp_root_list(doctor->root, "/proc", &names, NULL); /* none, then */
        for (size_t i = 0; names != NULL && names[i] != NULL; i++)
            add_process(doctor, names[i]);
        doctor->processes_read = true;
    }
    for (size_t i = 0; i < doctor->n_processes; i++)
        if (strcmp(doctor->processes[i].name, name) == 0)
            return doctor->processes[i].pid;
    return 0;
}
