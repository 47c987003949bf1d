/* message.c - the encoding of the messages between nodes. */
#include "src/net/message.h"

#include <stdlib.h>

#include "src/net/message_impl.h"

#define AGENT_MAX 64
#define FIELD_MAX 64
#define SIG_SIZE 64

static const struct {
    const char *name;
    uint8_t request; /* for a reply: what it answers */
} kinds[] = {
    [GV_MSG_ANN] = {"ANN", 0},
    [GV_MSG_BLOCK] = {"BLOCK", 0},
    [GV_MSG_TXS] = {"TXS", 0},
    [GV_MSG_VOTE] = {"VOTE", 0},
    [GV_MSG_COMPACT] = {"COMPACT", 0},
    [GV_MSG_HELLO] = {"HELLO", 0},
    [GV_MSG_WELCOME] = {"WELCOME", GV_MSG_HELLO},
    [GV_MSG_PING] = {"PING", 0},
    [GV_MSG_PONG] = {"PONG", GV_MSG_PING},
    [GV_MSG_GETTIPS] = {"GETTIPS", 0},
    [GV_MSG_TIPS] = {"TIPS", GV_MSG_GETTIPS},
    [GV_MSG_GETHEADERS] = {"GETHEADERS", 0},
    [GV_MSG_HEADERS] = {"HEADERS", GV_MSG_GETHEADERS},
    [GV_MSG_GETBLOCKS] = {"GETBLOCKS", 0},
    [GV_MSG_BLOCKS] = {"BLOCKS", GV_MSG_GETBLOCKS},
    [GV_MSG_GETPOOL] = {"GETPOOL", 0},
    [GV_MSG_POOL] = {"POOL", GV_MSG_GETPOOL},
    [GV_MSG_GETVOTES] = {"GETVOTES", 0},
    [GV_MSG_VOTES] = {"VOTES", GV_MSG_GETVOTES},
    [GV_MSG_SUBMIT] = {"SUBMIT", 0},
    [GV_MSG_SUBMITTED] = {"SUBMITTED", GV_MSG_SUBMIT},
    [GV_MSG_REJECT] = {"REJECT", GV_MSG_SUBMIT},
    [GV_MSG_ERROR] = {"ERROR", 0},
    [GV_MSG_GETBLOCKTXS] = {"GETBLOCKTXS", 0},
    [GV_MSG_BLOCKTXS] = {"BLOCKTXS", GV_MSG_GETBLOCKTXS},
};

const char *
gv_msg_name(unsigned kind)
{
    return kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind].name : NULL;
}

bool
gv_msg_is_gossip(unsigned kind)
{
    return kind >= GV_MSG_ANN && kind <= GV_MSG_COMPACT;
}

bool
gv_msg_is_reply(unsigned kind)
{
    return gv_msg_name(kind) &&
           (kinds[kind].request != 0 || kind == GV_MSG_ERROR);
}

bool
gv_msg_answers(unsigned reply, unsigned request)
{
    return gv_msg_is_reply(reply) &&
           (reply == GV_MSG_ERROR || kinds[reply].request == request);
}

const uint8_t *
gv_msg_chain(unsigned kind, struct gv_bytes body)
{
    /* behind header.version */
    size_t at = kind == GV_MSG_BLOCK || kind == GV_MSG_COMPACT ? 2 : 0;

    if (!gv_msg_is_gossip(kind) || body.len < at + 32)
        return NULL;
    return body.p + at;
}

/* --- lists --- */

void
gv_msg_put_list(struct gv_sink *s, const struct gv_msg_list *list)
{
    gv_put_u16(s, list->count);
    if (!list->item) {
        gv_put(s, list->body.p, list->body.len);
        return;
    }
    for (uint16_t i = 0; i < list->count; i++)
        gv_put_b32(s, list->item[i]);
}

void
gv_msg_get_list(struct gv_reader *r, struct gv_msg_list *out, uint16_t max,
                size_t each, const char *field)
{
    const uint8_t *start;

    out->item = NULL;
    out->count = gv_get_u16(r, field);
    gv_get_require(r, out->count <= max, field);
    if (r->failed)
        return;
    start = r->p;
    for (uint16_t i = 0; i < out->count; i++)
        gv_get_require(r, gv_get_b32(r, each, field).len > 0, field);
    if (!r->failed)
        out->body = gv_bytes(start, (size_t)(r->p - start));
}

