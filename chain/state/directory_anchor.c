/* directory_anchor.c - ANCHORs on the registry (docs/spec/consensus.md, G8).
 *
 * They stay for ever, because none may come twice. A node keeps what tells them
 * apart; the bytes are for who verifies the tokens in them.
 */
#include <stdlib.h>

#include "chain/state/directory_impl.h"
#include "chain/state/vec.h"

static const uint8_t *
end_of(const void *arg, uint32_t i)
{
    return ((const struct gv_directory *)arg)->anchor[i].end;
}

static const uint8_t *
auction_of(const void *arg, uint32_t i)
{
    return ((const struct gv_directory *)arg)->anchor[i].auction.b;
}

void
gv_directory_init_anchors(struct gv_directory *d, uint64_t seed)
{
    gv_table_init(&d->anchor_by_end, seed, end_of, d);
    gv_table_init(&d->anchor_by_auction, seed, auction_of, d);
}

void
gv_directory_free_anchors(struct gv_directory *d)
{
    for (size_t i = 0; i < d->anchors; i++)
        free(d->anchor[i].raw);
    free(d->anchor);
    gv_table_free(&d->anchor_by_end);
    gv_table_free(&d->anchor_by_auction);
}

const struct gv_dir_anchor *
gv_directory_anchor(const struct gv_directory *d,
                    const struct gv_chain_id *auction,
                    const struct gv_tx_id *final)
{
    uint8_t end[32];
    uint32_t at;

    if (final)
        gv_anchor_imprint(auction, final, end);
    at = final ? gv_table_find(&d->anchor_by_end, end)
               : gv_table_find(&d->anchor_by_auction, auction->b);
    return at == GV_NOWHERE ? NULL : &d->anchor[at];
}

/* Tokens of the auction's authorities are judged by whoever reads them. */
enum gv_rc
gv_directory_check_anchor(const struct gv_directory *d,
                          const struct gv_tx_anchor *t, uint64_t time_ms,
                          struct gv_reject *why)
{
    const struct gv_dir_service *s = gv_directory_service(d, &t->service);

    if (gv_directory_anchor(d, &t->auction, &t->final))
        return gv_refuse(why, GV_DUPLICATE, "anchor.final", 0, 0);
    if (!s || s->cred.role != GV_ROLE_TSA)
        return gv_refuse(why, GV_NOT_SIGNER, "anchor.service", 0, 0);
    return gv_directory_check_valid(d, &s->cred, time_ms, why);
}

/* The bytes, where somebody wants them. */
static bool
keep_raw(const struct gv_directory *d, struct gv_dir_anchor *to,
         struct gv_bytes raw)
{
    to->raw = d->keep_anchors ? malloc(raw.len) : NULL;
    to->len = to->raw ? raw.len : 0;
    if (to->raw)
        memcpy(to->raw, raw.p, raw.len);
    return to->raw || !d->keep_anchors;
}

enum gv_rc
gv_directory_add_anchor(struct gv_directory *d, const struct gv_tx *tx,
                        uint32_t height)
{
    uint32_t at = (uint32_t)d->anchors;
    struct gv_dir_anchor *to;

    if (!gv_vec_room(&d->anchor, d->anchors, &d->anchor_cap,
                     sizeof(*d->anchor)))
        return GV_FAULT;
    to = &d->anchor[at];
    to->auction = tx->u.anchor.auction;
    to->final = tx->u.anchor.final;
    to->height = height;
    gv_anchor_imprint(&to->auction, &to->final, to->end);
    if (!keep_raw(d, to, tx->raw))
        return GV_FAULT;
    d->anchors++;
    if (gv_table_add(&d->anchor_by_end, at) != GV_OK)
        return GV_FAULT;
    /* The first one of an auction is its entry. */
    if (gv_table_find(&d->anchor_by_auction, to->auction.b) != GV_NOWHERE)
        return GV_OK;
    return gv_table_add(&d->anchor_by_auction, at);
}

void
gv_directory_drop_anchor(struct gv_directory *d)
{
    uint32_t at = (uint32_t)d->anchors - 1;

    gv_table_remove(&d->anchor_by_auction, at);
    gv_table_remove(&d->anchor_by_end, at);
    free(d->anchor[at].raw);
    d->anchors--;
}
