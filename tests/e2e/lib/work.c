/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A workload inside a guest, static, for an initramfs without a C library: the same piece of work over and
 * over, by a process on each CPU. `work SECONDS` tells at the end how many pieces were done in a second, and
 * how long the slowest hundredth took. `work` goes on forever, in silence.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PIECES_MAX = 250000, TURNS = 100000 };

struct worker {
    size_t n;
    double seconds;
    float times[PIECES_MAX];
};

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static uint64_t piece(uint64_t x)
{
    for (int i = 0; i < TURNS; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    return x;
}

static void work(struct worker *worker, int cpu, double limit)
{
    volatile uint64_t x = 88172645463325252u;
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
    const double start = now();
    for (double before = start; worker->n < PIECES_MAX;) {
        x = piece(x);
        if (limit <= 0)
            continue;
        const double after = now();
        worker->times[worker->n++] = (float)(after - before);
        before = after;
        if (after - start >= limit)
            break;
    }
    worker->seconds = now() - start;
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static void report(const struct worker *workers, int cpus)
{
    float *times = calloc((size_t)cpus * PIECES_MAX, sizeof(*times));
    double rate = 0;
    size_t n = 0;

    if (!times)
        exit(1);
    for (int cpu = 0; cpu < cpus; cpu++) {
        rate += (double)workers[cpu].n / workers[cpu].seconds;
        for (size_t i = 0; i < workers[cpu].n; i++)
            times[n++] = workers[cpu].times[i];
    }
    qsort(times, n, sizeof(times[0]), compare);
    printf("VP work-per-second=%.1f\nVP work-p99-us=%.0f\n", rate, (double)times[n - 1 - n / 100] * 1e6);
}

int main(int argc, char **argv)
{
    const double limit = argc > 1 ? strtod(argv[1], NULL) : 0;
    const int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    struct worker *workers = mmap(NULL, sizeof(*workers) * (size_t)cpus, PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (workers == MAP_FAILED)
        return 1;
    for (int cpu = 0; cpu < cpus; cpu++) {
        const pid_t pid = fork();
        if (pid < 0)
            return 1;
        if (pid == 0) {
            work(&workers[cpu], cpu, limit);
            return 0;
        }
    }
    while (wait(NULL) > 0)
        continue;
    report(workers, cpus);
    return 0;
}