bool
gv_msg_next(struct gv_reader *r, struct gv_bytes *out)
{
    if (r->left == 0 || r->failed)
        return false;
    *out = gv_get_b32(r, GV_MSG_MAX, "list");
    return !r->failed;
}

void
gv_msg_put_ids(struct gv_sink *s, const struct gv_msg_ids *ids, size_t size)
{
    gv_put_u16(s, ids->count);
    gv_put(s, ids->p, ids->count * size);
}

void
gv_msg_get_ids(struct gv_reader *r, struct gv_msg_ids *out, uint16_t max,
               size_t size, const char *field)
{
    out->count = gv_get_u16(r, field);
    gv_get_require(r, out->count <= max, field);
    out->p = gv_get_view(r, r->failed ? 0 : out->count * size, field).p;
}

/* --- parts --- */

void
gv_msg_tip_put(struct gv_sink *s, const struct gv_tip *t)
{
    gv_put(s, t->chain.b, 32);
    gv_put_u32(s, t->height);
    gv_put(s, t->sealed.b, 32);
    gv_put_u32(s, t->justified);
    gv_put(s, t->work, 32);
}

void
gv_msg_get_tip(struct gv_reader *r, struct gv_tip *t)
{
    gv_get(r, t->chain.b, 32, "chain");
    t->height = gv_get_u32(r, "height");
    gv_get(r, t->sealed.b, 32, "sealed");
    t->justified = gv_get_u32(r, "justified");
    gv_get_require(r, t->justified <= t->height, "justified");
    gv_get(r, t->work, 32, "work");
}

void
gv_msg_tip_at(const struct gv_msg_ids *rows, uint16_t i, struct gv_tip *out)
{
    struct gv_reader r = gv_reader(
        gv_bytes(rows->p + (size_t)i * GV_MSG_TIP_SIZE, GV_MSG_TIP_SIZE));

    gv_msg_get_tip(&r, out);
}

static void
get_tips(struct gv_reader *r, struct gv_msg *m)
{
    struct gv_tip tip;
    struct gv_reader row;

    m->u.tips.epoch = gv_get_u64(r, "epoch");
    m->u.tips.seq = gv_get_u64(r, "seq");
    m->u.tips.head = gv_get_u64(r, "head");
    gv_get_require(r, m->u.tips.seq <= m->u.tips.head, "seq");
    m->u.tips.txs = gv_get_u64(r, "txs");
    m->u.tips.time_ms = gv_get_u64(r, "time");
    m->u.tips.chains = gv_get_u32(r, "chains");
    gv_msg_get_ids(r, &m->u.tips.rows, GV_MSG_TIPS_MAX, GV_MSG_TIP_SIZE,
                   "tips");
    for (uint16_t i = 0; i < m->u.tips.rows.count && !r->failed; i++) {
        row = gv_reader(
            gv_bytes(m->u.tips.rows.p + i * GV_MSG_TIP_SIZE, GV_MSG_TIP_SIZE));
        gv_msg_get_tip(&row, &tip);
        gv_get_require(r, !row.failed, "tips.justified");
    }
}

/* Text from a peer ends in logs: printable ASCII only. */
static struct gv_bytes
get_text(struct gv_reader *r, size_t max, const char *field)
{
    struct gv_bytes text = gv_get_b8(r, max, field);

    for (size_t i = 0; i < text.len; i++)
        gv_get_require(r, text.p[i] >= 0x20 && text.p[i] < 0x7f, field);
    return text;
}

static void
put_hello(struct gv_sink *s, const struct gv_msg_hello *h)
{
    gv_put_u16(s, h->version);
    gv_put_u32(s, h->magic);
    gv_put(s, h->registry.b, 32);
    gv_put_u16(s, h->p2p_port);
    gv_put_u16(s, h->pub_port);
    gv_put_u32(s, h->roles);
    gv_put_b8(s, h->agent);
}

static void
get_hello(struct gv_reader *r, struct gv_msg_hello *h)
{
    h->version = gv_get_u16(r, "version");
    h->magic = gv_get_u32(r, "magic");
    gv_get(r, h->registry.b, 32, "registry");
    h->p2p_port = gv_get_u16(r, "p2p port");
    h->pub_port = gv_get_u16(r, "pub port");
    h->roles = gv_get_u32(r, "roles");
    h->agent = get_text(r, AGENT_MAX, "agent");
}

static uint8_t
get_bool(struct gv_reader *r, const char *field)
{
    uint8_t v = gv_get_u8(r, field);

    gv_get_require(r, v <= 1, field);
    return v;
}

