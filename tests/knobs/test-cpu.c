/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#include "knobs.h"

#define OS(arch, machine) "<os><type arch='" arch "' machine='" machine "'>hvm</type></os>"
#define TCG(children) "<domain type='qemu'><name>g</name><memory>1048576</memory>" children "</domain>"
#define DEFAULT_CPU                                                                                          \
    "<cpu mode='custom' match='exact' check='none'><model fallback='forbid'>qemu64</model></cpu>"
#define PINS4                                                                                                \
    "<cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/><vcpupin vcpu='2' cpuset='6'/>"    \
    "<vcpupin vcpu='3' cpuset='7'/></cputune>"

#define COMPLETED_CPU                                                                                        \
    "cpu/@mode = custom\ncpu/@match = exact\ncpu/@check = none\n"                                            \
    "cpu/model = <model fallback='forbid'>qemu64</model>\n"

static const struct vp_trial model_rows[] = {
    {.set = "cpu.model=host-passthrough",
     .domain = "",
     .expect = "cpu/@mode = host-passthrough\n"
               "cpu/@match - (already)\n"
               "cpu/@check = none\n"
               "cpu/@migratable = on\n"
               "cpu/model - (already)\n"
               "cpu/vendor - (already)\n"},
    /* What libvirt makes of a definition without a CPU gives the same values. */
    {.set = "cpu.model=host-passthrough",
     .domain = DEFAULT_CPU,
     .expect = "cpu/@mode = host-passthrough\n"
               "cpu/@match -\n"
               "cpu/@check = none (already)\n"
               "cpu/@migratable = on\n"
               "cpu/model -\n"
               "cpu/vendor - (already)\n"},
    {.set = "cpu.model=host-passthrough",
     .domain =
         "<cpu match='exact'><model>Haswell</model><vendor>Intel</vendor>"
         "<topology sockets='1' dies='1' cores='4' threads='1'/><feature policy='disable' name='hle'/></cpu>",
     .expect = "cpu/@mode = host-passthrough\n"
               "cpu/@match -\n"
               "cpu/@check = none\n"
               "cpu/@migratable = on\n"
               "cpu/model -\n"
               "cpu/vendor -\n"},
    /* Its own choices for the same mode stay. */
    {.set = "cpu.model=host-passthrough",
     .domain = "<cpu mode='host-passthrough' check='full' migratable='off'/>",
     .expect = "cpu/@mode = host-passthrough (already)\n"
               "cpu/@match - (already)\n"
               "cpu/@check = full (already)\n"
               "cpu/@migratable = off (already)\n"
               "cpu/model - (already)\n"
               "cpu/vendor - (already)\n"},
    {.set = "cpu.model=maximum",
     .domain = "<cpu mode='host-passthrough' check='full' migratable='off'/>",
     .expect = "cpu/@mode = maximum\n"
               "cpu/@match - (already)\n"
               "cpu/@check = none\n"
               "cpu/@migratable = off (already)\n"
               "cpu/model - (already)\n"
               "cpu/vendor - (already)\n"},
    {.set = "cpu.model=host-model",
     .domain = "<cpu mode='host-passthrough' check='none' migratable='on'><cache mode='passthrough'/></cpu>",
     .expect = "cpu/@mode = host-model\n"
               "cpu/@match - (already)\n"
               "cpu/@check = partial\n"
               "cpu/@migratable -\n"
               "cpu/model - (already)\n"
               "cpu/vendor - (already)\n"
               "cpu/cache -\n"},
    /* The cache gets a mode of its own: it need not go. */
    {.set = "cpu.model=host-model; cpu.cache=disable",
     .domain = "<cpu mode='host-passthrough' check='none' migratable='on'><cache mode='passthrough'/></cpu>",
     .expect = "cpu/@mode = host-model\n"
               "cpu/@match - (already)\n"
               "cpu/@check = partial\n"
               "cpu/@migratable -\n"
               "cpu/model - (already)\n"
               "cpu/vendor - (already)\n"
               "cpu/cache/@mode = disable\n"
               "cpu/cache/@level - (already)\n"},
    {.set = "cpu.model=host-passthrough",
     .domain = TCG(OS("x86_64", "q35")),
     .expect = "skipped cpu.model: CPU mode host-passthrough: the guest is emulated*\n"},
    {.set = "cpu.model=host-model",
     .domain = TCG(OS("x86_64", "q35")),
     .expect = "cpu/@mode = host-model\n"
               "cpu/@match - (already)\n"
               "cpu/@check = partial\n"
               "cpu/@migratable - (already)\n"
               "cpu/model - (already)\n"
               "cpu/vendor - (already)\n"},
    {.set = "cpu.model=maximum",
     .domain = TCG(OS("aarch64", "virt-7.2")),
     .expect = "cpu/@mode = maximum\n"
               "cpu/@match - (already)\n"
               "cpu/@check = none\n"
               "cpu/model - (already)\n"
               "cpu/vendor - (already)\n"},
    {.set = "cpu.model=maximum",
     .domain = TCG(OS("aarch64", "raspi3b")),
     .expect = "skipped cpu.model: CPU mode maximum: QEMU has no 'max' CPU*\n"},
    {.set = "cpu.model=maximum",
     .domain = "",
     .libvirt = "<grammar><value>host-passthrough</value></grammar>",
     .expect = "skipped cpu.model: CPU mode maximum: the installed libvirt is older than 7.1*\n"},
    {.set = "cpu.model=host-model",
     .domain = OS("aarch64", "virt"),
     .expect = "skipped cpu.model: CPU mode host-model: libvirt describes*\n"},
    {.set = "cpu.model=host-model",
     .domain = OS("s390x", "s390-ccw-virtio"),
     .expect = "cpu/@mode = host-model\n"
               "cpu/@match - (already)\n"
               "cpu/@check = partial\n"
               "cpu/@migratable - (already)\n"
               "cpu/model - (already)\n"
               "cpu/vendor - (already)\n"},
    /* migratable is x86's. */
    {.set = "cpu.model=host-passthrough",
     .domain = OS("aarch64", "virt"),
     .expect = "cpu/@mode = host-passthrough\n"
               "cpu/@match - (already)\n"
               "cpu/@check = none\n"
               "cpu/model - (already)\n"
               "cpu/vendor - (already)\n"},
    {.set = "cpu.model=host-passthrough",
     .domain = OS("armv7l", "virt"),
     .expect = "skipped cpu.model: CPU mode host-passthrough: a 32-bit ARM guest*\n"},
    /* Nor is it known from a 32-bit QEMU. */
    {.set = "cpu.model=host-passthrough",
     .domain = OS("i686", "pc"),
     .expect = "cpu/@mode = host-passthrough\n"
               "cpu/@match - (already)\n"
               "cpu/@check = none\n"
               "cpu/@migratable = off\n"
               "cpu/model - (already)\n"
               "cpu/vendor - (already)\n"},
    {.set = "cpu.model=host-passthrough",
     .domain = OS("i686", "pc") "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices>",
     .expect = "cpu/@mode = host-passthrough\n"
               "cpu/@match - (already)\n"
               "cpu/@check = none\n"
               "cpu/@migratable = on\n"
               "cpu/model - (already)\n"
               "cpu/vendor - (already)\n"},
    {.set = "cpu.model=host-passthrough", .domain = "", .phase = VP_PHASE_MIGRATE, .expect = ""},
};

