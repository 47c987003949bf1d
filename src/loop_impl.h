/*
 * loop_impl.h - what the files of the chain thread share: loop.c (turns),
 * loop_mail.c (letters), loop_life.c (begin and end), loop_tasks.c (blocks and
 * transactions), loop_bids.c (stamping), loop_collect.c (stamps of several),
 * loop_again.c (bids that wait for a stamp), loop_repeat.c, loop_mine.c
 * (templates and seals), loop_cutoffs.c, loop_rpc.c (calls), loop_warrant.c,
 * loop_ask.c (questions), loop_net.c (the sync), loop_nodes.c (the registry's
 * nodes, and this one among them), loop_out.c (answers and gossip
 * after the commit).
 */
#ifndef GAVEL_LOOP_IMPL_H
#define GAVEL_LOOP_IMPL_H

#include <pthread.h>

#include "chain/state/chain.h"
#include "chain/state/template.h"
#include "src/base/mailbox.h"
#include "src/cutter.h"
#include "src/loop.h"
#include "src/net/sync.h"
#include "src/rpc/ledger.h"
#include "src/rpc/work.h"
#include "src/stamper.h"
#include "src/verifier.h"
#include "src/witness.h"

enum gv_mail_kind {
    GV_MAIL_CALL,    /* an RPC call */
    GV_MAIL_NET,     /* an event of the net thread */
    GV_MAIL_TASK,    /* a verified task */
    GV_MAIL_STAMPED, /* a STAMP */
    GV_MAIL_CUT,     /* a token for a CUTOFF, or none */
    GV_MAIL_OWN,     /* a transaction made inside this node */
    GV_MAIL_ASK,     /* a service's question */
    GV_MAIL_SEAL     /* found by the built-in miner */
};

struct gv_question;

struct gv_mail {
    enum gv_mail_kind kind;
    union {
        struct {
            gv_rpc_handler *handle;
            struct gv_rpc_call *call;
        } call;
        struct gv_net_event *net;
        struct gv_task *task;
        struct gv_question *ask; /* of the thread that waits */
        struct gv_stamp_result *stamped;
        struct gv_cut *cut;
        struct {
            uint8_t *raw;
            size_t len;
        } own;
        struct gv_seal seal;
    } u;
};

/* Who waits for a task, and what becomes of it. */
enum gv_ticket_kind {
    GV_TICKET_OWN,     /* made inside this node, or handed over to be stamped */
    GV_TICKET_CALL,    /* an RPC call */
    GV_TICKET_PEER,    /* a message of a peer */
    GV_TICKET_STRANGER /* handed in at the submit socket */
};

/* What one authority gave: the STAMP, and a receipt if its service answered.
 * Owned. */
struct gv_stamped_by {
    uint8_t *stamp, *receipt;
    size_t len, receipt_len;
    uint64_t t_us;
};

/* A BID or CLOSE that several authorities are asked to stamp. */
struct gv_collect {
    unsigned authorities, need; /* n and f + 1 */
    unsigned pending;           /* asked, this node among them, not answered */
    uint32_t stamped, refused;  /* by their own word; bit i is authority i */
    uint64_t
        dated_ms; /* since when the mempool has enough stamps; 0: not yet */
    struct gv_stamped_by by[GV_AUTHORITIES_MAX];
};

struct gv_ticket {
    enum gv_ticket_kind kind;
    enum gv_ledger_submission what; /* of a call; BID: to be stamped */
    struct gv_rpc_call *call;
    bool force;       /* of submitbid */
    uint64_t session; /* of a peer; a stranger's request */
    uint32_t request; /* of its SUBMIT, 0: none */
    uint64_t nonce;   /* of a SUBMIT, its or ours */
    uint8_t *raw;     /* its bytes, owned */
    size_t len;
    uint8_t *stamps; /* that came with a bid (R5), each as b32; owned */
    size_t stamps_len;
    struct gv_task *task; /* a bid that waits for its stamp; NULL: it waits in
                           * the mempool */
    bool unserved;        /* no stamping service can be reached */
    bool refused;         /* a service elsewhere said why: */
    bool told;            /* a stranger has his answer */
    struct gv_reject why; /* the last clear word of one */
    struct gv_collect *collect; /* of several authorities, or NULL: it is in
                                 * gv_loop.away until all have answered */
    struct gv_ticket *next;
};

