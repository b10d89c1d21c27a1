/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "irqbalance.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "balancesock.h"
#include "cpumask.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"

#define NOTE_MAX (64u * 1024)
/* What irqbalance sleeps between two cycles by itself, and the most that is believed. Seconds. */
#define SLEEP_DEFAULT 10
#define SLEEP_MAX 3600
/* What a cycle may take besides. Seconds. */
#define CYCLE 5
/* irqbalance up to 1.9.4 reads 500 bytes of a command, and takes a part for the whole. */
#define COMMAND_MAX 499
/* It writes masks into 512 bytes. */
#define MASK_MAX 510
/* Numbers are kept in a set; Linux has none above (IRQ_BITMAP_BITS of most machines). */
#define IRQ_MAX (1u << 20)

enum what { WHAT_CPUS, WHAT_IRQS, WHAT_N_ };

static const struct {
    const char *name, *command,
        *none; /* `none`: what irqbalance takes for an empty list, which would crash it */
    const char *note;
} whats[WHAT_N_] = {
    [WHAT_CPUS] = {"cpus", "settings cpus ", "NULL", "/run/virt-profile/irqbalance-cpus"},
    [WHAT_IRQS] = {"irqs", "settings ban irqs ", "NONE", "/run/virt-profile/irqbalance-irqs"},
};

/* What it was told last. */
struct note {
    struct vp_process process;
    uint64_t sleep, until; /* seconds; since boot */
    char *value;           /* owned; NULL: nothing */
};

static void note_done(struct note *note)
{
    free(note->value);
}

void vp_irqbalance_done(struct vp_irqbalance *balance)
{
    hwloc_bitmap_free(balance->cpus);
    hwloc_bitmap_free(balance->irqs);
    *balance = (struct vp_irqbalance){0};
}

char *vp_irqbalance_target(const struct vp_process *process, const char *what)
{
    return vp_asprintf("%jd:%" PRIu64 "/%s", (intmax_t)process->pid, process->start, what);
}

char *vp_irqbalance_irqs_text(hwloc_const_bitmap_t irqs)
{
    struct vp_strbuf buf = {0};
    for (int i = hwloc_bitmap_first(irqs); i >= 0; i = hwloc_bitmap_next(irqs, i))
        vp_strbuf_addf(&buf, "%s%d", buf.len > 0 ? " " : "", i);
    return vp_strbuf_take(&buf);
}

/* The next word of a text, and the way behind it; NULL at the end. Owned. */
static char *next_word(const char **at)
{
    *at += strspn(*at, " \n");
    const size_t n = strcspn(*at, " \n");
    char *word = n > 0 ? vp_strndup(*at, n) : NULL;
    *at += n;
    return word;
}

int vp_irqbalance_irqs_parse(const char *text, hwloc_bitmap_t *ret_irqs, struct vp_error **err)
{
    vp_autobitmap irqs = vp_bitmap_new();
    for (;;) {
        vp_autofree char *word = next_word(&text);
        uint64_t number = 0;
        if (word == NULL)
            break;
        if (vp_u64_parse(word, 0, IRQ_MAX, &number) < 0)
            return vp_fail(err, EINVAL, "cannot use '%s': it is not the number of an interrupt", word);
        hwloc_bitmap_set(irqs, (unsigned)number);
    }
    *ret_irqs = vp_take(&irqs);
    return 0;
}

static int bad_answer(struct vp_error **err)
{
    return vp_fail(err, EBADMSG,
                   "cannot use what irqbalance answers: it is not what versions 1.5 to 1.9 say");
}

/* "SLEEP 10 IRQ 30 LOAD 0 DIFF 0 CLASS 0 … BANNED 00000000,0000000c" */
static int parse_setup(const char *text, struct vp_irqbalance *balance, uint64_t *sleep,
                       struct vp_error **err)
{
    balance->irqs = vp_bitmap_new();
    for (;;) {
        vp_autofree char *word = next_word(&text);
        vp_autofree char *value = word != NULL ? next_word(&text) : NULL;
        uint64_t number = 0;
        if (value == NULL)
            return bad_answer(err);
        if (strcmp(word, "BANNED") == 0) {
            if (strlen(value) >= MASK_MAX)
                return vp_fail(err, EBADMSG,
                               "cannot use what irqbalance answers: it has no room for so many CPUs");
            return vp_cpumask_parse(value, "the CPUs that irqbalance keeps interrupts off", &balance->cpus,
                                    err);
        }
        if (strcmp(word, "SLEEP") == 0 && vp_u64_parse(value, 0, SLEEP_MAX, sleep) < 0)
            *sleep = SLEEP_MAX;
        else if (strcmp(word, "IRQ") == 0 && vp_u64_parse(value, 0, IRQ_MAX, &number) == 0)
            hwloc_bitmap_set(balance->irqs, (unsigned)number);
    }
}

