/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guests.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE_KIB 2048

/*
 * A guest that starts: its entry is placed by a placer of its own, as a hook does. Returns what place()
 * does.
 */
static int start(struct guests *guests, unsigned n, const struct vp_demand *demand, struct vp_error **err)
{
    vp_autofree char *uuid = guests_uuid(n);
    vp_autofree char *name = vp_asprintf("g%u", n);
    vp_autoentry entry = vp_entry_new(uuid, name);
    entry->maker = (struct vp_process){1, 1};
    vp_autoplacer placer = vp_ledger_placer(guests->fake.root, guests->fake.host, &guests->conf, uuid, entry,
                                            guests_say, guests);
    vp_autoplacement placement = NULL;
    const int r = placer->place(placer, demand, &placement, err);
    ck_assert_msg((r == 0) == (entry->placement != NULL) && (r == 0) == (placement != NULL), "%d", r);
    if (r == 0)
        ck_assert(hwloc_bitmap_isequal(placement->owned, entry->placement->owned));
    return r;
}

static void stop(struct guests *guests, unsigned n)
{
    vp_autofree char *uuid = guests_uuid(n);
    vp_autoledger ledger = guests_ledger(guests);
    ck_assert_int_eq(vp_ledger_remove(ledger, uuid, NULL), 0);
}

static struct vp_entries read_all(struct guests *guests)
{
    struct vp_entries entries = {0};
    vp_autoledger ledger = guests_ledger(guests);
    ck_assert_int_eq(vp_ledger_read(ledger, &entries, NULL), 0);
    return entries;
}

/* Nothing is owned twice, and no more memory given than there is. */
static void check(struct guests *guests, size_t n)
{
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = read_all(guests);
    vp_autobitmap owned = vp_bitmap_new();
    vp_autofree uint64_t *pages = vp_alloc(guests->topology->n_nodes, sizeof(pages[0]));
    ck_assert_uint_eq(entries.n, n);
    for (size_t i = 0; i < entries.n; i++) {
        const struct vp_placement *placement = entries.items[i]->placement;
        ck_assert_msg(!hwloc_bitmap_intersects(owned, placement->owned), "'%s' got CPUs of another",
                      entries.items[i]->name);
        hwloc_bitmap_or(owned, owned, placement->owned);
        for (unsigned k = 0; k < placement->n_cells; k++)
            if (placement->cells[k].page_kib == PAGE_KIB)
                pages[placement->cells[k].memory_node] += placement->cells[k].memory_kib / PAGE_KIB;
    }
    for (unsigned i = 0; guests->topology->n_sizes > 0 && i < guests->topology->n_nodes; i++)
        ck_assert_uint_le(pages[i], guests->topology->nodes[i].pages[0]);
}

static const struct vp_demand pair = {
    .name = "guest", .policy = VP_POLICY_DEDICATED, .vcpus = 2, .memory_kib = 8 * PAGE_KIB};

/* 12 CPUs are not for housekeeping: six pairs, and the seventh gets the place of one that ended. */
START_TEST(one_after_another)
{
    GUESTS guests;
    vp_autoerror err = NULL;
    guests_open(&guests, GUESTS_MACHINE);
    for (unsigned i = 0; i < 6; i++)
        ck_assert_int_eq(start(&guests, i, &pair, NULL), 0);
    check(&guests, 6);
    ck_assert_int_eq(start(&guests, 6, &pair, &err), -ENOSPC);
    ck_assert_ptr_nonnull(err);
    check(&guests, 6);
    /* One that starts again is not in its own way. */
    ck_assert_int_eq(start(&guests, 3, &pair, NULL), 0);
    stop(&guests, 3);
    ck_assert_int_eq(start(&guests, 6, &pair, NULL), 0);
    check(&guests, 6);
}
END_TEST

/* Who only asks changes nothing, not even on a host without a ledger. */
START_TEST(asked)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    for (int round = 0; round < 2; round++) {
        vp_autoplacer placer =
            vp_ledger_placer(guests.fake.root, guests.fake.host, &guests.conf, NULL, NULL, NULL, NULL);
        vp_autoplacement placement = NULL;
        const struct vp_topology *topology = NULL;
        ck_assert_int_eq(placer->topology(placer, &topology, NULL), 0);
        ck_assert_uint_eq(topology->n_cpus, 16);
        ck_assert_int_eq(placer->place(placer, &pair, &placement, NULL), 0);
        vp_autofree char *cpus = vp_bitmap_text(placement->owned);
        ck_assert_str_eq(cpus, round == 0 ? "2-3" : "4-5");
        const int fd = vp_root_openat(guests.fake.root, "/run/virt-profile", O_PATH);
        ck_assert_int_eq(fd >= 0, round);
        if (fd >= 0)
            close(fd);
        if (round == 0)
            ck_assert_int_eq(start(&guests, 1, &pair, NULL), 0);
    }
    check(&guests, 1);
}
END_TEST

