/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guests.h"

#include "strbuf.h"

#include <inttypes.h>
#include <string.h>

/* "own 4-5; 0-7 by 3; node 0: 1024 of 2048" */
static char *shown(const struct vp_entry *entry)
{
    struct vp_strbuf buf = {0};
    if (entry->pinned != NULL) {
        vp_autofree char *cpus = vp_bitmap_text(entry->pinned);
        vp_strbuf_addf(&buf, "own %s; ", cpus);
    }
    for (size_t i = 0; i < entry->n_pins; i++) {
        vp_autofree char *cpus = vp_bitmap_text(entry->pins[i].cpus);
        vp_strbuf_addf(&buf, "%s by %u; ", cpus, entry->pins[i].threads);
    }
    for (size_t i = 0; i < entry->n_memory; i++)
        vp_strbuf_addf(&buf, "node %d: %" PRIu64 " of %" PRIu64 "; ", entry->memory[i].node,
                       entry->memory[i].kib, entry->memory[i].page_kib);
    if (buf.len > 2)
        buf.text[buf.len - 2] = '\0';
    return vp_strbuf_take(&buf);
}

#define CELLS                                                                                                \
    "<memory>4096</memory><vcpu>4</vcpu><cpu><numa><cell id='0' cpus='0-1' memory='1' unit='MiB'/>"          \
    "<cell id='1' cpus='2-3' memory='3072'/></numa></cpu>"

static const struct {
    const char *inner;
    const char *want;
} rows[] = {
    {"<vcpu>2</vcpu>", ""},
    {"<memory unit='MiB'>4</memory><vcpu>2</vcpu>", "node -1: 4096 of 0"},
    {"<vcpu cpuset='0-7'>4</vcpu>", "0-7 by 4"},
    {"<vcpu cpuset='0-7,^3'>4</vcpu>", "0-2,4-7 by 4"},
    {"<vcpu cpuset='nonsense'>4</vcpu>", ""},
    {"<vcpu cpuset='5'>4</vcpu>", "own 5"},
    {"<vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='4'/><vcpupin vcpu='1' cpuset='5'/></cputune>",
     "own 4-5"},
    {"<vcpu>2</vcpu><cputune><vcpupin vcpu='0' cpuset='4,6'/><vcpupin vcpu='1' cpuset='4,6'/>"
     "<emulatorpin cpuset='0'/><iothreadpin iothread='1' cpuset='4,6'/></cputune>",
     "own 0; 4,6 by 3"},
    {"<vcpu cpuset='0-7'>2</vcpu><cputune><vcpupin vcpu='0' cpuset='4'/></cputune>", "own 4; 0-7 by 1"},
    {"<vcpu cpuset='0-7'>1</vcpu><cputune><vcpupin vcpu='0' cpuset='4'/></cputune>", "own 4"},
    {"<memory>4096</memory><numatune><memory mode='strict' nodeset='1'/></numatune>", "node 1: 4096 of 0"},
    {"<memory>4097</memory><numatune><memory mode='interleave' nodeset='0-1'/></numatune>",
     "node 0: 2048 of 0; node 1: 2049 of 0"},
    {"<memory>4096</memory><memoryBacking><hugepages/></memoryBacking>", "node -1: 4096 of 2048"},
    {"<memory>4097</memory><memoryBacking><hugepages><page size='2' unit='M'/></hugepages></memoryBacking>",
     "node -1: 6144 of 2048"},
    {CELLS, "node -1: 4096 of 0"},
    {CELLS
     "<numatune><memory mode='strict' nodeset='0'/><memnode cellid='1' mode='strict' nodeset='1'/></numatune>",
     "node 0: 1024 of 0; node 1: 3072 of 0"},
    {CELLS "<memoryBacking><hugepages><page size='1' unit='M' nodeset='0'/></hugepages></memoryBacking>",
     "node -1: 1024 of 1024; node -1: 3072 of 0"},
    {CELLS "<memoryBacking><hugepages><page size='1' unit='M' nodeset='0'/><page size='512'/></hugepages>"
           "</memoryBacking>",
     "node -1: 1024 of 1024; node -1: 3072 of 512"},
    {"<memory>6144</memory><numatune><memory nodeset='1'/></numatune><devices><memory model='dimm'><target>"
     "<size>2048</size></target></memory></devices>",
     "node 1: 6144 of 0"},
};

START_TEST(from_domain)
{
    vp_autofree char *text =
        vp_asprintf("<domain type='kvm' id='12'><name>guest</name><uuid>u</uuid>%s</domain>", rows[_i].inner);
    vp_autodomain domain = fake_domain(text, "row");
    vp_autoentry entry = vp_entry_from_domain(domain);
    vp_autofree char *have = shown(entry);
    ck_assert_msg(strcmp(have, rows[_i].want) == 0, "%s: '%s'", rows[_i].inner, have);
    ck_assert_str_eq(entry->name, "guest");
    ck_assert_str_eq(entry->uuid, "u");
    ck_assert_uint_eq(entry->id, 12);
    ck_assert_int_eq(entry->state, VP_ENTRY_COMING);
    ck_assert_ptr_null(entry->placement);
}
END_TEST

VP_TEST_MAIN("entry-domain", VP_TEST_ROWS(from_domain, rows))
