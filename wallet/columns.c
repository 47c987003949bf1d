/* columns.c - aligned tables for people (wallet/columns.h). */
#include "wallet/columns.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "chain/core/text.h"

#define COLUMNS_MAX 16
#define CELL_MAX 512
#define KEY_WIDTH 16
#define SHORT_WIDTH 16

struct gv_columns {
    char *heads; /* cut into column heads */
    const char *head[COLUMNS_MAX];
    bool right[COLUMNS_MAX], brief[COLUMNS_MAX];
    size_t columns;
    char **cell;
    size_t cells, cap;
};

struct gv_columns *
gv_columns_new(const char *heads)
{
    struct gv_columns *t = calloc(1, sizeof(*t));
    char *at, *rest;

    if (t == NULL || (t->heads = strdup(heads)) == NULL) {
        free(t);
        return NULL;
    }
    rest = t->heads;
    while (t->columns < COLUMNS_MAX && (at = strsep(&rest, "|")) != NULL) {
        t->right[t->columns] = *at == '>';
        t->brief[t->columns] = *at == '~';
        t->head[t->columns++] = *at == '>' || *at == '~' ? at + 1 : at;
    }
    return t;
}

void
gv_columns_free(struct gv_columns *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->cells; i++)
        free(t->cell[i]);
    free(t->cell);
    free(t->heads);
    free(t);
}

void
gv_columns_cell(struct gv_columns *t, const char *format, ...)
{
    char text[CELL_MAX];
    va_list args;
    char *copy;

    if (t == NULL)
        return;
    if (t->cells == t->cap) {
        size_t cap = t->cap == 0 ? 64 : t->cap * 2;
        char **cell = realloc(t->cell, cap * sizeof(*cell));

        if (cell == NULL)
            return;
        t->cell = cell;
        t->cap = cap;
    }
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    text_tame(text);
    copy = strdup(text);
    if (copy != NULL)
        t->cell[t->cells++] = copy;
}

/* Characters of UTF-8 text in a cell of this column. */
static size_t
width_of(const struct gv_columns *t, size_t column, const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return t->brief[column] && n > SHORT_WIDTH ? SHORT_WIDTH : n;
}

static void
print_cell(const struct gv_columns *t, FILE *out, size_t column, size_t width,
           const char *text)
{
    int pad = (int)(width - width_of(t, column, text));
    int most = t->brief[column] ? SHORT_WIDTH : CELL_MAX;
    bool last = column + 1 == t->columns;

    if (t->right[column])
        fprintf(out, "%*s%s", pad, "", text);
    else
        fprintf(out, "%.*s%*s", most, text, last ? 0 : pad, "");
    fputs(last ? "\n" : "  ", out);
}

void
gv_columns_print(const struct gv_columns *t, FILE *out, const char *nothing)
{
    size_t width[COLUMNS_MAX] = {0};

    if (t == NULL || t->cells == 0) {
        fprintf(out, "%s\n", nothing);
        return;
    }
    for (size_t c = 0; c < t->columns; c++)
        width[c] = width_of(t, c, t->head[c]);
    for (size_t i = 0; i < t->cells; i++) {
        size_t w = width_of(t, i % t->columns, t->cell[i]);

        if (w > width[i % t->columns])
            width[i % t->columns] = w;
    }
    for (size_t c = 0; c < t->columns; c++)
        print_cell(t, out, c, width[c], t->head[c]);
    for (size_t i = 0; i < t->cells; i++)
        print_cell(t, out, i % t->columns, width[i % t->columns], t->cell[i]);
}

/* A title is a stranger's word, and spreadsheets take what begins so for a
 * formula, which can send what stands beside it elsewhere. "-" is nothing. */
static bool
is_like_a_formula(const char *text)
{
    return text[0] != '\0' && text[1] != '\0' && strchr("=+-@", text[0]);
}

static void
csv_cell(FILE *out, const char *text, bool last)
{
    const char *guard = is_like_a_formula(text) ? "'" : "";

    if (strpbrk(text, ",\"") == NULL) {
        fprintf(out, "%s%s", guard, text);
    } else {
        fprintf(out, "\"%s", guard);
        for (; *text != '\0'; text++)
            fprintf(out, *text == '"' ? "\"%c" : "%c", *text);
        fputc('"', out);
    }
    fputc(last ? '\n' : ',', out);
}

void
gv_columns_csv(const struct gv_columns *t, FILE *out)
{
    if (t == NULL)
        return;
    for (size_t c = 0; c < t->columns; c++)
        csv_cell(out, t->head[c], c + 1 == t->columns);
    for (size_t i = 0; i < t->cells; i++)
        csv_cell(out, t->cell[i], (i + 1) % t->columns == 0);
}

void
gv_columns_line(FILE *out, const char *key, const char *format, ...)
{
    char text[CELL_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    text_tame(text);
    fprintf(out, "%-*s %s\n", KEY_WIDTH, key, text);
}

json_t *
gv_columns_lines(void (*print)(const void *arg, FILE *out), const void *arg)
{
    char *text = NULL, *line, *rest;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    json_t *lines = json_array();
    bool ok;

    if (out != NULL)
        print(arg, out);
    ok = out != NULL && fclose(out) == 0 && lines != NULL;
    rest = text;
    while (ok && (line = strsep(&rest, "\n")) != NULL)
        if (*line != '\0')
            ok = json_array_append_new(lines, json_string(line)) == 0;
    free(text);
    if (ok)
        return lines;
    json_decref(lines);
    return NULL;
}
