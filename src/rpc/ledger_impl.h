/*
 * ledger_impl.h - what the files of the ledger's methods share.
 *
 * ledger.c          the table, status, errors
 * ledger_chain.c    chains and blocks
 * ledger_tx.c       transactions, mempool, proofs
 * ledger_auction.c  auctions and outcomes
 * ledger_bid.c      bids
 * ledger_cert.c     certificates and services
 * ledger_node.c     the registry's nodes, this node's peers
 * ledger_submit.c   what is submitted
 */
#ifndef GAVEL_RPC_LEDGER_IMPL_H
#define GAVEL_RPC_LEDGER_IMPL_H

#include "src/rpc/ledger.h"
#include "src/rpc/render.h"

/* Functions that return an answer or NULL: NULL says "go on", anything else
 * is the answer to return. */

/* A chain by id or the word "registry", loaded. */
struct gv_rpc_answer *gv_ledger_chain(struct gv_ledger_rpc *l,
                                      struct gv_rpc_call *call,
                                      const char *name, struct gv_chain **out);
/* An auction by id, loaded. *out is NULL when the parameter is missing. */
struct gv_rpc_answer *gv_ledger_auction(struct gv_ledger_rpc *l,
                                        struct gv_rpc_call *call,
                                        struct gv_chain **out);
/* `status` of a list. */
struct gv_rpc_answer *gv_ledger_ask(struct gv_rpc_call *call, enum gv_ask *out);
/* Error -4 when the auction is not in the state asked for. */
struct gv_rpc_answer *gv_ledger_in_state(struct gv_ledger_rpc *l,
                                         struct gv_rpc_call *call,
                                         enum gv_ask ask,
                                         const struct gv_chain *c);
/* after, limit and reverse. filters: what makes it another list. */
struct gv_rpc_answer *gv_ledger_page(struct gv_rpc_call *call, const char *what,
                                     struct gv_bytes filters,
                                     struct gv_page *out);
/* {name: rows, "next": cursor}; takes rows. Frees the page. */
struct gv_rpc_answer *gv_ledger_answer_page(struct gv_rpc_call *call,
                                            const char *name, json_t *rows,
                                            struct gv_page *p);
/* Chains that sleep in the store cost time to load, and nobody else is served
 * meanwhile. A page is ended early (gv_page_cut) when its rows cost too much;
 * the first row always comes. *spent begins at 0. */
bool gv_ledger_afford(const struct gv_chain *c, size_t *spent);
/* Error -5: "what: unknown here". */
struct gv_rpc_answer *gv_ledger_unknown(struct gv_rpc_call *call,
                                        const char *what);

/* A block of the chain, decoded; *v keeps its bytes. GV_OK, GV_ABSENT or
 * GV_FAULT; after GV_OK the caller owes gv_ledger_block_clear. */
struct gv_ledger_block {
    struct gv_kv_value v;
    struct gv_block b;
};
enum gv_rc gv_ledger_block_at(struct gv_ledger_rpc *l, struct gv_chain *c,
                              uint32_t height, struct gv_ledger_block *out);
void gv_ledger_block_clear(struct gv_ledger_block *b);

gv_rpc_handler gv_ledger_getchains, gv_ledger_getblockcount,
    gv_ledger_getblockhash, gv_ledger_getblockheader, gv_ledger_getblock,
    gv_ledger_getblocks, gv_ledger_gettransaction, gv_ledger_getproof,
    gv_ledger_getmempoolinfo, gv_ledger_getrawmempool, gv_ledger_getauction,
    gv_ledger_listauctions, gv_ledger_listoutcomes, gv_ledger_getoutcome,
    gv_ledger_listbids, gv_ledger_getbid, gv_ledger_trybid, gv_ledger_getcert,
    gv_ledger_listepochs, gv_ledger_listservices, gv_ledger_listnodes,
    gv_ledger_listevidence, gv_ledger_getpeerinfo, gv_ledger_disconnectpeer,
    gv_ledger_handover, gv_ledger_getenrol, gv_ledger_getissued,
    gv_ledger_getrecord, gv_ledger_getwarrant, gv_ledger_signwarrant,
    gv_ledger_submitopen, gv_ledger_sendrawtransaction,
    gv_ledger_testtransaction, gv_ledger_submitbid, gv_ledger_submitblock;

/* ledger_trust.c: {identity, bidders, issued, revoked, notaries, escrow_t,
 * disclosed} of an auction that is loaded. */
json_t *gv_ledger_trust_of(const struct gv_book *b);
/* ledger_settle.c: {awards, second_chance} of one. */
json_t *gv_ledger_awards_of(const struct gv_chain *c);

#endif
