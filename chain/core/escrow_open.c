/* escrow_open.c - from shares to an identity, and the proof of it
 * (docs/spec/identity.md, I12 to I14). */
#include "chain/core/escrow_impl.h"
#include "chain/core/rsa_impl.h"
#include "gavel/prf.h"
#include "gavel/wire.h"

enum gv_rc
gv_escrow_share_read(struct gv_bytes plain, const struct gv_chain_id *auction,
                     const struct gv_pubkey *key, unsigned m,
                     struct gv_share *out)
{
    struct gv_reader r = gv_reader(plain);
    struct gv_chain_id a;
    struct gv_pubkey k;

    out->x = gv_get_u8(&r, "notary");
    gv_get(&r, a.b, sizeof(a.b), "auction");
    gv_get(&r, k.b, sizeof(k.b), "key");
    gv_get(&r, out->y, sizeof(out->y), "share");
    if (gv_reader_done(&r) && m >= 1 && m <= GV_ESCROW_MAX && out->x == m &&
        GV_ID_EQ(&a, auction) && GV_ID_EQ(&k, key))
        return GV_OK;
    gv_wipe(out, sizeof(*out));
    return GV_REJECT;
}

static enum gv_rc
differs(const char **field, const char *what)
{
    if (field != NULL)
        *field = what;
    return GV_REJECT;
}

/* The blob that es gives with the identity it seals, against the chain's. */
static enum gv_rc
check_blob(struct gv_escrow *worker, const uint8_t es32[32],
           const struct gv_token *token, struct escrow_subject *s,
           const char **field)
{
    size_t len = gv_blob_size(worker->pins.n);
    uint8_t blob[GV_BLOB_MAX];
    enum gv_rc rc;

    if (token->blob.len != len)
        return differs(field, "blob");
    rc = escrow_read_identity(worker, es32, token->blob.p + len - GV_IDCT_SIZE,
                              s);
    if (rc == GV_OK && s->index >> worker->pins.depth != 0)
        rc = GV_REJECT;
    if (rc != GV_OK)
        return rc == GV_REJECT ? differs(field, "identity") : rc;
    rc = escrow_blob(worker, es32, s, blob);
    if (rc == GV_OK && memcmp(blob, token->blob.p, len) != 0)
        rc = differs(field, "blob");
    return rc;
}

/* Prefix and token against the chain's; the blinded message as it was
 * committed to. */
static enum gv_rc
check_token(struct gv_escrow *worker, const uint8_t es32[32],
            const struct gv_token *token, uint8_t blinded[GV_RSA_SIZE],
            const char **field)
{
    const struct gv_rsa_pub *pub = worker->pins.token;
    struct gv_blind secret;
    uint8_t msg[32], em[GV_RSA_SIZE], raised[GV_RSA_SIZE];
    enum gv_rc rc = escrow_secret(worker, es32, &secret);

    if (rc == GV_REJECT)
        rc = differs(field, "token");
    if (rc == GV_OK && memcmp(secret.prefix, token->prefix, 32) != 0)
        rc = differs(field, "prefix");
    if (rc == GV_OK) {
        gv_token_message(&worker->pins.auction, token, msg);
        blind_encode(msg, &secret, em);
        rc = rsa_public(pub, worker->work, token->sig, raised);
        if (rc == GV_REJECT ||
            (rc == GV_OK && memcmp(raised, em, sizeof(em)) != 0))
            rc = differs(field, "token");
    }
    if (rc == GV_OK)
        rc = blind_apply(pub, worker->work, em, secret.r, blinded);
    gv_wipe(&secret, sizeof(secret));
    gv_wipe(em, sizeof(em));
    return rc;
}

enum gv_rc
gv_escrow_identify(struct gv_escrow *worker, const uint8_t es32[32],
                   const struct gv_token *token, struct gv_escrow_opened *out,
                   const char **field)
{
    struct escrow_subject s = {.key = &token->key};
    enum gv_rc rc = check_blob(worker, es32, token, &s, field);

    *out = (struct gv_escrow_opened){.who = s.who, .index = s.index};
    if (rc == GV_OK)
        rc = check_token(worker, es32, token, out->blinded, field);
    if (rc == GV_OK)
        memcpy(out->es, es32, 32);
    else
        gv_wipe(out, sizeof(*out));
    return rc;
}

/* --- which t shares --- */

static bool
shares_ok(const struct gv_escrow *worker, const struct gv_share *shares,
          unsigned count)
{
    uint32_t seen = 0;

    for (unsigned i = 0; i < count; i++) {
        if (shares[i].x == 0 || shares[i].x > worker->pins.n ||
            (seen >> shares[i].x & 1) != 0)
            return false;
        seen |= UINT32_C(1) << shares[i].x;
    }
    return count <= GV_ESCROW_MAX;
}

/* The next choice of t among count, ascending; false after the last. */
static bool
next_choice(unsigned *choice, unsigned t, unsigned count)
{
    unsigned i = t;

    while (i > 0 && choice[i - 1] == count - t + i - 1)
        i--;
    if (i == 0)
        return false;
    choice[i - 1]++;
    for (; i < t; i++)
        choice[i] = choice[i - 1] + 1;
    return true;
}

static enum gv_rc
try_choice(struct gv_escrow *worker, const struct gv_share *shares,
           const unsigned *choice, const struct gv_token *token,
           struct gv_escrow_opened *out, const char **field)
{
    struct gv_share some[GV_ESCROW_MAX];
    uint8_t es[32];
    enum gv_rc rc;

    for (unsigned i = 0; i < worker->pins.t; i++)
        some[i] = shares[choice[i]];
    rc = gv_shamir_combine(some, worker->pins.t, es);
    if (rc == GV_OK)
        rc = gv_escrow_identify(worker, es, token, out, field);
    gv_wipe(some, sizeof(some));
    gv_wipe(es, sizeof(es));
    return rc;
}

static void
name_false_shares(const struct gv_escrow *worker, const struct gv_share *shares,
                  unsigned count, struct gv_escrow_opened *out)
{
    struct gv_share all[GV_ESCROW_MAX];

    escrow_shares(worker, out->es, all);
    for (unsigned i = 0; i < count; i++)
        if (memcmp(all[shares[i].x - 1].y, shares[i].y, 32) != 0)
            out->false_shares |= UINT32_C(1) << shares[i].x;
    gv_wipe(all, sizeof(all));
}

/* At most one seed fits a blob: the blob fixes the n shares and any t of them
 * fix the seed. So the order of the choices does not matter. */
enum gv_rc
gv_escrow_open(struct gv_escrow *worker, const struct gv_share *shares,
               unsigned count, const struct gv_token *token,
               struct gv_escrow_opened *out, const char **field)
{
    unsigned t = worker->pins.t, choice[GV_ESCROW_MAX];
    const char *what, *furthest = "identity";
    enum gv_rc rc;

    if (!shares_ok(worker, shares, count))
        return differs(field, "share");
    if (count < t)
        return GV_ABSENT;
    for (unsigned i = 0; i < t; i++)
        choice[i] = i;
    do {
        what = "identity";
        rc = try_choice(worker, shares, choice, token, out, &what);
        if (rc == GV_REJECT && strcmp(what, "identity") != 0)
            furthest = what; /* the seed is right, and the blob false */
    } while (rc == GV_REJECT && next_choice(choice, t, count));
    if (rc == GV_OK)
        name_false_shares(worker, shares, count, out);
    return rc == GV_REJECT ? differs(field, furthest) : rc;
}
