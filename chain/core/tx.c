/* tx.c - kinds of transactions; decode, encode, name and sign one
 * (docs/spec/format.md, "Transactions"). */
#include "gavel/tx.h"

#include "chain/core/tx_impl.h"
#include "gavel/merkle.h"
#include "gavel/sha256xn.h"

static const struct {
    uint8_t kind;
    bool registry, auction;
    const char *name;
} kinds[] = {
    {GV_TX_SERVICE, true, false, "SERVICE"},
    {GV_TX_CERT, true, false, "CERT"},
    {GV_TX_REVOKE, true, true, "REVOKE"},
    {GV_TX_NODE, true, false, "NODE"},
    {GV_TX_LIST, true, false, "LIST"},
    {GV_TX_EVIDENCE, true, false, "EVIDENCE"},
    {GV_TX_ANCHOR, true, false, "ANCHOR"},
    {GV_TX_EPOCH, true, false, "EPOCH"},
    {GV_TX_OPEN, false, true, "OPEN"},
    {GV_TX_ENROL, false, true, "ENROL"},
    {GV_TX_BID, false, true, "BID"},
    {GV_TX_STAMP, false, true, "STAMP"},
    {GV_TX_CLOSE, false, true, "CLOSE"},
    {GV_TX_CUTOFF, false, true, "CUTOFF"},
    {GV_TX_OUTCOME, false, true, "OUTCOME"},
    {GV_TX_ISSUED, false, true, "ISSUED"},
    {GV_TX_DISCLOSE, false, true, "DISCLOSE"},
    {GV_TX_OBJECTION, false, true, "OBJECTION"},
    {GV_TX_KEYRELEASE, false, true, "KEYRELEASE"},
    {GV_TX_OPENING, false, true, "OPENING"},
    {GV_TX_SETFIXED, false, true, "SETFIXED"},
    {GV_TX_HANDOVER, false, true, "HANDOVER"},
    {GV_TX_SETTLE, false, true, "SETTLE"},
    {GV_TX_ACCEPT, false, true, "ACCEPT"},
    {GV_TX_FINAL, true, true, "FINAL"},
    {GV_TX_RECEIPT, false, false, "RECEIPT"},
};

static int
find_kind(unsigned kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].kind == kind)
            return (int)i;
    return -1;
}

const char *
gv_tx_name(unsigned kind)
{
    int i = find_kind(kind);
    return i < 0 ? NULL : kinds[i].name;
}

bool
gv_settle_may(uint8_t side, uint8_t what)
{
    if (side == GV_SIDE_SELLER)
        return what >= GV_SETTLE_PAID && what <= GV_SETTLE_DEFAULTED;
    return side == GV_SIDE_WINNER &&
           (what == GV_SETTLE_PAID || what == GV_SETTLE_RECEIVED);
}

bool
gv_tx_on_registry(enum gv_tx_kind k)
{
    int i = find_kind(k);
    return i >= 0 && kinds[i].registry;
}

bool
gv_tx_on_auction(enum gv_tx_kind k)
{
    int i = find_kind(k);
    return i >= 0 && kinds[i].auction;
}

/* The transaction's own signature, the last field; NULL if it has none. */
static struct gv_sig *
trailing_sig(struct gv_tx *tx)
{
    switch (tx->kind) {
    case GV_TX_SERVICE:
        return &tx->u.service.sig;
    case GV_TX_REVOKE:
        return &tx->u.revoke.sig;
    case GV_TX_NODE:
        return &tx->u.node.sig;
    case GV_TX_LIST:
        return &tx->u.list.sig;
    case GV_TX_ANCHOR:
        return &tx->u.anchor.sig;
    case GV_TX_ENROL:
        return &tx->u.enrol.sig;
    case GV_TX_BID:
        return &tx->u.bid.sig;
    case GV_TX_CLOSE:
        return &tx->u.close.sig;
    case GV_TX_ISSUED:
        return &tx->u.issued.sig;
    case GV_TX_DISCLOSE:
        return &tx->u.disclose.sig;
    case GV_TX_OBJECTION:
        return &tx->u.objection.sig;
    case GV_TX_HANDOVER:
        return &tx->u.handover.sig;
    case GV_TX_SETTLE:
        return &tx->u.settle.sig;
    case GV_TX_ACCEPT:
        return &tx->u.accept.sig;
    case GV_TX_RECEIPT:
        return &tx->u.receipt.sig;
    case GV_TX_CERT:
    case GV_TX_EVIDENCE:
    case GV_TX_EPOCH:
    case GV_TX_OPEN:
    case GV_TX_STAMP:
    case GV_TX_CUTOFF:
    case GV_TX_OUTCOME:
    case GV_TX_KEYRELEASE:
    case GV_TX_OPENING:
    case GV_TX_SETFIXED:
    case GV_TX_FINAL:
        break;
    }
    return NULL;
}

