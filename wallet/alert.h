/*
 * alert.h - what has happened to an auction between two looks at it, as its
 * bidder, seller or watcher wants to hear it.
 *
 * Thread-safety: pure functions.
 */
#ifndef GAVEL_WALLET_ALERT_H
#define GAVEL_WALLET_ALERT_H

#include <gavel/terms.h>
#include <jansson.h>

#include "wallet/concern.h"

/* Options of a command that looks again and again. */
#define GV_LOOK_OPTIONS(often, ends)                                           \
    {.name = "every",                                                          \
     .type = GV_CONFIG_DURATION,                                               \
     .fallback = often,                                                        \
     .min = 100,                                                               \
     .max = 86400000,                                                          \
     .help = "Look this often.",                                               \
     .argument = "TIME"},                                                      \
    {                                                                          \
        .name = "for", .type = GV_CONFIG_DURATION, .fallback = "0",            \
        .help = "Stop after this time; 0: " ends, .argument = "TIME"           \
    }

/* One look at an auction, or at one of its lots: getauction's answer, boiled
 * down. */
struct gv_look {
    bool known;       /* there was an answer */
    bool open;        /* bids count now */
    bool ended;       /* the set of bids is fixed, or it is void */
    bool final;       /* so is the outcome */
    bool opening;     /* sealed bids are being opened */
    bool final_round; /* is on now */
    bool stalled;
    bool sold;             /* by the outcome */
    bool has_leader, mine; /* mine: the wallet's bid leads, or won */
    uint64_t amount;   /* leading bid, or the price once there is an outcome */
    uint64_t clock;    /* what a Dutch clock shows while nobody has it, or 0 */
    uint64_t close_us; /* 0: nothing ends it yet */
};

enum gv_alert {
    GV_ALERT_OPENED,
    GV_ALERT_LEADING,
    GV_ALERT_OUTBID,
    GV_ALERT_LOWER,      /* a Dutch clock has fallen */
    GV_ALERT_NEW_LEADER, /* of an auction where the wallet has no bid */
    GV_ALERT_CLOSING,    /* soon: within the warning time */
    GV_ALERT_EXTENDED,
    GV_ALERT_FINAL_ROUND, /* one sealed bid for each bidder counts now */
    GV_ALERT_CLOSED,
    GV_ALERT_OPENING, /* of sealed bids: one's own can be opened, if need be */
    GV_ALERT_STALLED,
    GV_ALERT_WON,
    GV_ALERT_LOST,
    GV_ALERT_SOLD,
    GV_ALERT_NOT_SOLD,
    GV_ALERTS
};

/* "outbid" */
const char *gv_alert_name(enum gv_alert a);

/* Does it speak of the auction, and not of its lots each by itself? */
bool gv_alert_is_general(enum gv_alert a);

/* How many lots the auction has, at most GV_LOTS_MAX; 0: it is one thing. */
unsigned gv_look_lots(const json_t *auction);
/* Of the lot at this place (gv_terms_lot_place); 0 where there are none. */
void gv_look_read(const json_t *auction, unsigned place,
                  const struct gv_concern *c, struct gv_look *out);

/* What is new in `now`, whose time is now_us: at most GV_ALERTS of them, in the
 * order in which they are to be told. A first look (before->known false) tells
 * what stands already. before_us: how long ahead of the end GV_ALERT_CLOSING
 * comes, once; `last_us` is the time of the look before, or 0. */
size_t gv_alerts(const struct gv_look *before, const struct gv_look *now,
                 unsigned roles, uint64_t last_us, uint64_t now_us,
                 uint64_t before_us, enum gv_alert out[GV_ALERTS]);

#endif
