/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fleet.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "size.h"
#include "strbuf.h"
#include "suggest.h"

#define NAME_MAX_BYTES 128

/* A line being taken apart. */
struct line {
    size_t number;
    const char *at; /* what is left of it */
    const char *end;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word; NULL at the end of the line. Owned. */
static char *next_word(struct line *line)
{
    while (line->at < line->end && is_blank(*line->at))
        line->at++;
    const char *begin = line->at;
    while (line->at < line->end && !is_blank(*line->at))
        line->at++;
    return line->at > begin ? vp_strndup(begin, (size_t)(line->at - begin)) : NULL;
}

static char *join(const char *const *names, size_t n)
{
    struct vp_strbuf out = {0};
    for (size_t i = 0; i < n; i++)
        vp_strbuf_join(&out, ", ", names[i]);
    return vp_strbuf_take(&out);
}

/* Which of the names is it? */
static int read_choice(const char *what, const char *const *names, size_t n, const char *text, unsigned *ret,
                       struct vp_error **err)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], text) == 0) {
            *ret = (unsigned)i;
            return 0;
        }
    vp_autofree char *all = join(names, n);
    return vp_fail(err, EINVAL, "'%s' is no %s; there are: %s", text, what, all);
}

static int read_count(const char *what, const char *text, uint64_t min, unsigned *ret, struct vp_error **err)
{
    uint64_t value = 0;
    const int r = vp_u64_parse(text, min, VP_TOPOLOGY_CPUS_MAX, &value);
    if (r < 0)
        return vp_fail(err, -r, "'%s' is no %s; write a number from %u to %d", text, what, (unsigned)min,
                       VP_TOPOLOGY_CPUS_MAX);
    *ret = (unsigned)value;
    return 0;
}

static int read_kib(const char *what, const char *text, uint64_t *ret, struct vp_error **err)
{
    uint64_t bytes = 0;
    const int r = vp_size_parse(text, &bytes);
    if (r < 0 || bytes % 1024 != 0)
        return vp_fail(err, r < 0 ? -r : EINVAL,
                       "'%s' is no %s; write whole KiB with a unit, like 512M or 16G", text, what);
    *ret = bytes / 1024;
    return 0;
}

static int read_pages(struct vp_fleet_guest *guest, const char *text, struct vp_error **err)
{
    guest->demand.n_pages = 0;
    for (const char *at = text;;) {
        const size_t n = strcspn(at, ",");
        vp_autofree char *word = vp_strndup(at, n);
        uint64_t kib = 0;
        if (strcmp(word, "ordinary") != 0) {
            const int r = read_kib("page size ('ordinary' is one too)", word, &kib, err);
            if (r < 0)
                return r;
            if (kib == 0)
                return vp_fail(err, EINVAL, "a page of '%s' is empty; write 'ordinary' for ordinary memory",
                               word);
        }
        if (guest->demand.n_pages == VP_FLEET_PAGES_MAX)
            return vp_fail(err, EINVAL, "'%s' lists more than %d page sizes", text, VP_FLEET_PAGES_MAX);
        guest->pages[guest->demand.n_pages++] = kib;
        if (at[n] == '\0')
            return 0;
        at += n + 1;
    }
}

static int read_near(struct vp_fleet_guest *guest, const char *text, struct vp_error **err)
{
    hwloc_bitmap_t set = NULL;
    if (vp_bitmap_parse(text, "near", &set, NULL) < 0 || hwloc_bitmap_iszero(set)) {
        hwloc_bitmap_free(set);
        return vp_fail(err, EINVAL, "'%s' is no list of NUMA nodes like '0-1,4'", text);
    }
    hwloc_bitmap_free(guest->near);
    guest->near = set;
    return 0;
}

enum key {
    EMULATOR,
    GROW_POOLS,
    GUEST_THREADS,
    IOTHREAD_CPUS,
    IOTHREADS,
    NEAR,
    OVERHEAD,
    PAGES,
    THREADS,
    KEY_N
};
static const char *const keys[KEY_N + 1] = {
    [EMULATOR] = "emulator",           [GROW_POOLS] = "grow-pools", [GUEST_THREADS] = "guest-threads",
    [IOTHREAD_CPUS] = "iothread-cpus", [IOTHREADS] = "iothreads",   [NEAR] = "near",
    [OVERHEAD] = "overhead",           [PAGES] = "pages",           [THREADS] = "threads",
};

static int read_value(struct vp_fleet_guest *guest, enum key key, const char *text, struct vp_error **err)
{
    static const char *const whose[] = {"housekeeping", "own"};
    static const char *const answers[] = {"no", "yes"};
    struct vp_demand *demand = &guest->demand;
    unsigned choice = 0;
    int r = 0;

    switch (key) {
    case EMULATOR:
        r = read_choice("CPUs for the emulator", whose, VP_ARRAY_SIZE(whose), text, &choice, err);
        demand->own_emulator = choice == 1;
        return r;
    case IOTHREAD_CPUS:
        r = read_choice("CPUs for iothreads", whose, VP_ARRAY_SIZE(whose), text, &choice, err);
        demand->own_iothreads = choice == 1;
        return r;
    case GROW_POOLS:
        r = read_choice("answer to grow-pools", answers, VP_ARRAY_SIZE(answers), text, &choice, err);
        demand->grow_pools = choice == 1;
        return r;
    case THREADS:
        r = read_choice("way to use threads", vp_threads_names, VP_THREADS_N_, text, &choice, err);
        demand->threads = (enum vp_threads)choice;
        return r;
    case GUEST_THREADS:
        return read_count("number of threads in a core", text, 1, &demand->guest_threads, err);
    case IOTHREADS:
        return read_count("number of iothreads", text, 0, &demand->iothreads, err);
    case OVERHEAD:
        return read_kib("amount of memory", text, &demand->overhead_kib, err);
    case NEAR:
        return read_near(guest, text, err);
    case PAGES:
        return read_pages(guest, text, err);
    case KEY_N:
        break;
    }
    return -EINVAL;
}

