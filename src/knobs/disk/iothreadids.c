/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "iothreadids.h"

#include "size.h"

static unsigned read_number(const char *text)
{
    uint64_t value = 0;
    if (text == NULL || vp_u64_parse(text, 1, UINT32_MAX, &value) < 0)
        return 0;
    return (unsigned)value;
}

static bool has_id(const struct vp_iothreads *threads, unsigned id)
{
    for (unsigned i = 0; i < threads->n; i++)
        if (threads->ids[i] == id)
            return true;
    return false;
}

/*
 * The ids that are named come first, then the lowest free ones (libvirt 9.0:
 * virDomainIOThreadIDDefArrayInit()).
 */
void vp_iothreads_fill(struct vp_iothreads *threads, unsigned count)
{
    for (unsigned id = 1; threads->n < count && threads->n < VP_IOTHREADS_MAX; id++)
        if (!has_id(threads, id))
            threads->ids[threads->n++] = id;
}

struct vp_iothreads vp_iothreads_read(const struct vp_domain *domain)
{
    struct vp_iothreads threads = {.n = 0};
    const vp_node *list = vp_node_child(domain->root, "iothreadids");
    for (const vp_node *n = vp_node_child(list, "iothread"); n != NULL && threads.n < VP_IOTHREADS_MAX;
         n = vp_node_same(n)) {
        threads.ids[threads.n++] = read_number(vp_node_attr(n, "id"));
        threads.listed = true;
    }
    vp_autofree char *text = vp_node_text(vp_node_child(domain->root, "iothreads"));
    vp_iothreads_fill(&threads, read_number(text));
    return threads;
}

struct vp_iothreads vp_iothreads_planned(const struct vp_planning *planning)
{
    struct vp_iothreads threads = vp_iothreads_read(planning->domain);
    vp_autofree char *text = vp_planned(planning, planning->domain->root, "iothreads");
    vp_iothreads_fill(&threads, read_number(text));
    return threads;
}
