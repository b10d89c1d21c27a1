/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "map.h"

#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "strbuf.h"

/* In pixels. */
enum { CPU = 30, PAD = 6, TITLE = 20, GAP = 6, INSIDE = 1200, LETTER = 7 };
#define CORE_HEIGHT (CPU + 2 * 2)
/* Of one row inside a cache. */
#define CPUS_IN_ROW 16

static const char *const fills[VP_USE_N_] = {
    [VP_USE_FREE] = "#e3f4e3",     [VP_USE_ISOLATED] = "#d3eef5", [VP_USE_HOUSEKEEPING] = "#f7dc8f",
    [VP_USE_FLOATING] = "#d9d9d9", [VP_USE_GUEST] = NULL,         [VP_USE_FORBIDDEN] = "#8a8a8a",
    [VP_USE_PINNED] = "#e8cfe8",
};
static const char *const guest_fills[] = {"#8fb8f0", "#e7a5d8", "#f0a58f", "#b7a5ee",
                                          "#8fdccb", "#d3c07c", "#f08fa8", "#a8cf7c"};

struct layout {
    const struct vp_map *map;
    unsigned core_width, in_row; /* cores in a row of a cache */
    unsigned cache_width, cache_height;
    unsigned columns; /* caches in a row of a node */
    unsigned width;
};

/* For element content, without characters that XML does not have. */
static char *xml_text(const char *text)
{
    vp_autofree char *clean = vp_escape(text);
    struct vp_strbuf out = {0};
    for (const char *at = clean; *at != '\0'; at++) {
        if (strncmp(at, "\xef\xbf\xbe", 3) == 0 || strncmp(at, "\xef\xbf\xbf", 3) == 0) {
            vp_strbuf_add(&out, "\xef\xbf\xbd");
            at += 2;
        } else if (*at == '&') {
            vp_strbuf_add(&out, "&amp;");
        } else if (*at == '<') {
            vp_strbuf_add(&out, "&lt;");
        } else if (*at == '>') {
            vp_strbuf_add(&out, "&gt;");
        } else {
            vp_strbuf_addn(&out, at, 1);
        }
    }
    return vp_strbuf_take(&out);
}

static struct layout measure(const struct vp_map *map)
{
    const struct vp_topology *topology = map->fleet->topology;
    struct layout layout = {.map = map};
    unsigned threads = 1, cores = 1, caches = 1;

    for (unsigned i = 0; i < topology->n_cores; i++)
        threads = topology->cores[i].n > threads ? topology->cores[i].n : threads;
    for (unsigned i = 0; i < topology->n_caches; i++)
        cores = topology->caches[i].n > cores ? topology->caches[i].n : cores;
    for (unsigned i = 0; i < topology->n_nodes; i++)
        caches = topology->nodes[i].n > caches ? topology->nodes[i].n : caches;
    layout.core_width = threads * CPU + 2 * 2;
    layout.in_row = threads < CPUS_IN_ROW ? CPUS_IN_ROW / threads : 1;
    if (layout.in_row > cores)
        layout.in_row = cores;
    const unsigned rows = (cores + layout.in_row - 1) / layout.in_row;
    layout.cache_width = layout.in_row * (layout.core_width + GAP) - GAP + 2 * PAD;
    layout.cache_height = TITLE + rows * (CORE_HEIGHT + GAP) - GAP + PAD;
    layout.columns = layout.cache_width + GAP < INSIDE ? INSIDE / (layout.cache_width + GAP) : 1;
    if (layout.columns > caches)
        layout.columns = caches;
    layout.width = layout.columns * (layout.cache_width + GAP) - GAP + 6 * PAD;
    layout.width = layout.width < 800 ? 800 : layout.width;
    return layout;
}

static void draw_box(unsigned x, unsigned y, unsigned width, unsigned height, const char *kind)
{
    printf("<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" rx=\"3\"/>\n", kind, x, y, width,
           height);
}

static void draw_text(unsigned x, unsigned y, const char *text)
{
    vp_autofree char *escaped = xml_text(text);
    printf("<text x=\"%u\" y=\"%u\">%s</text>\n", x, y, escaped);
}

static void draw_cpu(const struct layout *layout, unsigned cpu, unsigned x, unsigned y)
{
    const struct vp_map *map = layout->map;
    const unsigned os = map->fleet->topology->cpus[cpu].os;
    const enum vp_use use = map->uses[cpu];
    const bool owned = use == VP_USE_GUEST;
    const char *color = owned ? guest_fills[map->owners[cpu] % VP_ARRAY_SIZE(guest_fills)] : fills[use];
    vp_autofree char *whose = xml_text(owned ? map->fleet->guests[map->owners[cpu]].name : vp_use_names[use]);

    printf("<g><title>CPU %u: %s</title><rect x=\"%u\" y=\"%u\" width=\"%d\" height=\"%d\" fill=\"%s\"/>"
           "<text class=\"n\" x=\"%u\" y=\"%u\">%u</text></g>\n",
           os, whose, x, y, CPU, CPU, color, x + CPU / 2, y + CPU / 2 + 4, os);
}

