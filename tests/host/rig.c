/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rig.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "size.h"
#include "strbuf.h"
#include "text.h"

struct rig_trap rig_trap;

static int springs(const char *target, struct vp_error **err)
{
    if (rig_trap.code == 0)
        _exit(42);
    return vp_fail(err, rig_trap.code, "cannot write to '%s': %m", target);
}

int rig_write(const struct vp_root *root, const char *target, const char *value, struct vp_error **err)
{
    const bool now = rig_trap.at > 0 && --rig_trap.at == 0;
    if (now && !rig_trap.done)
        return springs(target, err);
    const int r = vp_host_write(root, target, value, err);
    return now && r == 0 ? springs(target, err) : r;
}

/* The kernel gives two pages less than asked for. */
static int write_part(const struct vp_root *root, const char *target, const char *value,
                      struct vp_error **err)
{
    uint64_t n = 0;
    if (!rig_trap.less || vp_u64_parse(value, 0, UINT64_MAX, &n) < 0)
        return rig_write(root, target, value, err);
    vp_autofree char *less = vp_asprintf("%llu", (unsigned long long)n - 2);
    return rig_write(root, target, less, err);
}

static int write_odd(const struct vp_root *root, const char *target, const char *value, struct vp_error **err)
{
    const int r = vp_host_write(root, "/v/run", "2", err);
    return r < 0 ? r : rig_write(root, target, value, err);
}

static int write_double(const struct vp_root *root, const char *target, const char *value,
                        struct vp_error **err)
{
    const int r = vp_host_write(root, target, "half", err);
    return r < 0 ? r : rig_write(root, target, value, err);
}

int rig_read(const struct vp_root *root, const char *target, char **ret_value, struct vp_error **err)
{
    return vp_means_file.read(root, target, ret_value, err);
}

static bool same_case(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

static const struct vp_means file = {.name = "file", .read = rig_read, .write = rig_write, .same = same_case};
static const struct vp_means part = {.name = "part", .read = rig_read, .write = write_part, .shared = true};
static const struct vp_means odd = {
    .name = "odd", .read = rig_read, .write = write_odd, .passes = "/v/run", .passing = "2"};
static const struct vp_means twice = {
    .name = "double", .read = rig_read, .write = write_double, .again = true};
const struct vp_means *const rig_means[] = {&file, &part, &odd, &twice, NULL};

static const struct vp_means *means_of(char letter)
{
    return letter == 'p' ? &part : letter == 'o' ? &odd : letter == 'd' ? &twice : &file;
}

void rig_for_each(const char *list, void (*each)(void *cookie, const char *name, const char *value),
                  void *cookie)
{
    vp_autofree char *copy = vp_strdup(list);
    char *save = NULL;
    for (char *word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
        char *value = strchr(word, '=');
        ck_assert_ptr_nonnull(value);
        *value++ = '\0';
        each(cookie, word, value);
    }
}

void rig_set(void *cookie, const char *name, const char *value)
{
    const struct fake *fake = cookie;
    vp_autofree char *path = vp_asprintf("/v/%s", name);
    vp_autofree char *line = vp_asprintf("%s\n", value);
    if (*value == '\0')
        ck_assert_int_eq(vp_root_unlink(fake->root, path, NULL), 0);
    else
        fake_file(fake, path, line);
}

/* Means by the first letter: "p…" is shared, "o…" passes, "e…" is essential. */
void rig_wish(void *cookie, const char *name, const char *value)
{
    vp_autofree char *path = vp_asprintf("/v/%s", name);
    vp_wishes_add(cookie, means_of(*name), path, value, "db", "because")->essential = *name == 'e';
}

void rig_check(void *cookie, const char *name, const char *value)
{
    const struct fake *fake = cookie;
    vp_autofree char *path = vp_asprintf("/v/%s", name);
    vp_autofree char *have = NULL;
    (void)vp_means_file.read(fake->root, path, &have, NULL);
    ck_assert_msg(vp_same(have, value) || (have == NULL && *value == '\0'), "%s is '%s', not '%s'", name,
                  have != NULL ? have : "absent", value);
}

static const char *const outcomes[VP_OUTCOME_N_] = {"set", "restored", "kept", "foreign", "absent", "failed"};

static char *show(const struct vp_happenings *happenings)
{
    struct vp_strbuf buf = {0};
    for (size_t i = 0; i < happenings->n; i++) {
        const struct vp_happening *h = &happenings->items[i];
        const char *what = vp_starts(h->what, "/v/") ? h->what + 3 : h->what;
        vp_autofree char *line = vp_asprintf("%s %s%s", outcomes[h->outcome], what, h->essential ? "!" : "");
        ck_assert_msg(h->why != NULL && *h->why != '\0', "'%s' without why", line);
        vp_strbuf_join(&buf, ", ", line);
    }
    return vp_strbuf_take(&buf);
}

char *rig_reconcile(const struct fake *fake, const char *wanted)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(vp_happenings_done) struct vp_happenings happenings = {0};
    VP_CLEANUP(vp_root_unlock) int lock = -1;
    vp_autoerror err = NULL;
    rig_for_each(wanted, rig_wish, &wishes);
    ck_assert_msg(vp_host_lock(fake->root, &lock, &err) == 0, "%s", err != NULL ? err->message : "?");
    ck_assert_msg(vp_reconcile_by(fake->root, rig_means, &wishes, &happenings, &err) == 0, "%s",
                  err != NULL ? err->message : "?");
    return show(&happenings);
}

bool rig_noted(const struct fake *fake)
{
    const int fd = vp_root_openat(fake->root, vp_journal_path, O_RDONLY);
    if (fd >= 0)
        ck_assert_int_eq(close(fd), 0);
    return fd >= 0;
}
