/* fuzz_csv.c - recorded auctions: what is accepted hangs together, and reads
 * the same when it is written out. */
#include <inttypes.h>
#include <stdio.h>

#include "tests/fuzz/fuzz.h"
#include "wallet/csv.h"

static void
put_cents(FILE *out, uint64_t minor)
{
    fprintf(out, "%" PRIu64 ".%02u,", minor / 100, (unsigned)(minor % 100));
}

static void
put_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fprintf(out, "\",");
}

static void
put_row(FILE *out, const struct gv_csv *csv, const struct gv_csv_auction *a,
        const struct gv_csv_bid *bid)
{
    put_quoted(out, a->id);
    put_cents(out, bid->amount);
    fprintf(out, "1.5,");
    put_quoted(out, csv->bidder[bid->bidder].name);
    fprintf(out, "-3,");
    put_cents(out, a->opening_bid);
    put_cents(out, a->final_price);
    put_quoted(out, a->item);
    fprintf(out, "7\r\n");
}

static void
same(const struct gv_csv *x, const struct gv_csv *y)
{
    fuzz_must(x->auctions == y->auctions && x->bids == y->bids &&
              x->bidders == y->bidders);
    for (size_t i = 0; i < x->auctions; i++) {
        const struct gv_csv_auction *a = &x->auction[i], *b = &y->auction[i];

        fuzz_must(strcmp(a->id, b->id) == 0 && strcmp(a->item, b->item) == 0);
        fuzz_must(a->opening_bid == b->opening_bid);
        fuzz_must(a->final_price == b->final_price);
        fuzz_must(a->first == b->first && a->count == b->count);
    }
    for (size_t i = 0; i < x->bidders; i++)
        fuzz_must(strcmp(x->bidder[i].name, y->bidder[i].name) == 0);
    for (size_t i = 0; i < x->bids; i++)
        fuzz_must(x->bid[i].amount == y->bid[i].amount &&
                  x->bid[i].bidder == y->bid[i].bidder);
}

static void
check_again(const struct gv_csv *csv)
{
    struct gv_csv again;
    char *text;
    size_t len, at = 0;
    FILE *out = open_memstream(&text, &len);

    fprintf(out, "auctionid,bid,bidtime_days,bidder,bidder_rating,opening_bid,"
                 "final_price,item,duration_days\n");
    for (size_t i = 0; i < csv->auctions; i++) {
        const struct gv_csv_auction *a = &csv->auction[i];

        fuzz_must(a->first == at && a->count > 0);
        fuzz_must(a->count <= csv->bids - at);
        fuzz_must(a->id[0] != '\0');
        for (; at < a->first + a->count; at++)
            put_row(out, csv, a, &csv->bid[at]);
    }
    fclose(out);
    fuzz_must(at == csv->bids);
    fuzz_must(gv_csv_parse("again", gv_bytes(text, len), &again, NULL) ==
              GV_OK);
    same(csv, &again);
    gv_csv_clear(&again);
    free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gv_error e = {""};
    struct gv_csv csv;

    if (gv_csv_parse("file", gv_bytes(data, size), &csv, &e) != GV_OK) {
        fuzz_must_say(&e);
        fuzz_must(csv.bid == NULL && csv.auction == NULL);
        return 0;
    }
    fuzz_must(csv.bids > 0);
    for (size_t i = 0; i < csv.bids; i++)
        fuzz_must(csv.bid[i].amount > 0 && csv.bid[i].bidder < csv.bidders);
    check_again(&csv);
    gv_csv_clear(&csv);
    return 0;
}