static int ask(const struct vp_root *root, struct vp_irqbalance *ret_balance, uint64_t *ret_sleep,
               struct vp_error **err)
{
    VP_CLEANUP(vp_irqbalance_done) struct vp_irqbalance balance = {0};
    vp_autofree char *answer = NULL;
    uint64_t sleep = SLEEP_DEFAULT;
    int r = vp_balancesock_ask(root, "setup", &balance.process, &answer, err);
    if (r == 0)
        r = parse_setup(answer, &balance, &sleep, err);
    if (r < 0)
        return r;
    *ret_balance = balance;
    *ret_sleep = sleep;
    balance = (struct vp_irqbalance){0};
    return 0;
}

int vp_irqbalance_find(const struct vp_root *root, struct vp_process *ret_process, struct vp_error **err)
{
    return vp_balancesock_find(root, ret_process, err);
}

int vp_irqbalance_ask(const struct vp_root *root, struct vp_irqbalance *ret_balance, struct vp_error **err)
{
    return ask(root, ret_balance, &(uint64_t){0}, err);
}

static uint64_t now_seconds(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_BOOTTIME, &now); /* cannot fail with this clock (Linux 2.6.39) */
    return (uint64_t)now.tv_sec;
}

static bool is_process(const struct vp_process *a, const struct vp_process *b)
{
    return a->pid == b->pid && a->start == b->start;
}

static int parse_process(const char *text, size_t n, struct vp_process *ret_process)
{
    vp_autofree char *copy = vp_strndup(text, n);
    char *colon = strchr(copy, ':');
    uint64_t pid = 0;
    uint64_t start = 0;
    if (colon == NULL)
        return -EINVAL;
    *colon = '\0';
    if (vp_u64_parse(copy, 1, INT32_MAX, &pid) < 0 || vp_u64_parse(colon + 1, 0, UINT64_MAX, &start) < 0)
        return -EINVAL;
    *ret_process = (struct vp_process){.pid = (pid_t)pid, .start = start};
    return 0;
}

/* What this irqbalance was told last; no value where that is not known. */
static void read_note(const struct vp_root *root, enum what what, const struct vp_process *process,
                      struct note *ret_note)
{
    vp_autofree char *text = NULL;
    size_t len = 0;
    *ret_note = (struct note){.sleep = SLEEP_DEFAULT};
    if (vp_root_read(root, whats[what].note, NOTE_MAX, &text, &len, NULL) < 0)
        return;
    const char *at = text;
    vp_autofree char *who = next_word(&at);
    vp_autofree char *sleep = next_word(&at);
    vp_autofree char *until = next_word(&at);
    struct note note = {0};
    if (who == NULL || sleep == NULL || until == NULL || parse_process(who, strlen(who), &note.process) < 0 ||
        !is_process(&note.process, process) || vp_u64_parse(sleep, 0, SLEEP_MAX, &note.sleep) < 0 ||
        vp_u64_parse(until, 0, UINT64_MAX, &note.until) < 0)
        return;
    at += *at == ' ';
    note.value = vp_strndup(at, strcspn(at, "\n"));
    *ret_note = note;
}

static int write_note(const struct vp_root *root, enum what what, const struct note *note,
                      struct vp_error **err)
{
    vp_autofree char *text =
        vp_asprintf("%jd:%" PRIu64 " %" PRIu64 " %" PRIu64 " %s\n", (intmax_t)note->process.pid,
                    note->process.start, note->sleep, note->until, note->value);
    return vp_root_replace(root, whats[what].note, text, strlen(text), 0644, err);
}

