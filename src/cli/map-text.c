/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "map.h"

#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "strbuf.h"
#include "table.h"

/* Frames, a label and one core of 8 threads need this much; narrower terminals get lines of this width. */
#define WIDTH_MIN 32
/* Columns that a line keeps for its list of CPUs. */
#define LIST_COLUMNS 14

static const char *const marks[VP_USE_N_] = {
    [VP_USE_FREE] = "·",  [VP_USE_ISOLATED] = "○",  [VP_USE_HOUSEKEEPING] = "#", [VP_USE_FLOATING] = "~",
    [VP_USE_GUEST] = "A", [VP_USE_FORBIDDEN] = "×", [VP_USE_PINNED] = "+",
};
/* Select Graphic Rendition of ECMA-48. */
static const char *const colors[VP_USE_N_] = {
    [VP_USE_FREE] = "32",  [VP_USE_ISOLATED] = "36",  [VP_USE_HOUSEKEEPING] = "33", [VP_USE_FLOATING] = "37",
    [VP_USE_GUEST] = NULL, [VP_USE_FORBIDDEN] = "90", [VP_USE_PINNED] = "35",
};
static const char *const guest_colors[] = {"1;34", "1;35", "1;31", "1;94", "1;95", "1;91"};

/* A line being drawn. */
struct pen {
    const struct vp_map *map;
    struct vp_strbuf line;
    size_t at, width; /* columns */
    bool colors;
};

static size_t columns_of(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void put(struct pen *pen, const char *color, const char *text)
{
    if (color != NULL && pen->colors)
        vp_strbuf_addf(&pen->line, "\033[%sm%s\033[0m", color, text);
    else
        vp_strbuf_add(&pen->line, text);
    pen->at += columns_of(text);
}

static void fill(struct pen *pen, size_t to, const char *with)
{
    while (pen->at < to)
        put(pen, NULL, with);
}

static void begin(struct pen *pen, unsigned depth)
{
    pen->at = 0;
    while (depth-- > 0)
        put(pen, NULL, "│ ");
}

static void finish(struct pen *pen, unsigned depth)
{
    if (depth > 0)
        fill(pen, pen->width - 2 * depth, " ");
    for (unsigned i = 0; i < depth; i++)
        put(pen, NULL, " │");
    vp_autofree char *line = vp_strbuf_take(&pen->line);
    puts(line);
}

/* The upper edge of a frame with a title, or the lower edge. */
static void edge(struct pen *pen, unsigned depth, const char *title)
{
    const size_t end = pen->width - 2 * depth;
    begin(pen, depth);
    put(pen, NULL, title != NULL ? "┌─ " : "└");
    if (title != NULL) {
        vp_autofree char *text = vp_shorten(title, end - pen->at - 3);
        put(pen, "1", text);
        put(pen, NULL, " ");
    }
    fill(pen, end - 1, "─");
    put(pen, NULL, title != NULL ? "┐" : "┘");
    finish(pen, depth);
}

static const char *guest_color(size_t guest)
{
    return guest_colors[guest % VP_ARRAY_SIZE(guest_colors)];
}

/* The sign of a guest's CPUs; used again behind 62 guests. */
static const char *guest_mark(size_t guest, char buffer[2])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    buffer[0] = letters[guest % (sizeof(letters) - 1)];
    buffer[1] = '\0';
    return buffer;
}

static void put_core(struct pen *pen, unsigned core)
{
    const struct vp_core *it = &pen->map->fleet->topology->cores[core];
    for (unsigned i = it->first; i < it->first + it->n; i++) {
        const enum vp_use use = pen->map->uses[i];
        const size_t owner = pen->map->owners[i];
        char buffer[2];
        if (use == VP_USE_GUEST)
            put(pen, guest_color(owner), guest_mark(owner, buffer));
        else
            put(pen, colors[use], marks[use]);
    }
    put(pen, NULL, "│");
}

/* Cores side by side as far as they fit, behind them the numbers of their CPUs. Returns the next core. */
static unsigned draw_cores(struct pen *pen, const char *label, unsigned core, unsigned end)
{
    const struct vp_topology *topology = pen->map->fleet->topology;
    const size_t edge_at = pen->width - 4;
    vp_autobitmap set = vp_bitmap_new();

    begin(pen, 2);
    put(pen, NULL, label);
    put(pen, NULL, "│");
    for (bool first = true; core < end; core++, first = false) {
        const struct vp_core *it = &topology->cores[core];
        if (!first && pen->at + it->n + 1 + LIST_COLUMNS > edge_at)
            break;
        put_core(pen, core);
        for (unsigned i = it->first; i < it->first + it->n; i++)
            (void)hwloc_bitmap_set(set, topology->cpus[i].os);
    }
    vp_autofree char *list = vp_bitmap_text(set);
    if (pen->at + 2 < edge_at) {
        vp_autofree char *text = vp_shorten(list, edge_at - pen->at - 1);
        put(pen, NULL, " ");
        put(pen, NULL, text);
    }
    finish(pen, 2);
    return core;
}