/* Done after the commit. */
enum gv_out_kind {
    GV_OUT_SENT,
    GV_OUT_OPEN,
    GV_OUT_TEST,
    GV_OUT_BLOCK,
    GV_OUT_STAMPED,
    GV_OUT_REJECT,
    GV_OUT_BUSY,     /* a bid too many, try again later */
    GV_OUT_UNSERVED, /* no stamping service */
    GV_OUT_PARTLY,   /* too few of several authorities have stamped it */
    GV_OUT_FAULT,
    GV_OUT_PEER,     /* a peer's SUBMIT: stamped, or why not */
    GV_OUT_STRANGER, /* the same of a stranger's */
    GV_OUT_EVENT     /* for /events: its name in status, raw is text */
};

struct gv_out {
    enum gv_out_kind kind;
    struct gv_rpc_call *call;
    uint8_t *raw, *stamp, *receipt; /* owned */
    size_t len, stamp_len, receipt_len;
    uint64_t t_us;
    enum gv_rc rc;
    struct gv_reject why;
    const char *status;
    uint64_t session;
    uint32_t request;
    uint64_t nonce;
    json_t *stamps;           /* of all authorities; owned; NULL: this one */
    struct gv_stamped_by *by; /* the same, for a stranger; owned */
    unsigned by_count;
    unsigned stamped, needed;
};

/* Tasks being verified beyond which new mail waits, and letters taken before
 * that is looked at again: one may be a thousand tasks. */
#define GV_LOOP_BACKLOG 2048
#define GV_LOOP_SHARE 4
#define GV_TEMPLATES 8

struct gv_hashers;
struct gv_method;

struct gv_loop {
    struct gv_loop_options opt;
    struct gv_mailbox *box;  /* new work: bounded */
    struct gv_mailbox *done; /* what this node's own threads finished */
    pthread_t thread;
    bool started;
    struct gv_state *state;
    struct gv_verifier *verifier;
    struct gv_stamper *stamper;
    struct gv_cutter *cutter; /* NULL: this node makes no CUTOFFs */
    struct gv_cuttings *cuttings;
    struct gv_net *net;
    struct gv_sync *sync;
    struct gv_ledger_rpc rpc;
    struct gv_method *methods; /* one per method, for the http thread */
    struct gv_rpc_method *shims;
    struct gv_witness *witness; /* NULL without a data directory */
    struct gv_error tsa_clock;
    char ca_url[320], tsa_url[320], p2p[320], p2p_key[GV_NET_KEY_TEXT];
    struct gv_validator validator; /* this node's, if it has one */
    bool key_shared;               /* somebody else was seen to vote with it */
    struct gv_rate *rate;          /* bidder keys' buckets */
    uint64_t now_ms, ticked_ms, started_ms;
    uint64_t given_back;      /* gv_state_unloaded when memory was given back */
    struct gv_sealed_id told; /* the registry's tip, of gv_loop_tell_revoked */
    struct gv_sealed_id told_nodes; /* the same of gv_loop_nodes */
    uint64_t nodes_ms;              /* when that was */
    uint64_t announced_ms;

    struct gv_out *out;
    size_t outs, out_cap;
    struct gv_mail **calls; /* of this turn, after the commit */
    size_t call_count, call_cap;

