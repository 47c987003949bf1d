/*
 * agent_task.h - one thing that `gavel agent run` bids for: an auction, or one
 * lot of it, with what its owner has said and what the wallet has sent there.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_AGENT_TASK_H
#define GAVEL_WALLET_AGENT_TASK_H

#include "wallet/agent_book.h"
#include "wallet/auction.h"
#include "wallet/bidding.h"
#include "wallet/concern.h"

#define GV_AGENT_SEALED_BID "one sealed bid" /* its amount is not printed */

struct gv_agent_task {
    struct gv_auction auction;
    uint8_t lot;           /* its number; 0: there are none */
    unsigned place;        /* of the lot */
    struct gv_terms terms; /* of the lot; borrow the auction's */
    struct gv_concern who;
    struct gv_agent said; /* by the owner, when it was last read */
    char as[GV_NAME_MAX + 1];
    uint64_t not_before_ms; /* a bid failed */
    char refusal[500];      /* why it did, and how often in a row */
    unsigned failures;
    bool placed; /* the sealed bid, or one by hand: there is but one */
    bool stuck; /* it was sent without an answer, and is beyond the limit now */
    char waiting[65]; /* one that was sent without an answer; "": none */
    bool over;        /* it has ended, or nothing is left to do */
    bool beaten;      /* and that was said */
};

/* Read what the open wallet says of it. False: the owner says nothing any more,
 * or all of it is done. */
bool gv_agent_task_read(struct gv_cli *cli, struct gv_agent_task *t);
/* Of that the sealed bid alone: placed, waiting, stuck. */
void gv_agent_task_read_sealed(struct gv_cli *cli, struct gv_agent_task *t);

/* What is placed for it: the auction, the identity and the lot. */
struct gv_bidding_order gv_agent_task_order(const struct gv_agent_task *t);

/* One line for people, or one JSON object, of an event. */
void gv_agent_task_say(const struct gv_cli *cli, const struct gv_agent_task *t,
                       const char *what, const char *text);
/* What it sets out to do. */
void gv_agent_task_begin(const struct gv_cli *cli,
                         const struct gv_agent_task *t);

#endif
