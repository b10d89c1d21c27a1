/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "harness.h"

#define OS(arch, machine) "<os><type arch='" arch "' machine='" machine "'>hvm</type></os>"
#define POOL(kib) "/sys/kernel/mm/hugepages/hugepages-" kib "kB/nr_hugepages"
#define PAGE(kib) "<hugepages><page size='" kib "' unit='KiB'/></hugepages>"
#define OWN_PAGES                                                                                            \
    "<memoryBacking><hugepages><page size='2048' unit='KiB' nodeset='0'/></hugepages></memoryBacking>"
#define VHOST_USER                                                                                           \
    "<devices><interface type='vhostuser'><source type='unix' path='/run/x' mode='server'/></interface></devices>"
#define PASSTHROUGH "<devices><hostdev mode='subsystem' type='pci' managed='yes'/></devices>"

/* 4 pages of 1 GiB and 2047 of 2 MiB: one too few for 4 GiB. */
static const char *const four_and_few[] = {POOL("1048576"), "4\n", POOL("2048"), "2047\n", NULL};
static const char *const small_only[] = {POOL("1048576"), "0\n", POOL("2048"), "4096\n", NULL};
static const char *const none[] = {POOL("2048"), "0\n", NULL};

#define CELL "<cpu><numa><cell id='0' cpus='0-3' memory='4194304'/></numa></cpu>"

#define ROW(files_) .host = "dump", .files = (files_)