START_TEST(model)
{
    vp_trial_check(&model_rows[_i], _i);
}
END_TEST

static const struct vp_trial cache_rows[] = {
    {.set = "cpu.cache=passthrough",
     .domain = "<cpu mode='host-passthrough'/>",
     .expect = "cpu/cache/@mode = passthrough\ncpu/cache/@level - (already)\n"},
    {.set = "cpu.cache=passthrough",
     .domain = "<cpu mode='maximum'><cache level='3' mode='emulate'/></cpu>",
     .expect = "cpu/cache/@mode = passthrough\ncpu/cache/@level -\n"},
    {.set = "cpu.cache=passthrough",
     .domain = "",
     .expect = "skipped cpu.cache: the host's caches need CPU mode*\n"},
    {.set = "cpu.cache=passthrough",
     .domain = "<cpu mode='host-model'/>",
     .expect = "skipped cpu.cache: the host's caches need CPU mode*\n"},
    {.set = "cpu.cache=emulate",
     .domain = "",
     .expect = COMPLETED_CPU "cpu/cache/@mode = emulate\ncpu/cache/@level = 3\n"},
    {.set = "cpu.cache=emulate",
     .domain = OS("aarch64", "virt"),
     .expect = "skipped cpu.cache: libvirt sets the CPU's caches for x86*\n"},
};

START_TEST(cache)
{
    vp_trial_check(&cache_rows[_i], _i);
}
END_TEST

