/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "table.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"
#include "strbuf.h"

struct vp_cell {
    char *text; /* owned; escaped */
    const char *color;
};

struct vp_table {
    const struct vp_cli *cli;
    const struct vp_column *columns;
    size_t n_columns;
    struct vp_cell *cells; /* row by row */
    size_t n, cap;
};

#define WIDTH_DEFAULT 80
#define WIDTH_MAX 4096
/* Between two columns of libsmartcols. */
#define GAP 1

struct vp_table *vp_table_new(const struct vp_cli *cli, const struct vp_column *columns, size_t n)
{
    struct vp_table *table = vp_alloc(1, sizeof(*table));

    table->cli = cli;
    table->columns = columns;
    table->n_columns = n;
    return table;
}

void vp_table_free(struct vp_table *table)
{
    if (table == NULL)
        return;
    for (size_t i = 0; i < table->n; i++)
        free(table->cells[i].text);
    free(table->cells);
    free(table);
}

static struct vp_cell *new_cell(struct vp_table *table)
{
    vp_grow(&table->cells, table->n, &table->cap, sizeof(table->cells[0]));
    return &table->cells[table->n++];
}

void vp_table_row(struct vp_table *table)
{
    while (table->n % table->n_columns != 0)
        new_cell(table)->text = vp_strdup("");
}

void vp_table_cell(struct vp_table *table, const char *color, const char *text)
{
    struct vp_cell *cell = new_cell(table);

    cell->text = vp_escape(text != NULL ? text : "-");
    cell->color = color;
}

void vp_table_cellf(struct vp_table *table, const char *color, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vp_autofree char *text = vp_vasprintf(fmt, ap);
    va_end(ap);
    vp_table_cell(table, color, text);
}

void vp_table_below(struct vp_table *table, const char *text)
{
    struct vp_cell *cell = &table->cells[table->n - 1];
    vp_autofree char *above = cell->text;
    vp_autofree char *escaped = vp_escape(text);

    cell->text = vp_asprintf("%s\n%s", above, escaped);
}

size_t vp_table_width(void)
{
    struct libscols_table *scols = scols_new_table();
    size_t width;

    if (scols == NULL)
        vp_oom();
    width = scols_table_get_termwidth(scols);
    scols_unref_table(scols);
    return width == 0 || width > WIDTH_MAX ? WIDTH_DEFAULT : width;
}

static void print_lines(const struct vp_table *table)
{
    for (size_t i = 0; i < table->n; i++) {
        fputs(table->cells[i].text, stdout);
        fputc((i + 1) % table->n_columns == 0 ? '\n' : '\t', stdout);
    }
}

