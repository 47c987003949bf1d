/*
 * courier.h - how an ENROL, the bids and the OPENINGs of a pseudonym reach the
 * ledger: by the
 * submit socket of a node chosen at random (docs/spec/wallet.md, W20), so that
 * the wallet's own node does not learn which pseudonym is whose.
 *
 * The options --proxy, --own-node and --min-anonymity of the running command
 * decide.
 *
 * Thread-safety: one thread at a time.
 */
#ifndef GAVEL_WALLET_COURIER_H
#define GAVEL_WALLET_COURIER_H

#include "wallet/auction.h"

#define GV_COURIER_PROXY_OPTION                                                \
    {                                                                          \
        .name = "proxy",                                                       \
        .help = "Reach the nodes that take a pseudonym's bids, and "           \
                "time-stamping authorities that the wallet asks itself, "      \
                "through this proxy.",                                         \
        .argument = "socks5://HOST:PORT"                                       \
    }
#define GV_COURIER_WAY_OPTIONS                                                 \
    GV_COURIER_PROXY_OPTION,                                                   \
    {                                                                          \
        .name = "own-node", .type = GV_CONFIG_BOOL,                            \
        .help = "In an anonymous auction: go through the wallet's own node, "  \
                "which then knows the pseudonym."                              \
    }
#define GV_COURIER_OPTIONS                                                     \
    GV_COURIER_WAY_OPTIONS,                                                    \
    {                                                                          \
        .name = "min-anonymity", .type = GV_CONFIG_INT, .min = 0,              \
        .max = 1000000,                                                        \
        .help = "In an anonymous auction: wait until so many pseudonyms are "  \
                "enrolled, at most until it closes.",                          \
        .argument = "N"                                                        \
    }

struct gv_courier;
void gv_courier_free(struct gv_courier *c);

/* Read the options and the list of nodes, before anything is signed; once. An
 * exit code. */
int gv_courier_start(struct gv_cli *cli) GV_MUST_CHECK;

/* Hand in an ENROL, at one node after the other until the own one lists it too;
 * if some took it and it does not come there, that is said and no failure. An
 * exit code. */
int gv_courier_enrol(struct gv_cli *cli, const struct gv_auction *a,
                     struct gv_bytes tx) GV_MUST_CHECK;

/* Hand in an OPENING, at one node after the other until one takes it. An exit
 * code. */
int gv_courier_opening(struct gv_cli *cli, const struct gv_auction *a,
                       struct gv_bytes tx) GV_MUST_CHECK;

/* Hand in a BID, where authorities are blind (R5) with its STAMPs, each as b32:
 * results as gv_publish_stamped, with the members stamp,
 * receipt, t_us and deadline_us, after both were checked against OPEN. force is
 * for the wallet's own node; others do not judge (N29). */
struct gv_courier_load {
    struct gv_bytes tx, stamps;
    bool force;
};
enum gv_rc gv_courier_bid(struct gv_cli *cli, const struct gv_auction *a,
                          const struct gv_courier_load *load, json_t **result,
                          struct gv_rpcclient_error *error) GV_MUST_CHECK;
/* After GV_REJECT of gv_courier_bid: have the auction's own services refused it
 * for good, by their signatures (verdict.h)? Else it may count still. */
bool gv_courier_is_final(const struct gv_rpcclient_error *error);

/* Say on stderr among how many pseudonyms the wallet's is one, and wait for
 * more if it was told to. An exit code. */
int gv_courier_crowd(struct gv_cli *cli, struct gv_auction *a) GV_MUST_CHECK;

#endif
