/*
 * cutter.h - tokens for CUTOFFs (rule R6): each authority of an auction is
 * asked to date the tip of its chain, this node's own by its engine, the others
 * by RFC 3161 over HTTPS where the registry says they answer, under policy
 * gavel-blind: they know nothing of what they date. One that is no service of
 * the network is asked where OPEN says, under its own policy (T33).
 *
 * A token is verified here, before anybody uses it: by the key that OPEN pins,
 * over this tip, and later than E + D and not ahead of this node's clock (R1).
 *
 * Thread-safety: gv_cutter_ask from one thread; deliver is called on the
 * cutter's threads.
 */
#ifndef GAVEL_CUTTER_H
#define GAVEL_CUTTER_H

#include "gavel/key.h"
#include "gavel/verify.h"
#include "src/client/tsaclient.h"
#include "src/ttp/tsa.h"

/* One authority, and what came of it. */
struct gv_cut {
    struct gv_chain_id auction;
    struct gv_sealed_id tip;
    uint8_t authority;   /* its place in OPEN */
    struct gv_hash cert; /* what OPEN pins of it */
    uint64_t after_us;   /* the token must be later */
    struct gv_pins
        *pins; /* of the auction, shared; gv_cut_free gives it back */
    char
        url[GV_TSACLIENT_URL_MAX]; /* where it answers; "": it is this node's */
    uint8_t policy[32];            /* what it is asked for, elsewhere */
    size_t policy_len;
    /* filled by the cutter */
    uint8_t token[GV_TOKEN_MAX];
    size_t len; /* 0: none, and */
    char error[200];
};
void gv_cut_free(struct gv_cut *c);

struct gv_cutter_options {
    const struct gv_params *params; /* whose root the servers lead to */
    const struct gv_keys *keys;
    struct gv_tsa *tsa;       /* this node's, or NULL; outlives the cutter */
    uint64_t (*now_ms)(void); /* Unix time */
    void (*deliver)(void *arg, struct gv_cut *c); /* takes c */
    void *arg;
};

struct gv_cutter;
/* NULL: no memory or no threads. */
struct gv_cutter *gv_cutter_new(const struct gv_cutter_options *o);
/* Breaks off what is under way; what waits is delivered with an error. */
void gv_cutter_free(struct gv_cutter *c);

/* Takes c. False: too many wait, and c stays. */
bool gv_cutter_ask(struct gv_cutter *cutter, struct gv_cut *c);

#endif
