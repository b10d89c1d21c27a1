/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"

#include <ctype.h>
#include <string.h>

/*
 * libvirt reads a definition into structures and prints it anew (libvirt 9.0: conf/domain_conf.c). What that
 * does to XML that it understands: attributes and elements come in an order of its own, siblings of one name
 * keep theirs; NICs get a MAC, in lower case; devices get an address, controllers an index; some elements
 * get attributes. Metadata is kept as it is.
 */

struct attribute {
    char *name, *value;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct attribute *)a)->name, ((const struct attribute *)b)->name);
}

static void sort_attributes(vp_node *node)
{
    struct attribute all[32];
    size_t n = 0;
    const char *name = NULL;
    const char *value = NULL;
    for (; n < VP_ARRAY_SIZE(all) && vp_node_attr_at(node, n, &name, &value); n++)
        all[n] = (struct attribute){.name = vp_strdup(name), .value = vp_strdup(value)};
    qsort(all, n, sizeof(all[0]), by_name);
    for (size_t i = 0; i < n; i++)
        vp_node_set_attr(node, all[i].name, NULL);
    for (size_t i = n; i-- > 0;) {
        vp_node_set_attr(node, all[i].name, all[i].value);
        free(all[i].name);
        free(all[i].value);
    }
}

/* Names in descending order; elements of one name stay in order. */
static void sort_children(vp_node *node)
{
    vp_node *all[256];
    size_t n = 0;
    for (vp_node *child = vp_node_first(node); child != NULL && n < VP_ARRAY_SIZE(all);
         child = vp_node_next(child))
        all[n++] = child;
    for (size_t i = 0; i < n; i++)
        vp_node_unlink(all[i]);
    for (size_t i = 1; i < n; i++) {
        vp_node *moving = all[i];
        size_t k = i;
        for (; k > 0 && strcmp(vp_node_name(all[k - 1]), vp_node_name(moving)) < 0; k--)
            all[k] = all[k - 1];
        all[k] = moving;
    }
    for (size_t i = 0; i < n; i++)
        vp_node_append(node, all[i]);
}

static bool has_address(const vp_node *device)
{
    static const char *const with[] = {"disk",       "interface", "controller", "sound",   "video",     "rng",
                                       "memballoon", "input",     "watchdog",   "hostdev", "filesystem"};
    for (size_t i = 0; i < VP_ARRAY_SIZE(with); i++)
        if (vp_node_is(device, with[i]))
            return true;
    return false;
}

static bool slot_taken(const vp_node *devices, const char *slot)
{
    for (const vp_node *n = vp_node_first(devices); n != NULL; n = vp_node_next(n)) {
        const char *own = vp_node_attr(vp_node_child(n, "address"), "slot");
        if (own != NULL && strcmp(own, slot) == 0)
            return true;
    }
    return false;
}

static void give_address(vp_doc *doc, vp_node *device)
{
    const vp_node *devices = vp_node_parent(device);
    vp_autofree char *slot = NULL;
    for (unsigned i = 1; slot == NULL || slot_taken(devices, slot); i++) {
        free(slot);
        slot = vp_asprintf("0x%02x", i);
    }
    vp_node *address = vp_node_new(doc, "address");
    vp_node_set_attr(address, "type", "pci");
    vp_node_set_attr(address, "domain", "0x0000");
    vp_node_set_attr(address, "bus", "0x00");
    vp_node_set_attr(address, "slot", slot);
    vp_node_set_attr(address, "function", "0x0");
    vp_node_append(device, address);
}

static void give_mac(vp_doc *doc, vp_node *nic, unsigned number)
{
    vp_node *mac = vp_node_child(nic, "mac");
    vp_autofree char *address =
        mac != NULL ? vp_strdup(vp_node_attr(mac, "address")) : vp_asprintf("52:54:00:00:00:%02x", number);
    for (char *c = address; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    if (mac == NULL) {
        mac = vp_node_new(doc, "mac");
        vp_node_insert(nic, NULL, mac);
    }
    vp_node_set_attr(mac, "address", address);
}

static void complete_devices(vp_doc *doc, vp_node *devices)
{
    unsigned number = 1;
    for (vp_node *n = vp_node_first(devices); n != NULL; n = vp_node_next(n), number++) {
        const char *model = vp_node_attr(n, "model");
        if (vp_node_is(n, "interface"))
            give_mac(doc, n, number);
        if (vp_node_is(n, "video") && vp_node_child(n, "model") != NULL)
            vp_node_set_attr(vp_node_child(n, "model"), "heads", "1");
        const bool none = model != NULL && strcmp(model, "none") == 0;
        if (has_address(n) && !none && vp_node_child(n, "address") == NULL)
            give_address(doc, n);
    }
}

static void sort_all(vp_node *node)
{
    sort_attributes(node);
    sort_children(node);
    for (vp_node *n = vp_node_first(node); n != NULL; n = vp_node_next(n))
        if (!vp_node_is(n, "metadata"))
            sort_all(n);
}

char *fake_store(const char *text)
{
    vp_autodomain domain = fake_domain(text, "to be stored");
    vp_node *hyperv = vp_node_walk(domain->root, "features/hyperv");
    if (vp_domain_devices(domain) != NULL)
        complete_devices(domain->doc, vp_domain_devices(domain));
    if (hyperv != NULL && vp_node_attr(hyperv, "mode") == NULL)
        vp_node_set_attr(hyperv, "mode", "custom");
    sort_all(domain->root);
    return vp_doc_format(domain->doc, &(size_t){0});
}
