/* fuzz_dump.c - dumps, JSON lines and CSV. What the audit accepts, the reader
 * of dumps takes apart and the writer writes again, byte for byte; rows of CSV
 * that read well are written as rows that read the same. The reader of dumps
 * takes what the audit would refuse. */
#include <stdio.h>

#include "src/explorer/audit.h"
#include "src/explorer/csv.h"
#include "src/explorer/source.h"
#include "tests/fuzz/fuzz.h"

/* Reading an empty buffer is a fault of fmemopen's own. */
static FILE *
open_bytes(const uint8_t *data, size_t size)
{
    FILE *in = size > 0 ? fmemopen((void *)(uintptr_t)data, size, "r")
                        : fopen("/dev/null", "r");

    if (in == NULL)
        exit(1);
    return in;
}

/* Write what the reader finds. NULL: it is no dump. */
static char *
write_again(const uint8_t *data, size_t size, bool final, size_t *len)
{
    FILE *in = open_bytes(data, size), *out;
    struct gv_error e = {""};
    struct gv_dump_options options = {.final = final};
    struct gv_file_source *source = gv_file_source_new(in, &options.params, &e);
    char *text = NULL;

    if (source != NULL) {
        out = open_memstream(&text, len);
        options.source = gv_file_source_get(source);
        options.out = out;
        if (out == NULL)
            exit(1);
        if (gv_dump_jsonl(&options, &e) != GV_OK) {
            fuzz_must_say(&e);
            fclose(out);
            free(text);
            text = NULL;
        } else {
            fclose(out);
        }
    } else {
        fuzz_must_say(&e);
    }
    gv_file_source_free(source);
    fclose(in);
    return text;
}

static void
try_rows(const uint8_t *data, size_t size)
{
    struct gv_lines lines;
    struct gv_line line = {0};
    struct gv_csv_row row, again;
    const char *field;
    FILE *in = open_bytes(data, size);

    gv_lines_begin(&lines, in);
    for (uint64_t n = 1; gv_line_read(&lines, n, &line, NULL) == GV_OK; n++) {
        struct gv_show_text text = {0};

        if (!gv_csv_get(&line, &row, &field)) {
            fuzz_must(field != NULL);
            continue;
        }
        gv_csv_put(&text, &row);
        fuzz_must(gv_csv_get(&(struct gv_line){text.p, text.len, text.cap},
                             &again, &field));
        fuzz_must(gv_csv_compare(&row, &again) == 0);
        gv_show_free(&text);
    }
    gv_line_free(&line);
    fclose(in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_audit_options options = {.in = open_bytes(data, size),
                                       .single = true};
    struct gv_audit_report report;
    struct gv_error e = {""};
    size_t len = 0;
    enum gv_rc rc = gv_audit(&options, &report, &e);
    char *again;

    fclose(options.in);
    if (rc != GV_OK)
        fuzz_must_say(&e);
    else
        fuzz_must(report.bytes == size);
    again = write_again(data, size, report.final, &len);
    if (rc == GV_OK && !report.csv)
        fuzz_must(again != NULL && len == size &&
                  memcmp(again, data, size) == 0);
    free(again);
    try_rows(data, size);
    return 0;
}
