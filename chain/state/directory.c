/* directory.c - transactions of the registry (docs/spec/consensus.md, "The
 * registry"). */
#include "chain/state/directory_impl.h"

#include <stdlib.h>

#include "chain/state/vec.h"

static const uint8_t *
fp_of(const void *arg, uint32_t i)
{
    return ((const struct gv_directory *)arg)->cert[i].cred.fingerprint.b;
}

static const uint8_t *
key_of(const void *arg, uint32_t i)
{
    return ((const struct gv_directory *)arg)->cert[i].cred.key.b;
}

static const uint8_t *
revoked_of(const void *arg, uint32_t i)
{
    return ((const struct gv_directory *)arg)->revoke[i].fingerprint.b;
}

static const uint8_t *
node_of(const void *arg, uint32_t i)
{
    return ((const struct gv_directory *)arg)->node[i].cred.key.b;
}

static const uint8_t *
listing_of(const void *arg, uint32_t i)
{
    return ((const struct gv_directory *)arg)->listing[i].auction.b;
}

static const uint8_t *
pseudonym_of(const void *arg, uint32_t i)
{
    return ((const struct gv_directory *)arg)->listing[i].seller.b;
}

static enum gv_rc
start(struct gv_directory *d)
{
    struct gv_sealed_header h;
    size_t len = 0;
    uint8_t *block;

    d->pins = gv_pins_registry(d->params);
    if (!d->pins ||
        !gv_vec_room(&d->level, 0, &d->level_cap, sizeof(*d->level)))
        return GV_FAULT;
    block = gv_block0_registry(d->params, &len);
    if (gv_block0_header(block, len, &h) != GV_OK)
        return GV_FAULT;
    d->level[0] = (struct gv_dir_level){0};
    return gv_spine_push(&d->spine, &h, 0);
}

struct gv_directory *
gv_directory_new(const struct gv_params *params, uint64_t seed)
{
    struct gv_directory *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    d->params = params;
    gv_spine_init(&d->spine, seed);
    gv_table_init(&d->cert_by_fp, seed, fp_of, d);
    gv_table_init(&d->cert_by_key, seed, key_of, d);
    gv_table_init(&d->revoked_by_fp, seed, revoked_of, d);
    gv_table_init(&d->node_by_key, seed, node_of, d);
    gv_table_init(&d->listing_by_id, seed, listing_of, d);
    gv_table_init(&d->listing_by_pseudonym, seed, pseudonym_of, d);
    gv_directory_init_anchors(d, seed);
    if (start(d) != GV_OK) {
        gv_directory_free(d);
        return NULL;
    }
    return d;
}

void
gv_directory_free(struct gv_directory *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->services; i++)
        free(d->service[i].der);
    for (size_t i = 0; i < d->epochs; i++)
        free(d->epoch[i].raw);
    gv_pins_free(d->pins);
    gv_spine_free(&d->spine);
    gv_table_free(&d->cert_by_fp);
    gv_table_free(&d->cert_by_key);
    gv_table_free(&d->revoked_by_fp);
    gv_table_free(&d->node_by_key);
    gv_table_free(&d->listing_by_id);
    gv_table_free(&d->listing_by_pseudonym);
    free(d->service);
    free(d->cert);
    free(d->revoke);
    free(d->node);
    free(d->listing);
    free(d->accuse);
    gv_directory_free_anchors(d);
    free(d->epoch);
    free(d->level);
    free(d);
}

/* --- look-ups --- */

const struct gv_dir_service *
gv_directory_service(const struct gv_directory *d, const struct gv_pubkey *key)
{
    for (size_t i = d->services; i-- > 0;)
        if (GV_ID_EQ(&d->service[i].cred.key, key))
            return &d->service[i];
    return NULL;
}

const struct gv_dir_cert *
gv_directory_cert(const struct gv_directory *d, const struct gv_hash *fp)
{
    uint32_t at = gv_table_find(&d->cert_by_fp, fp->b);

    return at == GV_NOWHERE ? NULL : &d->cert[at];
}