static void
put_submitted(struct gv_sink *s, const struct gv_msg *m)
{
    gv_put_u8(s, m->u.submitted.count);
    for (unsigned i = 0; i < m->u.submitted.count; i++) {
        gv_put_b32(s, m->u.submitted.by[i].stamp);
        gv_put_b32(s, m->u.submitted.by[i].receipt);
    }
}

static void
put_reject(struct gv_sink *s, const struct gv_msg *m)
{
    gv_put_u16(s, m->u.reject.code);
    gv_put_b8(s, m->u.reject.field);
    gv_put_u32(s, m->u.reject.index);
    gv_put_u64(s, m->u.reject.have);
    gv_put_u64(s, m->u.reject.want);
    gv_put_b8(s, m->u.reject.text);
    gv_put_b8(s, m->u.reject.sig);
}

static void
get_submitted(struct gv_reader *r, struct gv_msg *m)
{
    m->u.submitted.count = gv_get_u8(r, "stamps");
    gv_get_require(r, m->u.submitted.count <= GV_AUTHORITIES_MAX, "stamps");
    for (unsigned i = 0; i < m->u.submitted.count && !r->failed; i++) {
        m->u.submitted.by[i].stamp = gv_get_b32(r, GV_TX_MAX, "stamp");
        m->u.submitted.by[i].receipt = gv_get_b32(r, GV_TX_MAX, "receipt");
    }
}

static void
get_reject(struct gv_reader *r, struct gv_msg *m)
{
    m->u.reject.code = gv_get_u16(r, "code");
    m->u.reject.field = get_text(r, FIELD_MAX, "field");
    m->u.reject.index = gv_get_u32(r, "index");
    m->u.reject.have = gv_get_u64(r, "have");
    m->u.reject.want = gv_get_u64(r, "want");
    m->u.reject.text = get_text(r, GV_MSG_TEXT_MAX, "text");
    m->u.reject.sig = gv_get_b8(r, SIG_SIZE, "signature");
    gv_get_require(r,
                   m->u.reject.sig.len == 0 || m->u.reject.sig.len == SIG_SIZE,
                   "signature");
}

/* --- requests and replies --- */

static void
put_request(struct gv_sink *s, const struct gv_msg *m)
{
    switch ((unsigned)m->kind) {
    case GV_MSG_GETTIPS:
        gv_put_u64(s, m->u.gettips.epoch);
        gv_put_u64(s, m->u.gettips.since);
        gv_msg_put_ids(s, &m->u.gettips.chains, 32);
        break;
    case GV_MSG_GETHEADERS:
        gv_put(s, m->u.getheaders.chain.b, 32);
        gv_msg_put_ids(s, &m->u.getheaders.locator, 32);
        break;
    case GV_MSG_GETBLOCKS:
        gv_put(s, m->u.getblocks.chain.b, 32);
        gv_msg_put_ids(s, &m->u.getblocks.ids, 32);
        break;
    case GV_MSG_GETBLOCKTXS:
        gv_put(s, m->u.getblocktxs.chain.b, 32);
        gv_put(s, m->u.getblocktxs.sealed.b, 32);
        gv_msg_put_ids(s, &m->u.getblocktxs.places, 2);
        break;
    case GV_MSG_GETPOOL:
        gv_put(s, m->u.getpool.chain.b, 32);
        gv_put_u8(s, m->u.getpool.only);
        gv_put_u32(s, m->u.getpool.skip);
        gv_put_u64(s, m->u.getpool.since_ms);
        break;
    case GV_MSG_GETVOTES:
        gv_put(s, m->u.getvotes.chain.b, 32);
        break;
    case GV_MSG_SUBMIT:
        gv_put_u64(s, m->u.submit.nonce);
        gv_put_b32(s, m->u.submit.raw);
        gv_put(s, m->u.submit.stamps.p, m->u.submit.stamps.len);
        break;
    }
}

/* STAMPs up to the end of the message. */
static struct gv_bytes
get_stamps(struct gv_reader *r)
{
    struct gv_reader inside = *r;
    unsigned n = 0;

    while (!inside.failed && inside.left > 0) {
        struct gv_bytes one = gv_get_b32(&inside, GV_TX_MAX, "stamps");

        gv_get_require(&inside, one.len > 0 && ++n <= GV_AUTHORITIES_MAX,
                       "stamps");
    }
    gv_get_require(r, !inside.failed, "stamps");
    return gv_get_view(r, r->failed ? 0 : r->left, "stamps");
}