static const struct vp_trial feature_rows[] = {
    {.set = "cpu.features=+x2apic, disable:pcid,force: rdtscp",
     .domain = "<cpu mode='host-passthrough'><feature policy='optional' name='pcid'/></cpu>",
     .expect = "cpu/feature[x2apic]/@policy = require\n"
               "cpu/feature[pcid]/@policy = disable\n"
               "cpu/feature[rdtscp]/@policy = force\n"},
    {.set = "cpu.features=-hle",
     .domain = "<cpu match='exact'><model>Haswell</model></cpu>",
     .expect = "cpu/feature[hle]/@policy = disable\n"},
    {.set = "cpu.features=+x2apic",
     .domain = "",
     .expect = "skipped cpu.features: the guest names no CPU*\n"},
    {.set = "cpu.features=+x2apic",
     .domain = "<cpu><topology sockets='1' dies='1' cores='4' threads='1'/></cpu>",
     .expect = "skipped cpu.features: the guest names no CPU*\n"},
    {.set = "cpu.features=+x2apic",
     .domain = DEFAULT_CPU,
     .expect = "skipped cpu.features: the guest names no CPU*\n"},
    {.set = "cpu.features=+x2apic",
     .domain =
         "<cpu mode='custom' match='exact' check='partial'><model fallback='forbid'>qemu64</model></cpu>",
     .expect = "cpu/feature[x2apic]/@policy = require\n"},
    {.set = "cpu.features=+x2apic",
     .domain = "<cpu check='none'><model fallback='forbid'>qemu64</model></cpu>",
     .expect = "skipped cpu.features: the guest names no CPU*\n"},
    {.set = "cpu.features=+x2apic",
     .domain = "<cpu match='strict' check='none'><model fallback='forbid'>qemu64</model></cpu>",
     .expect = "cpu/feature[x2apic]/@policy = require\n"},
    {.set = "cpu.features=+invtsc",
     .domain = "<cpu mode='host-passthrough'/>",
     .expect = "cpu/feature[invtsc]/@policy = require\n"
               "warning cpu.features: invtsc: the guest cannot be migrated*\n"},
    {.set = "cpu.features=+invtsc",
     .domain = "<cpu mode='host-passthrough'/><clock><timer name='tsc' frequency='2400000000'/></clock>",
     .expect = "cpu/feature[invtsc]/@policy = require\n"},
    {.set = "cpu.features=-invtsc",
     .domain = "<cpu mode='host-passthrough'/>",
     .expect = "cpu/feature[invtsc]/@policy = disable\n"},
    {.set = "cpu.features=+invtsc, +sse4.2",
     .domain = TCG(OS("x86_64", "q35") "<cpu mode='maximum'/>"),
     .expect = "cpu/feature[sse4.2]/@policy = require\n"
               "skipped cpu.features: invtsc: QEMU's emulated CPUs*\n"},
    {.set = "cpu.features=+tsc-deadline; cpu.model=host-passthrough",
     .domain = OS("aarch64", "virt"),
     .expect = "cpu/@mode = host-passthrough\n"
               "cpu/@match - (already)\n"
               "cpu/@check = none\n"
               "cpu/model - (already)\n"
               "cpu/vendor - (already)\n"
               "skipped cpu.features: the features are those of x86 CPUs*\n"},
};

START_TEST(features)
{
    vp_trial_check(&feature_rows[_i], _i);
}
END_TEST

/* Features find the CPU that the same profile gives the guest. */
START_TEST(features_with_model)
{
    static const struct vp_trial trial = {
        .set = "cpu.model=host-passthrough; cpu.features=+pdpe1gb; cpu.cache=passthrough",
        .domain = "",
        .expect = "cpu/@mode = host-passthrough\n"
                  "cpu/@match - (already)\n"
                  "cpu/@check = none\n"
                  "cpu/@migratable = on\n"
                  "cpu/model - (already)\n"
                  "cpu/vendor - (already)\n"
                  "cpu/cache/@mode = passthrough\n"
                  "cpu/cache/@level - (already)\n"
                  "cpu/feature[pdpe1gb]/@policy = require\n",
    };
    vp_trial_check(&trial, 0);
}
END_TEST

