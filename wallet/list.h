/*
 * list.h - what the list commands share: filters and pages as options, and
 * their printing as table, CSV or JSON.
 */
#ifndef GAVEL_WALLET_LIST_H
#define GAVEL_WALLET_LIST_H

#include "wallet/cli.h"
#include "wallet/columns.h"

/* Options every list has; the command's own follow them in its table. */
#define GV_LIST_OPTIONS                                                        \
    {.name = "open",                                                           \
     .type = GV_CONFIG_BOOL,                                                   \
     .help = "Only of open auctions."},                                        \
        {.name = "closed",                                                     \
         .type = GV_CONFIG_BOOL,                                               \
         .help = "Only of closed auctions."},                                  \
        {.name = "limit",                                                      \
         .type = GV_CONFIG_INT,                                                \
         .fallback = "100",                                                    \
         .min = 1,                                                             \
         .max = 1000,                                                          \
         .help = "Rows of a page.",                                            \
         .argument = "N"},                                                     \
        {.name = "after",                                                      \
         .help = "Go on behind the page that named this cursor.",              \
         .argument = "CURSOR"},                                                \
        {.name = "reverse", .type = GV_CONFIG_BOOL, .help = "Newest first."},  \
    {                                                                          \
        .name = "csv", .type = GV_CONFIG_BOOL, .help = "Print CSV."            \
    }

/* Options of a list whose rows have a time. */
#define GV_LIST_RANGE(what)                                                    \
    {.name = "from",                                                           \
     .help = what " at or after this time, in UTC: 2027-01-31T12:00:00Z, or "  \
                  "2027-01-31 for the day's beginning.",                       \
     .argument = "TIME"},                                                      \
    {                                                                          \
        .name = "to", .help = what " before this time.", .argument = "TIME"    \
    }

/* {status, limit, after, reverse} of the options; NULL after printing. */
json_t *gv_list_params(const struct gv_cli *cli);

/* Set an id option as parameter of that name: 64 hex digits, or `me` for the
 * ledger key of the wallet's identity where me is true, with a warning if the
 * wallet has pseudonyms, too. An exit code. */
int gv_list_id(struct gv_cli *cli, json_t *params, const char *option,
               const char *param, bool me) GV_MUST_CHECK;

/* Set the options of GV_LIST_RANGE as parameters of these names, in the unit of
 * which a millisecond has `per_ms`. An exit code. */
int gv_list_range(struct gv_cli *cli, json_t *params, const char *from,
                  const char *to, uint64_t per_ms) GV_MUST_CHECK;

/* Call, and print the answer's rows (its member) with one function per row.
 * Drops params. An exit code. */
struct gv_list_view {
    const char *method, *member;
    const char *heads;   /* of gv_columns_new */
    const char *nothing; /* in place of an empty table */
    void (*row)(struct gv_columns *t, const json_t *row);
    /* NULL, or what the wallet adds to a row before it is shown. */
    void (*add)(const struct gv_cli *cli, json_t *row);
};
int gv_list_print(struct gv_cli *cli, json_t *params,
                  const struct gv_list_view *view) GV_MUST_CHECK;

#endif