void
gv_tx_put(struct gv_sink *s, const struct gv_tx *tx)
{
    struct gv_sig *sig = trailing_sig((struct gv_tx *)tx);

    tx_put_core(s, tx);
    if (sig)
        gv_put(s, sig->b, 64);
}

#define GROUP 32 /* BIDs derived together */
#define FEW 4    /* too few to gain by it */

static void
derive_bid(struct gv_tx *tx)
{
    struct gv_tx_bid *b = &tx->u.bid;

    gv_tagged(GV_TAG_BID, tx->raw.p, tx->core_len, b->id.b);
    gv_stamp_leaf(GV_TX_BID, b->id.b, &b->sig, b->leaf);
}

static void
derive_bids(struct gv_tx *const bids[], size_t n)
{
    const uint8_t *core[GROUP] = {NULL}, *leaf[GROUP] = {NULL};
    size_t core_len[GROUP] = {0}, leaf_len[GROUP] = {0};
    uint8_t out[GROUP][32], msg[GROUP][GV_STAMP_LEAF_MESSAGE];

    if (n < FEW) {
        for (size_t i = 0; i < n; i++)
            derive_bid(bids[i]);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        core[i] = bids[i]->raw.p;
        core_len[i] = bids[i]->core_len;
    }
    gv_tagged_many(GV_TAG_BID, core, core_len, n, out);
    for (size_t i = 0; i < n; i++) {
        struct gv_tx_bid *b = &bids[i]->u.bid;

        memcpy(b->id.b, out[i], 32);
        tx_leaf_message(GV_TX_BID, b->id.b, &b->sig, msg[i]);
        leaf[i] = msg[i];
        leaf_len[i] = GV_STAMP_LEAF_MESSAGE;
    }
    gv_sha256_many(leaf, leaf_len, n, GV_SHA256_NO_PREFIX, out);
    for (size_t i = 0; i < n; i++)
        memcpy(bids[i]->u.bid.leaf, out[i], 32);
}

/* Ids that hash the core are derived once, where the bytes are at hand. */
void
gv_tx_derive(struct gv_tx *txs, size_t n)
{
    struct gv_tx *bid[GROUP];
    size_t bids = 0;

    for (size_t i = 0; i < n; i++) {
        if (txs[i].kind == GV_TX_CLOSE)
            gv_tagged(GV_TAG_CLOSE, txs[i].raw.p, txs[i].core_len,
                      txs[i].u.close.id.b);
        if (txs[i].kind == GV_TX_BID)
            bid[bids++] = &txs[i];
        if (bids == GROUP) {
            derive_bids(bid, bids);
            bids = 0;
        }
    }
    if (bids > 0)
        derive_bids(bid, bids);
}

enum gv_rc
gv_tx_decode(struct gv_bytes raw, struct gv_tx *out, struct gv_reject *why)
{
    enum gv_rc rc = gv_tx_decode_bare(raw, out, why);

    if (rc == GV_OK)
        gv_tx_derive(out, 1);
    return rc;
}

static bool
has_version_2(unsigned kind)
{
    return kind == GV_TX_LIST || kind == GV_TX_OPEN || kind == GV_TX_BID ||
           kind == GV_TX_OUTCOME;
}

