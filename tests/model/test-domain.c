/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "domain.h"

#include "fake.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

START_TEST(refuses_other_roots)
{
    static const char *const rows[] = {"<network/>", "<domains><domain/></domains>",
                                       "<domain xmlns='urn:x'/>", "<x:domain xmlns:x='urn:x'/>", "<Domain/>"};
    static char sentinel;
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autoerror err = NULL;
        struct vp_domain *domain = (struct vp_domain *)(void *)&sentinel;
        ck_assert_msg(vp_domain_parse(rows[i], strlen(rows[i]), "'x.xml'", &domain, &err) == -EBADMSG, "%s",
                      rows[i]);
        ck_assert_ptr_eq(domain, (struct vp_domain *)(void *)&sentinel);
        ck_assert_ptr_nonnull(strstr(err->message, "'x.xml'"));
    }
}
END_TEST

START_TEST(names)
{
    static const struct {
        const char *xml, *name, *uuid;
    } rows[] = {
        {"<domain/>", "", ""},
        {"<domain><name>a b</name><uuid> x </uuid></domain>", "a b", "x"},
        {"<domain><name/><uuid/></domain>", "", ""},
        {"<domain><devices><name>no</name></devices></domain>", "", ""},
        {"<domain><name>a&lt;b</name></domain>", "a<b", ""},
    };
    for (size_t i = 0; i < VP_ARRAY_SIZE(rows); i++) {
        vp_autodomain domain = fake_domain(rows[i].xml, "row");
        vp_autofree char *name = vp_domain_name(domain);
        vp_autofree char *uuid = vp_domain_uuid(domain);
        ck_assert_str_eq(name, rows[i].name);
        ck_assert_str_eq(uuid, rows[i].uuid);
    }
}
END_TEST

static const struct {
    const char *xml;
    bool kvm, x86, q35;
} kinds[] = {
    {"<domain type='kvm'><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os></domain>", true, true,
     true},
    {"<domain type='kvm'><os><type arch='x86_64' machine='q35'>hvm</type></os></domain>", true, true, true},
    {"<domain type='kvm'><os><type arch='i686' machine='pc'>hvm</type></os></domain>", true, true, false},
    {"<domain type='qemu'><os><type arch='x86_64' machine='pc-i440fx-7.2'>hvm</type></os></domain>", false,
     true, false},
    {"<domain type='kvm'><os><type arch='aarch64' machine='virt'>hvm</type></os></domain>", true, false,
     false},
    {"<domain type='kvm'><os><type arch='s390x' machine='s390-ccw-virtio'>hvm</type></os></domain>", true,
     false, false},
    {"<domain type='kvm'><os><type arch='x86_64'>hvm</type></os></domain>", true, true, false},
    {"<domain><os><type arch='ppc64'>hvm</type></os></domain>", false, false, false},
    {"<domain type='KVM'><os><type arch='riscv64'>hvm</type></os></domain>", false, false, false},
};

START_TEST(kind)
{
    vp_autodomain domain = fake_domain(kinds[_i].xml, "row");
    ck_assert_msg(vp_domain_is_kvm(domain) == kinds[_i].kvm, "%s", kinds[_i].xml);
    ck_assert_msg(vp_domain_is_x86(domain) == kinds[_i].x86, "%s", kinds[_i].xml);
    ck_assert_msg(vp_domain_is_q35(domain) == kinds[_i].q35, "%s", kinds[_i].xml);
}
END_TEST

static const struct {
    const char *vcpu;
    unsigned max, now;
} vcpus[] = {
    {"<vcpu>4</vcpu>", 4, 4},
    {"<vcpu placement='static'> 4 </vcpu>", 4, 4},
    {"<vcpu current='2'>4</vcpu>", 4, 2},
    {"<vcpu current='4'>4</vcpu>", 4, 4},
    {"<vcpu current='5'>4</vcpu>", 4, 4},
    {"<vcpu current='0'>4</vcpu>", 4, 4},
    {"<vcpu current='-1'>4</vcpu>", 4, 4},
    {"<vcpu current='x'>4</vcpu>", 4, 4},
    {"", 1, 1},
    {"<vcpu/>", 1, 1},
    {"<vcpu>0</vcpu>", 1, 1},
    {"<vcpu>-4</vcpu>", 1, 1},
    {"<vcpu>four</vcpu>", 1, 1},
    {"<vcpu>99999999999999999999</vcpu>", 1, 1},
    {"<vcpu>1024</vcpu>", 1024, 1024},
};

