/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli.h"

/*
 * Rows for people and for programs: on a terminal a table with a heading that fits the width (libsmartcols),
 * elsewhere one line for each row, cells separated by tabs, without heading. Cells are escaped (escape.h).
 */
struct vp_table;

enum vp_column_fit { VP_COLUMN_WHOLE, VP_COLUMN_WRAP, VP_COLUMN_CUT };

struct vp_column {
    const char *name; /* heading; NULL: only in plain lines */
    enum vp_column_fit fit;
    bool right;
};

/* @columns: borrowed until the table is printed */
struct vp_table *vp_table_new(const struct vp_cli *cli, const struct vp_column *columns,
                              size_t n) VP_MUST_USE;
void vp_table_free(struct vp_table *table);
static inline void vp_table_free_ptr(struct vp_table **table)
{
    vp_table_free(*table);
}
#define vp_autotable VP_CLEANUP(vp_table_free_ptr) struct vp_table *

/* Start a row. */
void vp_table_row(struct vp_table *table);
/* Its next cell. @color: a name of terminal-colors.d(5) like "green", NULL for none. @text: NULL shows "-" */
void vp_table_cell(struct vp_table *table, const char *color, const char *text);
void vp_table_cellf(struct vp_table *table, const char *color, const char *fmt, ...) VP_PRINTF(3, 4);
/* A further line in the latest cell, whose column must be one that wraps. Not for plain lines. */
void vp_table_below(struct vp_table *table, const char *text);
/* Columns of the terminal; 80 where there is none. */
size_t vp_table_width(void);
/* To standard output; nothing without rows. */
void vp_table_print(struct vp_table *table);
