/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "running.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "escape.h"
#include "placed.h"
#include "size.h"
#include "strbuf.h"

static const char folder[] = "/run/virt-profile/guests";

void vp_running_say(void *cookie, const char *sentence)
{
    vp_autofree char *text = vp_escape(sentence);

    (void)cookie;
    fprintf(stderr, "virt-profile: %s\n", text);
}

struct vp_here vp_running_here(const struct vp_cli *cli, struct vp_host *host, const struct vp_conf *conf)
{
    return (struct vp_here){.root = cli->root, .host = host, .conf = conf, .say = vp_running_say};
}

int vp_running_there(struct vp_cli *cli, struct vp_error **err)
{
    struct vp_profile_dirs unused;
    const int r = vp_cli_dirs(cli, &unused, err);
    const int fd = r == 0 ? vp_root_openat(cli->root, folder, O_RDONLY | O_DIRECTORY) : r;

    if (fd >= 0) {
        (void)close(fd);
        return 1;
    }
    if (r < 0 || fd == -ENOENT || fd == -ENOTDIR)
        return r;
    if (fd == -EACCES || fd == -EPERM)
        return vp_fail(err, EACCES, "only root may see which guests run here (%s); try with sudo", folder);
    return vp_fail(err, -fd, "cannot open %s: %m", folder);
}

int vp_running_read(struct vp_cli *cli, const struct vp_topology *topology, struct vp_entries *ret_entries,
                    struct vp_error **err)
{
    const int r = vp_running_there(cli, err);

    if (r == 0)
        *ret_entries = (struct vp_entries){0};
    if (r <= 0)
        return r;
    return vp_ledger_entries(cli->root, topology, vp_running_say, NULL, ret_entries, err);
}

const char *vp_running_state(const struct vp_cli *cli, const struct vp_entry *entry)
{
    const struct vp_process *who = entry->state == VP_ENTRY_COMING ? &entry->maker : &entry->qemu;

    if (who->pid != 0 && !vp_process_alive(cli->root, who))
        return "gone";
    return vp_entry_state_names[entry->state];
}

char *vp_running_cpus(const struct vp_entry *entry)
{
    struct vp_strbuf out = {0};

    if (entry->placement != NULL)
        return vp_placed_sets(entry->placement->vcpus, entry->placement->n_vcpus);
    if (entry->pinned != NULL && !hwloc_bitmap_iszero(entry->pinned)) {
        vp_autofree char *own = vp_bitmap_text(entry->pinned);
        vp_strbuf_join(&out, " ", own);
    }
    for (size_t i = 0; i < entry->n_pins; i++) {
        vp_autofree char *cpus = vp_bitmap_text(entry->pins[i].cpus);
        vp_autofree char *word = vp_asprintf("%s×%u", cpus, entry->pins[i].threads);
        vp_strbuf_join(&out, " ", word);
    }
    return out.len > 0 ? vp_strbuf_take(&out) : NULL;
}

uint64_t vp_running_kib(const struct vp_entry *entry)
{
    uint64_t kib = entry->placement != NULL ? vp_placed_kib(entry->placement) : 0;

    for (size_t i = 0; entry->placement == NULL && i < entry->n_memory; i++)
        kib += entry->memory[i].kib;
    return kib;
}

char *vp_running_pages(const struct vp_entry *entry)
{
    struct vp_strbuf out = {0};

    if (entry->placement != NULL)
        return vp_placed_pages(entry->placement);
    for (size_t i = 0; i < entry->n_memory; i++) {
        const uint64_t kib = entry->memory[i].page_kib;
        vp_autofree char *size = kib == 0 ? vp_strdup("ordinary") : vp_size_format(kib * 1024);
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen = seen || entry->memory[k].page_kib == kib;
        if (!seen)
            vp_strbuf_join(&out, ", ", size);
    }
    return entry->n_memory > 0 ? vp_strbuf_take(&out) : NULL;
}

