/* messages.h - one message of every kind, for tests and first fuzz inputs. */
#ifndef GAVEL_TESTS_NET_MESSAGES_H
#define GAVEL_TESTS_NET_MESSAGES_H

#include "src/net/message.h"

#define MESSAGE_KINDS 36

/* Bytes 0, 1, 2 ... that messages borrow. */
static inline const uint8_t *
message_bytes(void)
{
    static const uint8_t bytes[512] = "0123456789abcdef0123456789abcdef";

    return bytes;
}

static inline struct gv_tip
message_tip(void)
{
    struct gv_tip t = {.height = 7, .justified = 5};

    memset(t.chain.b, 0xc1, 32);
    memset(t.sealed.b, 0x5e, 32);
    t.work[0] = 9;
    return t;
}

/* Two elements. */
static inline struct gv_msg_list
message_list(void)
{
    static struct gv_bytes item[2];

    item[0] = gv_bytes(message_bytes(), 40);
    item[1] = gv_bytes(message_bytes(), 1);
    return (struct gv_msg_list){.item = item, .count = 2};
}

/* Transactions at places 0 and 4 of a block. */
static inline struct gv_msg_list
message_whole(void)
{
    static const uint8_t raw[2][3] = {{0, 0, 7}, {4, 0, 8}};
    static struct gv_bytes item[2];

    item[0] = gv_bytes(raw[0], 3);
    item[1] = gv_bytes(raw[1], 3);
    return (struct gv_msg_list){.item = item, .count = 2};
}

static inline void
message_fill_gossip(struct gv_msg *m)
{
    struct gv_tip tip = message_tip();

    if (m->kind == GV_MSG_ANN) {
        m->u.ann.tip = tip;
        m->u.ann.seq = 12;
    } else if (m->kind == GV_MSG_BLOCK) {
        m->u.block.raw = gv_bytes(message_bytes(), 300);
    } else if (m->kind == GV_MSG_TXS) {
        m->u.txs.chain = tip.chain;
        m->u.txs.seq = 3;
        m->u.txs.txs = message_list();
    } else if (m->kind == GV_MSG_VOTE) {
        m->u.vote = (struct gv_signed_vote){.chain = tip.chain,
                                            .vote.source_height = 4,
                                            .vote.target_height = 5,
                                            .validator = 3};
    } else if (m->kind == GV_MSG_COMPACT) {
        m->u.compact.header = gv_bytes(message_bytes() + 40, 199);
        m->u.compact.shorts = (struct gv_msg_ids){message_bytes(), 3};
        m->u.compact.whole = message_whole();
    } else if (m->kind == GV_MSG_HELLO || m->kind == GV_MSG_WELCOME) {
        m->u.hello = (struct gv_msg_hello){.version = 1,
                                           .magic = 77,
                                           .registry = tip.chain,
                                           .p2p_port = 1,
                                           .pub_port = 2,
                                           .roles = GV_ROLE_STAMPS,
                                           .agent = gv_bytes("node", 4)};
    }
}

static inline void
message_fill_request(struct gv_msg *m)
{
    const struct gv_msg_ids ids = {message_bytes(), 3};

    if (m->kind == GV_MSG_PING || m->kind == GV_MSG_PONG) {
        m->u.ping.token = 99;
    } else if (m->kind == GV_MSG_GETTIPS) {
        m->u.gettips.since = 4;
        m->u.gettips.chains = ids;
    } else if (m->kind == GV_MSG_GETHEADERS) {
        m->u.getheaders.locator = ids;
    } else if (m->kind == GV_MSG_GETBLOCKS) {
        m->u.getblocks.ids = ids;
    } else if (m->kind == GV_MSG_GETBLOCKTXS) {
        static const uint8_t places[4] = {1, 0, 3, 1};

        m->u.getblocktxs.places = (struct gv_msg_ids){places, 2};
    } else if (m->kind == GV_MSG_GETPOOL) {
        m->u.getpool.only = 1;
        m->u.getpool.skip = 6;
        m->u.getpool.since_ms = 1000;
    } else if (m->kind == GV_MSG_GETVOTES) {
        m->u.getvotes.chain.b[0] = 1;
    } else if (m->kind == GV_MSG_SUBMIT) {
        m->u.submit.nonce = 5;
        m->u.submit.raw = gv_bytes(message_bytes(), 40);
    }
}

static inline void
message_fill_reply(struct gv_msg *m)
{
    static uint8_t row[GV_MSG_TIP_SIZE];
    struct gv_tip tip = message_tip();
    struct gv_sink sink = gv_sink_buffer(row, sizeof(row));

    gv_msg_tip_put(&sink, &tip);
    if (m->kind == GV_MSG_TIPS) {
        m->u.tips.seq = 4;
        m->u.tips.head = 5;
        m->u.tips.rows = (struct gv_msg_ids){row, 1};
    } else if (m->kind == GV_MSG_HEADERS) {
        m->u.headers.more = 1;
        m->u.headers.headers = message_list();
    } else if (m->kind == GV_MSG_BLOCKS) {
        m->u.blocks.blocks = message_list();
    } else if (m->kind == GV_MSG_BLOCKTXS) {
        m->u.blocktxs.txs = message_list();
    } else if (m->kind == GV_MSG_POOL) {
        m->u.pool.more = 1;
        m->u.pool.txs = message_list();
    } else if (m->kind == GV_MSG_VOTES) {
        m->u.votes.votes = message_list();
    } else if (m->kind == GV_MSG_SUBMITTED) {
        m->u.submitted.count = 2;
        for (int i = 0; i < 2; i++) {
            m->u.submitted.by[i].stamp = gv_bytes(message_bytes(), 40);
            m->u.submitted.by[i].receipt = gv_bytes(message_bytes(), 1);
        }
    } else if (m->kind == GV_MSG_REJECT) {
        m->u.reject.code = GV_BELOW_FIRST;
        m->u.reject.field = gv_bytes("amount", 6);
        m->u.reject.text = gv_bytes("some text", 9);
        m->u.reject.sig = gv_bytes(message_bytes(), 64);
    } else if (m->kind == GV_MSG_ERROR) {
        m->u.error.code = GV_MSG_BUSY;
        m->u.error.text = gv_bytes("some text", 9);
    }
}

/* Fill what kind needs; false when it is no kind. */
static inline bool
message_make(unsigned kind, struct gv_msg *m)
{
    if (gv_msg_name(kind) == NULL)
        return false;
    memset(m, 0, sizeof(*m));
    m->kind = (enum gv_msg_kind)kind;
    message_fill_gossip(m);
    message_fill_request(m);
    message_fill_reply(m);
    return true;
}

#endif
