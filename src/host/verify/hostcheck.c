/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "hostcheck_own.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "hostsetting.h"
#include "journal.h"
#include "text.h"

/* Is the guest among the owners of a wish, "db1, db2"? */
static bool owns(const struct vp_entry *entry, const struct vp_wish *wish)
{
    const size_t n = strlen(entry->name);
    for (const char *at = wish->owner; at != NULL && *at != '\0';) {
        if (strncmp(at, entry->name, n) == 0 && (at[n] == '\0' || vp_starts(at + n, ", ")))
            return true;
        at = strstr(at, ", ");
        at = at != NULL ? at + strlen(", ") : NULL;
    }
    return false;
}

/* The knob that a wish comes from: whose reason it has. NULL where it follows from the place of the guest. */
static const char *knob_of(const struct vp_entry *entry, const struct vp_wish *wish)
{
    for (size_t i = 0; i < entry->n_wants; i++)
        if (vp_same(entry->wants[i].reason, wish->reason))
            return entry->wants[i].knob;
    return NULL;
}

static bool is_same(const struct vp_means *means, const char *a, const char *b)
{
    return means->same != NULL ? means->same(a, b) : vp_same(a, b);
}

static void check_wish(const struct vp_here *here, const struct vp_entry *entry, const struct vp_wish *wish,
                       const struct vp_journal *journal, struct vp_checks *checks)
{
    const struct vp_means *means = wish->means;
    const char *knob = knob_of(entry, wish);
    vp_autofree char *effective = NULL;
    const int r = means->read(here->root, wish->target, &effective, NULL);
    if (r < 0) {
        (void)vp_checks_add(checks, vp_means_absent(r) ? VP_HOLD_ABSENT : VP_HOLD_DIFFERS, knob, wish->target,
                            wish->value, NULL, means->name);
        return;
    }
    if (means->shared) {
        const struct vp_journal_item *item = vp_journal_find(journal, means->name, wish->target);
        const uint64_t part = item != NULL ? vp_journal_part(item, effective) : 0;
        free(effective);
        effective = vp_asprintf("%" PRIu64, part);
    }
    (void)vp_checks_add(checks, is_same(means, effective, wish->value) ? VP_HOLD_OK : VP_HOLD_DIFFERS, knob,
                        wish->target, wish->value, effective, means->name);
}

static int check_wishes(const struct vp_here *here, const struct vp_entry *entry, struct vp_checks *checks,
                        struct vp_error **err)
{
    VP_CLEANUP(vp_wishes_done) struct vp_wishes wishes = {0};
    VP_CLEANUP(vp_journal_done) struct vp_journal journal = {0};
    vp_autofree char *said = NULL;
    int r = vp_converge_wishes(here, &wishes, err);
    if (r == 0)
        r = vp_journal_read(here->root, &journal, &said, err);
    for (size_t i = 0; r == 0 && i < wishes.n; i++)
        if (owns(entry, &wishes.items[i]))
            check_wish(here, entry, &wishes.items[i], &journal, checks);
    return r;
}

int vp_hostcheck(const struct vp_here *here, const struct vp_entry *entry, const struct vp_domain *live,
                 struct vp_checks *checks, struct vp_error **err)
{
    int r = vp_hostcheck_threads(here->root, entry, live, checks, err);
    if (r == 0 && live != NULL)
        vp_hostcheck_memory(here->root, entry, live, checks);
    if (r == 0)
        r = vp_hostcheck_limits(here->root, entry, checks, err);
    return r < 0 ? r : check_wishes(here, entry, checks, err);
}