char *vp_running_nodes(const struct vp_entry *entry, const struct vp_topology *topology)
{
    vp_autobitmap set = vp_bitmap_new();

    if (entry->placement != NULL)
        return vp_placed_nodes(topology, entry->placement);
    for (unsigned i = 0; entry->pinned != NULL && i < topology->n_nodes; i++)
        if (hwloc_bitmap_intersects(entry->pinned, topology->nodes[i].cpus))
            (void)hwloc_bitmap_set(set, topology->nodes[i].os);
    for (size_t i = 0; i < entry->n_memory; i++)
        if (entry->memory[i].node >= 0)
            (void)hwloc_bitmap_set(set, (unsigned)entry->memory[i].node);
    return hwloc_bitmap_iszero(set) ? NULL : vp_bitmap_text(set);
}

size_t vp_running_pending(const struct vp_entry *entry)
{
    size_t n = 0;

    while (entry->pending != NULL && entry->pending[n] != NULL)
        n++;
    return n;
}

bool vp_running_is_want(const struct vp_want *want)
{
    static const char facts[] = "fact/";
    return strncmp(want->name, facts, strlen(facts)) != 0;
}

static json_object *pins_json(const struct vp_entry *entry)
{
    json_object *array = vp_json_array();

    for (size_t i = 0; i < entry->n_pins; i++) {
        json_object *object = vp_json_object();
        vp_placed_add_set(object, "cpus", entry->pins[i].cpus);
        vp_json_add_count(object, "threads", entry->pins[i].threads);
        vp_json_append(array, object);
    }
    return array;
}

static json_object *memory_json(const struct vp_entry *entry)
{
    json_object *array = vp_json_array();

    for (size_t i = 0; i < entry->n_memory; i++) {
        json_object *object = vp_json_object();
        if (entry->memory[i].node >= 0)
            vp_json_add_count(object, "node", (size_t)entry->memory[i].node);
        else
            vp_json_add(object, "node", NULL);
        vp_json_add_count(object, "page_kib", entry->memory[i].page_kib);
        vp_json_add_count(object, "memory_kib", entry->memory[i].kib);
        vp_json_append(array, object);
    }
    return array;
}

static json_object *wants_json(const struct vp_entry *entry)
{
    json_object *array = vp_json_array();

    for (size_t i = 0; i < entry->n_wants; i++) {
        if (!vp_running_is_want(&entry->wants[i]))
            continue;
        json_object *object = vp_json_object();
        vp_json_add_text(object, "name", entry->wants[i].name);
        vp_json_add_text(object, "value", entry->wants[i].value);
        vp_json_add_text(object, "knob", entry->wants[i].knob);
        vp_json_add_text(object, "reason", entry->wants[i].reason);
        vp_json_append(array, object);
    }
    return array;
}

json_object *vp_running_json(const struct vp_entry *entry, const struct vp_topology *topology,
                             const char *state, const char *tuning)
{
    json_object *object = vp_json_object();
    json_object *pending = vp_json_array();

    for (size_t i = 0; i < vp_running_pending(entry); i++)
        vp_json_append_text(pending, entry->pending[i]);
    vp_json_add_text(object, "name", entry->name);
    vp_json_add_text(object, "uuid", entry->uuid);
    vp_json_add_text(object, "profile", entry->profile);
    vp_json_add_text(object, "state", state);
    vp_json_add_text(object, "tuning", tuning);
    if (entry->qemu.pid != 0)
        vp_json_add_count(object, "pid", (size_t)entry->qemu.pid);
    else
        vp_json_add(object, "pid", NULL);
    vp_json_add_count(object, "since", entry->since);
    vp_json_add(object, "placement",
                entry->placement != NULL ? vp_placed_json(topology, entry->placement) : NULL);
    vp_placed_add_set(object, "pinned", entry->pinned);
    vp_json_add(object, "pins", pins_json(entry));
    vp_json_add(object, "memory", memory_json(entry));
    vp_json_add(object, "wants", wants_json(entry));
    vp_json_add(object, "pending", pending);
    return object;
}