START_TEST(vcpu_counts)
{
    vp_autofree char *text = vp_asprintf("<domain>%s</domain>", vcpus[_i].vcpu);
    vp_autodomain domain = fake_domain(text, "row");
    ck_assert_msg(vp_domain_max_vcpus(domain) == vcpus[_i].max, "%s: %u", vcpus[_i].vcpu,
                  vp_domain_max_vcpus(domain));
    ck_assert_msg(vp_domain_vcpus(domain) == vcpus[_i].now, "%s: %u", vcpus[_i].vcpu,
                  vp_domain_vcpus(domain));
}
END_TEST

/* Units and rounding as libvirt 9.0's virDomainParseMemory(): up to whole KiB. */
static const struct {
    const char *xml;
    uint64_t kib;
} memories[] = {
    {"<memory>1048576</memory>", 1048576},
    {"<memory unit='KiB'>1048576</memory>", 1048576},
    {"<memory unit='k'>10</memory>", 10},
    {"<memory unit='KB'>1024</memory>", 1000},
    {"<memory unit='b'>1</memory>", 1},
    {"<memory unit='bytes'>2048</memory>", 2},
    {"<memory unit='bytes'>2049</memory>", 3},
    {"<memory unit='M'>2</memory>", 2048},
    {"<memory unit='MiB'>2</memory>", 2048},
    {"<memory unit='MB'>1</memory>", 977},
    {"<memory unit='GiB'>1</memory>", 1048576},
    {"<memory unit='gib'>1</memory>", 1048576},
    {"<memory unit='G'>4</memory>", 4194304},
    {"<memory unit='GB'>1</memory>", 976563},
    {"<memory unit='TiB'>1</memory>", 1073741824},
    {"<memory unit='T'>2</memory>", 2147483648},
    {"<memory unit='PiB'>1</memory>", 1099511627776},
    {"<memory unit='P'>1</memory>", 1099511627776},
    {"<memory unit='E'>1</memory>", 1125899906842624},
    {"<memory unit='TiB'>99999999999</memory>", 0},
    {"<memory unit='parsec'>1</memory>", 0},
    {"<memory>x</memory>", 0},
    {"<memory>-1</memory>", 0},
    {"<memory/>", 0},
    {"", 0},
    {"<memory>1</memory><cpu><numa><cell memory='10'/><cell memory='20'/></numa></cpu>", 30},
    {"<memory>1</memory><cpu><numa><cell memory='10' unit='MiB'/><cell memory='20' unit='KiB'/></numa></cpu>",
     10260},
    {"<memory>7</memory><cpu><numa><cell/></numa></cpu>", 7},
    {"<memory>7</memory><cpu/>", 7},
};

START_TEST(memory)
{
    vp_autofree char *text = vp_asprintf("<domain>%s</domain>", memories[_i].xml);
    vp_autodomain domain = fake_domain(text, "row");
    const uint64_t kib = vp_domain_memory_kib(domain);
    ck_assert_msg(kib == memories[_i].kib, "%s: %" PRIu64, memories[_i].xml, kib);
    size_t len = 0;
    vp_autofree char *after = vp_doc_format(domain->doc, &len);
    vp_autodomain fresh = fake_domain(text, "row");
    vp_autofree char *before = vp_doc_format(fresh->doc, &len);
    ck_assert_str_eq(after, before);
}
END_TEST

#define OS(id)                                                                                               \
    "<metadata><l:libosinfo xmlns:l='http://libosinfo.org/xmlns/libvirt/domain/1.0'><l:os id='" id           \
    "'/></l:libosinfo>"                                                                                      \
    "</metadata>"

static const struct {
    const char *xml;
    const char *os;
    bool windows, virtio;
} systems[] = {
    {"", NULL, false, false},
    {OS("http://microsoft.com/win/10"), "http://microsoft.com/win/10", true, false},
    {OS("http://debian.org/debian/12"), "http://debian.org/debian/12", false, true},
    {OS("http://redhat.com/rhel/9.1"), "http://redhat.com/rhel/9.1", false, true},
    {OS("http://freebsd.org/freebsd/13"), "http://freebsd.org/freebsd/13", false, true},
    {OS("http://evil.example/debian.org/"), "http://evil.example/debian.org/", false, false},
    {OS("http://microsoft.com/win/10") "<devices><disk><target dev='vda' bus='virtio'/></disk></devices>",
     "http://microsoft.com/win/10", true, true},
    {"<features><hyperv><relaxed state='on'/></hyperv></features>", NULL, true, false},
    {OS("http://debian.org/debian/12") "<features><hyperv/></features>", "http://debian.org/debian/12", false,
     true},
    {"<metadata><l:libosinfo xmlns:l='urn:other'><l:os id='http://microsoft.com/'/></l:libosinfo></metadata>",
     NULL, false, false},
    {"<devices><interface><model type='virtio'/></interface></devices>", NULL, false, true},
    {"<devices><interface><model type='virtio-transitional'/></interface></devices>", NULL, false, true},
    {"<devices><interface><model type='e1000e'/></interface></devices>", NULL, false, false},
    {"<devices><controller type='scsi' model='virtio-scsi'/></devices>", NULL, false, true},
    {"<devices><controller type='virtio-serial'/></devices>", NULL, false, false},
    {"<devices><memballoon model='virtio'/></devices>", NULL, false, false},
    {"<devices><rng model='virtio'/></devices>", NULL, false, false},
    {"<devices><disk><target dev='sda' bus='sata'/></disk></devices>", NULL, false, false},
};

