/*
 * csv.h - one row of a CSV dump (F20): a bid, where it stands and what F says
 * of it.
 *
 * Thread-safety: values.
 */
#ifndef GAVEL_EXPLORER_CSV_H
#define GAVEL_EXPLORER_CSV_H

#include "gavel/outcome.h"
#include "gavel/reject.h"
#include "src/client/show.h"
#include "src/explorer/lines.h"

struct gv_csv_row {
    struct gv_chain_id auction;
    struct gv_bid_id bid;
    struct gv_pubkey bidder;
    uint8_t tie[32];
    uint64_t amount, t_us; /* amount: 0 while it is sealed */
    uint32_t height, seq;
    enum gv_code code;
    uint8_t lot; /* 0: none */
};

/* The row with its line feed. */
void gv_csv_put(struct gv_show_text *t, const struct gv_csv_row *row);

/* Read a row. False, with *field a constant, when a field is malformed; the
 * caller still compares the line with what gv_csv_put gives. */
bool gv_csv_get(const struct gv_line *line, struct gv_csv_row *out,
                const char **field);

/* The order of rows: auction, time, tie, bid. <0, 0, >0. */
int gv_csv_compare(const struct gv_csv_row *x, const struct gv_csv_row *y);

#endif
