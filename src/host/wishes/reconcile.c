/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reconcile.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "journal.h"
#include "size.h"
#include "text.h"

#define FOLDER "/run/virt-profile"

/* One target that has to be written. */
struct step {
    struct vp_journal_item *item;
    const struct vp_means *means;
    const struct vp_wish *wish; /* NULL: what was there before comes back */
    char *now;                  /* owned; what is there */
};

struct run {
    const struct vp_root *root;
    const struct vp_means *const *means;
    const struct vp_wishes *wishes;
    struct vp_journal journal;
    struct vp_happenings happenings;
    struct step *steps;
    size_t n_steps, cap_steps;
};

void vp_happenings_done(struct vp_happenings *happenings)
{
    for (size_t i = 0; i < happenings->n; i++) {
        free(happenings->items[i].what);
        free(happenings->items[i].why);
    }
    free(happenings->items);
    *happenings = (struct vp_happenings){0};
}

enum vp_log_priority vp_happening_priority(const struct vp_happening *happening)
{
    static const enum vp_log_priority priorities[VP_OUTCOME_N_] = {
        [VP_OUTCOME_SET] = VP_LOG_INFO,     [VP_OUTCOME_RESTORED] = VP_LOG_INFO,
        [VP_OUTCOME_KEPT] = VP_LOG_NOTICE,  [VP_OUTCOME_FOREIGN] = VP_LOG_WARNING,
        [VP_OUTCOME_ABSENT] = VP_LOG_DEBUG, [VP_OUTCOME_FAILED] = VP_LOG_WARNING,
    };
    const bool minor = happening->outcome == VP_OUTCOME_FAILED && !happening->essential;
    return minor ? VP_LOG_NOTICE : priorities[happening->outcome];
}

static void run_done(struct run *run)
{
    vp_journal_done(&run->journal);
    vp_happenings_done(&run->happenings);
    for (size_t i = 0; i < run->n_steps; i++)
        free(run->steps[i].now);
    free(run->steps);
}

static void say(struct run *run, enum vp_outcome outcome, bool essential, const char *target,
                const char *value, const char *why)
{
    struct vp_happenings *h = &run->happenings;
    vp_grow(&h->items, h->n, &h->cap, sizeof(*h->items));
    h->items[h->n++] = (struct vp_happening){
        .outcome = outcome,
        .what = value != NULL ? vp_asprintf("%s = %s", target, value) : vp_strdup(target),
        .why = vp_strdup(why),
        .essential = essential,
    };
}

static void say_failed(struct run *run, int r, bool essential, const char *target, const char *value,
                       const char *why)
{
    run->happenings.again = run->happenings.again || r == -EAGAIN;
    say(run, VP_OUTCOME_FAILED, essential, target, value, why);
}

static const struct vp_means *find_means(const struct run *run, const char *name)
{
    for (size_t i = 0; run->means[i] != NULL; i++)
        if (strcmp(run->means[i]->name, name) == 0)
            return run->means[i];
    return NULL;
}

static bool same(const struct vp_means *means, const char *a, const char *b)
{
    return a != NULL && b != NULL && (means->same != NULL ? means->same(a, b) : strcmp(a, b) == 0);
}

static void set_text(char **to, const char *text)
{
    char *copy = vp_strdup(text);
    free(*to);
    *to = copy;
}

static void set_number(char **to, uint64_t n)
{
    free(*to);
    *to = vp_asprintf("%" PRIu64, n);
}

/* A run that died may have written what it noted, or not: what is there tells. */
static void settle(struct vp_journal_item *item, const struct vp_means *means, const char *now)
{
    if (means->shared)
        set_number(&item->ours, vp_journal_part(item, now));
    else if (item->next != NULL && !same(means, now, item->ours))
        /* Written; or changed by somebody else since, which is theirs whether we wrote or not. */
        set_text(&item->ours, item->next);
    set_text(&item->next, NULL);
    set_text(&item->seen, NULL);
}

