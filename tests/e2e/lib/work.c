/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A workload inside a guest, static, for an initramfs without a C library. `work SECONDS`: the same piece of
 * work over
 * and over, and at the end how many and how long the slowest hundredth took. `work`: forever, in silence.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { PIECES_MAX = 1000000, TURNS = 100000 };

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

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static float times[PIECES_MAX];
    const double limit = argc > 1 ? strtod(argv[1], NULL) : 0;
    volatile uint64_t x = 88172645463325252u;
    size_t n = 0;

    const double start = now();
    for (double before = start; n < PIECES_MAX;) {
        x = piece(x);
        if (limit <= 0)
            continue;
        const double after = now();
        times[n++] = (float)(after - before);
        before = after;
        if (after - start >= limit)
            break;
    }
    qsort(times, n, sizeof(times[0]), compare);
    printf("VP work-per-second=%.1f\nVP work-p99-us=%.0f\n", (double)n / (now() - start),
           (double)times[n - 1 - n / 100] * 1e6);
    return 0;
}