static const struct vp_trial hugepage_rows[] = {
    {ROW(four_and_few), .set = "memory.hugepages=1G,2M,thp", .domain = "",
     .expect = "memoryBacking/hugepages = " PAGE("1048576") "\n"},
    {ROW(small_only), .set = "memory.hugepages=1G,2M,thp", .domain = "",
     .expect = "memoryBacking/hugepages = " PAGE("2048") "\n"},
    {ROW(four_and_few), .set = "memory.hugepages=2M", .domain = "",
     .expect =
         "skipped memory.hugepages: no 2M pages, of which the guest needs 2048 and the host has 2047\n"},
    {ROW(none), .set = "memory.hugepages=1G, 2M, thp", .domain = "",
     .expect =
         "memoryBacking/hugepages - (already)\n"
         "skipped memory.hugepages: no 1G pages, of which the guest needs 4 and the host has 0; no 2M pages*\n"},
    /* Any unit; a page too much or too little. */
    {ROW(four_and_few), .set = "memory.hugepages=1G", .domain = "<memory unit='G'>5</memory>",
     .expect = "skipped memory.hugepages: no 1G pages, of which the guest needs 5 and the host has 4\n"},
    {ROW(four_and_few), .set = "memory.hugepages=1G", .domain = "<memory unit='b'>4294967296</memory>",
     .expect = "memoryBacking/hugepages = " PAGE("1048576") "\n"},
    {ROW(four_and_few), .set = "memory.hugepages=1G", .domain = "<memory unit='MiB'>3584</memory>",
     .expect =
         "skipped memory.hugepages: no 1G pages, because the guest's memory is no multiple of the page\n"},
    {ROW(small_only), .set = "memory.hugepages=1G,2M", .domain = "<memory unit='MiB'>3584</memory>",
     .expect = "memoryBacking/hugepages = " PAGE("2048") "\n"},
    {ROW(small_only), .set = "memory.hugepages=2M", .domain = "<memory unit='KB'>2097153</memory>",
     .expect = "skipped memory.hugepages: no 2M pages, because the guest's memory is no multiple*\n"},
    /* Each cell by itself, whatever <memory> says. */
    {ROW(four_and_few), .set = "memory.hugepages=1G",
     .domain = "<cpu><numa><cell id='0' cpus='0-1' memory='2' unit='GiB'/>"
               "<cell id='1' cpus='2-3' memory='2097152'/></numa></cpu>",
     .expect = "memoryBacking/hugepages = " PAGE("1048576") "\n"},
    {ROW(four_and_few), .set = "memory.hugepages=1G",
     .domain = "<cpu><numa><cell id='0' cpus='0-1' memory='1572864'/>"
               "<cell id='1' cpus='2-3' memory='2621440'/></numa></cpu>",
     .expect = "skipped memory.hugepages: no 1G pages, because NUMA cell 0 is no multiple of the page\n"},
    /* Devices take pages too, unless they name their own. */
    {ROW(four_and_few), .set = "memory.hugepages=1G",
     .domain = "<cpu><numa><cell id='0' cpus='0-3' memory='3' unit='GiB'/></numa></cpu><devices>"
               "<memory model='dimm'><target><size unit='GiB'>2</size></target></memory></devices>",
     .expect = "skipped memory.hugepages: no 1G pages, of which the guest needs 5 and the host has 4\n"},
    {ROW(four_and_few), .set = "memory.hugepages=1G",
     .domain =
         "<cpu><numa><cell id='0' cpus='0-3' memory='3' unit='GiB'/></numa></cpu><devices><memory "
         "model='dimm'><source><pagesize>4</pagesize></source><target><size unit='GiB'>2</size></target>"
         "</memory><memory model='nvdimm'><target><size unit='KiB'>523264</size></target></memory></devices>",
     .expect = "memoryBacking/hugepages = " PAGE("1048576") "\n"},
    {ROW(four_and_few), .set = "memory.hugepages=1G",
     .domain = "<cpu><numa><cell id='0' cpus='0-3' memory='2' unit='GiB'/></numa></cpu><devices>"
               "<memory model='dimm'><target><size unit='MiB'>1536</size></target></memory></devices>",
     .expect = "skipped memory.hugepages: no 1G pages, because a memory device is no multiple of the page\n"},
    {ROW(four_and_few), .set = "memory.hugepages=1G",
     .domain =
         "<cpu><numa><cell id='0' cpus='0-3' memory='2' unit='GiB'/></numa></cpu><devices>"
         "<memory model='virtio-mem'><target><size unit='GiB'>1</size><block unit='KiB'>2048</block></target>"
         "</memory></devices>",
     .expect = "skipped memory.hugepages: no 1G pages, because a memory device is no multiple of the page\n"},
    {ROW(four_and_few), .set = "memory.hugepages=1G",
     .domain =
         "<cpu><numa><cell id='0' cpus='0-3' memory='2' unit='GiB'/></numa></cpu><devices>"
         "<memory model='virtio-mem'><target><size unit='GiB'>2</size><block unit='GiB'>1</block></target>"
         "</memory></devices>",
     .expect = "memoryBacking/hugepages = " PAGE("1048576") "\n"},
    /* Without cells <memory> has the devices in it. */
    {ROW(four_and_few), .set = "memory.hugepages=1G",
     .domain = "<memory unit='KiB'>4718592</memory><devices><memory model='nvdimm'><target>"
               "<size unit='KiB'>524288</size></target></memory></devices>",
     .expect = "memoryBacking/hugepages = " PAGE("1048576") "\n"},
    {ROW(small_only), .set = "memory.hugepages=2M", .domain = OS("s390x", "s390-ccw-virtio"),
     .expect = "skipped memory.hugepages: no 2M pages, which this architecture does not have\n"},
    {ROW(small_only), .set = "memory.hugepages=2M", .domain = OS("aarch64", "virt"),
     .expect = "memoryBacking/hugepages = " PAGE("2048") "\n"},
    /* What libvirt refuses beside huge pages. */
    {ROW(small_only), .set = "memory.hugepages=2M",
     .domain = "<memoryBacking><allocation mode='ondemand'/></memoryBacking>",
     .expect = "skipped memory.hugepages: no 2M pages, because the definition wants its memory allocated*\n"},
    {ROW(small_only), .set = "memory.hugepages=2M; memory.allocation=immediate",
     .domain = "<memoryBacking><allocation mode='ondemand'/></memoryBacking>",
     .expect = "memoryBacking/hugepages = " PAGE("2048") "\nmemoryBacking/allocation/@mode = immediate\n"},
    {ROW(small_only), .set = "memory.hugepages=2M",
     .domain = "<memoryBacking><source type='anonymous'/></memoryBacking>",
     .expect = "skipped memory.hugepages: no 2M pages, because the definition wants anonymous memory\n"},
    {ROW(small_only), .set = "memory.hugepages=2M; memory.source=memfd",
     .domain = "<memoryBacking><source type='anonymous'/></memoryBacking>",
     .expect = "memoryBacking/hugepages = " PAGE("2048") "\nmemoryBacking/source/@type = memfd\n"},
    {ROW(small_only), .set = "memory.hugepages=2M; memory.source=memfd",
     .domain = "<memoryBacking><source type='anonymous'/></memoryBacking>", .phase = VP_PHASE_RESTORE,
     .expect = "skipped memory.hugepages: no 2M pages, because the definition wants anonymous memory\n"},
    /* The definition's own pages. */
    {ROW(none), .set = "memory.hugepages=2M, thp", .domain = OWN_PAGES,
     .expect = "skipped memory.hugepages: no 2M pages,*; the definition's own huge pages stay\n"},
    {ROW(none), .set = "memory.hugepages=2M", .domain = OWN_PAGES,
     .expect = "skipped memory.hugepages: no 2M pages,*; the definition's own huge pages stay\n"},
    {ROW(none), .set = "memory.hugepages=thp", .domain = OWN_PAGES, .expect = "memoryBacking/hugepages -\n"},
    {ROW(none), .set = "memory.hugepages=2M, no", .domain = OWN_PAGES,
     .expect = "memoryBacking/hugepages -\nskipped memory.hugepages: no 2M pages,*the host has 0\n"},
    {ROW(small_only), .set = "memory.hugepages=2M", .domain = OWN_PAGES,
     .expect = "memoryBacking/hugepages = " PAGE("2048") "\n"},
    {ROW(none), .set = "memory.hugepages=no", .domain = "",
     .expect = "memoryBacking/hugepages - (already)\n"},
    {ROW(four_and_few), .set = "memory.hugepages=1G", .domain = "", .phase = VP_PHASE_RESTORE,
     .expect = "memoryBacking/hugepages = " PAGE("1048576") "\n"},
};