    struct gv_template *template[GV_TEMPLATES]; /* newest first */
    struct gv_work *work;
    struct gv_hashers *hashers;      /* for targets too hard for a turn */
    struct gv_template *hashing;     /* their work */
    uint64_t hashing_ms, offered_ms; /* age of hashing and template[0] */
    uint64_t met_ms;                 /* the first peer; 0: none yet */
    struct gv_ticket *away;          /* whose bid a peer is stamping */
    bool failed;
};

/* loop_net.c: the sync as part of the chain thread. */
enum gv_rc gv_loop_make_sync(struct gv_loop *l);

/* A request of the submit socket; the event stays the caller's. */
void gv_loop_stranger(struct gv_loop *l, const struct gv_net_event *event);

/* loop_life.c: hand the services the registry's revocations, and the registry
 * what it lacks of the CA's, if its tip has moved. */
void gv_loop_tell_revoked(struct gv_loop *l);

/* loop_nodes.c: tell the network which nodes the registry names, and the
 * registry how this node is met, if either has changed. */
void gv_loop_nodes(struct gv_loop *l);
/* Where the newest service of a role answers, by the registry; NULL. */
const char *gv_loop_registered_url(struct gv_loop *l, uint8_t role);

/* loop.c: the thread itself. */
void *gv_loop_run(void *loop);

/* loop_mail.c */
/* Answer and free a letter that nobody will read: the node is stopping. */
void gv_loop_destroy_mail(void *message);
void gv_loop_drop_task(void *arg, struct gv_task *task);
void gv_loop_deliver_task(void *arg, struct gv_task *task);
void gv_loop_deliver_stamped(void *arg, struct gv_stamp_result *r);

/* loop_ask.c: either of them lets the asking thread go on. */
void gv_loop_answer_ask(struct gv_loop *l, struct gv_question *ask);
void gv_loop_drop_ask(struct gv_question *ask);

/* loop.c */
void gv_loop_fail(struct gv_loop *l, const char *why);

/* loop_tasks.c. Tickets are taken by these functions. */
struct gv_ticket *gv_ticket_new(enum gv_ticket_kind kind, struct gv_bytes raw);
/* Copy the STAMPs that came with it. False: no memory. */
bool gv_ticket_stamps(struct gv_ticket *t, struct gv_bytes stamps);
void gv_ticket_free(struct gv_ticket *t);
/* Out of a list that it is in. */
void gv_ticket_take(struct gv_ticket **list, struct gv_ticket *t);
/* The id in a raw block's header; zeros when it has none. */
void gv_block_sealed_id(struct gv_bytes raw, struct gv_sealed_id *out);
void gv_loop_submit(struct gv_loop *l, struct gv_ticket *ticket, bool is_block);
void gv_loop_verified(struct gv_loop *l, struct gv_task *task);
void gv_ticket_reject(struct gv_loop *l, struct gv_ticket *t, enum gv_rc rc,
                      const struct gv_reject *why);

/* loop_net.c: is it a good STAMP of this bid's auction, and does it list this
 * bid? Who sent it is not believed. */
struct gv_stamp_in;
enum gv_rc gv_loop_check_stamp(struct gv_loop *l, struct gv_bytes raw_bid,
                               struct gv_bytes raw_stamp,
                               struct gv_stamp_in *out, struct gv_reject *why);
/* A transaction enters the mempool; it may be there, or in a block, by now. */
enum gv_rc gv_loop_enter(struct gv_loop *l, struct gv_bytes raw,
                         struct gv_reject *why);

/* loop_repeat.c */
/* Does this BID or CLOSE stand on its chain? */
bool gv_loop_is_on_chain(struct gv_loop *l, const struct gv_tx *tx);
/* A BID or CLOSE that is known already gets its first answer again; takes the
 * ticket. False: there is none, the ticket stays. */
bool gv_loop_repeat_bid(struct gv_loop *l, struct gv_ticket *t);

/* loop_rpc.c */
void gv_loop_init_rpc(struct gv_loop *l);