const struct gv_dir_cert *
gv_directory_cert_of_key(const struct gv_directory *d,
                         const struct gv_pubkey *key)
{
    uint32_t at = gv_table_find(&d->cert_by_key, key->b);

    return at == GV_NOWHERE ? NULL : &d->cert[at];
}

const struct gv_dir_listing *
gv_directory_listing(const struct gv_directory *d,
                     const struct gv_chain_id *auction)
{
    uint32_t at = gv_table_find(&d->listing_by_id, auction->b);

    return at == GV_NOWHERE ? NULL : &d->listing[at];
}

bool
gv_directory_revoked(const struct gv_directory *d,
                     const struct gv_hash *fingerprint)
{
    return gv_table_find(&d->revoked_by_fp, fingerprint->b) != GV_NOWHERE;
}

bool
gv_directory_accused(const struct gv_directory *d, const struct gv_pubkey *key)
{
    for (size_t i = 0; i < d->accused; i++)
        if (GV_ID_EQ(&d->accuse[i].key, key))
            return true;
    return false;
}

/* --- checks --- */

enum gv_rc
gv_directory_check_issuer(const struct gv_directory *d,
                          const struct gv_pubkey *issuer, uint64_t time_ms,
                          struct gv_reject *why)
{
    const struct gv_dir_service *s = gv_directory_service(d, issuer);

    if (!s || s->cred.role != GV_ROLE_CA)
        return gv_refuse(why, GV_NOT_SIGNER, "issuer", 0, 0);
    if (!gv_cred_valid_at(&s->cred, time_ms) ||
        gv_directory_revoked(d, &s->cred.fingerprint))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "issuer", time_ms,
                         s->cred.not_after_ms);
    return GV_OK;
}

enum gv_rc
gv_directory_check_valid(const struct gv_directory *d, const struct gv_cred *c,
                         uint64_t time_ms, struct gv_reject *why)
{
    if (!gv_cred_valid_at(c, time_ms))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "dates", time_ms,
                         c->not_after_ms);
    if (gv_directory_revoked(d, &c->fingerprint))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "revoked", 0, 0);
    return GV_OK;
}

/* A service may announce itself anew (its endpoint moved), but the same
 * transaction does not come twice (G2). */
static bool
has_service_tx(const struct gv_directory *d, const struct gv_tx_id *id)
{
    for (size_t i = 0; i < d->services; i++)
        if (GV_ID_EQ(&d->service[i].id, id))
            return true;
    return false;
}

static enum gv_rc
check_service(const struct gv_directory *d, const struct gv_tx *tx,
              uint64_t time_ms, struct gv_reject *why)
{
    const struct gv_tx_service *t = &tx->u.service;
    struct gv_tx_id id;

    if (t->cred.role < GV_ROLE_CA || t->cred.role > GV_ROLE_VALIDATOR)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "service.role", t->cred.role,
                         GV_ROLE_CA);
    gv_tx_id_of(tx->raw, &id);
    if (has_service_tx(d, &id))
        return gv_refuse(why, GV_DUPLICATE, "service", 0, 0);
    return gv_directory_check_valid(d, &t->cred, time_ms, why);
}

static enum gv_rc
check_cert(const struct gv_directory *d, const struct gv_tx_cert *t,
           uint64_t time_ms, struct gv_reject *why)
{
    if (t->cred.role == GV_ROLE_ROOT || t->cred.role == GV_ROLE_CA)
        return gv_refuse(why, GV_BAD_CREDENTIAL, "cert.role", t->cred.role,
                         GV_ROLE_USER);
    if (gv_directory_cert(d, &t->cred.fingerprint))
        return gv_refuse(why, GV_DUPLICATE, "cert.fingerprint", 0, 0);
    if (gv_directory_revoked(d, &t->cred.fingerprint))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "cert.fingerprint", 0, 0);
    return gv_directory_check_issuer(d, &t->issuer, time_ms, why);
}

