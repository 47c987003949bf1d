/*
 * message.h - what nodes say to each other: the kinds of messages and their
 * one encoding (docs/spec/network.md).
 *
 * A message is a kind and a body. Gossip kinds travel over PUB/SUB, the
 * others over the connection that carries requests and replies, with a
 * request number beside them. Decoding is total and strict: the whole body is
 * one message in its one encoding, or the field that is wrong is named.
 *
 * A decoded message borrows from the bytes it was decoded from; a message to
 * be encoded borrows from its caller.
 *
 * Thread-safety: values and pure functions.
 */
#ifndef GAVEL_NET_MESSAGE_H
#define GAVEL_NET_MESSAGE_H

#include <gavel/block.h>

#define GV_NET_VERSION 1
/* The longest body: a block and what stands beside it in BLOCKS. */
#define GV_MSG_MAX (GV_BLOCK_MAX + 4096)
#define GV_MSG_TIPS_MAX 1000
#define GV_MSG_CHAINS_MAX 1000
#define GV_MSG_LOCATOR_MAX 64
#define GV_MSG_HEADERS_MAX 2000
#define GV_MSG_BLOCKS_MAX 16
#define GV_MSG_TXS_MAX 1024
#define GV_MSG_VOTES_MAX 256
#define GV_MSG_TEXT_MAX 200
#define GV_MSG_TIP_SIZE 104
#define GV_MSG_HEADER_MAX (GV_HEADER_SIZE + 80 + 1 + 32 * GV_BRANCH_MAX)
/* Bytes of whole transactions in COMPACT; the others have short ids. */
#define GV_MSG_WHOLE_MAX (256u << 10)
#define GV_MSG_SHORT_SIZE 8 /* first bytes of a transaction's id */
#define GV_MSG_COMPACT_MAX                                                     \
    (GV_MSG_HEADER_MAX + GV_MSG_SHORT_SIZE * GV_BLOCK_TX_MAX +                 \
     2 * GV_MSG_WHOLE_MAX)

enum gv_msg_kind {
    /* gossip */
    GV_MSG_ANN = 1,
    GV_MSG_BLOCK = 2,
    GV_MSG_TXS = 3,
    GV_MSG_VOTE = 4,
    GV_MSG_COMPACT = 5,
    /* requests, each followed by its reply */
    GV_MSG_HELLO = 16,
    GV_MSG_WELCOME = 17,
    GV_MSG_PING = 18,
    GV_MSG_PONG = 19,
    GV_MSG_GETTIPS = 20,
    GV_MSG_TIPS = 21,
    GV_MSG_GETHEADERS = 22,
    GV_MSG_HEADERS = 23,
    GV_MSG_GETBLOCKS = 24,
    GV_MSG_BLOCKS = 25,
    GV_MSG_GETPOOL = 26,
    GV_MSG_POOL = 27,
    GV_MSG_GETVOTES = 28,
    GV_MSG_VOTES = 29,
    GV_MSG_SUBMIT = 30,
    GV_MSG_SUBMITTED = 31,
    GV_MSG_REJECT = 32, /* also a reply to SUBMIT */
    GV_MSG_ERROR = 33,  /* a reply to any request */
    GV_MSG_GETBLOCKTXS = 34,
    GV_MSG_BLOCKTXS = 35
};

enum gv_msg_error {
    GV_MSG_HELLO_FIRST = 1,   /* this connection is not introduced */
    GV_MSG_WRONG_NETWORK = 2, /* magic or registry differ */
    GV_MSG_WRONG_VERSION = 3, /* no common version */
    GV_MSG_BUSY = 4,          /* try later, or another peer */
    GV_MSG_BAD_MESSAGE = 5,   /* could not be decoded */
    GV_MSG_NOT_FOUND = 6      /* no such chain here */
};

/* Roles a node offers its peers, in HELLO. */
#define GV_ROLE_STAMPS 1u /* takes SUBMIT */

/* count elements, each with its length before it. To encode, set item; a
 * decoded list has body, gv_msg_next walks it. */
struct gv_msg_list {
    const struct gv_bytes *item;
    struct gv_bytes body;
    uint16_t count;
};

/* count names of 32 bytes side by side (COMPACT: of 8, GETBLOCKTXS: of 2). */
struct gv_msg_ids {
    const uint8_t *p;
    uint16_t count;
};

/* Where a chain stands. */
struct gv_tip {
    struct gv_chain_id chain;
    uint32_t height;
    struct gv_sealed_id sealed;
    uint32_t justified; /* height */
    uint8_t work[32];   /* cumulative, little-endian; a hint, 0: not at hand */
};

struct gv_signed_vote {
    struct gv_chain_id chain;
    struct gv_vote vote;
    uint8_t validator;
    struct gv_sig sig;
};

struct gv_msg_hello { /* HELLO, WELCOME */
    uint16_t version;
    uint32_t magic;
    struct gv_chain_id registry;
    uint16_t p2p_port, pub_port;
    uint32_t roles;
    struct gv_bytes agent; /* printable ASCII, up to 64 */
};