/* Places in a block, ascending: one way to ask for the same. */
static void
get_places(struct gv_reader *r, struct gv_msg_ids *out)
{
    gv_msg_get_ids(r, out, GV_MSG_TXS_MAX, 2, "places");
    gv_get_require(r, out->count > 0, "places");
    for (uint16_t i = 1; i < out->count && !r->failed; i++)
        gv_get_require(r, gv_msg_place_at(out, i) > gv_msg_place_at(out, i - 1),
                       "places");
}

static void
get_request(struct gv_reader *r, struct gv_msg *m)
{
    switch ((unsigned)m->kind) {
    case GV_MSG_GETTIPS:
        m->u.gettips.epoch = gv_get_u64(r, "epoch");
        m->u.gettips.since = gv_get_u64(r, "since");
        gv_msg_get_ids(r, &m->u.gettips.chains, GV_MSG_CHAINS_MAX, 32,
                       "chains");
        break;
    case GV_MSG_GETHEADERS:
        gv_get(r, m->u.getheaders.chain.b, 32, "chain");
        gv_msg_get_ids(r, &m->u.getheaders.locator, GV_MSG_LOCATOR_MAX, 32,
                       "locator");
        break;
    case GV_MSG_GETBLOCKS:
        gv_get(r, m->u.getblocks.chain.b, 32, "chain");
        gv_msg_get_ids(r, &m->u.getblocks.ids, GV_MSG_BLOCKS_MAX, 32, "blocks");
        gv_get_require(r, m->u.getblocks.ids.count > 0, "blocks");
        break;
    case GV_MSG_GETBLOCKTXS:
        gv_get(r, m->u.getblocktxs.chain.b, 32, "chain");
        gv_get(r, m->u.getblocktxs.sealed.b, 32, "sealed");
        get_places(r, &m->u.getblocktxs.places);
        break;
    case GV_MSG_GETPOOL:
        gv_get(r, m->u.getpool.chain.b, 32, "chain");
        m->u.getpool.only = get_bool(r, "only");
        m->u.getpool.skip = gv_get_u32(r, "skip");
        m->u.getpool.since_ms = gv_get_u64(r, "since");
        break;
    case GV_MSG_GETVOTES:
        gv_get(r, m->u.getvotes.chain.b, 32, "chain");
        break;
    case GV_MSG_SUBMIT:
        m->u.submit.nonce = gv_get_u64(r, "nonce");
        m->u.submit.raw = gv_get_b32(r, GV_TX_MAX, "transaction");
        gv_get_require(r, m->u.submit.raw.len > 0, "transaction");
        m->u.submit.stamps = get_stamps(r);
        break;
    }
}

static void
put_reply(struct gv_sink *s, const struct gv_msg *m)
{
    switch ((unsigned)m->kind) {
    case GV_MSG_TIPS:
        gv_put_u64(s, m->u.tips.epoch);
        gv_put_u64(s, m->u.tips.seq);
        gv_put_u64(s, m->u.tips.head);
        gv_put_u64(s, m->u.tips.txs);
        gv_put_u64(s, m->u.tips.time_ms);
        gv_put_u32(s, m->u.tips.chains);
        gv_msg_put_ids(s, &m->u.tips.rows, GV_MSG_TIP_SIZE);
        break;
    case GV_MSG_HEADERS:
        gv_put(s, m->u.headers.chain.b, 32);
        gv_put_u8(s, m->u.headers.more);
        gv_msg_put_list(s, &m->u.headers.headers);
        break;
    case GV_MSG_BLOCKS:
        gv_put(s, m->u.blocks.chain.b, 32);
        gv_msg_put_list(s, &m->u.blocks.blocks);
        break;
    case GV_MSG_BLOCKTXS:
        gv_put(s, m->u.blocktxs.chain.b, 32);
        gv_put(s, m->u.blocktxs.sealed.b, 32);
        gv_msg_put_list(s, &m->u.blocktxs.txs);
        break;
    case GV_MSG_POOL:
        gv_put_u8(s, m->u.pool.more);
        gv_put(s, m->u.pool.chain.b, 32);
        gv_put_u32(s, m->u.pool.skip);
        gv_msg_put_list(s, &m->u.pool.txs);
        break;
    case GV_MSG_VOTES:
        gv_msg_put_list(s, &m->u.votes.votes);
        break;
    case GV_MSG_SUBMITTED:
        put_submitted(s, m);
        break;
    case GV_MSG_REJECT:
        put_reject(s, m);
        break;
    case GV_MSG_ERROR:
        gv_put_u8(s, m->u.error.code);
        gv_put_b8(s, m->u.error.text);
        break;
    }
}

