/*
 * notaries.h - asking every notary of an auction the same, one after the other,
 * and what each of them said.
 *
 * Each notary's request has its own limit of time (src/client/https.h). Once
 * all were asked, those that said that the outcome is not final yet are asked
 * again: nodes call an outcome final when they have the votes, notaries when
 * these stand on the chain. That takes a minute at most for all of them
 * together, and five seconds from when enough others gave what was asked for:
 * nobody's word alone lets the others wait.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_NOTARIES_H
#define GAVEL_WALLET_NOTARIES_H

#include "wallet/auction.h"

/* What one notary said. */
struct gv_notary_answer {
    bool good;
    bool refused;         /* not good, and an answer came */
    struct gv_error said; /* "gave its share", or why not */
};

struct gv_notary_answers {
    unsigned count; /* notaries in OPEN; by their place */
    struct gv_notary_answer of[GV_NOTARIES_MAX];
};

struct gv_notary_request {
    const char *path;
    struct gv_bytes body;
    /* What notary i is sent, where that differs: valid until the next call; or
     * NULL. Empty: it cannot be made. */
    struct gv_bytes (*body_of)(void *arg, unsigned i);
    /* Is the answer of notary i (from 0) a good one? It may keep what it
     * needs of it. */
    bool (*take)(void *arg, unsigned i, struct gv_bytes answer);
    void *arg;
    const char *good, *bad; /* what is said then */
    unsigned enough;        /* so many good answers are; at least 1 */
};

/* Ask them all. An exit code: not OK only when nobody could be asked, because
 * the node does not say where notaries are. */
int gv_notaries_ask(struct gv_cli *cli, const struct gv_auction *a,
                    const struct gv_notary_request *request,
                    struct gv_notary_answers *out) GV_MUST_CHECK;
unsigned gv_notaries_good(const struct gv_notary_answers *answers);

/* Fail in one line: `what`, then why each notary's answer is not good. Returns
 * GV_EXIT_FAILED when one of them refused, GV_EXIT_NODE when they gave no
 * proper answer. */
int gv_notaries_fail(const struct gv_cli *cli,
                     const struct gv_notary_answers *answers, const char *what);

/* For people, a line each; for programs [{m, operator, good, answer}], m from
 * 1. */
void gv_notaries_print(const struct gv_auction *a,
                       const struct gv_notary_answers *answers);
json_t *gv_notaries_json(const struct gv_auction *a,
                         const struct gv_notary_answers *answers);

#endif
