/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ledger_own.h"

#include <string.h>
#include <unistd.h>

#include "ceiling.h"
#include "text.h"

/* libvirt 9.0 keeps NAME.xml there for each guest that runs, from the start of its QEMU on. */
#define STATUS "/run/libvirt/qemu"
#define STATUS_SUFFIX ".xml"

/* Its QEMU, if that was started for this entry and not for an earlier run. */
static bool find_qemu(const struct vp_ledger *ledger, const struct vp_entry *entry,
                      struct vp_process *ret_qemu)
{
    struct vp_process qemu = {0};
    if (vp_process_qemu(ledger->root, entry->name, &qemu, NULL) < 0 || qemu.start < entry->ticks)
        return false;
    *ret_qemu = qemu;
    return true;
}

static bool is_older(const struct vp_ledger *ledger, const struct vp_entry *entry, unsigned seconds)
{
    return ledger->now > entry->ticks + (uint64_t)sysconf(_SC_CLK_TCK) * seconds;
}

/* Why a guest is gone; NULL while it is not. A coming one may turn out to run. */
static const char *judge(const struct vp_ledger *ledger, struct vp_entry *entry, bool *changed)
{
    if (entry->boot != NULL && *ledger->boot != '\0' && strcmp(entry->boot, ledger->boot) != 0)
        return "it ran before the host was booted";
    if (entry->state == VP_ENTRY_RUNNING) {
        if (vp_process_alive(ledger->root, &entry->qemu))
            return NULL;
        return "its QEMU has ended";
    }
    const bool left = entry->maker.pid > 0 && !vp_process_alive(ledger->root, &entry->maker);
    struct vp_process qemu = {0};
    if (find_qemu(ledger, entry, &qemu)) {
        /* libvirt still pins its threads; `started` says when it has. */
        if (!left && !is_older(ledger, entry, VP_LEDGER_SETUP_MAX))
            return NULL;
        entry->qemu = qemu;
        entry->state = VP_ENTRY_RUNNING;
        *changed = true;
        return NULL;
    }
    if (left)
        return "the libvirt daemon that was starting it has ended";
    return is_older(ledger, entry, VP_LEDGER_COMING_MAX) ? "its start was never finished" : NULL;
}

void vp_ledger_check(const struct vp_ledger *ledger, struct vp_entries *entries)
{
    for (size_t i = 0; i < entries->n; i++) {
        struct vp_entry *entry = entries->items[i];
        const enum vp_entry_state state = entry->state;
        bool changed = false;
        entry->alive = judge(ledger, entry, &changed) == NULL && !changed;
        entry->state = state;
    }
}

static int update(struct vp_ledger *ledger, struct vp_entries *entries, struct vp_error **err)
{
    size_t kept = 0;
    int r = 0;
    for (size_t i = 0; i < entries->n; i++) {
        struct vp_entry *entry = entries->items[i];
        bool changed = false;
        const char *gone = entry->alive ? NULL : judge(ledger, entry, &changed);
        entry->alive = false;
        if (gone == NULL) {
            entries->items[kept++] = entry;
            if (r == 0 && changed && ledger->lock >= 0 && !entry->partial)
                r = vp_ledger_store(ledger, entry, err);
            continue;
        }
        if (r == 0 && ledger->lock >= 0) {
            (void)vp_ceiling_remove(ledger->root, entry, NULL, NULL); /* it is in nobody's way */
            r = vp_ledger_remove(ledger, entry->uuid, err);
            vp_ledger_tell(ledger, "domain '%s' is taken out of the ledger: %s", entry->name, gone);
        }
        vp_entry_free(entry);
    }
    entries->n = kept;
    return r;
}

/* NULL where the guest has ended or its file cannot be used, which libvirt will say itself. */
static struct vp_entry *read_stranger(const struct vp_ledger *ledger, const char *name)
{
    vp_autofree char *path = vp_asprintf(STATUS "/%s" STATUS_SUFFIX, name);
    vp_autofree char *text = NULL;
    vp_autodomain domain = NULL;
    struct vp_process qemu = {0};
    size_t len = 0;
    if (vp_process_qemu(ledger->root, name, &qemu, NULL) < 0 ||
        vp_root_read(ledger->root, path, VP_XML_MAX, &text, &len, NULL) < 0 ||
        vp_domain_parse_status(text, len, path, &domain, NULL) < 0)
        return NULL;
    vp_autoentry entry = vp_entry_from_domain(domain);
    entry->qemu = qemu;
    entry->state = VP_ENTRY_RUNNING;
    return vp_same(entry->name, name) ? vp_take(&entry) : NULL;
}

void vp_ledger_look(struct vp_ledger *ledger, const struct vp_entries *entries)
{
    VP_CLEANUP(vp_names_free_ptr) char **names = NULL;
    ledger->looked = true;
    vp_entries_done(&ledger->strangers);
    if (vp_root_list(ledger->root, STATUS, &names, NULL) < 0)
        return; /* no libvirt, no guests */
    for (size_t i = 0; names[i] != NULL; i++) {
        const size_t len = strlen(names[i]);
        if (len <= strlen(STATUS_SUFFIX) ||
            strcmp(names[i] + len - strlen(STATUS_SUFFIX), STATUS_SUFFIX) != 0)
            continue;
        vp_autofree char *name = vp_strndup(names[i], len - strlen(STATUS_SUFFIX));
        if (vp_entries_find(entries, name) != NULL)
            continue;
        struct vp_entry *stranger = read_stranger(ledger, name);
        if (stranger != NULL)
            vp_entries_add(&ledger->strangers, stranger);
    }
}

/* Known by now, or ended. */
static bool is_void(const struct vp_ledger *ledger, const struct vp_entries *known,
                    const struct vp_entry *stranger)
{
    return !vp_process_alive(ledger->root, &stranger->qemu) ||
           vp_entries_find(known, stranger->name) != NULL || vp_ledger_has(ledger, stranger->uuid);
}

static int adopt(struct vp_ledger *ledger, struct vp_entries *entries, struct vp_error **err)
{
    struct vp_entries *strangers = &ledger->strangers;
    const size_t n_known = entries->n;
    int r = 0;
    for (size_t i = 0; i < strangers->n && r == 0; i++) {
        /* What was added behind them is not sorted in yet, and has other names. */
        const struct vp_entries known = {.items = entries->items, .n = n_known};
        if (is_void(ledger, &known, strangers->items[i]))
            continue;
        if (ledger->lock >= 0)
            r = vp_ledger_store(ledger, strangers->items[i], err);
        vp_entries_add(entries, vp_take(&strangers->items[i]));
    }
    vp_entries_done(strangers);
    vp_entries_sort(entries);
    return r;
}

int vp_ledger_reap(struct vp_ledger *ledger, struct vp_entries *entries, struct vp_error **err)
{
    const int r = update(ledger, entries, err);
    if (r < 0)
        return r;
    if (!ledger->looked)
        vp_ledger_look(ledger, entries);
    ledger->looked = false;
    return adopt(ledger, entries, err);
}
