/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guests.h"

#include "strbuf.h"
#include "../../src/host/ledger/topocache_pack.h"

#include <inttypes.h>
#include <unistd.h>

void guests_open(struct guests *guests, const char *machine)
{
    vp_autoerror err = NULL;
    *guests = (struct guests){.conf = {.reserve_kib = 0}, .said = vp_strdup("")};
    fake_open(&guests->fake);
    vp_host_free(guests->fake.host);
    ck_assert_int_eq(vp_host_open(machine, guests->fake.root, &guests->fake.host, NULL), 0);
    ck_assert_msg(vp_topology_read(guests->fake.host, &guests->topology, &err) == 0, "%s",
                  err != NULL ? err->message : "");
    fake_file(&guests->fake, "/proc/sys/kernel/random/boot_id", "11111111-2222-3333-4444-555555555555\n");
    guests_process(guests, 1, 1);
}

void guests_close(struct guests *guests)
{
    vp_topology_free(guests->topology);
    fake_close(&guests->fake);
    free(guests->said);
}

void guests_say(void *cookie, const char *sentence)
{
    struct guests *guests = cookie;
    char *more = vp_asprintf("%s%s\n", guests->said, sentence);
    free(guests->said);
    guests->said = more;
}

void guests_process(const struct guests *guests, pid_t pid, uint64_t start)
{
    vp_autofree char *path = vp_asprintf("/proc/%d/stat", pid);
    vp_autofree char *text =
        vp_asprintf("%d (qemu) S 1 1 1 0 -1 0 1 2 3 4 5 6 7 8 20 0 1 0 %" PRIu64 " 1000 10\n", pid, start);
    fake_file(&guests->fake, path, text);
}

void guests_end(const struct guests *guests, pid_t pid)
{
    vp_autofree char *path = vp_asprintf("%s/proc/%d/stat", guests->fake.folder, pid);
    ck_assert_int_eq(unlink(path), 0);
}

void guests_running(const struct guests *guests, const char *name, pid_t pid, const char *inner)
{
    vp_autofree char *pid_path = vp_asprintf("/run/libvirt/qemu/%s.pid", name);
    vp_autofree char *path = vp_asprintf("/run/libvirt/qemu/%s.xml", name);
    vp_autofree char *number = vp_asprintf("%d", pid);
    fake_file(&guests->fake, pid_path, number);
    if (inner == NULL)
        return;
    vp_autofree char *uuid = guests_uuid((unsigned)pid);
    vp_autofree char *text =
        vp_asprintf("<domstatus state='running' reason='booted' pid='%d'>\n"
                    "  <domain type='kvm' id='3'><name>%s</name><uuid>%s</uuid>%s</domain>\n"
                    "</domstatus>\n",
                    pid, name, uuid, inner);
    fake_file(&guests->fake, path, text);
}

/* What of the machine the cache is checked against. */
void guests_cache(const struct guests *guests, const char *online)
{
    vp_autofree char *key = NULL;
    vp_autofree char *bytes = NULL;
    size_t len = 0;
    fake_file(&guests->fake, "/sys/devices/system/cpu/online", online);
    fake_file(&guests->fake, "/sys/devices/system/node/online", "0-1\n");
    fake_file(&guests->fake, "/sys/devices/system/node/has_memory", "0-1\n");
    fake_file(&guests->fake, "/sys/devices/system/cpu/isolated", "\n");
    fake_file(&guests->fake, "/proc/self/status",
              "Name:\tx\nCpus_allowed_list:\t0-99\nMems_allowed_list:\t0-1\nthreads: 1\n");
    key = vp_topocache_key(guests->fake.root);
    ck_assert_ptr_nonnull(key);
    vp_topocache_pack(guests->topology, key, &bytes, &len);
    fake_bytes(&guests->fake, "/run/virt-profile/topology", bytes, len);
    for (unsigned i = 0; i < guests->topology->n_nodes; i++) {
        const struct vp_node *node = &guests->topology->nodes[i];
        vp_autofree char *path = vp_asprintf("/sys/devices/system/node/node%u/meminfo", node->os);
        vp_autofree char *text = vp_asprintf(
            "\nNode %u MemTotal:       %" PRIu64 " kB\nNode 0 MemFree: 1 kB\n", node->os, node->memory_kib);
        fake_file(&guests->fake, path, text);
    }
}

void guests_pools(struct guests *guests, uint64_t page_kib, uint64_t pages)
{
    struct vp_topology *topology = guests->topology;
    topology->n_sizes = 1;
    topology->sizes[0] = page_kib;
    for (unsigned i = 0; i < topology->n_nodes; i++) {
        vp_autofree char *path =
            vp_asprintf("/sys/devices/system/node/node%u/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages",
                        topology->nodes[i].os, page_kib);
        vp_autofree char *text = vp_asprintf("%" PRIu64 "\n", pages);
        fake_file(&guests->fake, path, text);
        topology->nodes[i].pages[0] = pages;
    }
    guests_cache(guests, "0-15\n");
    vp_host_free(guests->fake.host);
    ck_assert_int_eq(vp_host_open("live", guests->fake.root, &guests->fake.host, NULL), 0);
}

char *guests_uuid(unsigned n)
{
    return vp_asprintf("00000000-0000-4000-8000-%012u", n);
}

struct vp_entry *guests_entry(const struct guests *guests, unsigned n, enum vp_policy policy, unsigned vcpus)
{
    vp_autofree char *uuid = guests_uuid(n);
    vp_autofree char *name = vp_asprintf("g%u", n);
    struct vp_entry *entry = vp_entry_new(uuid, name);
    vp_autooccupied occupied = NULL;
    struct vp_placement *placement = NULL;
    vp_autoerror err = NULL;
    const struct vp_demand demand = {
        .name = name, .policy = policy, .vcpus = vcpus, .iothreads = 1, .memory_kib = 4096};
    entry->maker = (struct vp_process){1, 1};
    ck_assert_int_eq(vp_occupied_from_conf(guests->topology, &guests->conf, &occupied, NULL), 0);
    ck_assert_msg(vp_placement_plan(occupied, &demand, &placement, &err) == 0, "%s",
                  err != NULL ? err->message : "");
    vp_entry_set_placement(entry, placement);
    return entry;
}

void guests_store(struct guests *guests, struct vp_entry *entry)
{
    vp_autoledger ledger = guests_ledger(guests);
    vp_autoerror err = NULL;
    ck_assert_msg(vp_ledger_store(ledger, entry, &err) == 0, "%s", err != NULL ? err->message : "");
    vp_entry_free(entry);
}

struct vp_ledger *guests_ledger(struct guests *guests)
{
    struct vp_ledger *ledger = NULL;
    vp_autoerror err = NULL;
    ck_assert_msg(
        vp_ledger_open(guests->fake.root, guests->topology, true, guests_say, guests, &ledger, &err) == 0 &&
            vp_ledger_lock(ledger, &err) == 0,
        "%s", err != NULL ? err->message : "");
    return ledger;
}

char *guests_names(const struct vp_entries *entries)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < entries->n; i++) {
        vp_autofree char *item =
            vp_asprintf("%s %s", entries->items[i]->name, vp_entry_state_names[entries->items[i]->state]);
        vp_strbuf_join(&buf, ", ", item);
    }
    return vp_strbuf_take(&buf);
}

char *guests_stored(struct guests *guests)
{
    vp_autoledger ledger = guests_ledger(guests);
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = {0};
    ck_assert_int_eq(vp_ledger_read(ledger, &entries, NULL), 0);
    return guests_names(&entries);
}