static enum gv_rc
check_revoke(const struct gv_directory *d, const struct gv_tx_revoke *t,
             uint64_t time_ms, struct gv_reject *why)
{
    if (gv_directory_revoked(d, &t->fingerprint))
        return gv_refuse(why, GV_DUPLICATE, "revoke.fingerprint", 0, 0);
    if (GV_ID_EQ(&t->issuer, &d->params->root))
        return GV_OK;
    /* A CA revokes what it certified itself. */
    const struct gv_dir_cert *c = gv_directory_cert(d, &t->fingerprint);

    if (!c || !GV_ID_EQ(&c->issuer, &t->issuer))
        return gv_refuse(why, GV_NOT_SIGNER, "revoke.issuer", 0, 0);
    return gv_directory_check_issuer(d, &t->issuer, time_ms, why);
}

static enum gv_rc
check_list(const struct gv_directory *d, const struct gv_tx_list *t,
           uint64_t time_ms, struct gv_reject *why)
{
    enum gv_rc rc;

    if (gv_directory_listing(d, &t->auction))
        return gv_refuse(why, GV_DUPLICATE, "list.auction", 0, 0);
    if (t->pseudonym)
        return gv_directory_check_pseudonym(d, t, why);
    rc = gv_directory_check_issuer(d, &t->issuer, time_ms, why);
    return rc == GV_OK ? gv_directory_check_valid(d, &t->seller, time_ms, why)
                       : rc;
}

/* Anybody can make a key and contradict himself with it; the registry asks for
 * keys that it or genesis names as a validator's. */
static bool
is_validator(const struct gv_directory *d, const struct gv_pubkey *key)
{
    for (unsigned i = 0; i < d->params->validator_count; i++)
        if (GV_ID_EQ(&d->params->validator[i], key))
            return true;
    for (size_t i = 0; i < d->services; i++)
        if (d->service[i].cred.role == GV_ROLE_VALIDATOR &&
            GV_ID_EQ(&d->service[i].cred.key, key))
            return true;
    return false;
}

static enum gv_rc
check_evidence(const struct gv_directory *d, const struct gv_tx_evidence *t,
               struct gv_reject *why)
{
    if (gv_directory_accused(d, &t->key))
        return gv_refuse(why, GV_DUPLICATE, "evidence.key", 0, 0);
    if (!is_validator(d, &t->key))
        return gv_refuse(why, GV_BAD_CREDENTIAL, "evidence.key", 0, 0);
    return GV_OK;
}

enum gv_rc
gv_directory_check(const struct gv_directory *d, const struct gv_tx *tx,
                   uint64_t time_ms, struct gv_reject *why)
{
    switch (tx->kind) {
    case GV_TX_SERVICE:
        return check_service(d, tx, time_ms, why);
    case GV_TX_CERT:
        return check_cert(d, &tx->u.cert, time_ms, why);
    case GV_TX_REVOKE:
        return check_revoke(d, &tx->u.revoke, time_ms, why);
    case GV_TX_NODE:
        return gv_directory_check_node(d, &tx->u.node, time_ms, why);
    case GV_TX_LIST:
        return check_list(d, &tx->u.list, time_ms, why);
    case GV_TX_EVIDENCE:
        return check_evidence(d, &tx->u.evidence, why);
    case GV_TX_ANCHOR:
        return gv_directory_check_anchor(d, &tx->u.anchor, time_ms, why);
    case GV_TX_EPOCH:
        return gv_directory_check_epoch(d, tx, time_ms, why);
    case GV_TX_FINAL:
        return gv_links_check(&d->spine.links, &tx->u.final.link, why);
    case GV_TX_OPEN:
    case GV_TX_ENROL:
    case GV_TX_BID:
    case GV_TX_STAMP:
    case GV_TX_CLOSE:
    case GV_TX_CUTOFF:
    case GV_TX_OUTCOME:
    case GV_TX_ISSUED:
    case GV_TX_DISCLOSE:
    case GV_TX_OBJECTION:
    case GV_TX_KEYRELEASE:
    case GV_TX_OPENING:
    case GV_TX_SETFIXED:
    case GV_TX_HANDOVER:
    case GV_TX_SETTLE:
    case GV_TX_ACCEPT:
    case GV_TX_RECEIPT:
        break;
    }
    return gv_refuse(why, GV_WRONG_CHAIN, "kind", tx->kind, 0);
}