static void
get_reply(struct gv_reader *r, struct gv_msg *m)
{
    switch ((unsigned)m->kind) {
    case GV_MSG_TIPS:
        get_tips(r, m);
        break;
    case GV_MSG_HEADERS:
        gv_get(r, m->u.headers.chain.b, 32, "chain");
        m->u.headers.more = get_bool(r, "more");
        gv_msg_get_list(r, &m->u.headers.headers, GV_MSG_HEADERS_MAX,
                        GV_MSG_HEADER_MAX, "headers");
        break;
    case GV_MSG_BLOCKS:
        gv_get(r, m->u.blocks.chain.b, 32, "chain");
        gv_msg_get_list(r, &m->u.blocks.blocks, GV_MSG_BLOCKS_MAX, GV_BLOCK_MAX,
                        "blocks");
        break;
    case GV_MSG_BLOCKTXS:
        gv_get(r, m->u.blocktxs.chain.b, 32, "chain");
        gv_get(r, m->u.blocktxs.sealed.b, 32, "sealed");
        gv_msg_get_list(r, &m->u.blocktxs.txs, GV_MSG_TXS_MAX, GV_TX_MAX,
                        "transactions");
        break;
    case GV_MSG_POOL:
        m->u.pool.more = get_bool(r, "more");
        gv_get(r, m->u.pool.chain.b, 32, "chain");
        m->u.pool.skip = gv_get_u32(r, "skip");
        gv_msg_get_list(r, &m->u.pool.txs, GV_MSG_TXS_MAX, GV_TX_MAX,
                        "transactions");
        break;
    case GV_MSG_VOTES:
        gv_msg_get_list(r, &m->u.votes.votes, GV_MSG_VOTES_MAX, 169, "votes");
        break;
    case GV_MSG_SUBMITTED:
        get_submitted(r, m);
        break;
    case GV_MSG_REJECT:
        get_reject(r, m);
        break;
    case GV_MSG_ERROR:
        m->u.error.code = gv_get_u8(r, "code");
        m->u.error.text = get_text(r, GV_MSG_TEXT_MAX, "text");
        break;
    }
}

/* --- all kinds --- */

static bool
is_hello(unsigned kind)
{
    return kind == GV_MSG_HELLO || kind == GV_MSG_WELCOME;
}

static bool
is_ping(unsigned kind)
{
    return kind == GV_MSG_PING || kind == GV_MSG_PONG;
}

void
gv_msg_put(struct gv_sink *s, const struct gv_msg *m)
{
    if (gv_msg_is_gossip(m->kind))
        gv_msg_put_gossip(s, m);
    else if (is_hello(m->kind))
        put_hello(s, &m->u.hello);
    else if (is_ping(m->kind))
        gv_put_u64(s, m->u.ping.token);
    else if (gv_msg_is_reply(m->kind))
        put_reply(s, m);
    else
        put_request(s, m);
}

enum gv_rc
gv_msg_decode(unsigned kind, struct gv_bytes body, struct gv_msg *out,
              const char **field)
{
    struct gv_reader r = gv_reader(body);

    memset(out, 0, sizeof(*out));
    gv_get_require(&r, gv_msg_name(kind) != NULL, "kind");
    gv_get_require(&r, body.len <= GV_MSG_MAX, "size");
    out->kind = (enum gv_msg_kind)kind;
    if (gv_msg_is_gossip(kind))
        gv_msg_get_gossip(&r, out);
    else if (is_hello(kind))
        get_hello(&r, &out->u.hello);
    else if (is_ping(kind))
        out->u.ping.token = gv_get_u64(&r, "token");
    else if (gv_msg_is_reply(kind))
        get_reply(&r, out);
    else
        get_request(&r, out);
    if (gv_reader_done(&r))
        return GV_OK;
    if (field)
        *field = r.field;
    return GV_REJECT;
}

uint8_t *
gv_msg_encode(const struct gv_msg *m, size_t *len)
{
    struct gv_sink s = gv_sink_count();
    uint8_t *buf;

    gv_msg_put(&s, m);
    if (s.failed || s.len > GV_MSG_MAX)
        return NULL;
    buf = malloc(s.len ? s.len : 1);
    if (!buf)
        return NULL;
    *len = s.len;
    s = gv_sink_buffer(buf, *len);
    gv_msg_put(&s, m);
    return buf;
}