/* loop_warrant.c */
/* Who may serve an auction, as this node sees it now. */
void gv_loop_warrant(struct gv_loop *l, struct gv_warrant *out);
/* The methods getwarrant and signwarrant. */
struct gv_rpc_answer *gv_loop_getwarrant(void *loop, struct gv_rpc_call *call);
/* loop_handover.c */
struct gv_rpc_answer *gv_loop_handover(void *loop, struct gv_rpc_call *call);
struct gv_rpc_answer *gv_loop_signwarrant(void *loop, struct gv_rpc_call *call,
                                          struct gv_bytes preimage);

/* loop_bids.c */
/* The leaf by which stamps list a BID or CLOSE. */
void gv_loop_leaf(const struct gv_tx *tx, uint8_t out32[32]);
/* A copy on the heap; NULL of nothing, or without memory. */
uint8_t *gv_loop_copy(const uint8_t *p, size_t len);
void gv_loop_bid_verified(struct gv_loop *l, struct gv_ticket *t,
                          struct gv_task *task);
void gv_loop_stamped(struct gv_loop *l, struct gv_stamp_result *r);
void gv_loop_closings(struct gv_loop *l);
void gv_loop_openings(struct gv_loop *l);
/* A BID or CLOSE that has a stamp enters the mempool, if it is not there. */
enum gv_rc gv_loop_enter_bid(struct gv_loop *l, struct gv_ticket *t,
                             struct gv_reject *why);
void gv_loop_anchors(struct gv_loop *l);
/* Answer a stamped bid, whoever stamped it; takes the ticket. */
void gv_loop_acknowledge(struct gv_loop *l, struct gv_ticket *t,
                         struct gv_bytes stamp, struct gv_bytes receipt,
                         uint64_t t_us);
/* Does this node stamp, and does the auction pin its key? *authority: its
 * place in OPEN. What is no auction counts as ours: gv_loop_may_stamp refuses
 * it. */
bool gv_loop_is_pinned(struct gv_loop *l, const struct gv_chain_id *auction,
                       uint8_t *authority);
/* When an auction, which is loaded, closes as far as this node knows: E over
 * its chain and, where a late bid extends it (A21), over the bids that wait. */
uint64_t gv_loop_close_us(struct gv_loop *l, struct gv_chain *c);
/* Policy before a token exists: the auction must be open and, for a first
 * stamp, the bidder enrolled and within the rate (R5). */
enum gv_rc gv_loop_may_stamp(struct gv_loop *l, const struct gv_tx *tx,
                             bool first, struct gv_reject *why);
/* A bid that would be void as things stand is refused, unless its sender
 * insists (R4). The node a wallet talks to asks; a service that gets the bid
 * from that node need not. */
enum gv_rc gv_loop_may_count(struct gv_loop *l, const struct gv_ticket *t,
                             const struct gv_tx *tx, struct gv_reject *why);
/* Have it stamped here; takes the ticket, NULL: of a bid in the mempool for
 * which nobody waits. False: no memory, the ticket stays. */
bool gv_loop_stamp(struct gv_loop *l, struct gv_ticket *t,
                   const struct gv_tx *tx);
/* Have it stamped by a peer; takes the ticket. False: nobody does that, the
 * ticket stays. The answer comes to loop_net.c. */
bool gv_loop_send_away(struct gv_loop *l, struct gv_ticket *t);
/* The same, and the ticket is answered at once when nobody does. */
void gv_loop_forward(struct gv_loop *l, struct gv_ticket *t);

/* loop_blind.c: auctions whose authorities are blind (R5). */
bool gv_loop_is_blind(struct gv_loop *l, const struct gv_chain_id *auction);
/* A BID or CLOSE of such an auction that came with its STAMPs, verified, with
 * its task, or known already: it enters with them. Takes the ticket. */
void gv_loop_blind_bid(struct gv_loop *l, struct gv_ticket *t,
                       const struct gv_tx *tx);
