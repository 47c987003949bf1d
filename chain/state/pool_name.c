/* pool_name.c - which transactions of the registry are versions of one
 * another. The registry takes the first and refuses the others (G3 to G8), so
 * two may not wait for one block. */
#include "chain/state/pool_impl.h"

static const uint8_t *
name_of(const void *arg, uint32_t i)
{
    return ((const struct gv_pool *)arg)->at[i]->name;
}

/* Two parts, each of 32 bytes; a kind with one part has it twice. */
struct parts {
    const uint8_t *a, *b;
};

static struct parts
parts_of(const struct gv_tx *tx)
{
    struct parts p = {NULL, NULL};

    if (tx->kind == GV_TX_LIST)
        p.a = p.b = tx->u.list.auction.b;
    if (tx->kind == GV_TX_CERT)
        p.a = p.b = tx->u.cert.cred.fingerprint.b;
    if (tx->kind == GV_TX_NODE)
        p.a = p.b = tx->u.node.cred.key.b;
    if (tx->kind == GV_TX_EVIDENCE)
        p.a = p.b = tx->u.evidence.key.b;
    if (tx->kind == GV_TX_REVOKE)
        p = (struct parts){tx->u.revoke.fingerprint.b, tx->u.revoke.issuer.b};
    if (tx->kind == GV_TX_ANCHOR)
        p = (struct parts){tx->u.anchor.auction.b, tx->u.anchor.final.b};
    return p;
}

static bool
make_name(const struct gv_tx *tx, uint8_t out32[32])
{
    const struct parts p = parts_of(tx);
    uint8_t in[65];

    if (!p.a)
        return false;
    in[0] = (uint8_t)tx->kind;
    memcpy(in + 1, p.a, 32);
    memcpy(in + 33, p.b, 32);
    gv_sha256_of(in, sizeof(in), out32);
    return true;
}

void
gv_pool_init_names(struct gv_pool *p, uint64_t seed)
{
    gv_table_init(&p->by_name, seed, name_of, p);
}

enum gv_rc
gv_pool_enter_name(struct gv_pool *p, struct gv_pool_tx *e)
{
    e->named = make_name(&e->tx, e->name) &&
               gv_table_find(&p->by_name, e->name) == GV_NOWHERE;
    return e->named ? gv_table_add(&p->by_name, e->slot) : GV_OK;
}

struct gv_pool_tx *
gv_pool_find_name(const struct gv_pool *p, const struct gv_tx *tx)
{
    uint8_t name[32];
    uint32_t i = GV_NOWHERE;

    if (make_name(tx, name))
        i = gv_table_find(&p->by_name, name);
    return i == GV_NOWHERE ? NULL : p->at[i];
}