/* --- entering --- */

static enum gv_rc
add_service(struct gv_directory *d, const struct gv_tx *tx, uint32_t height)
{
    const struct gv_tx_service *t = &tx->u.service;
    struct gv_dir_service *to;

    if (!gv_vec_room(&d->service, d->services, &d->service_cap,
                     sizeof(*d->service)))
        return GV_FAULT;
    to = &d->service[d->services];
    memset(to, 0, sizeof(*to));
    gv_tx_id_of(tx->raw, &to->id);
    to->cred = t->cred;
    memcpy(to->endpoint, t->endpoint.p, t->endpoint.len);
    memcpy(to->operator_name, t->operator_name.p, t->operator_name.len);
    to->height = height;
    to->der = malloc(t->der.len);
    if (!to->der)
        return GV_FAULT;
    memcpy(to->der, t->der.p, t->der.len);
    to->der_len = t->der.len;
    d->services++;
    return GV_OK;
}

static enum gv_rc
add_cert(struct gv_directory *d, const struct gv_tx_cert *t, uint32_t height)
{
    uint32_t at = (uint32_t)d->certs;

    if (!gv_vec_room(&d->cert, d->certs, &d->cert_cap, sizeof(*d->cert)))
        return GV_FAULT;
    d->cert[at].cred = t->cred;
    d->cert[at].issuer = t->issuer;
    d->cert[at].height = height;
    d->certs++;
    if (gv_table_add(&d->cert_by_fp, at) != GV_OK)
        return GV_FAULT;
    /* A renewed certificate has the key of the old one, which stays the
     * entry by key; both are found by fingerprint. */
    if (gv_directory_cert_of_key(d, &t->cred.key))
        return GV_OK;
    return gv_table_add(&d->cert_by_key, at);
}

static enum gv_rc
add_revoke(struct gv_directory *d, const struct gv_tx_revoke *t,
           uint32_t height)
{
    uint32_t at = (uint32_t)d->revoked;

    if (!gv_vec_room(&d->revoke, d->revoked, &d->revoke_cap,
                     sizeof(*d->revoke)))
        return GV_FAULT;
    d->revoke[at].fingerprint = t->fingerprint;
    d->revoke[at].reason = t->reason;
    d->revoke[at].height = height;
    d->revoked++;
    return gv_table_add(&d->revoked_by_fp, at);
}

static enum gv_rc
add_list(struct gv_directory *d, const struct gv_tx_list *t, uint32_t height)
{
    uint32_t at = (uint32_t)d->listings;

    if (!gv_vec_room(&d->listing, d->listings, &d->listing_cap,
                     sizeof(*d->listing)))
        return GV_FAULT;
    d->listing[at].auction = t->auction;
    d->listing[at].seller = t->seller.key;
    d->listing[at].opening_ms = t->opening_ms;
    d->listing[at].height = height;
    d->listing[at].pseudonym = t->pseudonym;
    d->listings++;
    if (t->pseudonym && gv_table_add(&d->listing_by_pseudonym, at) != GV_OK)
        return GV_FAULT;
    return gv_table_add(&d->listing_by_id, at);
}

static enum gv_rc
add_evidence(struct gv_directory *d, const struct gv_tx_evidence *t,
             uint32_t height)
{
    if (!gv_vec_room(&d->accuse, d->accused, &d->accuse_cap,
                     sizeof(*d->accuse)))
        return GV_FAULT;
    d->accuse[d->accused].key = t->key;
    d->accuse[d->accused].chain = t->accused;
    d->accuse[d->accused++].height = height;
    return GV_OK;
}

