/*
 * columns.h - aligned tables for people.
 *
 * Cells are copied. What is no printable character, and could steer the
 * terminal, prints as '?'. Numbers are right-aligned in columns whose head
 * starts with '>', and ids cut to 16 digits in those whose head starts with
 * '~', in tables; neither sign is printed.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_COLUMNS_H
#define GAVEL_WALLET_COLUMNS_H

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

struct gv_columns;

/* heads: separated by '|', "auction|>price". NULL without memory; the other
 * functions accept NULL and do nothing. */
struct gv_columns *gv_columns_new(const char *heads);
void gv_columns_free(struct gv_columns *t);
/* The next cell; after the last column a new row begins. */
void gv_columns_cell(struct gv_columns *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Print heads and rows; `nothing` in their place when there is no row. */
void gv_columns_print(const struct gv_columns *t, FILE *out,
                      const char *nothing);

/* Heads and rows as CSV (RFC 4180, with lines that end as on Linux), nothing
 * cut. A cell that a spreadsheet would take for a formula, because it begins
 * with one of = + - @, gets an apostrophe before it. */
void gv_columns_csv(const struct gv_columns *t, FILE *out);

/* "key:  value" lines with aligned values: one line of such a list. */
void gv_columns_line(FILE *out, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a function prints, as a new array of lines; NULL without memory. */
json_t *gv_columns_lines(void (*print)(const void *arg, FILE *out),
                         const void *arg);

#endif