START_TEST(guest_system)
{
    vp_autofree char *text = vp_asprintf("<domain>%s</domain>", systems[_i].xml);
    vp_autodomain domain = fake_domain(text, "row");
    const char *id = vp_domain_os_id(domain);
    ck_assert_msg((id == NULL) == (systems[_i].os == NULL), "%s", systems[_i].xml);
    if (id != NULL)
        ck_assert_str_eq(id, systems[_i].os);
    ck_assert_msg(vp_domain_is_windows(domain) == systems[_i].windows, "%s", systems[_i].xml);
    ck_assert_msg(vp_domain_has_virtio_drivers(domain) == systems[_i].virtio, "%s", systems[_i].xml);
}
END_TEST

START_TEST(copy)
{
    vp_autodomain domain = fake_domain("<domain><name>a</name><devices/></domain>", "definition");
    vp_autodomain copied = vp_domain_copy(domain);
    vp_node_set_text(vp_node_child(copied->root, "name"), "b");
    vp_autofree char *name = vp_domain_name(domain);
    vp_autofree char *other = vp_domain_name(copied);
    ck_assert_str_eq(name, "a");
    ck_assert_str_eq(other, "b");
    ck_assert_ptr_ne(vp_domain_devices(copied), vp_domain_devices(domain));
    vp_domain_free(NULL);
}
END_TEST

static const struct {
    const char *xml;
    const char *domain; /* NULL: refused */
} status_rows[] = {
    {"<domstatus state='running' pid='7'><taint flag='x'/><domain type='kvm' id='3'><name>a</name></domain>"
     "</domstatus>",
     "<domain type='kvm' id='3'><name>a</name></domain>"},
    {"<domstatus xmlns:q='urn:q'><domain><metadata><q:m/></metadata></domain></domstatus>",
     "<domain><metadata><q:m xmlns:q='urn:q'/></metadata></domain>"},
    {"<domstatus/>", NULL},
    {"<domain/>", NULL},
    {"<other><domain/></other>", NULL},
    {"<domstatus><domain></domstatus>", NULL},
};

START_TEST(status_file)
{
    const char *xml = status_rows[_i].xml;
    struct vp_domain *sentinel = (struct vp_domain *)(void *)&sentinel;
    struct vp_domain *domain = sentinel;
    vp_autoerror err = NULL;
    const int r = vp_domain_parse_status(xml, strlen(xml), "the status", &domain, &err);
    if (status_rows[_i].domain == NULL) {
        ck_assert_msg(r == -EBADMSG, "%s: %d", xml, r);
        ck_assert_ptr_eq(domain, sentinel);
        ck_assert_msg(strstr(err->message, "the status") != NULL, "%s: %s", xml, err->message);
        return;
    }
    ck_assert_msg(r == 0, "%s: %s", xml, err != NULL ? err->message : "");
    size_t len = 0;
    vp_autodomain copied = vp_domain_copy(domain);
    vp_autofree char *text = vp_doc_format(copied->doc, &len);
    vp_domain_free(domain);
    vp_autodomain again = fake_domain(text, xml);
    vp_autodomain want = fake_domain(status_rows[_i].domain, xml);
    ck_assert_msg(vp_node_equal(again->root, want->root), "%s: %s", xml, text);
}
END_TEST

VP_TEST_MAIN("domain", VP_TEST_ROWS(status_file, status_rows), VP_TEST(refuses_other_roots), VP_TEST(names),
             VP_TEST_ROWS(kind, kinds), VP_TEST_ROWS(vcpu_counts, vcpus), VP_TEST_ROWS(memory, memories),
             VP_TEST_ROWS(guest_system, systems), VP_TEST(copy))