static enum gv_rc
add_tx(struct gv_directory *d, const struct gv_tx *tx,
       const struct gv_header *h, struct gv_reject *why)
{
    enum gv_rc rc;

    if (tx->kind == GV_TX_FINAL)
        return gv_spine_final(&d->spine, &tx->u.final.link, why);
    rc = gv_directory_check(d, tx, h->time_ms, why);
    if (rc != GV_OK)
        return rc;
    if (tx->kind == GV_TX_SERVICE)
        return add_service(d, tx, h->height);
    if (tx->kind == GV_TX_CERT)
        return add_cert(d, &tx->u.cert, h->height);
    if (tx->kind == GV_TX_REVOKE)
        return add_revoke(d, &tx->u.revoke, h->height);
    if (tx->kind == GV_TX_NODE)
        return gv_directory_add_node(d, &tx->u.node, h);
    if (tx->kind == GV_TX_EVIDENCE)
        return add_evidence(d, &tx->u.evidence, h->height);
    if (tx->kind == GV_TX_ANCHOR)
        return gv_directory_add_anchor(d, tx, h->height);
    if (tx->kind == GV_TX_EPOCH)
        return gv_directory_add_epoch(d, tx, h->height);
    return add_list(d, &tx->u.list, h->height);
}

static enum gv_rc
add_txs(struct gv_directory *d, const struct gv_block *block,
        struct gv_reject *why)
{
    for (uint32_t i = 0; i < block->h.header.tx_count; i++) {
        enum gv_rc rc = gv_refuse_at(
            why, i, add_tx(d, &block->tx[i], &block->h.header, why));

        if (rc != GV_OK)
            return rc;
    }
    return GV_OK;
}

enum gv_rc
gv_directory_connect(struct gv_directory *d, const struct gv_block *block,
                     struct gv_reject *why)
{
    uint64_t least =
        gv_spine_tip(&d->spine)->time_ms + d->params->registry_t_ms;
    struct gv_dir_level *l;
    enum gv_rc rc;

    if (gv_block_is_empty(block) && block->h.header.time_ms < least)
        return gv_refuse(why, GV_EMPTY_BLOCK, "header.time",
                         block->h.header.time_ms, least);
    if (!gv_vec_room(&d->level, d->spine.count, &d->level_cap,
                     sizeof(*d->level)))
        return GV_FAULT;
    l = &d->level[d->spine.count];
    l->services = (uint32_t)d->services;
    l->certs = (uint32_t)d->certs;
    l->revoked = (uint32_t)d->revoked;
    l->nodes = (uint32_t)d->nodes;
    l->listings = (uint32_t)d->listings;
    l->accused = (uint32_t)d->accused;
    l->anchors = (uint32_t)d->anchors;
    l->epochs = (uint32_t)d->epochs;
    if (gv_spine_push(&d->spine, &block->h, 0) != GV_OK)
        return GV_FAULT;
    rc = add_txs(d, block, why);
    if (rc == GV_REJECT)
        gv_directory_disconnect(d);
    return rc;
}

void
gv_directory_disconnect(struct gv_directory *d)
{
    const struct gv_dir_level *l = &d->level[d->spine.count - 1];

    gv_spine_pop(&d->spine);
    while (d->services > l->services)
        free(d->service[--d->services].der);
    while (d->certs > l->certs) {
        gv_table_remove(&d->cert_by_key, (uint32_t)d->certs - 1);
        gv_table_remove(&d->cert_by_fp, (uint32_t)d->certs - 1);
        d->certs--;
    }
    while (d->revoked > l->revoked) {
        gv_table_remove(&d->revoked_by_fp, (uint32_t)d->revoked - 1);
        d->revoked--;
    }
    while (d->nodes > l->nodes)
        gv_directory_drop_node(d);
    d->accused = l->accused;
    while (d->anchors > l->anchors)
        gv_directory_drop_anchor(d);
    while (d->epochs > l->epochs)
        free(d->epoch[--d->epochs].raw);
    while (d->listings > l->listings) {
        if (d->listing[d->listings - 1].pseudonym)
            gv_table_remove(&d->listing_by_pseudonym,
                            (uint32_t)d->listings - 1);
        gv_table_remove(&d->listing_by_id, (uint32_t)d->listings - 1);
        d->listings--;
    }
}