/* Characters, which are columns on the screen but for wide scripts. */
static size_t width_of(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* Of the widest line. */
static size_t lines_width(const char *text)
{
    size_t widest = 0;

    while (*text != '\0') {
        size_t n = strcspn(text, "\n");
        vp_autofree char *line = vp_strndup(text, n);
        widest = width_of(line) > widest ? width_of(line) : widest;
        text += n + (text[n] == '\n');
    }
    return widest;
}

/* Bytes up to where a line may end: behind a word, or within a long one behind a '/'. */
static size_t piece_length(const char *text, bool whole_words)
{
    size_t word = strcspn(text, " \n");
    size_t part = strcspn(text, "/");

    return whole_words || part + 1 >= word ? word : part + 1;
}

static char *wrap(const char *text, size_t width)
{
    struct vp_strbuf buf = {0};
    bool space = false, whole = true, starts = true;
    size_t used = 0;

    while (*text != '\0') {
        vp_autofree char *word = vp_strndup(text, piece_length(text, true));
        whole = starts ? width_of(word) <= width : whole;
        size_t n = piece_length(text, whole);
        word[n] = '\0';
        if (used > 0 && used + space + width_of(word) > width) {
            vp_strbuf_add(&buf, "\n");
            used = 0;
        } else if (space) {
            vp_strbuf_add(&buf, " ");
            used++;
        }
        vp_strbuf_add(&buf, word);
        used += width_of(word);
        text += n;
        space = *text == ' ';
        starts = space || *text == '\n';
        if (*text == '\n') {
            vp_strbuf_add(&buf, "\n");
            used = 0;
        }
        text += strspn(text, " \n");
    }
    return vp_strbuf_take(&buf);
}

/* The longest piece that cannot be wrapped. */
static size_t least_width(const struct vp_table *table, size_t column)
{
    size_t widest = width_of(table->columns[column].name);

    for (size_t i = column; i < table->n; i += table->n_columns) {
        for (const char *text = table->cells[i].text; *text != '\0';) {
            size_t n = piece_length(text, false);
            vp_autofree char *piece = vp_strndup(text, n);
            widest = width_of(piece) > widest ? width_of(piece) : widest;
            text += n + strspn(text + n, " \n");
        }
    }
    return widest;
}

static size_t natural_width(const struct vp_table *table, size_t column)
{
    size_t widest = width_of(table->columns[column].name);

    for (size_t i = column; i < table->n; i += table->n_columns) {
        size_t width = lines_width(table->cells[i].text);
        widest = width > widest ? width : widest;
    }
    return widest;
}

/* Those that wrap get what they need at least, and share what is left by what they would like. */
static void fit_columns(const struct vp_table *table, size_t total, size_t *widths)
{
    size_t taken = 0, wanted = 0;

    for (size_t i = 0; i < table->n_columns; i++) {
        const struct vp_column *column = &table->columns[i];
        if (column->name == NULL)
            continue;
        size_t natural = natural_width(table, i);
        widths[i] = column->fit == VP_COLUMN_WRAP ? least_width(table, i) : natural;
        taken += GAP + widths[i];
        wanted += natural - widths[i];
    }
    size_t left = taken < total ? total - taken : 0;
    for (size_t i = 0; i < table->n_columns && wanted > 0; i++) {
        if (table->columns[i].name == NULL)
            continue;
        size_t more = natural_width(table, i) - widths[i];
        widths[i] += left < wanted ? more * left / wanted : more;
    }
}

static void add_row(const struct vp_table *table, struct libscols_table *scols, size_t row,
                    const size_t *widths)
{
    struct libscols_line *line = scols_table_new_line(scols, NULL);
    size_t at = 0;

    if (line == NULL)
        vp_oom();
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct vp_cell *cell = &table->cells[row * table->n_columns + i];
        if (table->columns[i].name == NULL)
            continue;
        vp_autofree char *text =
            table->columns[i].fit == VP_COLUMN_WRAP ? wrap(cell->text, widths[i]) : vp_strdup(cell->text);
        if (scols_line_set_data(line, at, text) < 0)
            vp_oom();
        if (cell->color != NULL)
            (void)scols_cell_set_color(scols_line_get_cell(line, at), cell->color);
        at++;
    }
}

static void add_columns(const struct vp_table *table, struct libscols_table *scols)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct vp_column *column = &table->columns[i];
        if (column->name == NULL)
            continue;
        int flags = (column->right ? SCOLS_FL_RIGHT : 0) |
                    (column->fit == VP_COLUMN_WRAP ? SCOLS_FL_WRAP : 0) |
                    (column->fit == VP_COLUMN_CUT ? SCOLS_FL_TRUNC : 0);
        struct libscols_column *added = scols_table_new_column(scols, column->name, 0, flags);
        if (added == NULL)
            vp_oom();
        if (column->fit != VP_COLUMN_WRAP)
            continue;
        (void)scols_column_set_safechars(added, "\n");
        (void)scols_column_set_wrapfunc(added, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
    }
}

void vp_table_print(struct vp_table *table)
{
    struct libscols_table *scols;
    size_t *widths;

    vp_table_row(table);
    if (table->n == 0)
        return;
    if (!vp_cli_pretty(table->cli)) {
        print_lines(table);
        return;
    }
    scols = scols_new_table();
    if (scols == NULL)
        vp_oom();
    size_t total = vp_table_width();
    widths = vp_alloc(table->n_columns, sizeof(*widths));
    (void)scols_table_set_termforce(scols, SCOLS_TERMFORCE_ALWAYS);
    (void)scols_table_set_termwidth(scols, total);
    (void)scols_table_enable_colors(scols, vp_cli_colors(table->cli));
    (void)scols_table_enable_noencoding(scols, 1);
    add_columns(table, scols);
    fit_columns(table, total, widths);
    for (size_t row = 0; row < table->n / table->n_columns; row++)
        add_row(table, scols, row, widths);
    (void)fflush(stdout);
    (void)scols_print_table(scols);
    free(widths);
    scols_unref_table(scols);
}
