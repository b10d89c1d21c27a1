/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "conf.h"
#include "host.h"
#include "process.h"

/* What a look at one thing of the host gives. */
enum vp_diagnosis {
    VP_DIAGNOSIS_OK,
    VP_DIAGNOSIS_NOTE,    /* good to know */
    VP_DIAGNOSIS_WARNING, /* some guests will not get what their profiles say */
    VP_DIAGNOSIS_PROBLEM, /* guests do not get it, or do not start */
    VP_DIAGNOSIS_UNKNOWN, /* it could not be read */
    VP_DIAGNOSIS_N_
};
extern const char *const vp_diagnosis_names[VP_DIAGNOSIS_N_];

struct vp_finding {
    enum vp_diagnosis verdict;
    char *found;  /* owned, as all of it; a clause */
    char *where;  /* files that were looked at, joined by ", "; NULL: none */
    char *remedy; /* NULL: there is nothing to do */
    char *denied; /* a file that may not be read; makes the verdict unknown */
};
void vp_finding_done(struct vp_finding *finding);

/* A process that runs, by name. */
struct vp_doctor_process {
    char name[16]; /* as /proc/PID/comm has it: at most 15 bytes */
    pid_t pid;
};

/* What the checks look at. */
struct vp_doctor {
    const struct vp_root *root; /* borrowed, as the next two */
    struct vp_host *host;
    const struct vp_conf *conf;          /* NULL: it is wrong, and why is in conf_error */
    const char *const *dirs;             /* borrowed; folders of profiles, NULL-terminated */
    const struct vp_error *conf_error;   /* borrowed */
    struct vp_doctor_process *processes; /* owned; read when first asked for */
    size_t n_processes, cap_processes;
    bool processes_read;
};
void vp_doctor_done(struct vp_doctor *doctor);

/* One check of one thing. Each area's file has a table of them, whose last row has no name. */
struct vp_check {
    const char *name;
    const char *about; /* why it matters, a sentence for people */
    void (*look)(struct vp_doctor *doctor, struct vp_finding *finding);
};
extern const struct vp_check vp_checks_processor[], vp_checks_memory[], vp_checks_kernel[],
    vp_checks_services[], vp_checks_libvirt[], vp_checks_hook[], vp_checks_profiles[];

/* All tables, in the order of the report; NULL-terminated. */
extern const struct vp_check *const vp_check_areas[];

/* Look. What may not be read makes it unknown, whatever else was found. */
void vp_check_run(const struct vp_check *check, struct vp_doctor *doctor, struct vp_finding *ret_finding);

/* For checks: what was found, over what was said before. */
void vp_found(struct vp_finding *finding, enum vp_diagnosis verdict, const char *fmt, ...) VP_PRINTF(3, 4);
/* What to do about it, over what was said before. */
void vp_remedy(struct vp_finding *finding, const char *fmt, ...) VP_PRINTF(2, 3);
/* A file or folder was looked at. */
void vp_looked_at(struct vp_finding *finding, const char *path);
/* Note a file that may not be read; `r` is what reading gave, and nothing is noted for any other failure. */
void vp_denied(struct vp_finding *finding, const char *path, int r);

/* A small file without white space around it, owned; NULL: it is not there, or may not be read. */
char *vp_doctor_read(const struct vp_doctor *doctor, struct vp_finding *finding,
                     const char *path) VP_MUST_USE;
/* Is there such a file or folder? */
bool vp_doctor_has(const struct vp_doctor *doctor, struct vp_finding *finding, const char *path);
/* Names in a folder; NULL: it is not there, or may not be read. */
char **vp_doctor_list(const struct vp_doctor *doctor, struct vp_finding *finding,
                      const char *path) VP_MUST_USE;
/* The first process of that name; 0: none runs. */
pid_t vp_doctor_process(struct vp_doctor *doctor, const char *name);

/**
 * Does the tuned profile that is active keep processes off CPUs, and QEMU's not left alone?
 * @ret_profile: owned; the active profile; NULL: none is
 * @ret_file: owned; the file of it, or of one that it includes, that says so; NULL: none does
 * Source: tuned, plugin scheduler: `isolated_cores`, `ps_blacklist`; it matches names of processes.
 */
void vp_tuned_look(const struct vp_doctor *doctor, struct vp_finding *finding, char **ret_profile,
                   char **ret_file);
