/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Time and memory of short-lived programs, side by side: every round runs each of them once, in turn, so that
 * what else happens on the machine hits all alike. A small program in C, as a child counts its parent's
 * memory at the moment of the fork as its own peak.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 200, N_SUBJECTS = 8 };

enum subject_id {
    HOOK_TAGGED,
    HOOK_UNTAGGED,
    HOOK_START,
    HOOK_STARTED,
    XMLLINT_TAGGED,
    XMLLINT_UNTAGGED,
    PYTHON,
    HOOK_RELEASE /* the last: runs behind each HOOK_STARTED, as a guest that runs is not prepared again */
};

struct subject {
    const char *name;
    const char *input;
    const char *argv[8];
    unsigned every; /* runs in each Nth round */
    size_t n;
    double *us;
    long peak_kib;
};

struct bound {
    const char *name;
    enum subject_id above, below;
    double limit;
    bool at_least; /* the ratio must reach the limit, else it must not pass it */
};

static const struct bound bounds[] = {
    {"prepare, tagged / xmllint", HOOK_TAGGED, XMLLINT_TAGGED, 3.0, false},
    {"prepare, untagged / xmllint", HOOK_UNTAGGED, XMLLINT_UNTAGGED, 1.5, false},
    /* The filter only edits a definition; prepare also finds a place, keeps it, and looks after the host. */
    {"python3-lxml filter / prepare, tagged", PYTHON, HOOK_TAGGED, 5.0, true},
};

/*
 * What a start waits for: prepare, start and started. 15 ms are meant, on a machine where xmllint takes 2:
 * the ratio holds on busy ones, too.
 */
static const double start_limit = 7.5;

static const long peak_limit_kib = 12 * 1024;

static void die(const char *what, const char *object)
{
    fprintf(stderr, "bench: %s '%s': %s\n", what, object, strerror(errno));
    exit(1);
}

static double now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* The prototype of posix_spawn() is older than const; it changes no word. */
static char *const *words_of(const char *const *words)
{
    char *const *same;

    memcpy(&same, &words, sizeof(same));
    return same;
}

/* One run: adds its time, keeps the highest peak. A program that fails ends the benchmark: its time would
 * mean nothing. */
static void run_once(struct subject *subject)
{
    static const char *const environment[] = {"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    double start;
    pid_t pid;
    int status, r;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, subject->input, O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    start = now_us();
    r = posix_spawnp(&pid, subject->argv[0], &actions, NULL, words_of(subject->argv), words_of(environment));
    if (r != 0) {
        errno = r;
        die("cannot run", subject->argv[0]);
    }
    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR)
            die("cannot wait for", subject->argv[0]);
    subject->us[subject->n++] = now_us() - start;
    posix_spawn_file_actions_destroy(&actions);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "bench: '%s' (%s) ended with wait status %d\n", subject->argv[0], subject->name,
                status);
        exit(1);
    }
    if (usage.ru_maxrss > subject->peak_kib)
        subject->peak_kib = usage.ru_maxrss;
}