START_TEST(hugepages)
{
    vp_trial_check(&hugepage_rows[_i], _i);
}
END_TEST

/* On restore a guest's memory must keep the name it was saved under. */
static const struct {
    const char *machine, *cell;
    bool kept;
} restore_rows[] = {
    {"pc-q35-7.2", CELL, false},      {"pc-q35-5.1", CELL, false},       {"pc-q35-5.0", CELL, true},
    {"pc-i440fx-2.11", CELL, true},   {"pc-q35-5.0", "", false},         {"q35", CELL, false},
    {"pc-q35-rhel8.2.0", CELL, true}, {"pc-q35-rhel8.3.0", CELL, false}, {"pc-i440fx-focal", CELL, true},
    {"pc-q35-10.0", CELL, false},
};

START_TEST(restore)
{
    vp_autofree char *domain = vp_asprintf("<os><type arch='x86_64' machine='%s'>hvm</type></os>%s",
                                           restore_rows[_i].machine, restore_rows[_i].cell);
    const struct vp_trial trial = {
        ROW(small_only),
        .set = "memory.hugepages=2M; memory.ksm=no",
        .domain = domain,
        .phase = VP_PHASE_RESTORE,
        .expect =
            restore_rows[_i].kept
                ? "memoryBacking/nosharepages = <nosharepages/>\n"
                  "skipped memory.hugepages: memoryBacking/hugepages: *waits for a cold start\n"
                : "memoryBacking/hugepages = " PAGE("2048") "\n"
                                                            "memoryBacking/nosharepages = <nosharepages/>\n",
    };
    vp_trial_check(&trial, _i);
}
END_TEST

