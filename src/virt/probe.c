/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "probe.h"

#include <inttypes.h>
#include <string.h>

#include "place.h"
#include "text.h"

#define SHARES "1024"
#define SHARES_UNIFIED "100"

/* The three calls are of one kind, but for the disk's name. */
typedef int get_params(const struct vp_probe *probe, virTypedParameterPtr params, int *n);

static int get_disk(const struct vp_probe *probe, virTypedParameterPtr params, int *n)
{
    return probe->guest->conn->api.virDomainGetBlockIoTune(probe->guest->domain, probe->disk, params, n,
                                                           VIR_DOMAIN_AFFECT_LIVE);
}

static int get_scheduler(const struct vp_probe *probe, virTypedParameterPtr params, int *n)
{
    return probe->guest->conn->api.virDomainGetSchedulerParametersFlags(probe->guest->domain, params, n,
                                                                        VIR_DOMAIN_AFFECT_LIVE);
}

static int get_memory(const struct vp_probe *probe, virTypedParameterPtr params, int *n)
{
    return probe->guest->conn->api.virDomainGetMemoryParameters(probe->guest->domain, params, n,
                                                                VIR_DOMAIN_AFFECT_LIVE);
}

/*
 * More than any of them has. The scheduler's call wants room, no more than libvirt's protocol has
 * (REMOTE_DOMAIN_SCHEDULER_PARAMETERS_MAX); the others say how much with none.
 */
#define ROOM 64
#define ROOM_SCHEDULER 16

static void clear(const struct vp_probe *probe, virTypedParameterPtr *params, int *n)
{
    if (*params != NULL && *n > 0)
        probe->guest->conn->api.virTypedParamsClear(*params, *n);
    free(*params);
    *params = NULL;
    *n = 0;
}

static void ask(const struct vp_probe *probe, get_params *get, virTypedParameterPtr *params, int *n)
{
    int most = 0;
    if (*params != NULL || *n < 0)
        return;
    if (get != get_scheduler && get(probe, NULL, &most) < 0)
        most = -1;
    if (get == get_scheduler)
        most = ROOM_SCHEDULER;
    *params = vp_alloc(ROOM, sizeof(**params));
    if (most < 0 || most > ROOM || get(probe, *params, &most) < 0)
        most = -1;
    *n = most;
}

void vp_probe_done(struct vp_probe *probe)
{
    clear(probe, &probe->disk_params, &probe->n_disk);
    clear(probe, &probe->scheduler_params, &probe->n_scheduler);
    clear(probe, &probe->memory_params, &probe->n_memory);
    free(probe->disk);
}

static const virTypedParameter *find(const virTypedParameter *params, int n, const char *field)
{
    for (int i = 0; i < n; i++)
        if (vp_same(params[i].field, field))
            return &params[i];
    return NULL;
}

static char *format(const virTypedParameter *param)
{
    switch (param->type) {
    case VIR_TYPED_PARAM_UINT:
        return vp_asprintf("%u", param->value.ui);
    case VIR_TYPED_PARAM_LLONG:
        return vp_asprintf("%lld", param->value.l);
    case VIR_TYPED_PARAM_ULLONG:
        return vp_asprintf("%llu", param->value.ul);
    case VIR_TYPED_PARAM_STRING:
        return vp_strdup(param->value.s);
    default:
        return NULL;
    }
}

/* The value of a parameter; NULL where it is what stands for nothing. */
static bool take(const virTypedParameter *param, const char *nothing, char **ret_effective)
{
    if (param == NULL)
        return false;
    vp_autofree char *text = format(param);
    *ret_effective = vp_same(text, nothing) ? NULL : vp_take(&text);
    return true;
}

static bool probe_disk(struct vp_probe *probe, const char *rest, char **ret_effective)
{
    static const char iotune[] = "iotune/";
    struct vp_step step;
    const char *field = vp_place_step(rest, &step);
    if (field == NULL || !vp_starts(field, iotune) || vp_same(field, "iotune/group_name"))
        return false;
    if (!vp_same(probe->disk, step.key)) {
        clear(probe, &probe->disk_params, &probe->n_disk);
        free(probe->disk);
        probe->disk = vp_strdup(step.key);
    }
    ask(probe, get_disk, &probe->disk_params, &probe->n_disk);
    return take(find(probe->disk_params, probe->n_disk, field + strlen(iotune)), "0", ret_effective);
}

static bool probe_scheduler(struct vp_probe *probe, const char *target, char **ret_effective)
{
    static const struct {
        const char *target, *field, *nothing;
    } rows[] = {
        {"cputune/period", VIR_DOMAIN_SCHEDULER_VCPU_PERIOD, "100000"},
        {"cputune/quota", VIR_DOMAIN_SCHEDULER_VCPU_QUOTA, "-1"},
        {"cputune/global_period", VIR_DOMAIN_SCHEDULER_GLOBAL_PERIOD, "100000"},
        {"cputune/global_quota", VIR_DOMAIN_SCHEDULER_GLOBAL_QUOTA, "-1"},
        {"cputune/emulator_period", VIR_DOMAIN_SCHEDULER_EMULATOR_PERIOD, "100000"},
        {"cputune/emulator_quota", VIR_DOMAIN_SCHEDULER_EMULATOR_QUOTA, "-1"},
        {"cputune/iothread_period", VIR_DOMAIN_SCHEDULER_IOTHREAD_PERIOD, "100000"},
        {"cputune/iothread_quota", VIR_DOMAIN_SCHEDULER_IOTHREAD_QUOTA, "-1"},
    };
    const char *field = NULL;
    const char *nothing = NULL;
    if (vp_same(target, "cputune/shares")) {
        field = VIR_DOMAIN_SCHEDULER_CPU_SHARES;
        nothing = probe->unified ? SHARES_UNIFIED : SHARES;
    }
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows) && field == NULL; i++)
        if (vp_same(target, rows[i].target)) {
            field = rows[i].field;
            nothing = rows[i].nothing;
        }
    if (field == NULL)
        return false;
    ask(probe, get_scheduler, &probe->scheduler_params, &probe->n_scheduler);
    return take(find(probe->scheduler_params, probe->n_scheduler, field), nothing, ret_effective);
}

static bool probe_memory(struct vp_probe *probe, const char *target, char **ret_effective)
{
    static const char memtune[] = "memtune/";
    if (strchr(target, '@') != NULL)
        return false;
    vp_autofree char *unlimited = vp_asprintf("%lld", VIR_DOMAIN_MEMORY_PARAM_UNLIMITED);
    ask(probe, get_memory, &probe->memory_params, &probe->n_memory);
    return take(find(probe->memory_params, probe->n_memory, target + strlen(memtune)), unlimited,
                ret_effective);
}

bool vp_probe_action(struct vp_probe *probe, const struct vp_action *action, char **ret_effective,
                     const char **ret_where)
{
    static const char devices[] = "devices/";
    if (vp_starts(action->target, "devices/disk[")) {
        *ret_where = "QEMU, as libvirt asks it";
        return probe_disk(probe, action->target + strlen(devices), ret_effective);
    }
    *ret_where = "control groups, as libvirt reads them";
    if (vp_starts(action->target, "cputune/"))
        return probe_scheduler(probe, action->target, ret_effective);
    return vp_starts(action->target, "memtune/") && probe_memory(probe, action->target, ret_effective);
}