static const char *nth_key(const void *cookie, size_t index)
{
    (void)cookie;
    return keys[index];
}

static int read_key(struct vp_fleet_guest *guest, const char *word, unsigned *seen, struct vp_error **err)
{
    const size_t n = strcspn(word, "=");
    vp_autofree char *name = vp_strndup(word, n);
    if (word[n] == '\0')
        return vp_fail(err, EINVAL, "'%s' is one word too many; what follows MEMORY is KEY=VALUE", word);
    for (unsigned key = 0; key < KEY_N; key++) {
        if (strcmp(keys[key], name) != 0)
            continue;
        if ((*seen >> key & 1) != 0)
            return vp_fail(err, EINVAL, "'%s' is there twice", name);
        *seen |= 1u << key;
        return read_value(guest, (enum key)key, word + n + 1, err);
    }
    const char *near = vp_suggest(name, nth_key, NULL);
    vp_autofree char *all = join(keys, KEY_N);
    return near != NULL ? vp_fail(err, EINVAL, "there is no key '%s'; did you mean '%s'?", name, near)
                        : vp_fail(err, EINVAL, "there is no key '%s'; there are: %s", name, all);
}

static int read_guest(struct line *line, struct vp_fleet_guest *guest, struct vp_error **err)
{
    vp_autofree char *policy = next_word(line);
    vp_autofree char *vcpus = next_word(line);
    vp_autofree char *memory = next_word(line);
    unsigned choice = 0, seen = 0;

    if (strlen(guest->name) > NAME_MAX_BYTES)
        return vp_fail(err, EINVAL, "a guest's name has at most %d bytes", NAME_MAX_BYTES);
    if (memory == NULL)
        return vp_fail(err, EINVAL, "'%s' is not all of a guest; write NAME POLICY VCPUS MEMORY [KEY=VALUE…]",
                       guest->name);
    int r = read_choice("policy", vp_policy_names, VP_POLICY_N_, policy, &choice, err);
    if (r < 0)
        return r;
    guest->demand.policy = (enum vp_policy)choice;
    r = read_count("number of vCPUs", vcpus, 1, &guest->demand.vcpus, err);
    if (r < 0)
        return r;
    r = read_kib("amount of memory", memory, &guest->demand.memory_kib, err);
    if (r < 0)
        return r;
    for (;;) {
        vp_autofree char *word = next_word(line);
        if (word == NULL)
            return 0;
        r = read_key(guest, word, &seen, err);
        if (r < 0)
            return r;
    }
}

static int read_line(struct vp_fleet *fleet, struct line *line, struct vp_error **err)
{
    char *name = next_word(line);
    if (name == NULL)
        return 0;
    if (fleet->n == VP_FLEET_MAX) {
        free(name);
        return vp_fail(err, EINVAL, "this is one guest too many; a list has at most %d", VP_FLEET_MAX);
    }
    vp_grow(&fleet->guests, fleet->n, &fleet->cap, sizeof(fleet->guests[0]));
    struct vp_fleet_guest *guest = &fleet->guests[fleet->n++];
    *guest = (struct vp_fleet_guest){.name = name, .line = line->number};
    for (size_t i = 0; i + 1 < fleet->n; i++)
        if (strcmp(fleet->guests[i].name, name) == 0)
            return vp_fail(err, EINVAL, "the guest '%s' is in line %zu already", name, fleet->guests[i].line);
    return read_guest(line, guest, err);
}

int vp_fleet_read(struct vp_fleet *fleet, const char *text, size_t len, const char *what,
                  struct vp_error **err)
{
    struct line line = {.number = 1, .at = text};

    for (const char *end = text + len; line.at <= end && line.at != NULL; line.number++) {
        const char *newline = memchr(line.at, '\n', (size_t)(end - line.at));
        const char *stop = newline != NULL ? newline : end;
        const char *comment = memchr(line.at, '#', (size_t)(stop - line.at));
        line.end = comment != NULL ? comment : stop;
        int r = memchr(line.at, '\0', (size_t)(stop - line.at)) != NULL
                    ? vp_fail(err, EINVAL, "a NUL byte; this is no text")
                    : read_line(fleet, &line, err);
        if (r < 0)
            return vp_prefix(err, "%s:%zu", what, line.number);
        line.at = newline != NULL ? newline + 1 : end + 1;
    }
    for (size_t i = 0; i < fleet->n; i++) {
        struct vp_fleet_guest *guest = &fleet->guests[i];
        guest->demand.name = guest->name;
        guest->demand.near = guest->near;
        guest->demand.pages = guest->demand.n_pages > 0 ? guest->pages : NULL;
    }
    return 0;
}