static const struct vp_trial backing_rows[] = {
    {.set = "memory.ksm=no", .domain = "", .expect = "memoryBacking/nosharepages = <nosharepages/>\n"},
    {.set = "memory.ksm=yes",
     .domain = "<memoryBacking><nosharepages/></memoryBacking>",
     .expect = "memoryBacking/nosharepages -\n"},
    {.set = "memory.ksm=yes", .domain = "", .expect = "memoryBacking/nosharepages - (already)\n"},
    {.set = "memory.source=memfd", .domain = "", .expect = "memoryBacking/source/@type = memfd\n"},
    {.set = "memory.source=file",
     .domain = "",
     .expect = "memoryBacking/source/@type = file\n"
               "warning memory.source: the guest's memory becomes a file*\n"},
    {.set = "memory.source=file", .domain = OWN_PAGES, .expect = "memoryBacking/source/@type = file\n"},
    {.set = "memory.source=anonymous", .domain = "", .expect = "memoryBacking/source/@type = anonymous\n"},
    {.set = "memory.source=anonymous",
     .domain = OWN_PAGES,
     .expect = "skipped memory.source: huge pages are never anonymous*\n"},
    {.set = "memory.source=anonymous",
     .domain = VHOST_USER,
     .expect = "skipped memory.source: anonymous memory cannot be shared*\n"},
    {.set = "memory.source=anonymous",
     .domain = "<cpu><numa><cell id='0' cpus='0-3' memory='4194304' memAccess='shared'/></numa></cpu>",
     .expect = "skipped memory.source: anonymous memory cannot be shared*\n"},
    {.set = "memory.allocation=immediate",
     .domain = OWN_PAGES,
     .expect = "memoryBacking/allocation/@mode = immediate\n"},
    {.set = "memory.allocation=ondemand",
     .domain = "",
     .expect = "memoryBacking/allocation/@mode = ondemand\n"},
    {.set = "memory.allocation=ondemand",
     .domain = OWN_PAGES,
     .expect = "skipped memory.allocation: libvirt allocates huge pages at once only\n"},
    {.set = "memory.access=shared",
     .domain = VHOST_USER,
     .expect = "memoryBacking/access/@mode = shared\nmemoryBacking/source/@type = memfd\n"},
    {.set = "memory.access=shared",
     .domain = VHOST_USER "<memoryBacking><source type='anonymous'/></memoryBacking>",
     .expect = "memoryBacking/access/@mode = shared\nmemoryBacking/source/@type = memfd\n"},
    {.set = "memory.access=shared",
     .domain = VHOST_USER "<memoryBacking><source type='file'/></memoryBacking>",
     .expect = "memoryBacking/access/@mode = shared\n"},
    {.set = "memory.access=shared",
     .domain = VHOST_USER OWN_PAGES,
     .expect = "memoryBacking/access/@mode = shared\n"},
    {ROW(small_only), .set = "memory.access=shared; memory.hugepages=2M", .domain = VHOST_USER,
     .expect = "memoryBacking/hugepages = " PAGE("2048") "\nmemoryBacking/access/@mode = shared\n"},
    {.set = "memory.access=shared",
     .domain = "<devices><filesystem type='mount'><driver type='virtiofs'/></filesystem></devices>",
     .expect = "memoryBacking/access/@mode = shared\nmemoryBacking/source/@type = memfd\n"},
    {.set = "memory.access=shared",
     .domain = "<devices><disk type='vhostuser' device='disk'><target dev='vda'/></disk></devices>",
     .expect = "memoryBacking/access/@mode = shared\nmemoryBacking/source/@type = memfd\n"},
    {.set = "memory.access=shared",
     .domain = "",
     .expect = "skipped memory.access: no device of the guest needs shared memory*\n"},
    {.set = "memory.access=private",
     .domain = "<memoryBacking><access mode='shared'/></memoryBacking>",
     .expect = "memoryBacking/access -\n"},
    {.set = "memory.access=private",
     .domain = "<memoryBacking><source type='memfd'/></memoryBacking>",
     .expect = "memoryBacking/access/@mode = private\n"},
    {.set = "memory.access=private",
     .domain = VHOST_USER,
     .expect = "skipped memory.access: a vhost-user or virtiofs device of the guest needs shared memory\n"},
    /* libvirt's ABI check compares the source, and shared memory needs one that can be shared. */
    {.set = "memory.source=memfd", .domain = "", .phase = VP_PHASE_RESTORE, .expect = ""},
    {.set = "memory.access=shared",
     .domain = VHOST_USER,
     .phase = VP_PHASE_RESTORE,
     .expect = "skipped memory.access: memoryBacking/access/@mode: *waits for a cold start\n"
               "skipped memory.access: memoryBacking/source/@type: *waits for a cold start\n"},
    {.set = "memory.access=shared",
     .domain = VHOST_USER "<memoryBacking><source type='memfd'/></memoryBacking>",
     .phase = VP_PHASE_RESTORE,
     .expect = "memoryBacking/access/@mode = shared\n"},
};