/* What goes on behind libvirt takes no time of a start, and is not to take any of what runs next here. */
static void settle(void)
{
    const int lock = open("/run/virt-profile/host.lock", O_RDONLY | O_CLOEXEC);

    if (lock < 0)
        return;
    if (flock(lock, LOCK_SH) < 0)
        die("cannot wait for", "the host lock");
    close(lock);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* A quantile of the times, which must be sorted. */
static double quantile(const struct subject *subject, double q)
{
    return subject->us[(size_t)(q * (double)(subject->n - 1))];
}

static void run_all(struct subject *subjects)
{
    for (unsigned round = 0; round < ROUNDS; round++)
        for (unsigned i = 0; i < HOOK_RELEASE; i++) {
            const unsigned id = (round + i) % HOOK_RELEASE;

            if (round % subjects[id].every != 0)
                continue;
            run_once(&subjects[id]);
            settle();
            if (id == HOOK_STARTED)
                run_once(&subjects[HOOK_RELEASE]);
        }
    for (unsigned i = 0; i < N_SUBJECTS; i++)
        qsort(subjects[i].us, subjects[i].n, sizeof(*subjects[i].us), compare);
}

static void count(bool good, unsigned *passed, unsigned *failed)
{
    if (good)
        ++*passed;
    else
        ++*failed;
}

static bool report_start(const struct subject *subjects)
{
    static const enum subject_id parts[] = {HOOK_TAGGED, HOOK_START, HOOK_STARTED};
    double us = 0;

    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        us += quantile(&subjects[parts[i]], 0.5);
    const double ratio = us / quantile(&subjects[XMLLINT_TAGGED], 0.5);
    printf("%s - all of a start / xmllint: %.2f (at most %.1f), %.1f ms\n",
           ratio <= start_limit ? "ok" : "not ok", ratio, start_limit, us / 1000);
    return ratio <= start_limit;
}

/* The table and the verdicts; returns how many bounds are broken. */
static unsigned report(const struct subject *subjects)
{
    unsigned passed = 0, failed = 0;

    printf("%-34s %6s %10s %10s %10s\n", "", "runs", "median us", "p95 us", "peak KiB");
    for (unsigned i = 0; i < N_SUBJECTS; i++)
        printf("%-34s %6zu %10.0f %10.0f %10ld\n", subjects[i].name, subjects[i].n,
               quantile(&subjects[i], 0.5), quantile(&subjects[i], 0.95), subjects[i].peak_kib);
    for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
        const struct bound *bound = &bounds[i];
        double ratio = quantile(&subjects[bound->above], 0.5) / quantile(&subjects[bound->below], 0.5);
        bool good = bound->at_least ? ratio >= bound->limit : ratio <= bound->limit;

        printf("%s - %s: %.2f (%s %.1f)\n", good ? "ok" : "not ok", bound->name, ratio,
               bound->at_least ? "at least" : "at most", bound->limit);
        count(good, &passed, &failed);
    }
    count(report_start(subjects), &passed, &failed);
    for (unsigned i = HOOK_TAGGED; i <= HOOK_STARTED; i++) {
        bool good = subjects[i].peak_kib <= peak_limit_kib;

        printf("%s - %s: peak memory %.1f MiB (at most %ld)\n", good ? "ok" : "not ok", subjects[i].name,
               (double)subjects[i].peak_kib / 1024, peak_limit_kib / 1024);
        count(good, &passed, &failed);
    }
    printf("%u passed, %u failed, 0 skipped\n", passed, failed);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fputs("usage: bench HOOK FILTER TAGGED.xml UNTAGGED.xml PROFILES\n", stderr);
        return 2;
    }
    const char *hook = argv[1], *filter = argv[2], *tagged = argv[3];
    const char *untagged = argv[4], *profiles = argv[5];
    struct subject subjects[N_SUBJECTS] = {
        [HOOK_TAGGED] = {.name = "hook prepare, tagged",
                         .input = tagged,
                         .argv = {hook, "guest", "prepare", "begin", "-"},
                         .every = 1},
        [HOOK_UNTAGGED] = {.name = "hook prepare, untagged",
                           .input = untagged,
                           .argv = {hook, "guest", "prepare", "begin", "-"},
                           .every = 1},
        [HOOK_START] = {.name = "hook start, tagged",
                        .input = tagged,
                        .argv = {hook, "guest", "start", "begin", "-"},
                        .every = 1},
        [HOOK_STARTED] = {.name = "hook started, tagged",
                          .input = tagged,
                          .argv = {hook, "guest", "started", "begin", "-"},
                          .every = 1},
        [XMLLINT_TAGGED] = {.name = "xmllint --noout, tagged",
                            .input = "/dev/null",
                            .argv = {"xmllint", "--noout", tagged},
                            .every = 1},
        [XMLLINT_UNTAGGED] = {.name = "xmllint --noout, untagged",
                              .input = "/dev/null",
                              .argv = {"xmllint", "--noout", untagged},
                              .every = 1},
        [PYTHON] = {.name = "python3-lxml filter, tagged",
                    .input = tagged,
                    .argv = {"/usr/bin/python3", filter, profiles},
                    .every = 4},
        [HOOK_RELEASE] = {.name = "hook release, tagged",
                          .input = tagged,
                          .argv = {hook, "guest", "release", "end", "-"}},
    };

    for (unsigned i = 0; i < N_SUBJECTS; i++) {
        subjects[i].us = calloc(ROUNDS, sizeof(*subjects[i].us));
        if (!subjects[i].us)
            die("no memory for", subjects[i].name);
    }
    run_all(subjects);
    return report(subjects) > 0 ? 1 : 0;
}