static const struct {
    const char *knob, *value, *message;
} refused_rows[] = {
    {"cpu.features", "invtsc", "'invtsc' has no policy"},
    {"cpu.features", "maybe:invtsc", "'maybe' is not a policy"},
    {"cpu.features", "+", "'' is not the name"},
    {"cpu.features", "+a b", "feature 'b' has no policy"},
    {"cpu.features", "+in/vtsc", "'in/vtsc' is not the name"},
    {"cpu.features", "+a, -b, disable:a", "'a' is named twice"},
    {"cpu.features", " , ", "empty"},
    {"cpu.features", "+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "is not the name"},
    {"cpu.model", "host", "host-passthrough"},
    {"cpu.cache", "yes", "passthrough"},
    {"cpu.topology", "threads", "sockets"},
};

START_TEST(refused)
{
    vp_autofree char *message = vp_trial_refusal(refused_rows[_i].knob, refused_rows[_i].value);
    ck_assert_msg(message != NULL, "row %d '%s' is accepted", _i, refused_rows[_i].value);
    ck_assert_msg(strstr(message, refused_rows[_i].message) != NULL, "row %d '%s': %s", _i,
                  refused_rows[_i].value, message);
}
END_TEST

static const struct vp_trial hint_rows[] = {
    {.set = "cpu.hint-dedicated=yes", .domain = PINS4, .expect = "features/kvm/hint-dedicated/@state = on\n"},
    {.set = "cpu.hint-dedicated=yes",
     .domain = "<vcpu current='2'>5</vcpu>" PINS4,
     .expect = "skipped cpu.hint-dedicated: not every vCPU*\n"},
    {.set = "cpu.hint-dedicated=yes",
     .domain = "",
     .expect = "skipped cpu.hint-dedicated: not every vCPU*\n"},
    {.set = "cpu.hint-dedicated=yes",
     .domain =
         "<vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='2-3'/><vcpupin vcpu='1' cpuset='4'/></cputune>",
     .expect = "skipped cpu.hint-dedicated: not every vCPU*\n"},
    {.set = "cpu.hint-dedicated=yes",
     .domain =
         "<vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='2'/></cputune>",
     .expect = "skipped cpu.hint-dedicated: not every vCPU*\n"},
    {.set = "cpu.hint-dedicated=yes",
     .domain = TCG("<vcpu>1</vcpu><cputune><vcpupin vcpu='0' cpuset='2'/></cputune>"),
     .expect = "skipped cpu.hint-dedicated: only x86 guests of KVM*\n"},
    {.set = "cpu.hint-dedicated=yes",
     .domain = OS("aarch64", "virt") PINS4,
     .expect = "skipped cpu.hint-dedicated: only x86 guests of KVM*\n"},
    {.set = "cpu.hint-dedicated=no",
     .domain = "<features><kvm><hint-dedicated state='on'/></kvm></features>",
     .expect = "features/kvm/hint-dedicated/@state = off\n"},
    {.set = "cpu.hint-dedicated=no",
     .domain = "",
     .expect = "features/kvm/hint-dedicated/@state - (already)\n"},
};

START_TEST(hint)
{
    vp_trial_check(&hint_rows[_i], _i);
}
END_TEST

#define TOPOLOGY(sockets, cores)                                                                             \
    "cpu/topology/@sockets = " sockets "\ncpu/topology/@dies = 1\ncpu/topology/@cores = " cores              \
    "\ncpu/topology/@threads = 1\n"

static const struct vp_trial topology_rows[] = {
    {.set = "cpu.topology=cores", .domain = "", .expect = COMPLETED_CPU TOPOLOGY("1", "4")},
    {.set = "cpu.topology=sockets", .domain = "", .expect = COMPLETED_CPU TOPOLOGY("4", "1")},
    {.set = "cpu.topology=cores",
     .domain = "<vcpu current='2'>6</vcpu>" DEFAULT_CPU,
     .expect = TOPOLOGY("1", "6")},
    {.set = "cpu.topology=sockets",
     .domain = VP_TRIAL_OS("http://microsoft.com/win/11"),
     .expect = COMPLETED_CPU TOPOLOGY("4", "1") "warning cpu.topology: desktop editions of Windows*gets 4\n"},
    {.set = "cpu.topology=sockets",
     .domain = "<vcpu>2</vcpu>" VP_TRIAL_OS("http://microsoft.com/win/11"),
     .expect = COMPLETED_CPU TOPOLOGY("2", "1")},
    {.set = "cpu.topology=cores",
     .domain = "<cpu><topology sockets='4' cores='1' threads='1'/></cpu>",
     .expect = "skipped cpu.topology: the definition has a topology*\n"},
    {.set = "cpu.topology=cores",
     .domain = "<cpu><numa><cell id='0' cpus='0-3' memory='4194304'/></numa></cpu>",
     .expect = "skipped cpu.topology: the guest has NUMA cells*\n"},
    {.set = "cpu.topology=cores",
     .domain = "<vcpu>1</vcpu>",
     .expect = "skipped cpu.topology: a guest with one vCPU*\n"},
    {.set = "cpu.topology=cores",
     .domain = OS("s390x", "s390-ccw-virtio"),
     .expect = "skipped cpu.topology: only x86*\n"},
    {.set = "cpu.topology=cores", .domain = OS("ppc64", "pseries"), .expect = TOPOLOGY("1", "4")},
    {.set = "cpu.topology=keep", .domain = "", .expect = ""},
};

START_TEST(topology)
{
    vp_trial_check(&topology_rows[_i], _i);
}
END_TEST

#define LIVE(children) "<domain type='kvm' id='7'>" children "</domain>"
#define STORED(children) "<domain type='kvm'>" children "</domain>"
/* host-model of a running guest. */
#define EXPANDED                                                                                             \
    "<cpu mode='custom' match='exact' check='full'><model fallback='forbid'>Haswell</model>"                 \
    "<vendor>Intel</vendor><feature policy='require' name='force'/><feature policy='disable' name='off'/></cpu>"

static const struct {
    const char *knob, *domain;
    enum vp_action_kind kind;
    const char *target, *value;
    enum vp_verdict verdict;
} verify_rows[] = {
    {"cpu.model", LIVE(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/@mode", "host-model", VP_VERDICT_OK},
    {"cpu.model", LIVE(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/@match", NULL, VP_VERDICT_OK},
    {"cpu.model", LIVE(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/@check", "partial", VP_VERDICT_OK},
    {"cpu.model", LIVE(EXPANDED), VP_ACTION_ELEMENT, "cpu/model", NULL, VP_VERDICT_OK},
    {"cpu.model", LIVE(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/@mode", "host-passthrough", VP_VERDICT_DIFFERS},
    {"cpu.model", STORED(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/@mode", "host-model", VP_VERDICT_DIFFERS},
    {"cpu.model", STORED(EXPANDED), VP_ACTION_ELEMENT, "cpu/model", NULL, VP_VERDICT_DIFFERS},
    {"cpu.model", LIVE("<cpu mode='host-passthrough' check='full'/>"), VP_ACTION_ATTRIBUTE, "cpu/@check",
     "none", VP_VERDICT_DIFFERS},
    {"cpu.model", LIVE("<cpu mode='host-passthrough'/>"), VP_ACTION_ATTRIBUTE, "cpu/@mode",
     "host-passthrough", VP_VERDICT_OK},
    {"cpu.features", LIVE(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/feature[force]/@policy", "force",
     VP_VERDICT_OK},
    {"cpu.features", LIVE(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/feature[off]/@policy", "force",
     VP_VERDICT_DIFFERS},
    {"cpu.features", LIVE(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/feature[off]/@policy", "optional",
     VP_VERDICT_OK},
    {"cpu.features", LIVE(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/feature[off]/@policy", "forbid",
     VP_VERDICT_OK},
    {"cpu.features", LIVE(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/feature[gone]/@policy", "disable",
     VP_VERDICT_OK},
    {"cpu.features", LIVE(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/feature[gone]/@policy", "require",
     VP_VERDICT_DIFFERS},
    {"cpu.features", LIVE(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/feature[force]/@policy", "disable",
     VP_VERDICT_DIFFERS},
    {"cpu.features", STORED(EXPANDED), VP_ACTION_ATTRIBUTE, "cpu/feature[force]/@policy", "force",
     VP_VERDICT_DIFFERS},
};

START_TEST(verify)
{
    const char *text = verify_rows[_i].domain;
    vp_autofree char *target = vp_strdup(verify_rows[_i].target);
    vp_autofree char *value = vp_strdup(verify_rows[_i].value);
    vp_autofree char *found = NULL;
    vp_autodomain domain = NULL;
    const struct vp_action action = {.kind = verify_rows[_i].kind, .target = target, .value = value};
    const struct vp_knob *knob = vp_registry_find(vp_registry_builtin(), verify_rows[_i].knob);

    ck_assert_ptr_nonnull(knob);
    ck_assert_int_eq(vp_domain_parse(text, strlen(text), "the row's definition", &domain, NULL), 0);
    ck_assert_msg(knob->verify(&action, domain, &found) == verify_rows[_i].verdict,
                  "row %d %s = %s: found %s", _i, target, value != NULL ? value : "absent",
                  found != NULL ? found : "nothing");
}
END_TEST

VP_TEST_MAIN("knobs/cpu", VP_TEST_ROWS(model, model_rows), VP_TEST_ROWS(cache, cache_rows),
             VP_TEST_ROWS(features, feature_rows), VP_TEST(features_with_model),
             VP_TEST_ROWS(refused, refused_rows), VP_TEST_ROWS(hint, hint_rows),
             VP_TEST_ROWS(topology, topology_rows), VP_TEST_ROWS(verify, verify_rows))