static void add_step(struct run *run, struct vp_journal_item *item, const struct vp_means *means,
                     const struct vp_wish *wish, char *now)
{
    vp_grow(&run->steps, run->n_steps, &run->cap_steps, sizeof(*run->steps));
    run->steps[run->n_steps++] = (struct step){item, means, wish, vp_strdup(now)};
    if (!means->shared)
        set_text(&item->next, wish != NULL ? wish->value : item->before);
}

/* What is there now, a write that a process left half-done completed. */
static int read_now(const struct run *run, const struct vp_means *means, const char *target,
                    const struct vp_journal_item *item, char **ret_now, struct vp_error **err)
{
    if (means->again && item != NULL && item->next != NULL)
        (void)means->write(run->root, target, item->next, NULL); /* what is read tells how it went */
    return means->read(run->root, target, ret_now, err);
}

/* Nobody wishes for it any more. */
static void plan_restore(struct run *run, struct vp_journal_item *item)
{
    vp_autofree char *now = NULL;
    vp_autoerror err = NULL;
    const struct vp_means *means = find_means(run, item->means);
    if (means == NULL) {
        vp_autofree char *why = vp_asprintf("this version does not know how to write by '%s'", item->means);
        say(run, VP_OUTCOME_FAILED, false, item->target, item->before, why);
        return;
    }
    const int r = read_now(run, means, item->target, item, &now, &err);
    if (r == -ENOENT) {
        item->gone = true;
        return;
    }
    if (r < 0) {
        say_failed(run, r, false, item->target, item->before, err->message);
        return;
    }
    settle(item, means, now);
    if (means->shared ? vp_journal_number(item->ours) == 0 : same(means, now, item->before)) {
        item->gone = true;
    } else if (means->shared || same(means, now, item->ours)) {
        add_step(run, item, means, NULL, now);
    } else {
        vp_autofree char *why =
            vp_asprintf("somebody changed it since it was set to '%s', from '%s', for '%s'", item->ours,
                        item->before, item->owner);
        say(run, VP_OUTCOME_KEPT, false, item->target, now, why);
        item->gone = true;
    }
}

static struct vp_journal_item *note(struct run *run, const struct vp_wish *wish, const char *now)
{
    struct vp_journal_item *item = vp_journal_add(&run->journal, wish->means->name, wish->target);
    item->before = wish->means->shared ? NULL : vp_strdup(now);
    item->ours = vp_strdup(wish->means->shared ? "0" : now);
    return item;
}

static void plan_wish(struct run *run, const struct vp_wish *wish)
{
    vp_autofree char *now = NULL;
    vp_autoerror err = NULL;
    const struct vp_means *means = wish->means;
    struct vp_journal_item *item = vp_journal_find(&run->journal, means->name, wish->target);
    const int r = read_now(run, means, wish->target, item, &now, &err);
    if (r == -ENOENT) {
        if (item != NULL)
            item->gone = true;
        say(run, VP_OUTCOME_ABSENT, wish->essential, wish->target, wish->value, err->message);
        return;
    }
    if (r < 0) {
        say_failed(run, r, wish->essential, wish->target, wish->value, err->message);
        return;
    }
    if (item == NULL)
        item = note(run, wish, now);
    settle(item, means, now);
    set_text(&item->owner, wish->owner);
    set_text(&item->reason, wish->reason);
    vp_autofree char *told = vp_take(&item->told);
    if (means->shared ? vp_journal_number(item->ours) == vp_journal_number(wish->value)
                      : same(means, now, wish->value))
        return;
    if (means->shared || same(means, now, item->ours)) {
        add_step(run, item, means, wish, now);
        return;
    }
    item->told = vp_strdup(now);
    if (vp_same(told, now))
        return;
    vp_autofree char *why = vp_asprintf("somebody changed it from '%s', while '%s' wants '%s': %s",
                                        item->ours, wish->owner, wish->value, wish->reason);
    say(run, VP_OUTCOME_FOREIGN, wish->essential, wish->target, now, why);
}

