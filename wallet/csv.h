/*
 * csv.h - recorded auctions: a strict reader of files with the columns
 *
 *   auctionid,bid,bidtime_days,bidder,bidder_rating,opening_bid,final_price,
 *   item,duration_days
 *
 * (one head line, RFC 4180 quoting, "\n" or "\r\n"). The rows of an auction
 * follow one another, in the order the bids were made. Amounts have at most
 * two decimals. Errors read FILE:LINE: COLUMN: what.
 *
 * Thread-safety: a loaded file is read-only.
 */
#ifndef GAVEL_WALLET_CSV_H
#define GAVEL_WALLET_CSV_H

#include <gavel/types.h>

#include "src/base/error.h"

#define GV_CSV_MAX (256u << 20) /* bytes of a file */
#define GV_CSV_NAME_MAX 64      /* bytes of an auctionid or bidder */
#define GV_CSV_ITEM_MAX 200

struct gv_csv_bid {
    uint64_t amount; /* minor units */
    uint32_t bidder; /* index of gv_csv.bidder */
    uint32_t line;
};

struct gv_csv_auction {
    char id[GV_CSV_NAME_MAX + 1];
    char item[GV_CSV_ITEM_MAX + 1];
    uint64_t opening_bid, final_price; /* minor units, of the first row */
    size_t first, count;               /* its bids */
};

struct gv_csv_bidder {
    char name[GV_CSV_NAME_MAX + 1];
};

struct gv_csv {
    struct gv_csv_auction *auction;
    struct gv_csv_bid *bid;
    struct gv_csv_bidder *bidder; /* in order of appearance */
    size_t auctions, bids, bidders;
};

/* name: for errors. GV_OK; GV_REJECT with e set at the first bad row;
 * GV_FAULT: memory. Clear after GV_OK. */
enum gv_rc gv_csv_parse(const char *name, struct gv_bytes text,
                        struct gv_csv *out, struct gv_error *e) GV_MUST_CHECK;
/* The same from a file. */
enum gv_rc gv_csv_load(const char *path, struct gv_csv *out,
                       struct gv_error *e) GV_MUST_CHECK;
void gv_csv_clear(struct gv_csv *csv);

#endif