/*
 * Dead guests and strangers are seen, and broken files moved aside, though they were read before the lock.
 */
START_TEST(under_the_lock)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    guests_store(&guests, guests_entry(&guests, 1, VP_POLICY_DEDICATED, 4));
    guests_end(&guests, 1);
    guests_process(&guests, 70, 1);
    guests_running(&guests, "pinned", 70, "<vcpu>1</vcpu><cputune><vcpupin vcpu='0' cpuset='2'/></cputune>");
    fake_file(&guests.fake, "/run/virt-profile/guests/x.json", "{");
    ck_assert_int_eq(start(&guests, 2, &pair, NULL), 0);
    vp_autofree char *names = guests_stored(&guests);
    ck_assert_str_eq(names, "g2 coming, pinned running");
    VP_CLEANUP(vp_entries_done) struct vp_entries entries = read_all(&guests);
    vp_autofree char *cpus = vp_bitmap_text(entries.items[0]->placement->owned);
    ck_assert_str_eq(cpus, "4-5");
    ck_assert_msg(strstr(guests.said, "moved a broken entry") != NULL, "%s", guests.said);
    ck_assert_msg(strstr(guests.said, "'g1' is taken out") != NULL, "%s", guests.said);
}
END_TEST

/* What is peeked at before the lock counts only as long as nobody changes anything. */
START_TEST(seen_again)
{
    GUESTS guests;
    guests_open(&guests, GUESTS_MACHINE);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_int_eq(start(&guests, i, &pair, NULL), 0);
        check(&guests, i + 1);
    }
    for (unsigned i = 0; i < 6; i++) {
        stop(&guests, i);
        ck_assert_int_eq(start(&guests, 10 + i, &pair, NULL), 0);
        ck_assert_int_eq(start(&guests, 20 + i, &pair, NULL), -ENOSPC);
        check(&guests, 6);
    }
}
END_TEST

enum { RACERS = 64 };

/*
 * 64 start at once on a machine with room for less: by CPUs, or by huge pages. Every one has a place of
 * its own or is refused, and what there is room for is used.
 */
static const struct {
    const char *machine;
    uint64_t pages; /* in the pool of each node; 0: none are asked for */
    size_t fit;
} race_rows[] = {
    {"synthetic:numa:4(memory=68719476736) l3:2 core:8 pu:2", 0, 60},
    {"synthetic:numa:4(memory=68719476736) l3:2 core:8 pu:2", 80, 40},
    {"synthetic:numa:1(memory=68719476736) core:9 pu:2", 0, 8},
};

START_TEST(race)
{
    GUESTS guests;
    guests_open(&guests, race_rows[_i].machine);
    static const uint64_t sizes[] = {PAGE_KIB};
    struct vp_demand demand = pair;
    if (race_rows[_i].pages > 0) {
        guests_pools(&guests, PAGE_KIB, race_rows[_i].pages);
        demand.pages = sizes;
        demand.n_pages = 1;
    }
    pid_t children[RACERS];
    int gate[2];
    size_t placed = 0;
    ck_assert_int_eq(pipe(gate), 0);
    for (unsigned i = 0; i < RACERS; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            char byte;
            close(gate[1]);
            if (read(gate[0], &byte, 1) != 0)
                _exit(3);
            vp_autoerror err = NULL;
            const int r = start(&guests, i, &demand, &err);
            if (r < 0 && r != -ENOSPC)
                fprintf(stderr, "guest %u: %s\n", i, err->message);
            _exit(r == 0 ? 0 : r == -ENOSPC ? 1 : 2);
        }
    }
    close(gate[0]);
    close(gate[1]);
    for (unsigned i = 0; i < RACERS; i++) {
        int status = 0;
        ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) <= 1, "guest %u: status %d", i, status);
        placed += WEXITSTATUS(status) == 0;
    }
    ck_assert_uint_eq(placed, race_rows[_i].fit);
    check(&guests, placed);
}
END_TEST

VP_TEST_MAIN("ledger-placer", VP_TEST(one_after_another), VP_TEST(asked), VP_TEST(under_the_lock),
             VP_TEST(seen_again), VP_TEST_ROWS(race, race_rows))