static void plan(struct run *run)
{
    const size_t n = run->journal.n;
    for (size_t i = n; i-- > 0;) {
        struct vp_journal_item *item = run->journal.items[i];
        const struct vp_means *means = find_means(run, item->means);
        if (means == NULL || vp_wishes_find(run->wishes, means, item->target) == NULL)
            plan_restore(run, item);
    }
    for (size_t i = 0; i < run->wishes->n; i++)
        plan_wish(run, &run->wishes->items[i]);
}

/* Put a file back that was changed in passing. It stays noted where that fails. */
static void end_passing(struct run *run)
{
    struct vp_journal *journal = &run->journal;
    vp_autofree char *now = NULL;
    vp_autoerror err = NULL;
    if (journal->passes == NULL)
        return;
    int r = vp_means_file.read(run->root, journal->passes, &now, &err);
    if (r == 0 && vp_same(now, journal->passing))
        r = vp_host_write(run->root, journal->passes, journal->passed, &err);
    if (r < 0 && r != -ENOENT) {
        say(run, VP_OUTCOME_FAILED, false, journal->passes, journal->passed, err->message);
        return;
    }
    set_text(&journal->passes, NULL);
    set_text(&journal->passing, NULL);
    set_text(&journal->passed, NULL);
}

/* Note a file that the next write changes on its way. */
static int begin_passing(struct run *run, const struct vp_means *means, struct vp_error **err)
{
    struct vp_journal *journal = &run->journal;
    vp_autofree char *now = NULL;
    if (means->passes == NULL)
        return 0;
    if (journal->passes != NULL)
        return vp_fail(err, EBUSY, "'%s' has still to be put back to '%s'", journal->passes, journal->passed);
    int r = vp_means_file.read(run->root, means->passes, &now, err);
    if (r < 0 || vp_same(now, means->passing))
        return r;
    set_text(&journal->passes, means->passes);
    set_text(&journal->passing, means->passing);
    set_text(&journal->passed, now);
    return vp_journal_write(run->root, journal, err);
}

/*
 * Several may have a part in one whole, so each is noted when its turn comes: with the whole as it is then,
 * and with no other under way.
 */
static int begin_part(struct run *run, struct step *step, struct vp_error **err)
{
    struct vp_journal_item *item = step->item;
    if (!step->means->shared)
        return 0;
    free(vp_take(&step->now));
    const int r = step->means->read(run->root, item->target, &step->now, err);
    if (r < 0)
        return r;
    set_text(&item->next, step->wish != NULL ? step->wish->value : "0");
    set_text(&item->seen, step->now);
    return vp_journal_write(run->root, &run->journal, err);
}

static int write_step(struct run *run, struct step *step, struct vp_error **err)
{
    const struct vp_journal_item *item = step->item;
    vp_autofree char *whole = NULL;
    int r = begin_passing(run, step->means, err);
    if (r == 0)
        r = begin_part(run, step, err);
    if (r < 0)
        return r;
    if (step->means->shared)
        set_number(&whole, vp_journal_number(step->now) - vp_journal_number(item->ours) +
                               vp_journal_number(item->next));
    r = step->means->write(run->root, item->target, whole != NULL ? whole : item->next, err);
    if (run->journal.passes != NULL) {
        end_passing(run);
        (void)vp_journal_write(run->root, &run->journal, NULL); /* the last one of this run tells */
    }
    return r;
}

/* What was written is there, is not, or is there in part. Returns whether all of it is. */
static bool take_stock(const struct step *step, const char *now)
{
    struct vp_journal_item *item = step->item;
    if (step->means->shared)
        set_number(&item->ours, vp_journal_part(item, now));
    vp_autofree char *next = vp_take(&item->next);
    set_text(&item->seen, NULL);
    if (step->means->shared)
        return vp_journal_number(item->ours) == vp_journal_number(next);
    const bool there = same(step->means, now, next);
    set_text(&item->ours, there ? next : now);
    return there;
}

