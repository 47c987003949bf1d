/* test_csv.c - recorded auctions: what is read and what is refused. */
#include "wallet/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
/* cmocka needs the headers above. */
#include <cmocka.h>

#define HEAD                                                                   \
    "auctionid,bid,bidtime_days,bidder,bidder_rating,opening_bid,final_price," \
    "item,duration_days\n"

static enum gv_rc
parse(const char *text, struct gv_csv *csv, struct gv_error *e)
{
    return gv_csv_parse("f.csv", gv_bytes(text, strlen(text)), csv, e);
}

static void
rows_become_auctions_bids_and_bidders(void **state)
{
    struct gv_csv csv;
    struct gv_error e;

    (void)state;
    assert_int_equal(parse(HEAD "7,175,2.230949,ann,0,99,177.5,\"Watch, "
                                "\"\"gold\"\"\",3\r\n"
                                "7,100.05,2.230949,bob,-1,99,177.5,x,3\n"
                                "8,1,0.478368056,ann,12,0.01,1,y,7",
                           &csv, &e),
                     GV_OK);
    assert_int_equal(csv.auctions, 2);
    assert_int_equal(csv.bids, 3);
    assert_int_equal(csv.bidders, 2);
    assert_string_equal(csv.auction[0].item, "Watch, \"gold\"");
    assert_int_equal(csv.auction[0].final_price, 17750);
    assert_int_equal(csv.bid[1].amount, 10005);
    assert_int_equal(csv.bid[1].bidder, 1);
    assert_int_equal(csv.bid[2].bidder, 0);
    assert_int_equal(csv.bid[2].line, 4);
    assert_int_equal(csv.auction[1].first, 2);
    assert_int_equal(csv.auction[1].count, 1);
    gv_csv_clear(&csv);
}

static void
a_bad_row_is_named_by_file_line_and_column(void **state)
{
    static const struct {
        const char *text, *error;
    } bad[] = {
        {"", "f.csv:0: the file is empty"},
        {HEAD, "f.csv:1: no bids"},
        {"auctionid,bid\n", "f.csv:1: 2 columns, expected 9"},
        {"auctionid,bids,bidtime_days,bidder,bidder_rating,opening_bid,"
         "final_price,item,duration_days\n",
         "f.csv:1: bid: 'bids'"},
        {HEAD "7,1.234,0,a,0,1,1,x,3\n", "f.csv:2: bid: '1.234'"},
        {HEAD "7,0,0,a,0,1,1,x,3\n", "f.csv:2: bid: '0'"},
        {HEAD "7,-5,0,a,0,1,1,x,3\n", "f.csv:2: bid: '-5'"},
        {HEAD "7,1e3,0,a,0,1,1,x,3\n", "f.csv:2: bid: '1e3'"},
        {HEAD "7,99999999999999999999,0,a,0,1,1,x,3\n", "f.csv:2: bid: "},
        {HEAD "7,5,1.,a,0,1,1,x,3\n", "f.csv:2: bidtime_days: '1.'"},
        {HEAD "7,5,soon,a,0,1,1,x,3\n", "f.csv:2: bidtime_days: 'soon'"},
        {HEAD "7,5,0,,0,1,1,x,3\n", "f.csv:2: bidder: ''"},
        {HEAD ",5,0,a,0,1,1,x,3\n", "f.csv:2: auctionid: ''"},
        {HEAD "7,5,0,a,x,1,1,x,3\n", "f.csv:2: bidder_rating: 'x'"},
        {HEAD "7,5,0,a,0,?,1,x,3\n", "f.csv:2: opening_bid: '?'"},
        {HEAD "7,5,0,a,0,1,,x,3\n", "f.csv:2: final_price: ''"},
        {HEAD "7,5,0,a,0,1,1,x,0\n", "f.csv:2: duration_days: '0'"},
        {HEAD "7,5,0,a,0,1,1,\"x,3\n", "f.csv:2: item: 'x,3': the quote"},
        {HEAD "7,5,0,a,0,1,1,x\ty,3\n", "f.csv:2: item: 'x': a control"},
        {HEAD "7,5,0,a,0,1,1,x,3,4\n", "f.csv:2: more than 9 columns"},
        {HEAD "7,5,0,a,0,1,1,x,3\n\n", "f.csv:3: 1 columns"},
        {HEAD "7,5,2,a,0,1,1,x,3\n7,6,1,a,0,1,1,x,3\n",
         "f.csv:3: bidtime_days: '1': earlier"},
        {HEAD "7,5,2,a,0,1,1,x,3\n7,6,2,a,0,1,2,x,3\n",
         "f.csv:3: final_price: '2': differs"},
        {HEAD "7,5,0,a,0,1,1,x,3\n8,5,0,a,0,1,1,x,3\n7,5,0,a,0,1,1,x,3\n",
         "f.csv:4: auctionid: '7': its rows"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct gv_error e = {"none"};
        struct gv_csv csv;

        assert_int_equal(parse(bad[i].text, &csv, &e), GV_REJECT);
        if (strncmp(e.text, bad[i].error, strlen(bad[i].error)) != 0)
            fail_msg("got '%s', expected '%s'", e.text, bad[i].error);
    }
}

/* Every beginning of a good file is good or refused, never more. */
static void
a_cut_file_never_gains_rows(void **state)
{
    static const char good[] = HEAD "7,5,0,ann,0,1,9,\"w\",3\n"
                                    "7,9,1,bob,0,1,9,w,3\n";
    struct gv_error e;
    struct gv_csv csv;

    (void)state;
    for (size_t n = 0; n < sizeof(good); n++) {
        char *part = malloc(n + 1);

        assert_non_null(part);
        memcpy(part, good, n);
        if (gv_csv_parse("f", gv_bytes(part, n), &csv, &e) == GV_OK) {
            assert_true(csv.bids >= 1 && csv.bids <= 2);
            gv_csv_clear(&csv);
        }
        free(part);
    }
}

static void
the_recorded_data_is_read_whole(void **state)
{
    const char *shared = getenv("GAVEL_SHARED");
    struct gv_csv csv;
    struct gv_error e;
    char path[4096];
    size_t matched = 0;

    (void)state;
    snprintf(path, sizeof(path), "%s/data/ebay-auctions.csv",
             shared != NULL ? shared : "../shared");
    if (access(path, R_OK) != 0)
        skip();
    assert_int_equal(gv_csv_load(path, &csv, &e), GV_OK);
    assert_int_equal(csv.auctions, 479);
    assert_int_equal(csv.bids, 7870);
    assert_int_equal(csv.bidders, 2430);
    for (size_t i = 0; i < csv.auctions; i++) {
        uint64_t top = 0;

        for (size_t k = 0; k < csv.auction[i].count; k++)
            if (csv.bid[csv.auction[i].first + k].amount > top)
                top = csv.bid[csv.auction[i].first + k].amount;
        matched += top == csv.auction[i].final_price;
    }
    assert_int_equal(matched, 477);
    gv_csv_clear(&csv);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_become_auctions_bids_and_bidders),
        cmocka_unit_test(a_bad_row_is_named_by_file_line_and_column),
        cmocka_unit_test(a_cut_file_never_gains_rows),
        cmocka_unit_test(the_recorded_data_is_read_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