START_TEST(backing)
{
    vp_trial_check(&backing_rows[_i], _i);
}
END_TEST

#define LIMIT(kib) "memtune/hard_limit = " kib "\nmemtune/hard_limit/@unit = KiB\n"
#define LOCKED "memoryBacking/locked = <locked/>\n"
#define LOCK_4G "10526720" /* 4 GiB + 8 MiB + 68 × 72 MiB + 256 MiB + 1 GiB */

static const struct vp_trial limit_rows[] = {
    {.set = "memory.locked=yes", .domain = "", .expect = LOCKED LIMIT(LOCK_4G)},
    /*
     * What libvirt adds by itself makes no difference: displays, sizes of video memory, the count of
     * iothreads.
     */
    {.set = "memory.locked=yes",
     .domain = "<memory unit='GiB'>4</memory><devices><graphics type='vnc'/><video><model type='qxl' "
               "ram='65536' vram='65536' vgamem='16384'/></video></devices>",
     .expect = LOCKED LIMIT(LOCK_4G)},
    {.set = "memory.locked=yes",
     .domain = "<iothreadids><iothread id='1'/><iothread id='2'/></iothreadids>",
     .expect = LOCKED LIMIT("10674176")},
    {.set = "memory.locked=yes",
     .domain = "<iothreads>2</iothreads><iothreadids><iothread id='1'/><iothread id='2'/></iothreadids>",
     .expect = LOCKED LIMIT("10674176")},
    /* 128 MiB more of video memory than the allowance, and a disk. */
    {.set = "memory.locked=yes",
     .domain = "<devices><disk/><video><model type='qxl' ram='262144' vram='131072'/></video></devices>",
     .expect = LOCKED LIMIT("10690560")},
    {.set = "memory.locked=yes",
     .domain = "<maxMemory slots='4' unit='GiB'>8</maxMemory>",
     .expect = LOCKED LIMIT("14729216")},
    /* Pinned once for all devices, but for each behind an IOMMU of the guest and for each vDPA card. */
    {.set = "memory.locked=yes", .domain = PASSTHROUGH, .expect = LOCKED LIMIT(LOCK_4G)},
    {.set = "memory.locked=yes",
     .domain =
         "<devices><hostdev mode='subsystem' type='pci'/><interface type='hostdev'/><iommu model='intel'/>"
         "</devices>",
     .expect = LOCKED LIMIT("14721024")},
    {.set = "memory.locked=yes",
     .domain = "<devices><interface type='vdpa'/><interface type='vdpa'/></devices>",
     .expect = LOCKED LIMIT("14721024")},
    {.set = "memory.locked=yes",
     .domain = "<domain type='qemu'><memory unit='GiB'>4</memory><vcpu>4</vcpu></domain>",
     .expect = LOCKED LIMIT("11575296")},
    {.set = "memory.locked=yes",
     .domain = "<memtune><hard_limit unit='G'>12</hard_limit></memtune>",
     .expect = LOCKED LIMIT("12582912")},
    {.set = "memory.locked=yes",
     .domain = "<memtune><hard_limit unit='G'>5</hard_limit></memtune>",
     .expect = LOCKED LIMIT(LOCK_4G)},
    {.set = "memory.locked=yes; memory.hard-limit=16G", .domain = "", .expect = LOCKED LIMIT("16777216")},
    {.set = "memory.locked=yes; memory.hard-limit=unlimited",
     .domain = "<memtune><hard_limit unit='KiB'>5000000</hard_limit></memtune>",
     .expect = LOCKED "memtune/hard_limit -\n"},
    {.set = "memory.locked=yes; memory.hard-limit=5G",
     .domain = "",
     .expect = LOCKED LIMIT(
         LOCK_4G) "skipped memory.hard-limit: the guest would not survive 5G: it needs 10280M*\n"},
    {.set = "memory.locked=yes",
     .domain = "<memory unit='furlong'>4</memory>",
     .expect = "skipped memory.locked: no hard limit that libvirt takes*\n"},
    {.set = "memory.locked=yes",
     .domain = "<memory unit='KiB'>9007199254740991</memory>",
     .expect = "skipped memory.locked: no hard limit that libvirt takes*\n"},
    {.set = "memory.locked=no",
     .domain = "<memoryBacking><locked/></memoryBacking>",
     .expect = "memoryBacking/locked -\n"},
    {.set = "memory.hard-limit=5G", .domain = "", .expect = LIMIT("5242880")},
    {.set = "memory.hard-limit=5G",
     .domain = "<memtune><hard_limit unit='GiB'>5</hard_limit></memtune>",
     .expect = LIMIT("5242880")},
    {.set = "memory.hard-limit=2G",
     .domain = "",
     .expect = "skipped memory.hard-limit: the guest would not survive 2G: it needs 4G or more\n"},
    {.set = "memory.hard-limit=4G",
     .domain = "<maxMemory slots='1' unit='GiB'>8</maxMemory>",
     .expect = "skipped memory.hard-limit: the guest would not survive 4G: it needs 8G or more\n"},
    {.set = "memory.hard-limit=4G", .domain = "", .expect = LIMIT("4194304")},
    {.set = "memory.swap-hard-limit=5G",
     .domain = "<memtune><hard_limit unit='G'>5</hard_limit></memtune>",
     .expect = "memtune/swap_hard_limit = 5242880\nmemtune/swap_hard_limit/@unit = KiB\n"},
    /* Huge pages are not the cgroup's. */
    {.set = "memory.hard-limit=2G", .domain = OWN_PAGES, .expect = LIMIT("2097152")},
    {.set = "memory.hard-limit=2G",
     .domain = OWN_PAGES PASSTHROUGH,
     .expect = "skipped memory.hard-limit: the guest would not survive 2G*\n"},
    {.set = "memory.soft-limit=2G",
     .domain = "",
     .expect = "memtune/soft_limit = 2097152\nmemtune/soft_limit/@unit = KiB\n"},
    {.set = "memory.soft-limit=2G",
     .domain = PASSTHROUGH,
     .expect = "skipped memory.soft-limit: the guest's memory is pinned*\n"},
    {.set = "memory.soft-limit=2G; memory.locked=yes",
     .domain = "",
     .expect = LOCKED LIMIT(LOCK_4G) "skipped memory.soft-limit: the guest's memory is locked*\n"},
    {.set = "memory.soft-limit=unlimited",
     .domain = PASSTHROUGH,
     .expect = "memtune/soft_limit - (already)\n"},
    {.set = "memory.hard-limit=5G; memory.swap-hard-limit=6G",
     .domain = "",
     .expect = LIMIT("5242880") "memtune/swap_hard_limit = 6291456\nmemtune/swap_hard_limit/@unit = KiB\n"},
    {.set = "memory.swap-hard-limit=6G",
     .domain = "<memtune><hard_limit unit='G'>5</hard_limit></memtune>",
     .expect = "memtune/swap_hard_limit = 6291456\nmemtune/swap_hard_limit/@unit = KiB\n"},
    {.set = "memory.swap-hard-limit=6G",
     .domain = "<memtune><hard_limit unit='G'>7</hard_limit></memtune>",
     .expect = "skipped memory.swap-hard-limit: 6G is less than the guest's hard limit of 7340032 KiB\n"},
    {.set = "memory.swap-hard-limit=6G",
     .domain = "",
     .expect = "skipped memory.swap-hard-limit: it works together with a hard limit*\n"},
    {.set = "memory.swap-hard-limit=unlimited",
     .domain = "<memtune><swap_hard_limit>9</swap_hard_limit></memtune>",
     .expect = "memtune/swap_hard_limit -\n"},
    {.set = "memory.min-guarantee=2G",
     .domain = "",
     .expect = "skipped memory.min-guarantee: libvirt's QEMU driver refuses min_guarantee*\n"},
};