static void draw_cache(const struct layout *layout, unsigned cache, unsigned x, unsigned y)
{
    const struct vp_topology *topology = layout->map->fleet->topology;
    const struct vp_cache *it = &topology->caches[cache];
    vp_autofree char *title = vp_asprintf("cache %u", cache);

    draw_box(x, y, layout->cache_width, layout->cache_height, "cache");
    draw_text(x + PAD, y + TITLE - 6, title);
    for (unsigned i = 0; i < it->n; i++) {
        const struct vp_core *core = &topology->cores[it->first + i];
        const unsigned left = x + PAD + i % layout->in_row * (layout->core_width + GAP);
        const unsigned top = y + TITLE + i / layout->in_row * (CORE_HEIGHT + GAP);
        draw_box(left, top, layout->core_width, CORE_HEIGHT, "core");
        for (unsigned k = 0; k < core->n; k++)
            draw_cpu(layout, core->first + k, left + 2 + k * CPU, top + 2);
    }
}

static unsigned node_height(const struct layout *layout, unsigned node)
{
    const unsigned n = layout->map->fleet->topology->nodes[node].n;
    return TITLE + (n + layout->columns - 1) / layout->columns * (layout->cache_height + GAP) + PAD;
}

static void draw_node(const struct layout *layout, unsigned node, unsigned y)
{
    const struct vp_node *it = &layout->map->fleet->topology->nodes[node];
    vp_autofree char *title = vp_map_node_title(layout->map, node);

    draw_box(2 * PAD, y, layout->width - 4 * PAD, node_height(layout, node), "node");
    draw_text(3 * PAD, y + TITLE - 6, title);
    for (unsigned i = 0; i < it->n; i++)
        draw_cache(layout, it->first + i, 3 * PAD + i % layout->columns * (layout->cache_width + GAP),
                   y + TITLE + i / layout->columns * (layout->cache_height + GAP));
}

/* The last node, +1, that has the same sockets. */
static unsigned socket_end(const struct vp_map *map, unsigned node)
{
    vp_autobitmap sockets = vp_map_sockets(map, node);
    while (++node < map->fleet->topology->n_nodes) {
        vp_autobitmap others = vp_map_sockets(map, node);
        if (!hwloc_bitmap_isequal(sockets, others))
            break;
    }
    return node;
}

static unsigned socket_height(const struct layout *layout, unsigned node, unsigned end)
{
    unsigned height = TITLE + PAD;
    for (; node < end; node++)
        height += node_height(layout, node) + GAP;
    return height;
}

static unsigned draw_sockets(const struct layout *layout, unsigned y, bool draw)
{
    for (unsigned node = 0, end; node < layout->map->fleet->topology->n_nodes; node = end) {
        end = socket_end(layout->map, node);
        const unsigned height = socket_height(layout, node, end);
        vp_autofree char *title = vp_map_sockets_title(layout->map, node);
        unsigned top = y + TITLE;
        if (draw) {
            draw_box(PAD, y, layout->width - 2 * PAD, height, "socket");
            draw_text(2 * PAD, y + TITLE - 6, title);
        }
        for (unsigned i = node; draw && i < end; i++) {
            draw_node(layout, i, top);
            top += node_height(layout, i) + GAP;
        }
        y += height + GAP;
    }
    return y;
}

static void draw_key(unsigned width, unsigned y, const char *color, const char *text)
{
    printf("<rect x=\"%d\" y=\"%u\" width=\"14\" height=\"14\" fill=\"%s\"/>\n", PAD, y, color);
    vp_autofree char *cut = vp_shorten(text, (width - PAD - 20) / LETTER);
    draw_text(PAD + 20, y + 12, cut);
}

static const char *guest_fill(const struct vp_fleet *fleet, size_t i)
{
    const struct vp_fleet_guest *guest = &fleet->guests[i];
    if (guest->known)
        return fills[VP_USE_PINNED];
    if (guest->placement == NULL)
        return "none";
    return guest->demand.policy == VP_POLICY_DEDICATED ? guest_fills[i % VP_ARRAY_SIZE(guest_fills)]
                                                       : fills[VP_USE_FLOATING];
}

static void draw_legend(const struct layout *layout, unsigned y)
{
    const struct vp_fleet *fleet = layout->map->fleet;
    for (unsigned use = 0; use < VP_USE_N_; use++) {
        if (use == VP_USE_GUEST)
            continue;
        draw_key(layout->width, y, fills[use], vp_use_names[use]);
        y += TITLE;
    }
    for (size_t i = 0; i < fleet->n; i++) {
        vp_autofree char *text = vp_map_guest(layout->map, &fleet->guests[i]);
        draw_key(layout->width, y, guest_fill(fleet, i), text);
        y += TITLE;
    }
}

void vp_map_svg(const struct vp_map *map)
{
    const struct layout layout = measure(map);
    const unsigned top = 2 * TITLE + PAD;
    const unsigned bottom = draw_sockets(&layout, top, false);
    const unsigned height = bottom + (VP_USE_N_ - 1 + (unsigned)map->fleet->n) * TITLE + PAD;
    vp_autofree char *source = xml_text(map->fleet->source);
    vp_autofree char *counts = vp_map_counts(map);

    printf("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\">\n"
           "<title>%s</title>\n"
           "<style>text { font: 12px sans-serif } .n { font-size: 10px; text-anchor: middle }\n"
           ".socket { fill: #f4f4f4; stroke: #444 } .node { fill: #fff; stroke: #777 }\n"
           ".cache { fill: #fafafa; stroke: #aaa } .core { fill: #ccc; stroke: #888 }</style>\n"
           "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
           layout.width, height, layout.width, height, source);
    draw_text(PAD, TITLE - 4, map->fleet->source);
    draw_text(PAD, 2 * TITLE - 4, counts);
    (void)draw_sockets(&layout, top, true);
    draw_legend(&layout, bottom);
    puts("</svg>");
}
