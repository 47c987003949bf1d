/* pool_bidder.c - how many bids of a bidder wait in the mempool: counted as
 * they come and go, because a walk for each bid past all that wait costs more
 * than anything else about a bid. */
#include "chain/state/pool_impl.h"
#include "chain/state/vec.h"

/* A bidder of one auction. Rows of nobody stay, also in the table: a bidder
 * whose bids a block has taken is likely to be back. */
struct gv_pool_bidder {
    uint8_t name[32];
    uint32_t waiting;
    uint32_t next_free;
};

static const uint8_t *
name_of(const void *arg, uint32_t i)
{
    return ((const struct gv_pool *)arg)->bidder[i].name;
}

/* One name for key and auction. Another pair with the same name would need a
 * key of a given value, with its secret. */
static void
make_name(const struct gv_chain_id *chain, const struct gv_pubkey *key,
          uint8_t out[32])
{
    for (int i = 0; i < 32; i++)
        out[i] = chain->b[i] ^ key->b[i];
}

void
gv_pool_init_bidders(struct gv_pool *p, uint64_t seed)
{
    gv_table_init(&p->by_bidder, seed, name_of, p);
    p->free_bidder = GV_NOWHERE;
}

void
gv_pool_free_bidders(struct gv_pool *p)
{
    gv_table_free(&p->by_bidder);
    free(p->bidder);
}

/* Take the rows of nobody out of the table, to be used again. */
static void
sweep(struct gv_pool *p)
{
    for (uint32_t i = 0; i < p->bidders; i++) {
        if (p->bidder[i].waiting > 0)
            continue;
        gv_table_remove(&p->by_bidder, i);
        p->bidder[i].next_free = p->free_bidder;
        p->free_bidder = i;
    }
    p->idle_bidders = 0;
}

/* A row that is in no table, GV_NOWHERE: no memory. */
static uint32_t
take_row(struct gv_pool *p)
{
    uint32_t i;

    if (p->free_bidder == GV_NOWHERE && p->idle_bidders > p->bidders / 2)
        sweep(p);
    i = p->free_bidder;
    if (i != GV_NOWHERE) {
        p->free_bidder = p->bidder[i].next_free;
        return i;
    }
    if (!gv_vec_room(&p->bidder, p->bidders, &p->bidder_cap,
                     sizeof(*p->bidder)))
        return GV_NOWHERE;
    return (uint32_t)p->bidders++;
}

static uint32_t
make_row(struct gv_pool *p, const uint8_t name[32])
{
    uint32_t i = take_row(p);

    if (i == GV_NOWHERE)
        return i;
    memcpy(p->bidder[i].name, name, 32);
    p->bidder[i].waiting = 0;
    p->idle_bidders++;
    return gv_table_add(&p->by_bidder, i) == GV_OK ? i : GV_NOWHERE;
}

enum gv_rc
gv_pool_count_bid(struct gv_pool *p, struct gv_pool_tx *e)
{
    uint8_t name[32];
    uint32_t i;

    make_name(&e->tx.chain, &e->tx.u.bid.bidder, name);
    i = gv_table_find(&p->by_bidder, name);
    if (i == GV_NOWHERE)
        i = make_row(p, name);
    if (i == GV_NOWHERE)
        return GV_FAULT;
    if (p->bidder[i].waiting++ == 0)
        p->idle_bidders--;
    e->bidder = i;
    return GV_OK;
}

void
gv_pool_uncount_bid(struct gv_pool *p, const struct gv_pool_tx *e)
{
    if (--p->bidder[e->bidder].waiting == 0)
        p->idle_bidders++;
}

uint32_t
gv_pool_bids_of(const struct gv_pool *p, const struct gv_chain_id *chain,
                const struct gv_pubkey *key)
{
    uint8_t name[32];
    uint32_t i;

    make_name(chain, key, name);
    i = gv_table_find(&p->by_bidder, name);
    return i == GV_NOWHERE ? 0 : p->bidder[i].waiting;
}