/* Nothing of ours is there: it need not be noted. */
static bool untouched(const struct step *step)
{
    const struct vp_journal_item *item = step->item;
    return step->means->shared ? vp_journal_number(item->ours) == 0
                               : same(step->means, item->ours, item->before);
}

static void carry_out(struct run *run, struct step *step)
{
    struct vp_journal_item *item = step->item;
    vp_autofree char *now = NULL;
    vp_autofree char *aim = vp_strdup(step->wish != NULL ? step->wish->value : item->before);
    vp_autoerror failed = NULL;
    vp_autoerror unread = NULL;
    const bool essential = step->wish != NULL && step->wish->essential;
    int r = write_step(run, step, &failed);
    const int read = step->means->read(run->root, item->target, &now, &unread);
    if (read == -ENOENT) {
        item->gone = true;
        if (step->wish != NULL)
            say(run, VP_OUTCOME_ABSENT, essential, item->target, aim, unread->message);
        return;
    }
    if (read < 0) { /* `next` stays noted: the next run finds out */
        say_failed(run, failed != NULL ? r : read, essential, item->target, aim,
                   failed != NULL ? failed->message : unread->message);
        return;
    }
    if (!take_stock(step, now) && r == 0)
        r = vp_fail(&failed, EIO, "'%s' was written to '%s', but it says '%s'", aim, item->target, now);
    if (step->wish == NULL || r < 0)
        item->gone = untouched(step);
    if (r < 0)
        say_failed(run, r, essential, item->target, aim, failed->message);
    else if (step->wish != NULL)
        say(run, VP_OUTCOME_SET, essential, item->target, aim, item->reason);
    else
        say(run, VP_OUTCOME_RESTORED, false, item->target, now, "no guest needs it otherwise any more");
}

/* What a killed process was writing; the host lock is held, so nobody is. */
static void sweep(const struct vp_root *root)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    if (vp_root_list(root, FOLDER, &names, NULL) < 0)
        return;
    for (size_t i = 0; names[i] != NULL; i++) {
        vp_autofree char *path = vp_asprintf(FOLDER "/%s", names[i]);
        if (vp_root_is_unfinished(names[i]) && vp_starts(names[i], ".host.json."))
            (void)vp_root_unlink(root, path, NULL); /* it takes room, no more */
    }
}

int vp_reconcile(const struct vp_root *root, const struct vp_wishes *wishes,
                 struct vp_happenings *ret_happenings, struct vp_error **err)
{
    return vp_reconcile_by(root, vp_means_all, wishes, ret_happenings, err);
}

int vp_reconcile_by(const struct vp_root *root, const struct vp_means *const *means,
                    const struct vp_wishes *wishes, struct vp_happenings *ret_happenings,
                    struct vp_error **err)
{
    VP_CLEANUP(run_done) struct run run = {.root = root, .means = means, .wishes = wishes};
    vp_autofree char *said = NULL;
    vp_autoerror late = NULL;
    int r = vp_journal_read(root, &run.journal, &said, err);
    if (r == 0 && said != NULL) {
        r = vp_journal_set_aside(root, err);
        free(vp_take(&run.journal.text)); /* it is not there any more */
    }
    if (r < 0)
        return r;
    sweep(root);
    if (said != NULL)
        say(&run, VP_OUTCOME_FAILED, false, vp_journal_path, NULL, said);
    end_passing(&run);
    plan(&run);
    r = vp_journal_write(root, &run.journal, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < run.n_steps; i++)
        carry_out(&run, &run.steps[i]);
    /* Where this fails the file says what was under way, and the next run finds out how it ended. */
    if (vp_journal_write(root, &run.journal, &late) < 0)
        say(&run, VP_OUTCOME_FAILED, false, vp_journal_path, NULL, late->message);
    *ret_happenings = run.happenings;
    run.happenings = (struct vp_happenings){0};
    return 0;
}
