/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guests.h"

#include "placer.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * What a start costs in the ledger: how long the lock is held, with how many guests about, alone and with
 * 64 at once. On a machine of 1024 CPUs; in memory, as /run is.
 */

#define MACHINE "synthetic:pack:4 numa:2(memory=549755813888) l3:8 core:8 pu:2"

enum { RUNS = 101, CROWD = 64 };

/* What is promised: milliseconds that the lock is held at the median, and 64 at once against one. */
#define HELD_MAX_MS 2
#define CROWD_MAX 10

struct sample {
    double total, held; /* milliseconds */
};

static struct sample *current;
static double locked_at;

int __real_vp_root_lock(const struct vp_root *root, const char *path, bool wait, int *ret_fd,
                        struct vp_error **err);
int __wrap_vp_root_lock(const struct vp_root *root, const char *path, bool wait, int *ret_fd,
                        struct vp_error **err);
void __real_vp_root_unlock(int *fd);
void __wrap_vp_root_unlock(int *fd);

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

int __wrap_vp_root_lock(const struct vp_root *root, const char *path, bool wait, int *ret_fd,
                        struct vp_error **err)
{
    const int r = __real_vp_root_lock(root, path, wait, ret_fd, err);
    locked_at = now();
    return r;
}

void __wrap_vp_root_unlock(int *fd)
{
    if (*fd >= 0 && current != NULL)
        current->held = now() - locked_at;
    __real_vp_root_unlock(fd);
}

/* As a hook does it, from nothing. */
static void start(struct guests *guests, unsigned n, struct sample *sample)
{
    vp_autofree char *uuid = guests_uuid(n);
    vp_autofree char *name = vp_asprintf("g%u", n);
    vp_autoentry entry = vp_entry_new(uuid, name);
    vp_autoerror err = NULL;
    const struct vp_demand demand = {
        .name = name, .policy = VP_POLICY_DEDICATED, .vcpus = 4, .memory_kib = 1u << 20};
    const double begin = now();
    entry->maker = (struct vp_process){1, 1};
    current = sample;
    vp_autoplacer placer = vp_ledger_placer(guests->fake.root, guests->fake.host, &guests->conf, uuid, entry,
                                            guests_say, guests);
    vp_autoplacement placement = NULL;
    const int r = placer->place(placer, &demand, &placement, &err);
    sample->total = now() - begin;
    current = NULL;
    ck_assert_msg(r == 0, "%s", err != NULL ? err->message : "");
}

static void stop(struct guests *guests, unsigned n)
{
    vp_autofree char *uuid = guests_uuid(n);
    vp_autoledger ledger = guests_ledger(guests);
    ck_assert_int_eq(vp_ledger_remove(ledger, uuid, NULL), 0);
}

static int compare(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The median of one of the two numbers. */
static double median(const struct sample *samples, size_t n, bool held)
{
    vp_autofree double *values = vp_alloc(n, sizeof(values[0]));
    for (size_t i = 0; i < n; i++)
        values[i] = held ? samples[i].held : samples[i].total;
    qsort(values, n, sizeof(values[0]), compare);
    return values[n / 2];
}

static double crowd(struct guests *guests, unsigned first, unsigned n, struct sample *samples)
{
    pid_t children[CROWD];
    int gate[2];
    ck_assert_int_eq(pipe(gate), 0);
    for (unsigned i = 0; i < n; i++) {
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            char byte;
            close(gate[1]);
            if (read(gate[0], &byte, 1) == 0)
                start(guests, first + i, &samples[i]);
            _exit(0);
        }
    }
    usleep(100000);
    const double begin = now();
    close(gate[0]);
    close(gate[1]);
    for (unsigned i = 0; i < n; i++)
        ck_assert_int_eq(waitpid(children[i], NULL, 0), children[i]);
    const double took = now() - begin;
    for (unsigned i = 0; i < n; i++)
        stop(guests, first + i);
    return took;
}

static void measure(struct guests *guests, unsigned about)
{
    struct sample samples[RUNS];
    for (unsigned i = 0; i < RUNS; i++) {
        start(guests, 100000 + i, &samples[i]);
        stop(guests, 100000 + i);
    }
    struct sample *shared =
        mmap(NULL, sizeof(*shared) * CROWD, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
    double alone[11];
    for (size_t i = 0; i < VP_ARRAY_SIZE(alone); i++)
        alone[i] = crowd(guests, 200000, 1, shared);
    qsort(alone, VP_ARRAY_SIZE(alone), sizeof(alone[0]), compare);
    const double one = alone[VP_ARRAY_SIZE(alone) / 2];
    const double all = crowd(guests, 200000, CROWD, shared);
    printf("%3u guests: a start %.2f ms, lock held %.2f ms; %d at once %.1f ms = %.1f × one of %.2f ms "
           "on %ld CPUs, lock held %.2f ms\n",
           about, median(samples, RUNS, false), median(samples, RUNS, true), CROWD, all, all / one, one,
           sysconf(_SC_NPROCESSORS_ONLN), median(shared, CROWD, true));
    munmap(shared, sizeof(*shared) * CROWD);
    const double held = median(samples, RUNS, true);
    ck_assert_msg(held <= HELD_MAX_MS, "%u guests: the lock is held for %.2f ms", about, held);
    /*
     * As many as start at once share the CPUs there are, and wait for each other only as long as one has
     * the lock: with a CPU for each, all would be there within so many times of one.
     */
    ck_assert_msg(CROWD * held <= CROWD_MAX * one, "%u guests: %d × %.2f ms of lock, one start takes %.2f ms",
                  about, CROWD, held, one);
}

static void fill(struct guests *guests, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        if (i % 8 == 0) {
            struct sample ignored;
            start(guests, i, &ignored);
        } else {
            guests_store(guests, guests_entry(guests, i, i % 2 != 0 ? VP_POLICY_NODE : VP_POLICY_SHARED, 4));
        }
    }
}

START_TEST(all)
{
    GUESTS guests;
    /* /run is memory; so is this, on Linux. */
    if (access("/dev/shm", W_OK) == 0)
        ck_assert_int_eq(setenv("TMPDIR", "/dev/shm", 1), 0);
    guests_open(&guests, MACHINE);
    guests_pools(&guests, 2048, 0);
    measure(&guests, 0);
    fill(&guests, 0, 64);
    measure(&guests, 64);
    fill(&guests, 64, 512);
    measure(&guests, 512);
}
END_TEST

VP_TEST_MAIN("bench-ledger", VP_TEST(all))