static void draw_node(struct pen *pen, unsigned node)
{
    const struct vp_topology *topology = pen->map->fleet->topology;
    const struct vp_node *it = &topology->nodes[node];
    vp_autofree char *title = vp_map_node_title(pen->map, node);
    vp_autofree char *last = vp_asprintf("%u", topology->n_caches - 1);

    edge(pen, 1, title);
    for (unsigned i = it->first; i < it->first + it->n; i++) {
        vp_autofree char *label = vp_asprintf("cache %*u ", (int)strlen(last), i);
        vp_autofree char *blank = vp_asprintf("%*s", (int)strlen(label), "");
        const unsigned end = topology->caches[i].first + topology->caches[i].n;
        unsigned core = draw_cores(pen, label, topology->caches[i].first, end);
        while (core < end)
            core = draw_cores(pen, blank, core, end);
    }
    edge(pen, 1, NULL);
}

static void draw_host(struct pen *pen)
{
    const struct vp_topology *topology = pen->map->fleet->topology;
    for (unsigned node = 0, next; node < topology->n_nodes; node = next) {
        vp_autobitmap sockets = vp_map_sockets(pen->map, node);
        vp_autofree char *title = vp_map_sockets_title(pen->map, node);
        edge(pen, 0, title);
        for (next = node; next < topology->n_nodes; next++) {
            vp_autobitmap others = vp_map_sockets(pen->map, next);
            if (!hwloc_bitmap_isequal(sockets, others))
                break;
            draw_node(pen, next);
        }
        edge(pen, 0, NULL);
    }
}

/* Words in lines, further ones below the first word. */
static void write_words(struct pen *pen, const char *color, const char *mark, const char *text)
{
    begin(pen, 0);
    put(pen, color, mark);
    const size_t indent = mark[0] != '\0' ? pen->at + 1 : 0;
    size_t words = 0;
    while (*text != '\0') {
        const size_t n = strcspn(text, " ");
        vp_autofree char *whole = vp_strndup(text, n);
        vp_autofree char *word = vp_shorten(whole, pen->width - indent);
        text += n + strspn(text + n, " ");
        if (words++ == 0) {
            fill(pen, indent, " ");
        } else if (pen->at + 1 + columns_of(word) > pen->width) {
            finish(pen, 0);
            begin(pen, 0);
            fill(pen, indent, " ");
        } else {
            put(pen, NULL, " ");
        }
        put(pen, NULL, word);
    }
    finish(pen, 0);
}

/* Of what there is. */
static void draw_legend(struct pen *pen)
{
    const struct vp_fleet *fleet = pen->map->fleet;
    bool there[VP_USE_N_] = {false};

    for (unsigned i = 0; i < fleet->topology->n_cpus; i++)
        there[pen->map->uses[i]] = true;
    for (unsigned use = 0; use < VP_USE_N_; use++)
        if (there[use] && use != VP_USE_GUEST)
            write_words(pen, colors[use], marks[use], vp_use_names[use]);
    for (size_t i = 0; i < fleet->n; i++) {
        const struct vp_fleet_guest *guest = &fleet->guests[i];
        vp_autofree char *text = vp_map_guest(pen->map, guest);
        char buffer[2];
        if (guest->known)
            write_words(pen, colors[VP_USE_PINNED], marks[VP_USE_PINNED], text);
        else if (guest->placement == NULL)
            write_words(pen, "31", "!", text);
        else if (guest->demand.policy == VP_POLICY_DEDICATED)
            write_words(pen, guest_color(i), guest_mark(i, buffer), text);
        else
            write_words(pen, colors[VP_USE_FLOATING], marks[VP_USE_FLOATING], text);
    }
}

void vp_map_text(const struct vp_map *map)
{
    const size_t width = vp_table_width();
    struct pen pen = {
        .map = map, .width = width > WIDTH_MIN ? width : WIDTH_MIN, .colors = vp_cli_colors(map->cli)};
    vp_autofree char *source = vp_escape(map->fleet->source);
    vp_autofree char *counts = vp_map_counts(map);

    write_words(&pen, NULL, "", source);
    write_words(&pen, NULL, "", counts);
    draw_host(&pen);
    draw_legend(&pen);
    vp_strbuf_done(&pen.line);
}