enum gv_rc
gv_tx_decode_bare(struct gv_bytes raw, struct gv_tx *out, struct gv_reject *why)
{
    struct gv_reader r = gv_reader(raw);
    struct gv_sig *sig;
    unsigned kind, version;

    if (raw.len > GV_TX_MAX)
        return gv_refuse(why, GV_BAD_ENCODING, "size", raw.len, GV_TX_MAX);
    kind = gv_get_u8(&r, "kind");
    version = gv_get_u8(&r, "version");
    if (!r.failed && find_kind(kind) < 0)
        return gv_refuse(why, GV_BAD_ENCODING, "kind", kind, 0);
    if (!r.failed && version != GV_TX_VERSION &&
        (version != 2 || !has_version_2(kind)))
        return gv_refuse(why, GV_BAD_ENCODING, "version", version,
                         GV_TX_VERSION);
    out->kind = (enum gv_tx_kind)kind;
    out->raw = raw;
    if (kind == GV_TX_LIST)
        out->u.list.pseudonym = version == GV_TX_PSEUDONYM;
    gv_get(&r, out->chain.b, 32, "chain");
    if (!r.failed)
        tx_get_body(&r, version == GV_TX_LOTS, out);
    out->core_len = raw.len - r.left;
    sig = r.failed ? NULL : trailing_sig(out);
    if (sig)
        gv_get(&r, sig->b, 64, "signature");
    if (!gv_reader_done(&r))
        return gv_refuse(why, GV_BAD_ENCODING, r.field, 0, 0);
    return GV_OK;
}

void
gv_tx_id_of(struct gv_bytes raw, struct gv_tx_id *out)
{
    gv_merkle_leaf(raw.p, raw.len, out->b);
}

static enum gv_tag
digest_tag(enum gv_tx_kind kind)
{
    if (kind == GV_TX_BID)
        return GV_TAG_BID;
    if (kind == GV_TX_CLOSE)
        return GV_TAG_CLOSE;
    return kind == GV_TX_RECEIPT ? GV_TAG_RECEIPT : GV_TAG_TX;
}

void
gv_tx_digest(const struct gv_tx *tx, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s;

    gv_sha256_tag(&h, digest_tag(tx->kind));
    s = gv_sink_hash(&h);
    tx_put_core(&s, tx);
    gv_sha256_end(&h, out32);
}

enum gv_rc
gv_tx_sign(const struct gv_keys *keys, const struct gv_seckey *secret,
           struct gv_tx *tx)
{
    struct gv_sig *sig = trailing_sig(tx);
    uint8_t digest[32];

    if (!sig)
        return GV_REJECT;
    gv_tx_digest(tx, digest);
    if (tx->kind == GV_TX_BID)
        memcpy(tx->u.bid.id.b, digest, 32);
    if (tx->kind == GV_TX_CLOSE)
        memcpy(tx->u.close.id.b, digest, 32);
    if (gv_key_sign(keys, secret, digest, NULL, sig) != GV_OK)
        return GV_REJECT;
    if (tx->kind == GV_TX_BID)
        gv_stamp_leaf(GV_TX_BID, digest, sig, tx->u.bid.leaf);
    return GV_OK;
}

void
gv_handover_digest(const struct gv_chain_id *chain,
                   const struct gv_tx_handover *t, uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s;

    gv_sha256_tag(&h, GV_TAG_POP);
    s = gv_sink_hash(&h);
    gv_put(&s, chain->b, 32);
    tx_put_succession(&s, t);
    gv_sha256_end(&h, out32);
}

void
gv_vote_digest(const struct gv_chain_id *chain, const struct gv_vote *v,
               uint8_t out32[32])
{
    struct gv_sha256 h;
    struct gv_sink s;

    gv_sha256_tag(&h, GV_TAG_VOTE);
    s = gv_sink_hash(&h);
    gv_put(&s, chain->b, 32);
    tx_put_vote(&s, v);
    gv_sha256_end(&h, out32);
}

enum gv_vote_fault
gv_votes_fault(const struct gv_vote *a, const struct gv_vote *b)
{
    if (a->target_height == b->target_height)
        return a->source_height == b->source_height &&
                       GV_ID_EQ(&a->source, &b->source) &&
                       GV_ID_EQ(&a->target, &b->target)
                   ? GV_VOTES_FINE
                   : GV_VOTES_SAME_TARGET;
    if ((a->source_height < b->source_height &&
         a->target_height > b->target_height) ||
        (b->source_height < a->source_height &&
         b->target_height > a->target_height))
        return GV_VOTES_SURROUND;
    return GV_VOTES_FINE;
}