/* A STAMP, and the receipt of its service or nothing. */
struct gv_msg_stamped {
    struct gv_bytes stamp, receipt;
};

struct gv_msg {
    enum gv_msg_kind kind;
    union {
        struct {
            struct gv_tip tip;
            uint64_t seq;
        } ann;
        struct {
            struct gv_bytes raw;
        } block; /* BLOCK */
        struct {
            struct gv_chain_id chain;
            uint64_t seq;
            struct gv_msg_list txs;
        } txs;
        struct gv_signed_vote vote;
        struct {
            struct gv_bytes header;   /* header, seal, depth, branch */
            struct gv_msg_ids shorts; /* of the other places, in order */
            struct gv_msg_list whole; /* place u16 | transaction, ascending */
        } compact;
        struct gv_msg_hello hello;
        struct {
            uint64_t token;
        } ping; /* PING, PONG */
        struct {
            uint64_t epoch, since;
            struct gv_msg_ids chains;
        } gettips;
        struct {
            uint64_t epoch, seq, head, txs, time_ms;
            uint32_t chains;        /* how many the sender has */
            struct gv_msg_ids rows; /* count x GV_MSG_TIP_SIZE */
        } tips;
        struct {
            struct gv_chain_id chain;
            struct gv_msg_ids locator;
        } getheaders;
        struct {
            struct gv_chain_id chain;
            uint8_t more;
            struct gv_msg_list headers;
        } headers;
        struct {
            struct gv_chain_id chain;
            struct gv_msg_ids ids;
        } getblocks;
        struct {
            struct gv_chain_id chain;
            struct gv_msg_list blocks;
        } blocks;
        struct {
            struct gv_chain_id chain;
            struct gv_sealed_id sealed;
            struct gv_msg_ids places; /* u16, ascending; gv_msg_place_at */
        } getblocktxs;
        struct {
            struct gv_chain_id chain;
            struct gv_sealed_id sealed;
            struct gv_msg_list txs;
        } blocktxs;
        struct {
            struct gv_chain_id chain; /* start here */
            uint8_t only;             /* 1: and end here */
            uint32_t skip;            /* transactions of that chain */
            uint64_t since_ms;        /* by the clock of who answers */
        } getpool;
        struct {
            uint8_t more;
            struct gv_chain_id chain; /* how to go on */
            uint32_t skip;
            struct gv_msg_list txs;
        } pool;
        struct {
            struct gv_chain_id chain;
        } getvotes;
        struct {
            struct gv_msg_list votes; /* of VOTE bodies */
        } votes;
        struct {
            uint64_t nonce; /* what a signed REJECT is bound to */
            struct gv_bytes raw;
            struct gv_bytes stamps; /* to the end: up to 15 STAMPs, each as b32;
                                     * where authorities are blind (R5) */
        } submit;
        struct {
            uint8_t count; /* stamps; none for an ENROL */
            struct gv_msg_stamped by[GV_AUTHORITIES_MAX];
        } submitted;
        struct {
            uint16_t code; /* enum gv_code */
            struct gv_bytes field;
            uint32_t index;
            uint64_t have, want;
            struct gv_bytes text;
            struct gv_bytes sig; /* by a stamping service: 64 bytes, or none */
        } reject;
        struct {
            uint8_t code; /* enum gv_msg_error */
            struct gv_bytes text;
        } error;
    } u;
};

/* "GETTIPS"; NULL for a number that is no kind. */
const char *gv_msg_name(unsigned kind);
bool gv_msg_is_gossip(unsigned kind);
bool gv_msg_is_reply(unsigned kind);
/* May `reply` answer `request`? ERROR answers everything. */
bool gv_msg_answers(unsigned reply, unsigned request);

/* Decode a body. GV_OK, or GV_REJECT with *field naming what is wrong. */
enum gv_rc gv_msg_decode(unsigned kind, struct gv_bytes body,
                         struct gv_msg *out, const char **field) GV_MUST_CHECK;

/* Encode a body. */
void gv_msg_put(struct gv_sink *s, const struct gv_msg *m);
/* The same into malloc'ed memory; NULL: no memory, or a list is too long for
 * a body. */
uint8_t *gv_msg_encode(const struct gv_msg *m, size_t *len);

/* Walk a decoded list: r starts as gv_reader(list->body); false at its end. */
bool gv_msg_next(struct gv_reader *r, struct gv_bytes *out);
/* Row i of TIPS. */
void gv_msg_tip_at(const struct gv_msg_ids *rows, uint16_t i,
                   struct gv_tip *out);
/* Number i of GETBLOCKTXS. */
static inline uint16_t
gv_msg_place_at(const struct gv_msg_ids *places, uint16_t i)
{
    return gv_le16(places->p + 2u * i);
}
void gv_msg_tip_put(struct gv_sink *s, const struct gv_tip *t);

/* The chain a gossip body is about, without decoding the rest; NULL when the
 * body is too short or the kind is no gossip. Its first 8 bytes are the
 * topic. */
const uint8_t *gv_msg_chain(unsigned kind, struct gv_bytes body);

#endif