START_TEST(limits)
{
    vp_trial_check(&limit_rows[_i], _i);
}
END_TEST

#define BALLOON(attrs) "<devices><memballoon " attrs "/></devices>"
#define NONE "devices/memballoon = <memballoon model='none'/>\n"

static const struct vp_trial balloon_rows[] = {
    {.set = "memory.balloon=no", .domain = "", .expect = NONE},
    {.set = "memory.balloon=no",
     .domain = "<devices><memballoon model='virtio' autodeflate='on'><stats period='10'/><address type='pci' "
               "domain='0x0000' bus='0x05' slot='0x00' function='0x0'/></memballoon></devices>",
     .expect = NONE},
    {.set = "memory.balloon=no",
     .domain = BALLOON("model='none'"),
     .expect = "devices/memballoon = <memballoon model='none'/> (already)\n"},
    /* Without a balloon the guest has it all. */
    {.set = "memory.balloon=no",
     .domain = "<currentMemory unit='GiB'>1</currentMemory>",
     .expect = NONE "currentMemory = 4194304\ncurrentMemory/@unit = KiB\n"
                    "warning memory.balloon: the guest had a balloon of 3145728 KiB*\n"},
    {.set = "memory.balloon=no",
     .domain = "<currentMemory unit='KiB'>1048576</currentMemory>",
     .expect = NONE "currentMemory = 4194304\ncurrentMemory/@unit = KiB (already)\n"
                    "warning memory.balloon: the guest had a balloon of 3145728 KiB*\n"},
    {.set = "memory.balloon=no", .domain = "<currentMemory unit='GiB'>4</currentMemory>", .expect = NONE},
    {.set = "memory.balloon=no", .domain = "<currentMemory>0</currentMemory>", .expect = NONE},
    {.set = "memory.balloon=no",
     .domain = "<currentMemory unit='GiB'>4</currentMemory><cpu><numa><cell id='0' cpus='0-3' memory='4' "
               "unit='GiB'/></numa></cpu>"
               "<devices><memory model='dimm'><target><size unit='GiB'>1</size></target></memory></devices>",
     .expect = NONE "currentMemory = 5242880\ncurrentMemory/@unit = KiB\n"
                    "warning memory.balloon: the guest had a balloon of 1048576 KiB*\n"},
    {.set = "memory.balloon=no", .domain = "", .phase = VP_PHASE_MIGRATE, .expect = ""},
    {.set = "memory.balloon=yes",
     .domain = BALLOON("model='none'"),
     .expect = "devices/memballoon/@model = virtio\n"},
    {.set = "memory.balloon=yes", .domain = "", .expect = "devices/memballoon/@model = virtio\n"},
    {.set = "memory.balloon=yes",
     .domain = BALLOON("model='virtio-transitional'"),
     .expect = "devices/memballoon/@model = virtio-transitional (already)\n"},
    {.set = "memory.balloon=yes",
     .domain = OS("i686", "isapc"),
     .expect = "skipped memory.balloon: the guest's machine has no bus*\n"},
    {.set = "memory.balloon=yes",
     .domain = OS("armv6l", "versatilepb"),
     .expect = "skipped memory.balloon: the guest's machine has no bus*\n"},
    {.set = "memory.balloon=yes",
     .domain = OS("aarch64", "virt-7.2"),
     .expect = "devices/memballoon/@model = virtio\n"},
    {.set = "memory.balloon=yes",
     .domain = OS("s390x", "s390-ccw-virtio"),
     .expect = "devices/memballoon/@model = virtio\n"},
    {.set = "memory.balloon=yes",
     .domain = OS("ppc64le", "pseries"),
     .expect = "devices/memballoon/@model = virtio\n"},
    {.set = "memory.balloon-autodeflate=yes",
     .domain = BALLOON("model='xen'"),
     .expect = "skipped memory.balloon-autodeflate: the guest has no virtio balloon\n"},
    {.set = "memory.balloon-autodeflate=yes; memory.free-page-reporting=yes",
     .domain = BALLOON("model='virtio'"),
     .expect = "devices/memballoon/@autodeflate = on\ndevices/memballoon/@freePageReporting = on\n"},
    /* The balloon that libvirt would add. */
    {.set = "memory.balloon-autodeflate=yes",
     .domain = "",
     .expect = "devices/memballoon/@model = virtio\ndevices/memballoon/@autodeflate = on\n"},
    {.set = "memory.balloon=yes; memory.balloon-autodeflate=no",
     .domain = BALLOON("model='none'"),
     .expect = "devices/memballoon/@model = virtio\ndevices/memballoon/@autodeflate = off\n"},
    {.set = "memory.balloon=no; memory.balloon-autodeflate=yes; memory.free-page-reporting=yes",
     .domain = BALLOON("model='virtio'"),
     .expect = NONE "skipped memory.balloon-autodeflate: the guest has no virtio balloon\n"
                    "skipped memory.free-page-reporting: the guest has no virtio balloon\n"},
    {.set = "memory.balloon-autodeflate=yes",
     .domain = BALLOON("model='none'"),
     .expect = "skipped memory.balloon-autodeflate: the guest has no virtio balloon\n"},
    {.set = "memory.balloon-autodeflate=yes",
     .domain = OS("aarch64", "virt"),
     .expect = "skipped memory.balloon-autodeflate: the guest has no virtio balloon\n"},
    {.set = "memory.free-page-reporting=yes",
     .domain = PASSTHROUGH,
     .expect = "skipped memory.free-page-reporting: a device passed through to the guest pins its memory*\n"},
    {.set = "memory.free-page-reporting=yes",
     .domain = OWN_PAGES,
     .expect = "skipped memory.free-page-reporting: the guest's memory is huge pages*\n"},
    {.set = "memory.free-page-reporting=yes",
     .domain = "<memoryBacking><locked/></memoryBacking>",
     .expect = "skipped memory.free-page-reporting: the guest's memory is locked*\n"},
    {.set = "memory.free-page-reporting=no; memory.hugepages=thp",
     .domain = BALLOON("model='virtio' freePageReporting='on'") OWN_PAGES,
     .expect = "memoryBacking/hugepages -\ndevices/memballoon/@freePageReporting = off\n"},
};

START_TEST(balloon)
{
    vp_trial_check(&balloon_rows[_i], _i);
}
END_TEST

VP_TEST_MAIN("knobs/memory", VP_TEST_ROWS(hugepages, hugepage_rows), VP_TEST_ROWS(backing, backing_rows),
             VP_TEST_ROWS(restore, restore_rows), VP_TEST_ROWS(limits, limit_rows),
             VP_TEST_ROWS(balloon, balloon_rows))
