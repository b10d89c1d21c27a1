/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "change.h"

#include <errno.h>
#include <string.h>

#include "text.h"

/* How often a definition that others keep changing is read anew. */
#define ATTEMPTS 5
#define LOCK "/run/virt-profile/definitions.lock"

void vp_change_done(struct vp_change *change)
{
    free(change->profile);
    change->profile = NULL;
    vp_pending_done(&change->pending);
}

static void count(struct vp_change *change)
{
    for (size_t i = 0; i < change->pending.n; i++) {
        /* Without a profile in it, a definition that is restored or migrated is not looked at. */
        if (!change->undone && vp_phase_allows(VP_PHASE_RESTORE, change->pending.items[i].effect))
            change->restart++;
        else
            change->cold++;
    }
}

/* What the guest still has of us although its definition has not: the record in what it was started with. */
static struct vp_pending leftovers(const struct vp_domain *live, const struct vp_registry *registry)
{
    struct vp_pending pending = {0};
    struct vp_tag tag;
    const char *knob = NULL, *at = NULL;

    if (!vp_tag_read(live, &tag))
        return pending;
    for (const vp_node *entry = vp_record_next(&tag, NULL, &knob, &at); entry != NULL;
         entry = vp_record_next(&tag, entry, &knob, &at)) {
        vp_grow(&pending.items, pending.n, &pending.cap, sizeof(*pending.items));
        pending.items[pending.n++] =
            (struct vp_lack){.text = vp_asprintf("%s: %s is still as the profile had it", knob, at),
                             .effect = vp_record_effect(entry, registry)};
    }
    return pending;
}

static int compare_live(const struct vp_engine *engine, const char *stored, struct vp_change *change,
                        struct vp_error **err)
{
    VP_CLEANUP(vp_result_done) struct vp_result result = {0};
    struct vp_request as_tagged = {0};
    vp_autofree char *live_text = NULL;
    vp_autodomain domain = NULL;
    vp_autodomain live = NULL;
    int r;

    r = vp_guest_read_live(change->guest, &change->state, &live_text, err);
    if (r < 0 || live_text == NULL)
        return r;
    r = vp_domain_parse(live_text, strlen(live_text), vp_guest_name(change->guest), &live, err);
    if (r < 0)
        return r;
    if (change->undone) {
        change->pending = leftovers(live, engine->registry);
    } else {
        r = vp_domain_parse(stored, strlen(stored), vp_guest_name(change->guest), &domain, err);
        if (r < 0)
            return r;
        r = vp_engine_plan(engine, &as_tagged, domain, &result, err);
        if (r < 0)
            return r;
        vp_engine_pending(&result, engine->registry, live, VP_PHASE_COLD, &change->pending);
    }
    count(change);
    return 0;
}

static int edit(const struct vp_engine *engine, const struct vp_request *request, const char *name,
                const char *text, char **ret_new, struct vp_error **err)
{
    size_t len = 0;

    if (request != NULL)
        return vp_engine_rewrite(engine, request, text, strlen(text), name, ret_new, &len, err);
    return vp_engine_revert(engine, text, strlen(text), name, false, ret_new, &len, err);
}

char *vp_change_profile(const char *text, const char *name)
{
    vp_autodomain domain = NULL;
    struct vp_tag tag;

    if (!vp_tag_maybe(text, strlen(text)) || vp_domain_parse(text, strlen(text), name, &domain, NULL) < 0)
        return NULL;
    return vp_tag_read(domain, &tag) && !vp_tag_opts_out(&tag) ? vp_strdup(tag.profile) : NULL;
}

/*
 * Of those that look once more and then store. Who may not have it goes without: there is no lock that all
 * clients of libvirt would take.
 */
static int lock_definitions(const struct vp_root *root, bool wait, int *ret_lock, struct vp_error **err)
{
    const int r = vp_root_mkdir(root, "/run/virt-profile", 0700, NULL);

    *ret_lock = -1;
    if (r < 0 || vp_root_lock(root, LOCK, wait, ret_lock, NULL) != -EWOULDBLOCK)
        return 0;
    return vp_fail(err, EAGAIN, "another virt-profile is storing a definition");
}

/* Returns 1 when it was stored, 0 when somebody else was faster. */
static int replace(const struct vp_engine *engine, const struct vp_guest *guest, const char *text,
                   const char *new_text, const struct vp_change_how *how, struct vp_error **err)
{
    VP_CLEANUP(vp_root_unlock) int lock = -1;
    vp_autofree char *again = NULL;
    int r = lock_definitions(engine->profiles.root, !how->hasty, &lock, err);

    if (r == 0)
        r = vp_guest_read(guest, &again, err);
    if (r < 0 || strcmp(text, again) != 0)
        return r;
    r = vp_guest_define(guest, new_text, !how->unchecked, err);
    return r < 0 ? r : 1;
}

int vp_change_store(const struct vp_engine *engine, const struct vp_guest *guest,
                    const struct vp_request *request, const struct vp_change_how *how, char **ret_stored,
                    bool *ret_changed, struct vp_error **err)
{
    static const struct vp_change_how by_default = {0};
    const char *name = vp_guest_name(guest);

    how = how != NULL ? how : &by_default;
    for (size_t attempt = 0; attempt < ATTEMPTS; attempt++) {
        vp_autofree char *text = attempt == 0 ? vp_strdup(how->text) : NULL;
        vp_autofree char *new_text = NULL;
        int r = text == NULL ? vp_guest_read(guest, &text, err) : 0;
        if (r < 0)
            return r;
        vp_autofree char *profile = vp_change_profile(text, name);
        if (request != NULL && request->profile == NULL && profile == NULL)
            return vp_fail(err, ENOENT, "domain '%s' has no profile; give it one with 'virt-profile assign'",
                           name);
        r = edit(engine, request, name, text, &new_text, err);
        if (r == 0 && new_text != NULL)
            r = replace(engine, guest, text, new_text, how, err);
        if (r < 0)
            return r;
        if (new_text != NULL && r == 0)
            continue;
        *ret_changed = new_text != NULL;
        *ret_stored = new_text != NULL ? vp_take(&new_text) : vp_take(&text);
        return 0;
    }
    return vp_fail(err, EAGAIN,
                   "the definition of domain '%s' was changed by somebody else %d times in a row; try again",
                   name, ATTEMPTS);
}

int vp_change_run(const struct vp_engine *engine, const struct vp_guest *guest,
                  const struct vp_request *request, struct vp_change *ret_change, struct vp_error **err)
{
    const bool undone = request == NULL || vp_same(request->profile, VP_PROFILE_NONE);
    struct vp_change change = {.guest = guest, .undone = undone};
    vp_autofree char *stored = NULL;
    int r;

    r = vp_change_store(engine, guest, request, NULL, &stored, &change.changed, err);
    if (r < 0)
        return r;
    change.profile = vp_change_profile(stored, vp_guest_name(guest));
    r = compare_live(engine, stored, &change, err);
    if (r < 0) {
        vp_change_done(&change);
        return vp_prefix(err, "the definition is %s, but", change.changed ? "stored" : "up to date");
    }
    *ret_change = change;
    return 0;
}
