/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"

#include "entry.h"
#include "occupied.h"

#include <stdlib.h>
#include <string.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

static const struct vp_topology *machine(void)
{
    static struct vp_topology *topology;
    struct vp_root *root = NULL;
    struct vp_host *host = NULL;
    if (topology != NULL)
        return topology;
    must(vp_root_open("/", &root, NULL) == 0);
    must(vp_host_open("synthetic:numa:2(memory=17179869184) core:4 pu:2", root, &host, NULL) == 0);
    must(vp_topology_read(host, &topology, NULL) == 0);
    topology->n_sizes = 1;
    topology->sizes[0] = 2048;
    vp_host_free(host);
    vp_root_free(root);
    return topology;
}

/* What came out of a file can be counted, whatever the file says. */
static void count(const struct vp_entry *entry)
{
    vp_autobitmap none = vp_bitmap_new();
    vp_autooccupied occupied = vp_occupied_new(machine(), none);
    if (entry->placement != NULL)
        vp_occupied_add_loose(occupied, entry->placement);
    must(hwloc_bitmap_isincluded(occupied->dedicated, machine()->allowed));
}

/* A file of the ledger. What is accepted is written so that it reads the same again. */
static void check(const char *text, size_t size, const struct vp_topology *topology)
{
    vp_autoentry entry = NULL;
    vp_autoerror err = NULL;
    const int r = vp_entry_parse(text, size, "input", topology, &entry, &err);
    must((r == 0) == (entry != NULL) && (r == 0) == (err == NULL));
    if (r < 0 || entry == NULL)
        return;
    count(entry);
    vp_autofree char *once = vp_entry_format(entry, NULL, topology);
    vp_autoentry again = NULL;
    must(vp_entry_parse(once, strlen(once), "output", topology, &again, NULL) == 0);
    vp_autofree char *twice = vp_entry_format(again, NULL, topology);
    must(strcmp(once, twice) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check((const char *)data, size, machine());
    check((const char *)data, size, NULL);
    return 0;
}
