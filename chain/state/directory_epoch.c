/* directory_epoch.c - EPOCHs on the registry and the pseudonyms that list
 * auctions in them (docs/spec/consensus.md, G5, G9). */
#include <gavel/epoch.h>
#include <stdlib.h>

#include "chain/state/directory_impl.h"
#include "chain/state/vec.h"

const struct gv_dir_epoch *
gv_directory_epoch(const struct gv_directory *d, const struct gv_chain_id *id)
{
    for (size_t i = d->epochs; i-- > 0;)
        if (GV_ID_EQ(&d->epoch[i].id, id))
            return &d->epoch[i];
    return NULL;
}

/* G9. One set of keys of an issuer at a time: else sellers could be told
 * apart by the one they were shown. */
static enum gv_rc
check_epoch(const struct gv_directory *d, const struct gv_epoch *e,
            uint64_t time_ms, struct gv_reject *why)
{
    const struct gv_open *o = &e->desk;
    enum gv_rc rc = gv_directory_check_valid(d, &o->issuer.cred, time_ms, why);

    for (unsigned i = 0; i < o->notary_count && rc == GV_OK; i++)
        rc = gv_directory_check_valid(d, &o->notary[i].cred, time_ms, why);
    if (rc != GV_OK)
        return rc;
    if (time_ms >= e->end_ms)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "epoch.end", time_ms,
                         e->end_ms);
    for (size_t i = 0; i < d->epochs; i++)
        if (GV_ID_EQ(&d->epoch[i].issuer, &o->issuer.cred.key) &&
            d->epoch[i].start_ms < e->end_ms &&
            e->start_ms < d->epoch[i].end_ms)
            return gv_refuse(why, GV_DUPLICATE, "epoch", e->start_ms,
                             d->epoch[i].end_ms);
    return GV_OK;
}

/* Work on an EPOCH decoded from tx, which was verified. */
static enum gv_rc
with_epoch(const struct gv_directory *d, const struct gv_tx *tx,
           struct gv_epoch **out, struct gv_reject *why)
{
    *out = malloc(sizeof(**out));
    return *out ? gv_epoch_decode(tx->raw, d->params, *out, why) : GV_FAULT;
}

enum gv_rc
gv_directory_check_epoch(const struct gv_directory *d, const struct gv_tx *tx,
                         uint64_t time_ms, struct gv_reject *why)
{
    struct gv_epoch *e;
    enum gv_rc rc = with_epoch(d, tx, &e, why);

    if (rc == GV_OK)
        rc = check_epoch(d, e, time_ms, why);
    free(e);
    return rc;
}

/* G5, version 2. */
enum gv_rc
gv_directory_check_pseudonym(const struct gv_directory *d,
                             const struct gv_tx_list *t, struct gv_reject *why)
{
    const struct gv_dir_epoch *e = gv_directory_epoch(d, &t->token.epoch);

    if (!e || memcmp(e->token, t->token_key.p, GV_RSA_SIZE) != 0)
        return gv_refuse(why, GV_NOT_SIGNER, "list.epoch", 0, 0);
    if (t->opening_ms < e->start_ms || t->opening_ms >= e->end_ms)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "list.epoch", t->opening_ms,
                         e->end_ms);
    if (gv_directory_revoked(d, &e->issuer_fp))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "revoked", 0, 0);
    if (gv_table_find(&d->listing_by_pseudonym, t->token.key.b) != GV_NOWHERE)
        return gv_refuse(why, GV_DUPLICATE, "list.seller", 0, 0);
    return GV_OK;
}

enum gv_rc
gv_directory_add_epoch(struct gv_directory *d, const struct gv_tx *tx,
                       uint32_t height)
{
    struct gv_dir_epoch *to;
    struct gv_epoch *e = NULL;
    enum gv_rc rc = GV_FAULT;

    if (gv_vec_room(&d->epoch, d->epochs, &d->epoch_cap, sizeof(*d->epoch)))
        rc = with_epoch(d, tx, &e, NULL);
    to = rc == GV_OK ? &d->epoch[d->epochs] : NULL;
    if (to && !(to->raw = malloc(tx->raw.len)))
        rc = GV_FAULT;
    if (rc == GV_OK) {
        to->id = e->desk.id;
        to->issuer = e->desk.issuer.cred.key;
        to->issuer_fp = e->desk.issuer.cred.fingerprint;
        to->start_ms = e->start_ms;
        to->end_ms = e->end_ms;
        to->seats = e->seats;
        memcpy(to->token, e->desk.issuer.token.p, GV_RSA_SIZE);
        memcpy(to->raw, tx->raw.p, tx->raw.len);
        to->raw_len = tx->raw.len;
        to->height = height;
        d->epochs++;
    }
    free(e);
    return rc == GV_OK ? GV_OK : GV_FAULT;
}