/* The same of one that is known. False: its auction has other authorities, the
 * ticket stays. */
bool gv_loop_blind_known(struct gv_loop *l, struct gv_ticket *t);

/* loop_collect.c */
/* OPEN of an auction; NULL: unknown, or the state fails. */
const struct gv_open *gv_loop_open_of(struct gv_loop *l,
                                      const struct gv_chain_id *auction);
void gv_collect_free(struct gv_collect *c);
/* Do several authorities date this auction? */
bool gv_loop_has_several(struct gv_loop *l, const struct gv_chain_id *auction);
/* Have it stamped by all authorities, here (first: as a first stamp) and by
 * peers. GV_OK: the ticket is taken; GV_FAULT: it stays. */
enum gv_rc gv_loop_collect(struct gv_loop *l, struct gv_ticket *t,
                           const struct gv_tx *tx, bool first);
/* One of those asked has answered: its STAMP is in the mempool; or it gave
 * none (why NULL: nothing), by its own word if authority is not -1. Either may
 * free the ticket. */
struct gv_stamp_in {
    uint8_t authority;
    struct gv_bytes stamp, receipt; /* borrowed */
    uint64_t t_us;
};
void gv_collect_stamp(struct gv_loop *l, struct gv_ticket *t,
                      const struct gv_stamp_in *in);
void gv_collect_refused(struct gv_loop *l, struct gv_ticket *t,
                        const struct gv_reject *why, int authority);
/* Does who handed it in wait for the stamps of all authorities? A peer asks for
 * this node's own stamp. */
bool gv_loop_wants_all(const struct gv_ticket *t);
/* gv_loop_repeat_bid for a bid of several authorities, or blind ones, where all
 * are wanted. */
bool gv_loop_repeat_all(struct gv_loop *l, struct gv_ticket *t);
/* Tell who waits what the state knows of the bid: its stamps, or that they are
 * too few. Takes the ticket. */
void gv_loop_tell_known(struct gv_loop *l, struct gv_ticket *t);
/* Look after those that wait. */
void gv_loop_collect_tick(struct gv_loop *l);

/* loop_cutoffs.c */
enum gv_rc gv_loop_make_cutter(struct gv_loop *l);
void gv_cuttings_free(struct gv_loop *l);
/* Ask for tokens over the tips of auctions past E + D. */
void gv_loop_cutoffs(struct gv_loop *l);
/* One has come, or not; it stays the caller's. */
void gv_loop_cut(struct gv_loop *l, struct gv_cut *cut);

/* loop_again.c */
/* The state's event: true when something was done about the bid. */
bool gv_loop_missed(struct gv_loop *l, const struct gv_chain *c,
                    struct gv_bytes raw, unsigned tries);
/* A submitted BID or CLOSE that waits in the mempool without a stamp that is
 * of use gets one; takes the ticket. False: it has one, or does not wait. */
bool gv_loop_stamp_again(struct gv_loop *l, struct gv_ticket *t);

/* loop_mine.c */
void gv_loop_mine(struct gv_loop *l);
void gv_loop_free_templates(struct gv_loop *l);
/* The built-in miner's threads found a seal. */
void gv_loop_found(struct gv_loop *l, const struct gv_seal *seal);
/* A seal for one of the templates handed out (struct gv_work_options). */
enum gv_rc gv_loop_seal(void *loop, const struct gv_hash *id,
                        const struct gv_seal *seal, json_t *accepted,
                        struct gv_reject *why);

/* loop_out.c: held back until the commit. NULL: memory is out, the loop has
 * failed. */
struct gv_out *gv_out_new(struct gv_loop *l, enum gv_out_kind kind);
void gv_out_flush(struct gv_loop *l);
/* loop_life.c: what the witness noted becomes files. */
void gv_loop_write_evidence(struct gv_loop *l);
/* Answer what still waits: the node is stopping. */
void gv_out_drop(struct gv_loop *l);

#endif