/* Which setting of which irqbalance. -ENOENT: it is not there any more. */
static int parse_target(const struct vp_root *root, const char *target, enum what *ret_what,
                        struct vp_process *ret_process, struct vp_error **err)
{
    const char *slash = strchr(target, '/');
    struct vp_process process = {0};
    struct vp_process there = {0};
    if (slash == NULL || parse_process(target, (size_t)(slash - target), &process) < 0)
        return vp_fail(err, EINVAL, "cannot use '%s': it names no irqbalance", target);
    for (size_t i = 0; i < WHAT_N_; i++) {
        if (strcmp(slash + 1, whats[i].name) != 0)
            continue;
        if (vp_irqbalance_find(root, &there, NULL) < 0 || !is_process(&there, &process))
            return vp_fail(err, ENOENT, "irqbalance %jd has ended", (intmax_t)process.pid);
        *ret_what = (enum what)i;
        *ret_process = process;
        return 0;
    }
    return vp_fail(err, EINVAL, "cannot use '%s': irqbalance has no such setting", target);
}

static int read_setting(const struct vp_root *root, const char *target, char **ret_value,
                        struct vp_error **err)
{
    VP_CLEANUP(vp_irqbalance_done) struct vp_irqbalance balance = {0};
    VP_CLEANUP(note_done) struct note note = {0};
    struct vp_process process = {0};
    enum what what = WHAT_CPUS;
    uint64_t sleep = 0;
    vp_autoerror own = NULL;
    int r = parse_target(root, target, &what, &process, err);
    if (r < 0)
        return r;
    read_note(root, what, &process, &note);
    if (note.value != NULL && now_seconds() < note.until) {
        *ret_value = vp_take(&note.value);
        return 0;
    }
    r = ask(root, &balance, &sleep, &own);
    if (r == -EAGAIN && note.value != NULL) {
        *ret_value = vp_take(&note.value);
        return 0;
    }
    if (r < 0)
        return vp_fail(err, -r, "%s", own->message);
    *ret_value = what == WHAT_CPUS ? vp_bitmap_text(balance.cpus) : vp_irqbalance_irqs_text(balance.irqs);
    return 0;
}

/* Until when it has heard, ended its cycle, and begun the next. */
static void set_times(const struct vp_root *root, struct note *note)
{
    bool fresh = false;
    note->sleep = SLEEP_DEFAULT;
    for (size_t i = 0; i < WHAT_N_ && !fresh; i++) {
        VP_CLEANUP(note_done) struct note last = {0};
        read_note(root, (enum what)i, &note->process, &last);
        fresh = last.value != NULL && now_seconds() < last.until;
        if (last.value != NULL)
            note->sleep = last.sleep;
    }
    /* One that was told something just now may not listen, and few can wait until it does. */
    if (!fresh) {
        VP_CLEANUP(vp_irqbalance_done) struct vp_irqbalance balance = {0};
        (void)ask(root, &balance, &note->sleep, NULL);
    }
    note->until = now_seconds() + 2 * note->sleep + CYCLE;
}

static int write_setting(const struct vp_root *root, const char *target, const char *value,
                         struct vp_error **err)
{
    struct vp_process process = {0};
    enum what what = WHAT_CPUS;
    int r = parse_target(root, target, &what, &process, err);
    if (r < 0)
        return r;
    vp_autofree char *command =
        vp_asprintf("%s%s", whats[what].command, value[0] != '\0' ? value : whats[what].none);
    if (strlen(command) > COMMAND_MAX)
        return vp_fail(
            err, E2BIG,
            "cannot tell irqbalance to leave %s '%.40s…' alone: a command has at most %d bytes, this one %zu",
            whats[what].name, value, COMMAND_MAX, strlen(command));
    VP_CLEANUP(note_done) struct note note = {.process = process, .value = vp_strdup(value)};
    set_times(root, &note);
    r = vp_balancesock_tell(root, command, err);
    return r < 0 ? r : write_note(root, what, &note, err);
}

static bool same_setting(const char *a, const char *b)
{
    /* Lists of CPUs have no spaces, lists of interrupts no commas; a single number is the same as either. */
    return vp_means_cpulist.same(a, b);
}

const struct vp_means vp_means_irqbalance = {
    .name = "irqbalance", .read = read_setting, .write = write_setting, .same = same_setting};
